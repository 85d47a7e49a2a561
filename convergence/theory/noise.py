"""Noise in the gradients: the stationary covariance of a method's state as formulas, and what follows from it.

A gradient is answered with λq + ξ, ξ fresh in each step and of variance one along the direction; all gradients of a step
share it, as they share a minibatch, unless ``fresh``. Then s ← As + bξ with b = U(I − GD)⁻¹n in the letters of the ``Loop``
(n: 1 for a gradient, 0 for a Newton step, whose Hessian is exact), and the covariance is the Σ = AΣAᵀ + bbᵀ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.polys.matrices import DomainMatrix

from convergence.crossing import compiled
from convergence.errors import BadData, BadHyperparameter
from convergence.methods import as_method
from convergence.notation import latex
from convergence.rule import Method
from convergence.theory.gradient_noise import answered_points, entering, heard, named_points
from convergence.theory.lyapunov import lyapunov, no_stationary_covariance, over_field, read, sylvester, written
from convergence.theory.rational import lettered
from convergence.theory.region import gridded, inside
from convergence.theory.symbols import CURVATURE, rewritten
from convergence.theory.system import system

Array = NDArray[np.float64]

BOTH = sp.symbols("lambda_1 lambda_2", positive=True)
"""The curvatures of the two directions of a cross gain."""


@dataclass(frozen=True, eq=False)
class Floor:
    """The stationary covariance at numbers: ``variance``, ``loss`` and the ``points``, broadcast over curvatures and settings.

    ``covariance`` has two more axes (..., s, s). Where the method is not stable variances are ∞, covariances nan.
    """

    variance: Array
    covariance: Array
    loss: Array
    points: Mapping[str, Array]


@dataclass(frozen=True)
class NoiseFloor:
    """The stationary covariance of a method under gradient noise of variance 1 along a direction of curvature λ, as formulas.

    They hold where the method is stable (``stability``), and grow as the noise's variance. The state varies about its
    rest; with weight decay that is not the minimiser, and the loss there comes on top.

    Attributes
    ----------
    variance
        E x², of the position.
    covariance
        (s, s), of the state, in the order of ``state``.
    loss
        λ/2·E x²: what the noise adds to the loss.
    points
        Where gradients are asked, as it stands in the rule, "x" or "x - beta*m" -> the variance there: another than E x² at
        a look-ahead point. A later point of the same step carries the noise of the earlier answers.
    long_run
        The sum of all autocovariances of x, from lag −∞ to ∞: T·E x̄² for the mean x̄ of T iterates, T → ∞.
    state, symbols
        As those of ``derive``.
    fresh
        Whether each gradient of a step has noise of its own.
    linear
        False where the rule was linearised at its rest: then all holds to first order in the noise.

    >>> import convergence as cv
    >>> heavy = cv.noise_floor("heavy_ball")
    >>> heavy.variance
    eta*(beta + 1)/(lambda*(1 - beta)*(2*beta - eta*lambda + 2))
    >>> heavy.long_run
    lambda**(-2)
    """

    method: Method
    state: tuple[str, ...]
    variance: sp.Expr
    covariance: sp.ImmutableMatrix
    loss: sp.Expr
    points: Mapping[str, sp.Expr] = field(hash=False)
    long_run: sp.Expr
    symbols: Mapping[str, sp.Symbol] = field(hash=False)
    fresh: bool
    linear: bool

    def at(self, *, curvature: Any, noise: Any = 1.0, **hyper: Any) -> Floor:
        """The same in floats.

        Parameters
        ----------
        curvature, hyper
            Numbers or arrays, broadcast.
        noise
            The standard deviation of the gradient noise along the direction, broadcast with them.

        Raises
        ------
        BadHyperparameter
            For wrong names or values.

        >>> noise_floor("heavy_ball").at(curvature=1.0, noise=[1.0, 2.0], lr=0.5, momentum=0.9).variance.round(6)
        array([ 2.878788, 11.515152])
        """
        formulas = (self.variance, self.loss, *self.points.values(), *self.covariance)
        (variance, loss, *more), scale, stable = self._evaluated(formulas, curvature, noise, hyper)
        points, entries = more[: len(self.points)], more[len(self.points) :]
        floors = [np.where(stable, value * scale, np.inf)[()] for value in (variance, loss, *points)]
        covariance = np.stack([np.where(stable, entry * scale, np.nan) for entry in entries], axis=-1)
        shape = (*stable.shape, len(self.state), len(self.state))
        return Floor(floors[0], covariance.reshape(shape), floors[1], dict(zip(self.points, floors[2:], strict=True)))

    def average(self, steps: int, *, curvature: Any, noise: Any = 1.0, **hyper: Any) -> Array:
        """E x̄² of the mean x̄ of so many consecutive iterates in the stationary state (of Polyak and Ruppert), in floats.

        The exact sum of their autocovariances; ``long_run``/steps in the limit of many. Arguments as those of ``at``.

        Raises
        ------
        BadData
            For steps that are no whole number from 1 on.
        BadHyperparameter
            For wrong names or values.

        >>> round(float(noise_floor("gradient_descent").average(50, curvature=2.0, lr=0.1)), 8)
        0.00455556
        """
        if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 1 <= steps <= 10**15:
            raise BadData(f"steps must be a whole number from 1 to 10**15; got {str(steps)[:60]}")
        size = len(self.state)
        formulas = (*system(self.method).matrix, *self.covariance[:, 0])
        values, scale, stable = self._evaluated(formulas, curvature, noise, hyper)
        A = np.stack(values[: size**2], axis=-1).reshape(*stable.shape, size, size)
        first = np.stack(values[size**2 :], axis=-1)
        A = np.where(stable[..., None, None], A, 0.0)
        total = np.einsum("...i,...i->...", _triangle(A, int(steps))[..., 0, :], first)
        mean: Array = np.where(stable, scale * (2 * total / steps - first[..., 0]) / steps, np.inf)[()]
        return mean

    def _evaluated(
        self, formulas: tuple[sp.Expr, ...], curvature: Any, noise: Any, hyper: Mapping[str, Any]
    ) -> tuple[list[Array], Array, NDArray[np.bool_]]:
        """The formulas on the grid of the arguments, the noise's variance, and where the method is stable."""
        settings = self.method.settings(hyper)
        *values, deviation = gridded({"curvature": curvature, **settings, "noise": noise})
        if np.any(deviation < 0):
            raise BadHyperparameter(f"noise is a standard deviation, not negative; got {str(noise)[:60]}")
        arguments = (CURVATURE, *(self.method.symbols[name] for name in settings))
        floats = [value.astype(float) for value in values]
        with np.errstate(all="ignore"):
            seen = compiled(arguments, formulas)(*floats)
        seen = [np.broadcast_to(np.asarray(one, dtype=float), deviation.shape) for one in seen]
        return seen, deviation.astype(float) ** 2, inside(self.method, arguments, values)

    def _repr_latex_(self) -> str:
        return rf"$$\mathrm{{E}}\,x^2 = {latex(self.variance)}$$"

    def __repr__(self) -> str:
        kind = "" if self.linear else ", to first order in the noise; for more, of an adaptive rule, see frozen"
        kind += ", noise of its own for each gradient" if self.fresh else ""
        return f"NoiseFloor of {self.method.name} ({', '.join(self.state)}{kind}): E x² = {self.variance}"


