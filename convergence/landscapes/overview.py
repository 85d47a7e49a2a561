"""What several methods do on a function: near each critical point, on the way there, by start, and beyond their limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log, nan
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, ConvergenceError, nearest
from convergence.landscapes.basin_map import BasinMap
from convergence.landscapes.basins import Basins
from convergence.landscapes.critical import Critical
from convergence.landscapes.paths import Crossing
from convergence.landscapes.period_doubling import PeriodDoubling
from convergence.landscapes.points import CriticalPoint, LocalQuadratic
from convergence.landscapes.roots import zeros
from convergence.methods import as_method
from convergence.rule import Method
from convergence.theory.region import region
from convergence.theory.system import system

Array = NDArray[np.float64]

STEPS = 60
"""Of the ways."""

SHARE, MEMORY = 0.5, 0.9
"""The learning rate where none is given, in parts of the limit; and what is a share (momentum, decay), in one variable."""

STRIDE = 0.02
"""The learning rate of a rule that is not linear, in parts of the domain's width: its steps are of about that size."""

FOLD = 1e6
"""By how much a distance from a saddle grows, for a number of steps."""

GRID = 61

SIDE, LONG = 90, 400
"""Starts on a side of a map of basins, and steps from each."""


@dataclass(frozen=True)
class Near:
    """A method near a minimum: the largest stable learning rate and the best setting, other hyperparameters as in it.

    ``beyond`` says what is at the limit; ``why`` what is not known, and then numbers are nan.
    """

    method: str
    lr_max: float
    best: Mapping[str, float]
    rate: float
    beyond: str = ""
    why: str = ""


@dataclass(frozen=True)
class Away:
    """A method at a saddle or maximum: at this setting distances grow by ``growth`` a step, a million times in ``steps``."""

    method: str
    setting: Mapping[str, float]
    growth: float
    steps: float
    why: str = ""


@dataclass(frozen=True, eq=False)
class Overview:
    """What methods do on a function.

    Attributes
    ----------
    critical
        The critical points.
    near, away
        By the place of the point, a ``Near`` for each method where no curvature is negative, an ``Away`` where one is; neither
        where all curvatures are 0.
    settings
        By method, what the ways and basins are at.
    paths
        By method, the iterates from ``start``.
    basins
        By method: where runs settle.
    crossings
        By method, where there is no critical point: the way from the start to where the function is steepest.
    doublings
        By minimum and method, where that is derived: what comes beyond the limit.
    """

    critical: Critical
    near: Mapping[int, tuple[Near, ...]]
    away: Mapping[int, tuple[Away, ...]]
    settings: Mapping[str, Mapping[str, float]]
    start: tuple[float, ...]
    paths: Mapping[str, Array]
    basins: Mapping[str, Basins | BasinMap]
    crossings: Mapping[str, Crossing]
    doublings: Mapping[tuple[int, str], PeriodDoubling]


def overview(
    critical: Critical, methods: Sequence[Any], given: Mapping[str, float], start: Any = None, *, far: bool = True
) -> Overview:
    """All of it, or without ``far`` no basins and nothing beyond the limits; what cannot be made is left out, or says why.

    BadHyperparameter for a name that no method has.
    """
    chosen = [as_method(m) for m in methods]
    named = {method.name: method for method in chosen}
    known = {name for method in chosen for name in method.hyper}
    for name in given:
        if name not in known:
            raise BadHyperparameter(f"none of the methods has a hyperparameter {name!r}: {nearest(name, known)}")
    settings = {}
    for method in chosen:
        try:
            settings[method.name] = _setting(critical, method, given)
        except ConvergenceError:
            continue
    function, first = critical.function, _start(critical) if start is None else tuple(start)
    paths = {name: function.path(named[name], STEPS, first, **setting) for name, setting in settings.items()}
    basins = {n: found for n, own in settings.items() if far and (found := _basins(critical, named[n], own))}
    doublings = {
        (place, method.name): one
        for place, point in enumerate(critical)
        if far and point.kind == "minimum" and function.dimension == 1 and function.expression is not None
        for method in chosen
        if (one := _doubling(point, method, given))
    }
    crossings = _crossings(critical, first, named, settings)
    near, away = {}, {}
    for place, point in enumerate(critical):
        if isinstance(point, LocalQuadratic):
            near[place] = tuple(_near(point, method, given) for method in chosen)
        elif point.curvatures[-1] < 0:
            away[place] = tuple(_away(point, method, settings.get(method.name, {})) for method in chosen)
    return Overview(critical, near, away, settings, first, paths, basins, crossings, doublings)


def _crossings(
    critical: Critical, start: Sequence[float], named: Mapping[str, Method], settings: Mapping[str, Mapping[str, float]]
) -> dict[str, Crossing]:
    """Over a plateau: to the nearest place downhill where f″ vanishes, if there is one."""
    function = critical.function
    if critical.points or critical.undecided or function.dimension > 1 or not function.domain:
        return {}
    downhill = -np.sign(float(function.grad(np.array(start))[0]))
    steep = [zero.x for zero in zeros(function.derivative(2), function.variables[0], *function.domain[0])]
    ahead = [x for x in steep if (x - start[0]) * downhill > 0]
    if not ahead:
        return {}
    end = min(ahead, key=lambda x: abs(x - start[0]))
    return {
        name: function.crossing(start[0], end, named[name], **dict[str, Any](setting))
        for name, setting in settings.items()
    }


