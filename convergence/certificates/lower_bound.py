"""The checker of a lower bound, that nothing is faster: the inequalities for a smaller rate are nowhere all positive.

By products of them that add up to what is not positive (Handelman 1988), or on a tree of boxes that holds all settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

from convergence.certificates.certificate import Boxes, Identity, Product
from convergence.certificates.exact import Doubt, Poly, Ring, bernstein, require
from convergence.certificates.loop import Ratio, run

if TYPE_CHECKING:
    from convergence.rule import Method

UNPROVEN = "that nothing is faster is not proven"


def least(method: Method, name: str) -> Fraction | None:
    """The smallest value that a hyperparameter may have, by its domain; None where there is none."""
    low = method.domains[name].low
    return Fraction(low) if isfinite(low) else None


def below_domain(values: Mapping[str, Fraction], method: Method) -> str | None:
    """The first of the hyperparameters, and of rates, that is smaller than it may be."""
    lows = {n: least(method, n) if n in method.hyper else Fraction(0) for n in values}
    return next((n for n, low in lows.items() if low is not None and values[n] < low), None)


def _with_letters(method: Method, ring: Ring, held: Mapping[str, str]) -> dict[str, Ratio]:
    one = ring.constant(1)
    return {n: (one * Fraction(held[n]) if n in held else ring.letter(n), one) for n in method.hyper}


def inequalities(method: Method, held: Mapping[str, str], curvatures: Sequence[Poly], rate: Ratio) -> list[Poly]:
    """What is positive at these curvatures wherever the radius is below the rate: polynomials in what is not held."""
    hyper = _with_letters(method, rate[0].ring, held)
    return [poly for place in curvatures for poly in run(method, place, hyper).necessary(rate)]


def not_negative(method: Method, ring: Ring, unknown: Sequence[str]) -> list[Poly]:
    """What is not negative by the domains of the hyperparameters."""
    return [ring.letter(n) - low for n in unknown if (low := least(method, n)) is not None]


def nothing_below(
    below: Identity | Boxes | None, held: Mapping[str, str], rate: Ratio, ends: tuple[Poly, Poly], method: Method
) -> list[str]:
    """No hyperparameters do better than the rate: the inequalities are nowhere all positive. Doubt where not so."""
    ring, unknown = rate[0].ring, [n for n in method.hyper if n not in held]
    if not rate[0]:
        require(below is None, "nothing is below 0 anyhow")
        return []
    if below is None:
        raise Doubt(UNPROVEN)
    places = [ring.number(v) for v in below.curvatures]
    inside = all(ring.holds(v - ends[0], False) and ring.holds(ends[1] - v, False) for v in places)
    require(inside, "a curvature outside the interval")
    strict, weak = inequalities(method, held, places, rate), not_negative(method, ring, unknown)
    lows = {n: low for n in unknown if (low := least(method, n)) is not None}
    where = ", ".join(f"{n} ≥ {low}" for n, low in lows.items())
    said = f"no hyperparameters{f' with {where}' if where else ''} meet all of {len(strict)} inequalities for less"
    if isinstance(below, Identity):
        contradiction(below.products, strict, weak)
        return [f"{said}: {len(below.products)} products of them, with multipliers ≥ 0, add up to what is not positive"]
    highs = dict[str, Fraction]()
    for bound in below.bounds:
        require(bound.variable in unknown, "a bound of what is no unknown")
        edge = Fraction(bound.value)
        contradiction(bound.products, [*strict, ring.letter(bound.variable) * bound.side - edge], weak)
        (highs if bound.side == 1 else lows)[bound.variable] = bound.side * edge
    require(all(n in lows and n in highs for n in unknown), "the box does not hold all hyperparameters")
    parts = covered(below.tree, {n: (lows[n], highs[n]) for n in unknown}, strict)
    return [f"{said}: not beyond a box by {len(below.bounds)} bounds, and not on any of {parts} parts of it"]


def contradiction(products: Sequence[Product], strict: Sequence[Poly], weak: Sequence[Poly]) -> None:
    """Σ multiplier · product is nowhere positive, though it would be where all of ``strict`` are. Doubt where not so."""
    polys, ring = [*strict, *weak], strict[0].ring
    total = used = ring.constant(0)
    for entry in products:
        multiplier = ring.number(entry.multiplier)
        require(ring.holds(multiplier, False), "a multiplier is negative")
        used = used + multiplier if max(entry.places) < len(strict) else used
        total = total + prod((polys[k] for k in entry.places), start=multiplier)
    require(ring.holds(-total, False), "the products add up to a positive constant")
    require(ring.holds(-total) or ring.holds(used), "the products need not be positive")


def covered(tree: Sequence[Any], box: Mapping[str, tuple[Fraction, Fraction]], strict: Sequence[Poly]) -> int:
    """On each leaf a combination of the inequalities is not positive; how many leaves there are. Doubt where not so."""
    rest, waiting, leaves = iter(tree), [dict(box)], 0
    for entry in rest:
        require(bool(waiting), "the tree of boxes goes on where it should end")
        here = waiting.pop()
        if isinstance(entry, int):
            name = list(here)[entry]
            low, high = here[name]
            middle = (low + high) / 2
            waiting += [here | {name: (middle, high)}, here | {name: (low, middle)}]
            continue
        row = [sum((strict[place] * weight for place, weight in entry), strict[0] * 0)]
        for name, (low, high) in here.items():
            row = [c for poly in row for c in bernstein(poly.by(name), low, high - low)]
        require(all(c.is_constant and c.value <= 0 for c in row), "a combination is positive on a box")
        leaves += 1
    require(not waiting, "the tree of boxes ends where it should go on")
    return leaves


def scale_free(method: Method, ring: Ring, held: Mapping[str, str], units: Mapping[str, int]) -> None:
    """Curvature in another unit is the unknown in these powers of it, and no more: μ = 1 is no restriction. Doubt elsewhere."""
    loop = run(method, ring.letter("λ"), _with_letters(method, ring, held))
    known = set(units) <= set(method.hyper) - set(held)
    require(known and not any(unit and least(method, n) for n, unit in units.items()), "units of what has none")
    powers = {ring.letters.index(n): unit for n, unit in (("λ", 1), *units.items())}
    parts = [loop.characteristic, *((by,) for by in loop.divisors)]
    weights = [{sum(e[k] * unit for k, unit in powers.items()) for poly in part for e in poly.terms} for part in parts]
    require(all(len(w) <= 1 for w in weights), "the rule has a scale of its own: μ = 1 is a restriction")
