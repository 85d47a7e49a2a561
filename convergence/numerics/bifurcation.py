"""Bifurcation diagrams: where runs of a method on ½λx² end, over the learning rate, with its rest and its 2-cycles.

Below a limit the minimiser attracts; there a 2-cycle is born (a flip), which attracts for a while or for ever; beyond come
longer cycles, tori, chaos. Runs show what attracts, the derived curves also what does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from convergence.crossing import evaluate
from convergence.errors import BadData, BadHyperparameter, ConvergenceError
from convergence.methods import as_method
from convergence.numerics.curves import rate_of
from convergence.numerics.inputs import checked_curvature
from convergence.numerics.orbits import cycles
from convergence.numerics.radius import bounds
from convergence.numerics.replay import Parabolas
from convergence.plotting import Plotted
from convergence.problem.arrays import Array, floats, short
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.cycles import Cycle

TAIL, LONGEST = 128, 32
"""Last positions of a run, and the longest period that is looked for among them."""

STEPS, MOST, FORGOTTEN = 2000, 20_000, 15
"""Steps of a run; where a share β is near 1, so many times 1/(1−β), within what a run may cost."""

BESIDE, BETWEEN, PUSH = 1e-6, 0.3, 1.1
"""First positions: beside the minimiser, in learning rates; farther off; and beside a 2-cycle, in its amplitudes."""

LARGEST = 1e4
"""In learning rates: a run that is there has left."""

RATES = 120
WIDE = 4.0
"""Learning rates by default, up to so many times the limit of the minimiser."""

SAME = 1e-6
"""In learning rates: positions that are not told apart. Near a bifurcation a run gets there slowly."""

TINY = 1e-3
"""In learning rates: so near a minimiser that repels, no run has ended."""


@dataclass(frozen=True, eq=False)
class Bifurcation(Tabular, Plotted, figure="bifurcation"):
    """Where runs of a method on ½λx² end, and what was derived of its rest and its 2-cycles.

    Attributes
    ----------
    method, hyper, curvature
        The Method, its other hyperparameters, λ.
    lr
        (n,), learning rates.
    positions
        (n, 2, 128), the last positions of two runs, from beside the minimiser and from beside the 2-cycle; NaN where one left.
    periods
        (n, 2), the period of these, up to 32: 1 at rest; 0 where there is none so short, or not yet; −1 where a run left.
    limit
        The learning rate below which the minimiser attracts; 0 if never, NaN where that has no answer.
    amplitude, attracting
        (n, c), of the derived 2-cycles: NaN where one is not there, and whether it attracts.
    """

    method: Method
    hyper: Mapping[str, float]
    curvature: float
    lr: Array
    positions: Array
    periods: NDArray[np.int64]
    limit: float
    amplitude: Array
    attracting: NDArray[np.bool_]

    def table(self) -> dict[str, Any]:
        """A row for each learning rate: the derived amplitude, whether that cycle attracts, the runs' size and periods."""
        derived = {
            f"{name}{k or ''}": column
            for k in range(self.amplitude.shape[1])
            for name, column in (("amplitude", self.amplitude[:, k]), ("attracting", self.attracting[:, k]))
        }
        ends = {f"run {k + 1}": self.periods[:, k] for k in range(self.periods.shape[1])}
        return {"lr": self.lr, **derived, "largest": np.abs(self.positions).max(axis=(1, 2)), **ends}

    def __repr__(self) -> str:
        kinds = sorted(set(self.periods.ravel().tolist()) - {0, -1})
        return (
            f"Bifurcation of {self.method.name}: {len(self.lr)} learning rates, limit {self.limit:.6g}, periods {kinds}"
        )


def bifurcation(m: Any, /, *, lr: ArrayLike | None = None, curvature: float = 1.0, **hyper: Any) -> Bifurcation:
    """Where runs on ½λx² end over the learning rate: at rest, on a 2-cycle, on a longer one, on none.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    lr
        (n,), learning rates. By default up to four times the limit of the minimiser, or to 2/λ where there is none.
    curvature
        λ > 0, a number.
    hyper
        Numbers for the others; those with a default may be left out.

    Raises
    ------
    BadHyperparameter, BadData
        For wrong names or values.

    Notes
    -----
    The curves are derived from the rule (see ``cycles``); the runs are the rule's own. "No period" may be one longer than 32, a
    torus, chaos, or a slow approach. Where the minimiser repels, a run near it is not called at rest: it may come back from
    less than a double holds.

    >>> import convergence as cv
    >>> b = cv.bifurcation("rmsprop", lr=[0.1, 0.3], eps=0.1, decay=0.9)
    >>> b.limit, b.periods.tolist(), b.amplitude.ravel().round(3).tolist()
    (0.2, [[1, 1], [2, 2]], [nan, 0.05])
    """
    method, lam = as_method(m), checked_curvature(curvature)
    rate = rate_of(method)
    if rate in hyper:
        raise BadHyperparameter(f"the learning rate {rate} of {method.name} is what varies: give lr=, an array")
    full = {**dict(method.defaults), **hyper}
    others = {name: value for name, value in method.scalars({**full, rate: 1.0}).items() if name != rate}
    limit = _limit(method, rate, lam, others)
    rates = _rates(lr, limit, lam)
    found = _derived(method, lam, others)
    amplitude, attracting = _on(found, method.symbols[rate], rates)
    positions = _runs(method, rate, lam, rates, others, found)
    periods = _periods(positions, rates, limit)
    return Bifurcation(method, others, lam, rates, positions, periods, limit, amplitude, attracting)


