"""The response of a method: the characteristic polynomial that its positions obey, and their generating functions.

Iterates are written as a power series in 1/z: Σ x_k z^(−k) = z·N/P with P the characteristic polynomial. Two linear rules
have the same iterates, from step 0 on, exactly where these series are the same rational function: no step is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import sympy as sp

from convergence.algebra import factors_with_powers, fraction, lowest_terms, powers
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE, Z
from convergence.theory.system import START, require_rational, system
from convergence.theory.trace import MINIMISER, state_symbols, trace_rule, trace_start

Formulas = tuple[sp.Expr, ...]


@dataclass(frozen=True, eq=False)
class Response:
    """A method along one direction, its hyperparameters letters or numbers, as its positions show it.

    Attributes
    ----------
    method, hyper
        The Method, and its hyperparameters: name -> letter or number.
    matrix
        (n, n), moves the state.
    first
        (n, 1), the state at x₀ = 1 with the minimiser at 0.
    offset, drive
        (n, 1), what the minimiser at 1 adds to the first state, and what it adds at each step.
    steady
        False for a rule that was linearised, or that keeps time: then ``matrix`` is what its steps tend to, and the
        three others say nothing.
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
    matrix: sp.Matrix
    first: sp.Matrix
    offset: sp.Matrix
    drive: sp.Matrix
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
        matrix, first, offset, drive = (
            part.subs(values, simultaneous=True).applyfunc(lowest_terms)
            for part in (self.matrix, self.first, self.offset, self.drive)
        )
        hyper = {name: sp.sympify(value).subs(values, simultaneous=True) for name, value in self.hyper.items()}
        return _response(self.method, hyper, matrix, first, offset, drive, self.steady)

    def renamed(self, names: Mapping[str, sp.Symbol]) -> Response:
        """The same in other letters, nothing else changed."""
        swap = {self.hyper[name]: letter for name, letter in names.items()}
        names_of = ("matrix", "first", "offset", "drive", "characteristic", "core", "hidden")
        parts: dict[str, Any] = {name: getattr(self, name).xreplace(swap) for name in names_of}
        responses = None if self.responses is None else tuple(part.xreplace(swap) for part in self.responses)
        return replace(self, hyper=dict(names), responses=responses, **parts)


@cache
def response(method: Method) -> Response:
    """The response of a method in its own letters. NotLinear where it has no iteration matrix, or none that is rational."""
    derived = system(method)
    require_rational(derived)
    steady = derived.linear and derived.clock is None
    drive = (sp.eye(len(derived.state)) - derived.matrix) * sp.Matrix(derived.rest)
    first, offset = (part if steady else 0 * part for part in (derived.first, derived.first_by_minimiser))
    return _response(method, method.symbols, sp.Matrix(derived.matrix), first, offset, drive, steady)


def at_values(method: Method, hyper: Mapping[str, Any]) -> Response:
    """The response of a method at numbers, or formulas, for all of its hyperparameters."""
    plain = response(method)
    return plain.at({plain.hyper[name]: sp.sympify(hyper[name]) for name in method.hyper})


def fresh(method: Method) -> Response:
    """The response of a method in letters that nothing else uses, with the assumptions of its own."""
    plain = response(method)
    return plain.renamed({name: sp.Dummy(name, **letter.assumptions0) for name, letter in plain.hyper.items()})


def positions(method: Method, hyper: Mapping[str, sp.Expr]) -> Iterator[sp.Expr]:
    """The positions x_0, x_1, … of a rule run on symbols from x₀ = 1 with the minimiser at 0, rational in λ; endless."""
    point = {method.symbols[name]: sp.sympify(value) for name, value in hyper.items()} | {MINIMISER: 0, START: 1}
    update = [entry.subs(point) for entry in trace_rule(method).closed]
    state = [sp.cancel(entry.subs(point)) for entry in trace_start(method, START).closed]
    while True:
        yield state[0]
        now = dict(zip(state_symbols(method), state, strict=True))
        state = [sp.cancel(entry.xreplace(now)) for entry in update]


def rate_first(method: Method) -> list[str]:
    """Hyperparameters in the order in which to solve for them: rates, then those without a default."""
    return sorted(method.hyper, key=lambda name: (not method.domains[name].is_rate, name in dict(method.defaults)))


def _first_row(matrix: sp.Matrix) -> sp.Matrix:
    """By Faddeev and LeVerrier: adj(z − A) = Σ z^(n−1−k)·M_k with M_0 = 1, M_k = A·M_(k−1) + c_k."""
    size = matrix.rows
    term, row = sp.eye(size), sp.zeros(1, size)
    for k in range(size):
        row += Z ** (size - 1 - k) * term[0, :]
        product = (matrix * term).applyfunc(sp.expand)
        term = product - sp.eye(size) * product.trace() / (k + 1)
    return row.applyfunc(lowest_terms)


def _response(
    method: Method,
    hyper: Mapping[str, sp.Expr],
    matrix: sp.Matrix,
    first: sp.Matrix,
    offset: sp.Matrix,
    drive: sp.Matrix,
    steady: bool,
) -> Response:
    characteristic = lowest_terms((Z * sp.eye(matrix.rows) - matrix).det(method="berkowitz"))
    row = _first_row(matrix)
    responses = (row * first)[0], (row * ((Z - 1) * offset + drive))[0]
    shown = [lowest_terms(part) for part in (responses if steady else row)]
    core, hidden = _split(characteristic, [fraction(part)[0] for part in shown])
    numerators = tuple(shown) if steady else None
    return Response(method, hyper, matrix, first, offset, drive, steady, characteristic, core, hidden, numerators)


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
