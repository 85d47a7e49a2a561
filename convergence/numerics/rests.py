"""Where a method comes to rest along one direction, and how large a learning rate may be there: a point, a line, or a box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadData, NotANumber, NotLinear
from convergence.methods import as_method
from convergence.notation import text
from convergence.numerics.accumulated import Gathered, gathered
from convergence.problem.arrays import short
from convergence.rule import Method
from convergence.setting import varies
from convergence.tabular import Tabular
from convergence.theory.cycles import direction, spelled
from convergence.theory.letters import letters_of
from convergence.theory.rational import rational
from convergence.theory.region import largest_at
from convergence.theory.rests import POSITION, Equilibrium, W, equilibrium_of
from convergence.theory.symbols import CURVATURE
from convergence.theory.symmetric_cycles import lowest_terms, sign_pattern
from convergence.theory.system import System

MINIMISER = sp.Symbol("w", real=True)


@dataclass(frozen=True)
class Rest(Tabular):
    """The states in which a method stays on ½λ(x − w)², and what its step does near them.

    Attributes
    ----------
    method
        The Method's name.
    kind
        "point": one state. "line": a buffer stays whatever it holds (``held``). "box": a point that stays in |x| ≤ ``wall``
        wherever the minimiser is, as under AdamW's decay. "none": there is no rest with a derivative; ``reason`` says why.
    position
        Where x rests: a formula in w, or a float. For letters w ≥ 0; below 0 it is the mirror image.
    names, state
        All its states at rest; off the minimiser in the letter x, the position at rest, of which ``minimiser`` is a function.
    multipliers
        Eigenvalues of the rule's derivative there, without those of clocks and of ``held``; as formulas, those of factors up
        to degree two.
    lr_max
        The supremum of the learning rates for which all are inside the unit circle: a formula (in x off the minimiser, in
        the held state on a line), or a float.
    decided
        Whether that formula was decided in every cell of the letters; else it holds where it was tried, and another bound may
        bind elsewhere. At numbers the bound that binds is found.
    slope
        On a line, of a rule with one other state: what a step multiplies the error by, as a function of the held state.
    gathered
        What the held state comes to from a ``start``: by estimate and in the run.
    """

    method: str
    kind: str
    position: Any
    names: tuple[str, ...]
    state: tuple[Any, ...]
    multipliers: tuple[Any, ...] = ()
    lr_max: Any = None
    decided: bool = True
    held: str | None = None
    slope: Any = None
    minimiser: Any = None
    wall: Any = None
    reason: str = ""
    gathered: Gathered | None = None

    def table(self) -> Mapping[str, Any]:
        """The state by name, one row."""
        return {name: [value] for name, value in zip(self.names, self.state, strict=True)}

    def __repr__(self) -> str:
        if self.kind == "none":
            return f"Rest of {self.method}: none; {self.reason}"
        parts = [
            self.kind if self.held is None else f"line, for each value of {self.held}",
            f"x = {text(self.position, 12)}",
        ]
        parts += [] if self.wall is None else [f"|x| ≤ {text(self.wall, 12)}"]
        parts += [] if self.slope is None else [f"a step's factor {text(self.slope)}"]
        tried = "" if self.decided or isinstance(self.lr_max, float) else " (holds where tried)"
        parts += [] if self.lr_max is None else [f"lr_max = {text(self.lr_max)}{tried}"]
        parts += [] if self.gathered is None else [str(self.gathered)]
        return f"Rest of {self.method}: {'; '.join(parts)}"


def rests(m: Any, /, *, curvature: Any = None, minimiser: Any = None, start: Any = None, **hyper: Any) -> Rest:
    """Where a method rests on ½λ(x − w)², and the largest learning rate there: what ``stability`` gives at a minimiser.

    Most rest at the minimiser. Adagrad and AMSGrad rest on a line: their sum of squares, or its largest average, stays whatever
    it holds, and with it the limit of the learning rate moves. AdamW rests in a box: λ(w − x) = εδx/(1 − δ|x|), which for
    ε → 0 is w clipped to ±1/δ, and not the ridge solution. All is solved from the rule's own equations.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    curvature, minimiser
        λ > 0 and w: numbers, or letters where they are left out.
    start
        On a line, the position that a run starts from: then ``gathered`` has what the buffer comes to. It needs numbers.
    hyper
        Numbers or letters; what is left out is a letter. (With a ``start`` the defaults hold.)

    Raises
    ------
    NotLinear
        For a rule that cannot be read on symbols, or whose equations of rest have no formula.
    BadData, BadHyperparameter
        For wrong values.

    Box: Xie and Li (2024) have the limit of AdamW as an ℓ∞ ball.

    >>> box = rests("adamw")
    >>> box.kind, box.wall, box.minimiser
    ('box', 1/delta, delta*epsilon*x/(lambda*(-delta*x + 1)) + x)
    >>> rests("adamw", curvature=1, minimiser=3, weight_decay=0.5, eps=1e-8).position
    1.99999998...
    >>> rests("adagrad").lr_max
    2*(epsilon + sqrt(s))/lambda
    """
    method = as_method(m)
    letters_of(method, {name: value for name, value in hyper.items() if not varies(value)})
    values = {method.symbols[name]: exact(value) for name, value in hyper.items()}
    lam, w = _number("curvature", curvature, CURVATURE), _number("minimiser", minimiser, MINIMISER)
    if lam.is_number and not lam > 0:
        raise BadData(f"curvature is a positive number, or a letter; got {short(curvature)}")
    try:
        equilibrium = equilibrium_of(method)
    except NotLinear as reason:
        if start is not None or "rests there" in str(reason):
            raise
        return Rest(method.name, "none", None, (), (), reason=str(reason))
    given = {**values, CURVATURE: lam, W: abs(w) if w.is_number else MINIMISER}
    exists = _value(equilibrium.exists, given)
    if exists.is_number and not exists > 0:
        wall = text(_value(equilibrium.wall, given))
        inside = f"the minimiser lies within |w| ≤ {wall}, and the sign goes to and fro about it"
        return Rest(method.name, "none", None, (), (), reason=f"{inside}: cycles({method.name!r})")
    return (
        _shown(method, equilibrium, given, w) if start is None else _on_line(method, equilibrium, given, start, hyper)
    )


def _shown(method: Method, equilibrium: Equilibrium, given: Mapping[sp.Symbol, sp.Expr], w: sp.Expr) -> Rest:
    position = _value(equilibrium.position, given)
    there = {**given, **({POSITION: position} if position.is_number else {})}
    signs = _mirror(method) if w.is_number and w < 0 else (1,) * len(method.state)
    state = tuple(_plain(sign * _value(entry, there)) for sign, entry in zip(signs, equilibrium.state, strict=True))
    one = equilibrium.held is not None and len(equilibrium.system.state) == 1
    wall = None if equilibrium.wall is None else _value(equilibrium.wall, given)
    wall = None if wall in (None, sp.oo) else _plain(wall)
    return Rest(
        method.name,
        "point" if equilibrium.kind == "box" and wall is None else equilibrium.kind,
        _plain(signs[0] * position),
        method.state,
        state,
        _multipliers(equilibrium.system, there),
        _largest(method, equilibrium, there),
        equilibrium.decided,
        equilibrium.held,
        _plain(_value(equilibrium.system.matrix[0, 0], given)) if one else None,
        None if equilibrium.minimiser is None else _plain(_value(equilibrium.minimiser, given)),
        wall,
    )


def _largest(method: Method, equilibrium: Equilibrium, there: Mapping[sp.Symbol, sp.Expr]) -> Any:
    """The limit of the learning rate: at numbers the supremum itself, else the formula, in x."""
    if equilibrium.lr_max is None or method.rate is None:
        return None
    point = {s: v for s, v in there.items() if s not in (method.symbols[method.rate], W) and v.is_number}
    others = {*equilibrium.system.symbols.values(), *equilibrium.lr_max.free_symbols} - {method.symbols[method.rate]}
    if not others - set(point) and not equilibrium.decided:
        return largest_at(equilibrium.system, point)
    value = _value(equilibrium.lr_max, point)
    return _plain(
        value
        if value.is_number or point.get(POSITION) == 0
        else _value(equilibrium.lr_max, {s: v for s, v in point.items() if s != POSITION})
    )


def _on_line(
    method: Method, equilibrium: Equilibrium, given: Mapping[sp.Symbol, sp.Expr], start: Any, hyper: Mapping[str, Any]
) -> Rest:
    full = {method.symbols[n]: exact(v) for n, v in method.at(**hyper).numbers.items()}
    first = _number("start", start, sp.Symbol("start"))
    numbers = {**given, **full, W: given[W] if given[W].is_number else sp.Integer(0)}
    if equilibrium.held is None or len(equilibrium.system.state) != 1:
        raise BadData(
            f"start is for a rule with a line of rests and no other buffer, as adagrad; {method.name} is none"
        )
    if not first.is_number or not numbers[CURVATURE].is_number:
        raise BadData(f"start and curvature must be numbers; got {short(start)} and {numbers[CURVATURE]}")
    if not all(abs(value) < 1e150 for value in (first, *numbers.values())):
        raise BadData(
            "start, minimiser, curvature and hyperparameters must be below 1e150, so that their squares fit into floats"
        )
    rest = _shown(method, equilibrium, numbers, numbers[W])
    return replace(rest, gathered=gathered(method, equilibrium, numbers, float(numbers[W]), float(first)))


def _number(name: str, value: Any, letter: sp.Symbol) -> sp.Expr:
    if value is None:
        return letter
    try:
        number = sp.nan if isinstance(value, bool) else exact(value)
    except NotANumber:
        number = sp.nan
    if number.is_Symbol or (number.is_number and number.is_real and number.is_finite):
        return number
    raise BadData(f"{name} is a finite real number, or a letter; got {short(value)}")


def _mirror(method: Method) -> tuple[int, ...]:
    """The signs of the states for a minimiser on the other side."""
    along = direction(method, method.symbols, CURVATURE)
    signs = sign_pattern(along.state, along.update) or (-1,) * len(along.state)
    moving = dict(zip((n for n in along.names if n not in along.stopped), signs, strict=True))
    return tuple(moving.get(name, 1) for name in method.state)


def _value(formula: sp.Expr, given: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """A formula at what is given; where a zero makes it 0/0, as δ = 0 does, its limit."""
    plain = formula.subs(given)
    if not plain.has(sp.nan, sp.zoo):
        return lowest_terms(plain) if plain.free_symbols and plain != formula else plain
    zeros = [s for s, v in given.items() if v == 0]
    value = formula.subs({s: v for s, v in given.items() if v != 0})
    for letter in zeros:
        value = sp.limit(value, letter, 0, "+")
    return value


def _plain(formula: sp.Expr) -> Any:
    return float(formula.evalf(30)) if formula.is_number and formula.is_finite else formula


def _multipliers(system: System, there: Mapping[sp.Symbol, sp.Expr]) -> tuple[Any, ...]:
    matrix = system.matrix.applyfunc(lambda entry: _value(entry, there))
    if not matrix.free_symbols and not matrix.has(sp.oo, sp.nan):
        return spelled(np.linalg.eigvals(np.array(matrix.evalf(30).tolist(), dtype=complex)))
    plain, roots = rational(system)
    return tuple(_plain(_value(value.xreplace(roots), there)) for value in plain.eigenvalues)
