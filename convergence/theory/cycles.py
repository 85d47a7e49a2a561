"""2-cycles of a rule that is odd: fixed points of the rule followed by a change of signs, and whether they attract.

A rule F is odd along a direction where F(Ss) = S F(s) for signs S = diag(±1): positions and momenta change sign with the
objective's axis, second moments do not. Then F(s) = S s makes {s, Ss} a cycle of period 2. Its states are the fixed points
of S∘F; the derivative of the two steps is (SJ)², so the Schur–Cohn conditions of SJ decide whether it attracts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.polys.matrices import DomainMatrix

from convergence.algebra import cancelled
from convergence.errors import NotLinear
from convergence.notation import text
from convergence.plotting import Plotted
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.clock import stopped_clocks
from convergence.theory.letters import Letters
from convergence.theory.schur import stable_conditions
from convergence.theory.symbols import CURVATURE, Z, tidy
from convergence.theory.symmetric_cycles import AMPLITUDE, Branch, branches, lowest_terms, sign_pattern
from convergence.theory.trace import MINIMISER, Formulas, trace_rule

ROUNDING = 1e-13
NEUTRAL = 1e-9
"""How near 1 the largest modulus of computed multipliers has to be for the words "neutral to rounding"."""


@dataclass(frozen=True)
class Cycle(Tabular, Plotted, figure="cycle"):
    """A cycle of a method along one direction of curvature λ, its minimum at 0: states that follow each other for ever.

    Attributes
    ----------
    method
        The Method's name.
    period
        The number of steps after which it is back.
    amplitude
        Half the distance between its outermost positions: the a of x = ±a. A formula, or a float where all is a number.
    state
        One of its states, that with the largest position, in the order of ``names``; states that only keep time at their limit.
    exists
        The condition on the letters under which it is there; True or False at numbers.
    multipliers
        The eigenvalues of the derivative of ``period`` steps. As formulas, those of factors up to degree two.
    attracting
        The condition under which all multipliers are inside the unit circle; True or False at numbers. Where one lies on the
        circle it is False: the cycle is neutral, and near it others may be. None where the rule has no derivative there.
    proof
        "derived" from the rule, or what a cycle found in a run is known by: "interval Newton", or its residual.
    points
        (period, states): all its states at numbers, in the order of time. Empty for formulas.
    hyper, curvature
        What it was asked at: numbers, or letters.
    """

    method: str
    period: int
    amplitude: Any
    names: tuple[str, ...]
    state: tuple[Any, ...]
    exists: Any
    multipliers: tuple[Any, ...]
    attracting: Any
    proof: str = "derived"
    points: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    hyper: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    curvature: Any = field(default=1, repr=False)

    @property
    def neutral(self) -> bool:
        """Whether the largest multiplier lies on the unit circle, at numbers to rounding."""
        sizes = [abs(complex(m)) for m in self.multipliers if not getattr(m, "free_symbols", None)]
        return bool(sizes) and abs(max(sizes) - 1) < NEUTRAL

    def table(self) -> Mapping[str, Any]:
        """A row for each state of the cycle; of formulas, the one state."""
        rows = self.points or (self.state,)
        return {name: [row[k] for row in rows] for k, name in enumerate(self.names)}

    def __repr__(self) -> str:
        if self.attracting is None:
            kind = "at a kink of the rule"
        elif self.attracting in (True, False):
            kind = "attracting" if self.attracting else "neutral" if self.neutral else "repelling"
        else:
            kind = f"attracting where {text(self.attracting)}"
        there = "" if self.exists is True else f", exists where {text(self.exists)}"
        size = f"amplitude {text(self.amplitude, 12)}{there}"
        return f"Cycle of {self.method}, period {self.period}: {size}; {kind} ({self.proof})"


@dataclass(frozen=True)
class Direction:
    """A rule along one direction, its minimum at 0, with its clocks run down: the ``update`` of the moving ``state``.

    ``names`` are all the method's states; ``stopped`` has the clocks' readings by name.
    """

    names: tuple[str, ...]
    state: tuple[sp.Symbol, ...]
    update: Formulas
    stopped: Mapping[str, sp.Expr]


def direction(method: Method, hyper: Mapping[str, sp.Expr], curvature: sp.Expr) -> Direction:
    """The rule on ½λx². NotLinear where a state counts its steps for ever, or clocks have no limit."""
    trace = trace_rule(method, hyper)
    at = {MINIMISER: sp.Integer(0), CURVATURE: curvature}
    update = [sp.sympify(entry).xreplace(at) for entry in trace.closed]
    return without_clocks(method, trace.inputs, update)


def without_clocks(method: Method, state: Sequence[sp.Symbol], update: Sequence[sp.Expr]) -> Direction:
    """A rule's update at a direction with the states that keep time at their limits. NotLinear as for ``direction``."""
    for name, s, u in list(zip(method.state, state, update, strict=True))[1:]:
        if u != s and not cancelled(u - s).free_symbols & set(state):
            raise NotLinear(
                f"{method.name} has no cycle that one could solve for: its state {name} counts on for ever. Let it "
                f"hold what runs down, βᵗ in the place of t: p = momentum * p, from 1"
            )
    stopped = stopped_clocks(state, update)
    moving = {s: u.xreplace(stopped) for s, u in zip(state, update, strict=True) if s not in stopped}
    readings = {name: stopped[s] for name, s in zip(method.state, state, strict=True) if s in stopped}
    return Direction(method.state, tuple(moving), tuple(moving.values()), readings)


