"""The checker: runs the rule on exact numbers and verifies each fact that a certificate needs, in fractions alone.

It fails closed: what cannot be verified is not confirmed, nor is anything after an exception. No formula is taken from the
certificate: the conditions are computed from the rule, and what is confirmed is said in the checker's own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import comb, isfinite
from typing import Any

from convergence.certificates.certificate import (
    Below,
    Best,
    Certificate,
    ClosedForm,
    Enclosure,
    OnInterval,
    Product,
    Square,
    Theta,
    Undecided,
)
from convergence.certificates.exact import HALVINGS, Doubt, Exponents, Poly, Ring, at, bernstein, violation
from convergence.certificates.loop import Loop, Pole, Ratio, conditions, necessary, ring_of, run
from convergence.rule import Method

UNPROVEN = "that nothing is faster is not proven"

PIECES = 2
"""[1, κ(t)] is cut in halves so often, at most, until Bernstein coefficients show a sign for all t."""


@dataclass(frozen=True)
class Recheck:
    """What the checker says of a certificate; truthy where it confirms.

    Attributes
    ----------
    passed
        The facts that carry the claim, in words.
    failed
        Why it is rejected; empty where it is not.
    notes
        What else is to be said.
    """

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.passed) and not self.failed

    def __repr__(self) -> str:
        verdict = f"rejected: {'; '.join(self.failed)}" if self.failed else f"{len(self.passed)} facts hold"
        return verdict + "".join(f"; {note}" for note in self.notes)


def rechecked(certificate: Certificate, method: Method | None) -> Recheck:
    """Check a certificate against the rule that it is said to be about."""
    if isinstance(certificate, Undecided):
        return Recheck((), (), ("the claim is undecided",))
    try:
        if method is None or method.name != certificate.method:
            given = "no rule was given" if method is None else f"the rule is {method.name}"
            raise Doubt(f"the certificate is about {certificate.method}, {given}")
        facts = _CHECKS[type(certificate)](certificate, method)
    except Doubt as doubt:
        return Recheck((), (str(doubt),))
    except (Exception, SystemExit) as error:  # whatever a rule does: no exception is a confirmation
        return Recheck((), (f"it cannot be checked: {type(error).__name__}: {str(error)[:200]}",))
    return Recheck(tuple(facts), ())


def require(so: bool, otherwise: str) -> None:
    """Doubt where something is not so."""
    if not so:
        raise Doubt(otherwise)


# what a certificate says, in words


def claim(certificate: Certificate) -> str:
    """The claim in words, from its numbers."""
    if isinstance(certificate, Undecided):
        return certificate.about
    c, name = certificate, certificate.method
    if isinstance(c, Best):
        held = f" with {_listed(c.held)}" if c.held else ""
        mu, L, lower, upper = map(_shown, (c.mu, c.L, c.lower, c.upper))
        return f"the best rate of {name}{held} over [{mu}, {L}] lies in [{lower}, {upper}]"
    if isinstance(c, ClosedForm):
        hyper = ", ".join(f"{n} = {_ratio_text(v)}" for n, v in c.hyper.items())
        held = f" with {_listed(c.held)}" if c.held else ""
        where = f"where L/μ = {_poly_text(c.kappa)} for any t > {_shown(c.start)}"
        return f"the best rate of {name}{held} over [μ, L] is {_ratio_text(c.rate)}, {where}, at {hyper}, for μ = 1"
    hyper = ", ".join(f"{n}={_decimal(v, c.field)}" for n, v in c.hyper.items())
    if isinstance(c, Enclosure):
        where = f"the spectral radius of {name}({hyper}) at λ = {_decimal(c.curvature, c.field)}"
        if c.lower is None or c.upper is None:
            return f"{where} exists"
        return (
            f"{where} is {_shown(c.lower)}"
            if c.lower == c.upper
            else f"{where} lies in [{_shown(c.lower, 17)}, {_shown(c.upper, 17)}]"
        )
    said = "is stable" if c.kind == "stable" else f"has a radius of at most {_decimal(c.rate, c.field)}"
    return f"{name}({hyper}) {said} for all λ in [{_decimal(c.mu, c.field)}, {_decimal(c.L, c.field)}]"


def _listed(numbers: Mapping[str, str]) -> str:
    return ", ".join(f"{n}={_shown(v)}" for n, v in numbers.items())


def _shown(number: str, digits: int = 12) -> str:
    above, _, below = number.partition("/")
    return number if len(number) <= 16 else f"{Decimal(above) / Decimal(below or 1):.{digits}g}"


def _decimal(number: Sequence[str], field: Theta | None) -> str:
    if len(number) == 1 or field is None:
        return _shown(number[0])
    ring = Ring(("θ",), *_theta(field))
    poly = ring.number([Fraction(c) for c in number])
    while ring.high - ring.low > Fraction(1, 10**20):
        ring.halve()
    return f"{_shown(str(at([c.value for c in poly.by('θ')], ring.low)))}…"


def _poly_text(coefficients: Sequence[str]) -> str:
    powers = [f"{c}{'·t' if k else ''}{f'^{k}' if k > 1 else ''}" for k, c in enumerate(coefficients) if Fraction(c)]
    return " + ".join(reversed(powers)).replace("+ -", "− ").replace("1·t", "t") or "0"


def _ratio_text(ratio: tuple[Sequence[str], Sequence[str]]) -> str:
    above, below = map(_poly_text, ratio)
    return above if below == "1" else f"({above})/({below})"


# the facts


def _theta(field: Theta) -> tuple[tuple[Fraction, ...], Fraction, Fraction]:
    return tuple(map(Fraction, field.modulus)), Fraction(field.low), Fraction(field.high)


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


def outside(method: Method, hyper: Mapping[str, Ratio], curvature: Poly, rate: Ratio, *, closed: bool) -> str:
    """At this curvature the rule divides by zero, or some root is not in the disc. Doubt where not so."""
    ring = curvature.ring
    try:
        loop = run(method, curvature, hyper)
    except Pole:
        return "the rule divides by zero there"
    require(all(ring.sign(d) for d in (loop.scale, *loop.divisors)), "a pole that the run did not meet")
    wrong = [k for k, poly in enumerate(conditions(loop, rate, closed)) if not ring.holds(poly, True)]
    require(bool(wrong), "all roots lie in the disc there")
    return f"Liénard–Chipart polynomial {wrong[0] + 1} is {'<' if closed else '≤'} 0 there"


def _on_interval(c: OnInterval, method: Method) -> list[str]:
    ring = ring_of(method, ground="θ", **_field(c.field))
    one, mu, L, rate = ring.constant(1), *(_number(ring, v) for v in (c.mu, c.L, c.rate))
    same(c.hyper, method)
    require(ring.sign(mu) > 0 and ring.sign(L - mu) >= 0, "the interval of curvatures is not one")
    require(
        ring.sign(rate) >= 0 and (c.kind == "rate" or not rate - 1), "stable means a radius below 1; none is negative"
    )
    hyper = {n: (_number(ring, v), one) for n, v in c.hyper.items()}
    closed = c.kind == "rate"
    if not c.holds:
        require(c.place is not None and not c.squares, "a refutation is a place, and no more")
        place = _number(ring, c.place or ())
        require(ring.sign(place - mu) >= 0 and ring.sign(L - place) >= 0, "the counterexample is not in the interval")
        said = outside(method, hyper, place, (rate, one), closed=closed)
        return [f"it is false at λ = {_decimal(c.place or (), c.field)}: {said}"]
    require(c.place is None, "a proof has no counterexample")
    loop = run(method, ring.letter("λ") if L - mu else mu, hyper)
    return [*_clocks(loop), *within(loop, (rate, one), mu, L, closed=closed, squares=c.squares)]


def _field(field: Theta | None) -> dict[str, Any]:
    return {} if field is None else dict(zip(("modulus", "low", "high"), _theta(field), strict=True))


def _number(ring: Ring, coefficients: Sequence[str]) -> Poly:
    require(len(coefficients) < max(2, len(ring.modulus)), "a number with too many parts")
    return ring.number([*map(Fraction, coefficients)])


def _clocks(loop: Loop) -> list[str]:
    return [f"with the clock at rest: {', '.join(loop.clocks)}"] if loop.clocks else []


def _enclosure(c: Enclosure, method: Method) -> list[str]:
    ring = ring_of(method, ground="θ", **_field(c.field))
    one, place = ring.constant(1), _number(ring, c.curvature)
    hyper = {n: (_number(ring, v), one) for n, v in c.hyper.items()}
    same(hyper, method)
    if not c.holds:
        require(c.lower is None and c.upper is None, "no radius lies in no interval")
        try:
            run(method, place, hyper)
        except Pole:
            return ["it is false: the rule divides by zero there"]
        raise Doubt("the rule does not divide by zero there")
    require(c.lower is not None and c.upper is not None, "an interval has two ends")
    lower, upper = (ring.constant(Fraction(v or 0)) for v in (c.lower, c.upper))
    require(0 <= lower.value <= upper.value, "the ends of the interval are in no order")
    loop = run(method, place, hyper)
    facts = [*_clocks(loop), *within(loop, (upper, one), place, place, closed=True)]
    return facts + (
        [f"not within the lower end: {outside(method, hyper, place, (lower, one), closed=False)}"] if lower else []
    )


def _best(c: Best, method: Method) -> list[str]:
    unknown = [n for n in method.hyper if n not in c.held]
    ring = ring_of(method, unknown)
    mu, L, epsilon, lower, upper = map(Fraction, (c.mu, c.L, c.epsilon, c.lower, c.upper))
    require(0 < mu <= L, "the interval of curvatures is not one")
    require(0 <= lower <= upper <= lower + epsilon, "the interval is longer than epsilon")
    facts = _reached(c.hyper, c.held, upper, (mu, L), method, c.squares)
    if not lower:
        require(c.below is None, "nothing is below 0 anyhow")
        return facts
    require(c.below is not None, UNPROVEN)
    return [*facts, *_nothing_below(c, c.below, ring, unknown, method)] if c.below else []


def _reached(
    hyper: Mapping[str, str],
    held: Mapping[str, str],
    rate: Fraction,
    ends: tuple[Fraction, Fraction],
    method: Method,
    squares: Sequence[Square],
) -> list[str]:
    """These hyperparameters may be chosen, and reach the rate on the interval."""
    same(hyper, method)
    require(set(held) <= set(hyper), "what is held is no hyperparameter")
    ring = ring_of(method)
    for name, text in hyper.items():
        low = least(method, name)
        require(low is None or Fraction(text) >= low, f"{name} is below its domain")
        require(name not in held or Fraction(held[name]) == Fraction(text), f"{name} was to be held")
    one = ring.constant(1)
    mu, L = map(ring.constant, ends)
    loop = run(
        method, ring.letter("λ") if ends[0] < ends[1] else mu, {n: (one * Fraction(v), one) for n, v in hyper.items()}
    )
    facts = within(loop, (one * rate, one), mu, L, closed=True, squares=squares)
    return [*_clocks(loop), f"{_listed(hyper)} reach {_shown(str(rate))}:", *facts]


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


def _nothing_below(c: Best, below: Below, ring: Ring, unknown: Sequence[str], method: Method) -> list[str]:
    places = [Fraction(v) for v in below.curvatures]
    require(all(Fraction(c.mu) <= v <= Fraction(c.L) for v in places), "a curvature outside the interval")
    rate = ring.constant(Fraction(c.lower)), ring.constant(1)
    strict = inequalities(method, unknown, c.held, [ring.constant(v) for v in places], rate)
    weak = not_negative(method, ring, unknown)
    about = (
        f"no hyperparameters meet all of {len(strict)} inequalities at λ = {', '.join(map(_shown, below.curvatures))}"
    )
    if below.products:
        require(not (below.bounds or below.box or below.tree), "two proofs of one bound")
        contradiction(below.products, strict, weak)
        return [f"{about}: {len(below.products)} products of them add up to what is not positive"]
    bounds: dict[str, list[Fraction | None]] = {n: [least(method, n), None] for n in unknown}
    for bound in below.bounds:
        require(bound.variable in unknown, "a bound of what is no unknown")
        edge = Fraction(bound.value)
        contradiction(bound.products, [*strict, ring.letter(bound.variable) * bound.side - edge], weak)
        bounds[bound.variable][bound.side == 1] = bound.side * edge
    box = [(Fraction(a), Fraction(b)) for a, b in below.box]
    for (low, high), (smallest, largest) in zip(box, bounds.values(), strict=True):
        known = smallest is not None and largest is not None and low <= smallest and largest <= high
        require(known, "the box does not hold all hyperparameters")
    leaves = _covered(below.tree, box, [in_letters(poly, unknown) for poly in strict])
    return [f"{about}: not beyond a box by {len(below.bounds)} bounds, and not on any of {leaves} parts of it"]


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


def in_letters(poly: Poly, unknown: Sequence[str]) -> dict[Exponents, Fraction]:
    """The terms of a polynomial that has no other letters."""
    places = [poly.ring.letters.index(n) for n in unknown]
    return {tuple(e[k] for k in places): c for e, c in poly.terms.items()}


Box = Sequence[tuple[Fraction, Fraction]]


def _covered(tree: Sequence[Any], box: Box, strict: Sequence[Mapping[Exponents, Fraction]]) -> int:
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


def _closed_form(c: ClosedForm, method: Method) -> list[str]:
    unknown = [n for n in method.hyper if n not in c.held]
    start = Fraction(c.start)
    ring = ring_of(method, unknown, low=start)
    same(c.hyper, method)
    require(set(c.held) <= set(c.hyper), "what is held is no hyperparameter")
    kappa, one = ring.number([*map(Fraction, c.kappa)]), ring.constant(1)
    hyper, rate = {n: _ratio(ring, v) for n, v in c.hyper.items()}, _ratio(ring, c.rate)
    for name, text in c.held.items():
        require(not hyper[name][0] - hyper[name][1] * Fraction(text), f"{name} was to be held")
    slope = ring.number([k * Fraction(v) for k, v in enumerate(c.kappa)][1:])
    require(at([*map(Fraction, c.kappa)], start) == 1 and ring.holds(slope, True), "κ(t) does not grow from 1")
    if not c.holds:
        return _beaten(c, method)
    require(c.at is None and c.faster is None, "a proof has no counterexample")
    for name, (above, below) in (*hyper.items(), ("the rate", rate)):
        low = Fraction(0) if name == "the rate" else least(method, name)
        require(ring.holds(below, True), f"{name} has a pole")
        require(low is None or ring.holds(above - below * low, False), f"{name} is below its domain")
    require(ring.holds(rate[1] - rate[0], True), "the rate is not below 1")
    scale_free(method, ring, unknown, c.held)
    loop = run(method, ring.letter("λ"), hyper)
    facts = [*_clocks(loop), *within(loop, rate, one, kappa, closed=True)]
    require(bool(c.products), UNPROVEN)
    strict = inequalities(method, unknown, c.held, [one, kappa], rate)
    contradiction(c.products, strict, not_negative(method, ring, unknown))
    last = f"{len(c.products)} products of {len(strict)} inequalities at μ and L, with multipliers ≥ 0, add up to 0 or less"
    return ["it is reached, for all t:", *facts, "and nothing is faster:", last]


def _ratio(ring: Ring, parts: tuple[Sequence[str], Sequence[str]]) -> Ratio:
    above, below = (ring.number([*map(Fraction, part)]) for part in parts)
    return above, below


def scale_free(method: Method, ring: Ring, unknown: Sequence[str], held: Mapping[str, str]) -> None:
    """Another unit of curvature is another unit of the unknown hyperparameters, and no more: μ = 1 is no restriction."""
    one = ring.constant(1)
    hyper = {n: (ring.letter(n) if n in unknown else one * Fraction(held[n]), one) for n in method.hyper}
    loop = run(method, ring.letter("λ"), hyper)
    names = ["λ", *unknown]
    places = [ring.letters.index(n) for n in names]
    for units in product((-1, 0, 1), repeat=len(unknown)):
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


def _beaten(c: ClosedForm, method: Method) -> list[str]:
    """At one t the rate is not reached, or is no rate, or others are faster."""
    require(c.at is not None and not c.products, "a refutation is a place, and no more")
    t = Fraction(c.at or 0)
    values = {
        n: at([*map(Fraction, a)], t) / at([*map(Fraction, b)], t) for n, (a, b) in (*c.hyper.items(), ("", c.rate))
    }
    kappa, rate = at([*map(Fraction, c.kappa)], t), values.pop("")
    require(t > Fraction(c.start) and kappa > 1, "the counterexample is not a condition number beyond 1")
    said = f"it is false at L/μ = {_shown(str(kappa))}: "
    if c.faster is not None:
        reached = Fraction(c.faster.rate)
        require(0 <= reached < rate, "they are not faster")
        return [
            said + "others are faster:",
            *_reached(c.faster.hyper, c.held, reached, (Fraction(1), kappa), method, ()),
        ]
    below = [n for n, v in values.items() if (low := least(method, n)) is not None and v < low]
    if rate < 0 or below:
        return [said + f"{'the rate is negative' if rate < 0 else f'{below[0]} is below its domain'}"]
    ring = ring_of(method)
    one = ring.constant(1)
    hyper = {n: (one * v, one) for n, v in values.items()}
    for place in (one, one * kappa):
        try:
            return [
                said
                + f"at λ = {_shown(str(place.value))}, {outside(method, hyper, place, (one * rate, one), closed=True)}"
            ]
        except Doubt:
            continue
    raise Doubt("the rate is reached at both ends there")


_CHECKS: Mapping[type, Any] = {OnInterval: _on_interval, Enclosure: _enclosure, Best: _best, ClosedForm: _closed_form}