def _triangle(A: Array, steps: int) -> Array:
    """Σ (steps − k)·Aᵏ over k < steps, by doubling: no difference of nearly equal sums, as in the closed form."""
    one = np.broadcast_to(np.eye(A.shape[-1]), A.shape)
    power, geometric, total, length = A, one, one, 1
    for bit in f"{steps:b}"[1:]:
        total = total + length * geometric + power @ total
        geometric = geometric + power @ geometric
        power, length = power @ power, 2 * length
        if bit == "1":
            geometric = one + A @ geometric
            total, power, length = total + geometric, A @ power, length + 1
    return total


def noise_floor(m: Any, *, fresh: bool = False) -> NoiseFloor:
    """Derive the stationary covariance of a method under gradient noise: E x², the loss, the points of its gradients.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset, or a plain update rule.
    fresh
        Whether a rule that asks for several gradients a step gets noise of its own with each; else they share it, as
        the gradients of one minibatch do.

    Returns
    -------
    NoiseFloor
        Formulas in λ and the hyperparameters' letters, for a gradient noise of variance 1 along the direction, white
        from step to step. Of a method with a clock, the floor that it tends to; of a rule that is not linear, to first
        order in the noise.

    Raises
    ------
    NotLinear
        As ``derive``; for a rule with a state that never forgets, and for a matrix that is not rational in the
        hyperparameters.
    BadRule, BadName
        As ``derive``.

    >>> noise_floor("gradient_descent").variance
    eta/(lambda*(-eta*lambda + 2))
    >>> sorted(noise_floor("nesterov").points)
    ['x - beta*m']
    """
    if not isinstance(fresh, bool):
        raise BadHyperparameter(f"fresh is True or False; got {str(fresh)[:60]!r}")
    return floor_of(as_method(m), fresh)


