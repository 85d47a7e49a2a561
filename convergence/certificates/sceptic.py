"""A certificate as JSON holds it goes in; whether each of its facts is so, and whether they say what is claimed, comes out.

Nothing of the prover is used: Python's fractions, own algorithms, and the update rule itself, run on exact numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from convergence.certificates import exact_discs, exact_poles, exact_rule
from convergence.certificates.exact_certificates import Certificate, Doubt, read
from convergence.certificates.exact_formula import check_formula
from convergence.certificates.exact_infeasibility import check_optimum
from convergence.certificates.exact_numbers import Number
from convergence.certificates.exact_signs import Coefficients, at, cut, not_negative, positive, roots_between
from convergence.rule import Method


@dataclass(frozen=True)
class Recheck:
    """What a sceptic found: truthy where the certificate proves its claim. ``notes`` say what had to be taken as given."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]
    notes: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.passed) and not self.failed

    def __repr__(self) -> str:
        verdict = f"rejected: {'; '.join(self.failed)}" if self.failed else f"{len(self.passed)} facts hold"
        return verdict + "".join(f"; {note}" for note in self.notes)


def rechecked(content: Mapping[str, Any], method: Method | None) -> Recheck:
    """Recheck a certificate; ``method`` is the rule to run, where there is one."""
    notes: list[str] = []
    try:
        passed = _passed(content, method, notes)
    except Doubt as doubt:
        return Recheck((), (str(doubt),), tuple(notes))
    except (ArithmeticError, KeyError, IndexError, ValueError, TypeError, StopIteration, AttributeError) as error:
        return Recheck((), (f"it cannot be read: {type(error).__name__}: {error}",), tuple(notes))
    return Recheck(tuple(passed), (), tuple(notes))


def _passed(content: Mapping[str, Any], method: Method | None, notes: list[str]) -> list[str]:
    if content["holds"] is None:
        notes.append("the claim is undecided")
        if content["statement"]["kind"] != "optimum" or content["upper"] is None:
            return []
    kind = content["statement"]["kind"]
    check = {"stable": _on_interval, "rate": _on_interval, "radius": _radius}.get(kind)
    if check is not None:
        certificate = replace(read(content), method=method)
        _characteristic(certificate, method, notes)
        return [_about(content, certificate.first["data"]), *check(certificate, notes)]
    others: dict[str, Callable[..., list[str]]] = {"optimum": check_optimum, "formula": check_formula}
    if kind not in others:
        raise Doubt(f"a claim of an unknown kind, {kind!r}")
    return others[kind](content, method, notes, attained)


