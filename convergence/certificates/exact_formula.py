"""A certificate of a closed form as JSON holds it goes in; whether its facts prove it for all κ > 1 comes out.

The sceptic's part. The same numbers at enough values of t and λ make two polynomials one; signs are Sturm's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import Any

from convergence.certificates import exact_discs
from convergence.certificates.exact_certificates import Doubt
from convergence.certificates.exact_closed import Closed, Ratio, beyond, poly_at, ratio_at
from convergence.certificates.exact_infeasibility import (
    Attained,
    as_number,
    check_optimum,
    checked_formula,
    never_negative,
)
from convergence.certificates.exact_nowhere import nothing_faster
from convergence.certificates.exact_poles import NOT_WATCHED, Quotient, divisors, plain
from convergence.certificates.exact_polynomials import Terms, degrees, grid, plus, terms, times, value
from convergence.rule import Method


def check_formula(content: Mapping[str, Any], method: Method | None, notes: list[str], attained: Attained) -> list[str]:
    """Attained for all κ > 1, and nothing faster; or one κ where it is not so."""
    steps = content["steps"]
    first = steps[0]
    formula = checked_formula(first, method, notes)
    closed = _read(content["statement"], formula, first["data"]["letters"])
    _scale_free(closed, method)
    _grows(closed)
    if content["holds"] is False:
        return _refuted(content, closed, steps[1], method, attained)
    _domain(closed)
    _no_poles(closed, method, notes)
    return [*_attained(closed, steps), *nothing_faster(closed, steps)]


def _read(statement: Mapping[str, Any], formula: list[Terms], letters: list[str]) -> Closed:
    held = {n: Fraction(v) for n, v in statement["held"].items()}
    hyper = {n: _ratio(f) for n, f in statement["hyper"].items()}
    kappa, start = _ratio(statement["kappa"]), Fraction(statement["start"])
    return Closed(hyper, _ratio(statement["rate"]), kappa, start, held, formula, letters)


def _ratio(held: Sequence[Sequence[str]]) -> Ratio:
    above, below = ([Fraction(c) for c in part] for part in held)
    return above, below


def _scale_free(closed: Closed, method: Method | None) -> None:
    """Another unit of curvature is another learning rate and nothing else, so that μ = 1 is no restriction."""
    exponents = [e for part in closed.formula for e in part]
    places = [1 + closed.letters[1:].index(method.rate)] if method and method.rate else range(1, len(closed.letters))
    free = [len({e[0] - e[k] for e in exponents}) == 1 for k in places if closed.letters[k] not in closed.held]
    if not (len({e[0] for e in exponents}) == 1 or any(free)):
        raise Doubt("the rule has a scale of its own: μ = 1 is a restriction")


def _grows(closed: Closed) -> None:
    above, below = closed.kappa
    slope = [k * c for k, c in enumerate(above)][1:]
    if len(below) != 1 or poly_at(above, closed.start) != below[0] or not beyond(slope, closed.start, True):
        raise Doubt("κ(t) does not grow from 1")
    if below[0] <= 0:
        raise Doubt("κ(t) is negative")


def _domain(closed: Closed) -> None:
    """No poles; rate and momentum not negative; the rate in [0, 1)."""
    above, below = closed.rate
    size = max(len(above), len(below))
    zero = Fraction(0)
    rest = [(below[k] if k < len(below) else zero) - (above[k] if k < len(above) else zero) for k in range(size)]
    ratios: dict[str, Ratio] = {**closed.hyper, "the rate": closed.rate, "1 − rate": (rest, below)}
    for name, (top, bottom) in ratios.items():
        sign = 1 if bottom[-1] > 0 else -1
        if not beyond([sign * c for c in bottom], closed.start, True):
            raise Doubt(f"{name} has a pole for some κ > 1")
        bounded = name not in closed.hyper or never_negative(name)
        if bounded and any(top) and not beyond([sign * c for c in top], closed.start, name == "1 − rate"):
            raise Doubt(f"{name} is negative for some κ > 1")


def _no_poles(closed: Closed, method: Method | None, notes: list[str]) -> None:
    """The rule divides by powers of λ times what has no zero in t beyond the start, and by nothing else."""

    def inputs(kept: list[Terms]) -> dict[str, Quotient]:
        one: Terms = {(0, 0): Fraction(1)}
        parts = {n: [_lifted(part) for part in closed.hyper[n]] for n in closed.letters[1:]}
        return {
            **{n: Quotient(above, below, kept) for n, (above, below) in parts.items()},
            "curvature": Quotient({(1, 0): Fraction(1)}, one, kept),
        }

    found = divisors(method, inputs) if method else []
    notes += [NOT_WATCHED] if found is None else []
    for poly in found or []:
        in_t = [sum((plain(c) for e, c in poly.items() if e[1] == k), Fraction(0)) for k in range(1 + _top(poly))]
        signs = (in_t, [-c for c in in_t])
        if len({e[0] for e in poly}) != 1 or not any(beyond(signed, closed.start, True) for signed in signs):
            raise Doubt("the rule divides by what may be zero for some κ > 1")


def _lifted(poly: Sequence[Fraction]) -> Terms:
    return {(0, k): c for k, c in enumerate(poly) if c}


def _top(poly: Terms) -> int:
    return degrees([poly], 2)[1]


def _attained(closed: Closed, steps: Sequence[Any]) -> list[str]:
    """Each Liénard–Chipart polynomial, from the first power of ε that it has, is not negative on [1, κ]."""
    own = [terms(part) for part in next(s for s in steps if s["kind"] == "tuned")["data"]["coefficients"]]
    _same(closed, own)
    missing, passed = set(range(exact_discs.count(len(own) - 1))), []
    for step in (s for s in steps if s["kind"] == "bernstein"):
        poly = terms(step["data"]["poly"])
        if step["data"]["pieces"] < 1:
            raise Doubt(f"on no part of [1, κ]: {step['words']}")
        _is_condition(closed, own, step["data"], poly)
        for row in _bernstein(poly, closed, step["data"]["pieces"]):
            if not beyond(row, closed.start, False):
                raise Doubt(f"not so: {step['words']}")
        missing.discard(step["data"]["place"])
        passed.append(step["words"])
    if missing:
        raise Doubt(f"{len(missing)} of the Liénard–Chipart polynomials are missing")
    return passed


def _same(closed: Closed, own: list[Terms]) -> None:
    """The polynomial in λ and t is the method's at the closed form, up to a factor without zeros beyond the start."""
    if any(e[0] for e in own[0]):
        raise Doubt("a denominator depends on λ")
    first = [own[0].get((0, k), Fraction(0)) for k in range(1 + degrees(own[:1], 2)[1])]
    if not (beyond(first, closed.start, True) or beyond([-c for c in first], closed.start, True)):
        raise Doubt("the characteristic polynomial has a pole for some κ > 1")
    for curvature, t in _many(closed, own):
        there = closed.at(curvature, t)
        mine = [as_number(value(part, (curvature, t))) for part in own]
        if any((a * mine[0] - b * there[0]).sign() for a, b in zip(there, mine, strict=True)):
            raise Doubt("not the characteristic polynomial at the closed form")


