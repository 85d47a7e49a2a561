"""The inequality of the stable region that a setting breaks, or is nearest to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.diagnosis.wording import number
from convergence.errors import NotLinear
from convergence.notation import text as formula
from convergence.rule import Method
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """One inequality of the Schur–Cohn region, with the numbers.

    ``name`` is the hyperparameter that it bounds, ``bound`` and ``value`` where the bound lies and what was given; where
    the inequality is not solved for one, ``name`` is None, ``bound`` 0 and ``value`` its left side. ``text`` says all that.
    """

    condition: Any
    name: str | None
    bound: float
    value: float
    broken: bool
    text: str

    def __str__(self) -> str:
        return self.text


def limit(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Limit | None:
    """The inequality that these settings break along one of these directions; where they break none, the nearest.

    None where the region cannot be derived (a rule that is not rational in its hyperparameters).
    """
    try:
        derived = region(method)
    except NotLinear:
        return None
    shown = [condition for condition in derived.conditions if isinstance(condition, sp.Rel)]
    # What is positive by a symbol's assumption was left out of the conditions; a rate of zero breaks just that.
    hidden = [sp.StrictGreaterThan(polynomial, 0, evaluate=False) for polynomial in derived.polynomials]
    letters = {method.symbols[name]: exact(value) for name, value in settings.items()}
    points = [letters | {CURVATURE: exact(float(curvature))} for curvature in curvatures]
    limits = [_limit(method, condition, point) for point in points for condition in shown]
    limits += [one for point in points for one in (_limit(method, c, point) for c in hidden) if one.broken]
    broken = [one for one in limits if one.broken]
    return broken[0] if broken else min(limits, key=_room, default=None)


def _limit(method: Method, condition: Any, point: Mapping[sp.Symbol, sp.Expr]) -> Limit:
    left, right = (side.subs(point) for side in (condition.lhs, condition.rhs))
    below = isinstance(condition, sp.StrictLessThan)
    broken = bool((left >= right) if below else (left <= right))
    name = next((n for n, letter in method.symbols.items() if letter == condition.lhs), None)
    value, bound = float(left), float(right)
    return Limit(condition, name, bound, value, broken, _text(condition, name, bound, value, method.rate))


def _text(condition: Any, name: str | None, bound: float, value: float, rate: str | None) -> str:
    if name is None:
        return f"{formula(condition)}, and it is {number(value)}"
    worth = "" if condition.rhs.is_number else f" = {number(bound)}"
    sign = "<" if isinstance(condition, sp.StrictLessThan) else ">"
    part = f" ({value / bound:.3g} of it)" if name == rate and bound > 0 else ""
    return f"{name} {sign} {formula(condition.rhs)}{worth}, you have {number(value)}{part}"


def _room(one: Limit) -> float:
    """How far the inequality is from being broken, relative to its size."""
    return abs(one.bound - one.value) / max(abs(one.bound), abs(one.value), 1e-300)