def _about(content: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    """What the facts are about, in the certificate's numbers and not in its words."""
    numbers = {**first["hyper"], **{n: v for n, v in content["statement"].items() if n != "kind"}}
    said = ", ".join(
        f"{name} = {' + '.join(_term(*part) for part in enumerate(held))}" for name, held in numbers.items()
    )
    theta = "" if first["field"] is None else f", θ ≈ {float(Fraction(first['field']['low'])):.6g}…"
    return f"{content['statement']['kind']} for {first['method']}: {said}{theta}"


def _term(power: int, coefficient: str) -> str:
    return coefficient if not power else f"{coefficient}·θ^{power}"


def _characteristic(certificate: Certificate, method: Method | None, notes: list[str]) -> None:
    if method is None:
        notes.append("the characteristic polynomial was taken as given: no rule was there to run")
    elif method.name != certificate.first["data"]["method"]:
        raise Doubt(f"the certificate is about {certificate.first['data']['method']}, the rule is {method.name}")
    else:
        note = exact_rule.held_against(method, certificate.hyper, certificate.characteristic)
        notes += [note] if note else []


def _on_interval(certificate: Certificate, notes: list[str]) -> list[str]:
    statement = certificate.content["statement"]
    closed = statement["kind"] == "rate"
    radius = certificate.number(statement["radius"])
    if not closed and (radius - 1).sign():
        raise Doubt("stable means a radius below 1")
    if radius.sign() < 0:
        raise Doubt("a radius is not negative")
    low, high = (certificate.number(statement[end]) for end in ("mu", "L"))
    if low.sign() <= 0 or (high - low).sign() < 0:
        raise Doubt("the interval of curvatures is not one")
    steps = certificate.content["steps"][1:]
    if certificate.content["holds"] is False:
        return refuted(certificate, steps, radius, low, high, closed)
    exact_poles.nowhere_zero(certificate.method, certificate.hyper, low, high, notes)
    return attained(certificate, steps, radius, low, high, closed)


def attained(
    certificate: Certificate, steps: list[Any], radius: Number, low: Number, high: Number, closed: bool
) -> list[str]:
    """Every root lies in the disc for every curvature of the interval: each Liénard–Chipart polynomial has its sign."""
    characteristic = certificate.on(low, high)
    _everywhere_defined(characteristic, low, high)
    missing = set(range(exact_discs.count(len(characteristic) - 1)))
    for step in (s for s in steps if s["kind"] == "sign"):
        poly = _condition(certificate, characteristic, step, radius, closed)
        if not (not_negative if closed else positive)(poly, low, high):
            raise Doubt(f"not so: {step['words']}")
        missing.discard(step["data"]["place"])
    if missing:
        raise Doubt(f"{len(missing)} of the Liénard–Chipart polynomials are missing")
    return [step["words"] for step in steps]


def refuted(
    certificate: Certificate, steps: list[Any], radius: Number, low: Number, high: Number, closed: bool
) -> list[str]:
    """At one curvature of the interval a Liénard–Chipart polynomial has the wrong sign, or there is no matrix."""
    (step,) = steps
    characteristic = certificate.on(low, high)
    if "divisor" in step["data"]:
        poly, wrong = certificate.poly(step["data"]["divisor"]), {0}
        _divides_by_zero(certificate, step["data"]["at"])
    elif step["kind"] == "undefined":
        poly, wrong = cut(characteristic[0]), {0}
        if all(_sign_at(certificate, cut(c), step["data"]["at"], low, high) == 0 for c in characteristic):
            raise Doubt("a factor of the whole characteristic polynomial says nothing of the method")
    else:
        poly, wrong = _condition(certificate, characteristic, step, radius, closed), {-1} if closed else {-1, 0}
    if _sign_at(certificate, poly, step["data"]["at"], low, high) not in wrong:
        raise Doubt(f"not so: {step['words']}")
    _same_place(certificate, certificate.content["counterexample"], step["data"]["at"])
    return [step["words"]]


def _divides_by_zero(certificate: Certificate, place: Mapping[str, Any]) -> None:
    """The rule is run there; at a root that is no number at hand, it is run on polynomials."""
    method, hyper = certificate.method, certificate.hyper
    if method is None:
        return
    if "number" in place:
        stopped = exact_poles.stops(method, hyper, certificate.number(place["number"]))
    else:
        own, root_of = exact_poles.in_curvature(method, hyper) or [], certificate.poly(place["root_of"])
        ends = [certificate.number([place[e]]) for e in ("low", "high")]
        stopped = any(exact_discs.shares_root(poly, root_of, *ends) for poly in own)
    if not stopped:
        raise Doubt("the rule does not divide by zero there")


def _same_place(certificate: Certificate, held: Any, place: Mapping[str, Any]) -> None:
    """A counterexample is the one of the facts, or a root of the same polynomial."""
    if held is None:
        return  # of an enclosure
    strings = [str(-Fraction(held)), "1"] if isinstance(held, str) else held["polynomial"][::-1]
    poly = certificate.poly([[c] for c in strings])
    if "number" in place:
        same = not at(poly, certificate.number(place["number"]))
    else:
        ends = [certificate.number([place[end]]) for end in ("low", "high")]
        same = exact_discs.shares_root(poly, certificate.poly(place["root_of"]), *ends)
    if not same:
        raise Doubt("the counterexample is not the one of the facts")


def _condition(
    certificate: Certificate, characteristic: list[Coefficients], step: Any, radius: Number, closed: bool
) -> Coefficients:
    content = step["data"]
    poly = certificate.poly(content["poly"])
    if content["closed"] is not closed or (certificate.number(content["radius"]) - radius).sign():
        raise Doubt(f"of another disc: {step['words']}")
    if not exact_discs.agrees(characteristic, radius, closed, content["place"], content["order"], poly):
        raise Doubt(f"not the polynomial of this method: {step['words']}")
    return poly


def _everywhere_defined(characteristic: list[Coefficients], low: Number, high: Number) -> None:
    first = characteristic[0]
    if not (positive(first, low, high) or positive([-c for c in first], low, high)):
        raise Doubt("the method has no iteration matrix somewhere in the interval")


def _sign_at(certificate: Certificate, poly: Coefficients, place: Mapping[str, Any], low: Number, high: Number) -> int:
    """The sign at a place inside the interval: at a number, or at the only root of a polynomial between two fractions."""
    if "number" in place:
        x = certificate.number(place["number"])
        inside = (x - low).sign() >= 0 and (high - x).sign() >= 0
        sign = at(poly, x).sign()
    else:
        root_of, ends = certificate.poly(place["root_of"]), [certificate.number([place[e]]) for e in ("low", "high")]
        inside = (ends[0] - low).sign() >= 0 and (high - ends[1]).sign() >= 0 and roots_between(root_of, *ends) == 1
        sign = 0 if exact_discs.shares_root(poly, root_of, *ends) else 2
    if not inside:
        raise Doubt("the counterexample is not a point of the interval")
    return sign


def _radius(certificate: Certificate, notes: list[str]) -> list[str]:
    statement = certificate.content["statement"]
    if certificate.content["holds"] is False:
        return _no_radius(certificate)
    at_, lower, upper = (certificate.number(statement[name]) for name in ("curvature", "lower", "upper"))
    if (
        str(statement["lower"][0]) != certificate.content["lower"]
        or str(statement["upper"][0]) != certificate.content["upper"]
        or max(len(statement["lower"]), len(statement["upper"])) > 1
    ):
        raise Doubt("the interval of the certificate is not that of its facts")
    exact_poles.nowhere_zero(certificate.method, certificate.hyper, at_, at_, notes)
    steps = certificate.content["steps"][1:]
    inside = [s for s in steps if s["kind"] in ("sign", "defined")]
    passed = attained(certificate, inside, upper, at_, at_, True)
    outside = [s for s in steps if s["kind"] == "violated"]
    if lower.sign() > 0:
        passed += refuted(certificate, outside, lower, at_, at_, False)
    return passed


def _no_radius(certificate: Certificate) -> list[str]:
    """There is no matrix at the curvature, so no radius."""
    here = certificate.number(certificate.content["statement"]["curvature"])
    steps = certificate.content["steps"][1:]
    if [step["kind"] for step in steps] != ["undefined"] or certificate.content["counterexample"] is None:
        raise Doubt("a radius is refuted only where there is no matrix")
    return refuted(certificate, steps, here, here, here, False)
