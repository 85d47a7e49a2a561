"""Spectral radii on arrays of curvatures and hyperparameters, and the largest stable learning rates.

No eigenvalue solver up to three states: for z² − 2hz + δ the radius is max(√δ⁺, |h| + √(h²−δ)⁺), and a cubic is a real
root and such a quadratic. The largest stable rate is set by the steepest direction for most methods; with weight decay, or
for a rule whose stable set is a union, by another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, Literal

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import DIGITS, Compiled, compiled, evaluate, precise
from convergence.errors import BadHyperparameter
from convergence.methods import as_method
from convergence.numerics.matrices import arguments
from convergence.problem import Direction, Quadratic
from convergence.problem.arrays import Array, short
from convergence.roots import largest_modulus, meeting_roots, quadratic_modulus
from convergence.rule import Method
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system

CHUNK = 2**15
"""Points computed at a time, so that the few arrays at work stay in a core's cache."""

NEAR = 1e-9
"""A formula's bound is taken where it is stable this near below it, and not above; elsewhere roots are computed."""


def spectral_radius(
    m: Any, /, curvature: Any, *, over: Literal["spectrum"] | None = None, **hyper: Any
) -> NDArray[np.float64]:
    """The spectral radius of the iteration matrix: the error shrinks by this factor a step, in the end.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    curvature, hyper
        Numbers or arrays, broadcast; curvatures in units of the loss (λ = cσ²). Learning rates may be arrays, too: a
        map.
    over
        With ``"spectrum"`` the last axis of ``curvature`` is a spectrum, and the largest radius over it is returned.

    Returns
    -------
    An array of the broadcast shape (without the last axis for a spectrum), a number where that is (). Infinite where
    it overflows. A number that rounding could put on the other side of 1 is computed to forty digits.

    Raises
    ------
    BadHyperparameter
        For wrong names, or a curvature that is not a finite real number.
    NotLinear
        For a rule without an iteration matrix.

    >>> spectral_radius("heavy_ball", [1.0, 10.0], lr=0.1, momentum=0.25)
    array([0.8589..., 0.5       ])
    >>> spectral_radius("gradient_descent", [1.0, 10.0], over="spectrum", lr=[0.1, 0.15])
    array([0.9 , 0.85])
    """
    method = as_method(m)
    settings = {name: np.asarray(value, dtype=float) for name, value in method.settings(hyper).items()}
    curvatures = _curvatures(method, curvature, over)
    shape = np.broadcast_shapes(curvatures[0].shape, *(value.shape for value in settings.values()))
    radius = np.empty(shape)
    with np.errstate(over="ignore", invalid="ignore"):  # far outside, a radius is infinite
        for chosen in _chunks(shape):
            parts = [_part(c, chosen, len(shape)) for c in curvatures]
            some = [_part(value, chosen, len(shape)) for value in settings.values()]
            radius[chosen] = reduce(np.maximum, (_radius(factor, parts, some) for factor in _factors(method)))
    if shape:
        return radius
    if abs(radius - 1) <= meeting_roots(len(system(method).state)):
        return _to_digits(method, curvatures, settings)
    return radius[()]


def _to_digits(method: Method, curvatures: Sequence[Array], settings: Mapping[str, Array]) -> Array:
    """The largest radius where floats cannot tell it from 1: of the polynomial to forty digits, floats read as decimals."""
    radii = []
    for factor, _ in system(method).factors:
        for curvature in curvatures:
            numbers = [float(v) for v in (curvature, *settings.values())]
            coefficients = precise(arguments(method), factor.all_coeffs(), numbers)
            with mpmath.workdps(DIGITS):
                n = len(coefficients)  # where n roots meet, each has an n-th of the digits, and is approached slowly
                roots = mpmath.polyroots(coefficients, maxsteps=500 * n, extraprec=200 * n)
                radii.append(max(map(abs, roots)))
    return np.array(float(max(radii)))[()]


def _curvatures(method: Method, curvature: Any, over: str | None) -> list[Array]:
    """Arrays of curvatures over which the largest radius counts: one array, or the members of a spectrum."""
    try:
        values = np.asarray(curvature)
    except ValueError:  # rows of unequal length
        values = np.array(None)
    if (
        values.dtype.kind not in "iufO"
        or not (over is None or (isinstance(over, str) and over == "spectrum"))
        or (over and not (values.ndim and values.shape[-1]))
    ):
        expected = "a real number or an array of them" if over is None else "an array whose last axis is the spectrum"
        raise BadHyperparameter(
            f'curvature must be {expected} (over is None or "spectrum"); got {curvature!r}, {over=}'
        )
    try:
        values = values.astype(float)
    except (TypeError, ValueError, OverflowError):  # as of a problem
        values = np.array(np.nan)
    if not np.isfinite(values).all():
        raise BadHyperparameter(
            f"curvatures must be finite numbers (a problem's are its .curvatures); got {short(curvature)}"
        )
    if over is None:
        return [values]
    # Where the radius is quasiconvex in the curvature, its largest value stands at an end of the spectrum.
    return [values.min(axis=-1), values.max(axis=-1)] if _quasiconvex(method) else list(np.moveaxis(values, -1, 0))


