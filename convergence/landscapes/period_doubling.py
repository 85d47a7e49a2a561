"""What a method does near a minimum as its learning rate grows: rests, 2-cycles and what comes after them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import NotLinear
from convergence.landscapes.flip import Flip, flip
from convergence.landscapes.oracles import Oracles
from convergence.landscapes.rounding import EPS, FEW
from convergence.landscapes.step_map import function_map
from convergence.methods import as_method
from convergence.numerics.orbit_search import Orbit, guarded, least_period, newton
from convergence.plotting import Plotted
from convergence.rule import Method

if TYPE_CHECKING:
    from convergence.landscapes.points import LocalQuadratic

Array = NDArray[np.float64]

COLUMNS, TRANSIENT, KEPT = 400, 2000, 48
"""Learning rates of the runs, steps before they are looked at, and iterates that are."""

BRANCH, FIRST = 60, 1e-4
"""Learning rates at which the 2-cycle is solved for, and how far from the limit the first is, in parts of it."""

SETTLED = FEW * EPS / FIRST
"""To what part of the positions it is solved for: its equation is as ill-conditioned as the limit is near."""

OFFSET = 0.02
"""Where the runs start: see ``CriticalPoint.beside``."""

SHARES = (0.6, 1.8)
"""The learning rates of a picture, in parts of the limit."""


@dataclass(frozen=True, eq=False)
class PeriodDoubling(Plotted, figure="period_doubling"):
    """Rests, 2-cycles and longer orbits over the learning rate.

    Attributes
    ----------
    method, hyper
        The method's name, and its other settings.
    point
        The minimum; it attracts below ``lr_max``.
    lr_max
        The limit of the linear theory.
    flip
        The flip there; None where the method has none.
    lr, orbit
        Learning rates (n,), and the last iterates (n, k) of runs at them; nan where these diverge.
    cycle_lr, cycle, attracts
        Learning rates (m,) at which the 2-cycle was solved for by Newton's method from its neighbour, its two positions
        (m, 2), and whether its multipliers are inside the unit circle (m,).

    >>> import convergence as cv
    >>> low = cv.local("x*cos(pi*x)", over=(-1, 2))[0]
    >>> low.period_doubling("gradient_descent")
    Period doubling of gradient_descent: rest up to lr = 0.306477, a 2-cycle that attracts up to 0.385...
    """

    method: str
    hyper: Mapping[str, Any]
    point: LocalQuadratic
    lr_max: float
    flip: Flip | None
    lr: Array
    orbit: Array
    cycle_lr: Array
    cycle: Array
    attracts: NDArray[np.bool_]

    @property
    def cycle_limit(self) -> float:
        """The learning rate up to which the 2-cycle attracts, halfway between two that were solved; nan where it never does."""
        last = np.nonzero(self.attracts)[0]
        if not last.size:
            return float("nan")
        after = min(int(last[-1]) + 1, len(self.cycle_lr) - 1)
        return float(self.cycle_lr[last[-1]] + self.cycle_lr[after]) / 2

    def __repr__(self) -> str:
        after = "no 2-cycle was followed"
        if self.attracts.any():
            after = f"a 2-cycle that attracts up to {self.cycle_limit:.6g}"
        elif len(self.cycle_lr):
            after = f"a 2-cycle that repels, down to {self.cycle_lr.min():.6g}"
        return f"Period doubling of {self.method}: rest up to lr = {self.lr_max:.6g}, {after}"


def period_doubling(point: LocalQuadratic, m: Any, hyper: Mapping[str, Any]) -> PeriodDoubling:
    """For a minimum in one variable, of a formula; the learning rate is not among ``hyper``."""
    method = as_method(m)
    rest = {name: value for name, value in hyper.items() if name != method.rate}
    try:
        turn = flip(point, method, rest)
        edge = turn.lr
    except NotLinear:
        turn, edge = None, float(point.lr_max(method, **rest))
    branch = _branch(point, method, rest, turn) if turn and turn.coefficient else []
    lr = np.linspace(SHARES[0] * edge, SHARES[1] * edge, COLUMNS)
    orbit = _orbits(point, method, rest, lr)
    positions = np.array([cycle for _, cycle, _ in branch]).reshape(-1, 2)
    attracts = np.array([inside for _, _, inside in branch], dtype=bool)
    rates = np.array([at for at, _, _ in branch])
    return PeriodDoubling(method.name, rest, point, edge, turn, lr, orbit, rates, positions, attracts)


def _branch(
    point: LocalQuadratic, method: Method, rest: Mapping[str, Any], turn: Flip
) -> Sequence[tuple[float, tuple[float, float], bool]]:
    """The 2-cycle from the limit on, each solved for from the one before."""
    away = 1 if turn.supercritical else -1
    reach = abs(SHARES[1] - 1 if turn.supercritical else SHARES[0] - 1)
    found: list[tuple[float, tuple[float, float], bool]] = []
    ahead, orbits = np.array(turn.direction), _by_rate(point, method, rest)
    rest_state = np.array([point.x] + [0.0] * (len(ahead) - 1))
    for share in FIRST + (reach - FIRST) * np.linspace(0, 1, BRANCH) ** 2:
        lr = turn.lr * (1 + away * float(share))
        orbit = orbits(lr)
        guess = rest_state + turn.amplitude(lr) * ahead
        cycle = newton(orbit, guess, 2, SETTLED)
        if cycle is None or not least_period(orbit, cycle):
            break
        if np.abs(cycle[0] - guess).max() > np.abs(cycle[1] - guess).max():
            cycle = cycle[::-1]
        ahead = (cycle[0] - rest_state) / turn.amplitude(lr)
        inside = bool(np.abs(np.linalg.eigvals(orbit.slope_of(cycle))).max() < 1)
        found.append((lr, (float(cycle[0][0]), float(cycle[1][0])), inside))
    return found


def _by_rate(point: LocalQuadratic, method: Method, rest: Mapping[str, Any]) -> Callable[[float], Orbit]:
    """The rule on the function itself, compiled once for all learning rates."""
    rate = sp.Symbol("lr_", positive=True)
    given = method.at(**{**rest, str(method.rate): 1.0}).numbers
    along = function_map(point.function, method, {n: rate if n == method.rate else exact(v) for n, v in given.items()})
    arguments, size = (*along.state, rate), len(along.state)
    slopes = sp.Matrix(along.update).jacobian(along.state).doit().replace(sp.DiracDelta, lambda *a: sp.Integer(0))
    step, slope = (sp.lambdify(arguments, part, modules="math", cse=True) for part in (along.update, slopes.tolist()))
    return lambda lr: Orbit(
        along, guarded(lambda *s: step(*s, lr), (size,)), guarded(lambda *s: slope(*s, lr), (size, size))
    )


def _orbits(point: LocalQuadratic, method: Method, rest: Mapping[str, Any], lr: Array) -> Array:
    """The last iterates of a run for each learning rate, side by side."""
    objective = Oracles(point.function)
    start = np.full((len(lr), 1), point.x + point.beside(OFFSET))
    settings: dict[str, Any] = {**method.at(**{**rest, str(method.rate): 1.0}).numbers, str(method.rate): lr[:, None]}
    kept = np.empty((len(lr), KEPT))
    with np.errstate(all="ignore"):
        state = method.start(objective, start)
        for k in range(TRANSIENT + KEPT):
            after = method.rule(objective, *state, **settings)
            state = after if isinstance(after, tuple) else (after,)
            if k >= TRANSIENT:
                kept[:, k - TRANSIENT] = state[0][:, 0]
    return np.where(np.isfinite(kept), kept, np.nan)
