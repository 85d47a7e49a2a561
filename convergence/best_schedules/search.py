"""The search for the rates of all steps: L-BFGS with the exact gradient, from several first guesses.

Both the loss and the rates fall by orders of magnitude: it is the logarithm of one that is minimised, in those of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
from scipy.optimize import minimize

from convergence.best_schedules.objective import Best, Task
from convergence.numerics.bracket import minimum
from convergence.numerics.semi_iteration import chebyshev_steps
from convergence.problem.arrays import Array

SCALES, DECADES = 4, 4
"""Base rates that are tried for a shape: so many a decade, and so many decades below the highest and below 2/L."""

ROUNDS = ((25, 7, False), (50, 2, False), (500, 1, True), (1000, 1, False), (100, 1, True))
"""Iterations of each round, how many of the best so far it takes up, and whether it is in rates or in their logarithms."""

LONGER, CHEAP = ((150, 7, False), *ROUNDS[2:]), 100_000
"""Those where rates beyond 2/L are allowed, and so many local minima; up to so many second moments in a run."""

ENDS = 16
"""Lower ends that are tried for the interval of Chebyshev's rates."""

EQUAL = 1e-9
"""A cap that is 2/L but for rounding."""

SMALLEST = 1e-6
"""What a rate of 0 begins at, in parts of 2/L."""

FLAT, LEVEL = 1e-13, 1e-10
"""Where a descent ends: log(loss) falls by rounding alone, or its slopes are those of a loss that is known to rounding."""

PLACED = 1e-9
"""How near the best logarithm of a base rate is looked for: the loss is flat there to the square of it."""

LOWEST = 1e-300
HUGE = 700.0
"""The logarithm of a loss that is infinite."""


def searched(task: Task, more: Sequence[Array] = ()) -> Best:
    """The best schedule found from all guesses, and the best of ``more`` of them."""
    guesses = [*_guesses(task), *sorted(more, key=task.loss)[:1]]
    ends = [(task.loss(guess), guess) for guess in guesses]
    beyond = task.largest > task.unit * (1 + EQUAL) and task.steps * task.loss.second.size <= CHEAP
    for iterations, followed, plain in LONGER if beyond else ROUNDS:
        ends = sorted((_descended(task, end, iterations, plain) for _, end in ends[:followed]), key=itemgetter(0))
    return Best(ends[0][1], f"best found by search from {len(guesses)} starts")


def projected(task: Task, rates: Array, loss: float, gradient: Array) -> float:
    """The largest slope of log(loss) by a rate over 2/L, of those along which the rate may still go down."""
    if not loss > 0:
        return 0.0
    slope = gradient * task.unit / loss
    blocked = ((rates <= 0) & (slope > 0)) | ((rates >= task.largest) & (slope < 0))
    return float(np.abs(np.where(blocked, 0.0, slope)).max())


def _descended(task: Task, guess: Array, iterations: int, plain: bool) -> tuple[float, Array]:
    """The loss and the rates after so many iterations, in falling order if that is better; the guess if nothing was.

    ``plain``: in the rates themselves, which may then become 0; else in their logarithms.
    """
    unit = task.unit

    def objective(point: Array) -> tuple[float, Array]:
        with np.errstate(over="ignore"):
            rates = (point if plain else np.exp(point)) * unit
        loss, gradient = task.loss.with_gradient(rates)
        if not np.isfinite(loss):
            return HUGE, gradient
        size = max(loss, LOWEST)
        return float(np.log(size)), gradient * (unit if plain else rates) / size

    begin, low, top = guess / unit, 0.0, task.largest / unit
    if not plain:
        begin, low, top = np.log(np.maximum(begin, SMALLEST)), -np.inf, np.log(top)
    options = {"maxiter": iterations, "maxfun": 2 * iterations, "ftol": FLAT, "gtol": LEVEL, "maxcor": 20}
    end = minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=[(low, top)] * len(guess), options=options).x
    rates = np.clip((end if plain else np.exp(end)) * unit, 0.0, task.largest)
    return min(((task.loss(x), x) for x in (rates, np.sort(rates)[::-1], guess)), key=itemgetter(0))


def best_scale(task: Task, shape: Array) -> tuple[float, float]:
    """The best multiple of a shape (K,), its values at most the cap, and the loss: best found by search."""
    top = float(np.max(shape))
    if not top > 0:
        return 0.0, task.loss(np.zeros(task.steps))
    limit = task.highest / top
    decades = DECADES + max(np.log10(task.highest / task.unit), 0.0)
    scales = limit * np.logspace(-decades, 0, int(SCALES * decades) + 1)
    losses = [task.loss(scale * shape) for scale in scales]
    place = int(np.argmin(losses))
    low, high = scales[max(place - 1, 0)], scales[min(place + 1, len(scales) - 1)]
    scale = minimum(lambda u: task.loss(np.exp(u) * shape), float(np.log(low)), float(np.log(high)), PLACED)
    candidates = [float(np.exp(scale)), float(scales[place])]
    return min(((c, task.loss(c * shape)) for c in candidates), key=lambda pair: pair[1])


def _guesses(task: Task) -> list[Array]:
    """Constant (tilted a little: equal rates have equal slopes, and would stay equal), linear, 1/k, and Chebyshev's."""
    k, steps = np.arange(task.steps), task.steps
    shapes = [1.0 + 0.02 * (steps - 2 * k) / steps, 1 - k / steps, 1 / (1 + 8 * k / steps), 1 / (1 + k)]
    guesses = [np.minimum(best_scale(task, shape)[0] * shape, task.largest) for shape in shapes]
    return guesses + (_chebyshev(task) if steps > 1 and task.problem.kappa > 1 else [])


def _chebyshev(task: Task) -> list[Array]:
    """Chebyshev's rates over the best part [a, L] of the spectrum, in the order that is stable and in falling order."""
    mu, L = task.problem.interval
    sets = [chebyshev_steps(task.steps, mu=a, L=L) for a in np.geomspace(mu, L / 1.1, ENDS) if a < L]
    sets = [np.minimum(rates, task.largest) for rates in sets]
    return [min(ordered, key=task.loss) for ordered in (sets, [np.sort(rates)[::-1] for rates in sets])]