def _many(closed: Closed, own: list[Terms]) -> Iterator[tuple[Fraction, Fraction]]:
    """Enough points (λ, t), beyond the start: the degree of a product of all that is multiplied."""
    most = degrees([*own, *closed.formula], 2)
    ratios = sum(max(len(top), len(bottom)) for top, bottom in closed.hyper.values())
    powers = max((sum(e[1:]) for part in closed.formula for e in part), default=1)
    count = degrees(own, 2)[1] + ratios * (powers + 1) + 2
    return ((c, closed.start + 1 + t) for c, t in grid([2 * most[0] + 1, count]))


def _is_condition(closed: Closed, own: list[Terms], data: Mapping[str, Any], poly: Terms) -> None:
    """The polynomial is this Liénard–Chipart polynomial's first coefficient in ε, times a power of the rate's denominator."""
    size, place, order = len(own) - 1, data["place"], data["order"]
    above, below = closed.rate
    sign = 1 if below[-1] > 0 else -1
    below = [sign * c for c in below]
    factors = exact_discs.degrees(size)[place]
    tall = factors * (2 * degrees(own, 2)[1] + size * (max(len(above), len(below)) - 1))
    wide = factors * 2 * degrees(own, 2)[0]
    given = degrees([poly], 2)
    for curvature, t in grid([max(wide, given[0]), max(tall, given[1]) + len(below)]):  # as many may be left out
        here = [as_number(value(part, (curvature, t))) for part in own]
        scale = poly_at(below, t) ** (size * factors)
        if scale == 0:
            continue
        rate = as_number(sign * poly_at(above, t) / poly_at(below, t))
        found = exact_discs.expanded(here, rate, place, order + 1 if order else 0, size * max(1, size - 1))
        # ε is measured in the prover's polynomial as it is in the rate
        if any(c.sign() for c in found[:order]) or (found[order] * scale - value(poly, (curvature, t))).sign():
            raise Doubt("not a Liénard–Chipart polynomial of the closed form")


