"""A tuning problem as inequalities: ρ bounds the largest spectral radius over [μ, L] where polynomials are not negative.

In radii the problem is not even Lipschitz (at critical damping); as inequalities, the Schur–Cohn polynomials of p(ρz) at
the curvatures that matter, it is smooth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.roots import largest_modulus
from convergence.theory.schur import scaled_conditions
from convergence.theory.symbols import CURVATURE, RATE
from convergence.theory.system import System

Array = NDArray[np.float64]
Values = dict[sp.Symbol, float]

SPECTRUM = {1: 401}
"""Curvatures at which the radius is looked at where the worst may lie inside (μ, L), by the number of unknowns; else 41."""

FINE = 4001
"""Curvatures at which it is looked at before a rate is returned; the worst of them is then refined."""


@dataclass(frozen=True, eq=False)
class Inequalities:
    """The tuning problem of a method: which hyperparameters are ``unknown``, and the ``polynomials`` that must not be negative.

    The polynomials are in λ, the hyperparameters and ρ.
    """

    system: System
    unknown: tuple[sp.Symbol, ...]

    @property
    def _same(self) -> tuple[Any, ...]:
        """What the problem depends on: two methods with one characteristic polynomial have one optimum."""
        return (
            self.system.characteristic,
            tuple(self.system.symbols.items()),
            len(self.system.state),
            self.unknown,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inequalities) and self._same == other._same

    def __hash__(self) -> int:
        return hash(self._same)

    @cached_property
    def polynomials(self) -> tuple[sp.Expr, ...]:
        parts = [scaled_conditions(factor, RATE) for factor, _ in self.system.factors]
        return tuple(dict.fromkeys(polynomial for part in parts for polynomial in part))

    @cached_property
    def rate_symbol(self) -> sp.Symbol | None:
        return self.system.symbols.get(self.system.method.rate or "", next(iter(self.unknown), None))

    def radius(self, curvatures: Any, settings: Mapping[sp.Symbol, Any]) -> Array:
        """The spectral radius, broadcast over curvatures and settings."""
        arguments = (CURVATURE, *settings)
        radii = []
        for factor, _ in self.system.factors:
            lower = compiled(arguments, tuple(factor.all_coeffs()[1:]))(curvatures, *settings.values())
            radii.append(largest_modulus(np.broadcast_arrays(*lower, curvatures)[:-1]))
        return np.asarray(np.maximum.reduce(np.broadcast_arrays(*radii)))

    def worst(self, mu: float, L: float, settings: Mapping[sp.Symbol, Any]) -> Array:
        """The largest radius over the curvatures in [μ, L] that can have it; settings may be arrays of one shape."""
        shape = np.broadcast_shapes(*(np.shape(v) for v in settings.values()))
        spectrum = self.spectrum(mu, L).reshape(-1, *(1 for _ in shape))
        return np.asarray(self.radius(spectrum, settings).max(axis=0))

    def spectrum(self, mu: float, L: float) -> Array:
        """The curvatures in [μ, L] that are looked at."""
        return (
            np.array([mu, L]) if self.system.ends_suffice else np.geomspace(mu, L, SPECTRUM.get(len(self.unknown), 41))
        )

    def largest(self, mu: float, L: float, settings: Values) -> tuple[float, float]:
        """The curvature in [μ, L] with the largest radius, and that radius."""
        fine = np.array([mu, L]) if self.system.ends_suffice else np.geomspace(mu, L, FINE)
        place = int(self.radius(fine, settings).argmax())
        if not self.system.ends_suffice:
            fine = np.linspace(fine[max(place - 1, 0)], fine[min(place + 1, FINE - 1)], FINE)
        radii = self.radius(fine, settings)
        return float(fine[radii.argmax()]), float(radii.max())

    def _values(self, u: Array) -> Values:
        pairs = zip(self.unknown, u[:-1], strict=True)
        return {s: np.float64(np.exp(v) if s.is_positive else v) for s, v in pairs}  # of Python's, powers would raise

    def _slack(self, spectrum: Array, u: Array, fixed: Mapping[sp.Symbol, float]) -> Array:
        """The polynomials at every curvature, row by row."""
        return self._tabulated(self.polynomials, spectrum, self._values(u), u[-1], fixed).ravel()

    def _slopes(self, spectrum: Array, u: Array, fixed: Mapping[sp.Symbol, float]) -> Array:
        """Their derivatives by the transformed unknowns and ρ."""
        values = self._values(u)
        scale = np.array([*(v if s.is_positive else 1.0 for s, v in values.items()), 1.0])
        slopes = self._tabulated(self._gradients, spectrum, values, u[-1], fixed)
        with np.errstate(all="ignore"):
            scaled = slopes.reshape(len(self.polynomials), -1, spectrum.size) * scale[:, None]
        return np.asarray(scaled.transpose(0, 2, 1).reshape(-1, scale.size))

    def _tabulated(
        self,
        formulas: tuple[sp.Expr, ...],
        spectrum: Array,
        values: Values,
        rate: Any,
        fixed: Mapping[sp.Symbol, float],
    ) -> Array:
        """A row for each formula, a column for each curvature."""
        table = np.empty((len(formulas), spectrum.size))
        with np.errstate(all="ignore"):
            found = compiled((CURVATURE, *self.unknown, RATE, *fixed), formulas)
            for row, part in zip(table, found(spectrum, *values.values(), rate, *fixed.values()), strict=True):
                row[:] = part
        return table

    @cached_property
    def _gradients(self) -> tuple[sp.Expr, ...]:
        return tuple(sp.diff(p, letter) for p, letter in product(self.polynomials, (*self.unknown, RATE)))

    def _vector(self, values: Values, rate: float) -> Array:
        return np.array([*(np.log(v) if s.is_positive else v for s, v in values.items()), rate])
