"""The checker: runs the rule on exact numbers and verifies each fact that a certificate needs, in fractions alone.

It fails closed: what cannot be verified is not confirmed, nor is anything after an exception. No formula is taken from the
certificate: the conditions are computed from the rule, and what is confirmed is said in the checker's own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from convergence.certificates.certificate import Certificate, Formula, MeanSquare, OnInterval, Optimum, Sign, Undecided
from convergence.certificates.exact import Doubt, Poly, Ring, at, bernstein, require
from convergence.certificates.loop import Loop, Pole, Ratio, ring_of, run
from convergence.certificates.lower_bound import below_domain, least, nothing_below, scale_free
from convergence.certificates.second_moment import second_moments
from convergence.certificates.words import decimal, grounded, listed, ratio, shown

if TYPE_CHECKING:
    from convergence.rule import Method

NO_MATRIX = "the rule divides by zero there"
"""The fact that there is no iteration matrix at a curvature, and so no radius."""


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
        known = sorted(certificate.hyper) == sorted(method.hyper)
        require(known, f"the hyperparameters are not those of {method.name}")
        facts = _facts(certificate, method)
    except Doubt as doubt:
        return Recheck((), (str(doubt),))
    except (Exception, SystemExit) as error:  # whatever a rule does: no exception is a confirmation
        return Recheck((), (f"it cannot be checked: {type(error).__name__}: {str(error)[:200]}",))
    return Recheck(tuple(facts), ())


def _facts(c: OnInterval | Optimum | Formula | MeanSquare, method: Method) -> list[str]:
    if isinstance(c, MeanSquare):
        return second_moments(c, method)
    if isinstance(c, OnInterval):
        return _on_interval(c, method)
    return _best(c, method) if isinstance(c, Optimum) or c.holds else _refuted(c, method)


def stated(c: OnInterval | Optimum | Formula, ring: Ring) -> tuple[dict[str, Ratio], Ratio, Poly, Poly]:
    """The hyperparameters, the rate, and the ends of the interval."""
    hyper = {n: (ring.number(a), ring.number(b)) for n, (a, b) in (*c.hyper.items(), ("the rate", c.rate))}
    for name, (_, below) in hyper.items():
        require(ring.holds(below), f"{name} has a pole")
    rate, mu, L = hyper.pop("the rate"), ring.number(c.mu), ring.number(c.L)
    require(ring.holds(rate[0], False), "the rate is below its domain")
    interval = not L - mu if c.kind == "radius" else ring.holds(mu) and ring.holds(L - mu, False)
    require(interval, "the interval of curvatures is not one")
    return hyper, rate, mu, L


def _on_interval(c: OnInterval, method: Method) -> list[str]:
    ring = ring_of(method, ground="θ", **grounded(c.ground))
    hyper, rate, mu, L = stated(c, ring)
    point, closed = c.kind == "radius", c.kind != "stable"
    require(closed or not rate[0] - rate[1], "the rate is not one")
    shape = (point and c.holds) == (c.lower is not None) and c.holds == (c.place is None)
    require(shape, "a refutation is a place, and a radius has two ends")
    if c.place is not None:
        place = ring.number(c.place)
        inside = ring.holds(place - mu, False) and ring.holds(L - place, False)
        require(inside and not c.signs, "the counterexample is not in the interval")
        reason = outside(method, hyper, place, rate, closed=closed)
        require(not point or reason == NO_MATRIX, "the rule does not divide by zero there")
        return [f"it is false at λ = {decimal(c.place, c.ground)}: {reason}"]
    facts = within(run(method, ring.letter("λ") if L - mu else mu, hyper), rate, mu, L, closed=closed, signs=c.signs)
    lower = Fraction(c.lower or 0)
    require(lower >= 0, "a radius is not below 0")
    if lower:
        reason = outside(method, hyper, mu, (ring.constant(lower), ring.constant(1)), closed=False)
        facts.append(f"not within the lower end: {reason}")
    return facts


def within(loop: Loop, rate: Ratio, low: Poly, high: Poly, *, closed: bool, signs: Sequence[Sign] = ()) -> list[str]:
    """All roots lie in the disc for every λ from low to high, and the rule divides nowhere by zero. Doubt where not so."""
    known = {sign.place: sign for sign in signs}
    polys = [*loop.divisors, *loop.conditions(rate, closed)]
    require(len(known) == len(signs) and all(k < len(polys) for k in known), "a sign of no polynomial")
    facts = [f"with the clock at rest: {', '.join(loop.clocks)}"] if loop.clocks else []
    facts += [f"the rule divides by {len(loop.divisors) - 1} polynomials, nowhere zero"] if loop.divisors[1:] else []
    for place, poly in enumerate(polys):
        sign, strict, condition = known.get(place, Sign(place=place)), not closed, place - len(loop.divisors) + 1
        if condition < 1:
            nonzero = any(_positive(side, low, high, sign, True) for side in (poly, -poly))
            require(nonzero, "the rule divides by zero somewhere")
            continue
        about = f"Liénard–Chipart polynomial {condition}"
        require(_positive(poly, low, high, sign, strict), f"{about} has not the sign")
        said = "> 0" if strict else "≥ 0, with finitely many zeros,"
        facts.append(f"{about}, of degree {len(poly.by('λ')) - 1} in λ, is {said} for all λ")
    return facts


def _positive(poly: Poly, low: Poly, high: Poly, sign: Sign, strict: bool) -> bool:
    """Whether it is shown to be positive from low to high, or (not ``strict``) that up to finitely many zeros."""
    ring, ends = low.ring, (Fraction(0), *map(Fraction, sign.cuts), Fraction(1))
    if sign.square is not None:
        factor, rest = map(ring.polynomial, sign.square)
        divides = not strict and bool(factor) and not poly - factor * factor * rest
        require(divides, "a square does not divide a polynomial, or is zero")
        poly = rest
    for a, b in pairwise(ends):
        row = bernstein(poly.by("λ"), low + (high - low) * a, (high - low) * (b - a))
        if not (all(ring.holds(c, False) for c in row) and ring.holds(row[0], strict) and ring.holds(row[-1], strict)):
            return False
    return bool(poly)


def outside(method: Method, hyper: Mapping[str, Ratio], curvature: Poly, rate: Ratio, *, closed: bool) -> str:
    """At this curvature the rule divides by zero, or some root is not in the disc. Doubt where not so."""
    ring = curvature.ring
    try:
        loop = run(method, curvature, hyper)
    except Pole:
        return NO_MATRIX
    nonzero = all(ring.holds(d) or ring.holds(-d) for d in loop.divisors)
    require(nonzero, "a pole that the run did not meet")
    wrong = [k for k, poly in enumerate(loop.conditions(rate, closed), 1) if ring.holds(-poly, False)]
    require(bool(wrong), "all roots lie in the disc there")
    return f"Liénard–Chipart polynomial {wrong[0]} is {'<' if closed else '≤'} 0 there"


def _best(c: Optimum | Formula, method: Method) -> list[str]:
    """Numbers, or, of a formula, rational functions of t for all t above the start."""
    ring = ring_of(method, [n for n in method.hyper if n not in c.held], **grounded(c.ground))
    hyper, rate, mu, L = stated(c, ring)
    require(set(c.held) <= set(hyper), "what is held is no hyperparameter")
    for name, (above, below) in hyper.items():
        low = least(method, name)
        require(low is None or ring.holds(above - below * low, False), f"{name} is below its domain")
        require(name not in c.held or not above - below * Fraction(c.held[name]), f"{name} was to be held")
    require(ring.holds(rate[1] - rate[0]), "the rate is not below 1")
    if isinstance(c, Formula):
        require(c.at is None and c.by is None, "a proof has no counterexample")
        grows_from_one(c)
        scale_free(method, ring, c.held, c.units or {})
        lower, setting = rate, "for all t it"
    else:
        lower = ring.constant(Fraction(c.lower)), ring.constant(1)
        require(ring.holds(lower[0], False), "the lower end is below its domain")
        setting = f"{listed({n: ratio(v) for n, v in c.hyper.items()})}: {shown(ratio(c.rate))}"
    facts = within(run(method, ring.letter("λ") if L - mu else mu, hyper), rate, mu, L, closed=True, signs=c.signs)
    return [f"{setting} is reached:", *facts, *nothing_below(c.below, c.held, lower, (mu, L), method)]


def grows_from_one(c: Formula) -> None:
    """μ = 1, and κ(t) grows from 1. Doubt where not so."""
    ring, kappa = Ring(("t",), **grounded(c.ground)), [*map(Fraction, c.L)]
    slope = ring.number([k * v for k, v in enumerate(kappa)][1:] or [Fraction(0)])
    one = at(kappa, Fraction(c.ground.start)) == 1 and not ring.number(c.mu) - 1
    require(one and ring.holds(slope), "κ(t) does not grow from 1")


def _refuted(c: Formula, method: Method) -> list[str]:
    """At one t the rate is not reached, or is no rate, or others are faster."""
    grows_from_one(c)
    t, by = Fraction(c.at or c.ground.start), c.by
    require(t > Fraction(c.ground.start), "the counterexample is not beyond the start")
    require(not (c.below or c.signs or c.units), "a refutation is a place, and no more")
    kappa, values = values_at(c, t)
    said, low = f"it is false at L/μ = {shown(str(kappa))}:", below_domain(values, method)
    if by is None:
        require(low is not None, "nothing is wrong there")
        return [f"{said} {low} is below its domain"]
    of_this = (by.method, by.kind, by.ground, by.mu, by.L) == (c.method, "rate", None, ("1",), (str(kappa),))
    facts, found = (
        _on_interval(by, method),
        {n: Fraction(ratio(v)) for n, v in (*by.hyper.items(), ("the rate", by.rate))},
    )
    require(of_this and (by.holds or found == values), "the counterexample is of something else")
    if not by.holds:
        return [f"{said} {facts[0]}"]
    allowed = below_domain(found, method) is None and all(found[n] == Fraction(v) for n, v in c.held.items())
    require(allowed, "the others are not allowed")
    require(found["the rate"] < values["the rate"], "the others are not faster")
    return [f"{said} {listed({n: ratio(v) for n, v in by.hyper.items()})} are faster:", *facts]


def values_at(c: Formula, t: Fraction) -> tuple[Fraction, dict[str, Fraction]]:
    """κ, and the hyperparameters and the rate of a formula, at one t."""
    parts = {n: [at([*map(Fraction, part)], t) for part in v] for n, v in (*c.hyper.items(), ("the rate", c.rate))}
    return at([*map(Fraction, c.L)], t), {n: above / below for n, (above, below) in parts.items()}
