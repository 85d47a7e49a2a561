"""A rule with what it divides by held still: the linear method that an adaptive one is while its second moment hardly moves.

Cohen et al. (2022) call the limit of its curvatures the edge of stability of adaptive methods, 38/η for Adam at β₁ = 0.9.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any

import sympy as sp

from convergence.algebra import cancelled
from convergence.domain import Domain
from convergence.errors import NotLinear
from convergence.methods import as_method
from convergence.rule import Method, Objective, State, method
from convergence.theory.clock import stopped_clocks
from convergence.theory.trace import Question, Trace, trace_rule

NAME = "preconditioner"
DOMAIN = Domain("p", 0, scale="log")


def frozen(m: Any, /) -> Method:
    """The method with its preconditioner held: what it divides by, as √v + ε, becomes a hyperparameter ``preconditioner``.

    It is read off the rule: the one divisor that depends on the state is replaced by a letter p, and the buffers that only it
    hears are left out. What remains is linear: its region, floor, optimum and runs are those of the adaptive method along an
    eigenvector of P⁻¹H with λ/p for λ, as long as p hardly moves.

    Raises
    ------
    NotLinear
        For a rule that divides by nothing of its state, or is not linear with that held.
    BadRule, BadName
        As ``derive``.

    >>> import convergence as cv
    >>> cv.stability(cv.frozen("adam")).lr_max
    2*p*(beta1 + 1)/(lambda*(1 - beta1))
    >>> cv.frozen("rmsprop")
    Method frozen_rmsprop(x; lr, preconditioner)
    """
    return frozen_of(as_method(m))


@cache
def frozen_of(adaptive: Method) -> Method:
    """``frozen`` of a Method; the same one each time."""
    trace = trace_rule(adaptive)
    letter = DOMAIN.symbol
    clocks = set(stopped_clocks(trace.inputs, trace.closed))
    divisor = _divisor(adaptive, trace, clocks)
    values = [value.subs(divisor, letter) for value in trace.values]
    kept = _needed(trace, values)
    names = [name for name, s in adaptive.symbols.items() if any(values[k].has(s) for k in kept)]
    inputs = [trace.inputs[k] for k in kept]
    answers = [q.answer for q in trace.questions]
    moving = [s for s in inputs if s not in clocks]
    slopes = sp.Matrix([values[k] for k in kept if trace.inputs[k] in moving]).jacobian([*moving, *answers])
    if slopes.applyfunc(cancelled).has(*moving, *answers):
        raise NotLinear(
            f"{adaptive.name} is not linear with its preconditioner {divisor} held: a sign or root is left in it"
        )
    rule = _rule(adaptive, trace.questions, [*names, NAME], inputs, [values[k] for k in kept], letter)
    start = None if adaptive.starts is None else lambda f, x: tuple(adaptive.start(f, x)[k] for k in kept)
    return method(start=start, name=f"frozen_{adaptive.name}")(rule)


def _divisor(adaptive: Method, trace: Trace, clocks: set[sp.Symbol]) -> sp.Expr:
    """The one thing it divides by that depends on more than clocks and hyperparameters."""
    moving = {*trace.inputs[1:], *(q.answer for q in trace.questions)} - clocks
    divisors = [d for d in trace.divisors if d.free_symbols & moving]
    if len(divisors) != 1:
        count = "nothing" if not divisors else f"{len(divisors)} things"
        raise NotLinear(
            f"{adaptive.name} has no preconditioner to hold: it divides by {count} of its state and gradients"
        )
    return divisors[0]


def _needed(trace: Trace, values: list[sp.Expr]) -> list[int]:
    """The places of the states that the position hears, directly or through others."""
    heard, more = {trace.inputs[0]}, True
    asked = [q.asked for q in trace.questions]
    while more:
        formulas = [*asked, *(v for v, s in zip(values, trace.inputs, strict=True) if s in heard)]
        fresh = {s for s in trace.inputs if any(f.has(s) for f in formulas)} - heard
        heard, more = heard | fresh, bool(fresh)
    return [k for k, s in enumerate(trace.inputs) if s in heard]


def _rule(
    adaptive: Method,
    questions: tuple[Question, ...],
    names: list[str],
    inputs: list[sp.Symbol],
    values: list[sp.Expr],
    letter: sp.Symbol,
) -> Any:
    """The update rule of these formulas, as a function that is asked as any other is."""
    letters = [*inputs, *(letter if name == NAME else adaptive.symbols[name] for name in names)]
    steps = [
        (q.oracle, sp.lambdify([*letters, *(p.answer for p in questions[:k])], q.asked, modules="math"))
        for k, q in enumerate(questions)
    ]
    next_state = sp.lambdify([*letters, *(q.answer for q in questions)], values, modules="math", cse=True)

    def rule(f: Objective, *state: Any, **hyper: Any) -> State:
        given, answers = [*state, *(hyper[name] for name in names)], list[Any]()
        for oracle, asked in steps:
            answers.append(getattr(f, oracle)(asked(*given, *answers)))
        return tuple(next_state(*given, *answers))

    kinds: Mapping[str, Domain] = {**adaptive.domains, NAME: DOMAIN}
    rule.__annotations__ = {name: Annotated[Any, kinds[name]] for name in names}
    rule.__doc__ = (
        f"{adaptive.title} with what it divides by held at p: {(adaptive.doc or adaptive.name).splitlines()[0]}"
    )
    kind = inspect.Parameter
    state = [kind(str(s).removeprefix("s_"), kind.POSITIONAL_OR_KEYWORD) for s in (sp.Symbol("f"), *inputs)]
    defaults = dict(adaptive.defaults)
    rule.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*state, *(kind(name, kind.KEYWORD_ONLY, default=defaults.get(name, kind.empty)) for name in names)]
    )
    return rule
