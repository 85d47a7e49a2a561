"""A method goes in; the polynomials in λ and its hyperparameters by which its rule divides come out: its poles are their zeros.

A pole may cancel in the characteristic polynomial, and even in the matrix: λ/λ is 1, and 0/0 is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sympy as sp

from convergence.rule import Method
from convergence.theory.dynamics import Dynamics, dynamics
from convergence.theory.symbols import CURVATURE, symbol
from convergence.theory.tracing import POSITION, Parabola, Traced, formula


class Watched(Traced):
    """A symbol that a rule can treat as an array, and that keeps what the rule divides by."""

    def __init__(self, value: sp.Expr, divisors: list[sp.Expr]) -> None:
        super().__init__(value)
        self.divisors = divisors

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **options: Any) -> Traced:
        made = super().__array_ufunc__(ufunc, how, *inputs, **options)
        self.divisors.extend(_divisors(ufunc.__name__, [formula(given) for given in inputs]))
        return Watched(made.formula, self.divisors)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Traced:
        return Watched(super().__array_function__(function, types, inputs, options).formula, self.divisors)


def _divisors(name: str, inputs: Sequence[sp.Expr]) -> Sequence[sp.Expr]:
    if name == "divide":
        return inputs[1:2]
    return inputs[:1] if name == "reciprocal" or (name == "power" and inputs[1].is_negative) else ()


class _Objective(Parabola):
    """½λ(x − w)², whose answers are watched."""

    def __init__(self, divisors: list[sp.Expr]) -> None:
        super().__init__()
        self.divisors = divisors

    def grad(self, x: Any, /) -> Traced:
        return Watched(super().grad(x).formula, self.divisors)

    def solve(self, g: Any, /) -> Traced:
        self.divisors.append(CURVATURE)
        return Watched(super().solve(g).formula, self.divisors)


@cache
def poles(method: Method) -> tuple[sp.Expr, ...]:
    """The irreducible polynomials whose zeros are poles: of the matrix, of a clock's at its start, and of the rule's steps."""
    derived = dynamics(method)
    letters = set(derived.symbols.values())
    found: dict[sp.Expr, None] = {}
    for divisor in (*_of_matrix(derived), *_of_rule(method, derived)):
        above = sp.numer(sp.cancel(divisor)) if divisor.is_rational_function(*divisor.free_symbols) else sp.Integer(1)
        if above.free_symbols and above.free_symbols <= letters:
            found.update((factor, None) for factor, _ in sp.factor_list(above)[1])
        elif above == 0:
            found[sp.Integer(0)] = None
    return tuple(found)


def _of_matrix(derived: Dynamics) -> Iterator[sp.Expr]:
    yield from (sp.denom(sp.cancel(entry)) for entry in derived.matrix)
    if derived.clock:
        entries = [sp.denom(sp.cancel(entry)) for entry in derived.clock.matrix]
        yield from _read(derived, entries)


def _of_rule(method: Method, derived: Dynamics) -> Iterator[sp.Expr]:
    """What the rule divides by, where that is no matter of the state (a clock is read at its start and at its end)."""
    divisors: list[sp.Expr] = []
    state = [Watched(sp.Symbol(f"s_{name}", real=True), divisors) for name in method.state]
    hyper = {name: Watched(symbol(name), divisors) for name in method.hyper}
    method(_Objective(divisors), *state, **hyper)
    yield from (divisor for divisor in _read(derived, [sp.cancel(d) for d in divisors]) if not divisor.has(POSITION))


def _read(derived: Dynamics, formulas: Sequence[sp.Expr]) -> Iterator[sp.Expr]:
    clock = derived.clock
    for readings in (clock.start, clock.rest) if clock else ((),):
        yield from (f.subs(dict(zip(clock.letters if clock else (), readings, strict=True))) for f in formulas)
