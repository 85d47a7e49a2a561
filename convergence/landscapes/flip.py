"""Where the learning rate passes its limit at a minimum: the flip, and the 2-cycle that is born or dies there.

At the limit a multiplier is −1. On the centre manifold the step is ξ ← −ξ + cξ³ with
c = ⟨p, C(q,q,q)⟩/6 − ⟨p, B(q, (A − I)⁻¹B(q,q))⟩/2, Aq = −q, Aᵀp = −p, ⟨p,q⟩ = 1, where A, B, C are the derivatives of the step
(Kuznetsov 2004, § 5.4). With c > 0 the flip is supercritical: beyond the limit a small 2-cycle attracts. For gradient descent
c = (3f‴² − f″f⁗)/(3f″²).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import nan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import BadData, BadHyperparameter, ConvergenceError, NotLinear
from convergence.landscapes.oracles import Oracles
from convergence.landscapes.rounding import EPS, half_of_digits, rounding
from convergence.landscapes.step_map import function_map, step_map
from convergence.methods import as_method
from convergence.numerics.orbit_search import Orbit, candidates, equal, least_period, newton, orbit_of
from convergence.numerics.orbits import cycle_of
from convergence.numerics.runs import rests_at_minimiser
from convergence.rule import Method
from convergence.theory.cycles import Cycle, Direction
from convergence.theory.rest import rest_of
from convergence.theory.symbols import CURVATURE
from convergence.theory.trace import MINIMISER

if TYPE_CHECKING:
    from convergence.landscapes.points import CriticalPoint, LocalQuadratic

Array = NDArray[np.float64]

OFFSETS = (0.02, 0.1, 0.4)
"""Starts of the search for cycles, in units of the length over which f″ changes."""


@dataclass(frozen=True)
class Flip:
    """The period doubling at the largest stable learning rate ``lr`` of a method at a minimum.

    Attributes
    ----------
    method, lr
        The method's name, and the limit.
    criterion
        3f‴² − f″f⁗ there.
    coefficient
        c of the normal form, in units of the position. Positive: supercritical, a 2-cycle attracts just beyond the limit.
        Negative: subcritical, just below it a 2-cycle repels, and bounds what converges. 0, but for rounding: terms of fifth
        order decide, which are not derived.
    speed
        −dμ/d(lr) of the multiplier μ that passes −1.
    direction
        (s,), its eigenvector, 1 for the position: along it the states of the 2-cycle lie apart.

    >>> import convergence as cv
    >>> lowest = cv.local("x*cos(pi*x)", over=(-1, 2))[2]
    >>> flip = lowest.flip("gradient_descent")
    >>> flip.supercritical, round(flip.criterion, 3), round(flip.amplitude(1.01 * flip.lr), 9)
    (True, 2730.196, 0.056683386)
    """

    method: str
    lr: float
    criterion: float
    coefficient: float
    speed: float
    direction: tuple[float, ...]

    @property
    def supercritical(self) -> bool | None:
        """Whether the 2-cycle is beyond the limit, and attracts; None where the coefficient is 0."""
        return self.coefficient > 0 if self.coefficient else None

    def amplitude(self, lr: float) -> float:
        """Half the distance of the positions of the 2-cycle, √(speed·(lr − limit)/c), to leading order; nan: there is none."""
        share = self.speed * (lr - self.lr) / self.coefficient if self.coefficient else nan
        return sqrt(share) if share >= 0 else nan

    def __repr__(self) -> str:
        kind = {
            True: "supercritical, beyond it a 2-cycle attracts",
            False: "subcritical, below it a 2-cycle repels",
            None: "degenerate, terms of fifth order decide",
        }[self.supercritical]
        numbers = f"3f‴² − f″f⁗ = {self.criterion:.7g}, c = {self.coefficient:.7g}"
        return f"Flip of {self.method} at lr = {self.lr:.10g}, {kind} ({numbers})"


def resting(m: Any) -> Method:
    """The method that was meant. NotLinear for one that does not rest at minima."""
    method = as_method(m)
    if not rests_at_minimiser(method):
        raise NotLinear(
            f"{method.name} does not rest at the minimum of a function that is not quadratic, and where it does is not derived"
        )
    return method


def flip(point: LocalQuadratic, m: Any, hyper: Mapping[str, Any]) -> Flip:
    """The flip of a method at a minimum in one variable.

    NotLinear where the rule has no third derivative at its rest, or a multiplier leaves the unit circle elsewhere than at −1.
    """
    method = resting(m)
    if method.rate is None:
        raise BadHyperparameter(f"{method.name} has no learning rate to bound")
    second, third, fourth = (float(point.function.derivative(k).subs(_here(point))) for k in (2, 3, 4))
    rest = {name: value for name, value in hyper.items() if name != method.rate}
    edge = point.lr_max(method, **rest)
    if not isinstance(edge, float) or not 0 < edge < np.inf:
        raise BadData(f"{method.name} has no finite limit of its learning rate here at numbers; got {edge}")
    criterion = (3 * (third / second) ** 2 - fourth / second) * second * second  # f″² alone may overflow
    return Flip(method.name, edge, criterion, *_normal_form(method, tuple(rest.items()), edge, (second, third, fourth)))


def _here(point: CriticalPoint) -> dict[sp.Symbol, float]:
    return {point.function.variables[0]: float(point.point[0])}


@cache
def _normal_form(
    method: Method, rest: tuple[tuple[str, Any], ...], edge: float, derivatives: tuple[float, float, float]
) -> tuple[float, float, tuple[float, ...]]:
    """c for positions as the coordinate, −dμ/d(lr), and the eigenvector."""
    rate, t = sp.Symbol("lr_", positive=True), sp.Symbol("t")
    along, still = _taylor_step(method, rest, rate, derivatives)
    update, ahead = sp.Matrix(along.update), sp.symbols(f"d_:{len(still)}")
    moved = dict(zip(along.state, (still + t * sp.Matrix(ahead)).subs(rate, edge), strict=True))
    line = update.subs(rate, edge).subs(moved)
    series = {order: line.diff(t, order).subs(t, 0) for order in (2, 3)}

    def taylor(direction: Array, order: int) -> Array:
        """The derivative of this order of F(rest + t·direction) at the limit."""
        return _numbers(method, series[order].subs(dict(zip(ahead, direction.tolist(), strict=True)))).ravel()

    slope = update.jacobian(along.state).subs(dict(zip(along.state, still, strict=True)))
    A, turning = (_numbers(method, part.subs(rate, edge)) for part in (slope, slope.diff(rate)))
    p, q = _flipping(method, A)
    w = np.linalg.solve(A - np.eye(len(A)), taylor(q, 2))
    size = float(np.abs(w).max()) or 1.0  # of one size with q, or the difference would cancel
    cubic, mixed = taylor(q, 3) / 6, size * (taylor(q + w / size, 2) - taylor(q - w / size, 2)) / 8
    c, terms = float(p @ (cubic - mixed)), np.abs(p) @ (np.abs(cubic) + np.abs(mixed))
    doubt = rounding(terms) * float(np.linalg.norm(p) * np.linalg.norm(q))
    return c if abs(c) > doubt else 0.0, float(-(p @ turning @ q)), tuple(q.tolist())


def _taylor_step(
    method: Method, rest: tuple[tuple[str, Any], ...], rate: sp.Symbol, derivatives: tuple[float, float, float]
) -> tuple[Direction, sp.Matrix]:
    """The step on the Taylor polynomial of the function to fourth order, and the state at its rest."""
    known = {name: exact(value) for name, value in {**dict(method.defaults), **dict(rest)}.items()}
    hyper = {**known, str(method.rate): rate}
    f2, f3, f4 = map(sp.Float, derivatives)
    along = step_map(
        method, hyper, lambda e: f2 * e + f3 * e**2 / 2 + f4 * e**3 / 6, lambda e: f2 + f3 * e + f4 * e**2 / 2
    )
    at = {MINIMISER: 0, CURVATURE: f2, **{method.symbols[name]: value for name, value in hyper.items()}}
    settled = dict(zip(method.state, rest_of(method).state, strict=True))
    return along, sp.Matrix([sp.sympify(settled[n]).subs(at) for n in along.names if n not in along.stopped])


def _flipping(method: Method, A: Array) -> tuple[Array, Array]:
    """The left and right eigenvectors of the multiplier −1, 1 for the position, ⟨p,q⟩ = 1. NotLinear where there is none.

    An eigenvalue is known to the rounding of A times its condition ‖p‖‖q‖ (Wilkinson 1965), and has to be apart from others.
    """
    (values, right), (others, left) = np.linalg.eig(A), np.linalg.eig(A.T)
    k = int(np.argmin(np.abs(values + 1)))
    q, p = right[:, k], left[:, int(np.argmin(np.abs(others + 1)))]
    condition = 1 / max(abs(p @ q), EPS)
    if not abs(values[k] + 1) <= rounding(A) * condition <= half_of_digits(1.0):
        raise NotLinear(
            f"{method.name} does not flip at its limit, where just one multiplier would be −1: these are "
            f"{np.round(values, 6).tolist()}"
        )
    q = np.real(q / q[0])
    return np.real(p) / (np.real(p) @ q), q


def _numbers(method: Method, matrix: sp.Matrix) -> Array:
    try:
        values = np.array(matrix.tolist(), dtype=float)
    except TypeError:  # a limit, zoo, or a derivative of what has none
        values = np.array([np.nan])
    if not np.isfinite(values).all():
        raise NotLinear(f"{method.name} has no third derivative where it rests, so its flip has no such normal form")
    return values


def cycles_near(point: CriticalPoint, m: Any, period: int, hyper: Mapping[str, Any]) -> list[Cycle]:
    """Cycles of this period that enclose a critical point in one variable, largest first: from runs and by Newton's method."""
    method = as_method(m)
    numbers = {name: exact(value) for name, value in method.at(**hyper).numbers.items()}
    orbit = orbit_of(function_map(point.function, method, numbers))
    found: list[Array] = []
    for start in _starts(point, method, hyper, orbit, period):
        first = newton(orbit, start, period)
        near = [first] if first is not None and least_period(orbit, first) else []
        for points in (*near, *candidates(orbit, start, period)):
            around = points[:, 0].min() < point.x < points[:, 0].max()
            if around and not any(equal(points, other) for other in found):
                found.append(points)
    return sorted((cycle_of(method, orbit, points) for points in found), key=lambda cycle: -cycle.amplitude)


