"""An update rule goes in; its iteration matrix per direction comes out, with everything that follows from it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import sympy as sp

from convergence.errors import BadName, NotLinear, nearest
from convergence.rule import Method
from convergence.theory.clock import Clock, clock_of, keeps_time
from convergence.theory.linearisation import linearised
from convergence.theory.symbols import CURVATURE, SCALINGS, SIGMA, Z, symbol, tidy
from convergence.theory.tracing import POSITION, traced, traced_start


@dataclass(frozen=True)
class Dynamics:
    """What a method does along one direction: state − rest ← matrix · (state − rest).

    ``matrix`` has a row and a column for each entry of ``state``, and ``characteristic`` is det(zI − matrix). ``rest`` is the
    state in which the method stays, in units of the minimiser's coordinate: 1 for the position and copies of it, 0 for a
    buffer; with weight decay the position rests at a part of the minimiser, a formula in λ.
    ``linear`` is False where the rule was linearised there. States that only keep time (βᵗ of a bias correction) are left
    out and kept as ``clock``; ``matrix`` is then the limit that the steps' matrices tend to. ``symbols`` maps "curvature"
    (or "sigma") and each hyperparameter to its symbol.
    """

    name: str
    state: tuple[str, ...]
    matrix: sp.Matrix
    characteristic: sp.Poly
    rest: tuple[sp.Expr, ...]
    linear: bool
    symbols: dict[str, sp.Symbol]
    clock: Clock | None = None

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

        Of a quadratic whose coefficients are affine in λ, {λ: radius ≤ r} is an interval, for every r; of a product of
        such factors, and of others that λ does not enter, it is the intersection of their intervals.
        """
        return all(_affine_quadratic(factor) for factor, _ in self.factors if factor.has(CURVATURE))

    @property
    def hyper(self) -> tuple[str, ...]:
        """The names of the hyperparameters."""
        return tuple(name for name in self.symbols if name not in ("curvature", "sigma"))

    def adds_to_curvature(self, name: str) -> bool:
        """Whether λ and this hyperparameter come as their sum only, as coupled weight decay does: H becomes H + δI."""
        letter = self.symbols[name]
        return bool(self.characteristic.has(letter) and not self.shifted(name).has(letter))

    def shifted(self, name: str) -> sp.Poly:
        """The characteristic polynomial at the curvature λ less this hyperparameter."""
        less = CURVATURE - self.symbols[name]
        return sp.Poly(sp.expand(self.characteristic.as_expr().subs(CURVATURE, less)), Z)

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
        kind += f"; clock: {', '.join(self.clock.names)}" if self.clock else ""
        return f"Dynamics of {self.name} ({', '.join(self.state)}{kind}): {self.matrix.tolist()}"


def _affine_quadratic(factor: sp.Poly) -> bool:
    affine = all(sp.cancel(sp.diff(c, CURVATURE, 2)) == 0 for c in factor.all_coeffs())
    return affine and factor.degree() <= 2


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
    update, linear, rest = resting(method)
    symbols = {"curvature": CURVATURE} | {name: symbol(name) for name in method.hyper}
    clock = None if linear else clock_of(method.state, state, update, traced_start(method, POSITION), rest)
    if clock is not None:
        jacobian = clock.matrix.subs(dict(zip(clock.letters, clock.rest, strict=True)))
    else:
        jacobian = sp.Matrix(update).jacobian(state) if linear else linearised(method, update, state, rest)
    matrix = sp.ImmutableMatrix(jacobian.applyfunc(tidy))
    moving = [k for k, name in enumerate(method.state) if clock is None or name not in clock.names]
    in_minimiser = tuple(sp.diff(rest[k], POSITION) for k in moving)
    names = tuple(method.state[k] for k in moving)
    is_linear = linear or clock is not None
    return Dynamics(method.name, names, matrix, _characteristic(matrix), in_minimiser, is_linear, symbols, clock)


@cache
def resting(method: Method) -> tuple[tuple[sp.Expr, ...], bool, tuple[sp.Expr, ...]]:
    """The rule as formulas, whether they are affine, and the state in which it stays. NotLinear where there is none."""
    state = tuple(sp.Symbol(f"s_{name}", real=True) for name in method.state)
    update = tuple(_reduced(entry, state) for entry in traced(method, state))
    linear = all(_affine(entry, state) for entry in update)
    return update, linear, _rest(method, update, state, linear)


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


