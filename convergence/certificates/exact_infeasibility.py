"""A certificate of an optimum as JSON holds it goes in; whether its facts prove its bounds comes out: the sceptic's part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from typing import Any

from convergence.certificates import exact_discs, exact_poles, exact_rule
from convergence.certificates.exact_certificates import Doubt, read
from convergence.certificates.exact_numbers import Number
from convergence.certificates.exact_polynomials import (
    Terms,
    degrees,
    grid,
    plus,
    terms,
    times,
    unforeseen,
    upper_bound,
    value,
)
from convergence.rule import RATE_NAMES, Method

Attained = Callable[..., list[str]]


def check_optimum(content: Mapping[str, Any], method: Method | None, notes: list[str], attained: Attained) -> list[str]:
    """The rate is attained, nothing is below the bound, and the two are as near as is claimed."""
    statement = content["statement"]
    mu, L, epsilon = (Fraction(v) for v in (statement["mu"][0], statement["L"][0], statement["epsilon"]))
    lower, upper = Fraction(content["lower"]), Fraction(content["upper"])
    if content["holds"] and (upper - lower > epsilon or content["assumptions"]):
        raise Doubt("the interval is longer than epsilon, or rests on assumptions")
    if not 0 < mu <= L:
        raise Doubt("the interval of curvatures is not one")
    passed = [_about(content)]
    passed += _attained(content, upper, mu, L, attained)
    ends = as_number(mu), as_number(L)
    exact_poles.nowhere_zero(method, read(content).hyper, *ends, notes)
    steps = {step["kind"]: step for step in content["steps"]}
    if lower <= 0:
        return passed
    letters = checked_formula(steps["formula"], method, notes)
    _same(steps["formula"], content, letters)
    return [*passed, *_excluded(content, steps, letters, lower, mu, L)]


def _about(content: Mapping[str, Any]) -> str:
    """What the facts are about, in the certificate's numbers and not in its words."""
    statement = content["statement"]
    numbers = {**statement["held"], "mu": statement["mu"][0], "L": statement["L"][0]}
    said = ", ".join(f"{name} = {number}" for name, number in numbers.items())
    return f"optimum for {content['steps'][0]['data']['method']}: {said}, in [{content['lower']}, {content['upper']}]"


def _attained(content: Mapping[str, Any], upper: Fraction, mu: Fraction, L: Fraction, attained: Attained) -> list[str]:
    certificate = read(content)
    radius, low, high = (Number(None, (v,) if v else ()) for v in (upper, mu, L))
    for name, number in certificate.hyper.items():
        if (name in RATE_NAMES or name == "momentum") and number.sign() < 0:
            raise Doubt(f"{name} is negative")
        held = content["statement"]["held"].get(name)
        if held is not None and (number - Fraction(held)).sign():
            raise Doubt(f"{name} was to be held at {held}")
        if (number - Fraction(content["hyper"][name])).sign():
            raise Doubt(f"{name} is not the one of the facts")
    inside = [s for s in content["steps"][1:] if s["kind"] in ("sign", "defined")]
    return attained(certificate, inside, radius, low, high, True)


def checked_formula(step: Mapping[str, Any], method: Method | None, notes: list[str]) -> list[Terms]:
    """The coefficients of the characteristic polynomial in λ and the hyperparameters, held against the rule."""
    found = [terms(part) for part in step["data"]["coefficients"]]
    if method is None:
        notes.append("the characteristic polynomial was taken as given: no rule was there to run")
        return found
    if step["data"]["letters"] != ["curvature", *method.hyper]:
        raise Doubt(f"the letters are not those of {method.name}")
    highest = degrees(found, 1 + len(method.hyper))
    points = grid([2 * top for top in highest] if len(found[0]) > 1 else highest)
    for curvature, *numbers in chain(points, unforeseen(found, len(highest))):  # the rule's own degrees are not known
        below = value(found[0], (curvature, *numbers))
        if below == 0:
            continue
        hyper = {n: as_number(v) for n, v in zip(method.hyper, numbers, strict=True)}
        own = exact_rule.run_characteristic(method, as_number(curvature), hyper)
        if own is None:
            notes.append(exact_rule.NOT_RUN)
            break
        if any((a * below - value(p, (curvature, *numbers))).sign() for a, p in zip(own, found, strict=True)):
            raise Doubt(f"not the characteristic polynomial of {method.name}")
    return found


def as_number(number: Fraction) -> Number:
    return Number(None, (number,) if number else ())


def _same(step: Mapping[str, Any], content: Mapping[str, Any], formula: list[Terms]) -> None:
    """The characteristic polynomial at the attained hyperparameters is the formula's."""
    hyper = [Fraction(content["hyper"][n]) for n in step["data"]["letters"][1:]]
    held = content["steps"][0]["data"]["coefficients"]
    for part, poly in zip(formula, held, strict=True):
        for k in range(max(len(poly), degrees([part], 1)[0] + 1) + 1):
            x = Fraction(k)
            if value(part, (x, *hyper)) != sum((Fraction(c[0]) * x**j for j, c in enumerate(poly)), Fraction(0)):
                raise Doubt("two characteristic polynomials of one method")


