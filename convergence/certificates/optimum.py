"""The best rate enclosed, at given numbers: a rate that is reached, and a bound that nothing goes below.

From below: at a few curvatures the radius is below r only where certain polynomials of the hyperparameters are positive.
That they never all are is shown by one identity for all hyperparameters, or by branch and bound over a box.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from convergence.certificates import certificate
from convergence.certificates.attained import Attained, Task, attained, polished
from convergence.certificates.boxes import searched
from convergence.certificates.certificate import Bound, Boxes, Identity, Undecided
from convergence.certificates.exact import Doubt, Poly
from convergence.certificates.lower_bound import covered, least
from convergence.certificates.numbers import interval, one_fraction
from convergence.certificates.products import refuting
from convergence.certificates.proof import Proof
from convergence.certificates.words import shown
from convergence.errors import BadHyperparameter
from convergence.rule import Method
from convergence.theory import optimum as theory
from convergence.theory.system import system
from convergence.theory.unknowns import unknowns

BETTER = 4
"""How often the search starts again from better hyperparameters that branch and bound came upon."""

WIDER = (1, 30, 1000, 30_000)
"""By how much the gap grows, in parts of epsilon, when a proof does not go through."""

REACH = (2, 4, 16, 64, 1024)
"""Bounds of a hyperparameter that are tried, in parts of its size at the optimum."""


def optimum(method: Method, mu: Any, L: Any, epsilon: Any, fixed: Mapping[str, Any]) -> Proof:
    """Enclose the best rate over [mu, L] in an interval no longer than epsilon; undecided, with what is known, elsewhere."""
    low, high = (one_fraction(n, v) for n, v in zip(("mu", "L"), interval(mu, L), strict=True))
    gap = one_fraction("epsilon", epsilon)
    if gap <= 0:
        raise BadHyperparameter(f"epsilon must be positive; got {epsilon!r}")
    about = f"the best rate of {method.name} over [{low}, {high}]"
    method.require_known(fixed)
    determined, _ = unknowns(method, tuple(fixed))
    defaults = {n: v for n, v in method.defaults if n in determined and n != method.rate}
    held = {n: one_fraction(n, v) for n, v in (defaults | dict(fixed)).items()}
    try:
        best = None if _intricate(method, tuple(n for n in determined if n not in held)) else theory.best(method, fixed)
    except ArithmeticError as error:  # the floats that guide a derivation may fail where exact numbers do not
        return undecided(method, about, f"the optimum could not be derived: {error}")
    start, task = attained(Task(method, low, high, gap, held, tuple(dict.fromkeys((low, high)))), best)
    if start is None:
        return undecided(method, about, "no hyperparameters with a proven rate were found")
    try:
        return _proof(task, about, *enclosed(task, start))
    except Doubt as doubt:
        return undecided(method, about, str(doubt), upper=str(start.rate), hyper=_texts(start.hyper))


@cache
def _intricate(method: Method, unknown: tuple[str, ...]) -> bool:
    """Whether an unknown occurs in the third power or higher: a closed form would be looked for long, and not be there."""
    above = sp.numer(sp.together(system(method).characteristic.as_expr()))
    return any(sp.degree(above, method.symbols[n]) > 2 for n in unknown)


def undecided(method: Method, about: str, why: str, **known: Any) -> Proof:
    """What was neither proven nor refuted."""
    return Proof(Undecided(method=method.name, about=about, why=why, **known), method)


def _texts(numbers: Mapping[str, Fraction]) -> dict[str, str]:
    return {n: str(v) for n, v in numbers.items()}


@dataclass(frozen=True)
class Floor:
    """A proven lower bound, where the ``assumed`` ones hold; or a ``point`` that does better than what was attained."""

    value: Fraction = Fraction(0)
    below: Identity | Boxes | None = None
    assumed: tuple[str, ...] = ()
    point: tuple[float, ...] | None = None


def _proof(task: Task, about: str, start: Attained, floor: Floor) -> Proof:
    gap, hyper = start.rate - floor.value, _texts(start.hyper)
    if gap > task.epsilon or floor.assumed:
        said = f"the gap reached is {float(gap):.3g}, epsilon is {float(task.epsilon):.3g}"
        why = said if gap > task.epsilon else f"proven only where {', '.join(floor.assumed)}"
        known: dict[str, Any] = {"lower": str(floor.value), "upper": str(start.rate), "hyper": hyper}
        about = f"{about} lies in [{shown(known['lower'])}, {shown(known['upper'])}]"
        return undecided(task.method, about, why, assumptions=floor.assumed, **known)
    content = certificate.Optimum(
        method=task.method.name,
        kind="optimum",
        holds=True,
        held=_texts(task.held),
        hyper={n: ((v,), ("1",)) for n, v in hyper.items()},
        mu=(str(task.mu),),
        L=(str(task.L),),
        lower=str(floor.value),
        rate=((str(start.rate),), ("1",)),
        signs=start.signs,
        below=floor.below,
    )
    return Proof(content, task.method)


def enclosed(task: Task, start: Attained) -> tuple[Attained, Floor]:
    """A lower bound, and the hyperparameters again, or better ones that branch and bound came upon."""
    for _ in range(BETTER):
        floor = _below(task, start)
        if floor.point is None:
            return start, floor
        better = polished(task, dict(zip(task.unknown, floor.point, strict=True)))
        if better is None or better.rate >= start.rate:
            break
        start = better
    return start, Floor()


def _below(task: Task, start: Attained) -> Floor:
    sizes = [abs(float(start.hyper[n])) or 1.0 for n in task.unknown]
    for factor in WIDER:
        gap = task.epsilon * factor
        if start.rate <= gap:
            return Floor()
        for value, boxes in ((start.rate - gap / 1000, False), (start.rate - gap, False), (start.rate - gap, True)):
            floor = excluded(task, value, sizes, boxes)
            if floor is not None:
                return floor
    return Floor()


def excluded(task: Task, rate: Fraction, sizes: Sequence[float], boxes: bool) -> Floor | None:
    """No hyperparameters have a radius below the rate at all the task's curvatures: by one identity, or by ``boxes``."""
    strict, weak = task.inequalities(rate)
    places = tuple((str(v),) for v in task.curvatures)
    if not boxes:
        products = refuting(strict, weak, task.unknown, [(Fraction(0), sizes)])
        return None if products is None else Floor(rate, Identity(curvatures=places, products=products))
    bounds, box, assumed = list[Bound](), dict[str, tuple[Fraction, Fraction]](), list[str]()
    for name, size in zip(task.unknown, sizes, strict=True):
        low, widest, edges = least(task.method, name), _short(size * REACH[1]), list[Fraction | None]()
        for side in (-1, 1):
            bound = None if low is not None and side < 0 else _bound(strict, weak, task.unknown, sizes, name, side)
            bounds += [bound] if bound else []
            edges.append(side * Fraction(bound.value) if bound else low if side < 0 else None)
        box[name] = (-widest if edges[0] is None else edges[0], widest if edges[1] is None else edges[1])
        assumed += ["{} lies in [{}, {}]".format(name, *box[name])] if None in edges else []
    search = searched(strict, box)
    if search.tree is None:
        return None if search.point is None else Floor(point=search.point)
    covered(search.tree, box, strict)
    return Floor(rate, Boxes(curvatures=places, bounds=tuple(bounds), tree=search.tree), tuple(assumed))


def _bound(
    strict: list[Poly], weak: list[Poly], unknown: Sequence[str], sizes: Sequence[float], name: str, side: Any
) -> Bound | None:
    """A bound of a hyperparameter from above (side 1) or below, with its proof."""
    letter = strict[0].ring.letter(name)
    for reach in REACH:
        value = _short(sizes[unknown.index(name)] * reach)
        products = refuting([*strict, letter * side - value], weak, unknown, [(Fraction(0), sizes)])
        if products is not None:
            return Bound(variable=name, side=side, value=str(value), products=products)
    return None


def _short(number: float) -> Fraction:
    """A fraction with few digits near the number, not below it."""
    return Fraction(f"{number * 1.01:.2e}")
