"""A tuning task goes in; bounds of the best rate come out, with proof: one that is reached, one that nothing goes below.

From below: at a few curvatures the radius is below r only where certain polynomials of the hyperparameters are positive.
That they never all are is shown by one identity for all hyperparameters, or by branch and bound over a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import fmpq

from convergence.certificates import attained as reached
from convergence.certificates.attained import Attained, Task, task_value
from convergence.certificates.characteristic import interval, one_number
from convergence.certificates.claims import Optimum
from convergence.certificates.facts import decimal
from convergence.certificates.field import rational
from convergence.certificates.lower import Lower, excluded
from convergence.certificates.proof import Proof, Step, shown
from convergence.errors import BadHyperparameter
from convergence.theory.optimum import best

BETTER = 4
"""How often the search starts again from better hyperparameters that branch and bound came upon."""

WIDER = (1, 30, 1000, 30_000)
"""By how much the gap grows, in parts of epsilon, when a proof does not go through."""


def optimum(claim: Optimum) -> Proof:
    """Enclose the best rate over [mu, L] in an interval no longer than epsilon.

    ``upper`` is reached by the exact ``hyper``, and ``lower`` is proven for all hyperparameters (lr and momentum not
    negative); where a proof needed a box that is not proven to hold them all, it stands under ``assumptions``.
    """
    mu, L = (_rational(n, v) for n, v in zip(("mu", "L"), interval(claim.mu, claim.L), strict=True))
    epsilon = rational(_rational("epsilon", one_number("epsilon", claim.epsilon)))
    if epsilon <= 0:
        raise BadHyperparameter(f"epsilon must be positive; got {claim.epsilon!r}")
    try:
        found = best(claim.method, claim.fixed)
    except ArithmeticError as error:  # the floats that guide a derivation may fail where exact numbers do not
        why = f"the optimum could not be derived: {error}"
        return Proof(f"the best rate of {claim.method.name}", None, why, (), {"kind": "optimum"})
    held = {n: rational(_rational(n, v)) for n, v in found.fixed.items()}
    unknown = tuple(n for n in claim.method.hyper if n not in held)
    task = Task(claim.method, mu, L, epsilon, held, unknown, tuple(rational(v) for v in dict.fromkeys((mu, L))))
    start, task = reached.attained(task, found)
    text = f"the best rate of {_named(task)} over [{shown(mu)}, {shown(L)}]"
    if start is None:
        return Proof(text, None, "no hyperparameters with a proven rate were found", (), {"kind": "optimum"})
    start, lower = _enclosed(task, start)
    return _proof(task, text, start, lower)


def _rational(name: str, number: Any) -> sp.Rational:
    value = sp.nsimplify(number) if getattr(number, "is_Float", False) else sp.sympify(number)
    if not value.is_Rational:
        raise BadHyperparameter(f"an optimum is certified at rational numbers; got {name}={number}")
    return value


def _named(task: Task) -> str:
    held = ", ".join(f"{n}={shown(task_value(v))}" for n, v in task.held.items())
    return f"{task.method.name}{f' with {held}' if held else ''}"


@dataclass(frozen=True)
class _Bound:
    """A proven lower bound."""

    value: fmpq
    proof: Lower | None


def _enclosed(task: Task, start: Attained) -> tuple[Attained, _Bound]:
    for _ in range(BETTER):
        bound, point = _below(task, start)
        if point is None:
            return start, bound
        better = reached.searched(task, dict(zip(task.unknown, point, strict=True)))
        if better is None or better.rate >= start.rate:
            return start, bound
        start = better
    return start, bound


def _below(task: Task, start: Attained) -> tuple[_Bound, Sequence[float] | None]:
    """A lower bound, or a point that does better than what was attained."""
    sizes = {n: abs(float(v)) or 1.0 for n, v in start.hyper.items()}
    for factor in WIDER:
        gap = task.epsilon * factor
        if start.rate <= gap:
            return _Bound(fmpq(0), None), None
        tries = ((start.rate - gap / 1000, False), (start.rate - gap, False), (start.rate - gap, True))
        for value, boxes in tries:
            proof = excluded(task, value, sizes, boxes)
            if proof is not None and proof.point is not None:
                return _Bound(fmpq(0), None), proof.point
            if proof is not None:
                return _Bound(value, proof), None
    return _Bound(fmpq(0), None), None


def _proof(task: Task, text: str, start: Attained, bound: _Bound) -> Proof:
    lower, upper = (task_value(v) for v in (bound.value, start.rate))
    steps = (*start.steps, *(bound.proof.steps if bound.proof else (_trivial(),)))
    assumed = bound.proof.assumptions if bound.proof else ()
    statement = {
        "kind": "optimum",
        "mu": [str(task.mu)],
        "L": [str(task.L)],
        "epsilon": str(task.epsilon),
        "held": {n: str(v) for n, v in task.held.items()},
    }
    gap = start.rate - bound.value
    said = f"{text} lies in [{decimal(bound.value)}, {decimal(start.rate)}]"
    done = gap <= task.epsilon and not assumed
    why = "" if done else _why(task, gap, assumed)
    return Proof(
        said,
        True if done else None,
        why,
        steps,
        statement,
        lower=lower,
        upper=upper,
        hyper=start.hyper,
        assumptions=assumed,
        method=task.method,
    )


def _why(task: Task, gap: fmpq, assumed: tuple[str, ...]) -> str:
    if gap > task.epsilon:
        return f"the gap reached is {decimal(gap)}, epsilon is {decimal(task.epsilon)}"
    return f"proven only where {', '.join(assumed)}"


def _trivial() -> Step:
    return Step("trivial", "no radius is below 0", {})
