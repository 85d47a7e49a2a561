"""Settings to advise go in; the same come out as one writes them in a sentence, stable as written, with their own steps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.directions import slowest, stable, states
from convergence.diagnosis.rates import binding, stable_rates
from convergence.diagnosis.wording import rounded
from convergence.errors import NotLinear
from convergence.rule import Method

Array = NDArray[np.float64]

MARGIN = 0.9
"""A setting that one would use keeps this part of a bound above (and its inverse over one below)."""

MOST = 16
"""Digits that a setting is written with at most."""


@dataclass(frozen=True)
class Printed:
    """Settings as they are written: ``hyper`` with few digits, and the ``rate`` and ``steps`` of just these."""

    hyper: dict[str, float]
    rate: float
    steps: int | None


def as_read(hyper: Mapping[str, Any]) -> str:
    """Settings with the digits that they have."""
    return ", ".join(f"{name}={value:.15g}" for name, value in hyper.items())


def printed(
    method: Method, curvatures: Array, hyper: Mapping[str, Any], digits: int, held: Collection[str] = ()
) -> Printed | None:
    """The settings rounded to so many digits, and still stable when the rate moves by one in the last of them.

    As many digits are written as that takes. Only where doubles have no more is the rate held at a margin from its edge.
    What is ``held`` stands as it is. None where nothing near is stable.
    """
    given = {name: float(value) for name, value in hyper.items()}
    for candidates in (_rounded, _off_the_edge):
        for count in range(digits, MOST + 1, 2):
            for found in candidates(method, curvatures, given, count, held):
                if _keeps(method, curvatures, found, count, held):
                    rows = states(method, curvatures, found)
                    return Printed(found, max(row.radius for row in rows), slowest(rows))
    return None


def _rounded(
    _: Method, __: Array, given: dict[str, float], digits: int, held: Collection[str]
) -> Iterator[dict[str, float]]:
    """Rounded to the nearest, then to either side."""
    free = [name for name in given if name not in held]
    for sides in sorted(product((0.0, -1.0, 1.0), repeat=len(free)), key=np.count_nonzero):
        yield {**given, **{name: rounded(given[name], digits, s) for name, s in zip(free, sides, strict=True)}}


def _off_the_edge(
    method: Method, curvatures: Array, given: dict[str, float], digits: int, held: Collection[str]
) -> Iterator[dict[str, float]]:
    free = [name for name in given if name not in held]
    if method.rate in free:
        for found in _inside(
            method, curvatures, {**given, **{n: rounded(given[n], digits) for n in free}}, method.rate
        ):
            yield {**found, method.rate: rounded(found[method.rate], digits)}


def _inside(method: Method, curvatures: Array, given: dict[str, float], rate: str) -> Iterator[dict[str, float]]:
    """The rate at a margin from the edges of the interval of stable rates that it is in, or near to."""
    try:
        pieces = stable_rates(method, binding(method, curvatures), given)
    except NotLinear:
        yield {**given, rate: MARGIN * given[rate]}
        return
    for low, high in sorted(pieces, key=lambda piece: max(piece[0] - given[rate], given[rate] - piece[1])):
        top, bottom = MARGIN * high, low / MARGIN
        yield {**given, rate: min(max(given[rate], bottom), top) if bottom < top else sqrt(low * high)}


def _keeps(method: Method, curvatures: Array, found: dict[str, float], digits: int, held: Collection[str]) -> bool:
    """Whether these are stable, and are so with the rate a little larger or smaller."""
    moved = [found]
    if method.rate is not None and method.rate not in held:
        part = 10.0 ** (1 - digits)
        moved += [{**found, method.rate: found[method.rate] * (1 + side * part)} for side in (-1, 1)]
    return all(bool(stable(method, curvatures, at).all()) for at in moved)