def _bernstein(poly: Terms, closed: Closed, pieces: int) -> list[list[Fraction]]:
    """The Bernstein coefficients on each part of [1, κ], polynomials in t."""
    top = degrees([poly], 2)[0]
    kappa: Terms = {(0, k): c / closed.kappa[1][0] for k, c in enumerate(closed.kappa[0])}
    length = plus(kappa, {(0, 0): Fraction(1)}, Fraction(-1))
    rows = []
    for piece in range(pieces):
        left = plus({(0, 0): Fraction(1)}, length, Fraction(piece, pieces))
        letter = plus(left, times(length, {(1, 0): Fraction(1, pieces)}), Fraction(1))
        moved = _composed(poly, letter)
        power = [{e[1]: c for e, c in moved.items() if e[0] == k} for k in range(top + 1)]
        high = max((e[1] for e in moved), default=0)
        for j in range(top + 1):
            weights = [Fraction(comb(j, k), comb(top, k)) for k in range(j + 1)]
            rows.append(
                [
                    sum((w * power[k].get(t, Fraction(0)) for k, w in enumerate(weights)), Fraction(0))
                    for t in range(high + 1)
                ]
            )
    return rows


def _composed(poly: Terms, letter: Terms) -> Terms:
    total: Terms = {}
    for (power, t), c in poly.items():
        part: Terms = {(0, t): c}
        for _ in range(power):
            part = times(part, letter)
        total = plus(total, part, Fraction(1))
    return total


def _negative(closed: Closed, step: Any, t: Fraction) -> list[str]:
    """A radius, a learning rate or a momentum that is negative there."""
    name = step["data"]["what"]
    bounded = name == "the rate" or (name in closed.hyper and never_negative(name))
    found = closed.rate if name == "the rate" else closed.hyper[name]
    if not bounded or ratio_at(found, t) >= 0:
        raise Doubt(f"not so: {step['words']}")
    return [step["words"]]


def _refuted(
    content: Mapping[str, Any], closed: Closed, step: Any, method: Method | None, attained: Attained
) -> list[str]:
    t = Fraction(step["data"]["t"])
    kappa = ratio_at(closed.kappa, t)
    if t <= closed.start or kappa != Fraction(content["counterexample"]):
        raise Doubt("the counterexample is not a condition number beyond 1")
    if step["kind"] == "negative":
        return _negative(closed, step, t)
    if step["kind"] == "faster":
        inner = step["data"]
        ends = [Fraction(inner["statement"][end][0]) for end in ("mu", "L")]
        held = {n: Fraction(v) for n, v in inner["statement"]["held"].items()}
        if ends != [1, kappa] or held != closed.held or Fraction(inner["upper"]) >= ratio_at(closed.rate, t):
            raise Doubt(f"not so: {step['words']}")
        return check_optimum(inner, method, [], attained)
    here = closed.at(kappa if step["data"]["end"] == "L" else Fraction(1), t)
    size = len(here) - 1
    order = step["data"]["order"]
    rate = as_number(ratio_at(closed.rate, t))
    found = exact_discs.expanded(here, rate, step["data"]["place"], order, size * max(1, size - 1))
    if any(c.sign() for c in found[:order]) or found[order].sign() >= 0:
        raise Doubt(f"not so: {step['words']}")
    return [step["words"]]