def _reduced(entry: sp.Expr, state: Sequence[sp.Symbol]) -> sp.Expr:
    """An entry that is not affine as it was written may be so in lowest terms: f(x+1) − f(x) is free of x."""
    if entry.is_polynomial(*state) or not entry.is_rational_function(*state):
        return entry
    short = sp.cancel(entry)
    return short if short.is_polynomial(*state) else entry


def _affine(entry: sp.Expr, state: Sequence[sp.Symbol]) -> bool:
    poly = sp.expand(entry)
    return bool(poly.is_polynomial(*state)) and sp.Poly(poly, *state).total_degree() <= 1


def _rest(method: Method, update: Sequence[sp.Expr], state: Sequence[sp.Symbol], linear: bool) -> tuple[sp.Expr, ...]:
    """The state in which the method stays: at the minimiser if it can, or at a part of it if a hyperparameter decays x."""
    guess = traced_start(method, POSITION)
    candidates = (guess, _buffers_at_minimiser(update, state), _shrunk(method, update, state) if linear else None)
    for rest in candidates:
        if rest is not None and _still(update, state, rest):
            return rest
    heard = {*state, POSITION, CURVATURE}
    counters = [
        n for n, s, u in zip(method.state, state, update, strict=True) if u != s and not (u - s).free_symbols & heard
    ]
    if counters:
        raise NotLinear(
            f"{method.name} has no iteration matrix: its state {counters[0]} counts on for ever. Let it hold what runs down, "
            f"βᵗ in the place of t: p = momentum * p, from 1"
        )
    raise NotLinear(
        f"{method.name} has no iteration matrix: it does not rest at the minimiser "
        f"(from there, one step leads to {', '.join(str(u.subs(dict(zip(state, guess, strict=True)))) for u in update)}); "
        f"if that is weight decay, make its strength a hyperparameter"
    )


def _buffers_at_minimiser(update: Sequence[sp.Expr], state: Sequence[sp.Symbol]) -> tuple[sp.Expr, ...] | None:
    """The buffers that stay when the position is at the minimiser, where their equations are linear there.

    Clocks first: what a state that hears only itself runs down to may make the other equations linear.
    """
    equations = {s: (u - s).subs(state[0], POSITION) for u, s in zip(update[1:], state[1:], strict=True)}
    clocks = [s for u, s in zip(update[1:], state[1:], strict=True) if keeps_time(u, s, state)]
    stopped = {s: -equations[s].subs(s, 0) / sp.diff(equations[s], s) for s in clocks}
    left = {s: sp.expand(e.subs(stopped)) for s, e in equations.items() if s not in stopped}
    if not all(_affine(equation, list(left)) for equation in left.values()):
        return None
    solutions = sp.linsolve(list(left.values()), *left) if left else [()]
    return next(((POSITION, *(_of(s, left, solution, stopped) for s in state[1:])) for solution in solutions), None)


def _of(
    state: sp.Symbol,
    left: Mapping[sp.Symbol, sp.Expr],
    solution: Sequence[sp.Expr],
    stopped: Mapping[sp.Symbol, sp.Expr],
) -> sp.Expr:
    """The value of one state: a stopped clock, or the entry of a solution with what it leaves open at zero."""
    if state in stopped:
        return sp.cancel(stopped[state])
    return solution[list(left).index(state)].subs(dict.fromkeys(left, 0))


def _shrunk(method: Method, update: Sequence[sp.Expr], state: Sequence[sp.Symbol]) -> tuple[sp.Expr, ...] | None:
    """The one fixed point of an affine update, if it is a multiple of the minimiser that some hyperparameter at 0 makes it."""
    decays = [symbol(name) for name in method.hyper if name != method.rate]
    for solution in sp.linsolve([u - s for u, s in zip(update, state, strict=True)], *state):
        part = sp.cancel(solution[0] / POSITION)
        proportional = not any(entry.has(*state) or entry.subs(POSITION, 0) != 0 for entry in solution)
        if proportional and any(sp.cancel(part.subs(decay, 0)) == 1 for decay in decays):
            return tuple(sp.factor(entry) for entry in solution)
    return None


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
