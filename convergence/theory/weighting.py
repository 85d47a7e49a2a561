"""A filter at numbers: its poles and response, exactly what it sums to, and its weights step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import asin, inf, log, nan, sqrt
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled, exact
from convergence.errors import BadData
from convergence.plotting import Plotted
from convergence.theory.clock import Clock
from convergence.theory.inequality import numbers
from convergence.theory.schur import stable_conditions
from convergence.theory.symbols import Z
from convergence.theory.transfer import coloured, correlation_of, dc_gain, energy

Array = NDArray[np.float64]

MOST_WEIGHTS = 10**7
"""Steps whose weights are held in memory."""


@dataclass(frozen=True)
class Realisation:
    """s ← ``matrix``·s + ``column``·u with the readings of the ``clock`` as letters, and the gradients that the start asks.

    ``first`` is what a gradient of the start puts into the state; it is one more, ``anew``, where it is asked at another
    point than the first step's. ``output`` is the place of a state, None for the step.
    """

    matrix: sp.ImmutableMatrix
    column: sp.ImmutableMatrix
    first: sp.ImmutableMatrix
    output: int | None
    clock: Clock | None
    anew: bool


@dataclass(frozen=True, eq=False)
class Weights(Plotted, figure="response"):
    """A filter at numbers. Of a method with a clock all but ``weights`` and ``variance`` is of the limit.

    Attributes
    ----------
    numerator, denominator
        The polynomials in z, in lowest terms; exact, floats read as the decimals that they print as.

    >>> import convergence as cv
    >>> adam = cv.filter_of("frozen_adam", "step").at(lr=1, momentum=0.9)
    >>> adam.weights(3).round(4), round(float(adam.weights(3).sum()), 12)
    (array([0.2989, 0.3321, 0.369 ]), 1.0)
    """

    numerator: sp.Poly
    denominator: sp.Poly
    realised: Realisation = field(repr=False)
    values: Mapping[sp.Symbol, sp.Expr] = field(repr=False)

    @classmethod
    def of(cls, formula: sp.Expr, realised: Realisation, values: Mapping[sp.Symbol, sp.Expr]) -> Weights:
        """Of a formula in z alone."""
        above, below = (_rational(part) for part in sp.fraction(sp.together(formula)))
        one, other = above.cancel(below, include=True)
        return cls(one.quo_ground(other.LC()), other.monic(), realised, values)

    @cached_property
    def poles(self) -> NDArray[np.complex128]:
        """The roots of the denominator."""
        return np.asarray(np.roots([float(c) for c in self.denominator.all_coeffs()]), dtype=complex)

    @cached_property
    def forgets(self) -> bool:
        """Whether all poles lie inside the unit circle, decided exactly."""
        return self.denominator.degree() < 1 or all(c > 0 for c in stable_conditions(self.denominator))

    @property
    def dc_gain(self) -> float:
        """The sum of all weights; ∞ where they do not run down."""
        return float(dc_gain(*self._formulas)) if self.forgets else inf

    @cached_property
    def variance_gain(self) -> float:
        """The sum of the squared weights; ∞ where they do not run down."""
        return float(energy(*self._formulas)) if self.forgets else inf

    def variance_gain_for(self, correlation: Any) -> float:
        """The output's variance for gradients of variance 1 of which each two in a row have this correlation (AR(1)).

        Raises BadHyperparameter for what is no number inside (−1, 1).
        """
        r = correlation_of(numbers("correlation", correlation)[()])
        return float(coloured(*self._formulas, r)) if self.forgets else inf

    @property
    def window(self) -> float:
        """How many gradients a plain mean takes for the same variance, weights summing to 1; nan where they do not run down."""
        return self.dc_gain**2 / self.variance_gain if self.forgets and self.variance_gain else nan

    @property
    def mean_lag(self) -> float:
        """The mean age of a gradient, Σkwₖ/Σwₖ: β/(1−β) of an exponential average; nan where weights sum to 0, or never end."""
        if not self.forgets or not self.dc_gain:
            return nan
        slopes = [part.diff(Z).eval(1) / part.eval(1) for part in (self.denominator, self.numerator)]
        return float(slopes[0] - slopes[1])

    @property
    def slowest(self) -> float:
        """The largest modulus of a pole: what the weights shrink by, a step, in the end; 0 where they come to an end."""
        return float(max(np.abs(self.poles), default=0.0))

    @property
    def half_life(self) -> float:
        """In so many steps the slowest part of the weights halves: ln 2/ln(1/|p|) of the slowest pole p; ∞ if it never does."""
        if not self.forgets:
            return inf
        return log(2) / -log(self.slowest) if self.slowest else 0.0

    @property
    def time_constant(self) -> float:
        """1/(1 − |p|) of the slowest pole p: 1/(1−β) of an exponential average, which by then has shrunk to about 1/e."""
        return 1 / (1 - self.slowest) if self.forgets else inf

    @cached_property
    def cutoff(self) -> float:
        """The least frequency, in radians a step, at which the output has half the power of a constant input (−3 dB).

        nan where there is none: a short average damps no frequency so far.
        """
        if not self.forgets or not self.dc_gain:
            return nan
        u = sp.Symbol("u")
        half = dc_gain(*self._formulas) ** 2 / 2
        power = sp.Poly(_power(self.numerator, 1 - u) - half * _power(self.denominator, 1 - u), u)
        roots = [float(root) for root in power.real_roots() if 0 < root <= 2] if power.degree() > 0 else []
        return 2 * asin(sqrt(min(roots) / 2)) if roots else nan

    def response(self, omega: Any) -> NDArray[np.complex128]:
        """T(e^{iω}) at frequencies ω in radians a step, an array: what the filter makes of a sinusoid.

        Raises BadHyperparameter for what is no number.
        """
        z = np.exp(1j * numbers("omega", omega).astype(float))
        above, below = (
            np.polyval([float(c) for c in part.all_coeffs()], z) for part in (self.numerator, self.denominator)
        )
        with np.errstate(all="ignore"):
            return np.asarray(above / below)[()]

    def weights(self, steps: int) -> Array:
        """The weights of the gradients, the oldest first, in the output after so many steps, exact at each reading of a clock.

        One a step; one more where the start asks for a gradient at another point than the first step does, as PyTorch's
        buffer. Where the start asks at the same point it is one gradient.

        Raises BadData for steps that are no whole number from 1 on.
        """
        if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= MOST_WEIGHTS:
            raise BadData(f"steps must be a whole number from 1 to {MOST_WEIGHTS}; got {str(steps)[:60]}")
        matrices, columns, first = self._recursion(int(steps))
        size = matrices.shape[-1]
        row = np.eye(size)[self.realised.output or 0]
        seen = np.empty(steps)
        for k in range(steps - 1, -1, -1):
            matrix, column = matrices[min(k, len(matrices) - 1)], columns[min(k, len(columns) - 1)]
            if k == steps - 1 and self.realised.output is None:
                seen[k], row = -row @ column, row - row @ matrix
            else:
                seen[k], row = row @ column, row @ matrix
        if self.realised.anew:
            return np.concatenate([[row @ first], seen])
        seen[0] += row @ first
        return seen

    def variance(self, steps: int) -> float:
        """The output's variance after so many steps, for gradients that are white noise of variance 1: Σ ``weights``²."""
        return float(np.sum(self.weights(steps) ** 2))

    @property
    def _formulas(self) -> tuple[sp.Expr, sp.Expr]:
        return self.numerator.as_expr(), self.denominator.as_expr()

    def _recursion(self, steps: int) -> tuple[Array, Array, Array]:
        """The matrices (m, s, s) and columns (m, s) of the steps, m = 1 where all have the same; the start's column (s,)."""
        real, clock, size = self.realised, self.realised.clock, self.realised.matrix.rows
        letters, given = tuple(self.values), [float(value) for value in self.values.values()]
        timed, read = letters, np.empty((1, 0))
        if clock is not None:
            timed, read = (*letters, *clock.letters), np.empty((steps, len(clock.letters)))
            tick = compiled(timed, clock.update)
            read[0] = [float(value) for value in clock.start]
            for k in range(1, steps):
                read[k] = tick(*given, *read[k - 1])
        entries = compiled(timed, (*real.matrix, *real.column))(*given, *read.T)
        whole = np.stack([np.broadcast_to(np.asarray(e, dtype=float), (len(read),)) for e in entries], axis=-1)
        first = np.array(compiled(letters, tuple(real.first))(*given), dtype=float)
        return whole[:, : size**2].reshape(-1, size, size), whole[:, size**2 :], first


def _rational(part: sp.Expr) -> sp.Poly:
    """A polynomial in z over the rationals; a root among its coefficients is the decimal that it prints as."""
    coefficients = [c if c.is_Rational else exact(float(c)) for c in sp.Poly(part, Z).all_coeffs()]
    return sp.Poly(coefficients, Z, domain="QQ")


def _power(poly: sp.Poly, cosine: sp.Expr) -> sp.Expr:
    """|p(e^{iω})|² as a polynomial in cos ω: its coefficients' autocorrelations, each with Chebyshev's polynomial."""
    c = poly.all_coeffs()
    lags = [sum(a * b for a, b in zip(c, c[k:], strict=False)) for k in range(len(c))]
    return sum(((2 if k else 1) * lag * sp.chebyshevt(k, cosine) for k, lag in enumerate(lags)), sp.Integer(0))