def _excluded(
    content: Mapping[str, Any],
    steps: Mapping[str, Any],
    formula: list[Terms],
    lower: Fraction,
    mu: Fraction,
    L: Fraction,
) -> list[str]:
    step = steps["constraints"]
    unknown = step["data"]["unknown"]
    if Fraction(step["data"]["radius"]) != lower:
        raise Doubt("the polynomials are those of another rate")
    held = content["statement"]["held"]
    if sorted([*unknown, *held]) != sorted(steps["formula"]["data"]["letters"][1:]):
        raise Doubt("the hyperparameters are not those that the claim is about")
    strict = [_constraint(steps["formula"], formula, held, unknown, lower, mu, L, p) for p in step["data"]["polys"]]
    passed = [step["words"]]
    bounds: dict[str, list[Any]] = {name: [0 if never_negative(name) else None, None] for name in unknown}
    for bound in (s for s in content["steps"] if s["kind"] == "bound"):
        place, side = unknown.index(bound["data"]["variable"]), int(bound["data"]["side"])
        if side not in (1, -1):
            raise Doubt("a bound is from above or from below")
        _identity(bound, [*strict, _beyond(len(unknown), place, side, Fraction(bound["data"]["value"]))], unknown)
        bounds[unknown[place]][side == 1] = side * Fraction(bound["data"]["value"])
        passed.append(bound["words"])
    if "identity" in steps:
        _identity(steps["identity"], strict, unknown)
        return [*passed, steps["identity"]["words"]]
    _boxes(steps["boxes"], strict, list(bounds.values()), bool(content["assumptions"]))
    return [*passed, steps["boxes"]["words"]]


def never_negative(name: str) -> bool:
    return name in RATE_NAMES or name == "momentum"


def _beyond(count: int, place: int, side: int, edge: Fraction) -> Terms:
    """side · letter − edge."""
    letter = tuple(int(k == place) for k in range(count))
    return {letter: Fraction(side), (0,) * count: -edge}


def _constraint(
    step: Mapping[str, Any],
    formula: list[Terms],
    held: Mapping[str, str],
    unknown: Sequence[str],
    radius: Fraction,
    mu: Fraction,
    L: Fraction,
    given: Mapping[str, Any],
) -> Terms:
    """A polynomial that is positive where all roots are inside the disc, compared with its values on a grid."""
    poly, curvature = terms(given["poly"]), Fraction(given["curvature"])
    if not mu <= curvature <= L:
        raise Doubt("a curvature outside the interval")
    letters = step["data"]["letters"]
    highest = dict(zip(letters, degrees(formula, len(letters)), strict=True))
    depth = (2 if any(any(e) for e in formula[0]) else 1) * max(1, len(formula) - 2)
    most = [max(highest[n] * depth, own) for n, own in zip(unknown, degrees([poly], len(unknown)), strict=True)]
    for point in grid(most):
        numbers = {
            "curvature": curvature,
            **{n: Fraction(v) for n, v in held.items()},
            **dict(zip(unknown, point, strict=True)),
        }
        here = [as_number(value(part, [numbers[n] for n in letters])) for part in formula]
        found = exact_discs.necessary(here, as_number(radius))[given["place"]]
        if (found - value(poly, point)).sign():
            raise Doubt("a polynomial that the method does not have")
    return poly


def _identity(step: Mapping[str, Any], strict: Sequence[Terms], unknown: Sequence[str]) -> None:
    """Σ multiplier · product is a constant that is not positive, while at least one term would be positive."""
    count = len(unknown)
    weak = [{tuple(int(k == j) for k in range(count)): Fraction(1)} for j, n in enumerate(unknown) if never_negative(n)]
    polys, used = [*strict, *weak], False
    total: Terms = {}
    for places, multiplier in step["data"]["terms"]:
        weight = Fraction(multiplier)
        if weight < 0 or not places or min(places) < 0:
            raise Doubt("a multiplier is negative")
        part: Terms = {(0,) * count: Fraction(1)}
        for place in places:
            part = times(part, polys[place])
        used = used or (weight > 0 and max(places) < len(strict))
        total = plus(total, part, weight)
    constant = total.pop((0,) * count, Fraction(0))
    if constant != Fraction(step["data"]["constant"]):
        raise Doubt(f"another constant: {step['words']}")
    if any(total.values()) or constant > 0 or not (used or constant < 0):
        raise Doubt(f"not so: {step['words']}")


def _boxes(step: Mapping[str, Any], strict: Sequence[Terms], bounds: Sequence[Sequence[Any]], assumed: bool) -> None:
    box = [(Fraction(a), Fraction(b)) for a, b in step["data"]["box"]]
    for (low, high), (least, most) in zip(box, bounds, strict=True):
        if not assumed and (least is None or most is None or low > least or high < most):
            raise Doubt("the box does not hold all hyperparameters")
    rest = iter(step["data"]["tree"])
    waiting = [box]
    while waiting:
        here, entry = waiting.pop(), next(rest)
        if isinstance(entry, int):
            waiting += _halves(here, entry)[::-1]
            continue
        total: Terms = {}
        for place, weight in entry:
            if weight <= 0:
                raise Doubt("a multiplier is not positive")
            total = plus(total, strict[place], Fraction(weight, 2 ** step["data"]["bits"]))
        middle, half = [(a + b) / 2 for a, b in here], [(b - a) / 2 for a, b in here]
        if not entry or upper_bound(total, middle, half) > 0:
            raise Doubt(f"not so on a box: {step['words']}")
    if next(rest, None) is not None:
        raise Doubt("the tree of boxes goes on where it should end")


def _halves(box: Sequence[tuple[Fraction, Fraction]], axis: int) -> list[list[tuple[Fraction, Fraction]]]:
    low, high = box[axis]
    middle = (low + high) / 2
    return [[*box[:axis], part, *box[axis + 1 :]] for part in ((low, middle), (middle, high))]
