"""The checker: runs the rule on exact numbers and verifies each fact that a certificate needs, in fractions alone.

It fails closed: what cannot be verified is not confirmed, nor is anything after an exception. No formula is taken from the
certificate: the conditions are computed from the rule, and what is confirmed is said in the checker's own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from convergence.certificates.certificate import (
    Below,
    Best,
    Certificate,
    ClosedForm,
    Enclosure,
    OnInterval,
    Square,
    Theta,
    Undecided,
)
from convergence.certificates.exact import Doubt, Poly, Ring, at
from convergence.certificates.facts import (
    NO_MATRIX,
    contradiction,
    covered,
    in_letters,
    inequalities,
    least,
    not_negative,
    outside,
    require,
    same,
    scale_free,
    within,
)
from convergence.certificates.loop import Loop, Pole, Ratio, ring_of, run
from convergence.certificates.words import decimal, listed, shown, theta_of
from convergence.rule import Method

UNPROVEN = "that nothing is faster is not proven"


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


def _on_interval(c: OnInterval, method: Method) -> list[str]:
    ring = ring_of(method, ground="θ", **field_of(c.field))
    one, mu, L, rate = ring.constant(1), *(number(ring, v) for v in (c.mu, c.L, c.rate))
    same(c.hyper, method)
    require(ring.sign(mu) > 0 and ring.sign(L - mu) >= 0, "the interval of curvatures is not one")
    require(
        ring.sign(rate) >= 0 and (c.kind == "rate" or not rate - 1), "stable means a radius below 1; none is negative"
    )
    hyper = {n: (number(ring, v), one) for n, v in c.hyper.items()}
    closed = c.kind == "rate"
    if not c.holds:
        require(c.place is not None and not c.squares, "a refutation is a place, and no more")
        place = number(ring, c.place or ())
        require(ring.sign(place - mu) >= 0 and ring.sign(L - place) >= 0, "the counterexample is not in the interval")
        said = outside(method, hyper, place, (rate, one), closed=closed)
        return [f"it is false at λ = {decimal(c.place or (), c.field)}: {said}"]
    require(c.place is None, "a proof has no counterexample")
    loop = run(method, ring.letter("λ") if L - mu else mu, hyper)
    return [*_clocks(loop), *within(loop, (rate, one), mu, L, closed=closed, squares=c.squares)]


def field_of(field: Theta | None) -> dict[str, Any]:
    return {} if field is None else dict(zip(("modulus", "low", "high"), theta_of(field), strict=True))


def number(ring: Ring, coefficients: Sequence[str]) -> Poly:
    require(len(coefficients) < max(2, len(ring.modulus)), "a number with too many parts")
    return ring.number([*map(Fraction, coefficients)])


def _clocks(loop: Loop) -> list[str]:
    return [f"with the clock at rest: {', '.join(loop.clocks)}"] if loop.clocks else []


def _enclosure(c: Enclosure, method: Method) -> list[str]:
    ring = ring_of(method, ground="θ", **field_of(c.field))
    one, place = ring.constant(1), number(ring, c.curvature)
    hyper = {n: (number(ring, v), one) for n, v in c.hyper.items()}
    same(hyper, method)
    if not c.holds:
        require(c.lower is None and c.upper is None, "no radius lies in no interval")
        try:
            run(method, place, hyper)
        except Pole:
            return [f"it is false: {NO_MATRIX}"]
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
    return [*_clocks(loop), f"{listed(hyper)} reach {shown(str(rate))}:", *facts]


def _nothing_below(c: Best, below: Below, ring: Ring, unknown: Sequence[str], method: Method) -> list[str]:
    places = [Fraction(v) for v in below.curvatures]
    require(all(Fraction(c.mu) <= v <= Fraction(c.L) for v in places), "a curvature outside the interval")
    rate = ring.constant(Fraction(c.lower)), ring.constant(1)
    strict = inequalities(method, unknown, c.held, [ring.constant(v) for v in places], rate)
    weak = not_negative(method, ring, unknown)
    places_shown = ", ".join(map(shown, below.curvatures))
    about = f"no hyperparameters{_domain(method, unknown)} meet all of {len(strict)} inequalities at λ = {places_shown}"
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
    leaves = covered(below.tree, box, [in_letters(poly, unknown) for poly in strict])
    return [f"{about}: not beyond a box by {len(below.bounds)} bounds, and not on any of {leaves} parts of it"]


def _domain(method: Method, unknown: Sequence[str]) -> str:
    known = [f"{n} ≥ {low}" for n in unknown if (low := least(method, n)) is not None]
    return f" with {', '.join(known)}" if known else ""


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
    return ["it is reached, for all t:", *facts, f"and nothing{_domain(method, unknown)} is faster:", last]


def _ratio(ring: Ring, parts: tuple[Sequence[str], Sequence[str]]) -> Ratio:
    above, below = (ring.number([*map(Fraction, part)]) for part in parts)
    return above, below


def _beaten(c: ClosedForm, method: Method) -> list[str]:
    """At one t the rate is not reached, or is no rate, or others are faster."""
    require(c.at is not None and not c.products, "a refutation is a place, and no more")
    t = Fraction(c.at or 0)
    values = {
        n: at([*map(Fraction, a)], t) / at([*map(Fraction, b)], t) for n, (a, b) in (*c.hyper.items(), ("", c.rate))
    }
    kappa, rate = at([*map(Fraction, c.kappa)], t), values.pop("")
    require(t > Fraction(c.start) and kappa > 1, "the counterexample is not a condition number beyond 1")
    said = f"it is false at L/μ = {shown(str(kappa))}: "
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
                + f"at λ = {shown(str(place.value))}, {outside(method, hyper, place, (one * rate, one), closed=True)}"
            ]
        except Doubt:
            continue
    raise Doubt("the rate is reached at both ends there")


_CHECKS: Mapping[type, Any] = {OnInterval: _on_interval, Enclosure: _enclosure, Best: _best, ClosedForm: _closed_form}