def _starts(
    point: CriticalPoint, method: Method, hyper: Mapping[str, Any], orbit: Orbit, period: int
) -> Iterator[Array]:
    """States beside the point; first that of the 2-cycle to leading order, where there is one."""
    if period == 2 and point.kind == "minimum":
        try:
            turn = flip(point._quadratic(), method, hyper)
            apart = turn.amplitude(float(dict(method.at(**hyper).numbers)[str(method.rate)]))
            if apart > 0:
                yield np.array([point.x, *np.zeros(len(orbit.along.state) - 1)]) + apart * np.array(turn.direction)
        except ConvergenceError:  # no flip, or a default learning rate
            pass
    size = _length(point)
    moving = [k for k, name in enumerate(method.state) if name not in orbit.along.stopped]
    for side in (side * offset for offset in OFFSETS for side in (-1, 1)):
        first = method.start(Oracles(point.function), np.array([point.x + side * size]))
        yield np.array([float(np.ravel(first[k])[0]) for k in moving])


def _length(point: CriticalPoint) -> float:
    """The length over which f″ changes by itself."""
    second, third, fourth = (abs(float(point.function.derivative(k).subs(_here(point)))) for k in (2, 3, 4))
    rates = [r for r in (third / second if second else 0.0, sqrt(fourth / second) if second else 0.0) if r > 0]
    return 1 / max(rates) if rates else 1.0
