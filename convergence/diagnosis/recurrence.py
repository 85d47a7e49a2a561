"""The recurrence that a method makes of each direction's error: e_{k+2} = τ·e_{k+1} − δ·e_k, as a function of lr·λ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.signal import lfilter

from convergence.crossing import compiled, exact
from convergence.errors import BadHyperparameter
from convergence.numerics.replay import Parabolas
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system

Array = NDArray[np.float64]
Numbers = NDArray[Any]

CLOSE = 0.1
"""A discriminant uncertain by more than this part of itself is near that of a double root: there the bars go by its root."""


@dataclass(frozen=True, eq=False)
class Recurrence:
    """Trace τ and determinant δ of a direction, from unknowns ``shared`` (p,) by all of them and its ``own`` (m, q).

    ``method`` is None for any two roots a direction: its own unknowns are τ and δ. Else the own unknown is lr·λ, and the
    shared one the hyperparameter that ``momentum`` names (None where it is known, or the method has none). ``order`` is
    the number of roots of a direction, 1 or 2. Under a schedule ``rates`` (steps,) are its learning rates in parts of the
    largest, at which lr·λ, τ and δ are told.
    """

    name: str
    method: Method | None
    hyper: Mapping[str, float]
    momentum: str | None
    order: int
    formula: Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]
    rates: Array | None = None

    @property
    def shared(self) -> int:
        """p."""
        return int(self.momentum is not None)

    @property
    def own(self) -> int:
        """q."""
        return 2 if self.method is None else 1

    def split(self, unknowns: Numbers) -> tuple[Numbers, Numbers]:
        """The shared (p,) and the own (m, q) of all unknowns in a row."""
        return unknowns[: self.shared], unknowns[self.shared :].reshape(-1, self.own)

    def pair(self, unknowns: Numbers) -> tuple[Numbers, Numbers]:
        """τ and δ (m,) of one step."""
        shared, own = self.split(unknowns)
        tau, delta = (np.full(len(own), part) for part in self.formula(shared, own))
        return tau, delta

    def solutions(self, unknowns: Numbers, places: NDArray[np.intp], stride: int, squares: bool) -> Numbers:
        """The solutions (rows, m, order) at ``places``, counted in strides of so many steps; or their products.

        A loss is made of products of solutions: with ``squares`` (rows, m, order·(order+1)/2).
        """
        last = int(places[-1])
        parts = (
            self._steady(unknowns, last, stride) if self.rates is None else self._run(unknowns, last * stride)[::stride]
        )
        if squares:
            k, other = _pairs(self.order)
            parts = parts[:, :, k] * parts[:, :, other]
        return parts[places]

    def _steady(self, unknowns: Numbers, last: int, stride: int) -> Numbers:
        """The solutions (last+1, m, order) with the same τ and δ in each step."""
        tau, delta = strided(*self.pair(unknowns), stride)
        impulse = np.zeros(last + 1)
        impulse[0] = 1.0
        parts = np.zeros((len(impulse), len(tau), self.order), dtype=np.result_type(tau, delta, impulse))
        parts[0, :, 0] = 1.0
        for part, t, d in zip(parts.transpose(1, 0, 2), tau, delta, strict=True):
            response = lfilter([1.0], [1.0, -t, d], impulse)
            if self.order == 1:
                part[:, 0] = response
            else:
                part[1:, 1] = response[:-1]
                part[2:, 0] = -d * response[:-2]
        return parts

    def _run(self, unknowns: Numbers, steps: int) -> Numbers:
        """The solutions (steps+1, m, order) under a schedule: the rule itself, from its own first state or from unit states."""
        assert self.method is not None
        assert self.method.rate is not None
        assert self.rates is not None
        shared, own = self.split(unknowns)
        f, settings = Parabolas(own), {**self.hyper, **({self.momentum: shared[0]} if self.momentum else {})}
        units = np.eye(self.order)[:, None, :] * np.ones_like(own)
        state = self.method.start(f, units[0]) if self.order == 1 else tuple(units)
        parts = np.empty((steps + 1, *units[0].shape), dtype=units.dtype)
        parts[0] = state[0]
        for part, rate in zip(parts[1:], self.rates, strict=False):
            state = self.method(f, *state, **settings, **{self.method.rate: rate})
            part[...] = state[0]
        return parts

    def roots(self, unknowns: Numbers) -> NDArray[np.complex128]:
        """The eigenvalues (m, order) of one step, largest modulus first."""
        return roots(*self.pair(unknowns))[:, : self.order]

    def products(self, shared: Numbers, values: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """The lr·λ with these eigenvalues, where there is one: with one gradient a step τ and δ are linear in it."""
        (tau, other_tau), (delta, other_delta) = self.pair(np.append(shared, [0.0, 1.0]))
        with np.errstate(all="ignore"):
            found = (values**2 - tau * values + delta) / ((other_tau - tau) * values - (other_delta - delta))
        return np.asarray(found[np.isfinite(found)], dtype=complex)


_pairs = cache(np.triu_indices)
"""The places of all products of two of so many; NumPy takes as long for them as for the products."""


def strided(tau: Numbers, delta: Numbers, stride: int) -> tuple[Numbers, Numbers]:
    """Trace and determinant of so many steps at once: Lucas' sequence, by doubling."""
    if stride == 1:
        return tau, delta
    low, high, power = np.full_like(tau, 2.0), tau, np.ones_like(delta)
    for bit in f"{stride:b}":
        middle = low * high - power * tau
        if bit == "1":
            low, high, power = middle, high * high - 2 * power * delta, power * power * delta
        else:
            low, high, power = low * low - 2 * power, middle, power * power
    return low, power