def _own(method: Method, given: Mapping[str, float], alone: bool) -> dict[str, float]:
    """What is held of a method: what was given; usual shares where there is one curvature, for which they are best at 0."""
    known = {**dict(method.defaults), **{n: v for n, v in given.items() if n in method.hyper}}
    shares = [name for name in method.hyper if method.domains[name].is_share and name not in known]
    return {**known, **(dict.fromkeys(shares, MEMORY) if alone else {})}


def _near(point: LocalQuadratic, method: Method, given: Mapping[str, float]) -> Near:
    try:
        own = {n: v for n, v in _own(method, given, point.rank < 2).items() if n != method.rate or n in given}
        if not system(method).linear:  # an optimum of its linearisation would be one next to the point
            limit = float(point.lr_max(method, **{n: v for n, v in own.items() if n != method.rate}))
            return Near(method.name, limit, {}, nan, why="linear only next to the point")
        best = point.optimum(method, **own)
        others = {name: value for name, value in {**best.hyper, **own}.items() if name != method.rate}
        return Near(
            method.name, float(point.lr_max(method, **others)), best.hyper, best.rate, _beyond(point, method, others)
        )
    except ConvergenceError as error:
        return Near(method.name, nan, {}, nan, why=str(error))


def _away(point: CriticalPoint, method: Method, setting: Mapping[str, float]) -> Away:
    try:
        if not system(method).linear:
            return Away(method.name, setting, nan, nan, "linear only next to the point")
        growth = point.rate(method, **setting)
        return Away(method.name, setting, growth, log(FOLD) / log(growth) if growth > 1 else inf)
    except ConvergenceError as error:
        return Away(method.name, setting, nan, nan, str(error))


def _beyond(point: LocalQuadratic, method: Method, others: Mapping[str, float]) -> str:
    if len(point.point) > 1 or point.function.expression is None:
        return ""
    rate = method.symbols.get(str(method.rate), sp.Integer(0))
    if system(method).matrix == sp.ImmutableMatrix([[1 - rate]]):  # Newton's step, by whatever name
        return f"order {point.newton.order} at {method.rate} = 1, constant {point.newton.constant:.4g}"
    try:
        kinds = {True: "supercritical flip", False: "subcritical flip", None: "degenerate flip"}
        return kinds[point.flip(method, **others).supercritical]
    except ConvergenceError:
        return "no smooth flip"


def _setting(critical: Critical, method: Method, given: Mapping[str, float]) -> dict[str, float]:
    """What is given, the shares that are best at the sharpest minimum or usual, and half of the limit."""
    minima = [point for point in critical if isinstance(point, LocalQuadratic)]
    sharpest = max(minima, key=lambda point: point.L, default=None)
    own = _own(method, given, sharpest is None or sharpest.rank < 2)
    linear = system(method).linear
    if sharpest is not None and linear and any(n not in own and n != method.rate for n in method.hyper):
        own = {**{n: v for n, v in sharpest.optimum(method, **own).hyper.items() if n != method.rate}, **own}
    if method.rate and method.rate not in given:
        others = {name: value for name, value in own.items() if name != method.rate}
        own[method.rate] = _rate(critical, sharpest, method, others, linear)
    return dict(method.at(**own).numbers)


def _rate(
    critical: Critical, sharpest: LocalQuadratic | None, method: Method, others: Mapping[str, float], linear: bool
) -> float:
    if not linear:
        return STRIDE * max(high - low for low, high in critical.function.domain or ((0.0, 1.0),))
    if sharpest is not None:
        return SHARE * float(sharpest.lr_max(method, **others))
    return SHARE * region(method).largest_lr(_steepest(critical), **others)


def _steepest(critical: Critical) -> float:
    """The largest curvature, of either sign, on the domain or at the points."""
    places = [point.point for point in critical]
    if critical.function.domain:
        axes = [np.linspace(low, high, GRID) for low, high in critical.function.domain]
        places = list(np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, critical.function.dimension))
    return float(max(np.abs(np.linalg.eigvalsh(critical.function.hessian(np.array(places)))).max(), 1e-300))


def _start(critical: Critical) -> tuple[float, ...]:
    function = critical.function
    if function.start:
        return function.start
    if function.domain:
        return tuple(low + 0.45 * (high - low) for low, high in function.domain)
    return tuple(float(v) for v in critical[0].point + 0.1)


def _basins(critical: Critical, method: Method, setting: Mapping[str, Any]) -> Basins | BasinMap | None:
    if not critical.points:
        return None
    try:
        return critical.basins(method, **setting)
    except ConvergenceError:
        pass
    try:
        return critical.basin_map(method, **{"points": SIDE, "steps": LONG, **setting})
    except ConvergenceError:
        return None


def _doubling(point: CriticalPoint, method: Method, given: Mapping[str, float]) -> PeriodDoubling | None:
    try:
        own = {n: v for n, v in _own(method, given, True).items() if n != method.rate}
        found = point.period_doubling(method, **own)
    except ConvergenceError:
        return None
    return found if found.flip is not None else None