def signed_cycles(method: Method, letters: Letters, curvature: sp.Expr) -> list[Cycle] | None:
    """The isolated 2-cycles {s, Ss} of a rule that is odd with signs S, as formulas or floats; None where it is not odd.

    NotLinear where they have no formula in these letters.
    """
    along = direction(method, letters.inner, curvature)
    signs = sign_pattern(along.state, along.update)
    if signs is None:
        return None
    try:
        cycles = (
            _cycle(method, along, signs, branch, letters)
            for branch in branches(method.name, along.state, along.update, signs, letters)
        )
        return [cycle for cycle in cycles if cycle is not None]
    except sp.PolynomialError:  # tanh, say
        raise NotLinear(
            f"{method.name}: its 2-cycles solve no algebraic equation; give numbers and no letters, and runs are searched"
        ) from None


def _cycle(method: Method, along: Direction, signs: Sequence[int], branch: Branch, letters: Letters) -> Cycle | None:
    exists = [letters.positive(condition) for condition in branch.conditions]
    if sp.false in exists:
        return None
    here = {AMPLITUDE: branch.amplitude}
    at = dict(zip(along.state, branch.state, strict=True))
    jacobian = sp.Matrix(branch.update).jacobian(along.state).xreplace(at)
    signed = (sp.diag(*signs) * jacobian).applyfunc(lambda entry: _simplified(lowest_terms(entry).xreplace(here)))
    factors = _factors(signed)
    conditions = dict.fromkeys(letters.positive(_simplified(c)) for f in factors for c in stable_conditions(f))
    attracting = sp.And(*(c for c in conditions if c not in exists))
    moving = [name for name in along.names if name not in along.stopped]
    values = dict(zip(moving, (_simplified(value.xreplace(here)) for value in branch.state), strict=True))
    state = tuple(letters.outer({**values, **along.stopped}[name]) for name in along.names)
    there, judged = _plain(sp.And(*exists)), _plain(attracting)
    if signed.free_symbols or any(value.free_symbols for value in state):
        roots = tuple(root for factor in factors for root in _squares(factor, letters))
        return Cycle(method.name, 2, state[0], along.names, state, there, roots, judged)
    numbers = tuple(float(value) for value in state)
    turned = dict(zip(moving, signs, strict=True))
    other = tuple(turned.get(name, 1) * value for name, value in zip(along.names, numbers, strict=True))
    squares = np.linalg.eigvals(np.array(signed.evalf(30).tolist(), dtype=complex)) ** 2
    multipliers, points = spelled(squares), (numbers, other)
    return Cycle(method.name, 2, numbers[0], along.names, numbers, there, multipliers, judged, points=points)


def _factors(matrix: sp.Matrix) -> list[sp.Poly]:
    """The factors of the characteristic polynomial, monic in z, over the field of the letters; roots count as letters."""
    roots = sorted({p for p in matrix.atoms(sp.Pow) if not p.exp.is_Integer}, key=str)
    named = {root: sp.Dummy(f"w{k}") for k, root in enumerate(roots)}
    back = {letter: root for root, letter in named.items()}
    coefficients = DomainMatrix.from_Matrix(matrix.xreplace(named)).to_field()
    terms = [coefficients.domain.to_sympy(c) for c in coefficients.charpoly()]
    polynomial = sum(_simplified(c.xreplace(back)) * Z ** (len(terms) - 1 - k) for k, c in enumerate(terms))
    parts = sp.factor_list(sp.numer(sp.together(polynomial)), Z)[1]
    return [sp.Poly(part, Z).monic() for part, times in parts for _ in range(times)]


def _squares(factor: sp.Poly, letters: Letters) -> list[sp.Expr]:
    """The squares of the roots of a monic factor of degree one or two: those of the two steps. None of higher degrees."""
    if factor.degree() == 1:
        return [letters.outer(factor.coeff_monomial(1) ** 2)]
    if factor.degree() > 2:
        return []
    trace, determinant = letters.outer(-factor.coeff_monomial(Z)), letters.outer(factor.coeff_monomial(1))
    root = sp.sqrt(tidy(trace**2 - 4 * determinant))
    return [tidy(trace**2 / 2 - determinant) + sign * trace * root / 2 for sign in (1, -1)]


def spelled(multipliers: NDArray[np.complex128]) -> tuple[Any, ...]:
    """Eigenvalues in floats, largest first; real where what is imaginary is rounding."""
    ordered = sorted(multipliers.tolist(), key=lambda v: (-abs(v), -v.imag))
    return tuple(v.real if abs(v.imag) < ROUNDING * max(abs(v), 1.0) else v for v in ordered)


def _plain(condition: Any) -> Any:
    return bool(condition) if condition in (sp.true, sp.false) else condition


def _simplified(formula: sp.Expr) -> sp.Expr:
    """In lowest terms; with roots in it, simplified."""
    lowest = cancelled(sp.together(formula))
    return sp.simplify(lowest) if any(not p.exp.is_Integer for p in lowest.atoms(sp.Pow)) else lowest