@cache
def floor_of(method: Method, fresh: bool = False) -> NoiseFloor:
    """The noise floor of a method. NotLinear where there is none."""
    derived = system(method)
    size, asked = len(derived.state), named_points(derived)
    noise = entering(derived.loop, fresh)
    seen, own = answered_points(derived.loop, fresh)
    whole = sp.Matrix.vstack(sp.Matrix.hstack(derived.matrix, noise), sp.Matrix.hstack(seen, own))
    whole, roots = lettered(derived, whole)
    A, b, R, E = whole[:size, :size], whole[:size, size:], whole[size:, :size], whole[size:, size:]
    solved = lyapunov(A, b * b.T)
    if solved is None:
        raise no_stationary_covariance(A, derived.state, method.name)
    covariance = read(solved)
    points = {name: read(_quadratic(R[k, :], solved, R[k, :], E[k, :] * E[k, :].T))[0] for k, name in asked.items()}
    gains = ((sp.eye(size) - A).LUsolve(b))[0, :]
    long_run = written(sum((gain**2 for gain in gains), sp.Integer(0)))
    variance, form = covariance[0, 0], (derived.symbols, fresh, derived.linear)
    floor = NoiseFloor(method, derived.state, variance, covariance, CURVATURE * variance / 2, points, long_run, *form)
    return rewritten(floor, roots, "variance", "covariance", "loss", "points", "long_run")


def _quadratic(left: sp.Matrix, middle: DomainMatrix, right: sp.Matrix, more: sp.Matrix) -> DomainMatrix:
    """left·middle·rightᵀ + more, over a field."""
    one, other, rest = (over_field(part) for part in (left, right.T, more))
    one, middle, other, rest = one.unify(middle, other, rest)
    return one * middle * other + rest


@cache
def cross_gain(method: Method, fresh: bool = False) -> sp.ImmutableMatrix:
    """g(λ₁, λ₂): the stationary E[qᵢqⱼ] of the points of a step's gradients along two directions that feel one unit noise.

    (gradients, gradients), in the letters ``BOTH``; at λ₁ = λ₂ its diagonal holds the variances ``points`` of the noise
    floor. Raises what ``noise_floor`` raises.
    """
    derived = system(method)
    size, rows = len(derived.state), heard(derived.loop)
    seen, own = answered_points(derived.loop, fresh)
    inner = sp.Matrix.hstack(derived.matrix, entering(derived.loop, fresh))
    whole, roots = lettered(derived, inner.col_join(sp.Matrix.hstack(seen, own).extract(rows, range(size + own.cols))))
    one, other = (whole.subs(CURVATURE, letter) for letter in BOTH)
    states = sylvester(one[:size, :size], other[:size, :size], one[:size, size:] * other[:size, size:].T)
    if states is None:
        raise no_stationary_covariance(whole[:size, :size], derived.state, method.name)
    own = one[size:, size:] * other[size:, size:].T
    return read(_quadratic(one[size:, :size], states, other[size:, :size], own)).xreplace(roots)
