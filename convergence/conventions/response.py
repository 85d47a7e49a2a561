"""The response of a method: the characteristic polynomial that its positions obey, and their generating functions.

Iterates are written as a power series in 1/z: Σ x_k z^(−k) = z·N/P with P the characteristic polynomial. Two linear rules
have the same iterates, from step 0 on, exactly where these series are the same rational function: no step is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import sympy as sp

from convergence.algebra import cancelled, factors_with_powers, fraction, lowest_terms, powers
from convergence.rule import Method
from convergence.theory.loop import START
from convergence.theory.rational import require_rational
from convergence.theory.symbols import CURVATURE, Z
from convergence.theory.system import system
from convergence.theory.trace import MINIMISER, state_symbols, trace_rule, trace_start

Formulas = tuple[sp.Expr, ...]


@dataclass(frozen=True, eq=False)
class Response:
    """A method along one direction, its hyperparameters letters or numbers, as its positions show it.

    Attributes
    ----------
    method, hyper
        The Method, and its hyperparameters: name -> letter or number.
    loop
        The matrix (n, n) that moves the state; the first state (n, 1) at x₀ = 1 with the minimiser at 0; and, with the
        minimiser at 1, what it adds: (z−1) times the part in the first state, and the part at each step.
    steady
        False for a rule that was linearised, or that keeps time: then the matrix is what its steps tend to, and the
        two others say nothing.
    characteristic
        det(zI − matrix) = core·hidden.
    core
        The characteristic polynomial, monic in z, of what positions show.
    hidden
        The powers of z, and the factors free of λ that no position ever shows.
    responses
        The N of the series z·N/P of the positions: for x₀ = 1 with the minimiser at 0, and for the reverse times (z−1);
        None where it is not steady.
    """

    method: Method
    hyper: Mapping[str, sp.Expr]
    loop: tuple[sp.Matrix, ...]
    steady: bool
    characteristic: sp.Expr
    core: sp.Expr
    hidden: sp.Expr
    responses: Formulas | None

    @property
    def degree(self) -> int:
        """The number of eigenvalues that positions show."""
        return int(sp.degree(self.core, Z)) if self.core.has(Z) else 0

    @property
    def letters(self) -> tuple[sp.Symbol, ...]:
        """The hyperparameters that are letters, in the method's order."""
        return tuple(value for value in self.hyper.values() if value.is_Symbol)

    def at(self, values: Mapping[sp.Symbol, Any]) -> Response:
        """The same with letters replaced; what the position shows is looked at anew."""
        loop = (part.subs(values, simultaneous=True).applyfunc(lowest_terms) for part in self.loop)
        hyper = {name: sp.sympify(value).subs(values, simultaneous=True) for name, value in self.hyper.items()}
        return _response(self.method, hyper, tuple(loop), self.steady)


@cache
def response(method: Method) -> Response:
    """The response of a method in its own letters. NotLinear where it has no iteration matrix, or none that is rational."""
    derived = system(method)
    require_rational(derived)
    steady = derived.linear and derived.clock is None
    matrix = sp.Matrix(derived.matrix)
    if not steady:
        nothing = sp.zeros(matrix.rows, 1)
        return _response(method, method.symbols, (matrix, nothing, nothing), steady)
    drive = (sp.eye(matrix.rows) - matrix) * sp.Matrix(derived.rest)
    loop = matrix, derived.first, (Z - 1) * derived.first_by_minimiser + drive
    return _response(method, method.symbols, loop, steady)


def at_values(method: Method, hyper: Mapping[str, Any]) -> Response:
    """The response of a method at numbers, or formulas, for all of its hyperparameters."""
    return _at(method, tuple(sp.sympify(hyper[name]) for name in method.hyper))


@lru_cache(256)
def _at(method: Method, values: Formulas) -> Response:
    plain = response(method)
    return plain.at({plain.hyper[name]: value for name, value in zip(method.hyper, values, strict=True)})


@cache
def fresh(method: Method) -> Response:
    """The response of a method in letters that nothing else uses, with the assumptions of its own."""
    plain = response(method)
    letters = {name: sp.Dummy(name, **letter.assumptions0) for name, letter in plain.hyper.items()}
    swap = {plain.hyper[name]: letter for name, letter in letters.items()}
    loop, shown = (tuple(part.xreplace(swap) for part in parts) for parts in (plain.loop, plain.responses or ()))
    whole, core, hidden = (part.xreplace(swap) for part in (plain.characteristic, plain.core, plain.hidden))
    return Response(method, letters, loop, plain.steady, whole, core, hidden, shown or None)


def positions(method: Method, hyper: Mapping[str, sp.Expr]) -> Iterator[sp.Expr]:
    """The positions x_0, x_1, … of a rule run on symbols from x₀ = 1 with the minimiser at 0, rational in λ; endless."""
    point = {method.symbols[name]: sp.sympify(value) for name, value in hyper.items()} | {MINIMISER: 0, START: 1}
    update = [entry.subs(point) for entry in trace_rule(method).closed]
    state = [cancelled(entry.subs(point)) for entry in trace_start(method, START).closed]
    while True:
        yield state[0]
        now = dict(zip(state_symbols(method), state, strict=True))
        state = [cancelled(entry.xreplace(now)) for entry in update]


def rate_first(method: Method) -> list[str]:
    """Hyperparameters in the order in which to solve for them: rates, then those without a default."""
    return sorted(method.hyper, key=lambda name: (not method.domains[name].is_rate, name in dict(method.defaults)))


def _response(method: Method, hyper: Mapping[str, sp.Expr], loop: tuple[sp.Matrix, ...], steady: bool) -> Response:
    matrix, *inputs = loop
    resolvent = Z * sp.eye(matrix.rows) - matrix
    characteristic = lowest_terms(resolvent.det(method="berkowitz"))
    row = resolvent.adjugate(method="berkowitz")[0, :].applyfunc(lowest_terms)
    shown = [lowest_terms(part) for part in ([(row * one)[0] for one in inputs] if steady else row)]
    core, hidden = _split(characteristic, [fraction(part)[0] for part in shown])
    return Response(method, hyper, loop, steady, characteristic, core, hidden, tuple(shown) if steady else None)


def _split(characteristic: sp.Expr, shown: list[sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    """The factors that positions show, multiplied and monic in z, and the others: z itself, and free of λ and cancelled."""
    core, hidden = sp.Integer(1), sp.Integer(1)
    for factor, times in factors_with_powers(characteristic):
        if not factor.has(Z):
            continue
        monic = lowest_terms(factor / powers(factor, Z)[0])
        power = monic**times
        if factor == Z or (not monic.has(CURVATURE) and all(sp.rem(n, power, Z) == 0 for n in shown)):
            hidden *= power
        else:
            core *= power
    return core, hidden
