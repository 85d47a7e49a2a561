"""A method goes in; what it makes of lr·λ and a momentum comes out: trace and determinant of a two-step recurrence.

The errors along a direction obey e_{k+2} = τ·e_{k+1} − δ·e_k, with τ and δ read from the characteristic polynomial
z² − τz + δ of the method. A rule with one state has δ = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled, exact
from convergence.errors import BadHyperparameter
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.symbols import CURVATURE, symbol

Array = NDArray[np.float64]

MOMENTUM = "momentum"


@dataclass(frozen=True, eq=False)
class Family:
    """Recurrences with ``shared`` unknowns common to all directions (the momentum), and ``own`` ones for each.

    ``formulas(shared, own)`` takes (p,) and (m, q) and returns τ, δ (m,) and their derivatives: by the own unknowns
    (m, q) each, by the shared ones (m, p) each. ``method`` is None for the family without any method: own = (τ, δ).
    """

    name: str
    method: Method | None
    hyper: Mapping[str, float]
    shared: int
    own: int
    formulas: Callable[[Array, Array], tuple[Array, Array, Array, Array, Array, Array]]

    def pair(self, shared: Array, own: Array) -> tuple[Array, Array]:
        """τ and δ (m,)."""
        return self.formulas(shared, own)[:2]


def family(method: Method, given: Mapping[str, Any]) -> Family:
    """The recurrences that a method makes; the momentum is an unknown unless it is given, other settings are needed.

    Raises BadHyperparameter for a rule with three or more states, or in which lr and λ enter otherwise than as lr·λ.
    """
    method.require_known(given)
    known = {n: v for n, v in given.items() if n != method.rate}
    unknown = (MOMENTUM,) if MOMENTUM in method.hyper and MOMENTUM not in known else ()
    settings = method.settings({str(method.rate): 1.0, **dict.fromkeys(unknown, 0.5), **known})
    fixed = {n: exact(v) for n, v in settings.items() if n != method.rate and n not in unknown}
    formulas = _formulas(method, tuple(fixed.items()), len(unknown))
    return Family(method.name, method, {n: float(v) for n, v in fixed.items()}, len(unknown), 1, formulas)


def two_roots() -> Family:
    """Any two roots in each direction: the unknowns are τ and δ themselves."""

    def formulas(shared: Array, own: Array) -> tuple[Array, Array, Array, Array, Array, Array]:
        size = len(own)
        by_trace, by_determinant = (np.tile(unit, (size, 1)) for unit in np.eye(2))
        return own[:, 0], own[:, 1], by_trace, by_determinant, np.empty((size, 0)), np.empty((size, 0))

    return Family("two roots", None, {}, 0, 2, formulas)


@cache
def _formulas(method: Method, fixed: tuple[tuple[str, sp.Expr], ...], shared: int) -> Callable[..., Any]:
    scaled = _scaled(method)
    trace, determinant = (f.subs({symbol(n): v for n, v in fixed}) for f in scaled)
    letters = (CURVATURE, symbol(MOMENTUM))
    parts = tuple(sp.diff(f, letter) for letter in letters for f in (trace, determinant))
    function = compiled(letters, (trace, determinant, *parts))

    def formulas(common: Array, own: Array) -> tuple[Array, ...]:
        s = own[:, 0]
        found = function(s, common[0] if shared else 0.0)
        tau, delta, tau_s, delta_s, tau_b, delta_b = (np.broadcast_to(np.asarray(f, float), s.shape) for f in found)
        by_shared = [f[:, None] if shared else np.empty((len(s), 0)) for f in (tau_b, delta_b)]
        return tau, delta, tau_s[:, None], delta_s[:, None], by_shared[0], by_shared[1]

    return formulas


def _scaled(method: Method) -> tuple[sp.Expr, sp.Expr]:
    """τ and δ as formulas in s = lr·λ (written λ) and the other hyperparameters."""
    polynomial = dynamics(method).characteristic
    if polynomial.degree() > 2 or method.rate is None:
        raise BadHyperparameter(
            f"a run is taken apart by rules with a learning rate and one or two states; {method.name} has "
            f"{polynomial.degree()} ({', '.join(method.state)}): leave method out for two roots a direction"
        )
    rate = symbol(method.rate)
    coefficients = polynomial.all_coeffs()
    scaled = [c.subs(rate, 1) for c in coefficients]
    product = [s.subs(CURVATURE, rate * CURVATURE) for s in scaled]
    if any(sp.simplify(a - b) != 0 for a, b in zip(coefficients, product, strict=True)) or not any(
        c.has(CURVATURE) for c in scaled
    ):
        raise BadHyperparameter(f"{method.name} does not depend on lr·λ alone, which is all that a run can show of it")
    return -scaled[1], scaled[2] if len(scaled) == 3 else sp.Integer(0)