def roots(tau: Numbers | float, delta: Numbers | float) -> NDArray[np.complex128]:
    """The roots (m, 2) of z² − τz + δ, or (2,) of a single one, largest modulus first, without cancellation."""
    discriminant = tau * tau - 4 * delta
    turning, root = discriminant < 0, np.sqrt(np.abs(discriminant))
    large = (tau + np.copysign(root, tau)) / 2
    small = np.divide(delta, large, out=np.zeros_like(large), where=delta != 0)
    values = np.zeros((*np.shape(discriminant), 2), dtype=complex)
    values.real = np.where(turning, tau / 2, [large, small]).T
    values.imag = np.where(turning, [root / 2, -root / 2], 0.0).T
    return values


def root_errors(tau: float, delta: float, covariance: Array, factor: float) -> Array:
    """Error bars of both roots, ``factor`` standard errors of a covariance (2, 2) of τ and δ.

    To first order dz = (z·dτ − dδ)/(2z − τ); near a double root instead the bound |√(D+ε) − √D| ≤ min(ε/√D, √ε).
    """
    values = roots(tau, delta)
    if not np.isfinite(np.diag(covariance)).all():
        return np.full(2, np.inf)
    slope = np.array([2 * tau, -4.0])
    discriminant = abs(tau * tau - 4 * delta)
    moved = factor * _deviation(slope, covariance)
    if values[1] == 0 and covariance[1, 1] == 0:  # one root: the other is zero by the recurrence
        return np.array([factor * covariance[0, 0] ** 0.5, 0.0])
    if moved > CLOSE * discriminant:
        root = min(moved / discriminant**0.5 if discriminant else np.inf, moved**0.5)
        return np.full(2, factor * covariance[0, 0] ** 0.5 / 2 + root / 2)
    slopes = [np.array([z, -1.0]) / (2 * z - tau) for z in values]
    return np.array(
        [factor * (_deviation(s.real, covariance) ** 2 + _deviation(s.imag, covariance) ** 2) ** 0.5 for s in slopes]
    )


def _deviation(slope: Array, covariance: Array) -> float:
    return float(max(float(slope @ covariance @ slope), 0.0) ** 0.5)


def recurrence(method: Method, given: Mapping[str, Any]) -> Recurrence:
    """The recurrence of a method. Its momentum (a share without default) is unknown unless given; other settings are needed.

    Raises BadHyperparameter for a rule with three or more states, or in which lr and λ enter otherwise than as lr·λ.
    """
    method.require_known(given)
    known = {name: value for name, value in given.items() if name != method.rate}
    usual = dict(method.defaults)
    shares = (n for n, domain in method.domains.items() if domain.is_share and n not in known and n not in usual)
    momentum = next(shares, None)
    settings = method.scalars({str(method.rate): 1.0, **({momentum: 0.5} if momentum else {}), **known})
    fixed = {name: exact(value) for name, value in settings.items() if name not in (method.rate, momentum)}
    order, formula = _formula(method, tuple(fixed.items()), momentum)
    return Recurrence(method.name, method, {n: float(v) for n, v in fixed.items()}, momentum, order, formula)


def recurrences(method: Method, given: Mapping[str, Any]) -> list[Recurrence]:
    """That of a method; where its momentum is unknown, first that without memory, which it has at one momentum."""
    one = recurrence(method, given)
    if one.momentum is None:
        return [one]
    known = [recurrence(method, {**given, one.momentum: end}) for end in (0.0, 1.0)]
    return [*(replace(some, order=1) for some in known if not some.pair(np.array([0.25, 0.5]))[1].any()), one]


def two_roots() -> Recurrence:
    """Any two roots in each direction."""
    return Recurrence("two roots", None, {}, None, 2, lambda _, own: (own[:, 0], own[:, 1]))


@cache
def _formula(method: Method, fixed: tuple[tuple[str, sp.Expr], ...], momentum: str | None) -> tuple[int, Any]:
    values = {method.symbols[name]: value for name, value in fixed}
    trace, determinant = (sp.sympify(part).subs(values) for part in _scaled(method))
    letters = (CURVATURE, method.symbols[momentum] if momentum else sp.Symbol("unused"))
    function = compiled(letters, (trace, determinant))
    order = system(method).characteristic.degree()
    return order, lambda shared, own: function(own[:, 0], shared[0] if momentum else 0.0)


def _scaled(method: Method) -> tuple[sp.Expr, sp.Expr]:
    """τ and δ as formulas in lr·λ (written λ) and the other hyperparameters."""
    polynomial = system(method).characteristic
    if polynomial.degree() > 2 or method.rate is None:
        raise BadHyperparameter(
            f"a run is taken apart by rules with a learning rate and one or two states; {method.name} has "
            f"{polynomial.degree()} ({', '.join(method.state)}): leave method out for two roots a direction"
        )
    rate = method.symbols[method.rate]
    coefficients = polynomial.all_coeffs()
    scaled = [c.subs(rate, 1) for c in coefficients]
    product = [s.subs(CURVATURE, rate * CURVATURE) for s in scaled]
    if any(sp.simplify(a - b) != 0 for a, b in zip(coefficients, product, strict=True)) or not any(
        c.has(CURVATURE) for c in scaled
    ):
        raise BadHyperparameter(f"{method.name} does not depend on lr·λ alone, which is all that a run can show of it")
    return -scaled[1], scaled[2] if len(scaled) == 3 else sp.Integer(0)
