"""What a method does along each direction of a spectrum: eigenvalues, regime, and steps, counted in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isfinite, log, log1p
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import NotLinear
from convergence.numerics.counts import COUNTABLE, WITHIN
from convergence.numerics.matrices import eigenvalues
from convergence.numerics.replay import Parabolas
from convergence.numerics.sampled_matrix import UNIT
from convergence.rule import Method
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, Z
from convergence.theory.system import system

Array = NDArray[np.float64]

FAINT = 1e-6
"""A radius this near to 1 may be a rounding of it, as that of a double root moves by the square root of one."""

PRECISE = 60
"""Digits of roots that are nearer to 1 than doubles tell."""

SHOWN = 1e-7
"""An imaginary part, or a distance of two eigenvalues, below this part of the radius is rounding of a double eigenvalue."""


@dataclass(frozen=True)
class DirectionState:
    """What the method does along one direction of curvature λ.

    ``eigenvalues`` of its iteration matrix, largest modulus first; ``radius`` the largest modulus; ``regime`` is "real",
    "repeated" or "complex". ``steps``: the first step from which the error stays at or under a thousandth of the first one
    (None: never, or not in any number that a double can tell), counted in a run, or where ``counted`` is False estimated
    from the radius. ``columns`` are the columns of X that make it up, heaviest first.
    """

    index: int
    curvature: float
    eigenvalues: tuple[complex, ...]
    radius: float
    regime: str
    stable: bool
    steps: int | None
    counted: bool
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The direction in words."""
        columns = f", {' and '.join(self.columns)}" if self.columns else ""
        return f"direction {self.index + 1} (λ = {self.curvature:.4g}{columns})"


def stable(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Whether each direction contracts: exact at the boundary, where the region can be derived at all."""
    try:
        return np.atleast_1d(region(method).contains(curvatures, **settings))
    except NotLinear:
        return np.asarray(radii(method, curvatures, settings) < 1)


def slowest(rows: Sequence[DirectionState]) -> int | None:
    """Steps to a thousandth in every direction; None: never."""
    counts = [row.steps for row in rows if row.steps is not None]
    return max(counts) if len(counts) == len(rows) else None


def rests_elsewhere(method: Method, settings: Mapping[str, Any]) -> bool:
    """Whether weight decay moves the point of rest off the minimiser; then it moves flat directions, too."""
    rest = system(method).rest[0]
    return bool(rest.subs({method.symbols[name]: exact(value) for name, value in settings.items()}) != 1)


def radii(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Array:
    """The spectral radius of each direction."""
    return np.asarray(np.abs(_roots(method, curvatures, settings)).max(axis=-1))


def states(
    method: Method, curvatures: Array, settings: Mapping[str, Any], columns: Sequence[tuple[str, ...]] = ()
) -> tuple[DirectionState, ...]:
    """One DirectionState a curvature, in their order. Raises NotLinear for a rule without an iteration matrix."""
    roots, inside = _roots(method, curvatures, settings), stable(method, curvatures, settings)
    radius = np.abs(roots).max(axis=-1)
    gaps = np.array([
        _gap(method, c, settings) if ok and r > 1 - FAINT else 1 - r
        for c, r, ok in zip(curvatures, radius, inside, strict=True)
    ])  # fmt: skip
    radius = np.where(inside, 1 - gaps, radius)
    counts = _settled(method, curvatures, settings, gaps, inside)
    return tuple(
        DirectionState(
            k,
            float(curvature),
            _tidy(roots[k]),
            float(radius[k]),
            _regime(roots[k]),
            bool(inside[k]),
            *counts[k],
            columns[k] if columns else (),
        )
        for k, curvature in enumerate(curvatures)
    )


def _regime(roots: NDArray[np.complex128]) -> str:
    """Whether the eigenvalues are complex, or two of them coincide, or neither."""
    size = float(np.abs(roots).max(initial=0.0))
    if (np.abs(roots.imag) > SHOWN * size).any():
        return "complex"
    gaps = np.diff(np.sort(roots.real))
    return "repeated" if size > 0 and (gaps <= SHOWN * size).any() else "real"


def _settled(
    method: Method, curvatures: Array, settings: Mapping[str, Any], gaps: Array, inside: NDArray[np.bool_]
) -> list[tuple[int | None, bool]]:
    """For each direction the steps to a thousandth, and whether they were counted in a run of the rule itself."""
    estimates = [estimated(float(gap)) if ok else None for gap, ok in zip(gaps, inside, strict=True)]
    near = [k for k, count in enumerate(estimates) if count is not None and count <= COUNTABLE]
    settled: list[tuple[int | None, bool]] = [(count, False) for count in estimates]
    if near:
        length = 2 * max(estimates[k] or 1 for k in near) + 50
        for k, count in zip(near, _counted(method, curvatures[near], settings, length), strict=True):
            settled[k] = (int(count), True) if count <= length else settled[k]
    return settled


def estimated(gap: float) -> int | None:
    """Steps from 1 − radius alone; None where that is nothing in doubles."""
    return 1 if gap >= 1 else ceil(log(WITHIN) / log1p(-gap)) if gap > 0 else None


def _gap(method: Method, curvature: float, settings: Mapping[str, Any]) -> float:
    """1 − radius where doubles do not tell it: the roots at these rational numbers, in many digits."""
    letters = {method.symbols[name]: exact(value) for name, value in settings.items()} | {CURVATURE: exact(curvature)}
    polynomial = sp.Poly(system(method).characteristic.as_expr().subs(letters), Z)
    return float(1 - max(map(abs, polynomial.nroots(n=PRECISE, maxsteps=200))))


def _counted(method: Method, curvatures: Array, settings: Mapping[str, Any], length: int) -> NDArray[np.intp]:
    """The step after the last one at which |x| was still above a thousandth; past ``length`` where it never settled."""
    f, unit = Parabolas(curvatures), 1.0 if system(method).linear else UNIT
    state, last = method.start(f, np.full(len(curvatures), unit)), np.zeros(len(curvatures), dtype=int)
    with np.errstate(all="ignore"):
        for step in range(1, length + 1):
            state = method(f, *state, **settings)
            last[~(np.abs(state[0]) <= WITHIN * unit)] = step
    return last + 1


def _roots(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> NDArray[np.complex128]:
    """The eigenvalues of each direction, largest modulus first."""
    with np.errstate(all="ignore"):
        roots = eigenvalues(
            method, curvatures, {name: np.asarray(settings[name], dtype=float) for name in method.hyper}
        )
        return np.take_along_axis(roots, np.argsort(-np.abs(roots), axis=-1, kind="stable"), axis=-1)


def _tidy(roots: NDArray[np.complex128]) -> tuple[complex, ...]:
    """Plain numbers; where the eigenvalues are real, without the imaginary dust of a double one."""
    real = _regime(roots) != "complex"
    return tuple(complex(r.real, 0.0) if real else complex(r) for r in roots if isfinite(abs(r))) or (complex("inf"),)
