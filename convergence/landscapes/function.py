"""A function to be minimised: a formula in one or two variables, or a callable with its gradient and Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled, exact
from convergence.errors import BadData
from convergence.formula_text import formula, letters_in
from convergence.landscapes.paths import MOST, Crossing, crossing, path
from convergence.methods import as_method
from convergence.problem.arrays import floats, short

Array = NDArray[np.float64]

EXPECTED = (
    "a function is a formula in one or two variables (a text, or SymPy's), or a callable with gradient=… and hessian=…"
)


@dataclass(frozen=True)
class Landscape:
    """A function in d variables, its gradient and its Hessian; of a formula, derived.

    Attributes
    ----------
    name
        What it is called in tables and figures.
    expression
        The formula; None for a callable.
    variables
        (d,), their symbols.
    domain
        (low, high) for each variable, where it is looked at; empty where nothing is said.
    source, start
        Where it is from, and where a run starts there.

    >>> import convergence as cv
    >>> wave = cv.landscapes.x_cos_pi_x
    >>> wave.expression, wave.domain
    (x*cos(pi*x), ((-1.0, 2.0),))
    >>> wave.grad([0.5]).round(9).tolist()
    [-1.570796327]
    """

    name: str
    expression: sp.Expr | None
    variables: tuple[sp.Symbol, ...]
    domain: tuple[tuple[float, float], ...] = ()
    source: str = ""
    start: tuple[float, ...] = ()
    given: tuple[Callable[..., Any], ...] = field(default=(), repr=False)

    @property
    def dimension(self) -> int:
        """The number of variables."""
        return len(self.variables)

    def loss(self, x: Any) -> Array:
        """f at x (…, d), as (…)."""
        return self._at(0, x, ())

    def grad(self, x: Any) -> Array:
        """∇f at x (…, d), as (…, d)."""
        return self._at(1, x, (self.dimension,))

    def hessian(self, x: Any) -> Array:
        """The second derivatives at x (…, d), as (…, d, d)."""
        return self._at(2, x, (self.dimension,) * 2)

    @cached_property
    def derivatives(self) -> tuple[sp.Expr, tuple[sp.Expr, ...], tuple[sp.Expr, ...]]:
        """The formula, its gradient (d,) and its Hessian (d·d,), as formulas. BadData for a callable."""
        if self.expression is None:
            raise BadData(f"{self.name} is a callable: what asks for a formula's higher derivatives needs the formula")
        slope = tuple(_at_kinks(sp.diff(self.expression, v)) for v in self.variables)
        return self.expression, slope, tuple(_at_kinks(sp.diff(part, v)) for part in slope for v in self.variables)

    def derivative(self, order: int) -> sp.Expr:
        """The derivative of this order of a formula in one variable. BadData for another."""
        if self.dimension > 1:
            raise BadData(f"{self.name} has {self.dimension} variables; this is for one")
        return _at_kinks(sp.diff(self.derivatives[0], self.variables[0], order))

    def crossing(self, start: float, end: float, m: Any = None, /, *, limit: int = 100_000, **hyper: Any) -> Crossing:
        """The time from one place to another in one variable: of the gradient flow, and a method's steps, at most ``limit``.

        See ``Crossing``.
        """
        return crossing(self, number("start", start), number("end", end), m, whole("limit", limit, 1, MOST), hyper)

    def path(self, m: Any, /, steps: int, start: Any = None, **hyper: Any) -> Array:
        """The iterates (steps+1, d) of a method on the function, fewer where a number overflows.

        Parameters
        ----------
        m
            A Method, its name, a preset, or an update rule.
        steps
            The number of steps, 0 or more.
        start
            x₀ (d,); that of the landscape, unless given.

        >>> import convergence as cv
        >>> cv.landscapes.cosh.path("newton", 3, lr=1)[:, 0].round(3).tolist()
        [10.0, 8.0, 6.002, 4.011]
        """
        if start is None and not self.start:
            raise BadData(f"{self.name} has no start of its own: give start=x0")
        first = place(self.start if start is None else start, self.dimension)
        return path(self, as_method(m), whole("steps", steps, 0, MOST), first, hyper)

    def _at(self, order: int, x: Any, shape: tuple[int, ...]) -> Array:
        points = np.asarray(x, dtype=float)
        if points.ndim == 0 or points.shape[-1] != self.dimension:
            raise BadData(f"{self.name} takes points of {self.dimension} numbers; got shape {points.shape}")
        if self.expression is None:
            rows = [self._one(order, point, shape) for point in points.reshape(-1, self.dimension)]
            return np.array(rows).reshape(points.shape[:-1] + shape)
        parts = self.derivatives[order]
        formulas = (parts,) if order == 0 else parts
        with np.errstate(all="ignore"):
            values = compiled(self.variables, formulas)(*np.moveaxis(points, -1, 0))
        grid = [np.broadcast_to(np.asarray(v, dtype=float), points.shape[:-1]) for v in values]
        return np.stack(grid, axis=-1).reshape(points.shape[:-1] + shape)

    def _one(self, order: int, point: Array, shape: tuple[int, ...]) -> Array:
        value = np.asarray(self.given[order](point.copy()), dtype=float)
        if value.size != np.prod(shape, dtype=int):
            what = ("the function", "the gradient", "the Hessian")[order]
            raise BadData(f"{what} must return {shape or 'one number'} numbers at a point; got shape {value.shape}")
        return value.reshape(shape)


def _at_kinks(derivative: sp.Expr) -> sp.Expr:
    """Without the masses that SymPy puts at kinks: as it is on either side."""
    return derivative.replace(sp.DiracDelta, lambda *a: sp.Integer(0))


def as_landscape(f: Any, gradient: Any = None, hessian: Any = None, dimension: int | None = None) -> Landscape:
    """The function that was meant. BadData for what is none.

    >>> as_landscape("x**2 - y**2").expression
    x**2 - y**2
    """
    if isinstance(f, Landscape):
        return f
    if isinstance(f, str | sp.Expr):
        return _of_formula(f)
    gradient = getattr(f, "grad", None) if gradient is None else gradient
    hessian = getattr(f, "hess", getattr(f, "hessian", None)) if hessian is None else hessian
    value = f if callable(f) else getattr(f, "loss", None)
    if not (callable(value) and callable(gradient) and callable(hessian) and dimension):
        missing = "; at=x0 says in how many variables" if dimension is None else ""
        raise BadData(f"{EXPECTED}; got {short(f)}{missing}")
    letters = tuple(sp.Symbol(name, real=True) for name in (("x",), ("x", "y"))[dimension - 1])
    return Landscape(getattr(f, "__name__", type(f).__name__), None, letters, given=(value, gradient, hessian))


def _of_formula(f: str | sp.Expr) -> Landscape:
    if isinstance(f, str):
        written = f.replace("^", "**")
        try:
            expression = formula(written, {name: sp.Symbol(name, real=True) for name in letters_in(written)})
        except BadData:
            raise BadData(f"expected a formula such as x*cos(pi*x), of SymPy's functions; got {short(f)}") from None
    else:
        expression = f.xreplace({s: sp.Symbol(s.name, real=True) for s in f.free_symbols})
    variables = tuple(sorted(getattr(expression, "free_symbols", ()), key=str))
    if (
        not isinstance(expression, sp.Expr)
        or not 1 <= len(variables) <= 2
        or expression.has(sp.I, sp.zoo, sp.nan, sp.oo)
    ):
        raise BadData(
            f"{EXPECTED}; got {short(f)}",
            f"F must be a formula in one or two variables, as x*cos(pi*x); got {short(f)}",
        )
    return Landscape(str(expression), exact(expression), variables)


def ends(given: Any, dimension: int) -> tuple[tuple[float, float], ...]:
    """(low, high) for each variable, from (a, b) or ((a, b), (c, d)). BadData for another."""
    numbers = floats(given)
    pairs = numbers[None] if numbers.shape == (2,) else numbers
    if pairs.shape != (dimension, 2) or not np.isfinite(pairs).all() or (pairs[:, 0] >= pairs[:, 1]).any():
        wanted = "(a, b) with a < b" if dimension == 1 else "((a, b), (c, d)), an interval for each variable"
        typed = "A B with A < B" if dimension == 1 else "A B C D with A < B and C < D"
        raise BadData(
            f"over must be {wanted}, finite; got {short(given)}",
            f"--over must be {typed}; got {' '.join(f'{end:g}' for end in numbers.ravel())}",
        )
    return tuple((float(a), float(b)) for a, b in pairs)


def place(given: Any, dimension: int | None) -> Array:
    """A point (d,) of finite numbers. BadData for another."""
    point = floats(given)
    if point.ndim != 1 or len(point) != (dimension or len(point)) or not 1 <= len(point) <= 2:
        count = f"{dimension or 'one or two'} number{'s' * (dimension != 1)}"
        raise BadData(f"a point has {count}; got {short(point.tolist())}")
    if not np.isfinite(point).all():
        raise BadData(f"a point must be finite; got {short(given)}")
    return np.asarray(point, dtype=float)


def number(name: str, given: Any, low: float = -np.inf) -> float:
    """A finite number above ``low``. BadData for another."""
    value = floats(given)
    if (
        isinstance(given, list | tuple)
        or value.shape != (1,)
        or isinstance(given, bool)
        or not np.isfinite(value[0])
        or value[0] <= low
    ):
        least = "" if low == -np.inf else f" above {low:g}"
        raise BadData(f"{name} must be a finite number{least}; got {short(given)}")
    return float(value[0])


def whole(name: str, given: Any, low: int, high: int) -> int:
    """A whole number in low … high. BadData for another."""
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not low <= given <= high:
        raise BadData(f"{name} must be a whole number from {low} to {high}; got {short(given)}")
    return int(given)