@cache
def _quasiconvex(method: Method) -> bool:
    return system(method).ends_suffice


@dataclass(frozen=True)
class _Factor:
    """A factor of the characteristic polynomial: its lower coefficients as a function of (λ, settings).

    ``half``: where only the trace depends on λ, and affinely, then −trace/2 = at_zero + slope·λ and the determinant, as
    functions of the settings. They are evaluated in the small shapes of their own symbols, before they meet on the grid.
    """

    degree: int
    lower: Compiled
    half: Compiled | None


@cache
def _factors(method: Method) -> tuple[_Factor, ...]:
    return tuple(_compiled(method, factor) for factor, _ in system(method).factors)


def _compiled(method: Method, factor: sp.Poly) -> _Factor:
    first, *others = factor.all_coeffs()[1:]
    lower = compiled(arguments(method), (first, *others))
    if factor.degree() > 2 or not _is_affine(first) or any(c.has(CURVATURE) for c in others):
        return _Factor(factor.degree(), lower, None)
    parts = (first.subs(CURVATURE, 0), sp.diff(first, CURVATURE))
    share = sp.Rational(1, factor.degree())
    half = compiled(arguments(method)[1:], (*(sp.factor(p * share) for p in parts), *others))
    return _Factor(factor.degree(), lower, half)


def _is_affine(coefficient: sp.Expr) -> bool:
    return bool(sp.expand(sp.diff(coefficient, CURVATURE, 2)) == 0)


def _radius(factor: _Factor, curvatures: Sequence[Array], settings: Sequence[Array]) -> Array:
    if factor.half is None:
        return reduce(np.maximum, (largest_modulus(factor.lower(c, *settings)) for c in curvatures))
    at_zero, slope, *determinant = factor.half(*settings)
    size = _largest_magnitude(at_zero, slope, curvatures)
    return quadratic_modulus(size, *determinant) if determinant else size


def _largest_magnitude(at_zero: Any, slope: Any, curvatures: Sequence[Array]) -> Array:
    """The largest |at_zero + slope·λ|: over an interval, that is |value in the middle| + |slope|·half its length."""
    if len(curvatures) != 2:
        return reduce(np.maximum, (np.abs(at_zero + slope * c) for c in curvatures))
    low, high = curvatures
    size = np.asarray(at_zero + slope * ((high + low) / 2))
    np.abs(size, out=size)
    spread = np.abs(slope * ((high - low) / 2))
    return np.asarray(size + spread)


def _chunks(shape: tuple[int, ...]) -> list[Any]:
    """Slices of the leading axes that cut an array of this shape into parts of about CHUNK entries."""
    row = int(np.prod(shape[1:]))
    if not shape or shape[0] * row <= CHUNK:
        return [()]
    if row <= CHUNK:
        step = max(1, CHUNK // row)
        return [(slice(first, first + step),) for first in range(0, shape[0], step)]
    return [(slice(first, first + 1), *rest) for first in range(shape[0]) for rest in _chunks(shape[1:])]


def _part(value: Array, chosen: tuple[Any, ...], ndim: int) -> Array:
    """The part of a broadcast array that belongs to a chunk of the result; axes of length one stay whole."""
    own = (*chosen, *[slice(None)] * (ndim - len(chosen)))[ndim - value.ndim :]
    return value[tuple(slice(None) if size == 1 else part for part, size in zip(own, value.shape, strict=True))]


def bounds(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Array:
    """The supremum of the stable learning rates for each curvature (m,), other settings as they are: 0 where none is."""
    if method.rate is None:
        return np.full(len(curvatures), np.inf)
    others = {name: value for name, value in settings.items() if name != method.rate}
    stable = region(method)
    top = _closed_form(method, curvatures, others)
    if top is None:
        return np.array([stable.largest_lr(float(c), **others) for c in curvatures])
    edges = [np.where(np.isfinite(top) & (top > 0), top * (1 + side * NEAR), 1.0) for side in (-1, 1)]
    below, above = (stable.contains(curvatures, **{**others, str(method.rate): edge}) for edge in edges)
    right = below & (~above | np.isinf(top))
    return np.array(
        [t if r else stable.largest_lr(float(c), **others) for t, r, c in zip(top, right, curvatures, strict=True)]
    )


def binding(problem: Quadratic, method: Method, settings: Mapping[str, Any]) -> tuple[Direction | None, float]:
    """The direction that sets the largest stable learning rate (None: all do alike), and that rate (∞: no bound)."""
    limits = bounds(method, problem.curvatures[: problem.rank], settings)
    place = int(limits.argmin())
    alike = len(limits) > 1 and bool((limits == limits[place]).all())
    return None if alike else problem.named_directions[place], float(limits[place])


def _closed_form(method: Method, curvatures: Array, others: Mapping[str, Any]) -> Array | None:
    formula = region(method).lr_max
    if formula is None:
        return None
    names = list(others)
    with np.errstate(all="ignore"):
        (value,) = evaluate(
            [CURVATURE, *(method.symbols[n] for n in names)],
            [formula],
            [curvatures, *(float(others[n]) for n in names)],
        )
    return np.broadcast_to(np.asarray(value, dtype=float), curvatures.shape)
