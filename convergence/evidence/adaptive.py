"""Checks of adaptive methods along one direction: the limit at the minimiser by runs beside it, and the 2-cycle by its steps.

Each with faults in the theory, a per cent or a wrong verdict, that the same checks have to reject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, isfinite, log
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import ConvergenceError
from convergence.evidence.check import FAULT, Check, Kind, compared, interpolated, not_made
from convergence.evidence.verification import Verification, gathered
from convergence.numerics.orbits import cycles
from convergence.numerics.radius import bounds
from convergence.rule import Method
from convergence.theory.cycles import Cycle, Direction, direction

Array = NDArray[np.float64]

PROBE = 1 / 2048
"""The probes stand this part of the limit below and above it: well within the per cent of the controls."""

BESIDE, WALK = 1e-9, 400
"""First position beside the minimiser, in parts of ε² where that is less than 1, and steps of each half of a probe."""

PUSH, GONE, BACK, LONGEST = 1e-6, 1e3, 1e-3, 20_000
"""How far beside a cycle a run begins, in amplitudes; what a push has become of a run that left, or came back; most steps."""

LEARNING_RATE = sp.Symbol("eta", positive=True)

TIMES = 4.0
"""The 2-cycle is looked at at so many times the limit of the minimiser."""

ROUNDING = 1e-9
"""Two steps of a rule, some dozen operations, on buffers that weigh by 1/(1−β): well above, and far below the per cent."""


@dataclass(frozen=True, eq=False)
class Along:
    """A method on ½x²: the settings but the learning rate, its limit there, and a 2-cycle above it if there is one."""

    method: Method
    others: Mapping[str, float]

    @property
    def rate(self) -> str:
        return str(self.method.rate)

    @cached_property
    def limit(self) -> float:
        """NaN where the rule has no linearisation; 0 where some state never forgets."""
        try:
            return float(bounds(self.method, np.ones(1), {**self.others, self.rate: 1.0})[0])
        except ConvergenceError:
            return float("nan")

    @property
    def lr(self) -> float:
        """Where the cycle is looked at."""
        return TIMES * self.limit if self.limit > 0 and isfinite(self.limit) else 1.0

    @cached_property
    def cycle(self) -> Cycle | None:
        try:
            return next(iter(cycles(self.method, 2, **{**self.others, self.rate: self.lr})), None)
        except ConvergenceError:
            return None

    @cached_property
    def along(self) -> Direction:
        """The rule on ½x², its learning rate a letter; clocks at their limit."""
        settings = {name: exact(value) for name, value in self.others.items()}
        return direction(self.method, {**settings, self.rate: LEARNING_RATE}, exact(1))

    @cached_property
    def _step(self) -> Callable[..., Any]:
        return sp.lambdify((LEARNING_RATE, *self.along.state), self.along.update, modules="math")  # type: ignore[no-any-return]

    def positions(self, state: Array, lr: float, steps: int) -> Array:
        """(steps+1,), of a run from a state of what moves."""
        now, seen = state.tolist(), [float(state[0])]
        for _ in range(steps):
            now = self._step(lr, *now)
            seen.append(now[0])
        return np.array(seen)


def _limit_checks(trial: Along, limit: float) -> Sequence[Check]:
    claim = f"the minimiser attracts below {trial.rate} = {limit:.6g} and repels above"
    if not (limit > 0 and isfinite(limit)):
        return [not_made(LIMIT.name, claim, "there is no limit to look for")]
    low, high = (log(_growth(trial, limit * (1 + side * PROBE))) for side in (-1, 1))
    why = f"the limit lies between runs at {PROBE:.2%} below it, which shrink, and above it, which grow"
    return [interpolated(LIMIT.name, claim, limit, PROBE, (low, high), PROBE, why)]


def _growth(trial: Along, lr: float) -> float:
    """Of a run close to the minimiser, a step: its second half against its first, where slower states have died out."""
    state = np.zeros(len(trial.along.state))
    state[0] = (
        BESIDE
        * min([1.0, *(v for n, v in trial.others.items() if not trial.method.domains[n].is_share and v > 0)]) ** 2
    )
    walk = np.abs(trial.positions(state, lr, 2 * WALK))
    return float((walk[WALK + 1 :].max() / walk[1 : WALK + 1].max()) ** (1 / WALK))


def _limit_faults(trial: Along, limit: float) -> Sequence[tuple[str, float]]:
    if not (limit > 0 and isfinite(limit)):
        return []
    return [(f"limit {sign * FAULT:+.0%} off", limit * (1 + sign * FAULT)) for sign in (1, -1)]


LIMIT: Kind[Along] = Kind("limit at the minimiser", lambda trial: trial.limit, _limit_checks, _limit_faults)


def _cycle_claims(trial: Along) -> tuple[float, bool] | None:
    """The position of the cycle, and whether it attracts; None without one, or where it is one of many."""
    cycle = trial.cycle
    if cycle is None or cycle.neutral or cycle.attracting is None:
        return None
    return cycle.amplitude, bool(cycle.attracting)


def _cycle_checks(trial: Along, claims: tuple[float, bool] | None) -> Sequence[Check]:
    if claims is None or trial.cycle is None:
        none = "there is no 2-cycle that stands alone" if trial.cycle is None else "those beside it are cycles, too"
        return [not_made(CYCLE.name, "the 2-cycle is where it is derived to be", none)]
    amplitude, attracts = claims
    moving = [k for k, name in enumerate(trial.cycle.names) if name not in trial.along.stopped]
    state = np.array([trial.cycle.points[0][k] for k in moving])
    at = np.array([amplitude, *state[1:]])
    there = trial.positions(at, trial.lr, 2)[-1]
    back = f"at {trial.rate} = {trial.lr:.6g}, two steps from x = {amplitude:.6g} lead back to it"
    beside = f"a run beside it {'comes back' if attracts else 'leaves'}"
    largest = max(abs(m) for m in trial.cycle.multipliers)
    turns = ceil(2 * log(1 / BACK if largest < 1 else 10 * GONE) / abs(log(largest))) + 10
    walk = trial.positions(np.array([state[0] * (1 + PUSH), *state[1:]]), trial.lr, min(2 * turns, LONGEST))
    gaps = np.abs(np.abs(walk) / state[0] - 1) / PUSH
    returned = bool(gaps[-4:].max() < BACK**0.5) and bool(gaps.max() < GONE)
    why = "a run either comes back or leaves, so exactly"
    return [
        compared(CYCLE.name, back, amplitude, there, abs(there / amplitude - 1), ROUNDING, "rounding of two steps"),
        compared(CYCLE.name, beside, float(attracts), float(returned), float(attracts != returned), 0.0, why),
    ]


def _cycle_faults(trial: Along, claims: tuple[float, bool] | None) -> Sequence[tuple[str, Any]]:
    if claims is None:
        return []
    amplitude, attracts = claims
    wrong = f"a cycle that {'attracts' if attracts else 'repels'} is said not to"
    return [(f"amplitude {FAULT:+.0%} off", (amplitude * (1 + FAULT), attracts)), (wrong, (amplitude, not attracts))]


CYCLE: Kind[Along] = Kind("2-cycle", _cycle_claims, _cycle_checks, _cycle_faults)


def verify_along(method: Method, hyper: Mapping[str, Any]) -> Verification:
    """The limit at the minimiser and the 2-cycle of an adaptive method on ½x², with faults that must be rejected.

    ``hyper`` are its settings; the learning rate, if it is among them, is not looked at.
    """
    full = {**dict(method.defaults), **hyper, str(method.rate): 1.0}
    trial = Along(method, {n: v for n, v in method.scalars(full).items() if n != method.rate})
    return gathered(method, trial.others, [kind.judged(trial) for kind in (LIMIT, CYCLE)])