def _rates(given: ArrayLike | None, limit: float, curvature: float) -> Array:
    if given is None:
        top = WIDE * limit if 0 < limit < np.inf else 2 / curvature
        return np.linspace(0, top, RATES + 1)[1:]
    rates = floats(given)
    if rates.ndim != 1 or not rates.size or not np.isfinite(rates).all() or (rates <= 0).any():
        raise BadData(f"lr is a list of positive learning rates; got {short(given)}")
    return rates


def _limit(method: Method, rate: str, curvature: float, others: Mapping[str, float]) -> float:
    try:
        return float(bounds(method, np.array([curvature]), {**others, rate: 1.0})[0])
    except ConvergenceError:
        return float("nan")


def _derived(method: Method, curvature: float, others: Mapping[str, float]) -> list[Cycle]:
    """The 2-cycles as formulas in the learning rate; none of a rule that has no formula for them."""
    try:
        return cycles(method, 2, curvature=curvature, **others)
    except ConvergenceError:
        return []


def _on(found: Sequence[Cycle], letter: sp.Symbol, rates: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Amplitudes (n, c), NaN where a cycle is not there, and whether it attracts."""
    size, attracts = np.full((len(rates), len(found)), np.nan), np.zeros((len(rates), len(found)), dtype=bool)
    for k, cycle in enumerate(found):
        there = margin(cycle.exists, {letter: rates}) > 0
        with np.errstate(all="ignore"):
            (values,) = evaluate([letter], [sp.sympify(cycle.amplitude)], [rates])
        size[:, k] = np.where(there, values, np.nan)
        attracts[:, k] = there & (margin(cycle.attracting, {letter: rates}) > 0)
    return size, attracts


def _runs(
    method: Method, rate: str, curvature: float, rates: Array, others: Mapping[str, float], found: Sequence[Cycle]
) -> Array:
    """(n, 2, TAIL): all runs side by side, each a problem of one coordinate."""
    spans = [1 / (1 - v) for n, v in others.items() if method.domains[n].is_share and 0 < v < 1]
    steps = int(min(max([STEPS, *(FORGOTTEN * span for span in spans)]), MOST))
    f, column = Parabolas(np.array([curvature])), rates[:, None]
    near, far = (method.start(f, share * column) for share in (BESIDE, BETWEEN))
    if found:
        letter = method.symbols[rate]
        there = (margin(found[0].exists, {letter: rates}) > 0)[:, None]
        with np.errstate(all="ignore"):
            values = [np.reshape(v, (-1, 1)) for v in evaluate([letter], found[0].state, [rates])]
        values[0] = PUSH * values[0]
        far = tuple(np.where(there, v, start) for v, start in zip(values, far, strict=True))
    state = tuple(np.concatenate(np.broadcast_arrays(a, b)) for a, b in zip(near, far, strict=True))
    settings, kept = {**others, rate: np.concatenate([column, column])}, []
    with np.errstate(all="ignore"):
        for j in range(steps):
            state = method(f, *state, **settings)
            if j >= steps - TAIL:
                kept.append(state[0][:, 0])
    positions = np.stack(kept, axis=1).reshape(2, len(rates), TAIL).swapaxes(0, 1)
    left = ~(np.abs(positions).max(axis=2) < LARGEST * rates[:, None])
    return np.where(left[..., None], np.nan, positions)


def _periods(positions: Array, rates: Array, limit: float) -> NDArray[np.int64]:
    """The least period of each tail (n, 2, TAIL); a run at less than a millionth of lr is at rest, where that can attract."""
    largest = np.abs(positions).max(axis=2)
    size = np.maximum(largest, rates[:, None])
    periods = np.where(np.isfinite(size), 0, -1)
    for p in range(LONGEST, 0, -1):
        gap = np.abs(positions[..., p:] - positions[..., :-p]).max(axis=2)
        periods = np.where(gap <= SAME * size, p, periods)
    repelled = rates[:, None] >= (limit if limit > 0 else np.inf)
    return np.where((largest <= TINY * rates[:, None]) & repelled, 0, periods)


def margin(condition: Any, values: Mapping[sp.Symbol, Array]) -> Array:
    """The least of what a condition wants to be positive, on arrays; 1 where nothing is asked, −1 where it is never true."""
    shape = np.broadcast_shapes(*(np.shape(v) for v in values.values()))
    if condition in (True, sp.true):
        return np.ones(shape)
    if condition in (False, None, sp.false):
        return -np.ones(shape)
    parts = condition.args if isinstance(condition, sp.And) else (condition,)
    with np.errstate(all="ignore"):
        sides = evaluate(list(values), [part.gts - part.lts for part in parts], list(values.values()))
    return np.asarray(np.min([np.broadcast_to(side, shape) for side in sides], axis=0))
