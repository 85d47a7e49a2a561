"""A method at its settings goes in; what its figures of the spectral radius and the eigenvalues draw comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import evaluate
from convergence.evidence.setting import Setting
from convergence.numerics.limits import bounds
from convergence.numerics.radius import spectral_radius
from convergence.numerics.spectral import eigenvalues
from convergence.numerics.trajectory import simulate
from convergence.pipeline.data import grid, significant, vector
from convergence.results import CurveResult, DampingResult, MapResult, RootResult, TuningResult
from convergence.theory.regimes import damping as derived_damping
from convergence.theory.symbols import CURVATURE, symbol

Array = NDArray[np.float64]

POINTS = 161
MAP = (65, 49)
"""Learning rates and momenta of a map: its figure is some 400 pixels wide."""

DIGITS = 4
PROBES = ((0.15, 0.92), (0.5, 0.92), (0.85, 0.92), (0.15, 1.08), (0.5, 1.08), (0.85, 1.08))
"""Where a map is probed by runs: momentum, and the learning rate in parts of the derived bound."""

PROBE_STEPS = 400


def curve(setting: Setting, found: TuningResult) -> CurveResult:
    """The radius over the learning rate in each shown direction."""
    lr = np.linspace(0, _end(setting, found), POINTS)[1:]
    others = {name: value for name, value in setting.hyper.items() if name != setting.method.rate}
    settings: dict[str, Any] = {**others, str(setting.method.rate): lr}
    radius = spectral_radius(setting.method, setting.curvatures[:, None], **settings)
    return CurveResult(
        vector(significant(lr, 6)), grid(radius, DIGITS), found.lr_max, setting.hyper[str(setting.method.rate)]
    )


def _end(setting: Setting, found: TuningResult) -> float:
    top = found.lr_max if np.isfinite(found.lr_max) and found.lr_max > 0 else 0.0
    return float(max(1.3 * top, 1.15 * float(setting.hyper[str(setting.method.rate)])))


def roots(setting: Setting, found: TuningResult) -> tuple[RootResult, ...]:
    """The eigenvalues over the learning rate in the steepest and the flattest direction, and those of the run."""
    lr = np.linspace(0, 1.15 * _end(setting, found) / 1.3, POINTS)[1:]
    places = dict.fromkeys((0, len(setting.shown) - 1))
    return tuple(_root(setting, place, lr, setting.seen[place]) for place in places)


def _root(setting: Setting, place: int, lr: Array, seen: NDArray[np.complex128]) -> RootResult:
    settings = {**setting.hyper, str(setting.method.rate): lr}
    paths = eigenvalues(setting.method, setting.curvatures[place], settings)
    paths = np.broadcast_to(paths, (len(lr), paths.shape[-1])).T
    known = seen[~np.isnan(seen)]
    return RootResult(
        direction=setting.names[place],
        lr=vector(significant(lr, 6)),
        real=grid(paths.real, DIGITS),
        imag=grid(paths.imag, DIGITS),
        identified_real=vector(known.real),
        identified_imag=vector(known.imag),
    )


def radius_map(setting: Setting, found: TuningResult) -> MapResult | None:
    """The radius over (lr, momentum) with its boundary, the settings, and probing runs; None without a momentum."""
    if not {"lr", "momentum"} <= set(setting.method.hyper) or not np.isfinite(found.lr_max) or found.lr_max <= 0:
        return None
    lr = np.linspace(0, max(1.5 * found.lr_max, 1.2 * setting.hyper["lr"]), MAP[0] + 1)[1:]
    momentum = np.linspace(0, 1, MAP[1] + 2)[1:-1]
    others = {name: value for name, value in setting.hyper.items() if name not in ("lr", "momentum")}
    spectrum = setting.problem.curvatures[: setting.problem.rank]
    radius = spectral_radius(setting.method, spectrum, over="spectrum", lr=lr, momentum=momentum[:, None], **others)
    boundary = [_bound(setting, float(b)) for b in momentum]
    return MapResult(
        lr=vector(significant(lr, 6)),
        momentum=vector(significant(momentum, 6)),
        radius=grid(radius, DIGITS),
        boundary=vector(boundary),
        optimum=(float(setting.hyper["lr"]), float(setting.hyper["momentum"])),
        probes=tuple(p for p in (_probe(setting, b, share) for b, share in PROBES) if p[0] <= lr[-1]),
    )


def _bound(setting: Setting, momentum: float) -> float:
    return float(bounds(setting.method, setting.curvatures, {**setting.hyper, "momentum": momentum}).min())


def _probe(setting: Setting, momentum: float, share: float) -> tuple[float, float, float]:
    """A run at this part of the bound: 1.0 if its error is smaller in its second half than in its first, else 0.0."""
    lr = share * _bound(setting, momentum)
    run = simulate(
        setting.problem,
        setting.method,
        PROBE_STEPS,
        setting.run.x[0],
        **{**setting.hyper, "lr": lr, "momentum": momentum},
    )
    size = np.abs(run.error).max(axis=1)
    half = len(size) // 2
    converged = run.diverged is None and size[half:].max() < size[:half].max()
    return lr, momentum, float(converged)


def regime_map(setting: Setting) -> DampingResult | None:
    """The regimes over (momentum, lr·λ); None without a momentum, or where they have no closed form."""
    found = derived_damping(setting.method)
    if "momentum" not in setting.method.hyper or not found.repeated:
        return None
    momentum = np.linspace(0, 1, 101)[1:-1]
    others = {n: v for n, v in setting.hyper.items() if n not in ("lr", "momentum")}
    arguments = [CURVATURE, symbol("momentum"), *map(symbol, others)]
    edges = evaluate(arguments, found.repeated, [1.0, momentum, *others.values()])
    bound = [float(bounds(setting.method, np.ones(1), {**setting.hyper, "momentum": float(b)})[0]) for b in momentum]
    return DampingResult(
        momentum=vector(significant(momentum, 6)),
        edges=tuple(vector(significant(np.broadcast_to(e, momentum.shape), 6)) for e in edges),
        bound=vector(significant(np.array(bound), 6)),
        bands=found.bands,
    )
