"""The trace of an update rule: its next state and the questions it asks the objective, as formulas.

Rules are written for arrays, with NumPy's functions; here their arguments are symbols that answer to those functions.
The objective answers each question with a fresh symbol, so that a trace holds for every objective (an *open loop*); with
the gradients λ(x − w) of a parabola put in, it is the rule along one direction of curvature λ (*closed*).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb
from typing import Any, NoReturn

import numpy as np
import sympy as sp
from numpy.lib.mixins import NDArrayOperatorsMixin

from convergence.crossing import exact
from convergence.errors import BadRule, ConvergenceError, NotLinear
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE

Formulas = tuple[sp.Expr, ...]

MINIMISER = sp.Symbol("w", real=True)
"""The minimiser's coordinate: a rule that treats the origin as special shows it by not resting there."""

PACKAGE = str(Path(__file__).resolve().parent.parent)

UFUNCS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "positive": lambda a: a,
    "square": lambda a: a**2,
    "reciprocal": lambda a: 1 / a,
    "absolute": sp.Abs,
    "fabs": sp.Abs,
    "maximum": sp.Max,
    "minimum": sp.Min,
    "sign": sp.sign,
    "arctan": sp.atan,
    "arcsinh": sp.asinh,
    "hypot": lambda a, b: sp.sqrt(a**2 + b**2),
    "cbrt": lambda a: sp.real_root(a, 3),
    "log1p": lambda a: sp.log(1 + a),
    "expm1": lambda a: sp.exp(a) - 1,
    **{name: getattr(sp, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
}

NORM = sp.Function("norm")
"""The norm of all coordinates. Along one direction it is |·|: at 0 it has no derivative, and its square none but 0."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "copy": lambda a: a,
    "zeros_like": lambda a: sp.Integer(0),
    "ones_like": lambda a: sp.Integer(1),
    "clip": lambda a, a_min, a_max: sp.Min(sp.Max(a, a_min), a_max),
    "norm": NORM,
}


class Traced(NDArrayOperatorsMixin):
    """A symbol that a rule can treat as an array: NumPy's elementwise functions become SymPy's.

    ``divisors`` collects what the rule divides by, all the symbols of one trace together: where one vanishes, the rule has
    no value, although the quotient may cancel later.
    """

    def __init__(self, formula: sp.Expr, divisors: list[sp.Expr]) -> None:
        self.formula, self.divisors = formula, divisors

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **options: Any) -> Traced:
        if how != "__call__" or ufunc.__name__ not in UFUNCS or set(options) - {"out"}:
            raise NotLinear(f"it uses numpy.{ufunc.__name__}, which has no iteration matrix per direction")
        values = [formula(value) for value in inputs]
        self._note_divisors(ufunc.__name__, values)
        return Traced(UFUNCS[ufunc.__name__](*values), self.divisors)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Traced:
        if function.__name__ not in FUNCTIONS:
            raise NotLinear(f"it uses numpy.{function.__name__}, which couples the directions or has no derivative")
        named = {name: formula(value) for name, value in options.items() if name not in ("axis", "keepdims")}
        return Traced(FUNCTIONS[function.__name__](*map(formula, inputs), **named), self.divisors)

    def _note_divisors(self, operation: str, values: Sequence[sp.Expr]) -> None:
        if operation in ("divide", "reciprocal") or (operation == "power" and values[1].is_negative):
            divisor = values[0] if operation != "divide" else values[1]
            if divisor.free_symbols:
                self.divisors.append(divisor)

    def copy(self) -> Traced:
        return self

    def _sympy_(self) -> sp.Expr:
        return self.formula

    def __bool__(self) -> NoReturn:
        raise NotLinear("it branches on the value of the state, so it is not differentiable everywhere")

    def __float__(self) -> NoReturn:
        raise NotLinear("it needs the state as a float; write it with NumPy's functions, which also work on symbols")

    def __setitem__(self, place: Any, value: Any) -> NoReturn:
        raise NotLinear("it writes into the state's entries; write v = … instead, which works on symbols and arrays")

    def __getitem__(self, place: Any) -> NoReturn:
        raise NotLinear("it picks entries of the state, so it does not treat all directions alike")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotLinear(f"it uses .{name} of the state, which couples the directions or is no formula")


@dataclass(frozen=True)
class Question:
    """What a rule asked the objective: ``grad`` at a point, or ``solve`` of a gradient; ``answer`` is the symbol it got."""

    oracle: str
    asked: sp.Expr
    answer: sp.Symbol

    @property
    def gain(self) -> sp.Expr:
        """What the oracle of a parabola multiplies by: λ for a gradient, 1/λ for a Newton step."""
        return CURVATURE if self.oracle == "grad" else 1 / CURVATURE

    @property
    def reply(self) -> sp.Expr:
        """The answer of the parabola with its minimum at w."""
        return self.gain * (self.asked - MINIMISER if self.oracle == "grad" else self.asked)


class Oracles:
    """An objective that answers each question with a fresh symbol and keeps the questions, in order."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.divisors: list[sp.Expr] = []

    def grad(self, x: Any, /) -> Traced:
        return self._answered("grad", x)

    def solve(self, g: Any, /) -> Traced:
        return self._answered("solve", g)

    def _answered(self, oracle: str, argument: Any) -> Traced:
        question = Question(oracle, formula(argument), sp.Symbol(f"g_{len(self.questions)}", real=True))
        self.questions.append(question)
        return self.traced(question.answer)

    def traced(self, value: sp.Expr) -> Traced:
        """A formula as the rule may use it."""
        return Traced(value, self.divisors)

    def __getattr__(self, name: str) -> NoReturn:
        raise NotLinear(f"it asks the objective for .{name}; an update rule may ask for .grad(x) and .solve(g)")


@dataclass(frozen=True)
class Trace:
    """A rule (or its start) on symbols: ``values`` in terms of its ``inputs`` and of the answers to its ``questions``.

    ``divisors`` are what it divides by on the way. ``couples``: a norm of all coordinates is in it, read as that of one.
    """

    inputs: tuple[sp.Symbol, ...]
    values: Formulas
    questions: tuple[Question, ...]
    divisors: Formulas
    couples: bool = False

    @property
    def closed(self) -> Formulas:
        """The values along one direction of curvature λ: a parabola's answers put in for the symbols."""
        return tuple(self.answered(value) for value in self.values)

    def answered(self, value: sp.Expr) -> sp.Expr:
        """A formula with a parabola's answers put in, the last question first."""
        for question in reversed(self.questions):
            value = value.xreplace({question.answer: question.reply})
        return value


def formula(value: Any) -> sp.Expr:
    """What a rule computed, or a constant in it, as an exact formula."""
    if isinstance(value, Traced):
        return value.formula
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    return exact(value)


def state_symbols(method: Method) -> tuple[sp.Symbol, ...]:
    """One symbol for each state of the method."""
    return tuple(sp.Symbol(f"s_{name}", real=True) for name in method.state)


def trace_rule(method: Method, hyper: Mapping[str, Any] | None = None) -> Trace:
    """The rule's next state. NotLinear, with the reason, where it cannot be read on symbols or answers differently twice."""
    state = state_symbols(method)
    values = method.symbols if hyper is None else {name: exact(value) for name, value in hyper.items()}
    return _read(
        method,
        state,
        lambda f: method(f, *map(f.traced, state), **{name: f.traced(value) for name, value in values.items()}),
    )


def trace_start(method: Method, x: sp.Symbol = MINIMISER) -> Trace:
    """The first state of the method at position ``x``."""
    return _read(method, (x,), lambda f: method.start(f, f.traced(x)))


def _read(method: Method, inputs: Sequence[sp.Symbol], run: Callable[[Oracles], tuple[Any, ...]]) -> Trace:
    one, other = (_traced(method, inputs, run) for _ in range(2))
    if one != other:
        raise NotLinear(
            f"{method.name} has no iteration matrix: it answers differently when it is asked twice. A rule may use its "
            f"arguments only: no random numbers, no counter outside; let a state hold what changes"
        )
    return one


def _traced(method: Method, inputs: Sequence[sp.Symbol], run: Callable[[Oracles], tuple[Any, ...]]) -> Trace:
    oracles = Oracles()
    try:
        values = run(oracles)
        formulas = [_entry(method, value) for value in values]
        couples = any(part.has(NORM) for part in (*formulas, *(q.asked for q in oracles.questions)))
        questions = tuple(replace(q, asked=_of_one(q.asked)) for q in oracles.questions)
        divisors = tuple(dict.fromkeys(map(_of_one, oracles.divisors)))
        return Trace(tuple(inputs), tuple(map(_of_one, formulas)), questions, divisors, couples)
    except NotLinear as reason:
        raise NotLinear(f"{method.name} has no iteration matrix: {reason}") from None
    except ConvergenceError:
        raise
    except Exception as error:
        line = _line_of_rule(method, error)
        if line is None:
            raise
        raise BadRule(f"{method.name} cannot be read on symbols{line}: {type(error).__name__}: {error}") from error


def _of_one(formula: sp.Expr) -> sp.Expr:
    """The norm of all coordinates as that of the one there is."""
    return formula.replace(NORM, sp.Abs)


def _entry(method: Method, value: Any) -> sp.Expr:
    try:
        return formula(value)
    except TypeError as error:
        raise BadRule(f"{method.name} must return numbers or arrays, one for each state: {error}") from None


def _line_of_rule(method: Method, error: Exception) -> str | None:
    """Where in the user's code an error arose; None where it did not: then it is a fault of this package."""
    frames = [frame for frame in extract_tb(error.__traceback__) if not frame.filename.startswith(PACKAGE)]
    code = getattr(method.rule, "__code__", None)
    own = [frame for frame in frames if code is None or frame.filename == code.co_filename]
    return f" (line {own[-1].lineno}: {own[-1].line})" if own else None
