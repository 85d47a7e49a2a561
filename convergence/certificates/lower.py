"""A tuning task and a rate go in; a proof that no hyperparameters are faster comes out, or a point that is, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq

from convergence.certificates.attained import Task
from convergence.certificates.boxes import BITS, searched
from convergence.certificates.characteristic import terms
from convergence.certificates.constraints import Constraint, constraints, not_negative, ring
from convergence.certificates.facts import decimal
from convergence.certificates.infeasible import Identity, by_exponents, identity
from convergence.certificates.proof import Step
from convergence.rule import Method

DEGREES = (1, 2)
"""Products of as many polynomials are combined."""

REACH = (2, 4, 16, 64, 1024)
"""Bounds of a hyperparameter that are tried, in parts of its size at the optimum."""


@dataclass(frozen=True)
class Lower:
    """Steps that exclude a rate; ``point`` is set instead where hyperparameters that are faster were found."""

    steps: tuple[Step, ...]
    assumptions: tuple[str, ...] = ()
    point: tuple[float, ...] | None = None


def excluded(task: Task, rate: fmpq, sizes: Mapping[str, float], boxes: bool) -> Lower | None:
    """No hyperparameters have a radius below the rate at all the task's curvatures: by one identity, or by ``boxes``."""
    made = constraints(task.method, task.unknown, task.held, task.curvatures, rate)
    begin = (formula_step(task.method), _constraints(task, made, rate))
    scales = [sizes[n] for n in task.unknown]
    strict = [c.poly for c in made]
    if boxes:
        return _by_boxes(task, begin, strict, scales)
    found = _identity(task, strict, scales)
    return None if found is None else Lower((*begin, _identity_step(found)))


def _identity(task: Task, strict: Sequence[Any], scales: Sequence[float]) -> Identity | None:
    tries = (identity(strict, weak(task.unknown), scales, degree) for degree in DEGREES)
    return next((found for found in tries if found is not None), None)


def weak(unknown: Sequence[str]) -> list[Any]:
    """The hyperparameters that are not negative."""
    return [letter for name, letter in zip(unknown, ring(unknown).gens(), strict=True) if not_negative(name)]


def _by_boxes(task: Task, begin: tuple[Step, ...], strict: list[Any], scales: Sequence[float]) -> Lower | None:
    sides = [_side(task, strict, scales, place) for place in range(len(task.unknown))]
    box = [(low, high) for low, high, _, _ in sides]
    steps = [step for *_, found, _ in sides for step in found]
    assumed = tuple(text for *_, text in sides if text)
    context = ring(task.unknown)
    inner = [context.constant(a) + g * (b - a) for g, (a, b) in zip(context.gens(), box, strict=True)]
    search = searched([poly.compose(*inner) for poly in strict])
    if search.point is not None:
        point = tuple(_float(a) + _float(b - a) * x for (a, b), x in zip(box, search.point, strict=True))
        return Lower((), (), point)
    if search.tree is None:
        return None
    listed = search.tree.listed()
    leaves = sum(isinstance(entry, list) for entry in listed)
    words = " × ".join(f"{n} in [{decimal(a)}, {decimal(b)}]" for n, (a, b) in zip(task.unknown, box, strict=True))
    content = {"box": [[str(a), str(b)] for a, b in box], "tree": listed, "bits": BITS}
    last = Step("boxes", f"on each of {leaves} boxes that cover {words} a combination of them is ≤ 0", content)
    return Lower((*begin, *steps, last), assumed)


def _float(number: fmpq) -> float:
    return int(number.p) / int(number.q)


def _side(task: Task, strict: list[Any], scales: Sequence[float], place: int) -> tuple[fmpq, fmpq, list[Step], str]:
    """An interval for one hyperparameter, and the identities that prove that the rest is outside; or what is assumed."""
    name, letter = task.unknown[place], ring(task.unknown).gens()[place]
    above = _edge(task, strict, scales, place, letter, 1)
    below = (fmpq(0), None) if not_negative(name) else _edge(task, strict, scales, place, letter, -1)
    steps = [step for edge in (below, above) if edge is not None and (step := edge[1]) is not None]
    widest = _short(scales[place] * REACH[1])
    low = -widest if below is None else below[0]
    high = widest if above is None else above[0]
    assumed = "" if below and above else f"{name} lies in [{decimal(low)}, {decimal(high)}]"
    return low, high, steps, assumed


def _edge(
    task: Task, strict: list[Any], scales: Sequence[float], place: int, letter: Any, side: int
) -> tuple[fmpq, Step | None] | None:
    """A bound of a hyperparameter from above (side 1) or below, with its proof."""
    for reach in REACH:
        value = _short(scales[place] * reach)
        found = _identity(task, [*strict, side * letter - value], scales)
        if found is not None:
            content = {**_identity_data(found), "variable": task.unknown[place], "side": side, "value": str(value)}
            sign = "at most" if side == 1 else "at least −"
            return side * value, Step("bound", f"{task.unknown[place]} is {sign}{decimal(value)}", content)
    return None


def _short(number: float) -> fmpq:
    """A fraction with few digits near the number, not below it."""
    digits = f"{number * 1.01:.2e}"
    mantissa, power = digits.split("e")
    return fmpq(int(mantissa.replace(".", ""))) * fmpq(10) ** (int(power) - 2)


def formula_step(method: Method) -> Step:
    """The characteristic polynomial in λ and the hyperparameters, as derived."""
    held = [[[list(map(int, e)), str(c)] for e, c in part] for part in terms(method)]
    content = {"method": method.name, "letters": ["curvature", *method.hyper], "coefficients": held}
    return Step("formula", "the characteristic polynomial in λ and the hyperparameters", content)


def _constraints(task: Task, made: Sequence[Constraint], rate: fmpq) -> Step:
    held = [{"curvature": str(c.curvature), "place": c.place, "poly": flat(c.poly)} for c in made]
    content = {"unknown": list(task.unknown), "radius": str(rate), "polys": held}
    where = ", ".join(decimal(c) for c in task.curvatures)
    return Step(
        "constraints",
        f"where the radius is below {decimal(rate)} at λ = {where}, {len(made)} polynomials are > 0",
        content,
    )


def flat(poly: Any) -> list[list[Any]]:
    """A polynomial as JSON holds it: exponents and coefficient of each term."""
    return [[list(e), str(c)] for e, c in by_exponents(poly).items()]


def _identity_step(found: Identity) -> Step:
    words = f"{len(found.terms)} products of them, with multipliers ≥ 0, add up to the constant {decimal(found.constant)} ≤ 0"
    return Step("identity", words, _identity_data(found))


def _identity_data(found: Identity) -> dict[str, Any]:
    return {"terms": [[list(p), str(y)] for p, y in found.terms], "constant": str(found.constant)}
