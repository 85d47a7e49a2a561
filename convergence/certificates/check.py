"""The checker: runs the rule on exact numbers and verifies each fact that a certificate needs, in fractions alone.

It fails closed: what cannot be verified is not confirmed, nor is anything after an exception. No formula is taken from the
certificate: the conditions are computed from the rule, and what is confirmed is said in the checker's own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from convergence.certificates.certificate import Best, Certificate, MeanSquare, OnInterval, Square, Undecided
from convergence.certificates.exact import HALVINGS, Doubt, Poly, Ring, at, bernstein, require, violation
from convergence.certificates.loop import Loop, Pole, Ratio, ring_of, run
from convergence.certificates.lower_bound import below_domain, least, nothing_below, scale_free
from convergence.certificates.second_moment import second_moments
from convergence.certificates.words import decimal, isolating, listed, ratio, shown
from convergence.rule import Method

PIECES = 2
"""[1, κ(t)] is cut in halves so often, at most, until Bernstein coefficients show a sign for all t."""

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


def _facts(certificate: OnInterval | Best | MeanSquare, method: Method) -> list[str]:
    if isinstance(certificate, MeanSquare):
        return second_moments(certificate, method)
    return _on_interval(certificate, method) if isinstance(certificate, OnInterval) else _best(certificate, method)


def _on_interval(c: OnInterval, method: Method) -> list[str]:
    ring = ring_of(method, ground="θ", **isolating(c.field))
    longest = max(map(len, (c.mu, c.L, c.rate, c.place or (), *c.hyper.values())))
    require(longest < max(2, len(ring.modulus)), "a number with too many parts")
    one, mu, L, rate = ring.constant(1), *map(ring.number, (c.mu, c.L, c.rate))
    hyper = {n: (ring.number(v), one) for n, v in c.hyper.items()}
    require(c.kind == "radius" or (ring.holds(mu) and c.lower is None), "the interval of curvatures is not one")
    require(ring.holds(L - mu, False) and (c.kind != "radius" or not L - mu), "the interval of curvatures is not one")
    require(ring.holds(rate, False) and (c.kind != "stable" or not rate - 1), "the rate is not one")
    if not c.holds:
        require(c.place is not None and not c.squares and c.lower is None, "a refutation is a place, and no more")
        place = ring.number(c.place or ())
        inside = ring.holds(place - mu, False) and ring.holds(L - place, False)
        require(inside, "the counterexample is not in the interval")
        reason = outside(method, hyper, place, (rate, one), closed=c.kind != "stable")
        require(c.kind != "radius" or reason == NO_MATRIX, "the rule does not divide by zero there")
        return [f"it is false at λ = {decimal(c.place or (), c.field)}: {reason}"]
    require(c.place is None, "a proof has no counterexample")
    loop = run(method, ring.letter("λ") if L - mu else mu, hyper)
    facts = within(loop, (rate, one), mu, L, closed=c.kind != "stable", squares=c.squares)
    if c.kind == "radius":
        lower = ring.constant(Fraction(c.lower or "-1"))
        require(ring.holds(lower, False), "an interval has two ends, not below 0")
        reason = outside(method, hyper, mu, (lower, one), closed=False) if lower else "a radius is not below 0"
        facts.append(f"not within the lower end: {reason}")
    return facts


def within(
    loop: Loop, rate: Ratio, low: Poly, high: Poly, *, closed: bool, squares: Sequence[Square] = ()
) -> list[str]:
    """All roots lie in the disc for every λ from low to high, and the rule divides nowhere by zero. Doubt where not so."""
    ring = low.ring
    halvings = PIECES if ring.letters[-1] == "t" and high.has("t") else HALVINGS

    def steady(poly: Poly, strict: bool = True) -> bool:
        return violation(bernstein(poly.by("λ"), low, high - low), ring.holds, strict, halvings) is None

    def nonzero(poly: Poly) -> bool:
        for sign in (1, -1):
            with suppress(Doubt):
                if steady(sign * poly):
                    return True
        return False

    require(all(map(nonzero, (loop.scale, *loop.divisors))), "the rule divides by zero somewhere")
    polys, known = loop.conditions(rate, closed), {square.place: square for square in squares}
    require(len(known) == len(squares) and all(k < len(polys) for k in known), "a square of no condition")
    facts = [f"with the clock at rest: {', '.join(loop.clocks)}"] if loop.clocks else []
    facts += [f"the rule divides by {len(loop.divisors)} polynomials, nowhere zero"] if loop.divisors else []
    for place, poly in enumerate(polys):
        about, rest = f"Liénard–Chipart polynomial {place + 1}", poly
        if place in known:
            parts = enumerate(known[place].factor)
            factor = sum((ring.number(part) * ring.letter("λ") ** k for k, part in parts), poly * 0)
            require(closed or nonzero(factor), f"{about} may be zero")
            rest = poly.divided(factor * factor) or poly * 0
        require(bool(rest) and steady(rest, not closed), f"{about} has not the sign")
        sign = "≥ 0, with finitely many zeros," if closed else "> 0"
        facts.append(f"{about}, of degree {len(poly.by('λ')) - 1} in λ, is {sign} for all λ")
    return facts


def outside(method: Method, hyper: Mapping[str, Ratio], curvature: Poly, rate: Ratio, *, closed: bool) -> str:
    """At this curvature the rule divides by zero, or some root is not in the disc. Doubt where not so."""
    ring = curvature.ring
    try:
        loop = run(method, curvature, hyper)
    except Pole:
        return NO_MATRIX
    require(all(ring.sign(d) for d in (loop.scale, *loop.divisors)), "a pole that the run did not meet")
    wrong = [k for k, poly in enumerate(loop.conditions(rate, closed)) if not ring.holds(poly)]
    require(bool(wrong), "all roots lie in the disc there")
    return f"Liénard–Chipart polynomial {wrong[0] + 1} is {'<' if closed else '≤'} 0 there"


def _best(c: Best, method: Method) -> list[str]:
    """Numbers, or, of a formula, rational functions of t for all t above the start."""
    moving = c.kind == "formula"
    require(moving == (c.start is not None), "a formula has a start, and nothing else has")
    ring = ring_of(method, [n for n in method.hyper if n not in c.held], low=Fraction(c.start or 0))
    mu, L, (lower, upper) = ring.number(c.mu), ring.number(c.L), (_quotient(ring, v) for v in (c.lower, c.upper))
    hyper = {n: _quotient(ring, v) for n, v in c.hyper.items()}
    require(set(c.held) <= set(hyper), "what is held is no hyperparameter")
    if moving:
        slope = ring.number([k * Fraction(v) for k, v in enumerate(c.L)][1:])
        grows = at([*map(Fraction, c.L)], ring.low) == 1 and ring.holds(slope) and not mu - 1
        require(grows, "κ(t) does not grow from 1")
        require(c.lower == c.upper, "a formula is one rate")
        if not c.holds:
            return _beaten(c, method)
        scale_free(method, ring, c.held)
    numbers = (mu, L, *chain(lower, upper, *hyper.values()))
    require(moving or all(v.is_constant for v in numbers), "a number was expected")
    require(c.holds and c.at is None and c.faster is None, "a proof has no counterexample")
    require(ring.holds(mu) and ring.holds(L - mu, False), "the interval of curvatures is not one")
    for name, (above, below) in (*hyper.items(), ("the lower end", lower), ("the rate", upper)):
        low = least(method, name) if name in hyper else 0
        require(ring.holds(below), f"{name} has a pole")
        require(low is None or ring.holds(above - below * low, False), f"{name} is below its domain")
    for name, text in c.held.items():
        require(not hyper[name][0] - hyper[name][1] * Fraction(text), f"{name} was to be held")
    require(ring.holds(upper[1] - upper[0]), "the rate is not below 1")
    facts = within(run(method, ring.letter("λ") if L - mu else mu, hyper), upper, mu, L, closed=True, squares=c.squares)
    setting = (
        "for all t it" if moving else f"{listed({n: ratio(v) for n, v in c.hyper.items()})}: {shown(ratio(c.upper))}"
    )
    return [f"{setting} is reached:", *facts, *nothing_below(c.below, c.held, lower, (mu, L), method)]


def _quotient(ring: Ring, parts: tuple[Sequence[str], Sequence[str]]) -> Ratio:
    above, below = parts
    return ring.number(above), ring.number(below)


def _beaten(c: Best, method: Method) -> list[str]:
    """At one t the rate is not reached, or is no rate, or others are faster."""
    require(c.at is not None and c.below is None and not c.squares, "a refutation is a place, and no more")
    t = Fraction(c.at or 0)
    one, kappa, values = ring_of(method).constant(1), *values_at(c, t)
    require(t > Fraction(c.start or 0) and kappa > 1, "the counterexample is not a condition number beyond 1")
    said = f"it is false at L/μ = {shown(str(kappa))}:"
    low = below_domain(values, method)
    rate = one * values.pop("the rate"), one
    if c.faster is not None:
        return [f"{said} {listed(c.faster)} are faster:", *_faster(c.faster, c.held, rate, one * kappa, method)]
    if low:
        return [f"{said} {low} is below its domain"]
    for place in (one, one * kappa):
        with suppress(Doubt):
            reason = outside(method, {n: (one * v, one) for n, v in values.items()}, place, rate, closed=True)
            return [f"{said} at λ = {shown(str(place.value))}, {reason}"]
    raise Doubt("the rate is reached at both ends there")


def _faster(faster: Mapping[str, str], held: Mapping[str, str], rate: Ratio, kappa: Poly, method: Method) -> list[str]:
    """These hyperparameters are allowed, and their radius is below the rate on [1, κ]."""
    ring, values = kappa.ring, {n: Fraction(v) for n, v in faster.items()}
    allowed = sorted(values) == sorted(method.hyper) and not below_domain(values, method)
    require(allowed and all(values[n] == Fraction(v) for n, v in held.items()), "the others are not allowed")
    require(ring.holds(rate[0]), "no radius is below that rate")
    hyper = {n: (ring.constant(v), ring.constant(1)) for n, v in values.items()}
    return within(run(method, ring.letter("λ"), hyper), rate, ring.constant(1), kappa, closed=False)


def values_at(c: Best, t: Fraction) -> tuple[Fraction, dict[str, Fraction]]:
    """κ, and the hyperparameters and the rate of a formula, at one t."""
    parts = {n: [at([*map(Fraction, part)], t) for part in v] for n, v in (*c.hyper.items(), ("the rate", c.upper))}
    return at([*map(Fraction, c.L)], t), {n: above / below for n, (above, below) in parts.items()}
