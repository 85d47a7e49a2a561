"""An update rule goes in; its iteration matrix per direction comes out, with everything that follows from it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import sympy as sp

from convergence.errors import BadName, NotLinear, nearest
from convergence.rule import Method
from convergence.theory.linearisation import linearised
from convergence.theory.symbols import CURVATURE, SCALINGS, SIGMA, Z, symbol, tidy
from convergence.theory.tracing import POSITION, traced, traced_start


@dataclass(frozen=True)
class Dynamics:
    """What a method does along one direction: state − rest ← matrix · (state − rest).

    ``matrix`` has a row and a column for each entry of ``state``, and ``characteristic`` is det(zI − matrix). ``rest`` is the
    state at the minimiser, in units of the minimiser's coordinate: 1 for a copy of the position, 0 for a buffer.
    ``linear`` is False where the rule was linearised there. ``symbols`` maps "curvature" (or "sigma") and each
    hyperparameter to its symbol.
    """

    name: str
    state: tuple[str, ...]
    matrix: sp.Matrix
    characteristic: sp.Poly
    rest: tuple[sp.Expr, ...]
    linear: bool
    symbols: dict[str, sp.Symbol]

    @property
    def eigenvalues(self) -> tuple[sp.Expr, ...]:
        """The roots of the characteristic polynomial, with multiplicity.

        Factors of degree three and more have no formula one could read; their roots are left out.
        """
        return tuple(root for factor, times in self.factors for root in _roots(factor) * times)

    @property
    def factors(self) -> tuple[tuple[sp.Poly, int], ...]:
        """The irreducible monic factors of the characteristic polynomial in z, with multiplicity."""
        return _factors(self.characteristic)

    @property
    def discriminant(self) -> sp.Expr:
        """The discriminant of the characteristic polynomial in z, factored; 1 for a single state."""
        return _discriminant(self.characteristic)

    @property
    def ends_suffice(self) -> bool:
        """Whether the largest radius over an interval of curvatures is always at one of its ends.

        With at most two states and coefficients affine in λ, {λ: radius ≤ r} is an interval, for every r.
        """
        affine = all(sp.expand(sp.diff(c, CURVATURE, 2)) == 0 for c in self.characteristic.all_coeffs())
        return affine and len(self.state) <= 2

    @property
    def hyper(self) -> tuple[str, ...]:
        """The names of the hyperparameters."""
        return tuple(name for name in self.symbols if name not in ("curvature", "sigma"))

    def order(self, state: Sequence[str]) -> Dynamics:
        """The same dynamics with the state in another order, as in ``order(("v", "x"))``. BadName for other names."""
        if sorted(state) != sorted(self.state):
            wrong = next((name for name in state if name not in self.state), ", ".join(state))
            raise BadName(
                f"{self.name} has the state ({', '.join(self.state)}); got {wrong!r}: {nearest(wrong, self.state)}"
            )
        places = [self.state.index(name) for name in state]
        rest = tuple(self.rest[place] for place in places)
        return replace(self, state=tuple(state), matrix=self.matrix.extract(places, places), rest=rest)

    def in_sigma(self, loss: str) -> Dynamics:
        """The same dynamics in the singular value σ instead of λ: λ = cσ² for this scaling of the loss."""
        swap = {CURVATURE: sigma_curvature(loss)}
        symbols = sigma_symbols(self.symbols)
        characteristic = sp.Poly(self.characteristic.as_expr().subs(swap), Z)
        matrix = self.matrix.subs(swap)
        return replace(
            self,
            matrix=matrix,
            characteristic=characteristic,
            rest=tuple(r.subs(swap) for r in self.rest),
            symbols=symbols,
        )

    def _repr_latex_(self) -> str:
        return f"$${sp.latex(self.matrix)}$$"

    def __repr__(self) -> str:
        kind = "" if self.linear else ", linearised at the minimiser"
        return f"Dynamics of {self.name} ({', '.join(self.state)}{kind}): {self.matrix.tolist()}"


@cache
def _factors(characteristic: sp.Poly) -> tuple[tuple[sp.Poly, int], ...]:
    parts = sp.factor_list(sp.numer(sp.together(characteristic.as_expr())))[1]
    return tuple((sp.Poly(part, Z).monic(), times) for part, times in parts if part.has(Z))


@cache
def _discriminant(characteristic: sp.Poly) -> sp.Expr:
    return sp.factor(sp.discriminant(characteristic.as_expr(), Z)) if characteristic.degree() > 1 else sp.Integer(1)


def sigma_symbols(symbols: dict[str, sp.Symbol]) -> dict[str, sp.Symbol]:
    """The symbols of formulas in σ: "sigma" in the place of "curvature"."""
    return {"sigma": SIGMA} | {name: letter for name, letter in symbols.items() if name != "curvature"}


def sigma_curvature(loss: str) -> sp.Expr:
    """λ as a formula in σ (and n) for a named scaling of the loss. BadName for another name."""
    if loss not in SCALINGS:
        raise BadName(f"there is no loss scaling {loss!r}: {nearest(loss, SCALINGS)}")
    return SCALINGS[loss] * SIGMA**2


@cache
def dynamics(method: Method) -> Dynamics:
    """Derive the iteration matrix of a method from its rule. NotLinear, with the reason, where it has none."""
    state = tuple(sp.Symbol(f"s_{name}", real=True) for name in method.state)
    update = traced(method, state)
    symbols = {"curvature": CURVATURE} | {name: symbol(name) for name in method.hyper}
    linear = all(_affine(entry, state) for entry in update)
    rest = _rest(method, update, state, linear)
    jacobian = sp.Matrix(update).jacobian(state) if linear else linearised(method, update, state, rest)
    matrix = sp.ImmutableMatrix(jacobian.applyfunc(tidy))
    in_minimiser = tuple(sp.diff(entry, POSITION) for entry in rest)
    return Dynamics(method.name, method.state, matrix, _characteristic(matrix), in_minimiser, linear, symbols)


def _characteristic(matrix: sp.Matrix) -> sp.Poly:
    return sp.Poly(sp.cancel((Z * sp.eye(matrix.rows) - matrix).det(method="berkowitz")), Z)


def require_rational(derived: Dynamics) -> None:
    """Raise NotLinear where the matrix is no rational function of λ and the hyperparameters: polynomials decide the rest."""
    letters = tuple(derived.symbols.values())
    for entry in derived.matrix:
        if not entry.is_rational_function(*letters):
            raise NotLinear(
                f"{derived.name} has an iteration matrix, but not one that is rational in its hyperparameters ({entry}): "
                f"write that constant as a number in the rule, or its root as the hyperparameter"
            )


def _affine(entry: sp.Expr, state: Sequence[sp.Symbol]) -> bool:
    poly = sp.expand(entry)
    return bool(poly.is_polynomial(*state)) and sp.Poly(poly, *state).total_degree() <= 1


def _rest(method: Method, update: Sequence[sp.Expr], state: Sequence[sp.Symbol], linear: bool) -> tuple[sp.Expr, ...]:
    """The state in which the method stays at the minimiser: the one it starts with there, or else the one it has."""
    guess = traced_start(method, POSITION)
    if _still(update, state, guess):
        return guess
    if linear and len(state) > 1:
        at_minimiser = [
            u.subs(state[0], POSITION) - s.subs(state[0], POSITION) for u, s in zip(update, state, strict=True)
        ]
        for solution in sp.linsolve(at_minimiser, *state[1:]):
            return (POSITION, *(part.subs(dict.fromkeys(state, 0)) for part in solution))
    raise NotLinear(
        f"{method.name} has no iteration matrix: it does not rest at the minimiser "
        f"(from there, one step leads to {', '.join(str(u.subs(dict(zip(state, guess, strict=True)))) for u in update)})"
    )


def _still(update: Sequence[sp.Expr], state: Sequence[sp.Symbol], rest: Sequence[sp.Expr]) -> bool:
    at = dict(zip(state, rest, strict=True))
    return all(sp.simplify(u.subs(at) - r) == 0 for u, r in zip(update, rest, strict=True))


def _roots(factor: sp.Poly) -> list[sp.Expr]:
    if factor.degree() == 1:
        return [tidy(-factor.coeff_monomial(1))]
    if factor.degree() > 2:
        return []
    trace, determinant = tidy(-factor.coeff_monomial(Z)), tidy(factor.coeff_monomial(1))
    root = sp.sqrt(tidy(trace**2 - 4 * determinant))
    return [(trace - root) / 2, (trace + root) / 2]
