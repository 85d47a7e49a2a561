"""A closed form and a certificate's steps go in; whether they prove that nothing is faster, for all κ > 1, comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from convergence.certificates import exact_discs
from convergence.certificates.exact_certificates import Doubt
from convergence.certificates.exact_closed import Closed, beyond, poly_at, ratio_at
from convergence.certificates.exact_infeasibility import as_number, never_negative
from convergence.certificates.exact_polynomials import Terms, degrees, grid, plus, terms, times, value


def nothing_faster(closed: Closed, steps: Sequence[Any]) -> list[str]:
    """A combination of products of the inequalities at μ and L vanishes, though it would be positive."""
    step = next(s for s in steps if s["kind"] == "inequalities")
    unknown = step["data"]["unknown"]
    if sorted([*unknown, *closed.held]) != sorted(closed.letters[1:]):
        raise Doubt("the hyperparameters are not those that the claim is about")
    strict = [terms(p) for p in step["data"]["polys"]]
    each = len(strict) // 2
    for place, poly in enumerate(strict):
        _is_inequality(closed, unknown, poly, place % each, place >= each)
    last = next(s for s in steps if s["kind"] == "vanishing")
    _vanishes(closed, unknown, strict, last)
    return [step["words"], last["words"]]


def _is_inequality(closed: Closed, unknown: Sequence[str], poly: Terms, place: int, at_L: bool) -> None:
    size = len(closed.formula) - 1
    above, below = closed.rate
    factors = 1 if place <= size else exact_discs.orders(size)[place - size - 1]
    most = dict(zip(closed.letters, degrees(closed.formula, len(closed.letters)), strict=True))
    twice = 2 * factors
    tall = factors * (2 * most["curvature"] * (len(closed.kappa[0]) - 1) + size * (max(len(above), len(below)) - 1))
    given = degrees([poly], len(unknown) + 1)
    highest = [max(twice * most[n], g) for n, g in zip(unknown, given, strict=False)]
    for *numbers, t in grid([*highest, max(tall, given[-1]) + len(below)]):  # as many may be left out
        point = {**dict(zip(unknown, numbers, strict=True)), **closed.held}
        curvature = ratio_at(closed.kappa, t) if at_L else Fraction(1)
        here = [as_number(value(part, [curvature, *(point[n] for n in closed.letters[1:])])) for part in closed.formula]
        signed = poly_at(below, t) if below[-1] > 0 else -poly_at(below, t)
        if signed == 0:
            continue
        found = exact_discs.necessary(here, as_number(ratio_at(closed.rate, t)))[place]
        if (found * signed ** (size * factors) - value(poly, (*numbers, t))).sign():
            raise Doubt("an inequality that the method does not have")


def _vanishes(closed: Closed, unknown: Sequence[str], strict: Sequence[Terms], step: Mapping[str, Any]) -> None:
    count = len(unknown) + 1
    letters = [{tuple(int(j == k) for j in range(count)): Fraction(1)} for k in range(len(unknown))]
    polys = [*strict, *(letter for letter, n in zip(letters, unknown, strict=True) if never_negative(n))]
    total: Terms = {}
    positive_sum: list[Fraction] = []
    for places, held in step["data"]["terms"]:
        multiplier = [Fraction(c) for c in held]
        if not places or min(places) < 0 or not beyond(multiplier, closed.start, False):
            raise Doubt("a multiplier is negative for some κ > 1")
        part: Terms = {(*[0] * (count - 1), k): c for k, c in enumerate(multiplier)}
        for place in places:
            part = times(part, polys[place])
        total = plus(total, part, Fraction(1))
        if max(places) < len(strict):
            size = max(len(positive_sum), len(multiplier))
            positive_sum = [_entry(positive_sum, k) + _entry(multiplier, k) for k in range(size)]
    if any(total.values()):
        raise Doubt(f"not so: {step['words']}")
    if not beyond(positive_sum, closed.start, True):
        raise Doubt("all multipliers of positive products vanish for some κ > 1")


def _entry(poly: Sequence[Fraction], k: int) -> Fraction:
    return poly[k] if k < len(poly) else Fraction(0)
