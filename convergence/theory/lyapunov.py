"""The discrete Lyapunov and Sylvester equations S = ASBᵀ + Q in letters: stationary second moments of a linear recursion.

Solved in a field of rational functions for the entries of S, each once where S is symmetric (half-vectorised: 3 unknowns
for two states, 6 for three). ``sympy.solve`` does not come to an end on these systems.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from convergence.algebra import cancelled
from convergence.errors import NotLinear
from convergence.theory.symbols import CURVATURE, factored, turned


def lyapunov(A: sp.Matrix, Q: sp.Matrix) -> DomainMatrix | None:
    """The symmetric S = ASAᵀ + Q over a field; None where there is no single one."""
    return _solved(A, A, Q, [(i, j) for i in range(A.rows) for j in range(i + 1)])


def sylvester(A: sp.Matrix, B: sp.Matrix, Q: sp.Matrix) -> DomainMatrix | None:
    """The S = ASBᵀ + Q over a field; None where there is no single one."""
    return _solved(A, B, Q, [(i, j) for i in range(A.rows) for j in range(B.rows)])


def _solved(A: sp.Matrix, B: sp.Matrix, Q: sp.Matrix, pairs: list[tuple[int, int]]) -> DomainMatrix | None:
    place = {pair: k for k, pair in enumerate(pairs)}
    place = {(j, i): k for (i, j), k in place.items()} | place
    system = sp.zeros(len(pairs), len(pairs) + 1)
    for row, (i, j) in enumerate(pairs):
        system[row, row] += 1
        system[row, len(pairs)] = Q[i, j]
        for k in range(A.rows):
            for m in range(B.rows):
                system[row, place[k, m]] -= A[i, k] * B[j, m]
    whole = over_field(system)
    try:
        entries = whole[:, : len(pairs)].lu_solve(whole[:, len(pairs) :])
    except DMNonInvertibleMatrixError:
        return None
    columns = [[entries[place[i, j], 0].element for j in range(B.rows)] for i in range(A.rows)]
    return DomainMatrix(columns, (A.rows, B.rows), entries.domain)


def over_field(matrix: sp.Matrix) -> DomainMatrix:
    """A matrix over the field of rational functions of its letters."""
    return DomainMatrix.from_Matrix(matrix).to_field()


def read(matrix: DomainMatrix) -> sp.ImmutableMatrix:
    """A matrix over a field as formulas, each a product of factors. Its entries are in lowest terms: none is expanded."""
    return sp.ImmutableMatrix(*matrix.shape, [_read(element, matrix.domain) for element in matrix.to_list_flat()])


def _read(element: Any, domain: Any) -> sp.Expr:
    if not domain.is_FractionField:
        return domain.to_sympy(element)
    above, below = (_factors(part) for part in (element.numer, element.denom))
    return _grouped(turned(above / below))


def _factors(poly: Any) -> sp.Expr:
    number, factors = poly.factor_list()
    return sp.sympify(number) * sp.Mul(*(factor.as_expr() ** times for factor, times in factors))


def written(formula: sp.Expr) -> sp.Expr:
    """A rational formula as a product of factors, a sum among them by powers of λ where that is shorter."""
    return _grouped(factored(formula))


def _grouped(product: sp.Expr) -> sp.Expr:
    return sp.Mul(*(_by_curvature(part) for part in sp.Mul.make_args(product)))


def _by_curvature(part: sp.Expr) -> sp.Expr:
    base, power = part.as_base_exp()
    if not base.is_Add or not base.is_polynomial(CURVATURE):
        return part
    grouped = sum(_signed(c) * CURVATURE**k for (k,), c in sp.Poly(base, CURVATURE).terms())
    return part if sp.count_ops(grouped) >= sp.count_ops(base) else grouped**power


def _signed(coefficient: sp.Expr) -> sp.Expr:
    """Factored, and with a minus sign before it where it is negative for small hyperparameters: −η(1−β)."""
    small = coefficient.subs({s: sp.Rational(1, 100) for s in coefficient.free_symbols})
    return -factored(-coefficient) if small.is_negative else factored(coefficient)


def no_stationary_covariance(A: sp.Matrix, names: tuple[str, ...], method: str) -> NotLinear:
    """The error that says why S = ASAᵀ + Q has no single solution: a state that keeps what it got, or eigenvalues ab = 1."""
    for value, does in ((1, "keeps"), (-1, "keeps, with alternating sign,")):
        kernel = (A - value * sp.eye(A.rows)).nullspace()
        stuck = [name for name, entry in zip(names, kernel[0], strict=True) if cancelled(entry) != 0] if kernel else []
        if stuck:
            return NotLinear(
                f"{method} has no stationary covariance: its state {' with '.join(stuck)} {does} what noise once put there, at "
                f"every learning rate; take it out of the rule, or let it decay"
            )
    return NotLinear(
        f"{method} has no stationary covariance: two of its eigenvalues have the product 1 at every setting, so one of them is "
        f"not inside the unit circle"
    )
