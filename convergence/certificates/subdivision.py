"""The cuts of an interval between which Bernstein coefficients show the sign of a polynomial, found by halving it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from convergence.certificates.certificate import Sign
from convergence.certificates.exact import Doubt, Poly, bernstein, require
from convergence.certificates.loop import Loop, Ratio

HALVINGS = 100
"""An interval of curvatures is cut in two so often, at most, before a sign counts as not decided."""

MOVING = 2
"""[1, κ(t)] is cut in halves so often, at most, until Bernstein coefficients show a sign for all t."""

PATIENCE = 20_000
"""As many parts of an interval are looked at."""


def halves(row: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The Bernstein coefficients on both halves (de Casteljau)."""
    left, right = [], []
    while row:
        left.append(row[0])
        right.append(row[-1])
        row = [(a + b) * Fraction(1, 2) for a, b in pairwise(row)]
    return left, right[::-1]


def subdivided(
    row: list[Any], holds: Callable[[Any, bool], bool], strict: bool, halvings: int = HALVINGS
) -> tuple[str, ...] | Fraction:
    """The cuts of [0, 1]; or where a polynomial is negative, or (``strict``) not positive. Doubt: not decided.

    ``row`` are its Bernstein coefficients; ``holds`` tells whether one is positive, or (with False) not negative.
    """
    waiting, cuts, undecided = deque([(row, Fraction(0), Fraction(1))]), list[Fraction](), False
    for _ in range(PATIENCE):
        if not waiting:
            break
        part, low, high = waiting.popleft()
        for end, value in ((low, part[0]), (high, part[-1])):
            if not holds(value, strict):
                require(holds(-value, not strict), "a sign could not be decided")
                return end
        if all(holds(c, False) for c in part):
            continue
        if high - low <= Fraction(1, 2**halvings):
            undecided = True
            continue
        middle, (left, right) = (low + high) / 2, halves(part)
        cuts.append(middle)
        waiting.extend([(left, low, middle), (right, middle, high)])
    require(not (waiting or undecided), "a sign could not be decided")
    return tuple(map(str, sorted(cuts)))


def cuts(
    poly: Poly, low: Poly, high: Poly, strict: bool, halvings: int | None = None, *, turned: bool = False
) -> tuple[str, ...] | Fraction:
    """The same of a polynomial in λ from low to high; ``turned``: of its negative, where it is not positive at low."""
    ring = low.ring
    row = bernstein(poly.by("λ"), low, high - low)
    if turned and not ring.holds(row[0]):
        row = [-c for c in row]
    moving = not (ring.modulus or high.is_constant)
    return subdivided(row, ring.holds, strict, halvings or (MOVING if moving else HALVINGS))


def signs(loop: Loop, rate: Ratio, low: Poly, high: Poly, *, closed: bool) -> tuple[Sign, ...]:
    """What shows that all roots lie in the disc from low to high. Doubt where it is not shown."""
    found = [cuts(poly, low, high, True, turned=True) for poly in loop.divisors]
    found += [cuts(poly, low, high, not closed) for poly in loop.conditions(rate, closed)]
    return tuple(Sign(place=place, cuts=_shown(cut)) for place, cut in enumerate(found) if cut != ())


def _shown(found: tuple[str, ...] | Fraction) -> tuple[str, ...]:
    if isinstance(found, Fraction):
        raise Doubt("a condition has not the sign")
    return found
