"""A method and settings go in; which of its states move with the position comes out, or NotLinear with the reason.

A state is either proportional to the position (an error, a buffer of gradients) or a clock, which runs whatever the
position is (the power of β in a bias correction). Anything else has no residual polynomial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.errors import NotLinear
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.tracing import POSITION, traced_start

Array = NDArray[np.float64]
Settings = Callable[[int], Mapping[str, Any]]
"""The hyperparameters at step j, counted from 0."""

FACTORS = np.array([2.0**-30, -(2.0**10), 2.0**20])
"""Each direction is scaled by its own power of two: that rounds nothing, and shows a rule that couples directions."""

PROBED = 8
"""Steps of the run that is scaled."""


class Parabolas:
    """½λx² for curvatures (m,) at once, all minima at 0. It counts the gradients, and whether ``solve`` was asked."""

    def __init__(self, curvature: Array) -> None:
        self.curvature, self.gradients, self.solved = curvature, 0, False

    def grad(self, x: Any, /) -> Any:
        self.gradients += 1
        return self.curvature * x

    def solve(self, g: Any, /) -> Any:
        self.solved = True
        return g / self.curvature


def moving_states(method: Method, curvatures: Array, settings: Settings) -> tuple[bool, ...]:
    """For each state, whether it is proportional to the position; False for a clock.

    Known from the formulas where the rule is linear in its state; else from a run that is started again elsewhere.
    Raises NotLinear where a state is neither, and for a method that does not rest where it starts at the minimiser.
    """
    if known_linear(method):
        return (True,) * len(method.state)
    return _probed(method, curvatures, settings)


@cache
def known_linear(method: Method) -> bool:
    """Whether formulas show that every state is proportional to the position, start included."""
    try:
        derived = dynamics(method)
    except NotLinear:
        return False
    if not derived.linear or len(derived.state) != len(method.state):
        return False
    start = [sp.expand(entry) for entry in traced_start(method, POSITION)]
    if not all(entry == POSITION * sp.diff(entry, POSITION) + entry.subs(POSITION, 0) for entry in start):
        return False
    _require_rest(method, derived.rest)
    return True


def _require_rest(method: Method, rest: tuple[sp.Expr, ...]) -> None:
    """At the point where the method comes to rest its start must be its rest, or errors do not come from errors alone."""
    there = traced_start(method, rest[0] * POSITION)
    if rest[0] == 1 and any(sp.simplify(s - r * POSITION) != 0 for s, r in zip(there, rest, strict=True)):
        raise NotLinear(
            f"{method.name} does not stay at the minimiser when it starts there, so its errors are no polynomial in λ times "
            f"the first error; let start(f, x) give the state in which it rests"
        )
    if rest[0] != 1 and any(r != 0 for r in rest[1:]):
        raise NotLinear(
            f"{method.name} rests elsewhere than at the minimiser, with a buffer that does not start there: its error depends "
            f"on the minimiser too, and no polynomial in λ gives it. Run it on the data instead (simulate, predict)"
        )


def _probed(method: Method, curvatures: Array, settings: Settings) -> tuple[bool, ...]:
    line = np.linspace(float(np.min(curvatures)), float(np.max(curvatures)), 3)
    with np.errstate(all="ignore"):
        plain, scaled = (_states(method, line, x, settings) for x in (np.ones(3), FACTORS))
    found = []
    for name, a, b in zip(method.state, plain, scaled, strict=True):
        clock, moves = _same(a, b), _same(a * FACTORS, b)
        if not (clock or moves):
            raise NotLinear(
                f"{method.name} is not linear in the position: {name} does not scale with the start, so there is no residual "
                f"polynomial. For an adaptive rule freeze its preconditioner, or look at runs (simulate)"
            )
        found.append(moves)
    if not found[0]:
        raise NotLinear(f"{method.name} is not linear in the position: its position does not depend on the start")
    return tuple(found)


def _states(method: Method, line: Array, x: Array, settings: Settings) -> list[Array]:
    f = Parabolas(line)
    state = method.start(f, x)
    kept = [state]
    for j in range(PROBED):
        state = method(f, *state, **settings(j))
        kept.append(state)
    return [np.array([np.broadcast_to(s[n], line.shape) for s in kept], dtype=float) for n in range(len(state))]


def _same(a: Array, b: Array) -> bool:
    finite = np.isfinite(a) & np.isfinite(b)
    return bool(np.allclose(a[finite], b[finite], rtol=1e-9, atol=0.0))
