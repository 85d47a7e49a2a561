"""How fast products of steps under schedules are: a million factors against a plain loop, and closed forms in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import log
from statistics import median
from time import process_time

import numpy as np
from measuring import Result, medians, versus

import convergence as cv

FACTORS, CURVATURE = 10**6, 1.3
S = cv.schedules
FAMILIES = (
    S.constant(0.3),
    S.exponential(0.3, 0.9),
    S.staircase(0.3, 0.5, 4),
    S.inverse_time(0.3, 0.7),
    S.polynomial(0.3, 0.7, 2),
    S.polynomial(0.3, 0.7, 1.5),
    S.inverse_sqrt(0.3),
    S.linear(0.3, 20),
    S.cosine(0.3, 20),
    S.cosine(0.3, 5, restarts=9),
    S.wsd(0.3, 20, 4, 5),
    S.warmup(4) * S.exponential(0.3, 0.9),
)


def one_by_one(rates: list[float]) -> float:
    """ln |Π (1 − λη)|, a logarithm a factor."""
    total = 0.0
    for rate in rates:
        total += log(abs(1 - CURVATURE * rate))
    return total


def closed_form(schedule: cv.Schedule) -> float:
    """Seconds of a core for formula, limit and asymptotics, the first time that they are asked for."""
    begun, found = process_time(), cv.product(schedule, 40)
    _ = found.formula, found.limit, found.asymptotic
    return process_time() - begun


def at_work(work: Callable[[], object]) -> float:
    """Milliseconds of a core, the median of nine."""
    times = []
    for _ in range(9):
        begun = process_time()
        work()
        times.append(process_time() - begun)
    return median(times) * 1e3


def products() -> Iterator[Result]:
    """A million factors, from a table of rates and from a formula; closed form and limit of each family."""
    rates = S.cosine(1.0, FACTORS).values(FACTORS)
    plain = partial(one_by_one, rates.tolist())
    for what, schedule in (("a table", rates), ("a formula", S.cosine(1.0, FACTORS))):
        ours, theirs = medians(9, partial(cv.product, schedule, FACTORS, CURVATURE), plain)
        off = abs(cv.product(schedule, FACTORS, CURVATURE).log / plain() - 1)
        note = f"{versus(ours, theirs, 'a loop over factors')}; ln equal to {off:.1g}"
        yield Result(f"10⁶ factors from {what}", theirs / ours, "×", "≥ 2", note)
        yield Result("the same, of one core", at_work(partial(cv.product, schedule, FACTORS, CURVATURE)), "ms", "≤ 50")
    slowest, name = max((closed_form(schedule), str(schedule)) for schedule in FAMILIES)
    yield Result("closed form and limit of a family, the slowest", slowest, "s", "≤ 1", name)
    begun = process_time()
    edge = cv.product(S.cosine(1.0, 2000), 2000, 1).cycle_edge
    yield Result("edge of a cycle of 2000 steps", process_time() - begun, "s", "≤ 2", f"λη₀ = {np.round(edge, 4)}")
