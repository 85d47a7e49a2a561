"""Dynamics and numbers go in; iteration matrices and their eigenvalues as arrays come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import isqrt
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.symbols import CURVATURE, Z

Array = NDArray[np.float64]


def blocks(method: Method, curvature: Any, settings: Mapping[str, Any], reading: Sequence[Any] | None = None) -> Array:
    """The iteration matrices (..., n, n), broadcast over the curvatures and the settings.

    Of a method with a clock those of the limit, or with a ``reading`` of each clock those of that moment.
    """
    if reading is None:
        return _filled(_matrix(method)(curvature, *settings.values()), curvature, *settings.values())
    return _filled(_moment(method)(curvature, *settings.values(), *reading), curvature, *settings.values(), *reading)


def sensitivity(
    method: Method, curvature: Any, settings: Mapping[str, Any], reading: Sequence[Any] | None = None
) -> Array:
    """The derivative of the iteration matrices by the curvature (..., n, n): how a gradient enters the state."""
    values = (*settings.values(), *(reading or ()))
    return _filled(_slope(method, reading is not None)(curvature, *values), curvature, *values)


def _filled(entries: Sequence[Any], *values: Any) -> Array:
    """Square matrices (..., n, n) from their entries row by row, each broadcast like the values that made them."""
    size, shape = isqrt(len(entries)), np.broadcast(*values).shape
    matrices = np.empty((*shape, size, size))
    for place, entry in enumerate(entries):
        matrices[..., place // size, place % size] = entry
    return matrices


def eigenvalues(method: Method, curvature: Any, settings: dict[str, Any]) -> NDArray[np.complex128]:
    """All eigenvalues (..., n), from the characteristic polynomial's factors where they are quadratic or less.

    A double eigenvalue comes out double: the discriminant is evaluated in factored form.
    """
    found = [_factor_roots(part, curvature, settings) for part in _factor_functions(method)]
    together = np.broadcast_shapes(*(roots.shape[:-1] for roots in found))
    return np.concatenate([np.broadcast_to(r, (*together, r.shape[-1])) for r in found], axis=-1)


@cache
def _matrix(method: Method) -> Any:
    derived = dynamics(method)
    return compiled(arguments(method), tuple(derived.matrix))


@cache
def _moment(method: Method) -> Any:
    clock = dynamics(method).clock
    assert clock is not None
    return compiled((*arguments(method), *clock.letters), tuple(clock.matrix))


@cache
def _slope(method: Method, of_moment: bool) -> Any:
    derived = dynamics(method)
    matrix, letters = (
        (derived.clock.matrix, derived.clock.letters) if of_moment and derived.clock else (derived.matrix, ())
    )
    return compiled((*arguments(method), *letters), tuple(sp.diff(matrix, CURVATURE)))


@cache
def arguments(method: Method) -> tuple[sp.Symbol, ...]:
    return (CURVATURE, *method.symbols.values())


@cache
def _factor_functions(method: Method) -> tuple[Any, ...]:
    """For each factor, with multiplicity: its degree, coefficients and, for a quadratic, its discriminant, compiled."""
    made = []
    for factor, times in dynamics(method).factors:
        formulas = tuple(factor.all_coeffs()[1:])
        if factor.degree() == 2:
            formulas += (sp.factor(sp.discriminant(factor.as_expr(), Z)),)
        made += [(factor.degree(), compiled(arguments(method), formulas))] * times
    return tuple(made)


def _factor_roots(part: tuple[int, Any], curvature: Any, settings: dict[str, Any]) -> NDArray[np.complex128]:
    degree, function = part
    values = np.broadcast_arrays(np.asarray(curvature, float) * 0.0, *function(curvature, *settings.values()))[1:]
    if degree == 1:
        return np.asarray(-values[0], dtype=complex)[..., None]
    if degree == 2:
        root = np.sqrt(np.asarray(values[2], dtype=complex))
        return np.stack([(-values[0] - root) / 2, (-values[0] + root) / 2], axis=-1)
    companion = np.zeros((*values[0].shape, degree, degree))
    companion[..., 1:, :-1] = np.eye(degree - 1)
    companion[..., :, -1] = -np.stack(values[::-1], axis=-1)
    return np.asarray(np.linalg.eigvals(companion), dtype=complex)
