"""Maps over two hyperparameters: the spectral radius of a method on a spectrum, and its damping along a direction.

Ranges are those that a reader wants to see: past the largest stable learning rate, on the scale of the hyperparameter's
domain, and near 1 in the distance from 1 where the data are ill conditioned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import evaluate
from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.numerics.curves import rate, rate_of
from convergence.numerics.matrices import arguments, eigenvalues
from convergence.numerics.radius import bounds, spectral_radius
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.region import region

CELLS = (500, 400)
"""Points of a map, across and up: a figure is some 600 pixels wide."""

WIDE = 12.0
"""Times its smallest value: from there on a bound is shown on a logarithmic axis."""

NEAR, FINEST = 0.05, 1e-8
"""A share nearer to 0 or 1 than this is shown by the logarithm of its distance from there, down to the finest."""

MEMBERS = 33
"""Curvatures of a spectrum that a boundary is held against, where its ends do not decide."""

KINDS = ("monotone", "rippling", "alternating", "diverges")
"""What the error does along a direction: its largest eigenvalue is real and positive, complex, negative, or outside."""

REAL = 1e-7
"""Relative: an eigenvalue with less imaginary part than this is real; double ones are known to √ε."""


@dataclass(frozen=True, eq=False)
class RadiusMap(Plotted, figure="radius_map"):
    """The largest spectral radius over a spectrum, over two hyperparameters.

    Attributes
    ----------
    method
        The Method.
    x, y
        The two hyperparameters; x is the learning rate.
    across, up
        (n,) values of x, and (m,) of y.
    radius
        (m, n), a row for each of ``up``.
    margin
        (m, n), positive where the derived Schur–Cohn conditions hold for the whole spectrum: its zeros are the
        boundary.
    hyper
        The settings: the other hyperparameters are held there, and the point (x, y) is the one chosen.
    rate
        The largest radius at that point; NaN where no point is chosen.
    """

    method: Method
    x: str
    y: str
    across: Array
    up: Array
    radius: Array
    margin: Array
    hyper: Mapping[str, float]
    rate: float


@dataclass(frozen=True, eq=False)
class DampingMap(Plotted, figure="damping"):
    """What the error along a direction does, over a hyperparameter and the scaled learning rate ηλ.

    Attributes
    ----------
    method
        The Method.
    x
        The hyperparameter beside the learning rate.
    across, scaled
        (n,) values of x, and (m,) of ηλ, a pure number.
    fields
        (3, m, n), positive where the error falls as the first three of ``KINDS`` say; where two meet both are 0.
    kind
        (m, n), places in ``KINDS``.
    bound
        (n,), the largest stable ηλ.
    hyper
        The settings.
    """

    method: Method
    x: str
    across: Array
    scaled: Array
    fields: Array
    kind: NDArray[np.int64]
    bound: Array
    hyper: Mapping[str, float]

    @property
    def logarithmic(self) -> bool:
        """Whether ηλ is spaced evenly in its logarithm."""
        return bool(self.scaled[0] > 0)


def radius_map(
    method: Method, curvatures: Any, hyper: Mapping[str, float], cells: tuple[int, int] = CELLS
) -> RadiusMap:
    """The map of a method on a spectrum over its learning rate and the hyperparameter that ``second`` names.

    Raises BadHyperparameter for a method that has not both.
    """
    x, y = rate_of(method), second(method, hyper)
    if y is None:
        raise BadHyperparameter(
            f"{method.name} has one hyperparameter, {x}: a map needs a second; draw its radius curve"
        )
    spectrum, fixed = np.unique(np.asarray(curvatures, dtype=float)), fixed_settings(method, hyper, x, y)
    up = interval(method, y, hyper, cells[1])
    across = np.linspace(0, _width(method, spectrum, {**fixed, **hyper}, y, up), cells[0] + 1)[1:]
    settings: dict[str, Any] = {**fixed, x: across, y: up[:, None]}
    radius = spectral_radius(method, spectrum, over="spectrum", **settings)
    margin = _margin(method, spectrum, settings, radius)
    return RadiusMap(method, x, y, across, up, radius, margin, dict(hyper), rate(method, spectrum, hyper))


def damping_map(method: Method, hyper: Mapping[str, float], cells: tuple[int, int] = (121, 121)) -> DampingMap:
    """The damping of a method along any direction. Raises BadHyperparameter for one without a second hyperparameter."""
    rate, x = rate_of(method), second(method, hyper)
    if x is None:
        raise BadHyperparameter(f"{method.name} has no hyperparameter beside {rate} over which to map its damping")
    fixed, across = fixed_settings(method, hyper, rate, x), interval(method, x, hyper, cells[0])
    coarse = across[:: max(1, cells[0] // 100)]
    bound = np.array([float(bounds(method, np.ones(1), {**fixed, rate: 1.0, x: value})[0]) for value in coarse])
    scaled = _scaled(bound, cells[1])
    settings = {name: {**fixed, rate: scaled[:, None], x: across}[name] for name in method.hyper}
    roots = eigenvalues(method, 1.0, settings)
    roots = np.broadcast_to(roots, (len(scaled), len(across), roots.shape[-1]))
    fields = _fields(roots)
    kind = np.where(np.abs(roots).max(axis=-1) < 1, fields.argmax(axis=0), 3)
    return DampingMap(method, x, across, scaled, fields, kind, np.interp(across, coarse, bound), dict(hyper))


def second(method: Method, hyper: Mapping[str, Any] | None = None) -> str | None:
    """The hyperparameter that a map shows beside the learning rate: a share (as momentum is), else any plain number.

    Those that a rule gives a default are left alone.
    """
    free = [name for name in method.hyper if name != method.rate and name not in dict(method.defaults)]
    plain = [name for name in free if method.domains[name].unit == 0 and method.domains[name].scale == "linear"]
    return next((name for name in plain if method.domains[name].is_share), next(iter(plain), None))


def fixed_settings(method: Method, hyper: Mapping[str, float], *varied: str) -> dict[str, Any]:
    """The hyperparameters but those that are varied, defaults among them. BadHyperparameter where one is not given."""
    full = {**dict(method.defaults), **hyper}
    fixed = {name: full[name] for name in method.hyper if name not in varied and name in full}
    missing = [name for name in method.hyper if name not in varied and name not in full]
    if missing:
        raise BadHyperparameter(f"{method.name}: give numbers for {', '.join(missing)}, which this figure holds")
    return fixed


def interval(method: Method, name: str, hyper: Mapping[str, float], points: int) -> Array:
    """The interval of a hyperparameter without its ends, wide enough for the value chosen.

    A share chosen near 1 or 0, as a large condition number asks for, is spaced by factors of its distance from there.
    """
    low, high = method.domains[name].span
    value = float(hyper.get(name, low))
    if method.domains[name].is_share and 1 - NEAR < value < 1:
        return np.asarray(1 - np.geomspace(1, max((1 - value) / 8, FINEST), points))
    if method.domains[name].is_share and 0 < value < NEAR:
        return np.geomspace(max(value / 8, FINEST), 0.999, points)
    low, high = (min(low, value - 0.2), max(high, value + 0.2)) if not low <= value <= high else (low, high)
    return np.linspace(low, high, points + 2)[1:-1]


def _width(method: Method, spectrum: Array, settings: Mapping[str, Any], y: str, up: Array) -> float:
    """How far a map goes: past the boundary, but where that runs away for some ``up``, past it at the settings."""
    rate = rate_of(method)
    ends, some = spectrum[[0, -1]], up[:: max(1, len(up) // 12)]
    tops = np.array([bounds(method, ends, {rate: 1.0, **settings, y: float(value)}).min() for value in some])
    tops = tops[np.isfinite(tops) & (tops > 0)]
    here = float(settings.get(rate, 0.0))
    if not tops.size:
        return max(2 / float(spectrum[-1]), 1.5 * here)
    most = (
        1.5 * float(bounds(method, ends, {rate: 1.0, **settings}).min())
        if y in settings
        else 3 * float(np.median(tops))
    )
    return max(min(1.15 * float(tops.max()), most if np.isfinite(most) and most > 0 else np.inf), 1.3 * here)


def _margin(method: Method, spectrum: Array, settings: Mapping[str, Any], radius: Array) -> Array:
    """The least of the Schur–Cohn polynomials over the spectrum (its ends decide where their number is large)."""
    members = spectrum[np.unique(np.linspace(0, len(spectrum) - 1, MEMBERS).astype(int))]
    least = np.full(radius.shape, np.inf)
    values = [settings[name] for name in method.hyper]
    try:
        polynomials = region(method).polynomials
    except ConvergenceError:
        return 1 - radius
    with np.errstate(all="ignore"):
        for curvature in members:
            for value in evaluate(arguments(method), polynomials, [curvature, *values]):
                least = np.minimum(least, value)
    return least


def _scaled(bound: Array, points: int) -> Array:
    """Scaled rates that show where the bound lies; evenly spaced logarithms where it ranges widely."""
    known = bound[np.isfinite(bound) & (bound > 0)]
    if not known.size:
        return np.linspace(0, 2, points)
    if known.max() <= WIDE * known.min():
        return np.linspace(0, 1.15 * known.max(), points)
    return np.geomspace(1e-3 * known.min(), 2 * known.max(), points)


def _fields(roots: NDArray[np.complex128]) -> Array:
    """Positive where the largest eigenvalue is positive, complex, negative; continuous where two real ones meet and part."""
    order = np.take_along_axis(roots, np.argsort(-np.abs(roots), axis=-1, kind="stable"), axis=-1)
    one, other = order[..., 0], order[..., min(1, order.shape[-1] - 1)]
    size = np.maximum(np.abs(one), 1e-300)
    turning = np.abs(one.imag) > REAL * size
    apart = np.abs(one - other) ** 2 / 4 if order.shape[-1] > 1 else size**2
    gap = np.where(turning, -(one.imag**2), apart) / size**2
    sign = np.where(np.abs(other.imag) > REAL * size, one.real, one.real + other.real) / size
    return np.stack([np.minimum(gap, sign), -gap, np.minimum(gap, -sign)])
