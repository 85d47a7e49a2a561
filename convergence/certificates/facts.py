"""Elementary facts, verified in fractions or doubted: roots in a disc, inequalities that cannot all hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import comb, isfinite
from typing import Any

from convergence.certificates.certificate import Product, Square
from convergence.certificates.exact import HALVINGS, Doubt, Exponents, Poly, Ring, bernstein, violation
from convergence.certificates.loop import Loop, Pole, Ratio, conditions, necessary, run
from convergence.rule import Method

PIECES = 2
"""[1, κ(t)] is cut in halves so often, at most, until Bernstein coefficients show a sign for all t."""


def require(so: bool, otherwise: str) -> None:
    """Doubt where something is not so."""
    if not so:
        raise Doubt(otherwise)


def least(method: Method, name: str) -> Fraction | None:
    """The smallest value that a hyperparameter may have, by its domain; None where there is none."""
    low = method.domains[name].low
    return Fraction(low) if isfinite(low) else None


def same(names: Iterable[str], method: Method) -> None:
    """Doubt where these are not the method's hyperparameters, each once."""
    require(sorted(names) == sorted(method.hyper), f"the hyperparameters are not those of {method.name}")


def within(
    loop: Loop, rate: Ratio, low: Poly, high: Poly, *, closed: bool, squares: Sequence[Square] = ()
) -> list[str]:
    """All roots lie in the disc for every λ from low to high, and the rule divides nowhere by zero. Doubt where not so."""
    ring = low.ring
    halvings = PIECES if ring.letters[-1] == "t" and high.has("t") else HALVINGS

    def steady(poly: Poly, strict: bool) -> bool:
        return violation(bernstein(poly.by("λ"), low, high - low), ring.holds, strict, halvings) is None

    for poly in (loop.scale, *loop.divisors):
        sure = poly.is_constant and bool(poly)
        require(sure or _either(steady, poly), "the rule divides by zero somewhere")
    known = {square.place: square for square in squares}
    polys = conditions(loop, rate, closed)
    require(len(known) == len(squares) and all(k < len(polys) for k in known), "a square of no condition")
    facts = [f"the rule divides by {len(loop.divisors)} polynomials, nowhere zero"] if loop.divisors else []
    for place, poly in enumerate(polys):
        rest: Poly | None = poly
        if place in known:
            factor = sum(
                (ring.number([*map(Fraction, c)]) * ring.letter("λ", k) for k, c in enumerate(known[place].factor)),
                poly * 0,
            )
            rest = poly.divided(factor * factor) if factor else None
            require(closed or _either(steady, factor), f"Liénard–Chipart polynomial {place + 1} may be zero")
        require(
            bool(rest) and rest is not None and steady(rest, not closed),
            f"Liénard–Chipart polynomial {place + 1} has not the sign",
        )
        sign = "≥ 0, with finitely many zeros," if closed else "> 0"
        facts.append(
            f"Liénard–Chipart polynomial {place + 1}, of degree {len(poly.by('λ')) - 1} in λ, is {sign} for all λ"
        )
    return facts


def _either(steady: Any, poly: Poly) -> bool:
    """One sign everywhere: positive or negative at the low end, and so on."""
    try:
        return bool(steady(poly, True) or steady(-poly, True))
    except Doubt:
        return bool(steady(-poly, True))


NO_MATRIX = "the rule divides by zero there"
"""The fact that there is no iteration matrix at a curvature, and so no radius."""


def outside(method: Method, hyper: Mapping[str, Ratio], curvature: Poly, rate: Ratio, *, closed: bool) -> str:
    """At this curvature the rule divides by zero, or some root is not in the disc. Doubt where not so."""
    ring = curvature.ring
    try:
        loop = run(method, curvature, hyper)
    except Pole:
        return NO_MATRIX
    require(all(ring.sign(d) for d in (loop.scale, *loop.divisors)), "a pole that the run did not meet")
    wrong = [k for k, poly in enumerate(conditions(loop, rate, closed)) if not ring.holds(poly, True)]
    require(bool(wrong), "all roots lie in the disc there")
    return f"Liénard–Chipart polynomial {wrong[0] + 1} is {'<' if closed else '≤'} 0 there"


def inequalities(
    method: Method, unknown: Sequence[str], held: Mapping[str, str], curvatures: Sequence[Poly], rate: Ratio
) -> list[Poly]:
    """What is positive at these curvatures wherever the radius is below the rate: polynomials in the unknown."""
    ring = rate[0].ring
    one = ring.constant(1)
    hyper = {n: (ring.letter(n) if n in unknown else one * Fraction(held[n]), one) for n in method.hyper}
    return [poly for place in curvatures for poly in necessary(run(method, place, hyper).image(rate))]


