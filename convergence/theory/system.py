"""The linear system that a method is along one direction of the data: iteration matrix, open loop, first state, rest.

Derived by tracing the rule once with a fresh symbol for each answer of the objective (Lessard, Recht and Packard 2016
have the form). States that only keep time are taken out, as a clock: left in, they would be eigenvalues that say
nothing of the error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import sympy as sp

from convergence.algebra import cancelled
from convergence.errors import BadHyperparameter, BadName, NotLinear, nearest
from convergence.methods import as_method
from convergence.notation import latex
from convergence.rule import Method
from convergence.theory.clock import Clock, clock_of
from convergence.theory.linearisation import linearised_at_rest
from convergence.theory.loop import START, Loop, first_state, loop_of
from convergence.theory.rest import held_state, rest_of
from convergence.theory.symbols import CURVATURE, Z, rewritten, sigma_curvature, sigma_symbols, tidy
from convergence.theory.trace import MINIMISER


@dataclass(frozen=True)
class System:
    """What a method does along one direction of curvature λ: state − rest ← matrix · (state − rest).

    Attributes
    ----------
    method
        The Method that it was derived from.
    state
        Names of the s entries, the position first; without those that only keep time and, of a linearised rule, without
        second moments, which the position hears in second order alone.
    matrix
        (s, s), the iteration matrix, in λ (or σ) and the hyperparameters' letters.
    characteristic
        det(zI − matrix), a polynomial in z; its roots are ``eigenvalues``.
    rest
        (s,), the state in which the method stays, in units of the minimiser's coordinate: 1 for the position and
        copies of it, 0 for a buffer; with weight decay the position rests at a part of the minimiser, a formula in λ.
    linear
        False where the rule was linearised there.
    symbols
        "curvature" (or "sigma") and the name of each hyperparameter -> its letter.
    clock
        The states that only keep time (βᵗ of a bias correction); ``matrix`` is then the limit that the steps' matrices
        tend to. None where there are none.

    >>> import convergence as cv
    >>> heavy = cv.derive("heavy_ball")
    >>> heavy.loop.U.T
    Matrix([[-eta, 1]])
    >>> heavy.rest, len(heavy.eigenvalues)
    ((1, 0), 2)
    """

    method: Method
    state: tuple[str, ...]
    matrix: sp.ImmutableMatrix
    characteristic: sp.Poly
    rest: tuple[sp.Expr, ...]
    linear: bool
    symbols: Mapping[str, sp.Symbol] = field(hash=False)
    clock: Clock | None = None

    @property
    def name(self) -> str:
        """The method's name."""
        return self.method.name

    @cached_property
    def loop(self) -> Loop:
        """The open loop P, U, R, D; of a method with a clock, that which it tends to. NotLinear where it has none."""
        if self.clock is None:
            return loop_of(self.method, self.state)
        return self.loop_in_time.at(dict(zip(self.clock.letters, self.clock.rest, strict=True)))

    @property
    def loop_in_time(self) -> Loop:
        """The open loop with the clocks' readings as letters (``clock.letters``)."""
        return loop_of(self.method, self.state)

    @cached_property
    def first(self) -> sp.ImmutableMatrix:
        """The first state (s, 1) for x₀ = 1, the minimiser at 0."""
        return first_state(self.method, self.state, START)

    @cached_property
    def first_by_minimiser(self) -> sp.ImmutableMatrix:
        """The first state (s, 1) for x₀ = 0, the minimiser at 1."""
        return first_state(self.method, self.state, MINIMISER)

    @property
    def eigenvalues(self) -> tuple[sp.Expr, ...]:
        """The roots of the characteristic polynomial, with multiplicity.

        Factors of degree three and more have no formula one could read; their roots are left out.
        """
        return tuple(root for factor, times in self.factors for root in _roots(factor) * times)

    @cached_property
    def factors(self) -> tuple[tuple[sp.Poly, int], ...]:
        """The irreducible monic factors of the characteristic polynomial in z, with multiplicity."""
        parts = sp.factor_list(sp.numer(sp.together(self.characteristic.as_expr())))[1]
        return tuple((sp.Poly(part, Z).monic(), times) for part, times in parts if part.has(Z))

    @cached_property
    def discriminant(self) -> sp.Expr:
        """The discriminant of the characteristic polynomial in z, factored; 1 for a single state."""
        several = self.characteristic.degree() > 1
        return sp.factor(sp.discriminant(self.characteristic.as_expr(), Z)) if several else sp.Integer(1)

    @cached_property
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

    def order(self, state: Sequence[str]) -> System:
        """The same system with the state in another order: rows and columns of the matrix.

        Raises
        ------
        BadName
            For other names than those of ``state``.

        >>> derive("heavy_ball").order(("v", "x")).matrix
        Matrix([
        [     beta,           lambda],
        [-beta*eta, -eta*lambda + 1]])
        """
        if sorted(state) != sorted(self.state):
            wrong = next((name for name in state if name not in self.state), ", ".join(state))
            raise BadName(
                f"{self.name} has the state ({', '.join(self.state)}); got {wrong!r}: {nearest(wrong, self.state)}"
            )
        places = [self.state.index(name) for name in state]
        rest = tuple(self.rest[place] for place in places)
        return replace(self, state=tuple(state), matrix=self.matrix.extract(places, places), rest=rest)

    def in_sigma(self, loss: str) -> System:
        """The same system in the singular value σ instead of λ: λ = cσ² for this scaling of the loss ("sum": c = 2).

        Raises
        ------
        BadName
            For a scaling that is none.

        >>> derive("gradient_descent").in_sigma("half").matrix
        Matrix([[-eta*sigma**2 + 1]])
        """
        swap = {CURVATURE: sigma_curvature(loss)}
        characteristic = sp.Poly(self.characteristic.as_expr().subs(swap), Z)
        swapped = replace(self, characteristic=characteristic, symbols=sigma_symbols(self.symbols))
        return rewritten(swapped, swap, "matrix", "rest")

    def _repr_latex_(self) -> str:
        return f"$${latex(self.matrix)}$$"

    def __repr__(self) -> str:
        kind = "" if self.linear else ", linearised at the minimiser"
        kind += f"; clock: {', '.join(self.clock.names)}" if self.clock else ""
        return f"System of {self.name} ({', '.join(self.state)}{kind}): {self.matrix.tolist()}"


