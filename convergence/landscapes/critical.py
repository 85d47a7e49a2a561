"""The critical points of a function: in one variable all of them on an interval, certified; else the one near a start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.landscapes.basin_map import BasinMap, basin_map
from convergence.landscapes.basins import Basins, basins
from convergence.landscapes.function import Landscape, as_landscape, ends, place, whole
from convergence.landscapes.plane_roots import plane_zeros
from convergence.landscapes.points import CERTIFIED, CriticalPoint, point_at
from convergence.landscapes.roots import zeros
from convergence.landscapes.rounding import half_of_digits, rounding, unsure
from convergence.notation import text
from convergence.plotting import Plotted
from convergence.tabular import Tabular

Array = NDArray[np.float64]

MENTIONED = 4
"""Undecided places that are listed."""

UNPROVED = "found by Newton's method, not certified"
SINGULAR = "not certified: the Hessian is singular, the point need not be alone"

STEPS, SHORTEST = 200, 2.0**-40
"""Newton steps towards a critical point, and the shortest part of one that is tried."""


@dataclass(frozen=True, eq=False)
class Critical(Sequence[CriticalPoint], Plotted, Tabular, figure="critical"):
    """The critical points of a function, in order: a sequence of ``CriticalPoint``.

    Attributes
    ----------
    function
        The Landscape.
    points
        What was found.
    complete
        Whether these are all there are on the interval, each certified.
    undecided
        Where it is not known how many there are: places that stand for small intervals or boxes (of many, the first).

    >>> import convergence as cv
    >>> points = cv.local("x*cos(pi*x)", over=(-1, 2))
    >>> [point.kind for point in points], points.complete
    (['minimum', 'maximum', 'minimum'], True)
    """

    function: Landscape
    points: tuple[CriticalPoint, ...]
    complete: bool
    undecided: tuple[Any, ...] = ()

    @property
    def minima(self) -> tuple[CriticalPoint, ...]:
        """Those that are minima."""
        return tuple(point for point in self.points if point.kind == "minimum")

    def basins(self, m: Any = "gradient_descent", /, **hyper: Any) -> Basins:
        """From which starts on the interval a method without buffers comes to which point, with exact ends: see ``Basins``."""
        return basins(self, m, hyper)

    def basin_map(self, m: Any = "gradient_descent", /, points: int = 120, steps: int = 1000, **hyper: Any) -> BasinMap:
        """From which starts of a grid on the domain a method comes to which point, in one variable or two: see ``BasinMap``."""
        return basin_map(self, m, whole("points", points, 2, 1000), whole("steps", steps, 1, 100_000), hyper)

    @overload
    def __getitem__(self, index: int) -> CriticalPoint: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[CriticalPoint, ...]: ...
    def __getitem__(self, index: Any) -> Any:
        return self.points[index]

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[CriticalPoint]:
        return iter(self.points)

    def table(self) -> Mapping[str, Any]:
        """A row for each point: its coordinates, kind, value, curvatures and proof."""
        d = self.function.dimension
        columns = {str(v): [p.point[k] for p in self.points] for k, v in enumerate(self.function.variables)}
        bends = {
            f"curvature {k + 1}" if d > 1 else "curvature": [p.curvatures[k] for p in self.points] for k in range(d)
        }
        others = {name: [getattr(p, name) for p in self.points] for name in ("kind", "value", "proof")}
        return {**columns, "kind": others["kind"], "f": others["value"], **bends, "proof": others["proof"]}

    def __repr__(self) -> str:
        where = " on " + " × ".join(f"[{a:g}, {b:g}]" for a, b in self.function.domain) if self.function.domain else ""
        known = "all of them, certified" if self.complete else "there may be others"
        unknown = f"; undecided near {', '.join(map(_written, self.undecided))}" if self.undecided else ""
        rows = "".join(f"\n  {point!r}" for point in self.points)
        count = "1 critical point" if len(self.points) == 1 else f"{len(self.points)} critical points"
        return f"{count} of {self.function.name}{where}, {known}{unknown}{rows}"


def _written(place: Any) -> str:
    return text(place, 6) if isinstance(place, float) else f"({', '.join(text(v, 6) for v in place)})"


def local(f: Any, /, *, over: Any = None, at: Any = None, gradient: Any = None, hessian: Any = None) -> Critical:
    """The critical points of a function, their kinds and curvatures, and what any method does near each.

    Of a formula all of them on an interval, or in a box in two variables: ball arithmetic proves where ∇f has no zero and
    where it has just one (Moore, Kearfott and Cloud 2009, ch. 8). With ``at``, the one that Newton's method on the gradient
    finds from there, certified by Krawczyk's operator where f is a formula and the Hessian regular.

    Parameters
    ----------
    f
        A formula in one or two variables, as text or of SymPy's; one of ``cv.landscapes``; or a callable f(x) on arrays (d,)
        with ``gradient`` and ``hessian`` as SciPy takes them (or with methods ``grad`` and ``hess``).
    over
        (a, b), the interval; in two variables ((a, b), (c, d)). Of a landscape its own, unless given.
    at
        x₀ (d,) from which one critical point is looked for.
    gradient, hessian
        Of a callable: (d,) and (d, d) at x.

    Returns
    -------
    Critical
        A sequence of ``CriticalPoint``: ``.x``, ``.kind``, ``.curvatures``; for any method ``.lr_max(m)``, ``.optimum(m)``,
        ``.rate(m, …)``; ``.flip(m)``, ``.cycles(m, …)``, ``.newton``, ``.escape(m, …)``. Minima are problems: for
        ``simulate``, ``verify``, ``optimum`` and all other functions of a problem.

    Raises
    ------
    BadData
        For what is no function, no interval or no start; where f has no value, or no critical point was found.

    >>> import convergence as cv
    >>> low, hill, lowest = cv.local("x*cos(pi*x)", over=(-1, 2))
    >>> round(lowest.x, 9), round(lowest.value, 9), round(lowest.lr_max("gradient_descent"), 9)
    (1.090408222, -1.046721125, 0.165406643)
    >>> cv.local("x**2 - y**2", at=(0.3, 0.2))
    1 critical point of x**2 - y**2, there may be others
      saddle of x**2 - y**2 at 0, 0: f = 0, curvature 2, -2 (certified)
    """
    if over is not None and at is not None:
        raise BadData("give over=(a, b), for all critical points there, or at=x0, for the one near it")
    start = None if at is None else place(at, f.dimension if isinstance(f, Landscape) else None)
    function = as_landscape(f, gradient, hessian, None if start is None else len(start))
    if start is not None:
        return Critical(function, (_found(function, place(start, function.dimension)),), complete=False)
    domain = function.domain if over is None else ends(over, function.dimension)
    if function.expression is None or not domain:
        raise BadData(
            "give over=(a, b), for all critical points of a formula there, or at=x0, for the one near it",
            "give --over A B, for all critical points of a formula there, or --at X, for the one near it",
        )
    if function.dimension == 1:
        return _all(function, domain[0])
    found = _all_in_plane(function, domain)
    if found.complete or over is not None or not function.start:
        return found
    return replace(found, points=(*found.points, _found(function, np.array(function.start))))  # one of a curve of them


def _all(function: Landscape, interval: tuple[float, float]) -> Critical:
    found = zeros(function.derivative(1), function.variables[0], *interval)
    within = replace(function, domain=(interval,))
    points = tuple(point_at(within, np.array([z.x]), CERTIFIED, z.order) for z in found if z.certified)
    return Critical(within, points, all(z.certified for z in found), tuple(z.x for z in found if not z.certified))


def _all_in_plane(function: Landscape, domain: tuple[tuple[float, float], ...]) -> Critical:
    _, slope, bend = function.derivatives
    found, unclear = plane_zeros(slope, bend, function.variables, domain)
    within = replace(function, domain=domain)
    points = tuple(point_at(within, x, CERTIFIED) for x in found)
    some = unclear[:: max(1, len(unclear) // MENTIONED)][:MENTIONED]
    return Critical(within, points, not unclear, tuple(tuple(x.tolist()) for x in some))


def _found(function: Landscape, start: Array) -> CriticalPoint:
    """Damped Newton on the gradient: a step is halved until the gradient is shorter."""
    x, slope, reach = start, function.grad(start), float(np.abs(start).max())
    for _ in range(STEPS):
        step, share = _newton_step(function, x, slope), 1.0
        while share > SHORTEST and not _size(function.grad(x - share * step)) < _size(slope):
            share /= 2
        if share <= SHORTEST:
            break
        x = x - share * step
        slope, reach = function.grad(x), max(reach, _size(x))
    still = _size(step) <= half_of_digits(reach) and _size(slope) <= unsure(function.grad, x, reach)
    if not still:
        raise BadData(f"no critical point of {function.name} was found from {start.tolist()}; try another start")
    tiny = np.where(np.abs(x) <= rounding(reach), 0.0, x)
    return _certified(function, tiny if _size(function.grad(tiny)) <= _size(slope) else x, reach)


def _newton_step(function: Landscape, x: Array, slope: Array) -> Array:
    """Of the directions whose curvatures rounding tells from 0."""
    hessian = function.hessian(x)
    if not np.isfinite(hessian).all():
        return np.full(len(x), np.nan)
    values, vectors = np.linalg.eigh(hessian)
    curved = np.abs(values) > unsure(function.hessian, x)
    return np.asarray(vectors[:, curved] @ (slope @ vectors[:, curved] / values[curved]))


def _size(values: Array) -> float:
    return float(np.abs(values).max())


def _certified(function: Landscape, x: Array, reach: float) -> CriticalPoint:
    """The point with a proof, where it is alone in half of the digits, or, as a zero of higher order, in a quarter of them.

    BadData where it is proved that there is none.
    """
    if function.expression is None:
        return point_at(function, x, "found by Newton's method; a callable is not certified")
    for near in (half_of_digits(reach), half_of_digits(1.0) ** 0.5 * reach):
        around = tuple((float(v) - near, float(v) + near) for v in x)
        there = _all(function, around[0]) if function.dimension == 1 else _all_in_plane(function, around)
        if len(there) == 1 and there.complete:
            return replace(there[0], function=function)
    if there.complete and not there.points:
        raise BadData(f"no critical point of {function.name} was found from near {x.tolist()}; try another start")
    point = point_at(function, x, UNPROVED)
    return replace(point, proof=SINGULAR) if len(x) > 1 and point.kind == "degenerate" else point