def not_negative(method: Method, ring: Ring, unknown: Sequence[str]) -> list[Poly]:
    """What is not negative by the domains of the hyperparameters."""
    return [ring.letter(n) - low for n in unknown if (low := least(method, n)) is not None]


def contradiction(products: Sequence[Product], strict: Sequence[Poly], weak: Sequence[Poly]) -> None:
    """Σ multiplier · product is nowhere positive, though it would be where all of ``strict`` are. Doubt where not so."""
    polys, ring = [*strict, *weak], strict[0].ring
    zero = ring.constant(0)
    total = used = zero
    for entry in products:
        part = ring.number([*map(Fraction, entry.multiplier)])
        require(ring.holds(part, False), "a multiplier is negative")
        used = used + (part if max(entry.places) < len(strict) else 0)
        for place in entry.places:
            part = part * polys[place]
        total = total + part
    require(not total.has(*ring.letters[:-1]), "the products do not add up to a constant")
    require(ring.holds(-total, False), "the products add up to a positive constant")
    require(ring.holds(-total, True) or ring.holds(used, True), "the products need not be positive")


def scale_free(method: Method, ring: Ring, unknown: Sequence[str], held: Mapping[str, str]) -> None:
    """Another unit of curvature is another unit of the unknown hyperparameters, and no more: μ = 1 is no restriction."""
    one = ring.constant(1)
    hyper = {n: (ring.letter(n) if n in unknown else one * Fraction(held[n]), one) for n in method.hyper}
    loop = run(method, ring.letter("λ"), hyper)
    names = ["λ", *unknown]
    places = [ring.letters.index(n) for n in names]
    for units in product(*((0,) if least(method, n) else (-1, 0, 1) for n in unknown)):
        weights = [
            {sum(e[k] * u for k, u in zip(places, (1, *units), strict=True)) for e in poly.terms}
            for poly in (loop.scale, *loop.characteristic, *loop.divisors)
        ]
        unit, *others = (min(w, default=0) for w in weights)
        parts = [k * unit for k in range(len(loop.characteristic))]
        if all(len(w) <= 1 for w in weights) and all(
            not poly or weight == part for poly, weight, part in zip(loop.characteristic, others, parts, strict=False)
        ):
            return
    raise Doubt("the rule has a scale of its own: μ = 1 is a restriction")


def in_letters(poly: Poly, unknown: Sequence[str]) -> dict[Exponents, Fraction]:
    """The terms of a polynomial that has no other letters."""
    places = [poly.ring.letters.index(n) for n in unknown]
    return {tuple(e[k] for k in places): c for e, c in poly.terms.items()}


Box = Sequence[tuple[Fraction, Fraction]]


def covered(tree: Sequence[Any], box: Box, strict: Sequence[Mapping[Exponents, Fraction]]) -> int:
    """On each leaf a combination of the inequalities is not positive; how many leaves there are. Doubt where not so."""
    rest, waiting, leaves = iter(tree), [list(box)], 0
    while waiting:
        here, entry = waiting.pop(), next(rest, None)
        require(entry is not None, "the tree of boxes ends where it should go on")
        if isinstance(entry, int):
            low, high = here[entry]
            middle = (low + high) / 2
            waiting += [[*here[:entry], part, *here[entry + 1 :]] for part in ((middle, high), (low, middle))]
            continue
        total: dict[Exponents, Fraction] = {}
        for place, weight in entry or ():
            for e, c in strict[place].items():
                total[e] = total.get(e, Fraction(0)) + c * weight
        require(largest(total, here) <= 0, "a combination is positive on a box")
        leaves += 1
    require(next(rest, None) is None, "the tree of boxes goes on where it should end")
    return leaves


def largest(poly: Mapping[Exponents, Fraction], box: Box) -> Fraction:
    """A bound from above on a box: the expansion about its middle, with the size of all but the constant."""
    centre, width = [(a + b) / 2 for a, b in box], [(b - a) / 2 for a, b in box]
    parts: dict[Exponents, Fraction] = {}
    for exponents, coefficient in poly.items():
        for order in product(*(range(e + 1) for e in exponents)):
            part = coefficient
            for e, k, c, w in zip(exponents, order, centre, width, strict=True):
                part *= comb(e, k) * c ** (e - k) * w**k
            parts[order] = parts.get(order, Fraction(0)) + part
    return sum((v if not any(k) else abs(v) for k, v in parts.items()), Fraction(0))