def _affine_quadratic(factor: sp.Poly) -> bool:
    affine = all(cancelled(sp.diff(c, CURVATURE, 2)) == 0 for c in factor.all_coeffs())
    return affine and factor.degree() <= 2


def derive(m: Any, *, sigma: bool = False, loss: str = "sum") -> System:
    """Derive the linear system of a method along a direction: iteration matrix, characteristic polynomial, eigenvalues.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    sigma, loss
        Formulas in the singular value σ instead of the curvature λ, for a named scaling of the loss (c/2)‖Xw − y‖²:
        λ = cσ², with c = 2 for "sum", 1 for "half", 2/n for "mean", 1/n for "half_mean".

    Returns
    -------
    System
        ``.loop`` has the rule before the objective's answers are put in: P, U, R, D.

    Raises
    ------
    NotLinear
        With the reason, for a rule that has no derivative at the minimiser or does not rest there.
    BadRule
        With the line, for one that fails; and for one that answers differently when asked twice.
    BadName
        For an unknown name.

    >>> derive("heavy_ball").matrix
    Matrix([
    [-eta*lambda + 1, -beta*eta],
    [         lambda,      beta]])
    >>> derive("heavy_ball").loop.P
    Matrix([
    [1, -beta*eta],
    [0,      beta]])
    """
    if not isinstance(sigma, bool):
        raise BadHyperparameter(f"sigma is True or False; got {str(sigma)[:60]!r}")
    derived = system_in_time(as_method(m))
    return derived.in_sigma(loss) if sigma else derived


def system(method: Method) -> System:
    """The system of a method from its rule. NotLinear, with the reason, where it has no iteration matrix that it tends to."""
    at_rest = rest_of(method)
    held = None if at_rest.linear else held_state(at_rest)
    if held is not None:
        grows = (
            f"{method.name} has no one iteration matrix: its state {method.state[held]} stays whatever it holds, and the "
            f"larger it has grown, the larger the learning rate may be. The limit as a function of it:"
        )
        raise NotLinear(f"{grows} rests({method.name!r})", f"{grows} 'convergence rests {method.name}'")
    derived = system_in_time(method)
    if derived.clock is not None and derived.clock.fades:
        no_rate = (
            f"{method.name} has no rate: its clock {', '.join(derived.clock.names)} comes to rest as 1/t does, and its errors "
            f"fall as powers of the number of steps. Ask for so many steps:"
        )
        raise NotLinear(
            f"{no_rate} simulate, predict, residuals, worst_case, moments, ensemble",
            f"{no_rate} 'convergence worst-case', 'convergence moments'",
        )
    return derived


@cache
def system_in_time(method: Method) -> System:
    """Derive the system of a method, also where its clock never runs down. NotLinear, with the reason, where there is none."""
    rest = rest_of(method)
    state = rest.trace.inputs
    clock = None if rest.linear else clock_of(method.state, state, rest.update, rest.start.closed, rest.state)
    moving = [k for k, name in enumerate(method.state) if clock is None or name not in clock.names]
    if clock is not None:
        jacobian = clock.matrix.subs(dict(zip(clock.letters, clock.rest, strict=True)))
    elif rest.linear:
        jacobian = sp.Matrix(rest.update).jacobian(state)
    else:
        moving, jacobian = linearised_at_rest(method, rest)
    matrix = sp.ImmutableMatrix(jacobian.applyfunc(tidy))
    polynomial = characteristic(matrix)
    if MINIMISER in polynomial.free_symbols:
        raise NotLinear(f"{method.name} has no one speed: it depends on where the minimiser {MINIMISER} lies")
    return System(
        method,
        tuple(method.state[k] for k in moving),
        matrix,
        polynomial,
        tuple(sp.diff(rest.state[k], MINIMISER) for k in moving),
        rest.linear or clock is not None,
        {"curvature": CURVATURE, **method.symbols},
        clock,
    )


def characteristic(matrix: sp.Matrix) -> sp.Poly:
    """det(zI − matrix) as a polynomial in z."""
    return sp.Poly(cancelled((Z * sp.eye(matrix.rows) - matrix).det(method="berkowitz")), Z)


def _roots(factor: sp.Poly) -> list[sp.Expr]:
    if factor.degree() == 1:
        return [tidy(-factor.coeff_monomial(1))]
    if factor.degree() > 2:
        return []
    trace, determinant = tidy(-factor.coeff_monomial(Z)), tidy(factor.coeff_monomial(1))
    root = sp.sqrt(tidy(trace**2 - 4 * determinant))
    return [(trace - root) / 2, (trace + root) / 2]
