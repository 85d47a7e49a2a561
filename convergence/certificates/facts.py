"""Exact findings go in; the steps of a certificate come out: the same facts in words and in strings that JSON holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from convergence.certificates.characteristic import Characteristic, Setting
from convergence.certificates.discs import Condition, conditions
from convergence.certificates.field import Algebraic, Scalar, as_data, enclosed
from convergence.certificates.proof import Step, shown
from convergence.certificates.univariate import Isolated, times, violation

LONGEST = 90
"""A polynomial longer than this is not written into a sentence."""


def data(poly: Iterable[Scalar]) -> list[list[str]]:
    """A polynomial, lowest coefficient first."""
    return [as_data(c) for c in poly]


def decimal(number: Scalar) -> str:
    """A number as one reads it: short fractions as they are, others as decimals."""
    if not isinstance(number, Algebraic) and len(str(number)) <= 16:
        return str(number)
    return str(sp.Float(enclosed(number, 64).mid().str(20, radius=False), 12))


def words(poly: Sequence[Scalar], letter: str = "λ") -> str:
    """A polynomial as one writes it."""
    parts = [
        f"{decimal(c)}{'' if not k else f'·{letter}' if k == 1 else f'·{letter}^{k}'}"
        for k, c in enumerate(poly)
        if c != 0
    ]
    text = " + ".join(parts) or "0"
    return text if len(text) <= LONGEST else f"a polynomial of degree {len(poly) - 1} in {letter}"


def characteristic_step(setting: Setting) -> Step:
    """The characteristic polynomial at the numbers of the claim."""
    found = setting.characteristic
    named = ", ".join(f"{name} = {shown(value)}" for name, value in setting.hyper.items())
    content = {
        "method": setting.method.name,
        "hyper": {name: as_data(v) for name, v in setting.settings.items()},
        "field": None if found.field is None else found.field.data(),
        "coefficients": [data(c) for c in found.coefficients],
    }
    text = ", ".join(f"[{words(c)}]" for c in found.coefficients)
    return Step(
        "characteristic", f"{setting.method.name} with {named or 'no hyperparameters'}: det(zI − A) ∝ {text}", content
    )


def defined(found: Characteristic, low: Scalar, high: Scalar) -> tuple[list[Step], Any, Step | None]:
    """The method has an iteration matrix on all of [low, high]: steps that say so, or a curvature where it has none."""
    steps: list[Step] = []
    for poly, content in ((found.coefficients[0], {}), *((p, {"divisor": data(p)}) for p in found.divisors)):
        step, place = _without_zeros(list(poly), low, high)
        if place is not None:
            here = {"at": located(place), **content}
            return steps, place, Step("undefined", f"no iteration matrix at λ = {_where(place)}", here)
        steps += [step] if step else []
    return steps, None, None


def _without_zeros(poly: list[Scalar], low: Scalar, high: Scalar) -> tuple[Step | None, Any]:
    if len(poly) == 1 and poly[0] != 0:
        return None, None
    place = violation(
        times(poly, poly), low, high, True
    )  # of the square: where a sign changes, a zero and not beyond it
    negative = violation(poly, low, low, True) is not None
    text = f"the denominator {words(poly)} has no root in [{decimal(low)}, {decimal(high)}]"
    return Step("defined", text, {"negative": negative}), place


def disc_steps(
    found: Characteristic, radius: Scalar, low: Scalar, high: Scalar, closed: bool
) -> tuple[list[Step], Any, Step | None]:
    """Whether all roots lie in the disc for every curvature in [low, high].

    Steps that say so; or (the steps up to there,) the curvature at which they do not, and the step that shows it.
    """
    if (high - low) == 0:
        found, high = found.at(low), low
    steps, place, undefined = defined(found, low, high)
    if undefined is not None:
        return [], place, undefined
    for condition in conditions(found, radius, closed):
        place = violation(list(condition.poly), low, high, not closed)
        if place is not None:
            return steps, place, _violated(condition, radius, place, closed)
        steps.append(_holds(condition, radius, low, high, closed))
    return steps, None, None


def _holds(condition: Condition, radius: Scalar, low: Scalar, high: Scalar, closed: bool) -> Step:
    range_ = f"at λ = {decimal(low)}" if low is high else f"for all λ in [{decimal(low)}, {decimal(high)}]"
    sign = "≥ 0, with finitely many zeros," if closed and low is not high else "> 0"
    text = f"{_named(condition, radius, closed)} is {words(condition.poly)} {sign} {range_}"
    return Step("sign", text, _content(condition, radius, closed))


def _violated(condition: Condition, radius: Scalar, place: Any, closed: bool) -> Step:
    sign = "< 0" if closed else "≤ 0"
    text = f"{_named(condition, radius, closed)} is {words(condition.poly)}, {sign} at λ = {_where(place)}"
    return Step("violated", text, {**_content(condition, radius, closed), "at": located(place)})


def _named(condition: Condition, radius: Scalar, closed: bool) -> str:
    disc = f"for the disc of radius {decimal(radius)}"
    beyond = f" + ε, at ε^{condition.order}," if closed else ""
    return f"Liénard–Chipart polynomial {condition.place + 1} {disc}{beyond}"


def _content(condition: Condition, radius: Scalar, closed: bool) -> dict[str, Any]:
    place = {"place": condition.place, "order": condition.order, "closed": closed}
    return {**place, "radius": as_data(radius), "poly": data(condition.poly)}


def located(place: Any) -> dict[str, Any]:
    """Where on the axis of curvatures: a number, or the only root of a polynomial between two fractions."""
    if isinstance(place, Isolated):
        return {"root_of": data(place.poly), "low": str(place.low), "high": str(place.high)}
    return {"number": as_data(place)}


def _where(place: Any) -> str:
    return f"{decimal(place.low)}…" if isinstance(place, Isolated) else decimal(place)
