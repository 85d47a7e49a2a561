"""Transient growth: how far errors of one direction rise before they fall; Kreiss constant, pseudospectral radius.

The radius says what happens at last; ‖Aᵏ‖ says what happens before: it peaks where A is far from normal. Kreiss (1962):
with K = sup_{|z|>1} (|z|−1)‖(zI−A)⁻¹‖, K ≤ sup‖Aᵏ‖ ≤ e·n·K (Spijker 1991). See Trefethen and Embree, Spectra and
Pseudospectra (2005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, repeat
from math import inf
from typing import Any

import numpy as np

from convergence.crossing import Compiled, compiled
from convergence.errors import BadData, BadHyperparameter, NotLinear
from convergence.methods import as_method
from convergence.numerics.matrices import arguments, eigenvalues, steady
from convergence.numerics.matrix_powers import first_powers, grows, norms_above
from convergence.numerics.pseudospectrum import Complex, kreiss_constant, norms, pseudoradius
from convergence.numerics.radius import spectral_radius
from convergence.plotting import Plotted
from convergence.problem.arrays import Array, floats, one_number, short
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.optimum import best
from convergence.theory.system import system

EDGE = 1e-12
"""A radius this near to 1 is 1: whether powers stay bounded is then seen in a high one."""

BLOCK, LONGEST = 2**14, 2**26
"""Powers looked at together, and in all. Past that the peak is that of all powers so far, and said not to be ``certain``."""


@dataclass(frozen=True, eq=False)
class Transient(Plotted, Tabular, figure="transient"):
    """How the errors of one direction behave before they die out, by the recurrence that they obey.

    Attributes
    ----------
    curvature
        λ.
    matrix
        A (n, n), the companion matrix of the recurrence: it leads from the errors of n successive iterates, the
        latest first, to the next such n.
    peak, step
        sup_k‖Aᵏ‖₂, k = 0 included, so at least 1 (∞ where they grow without bound), and the k: how much larger than
        any n successive errors later ones can be.
    kreiss
        The Kreiss constant: K ≤ peak ≤ e·n·K (Kreiss 1962; Spijker 1991).
    departure
        Henrici's departure from normality, (‖A‖_F²−Σ|z_i|²)^½.
    radius
        The spectral radius.
    certain
        False where the peak is that of the powers looked at, and later ones might be larger.
    growth, growth_step
        The largest |e_k|/|e_0| in a run with the method's own start, and the k; nan where that is no property of the
        direction alone.
    roots
        (n,) the eigenvalues of A.
    """

    curvature: float
    peak: float
    step: int
    kreiss: float
    departure: float
    radius: float
    certain: bool = True
    growth: float = float("nan")
    growth_step: int = 0
    matrix: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    roots: Complex = field(default_factory=lambda: np.zeros(0, dtype=complex), repr=False)

    def norms(self, steps: int | None = None) -> Array:
        """‖Aᵏ‖₂ (steps+1,) for k = 0, 1, …, steps; without a number of them until the peak is past, at most to 2000."""
        last = min(max(20, 4 * self.step), 2000) if steps is None else steps
        powers = accumulate(repeat(self.matrix, last), np.matmul, initial=np.eye(len(self.matrix)))
        return norms(np.array([*powers]))

    def table(self) -> dict[str, Any]:
        """A row for each step, until the peak is past."""
        sizes = self.norms()
        return {"step": range(len(sizes)), "norm": sizes}

    def pseudoradius(self, epsilon: float) -> float:
        """The ε-pseudospectral radius: the largest |z| that a change of A by at most ε in norm makes an eigenvalue.

        Raises
        ------
        BadHyperparameter
            Unless ε is a finite number above 0.

        >>> at = transient("heavy_ball", 1.0, lr=0.25, momentum=0.25)  # critical damping: a double eigenvalue ½
        >>> at.radius, at.pseudoradius(1e-6) - 0.5 > 1e-4
        (0.5, True)
        """
        if not 0 < float(epsilon) < inf:
            raise BadHyperparameter(f"epsilon must be a finite number above 0; got {epsilon!r}")
        return pseudoradius(self.matrix, self.roots, float(epsilon))

    def __repr__(self) -> str:
        sizes = f"peak {self.peak:.6g} at step {self.step}, Kreiss constant {self.kreiss:.6g}"
        return f"Transient at λ = {self.curvature:.6g}: {sizes}, radius {self.radius:.6g}"


def transient(m: Any, /, curvature: float, **hyper: Any) -> Transient:
    """How far the errors along one direction can stray before they converge: peak, Kreiss constant, pseudospectral radius.

    In terms of successive errors, so that the units of a method's buffers play no part: methods with the same
    iterates have the same transient.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    curvature
        λ, 0 or more.
    hyper
        One number each.

    Returns
    -------
    Transient
        ``.pseudoradius(ε)`` is the largest modulus in the ε-pseudospectrum.

    Raises
    ------
    NotLinear
        For a rule without an iteration matrix.
    BadData
        For a curvature that is none.
    BadHyperparameter
        For wrong settings.

    Kreiss 1962; Trefethen and Embree 2005.

    >>> transient("heavy_ball", 0.05, lr=1, momentum=0.8).growth
    1.0
    >>> round(transient("heavy_ball", 0.05, lr=1, momentum=0.8).peak, 3)
    4.77
    """
    method = as_method(m)
    settings = method.scalars(hyper)
    lam = one_number(curvature)
    if not 0 <= lam < inf:
        raise BadData(f"curvature must be one finite number, 0 or more, as one of a problem's; got {short(curvature)}")
    with np.errstate(all="ignore"):
        matrix = recurrence(method, lam, settings)
        roots = eigenvalues(method, lam, settings).ravel()
        radius = float(spectral_radius(method, lam, **settings))
        peak, step, certain = _peak(matrix, radius)
        growth, growth_step = _growth(method, lam, settings, peak, len(matrix))
    departure = max(0.0, float(np.linalg.norm(matrix)) ** 2 - float((np.abs(roots) ** 2).sum())) ** 0.5
    kreiss = inf if peak == inf else min(kreiss_constant(matrix, roots), peak)
    return Transient(lam, peak, step, kreiss, departure, radius, certain, growth, growth_step, matrix, roots)


def recurrence(method: Method, curvature: float, settings: Mapping[str, Any]) -> Array:
    """The companion matrix of the recurrence of the errors, without the roots that are 0 exactly."""
    values = [float(v) for v in _coefficients(method)(curvature, *settings.values())]
    while len(values) > 1 and values[-1] == 0:
        values.pop()
    matrix = np.eye(len(values), k=-1)
    matrix[0] = -np.array(values)
    return matrix


@cache
def _coefficients(method: Method) -> Compiled:
    return compiled(arguments(method), tuple(system(method).characteristic.all_coeffs()[1:]))


def _growth(method: Method, lam: float, settings: Mapping[str, Any], peak: float, order: int) -> tuple[float, int]:
    """max|e_k|/|e_0| of a run and its step, proven: later errors are at most ``peak`` times the size of the last ones."""
    if peak == inf:
        return inf, 0
    try:
        run = steady(method, np.array([lam]), settings)
    except NotLinear:
        return float("nan"), 0
    rows = first_powers(run.matrices[0], BLOCK)
    early = np.concatenate(list(run.approach()))[..., 0]
    if not np.isfinite(early).all():  # while the clocks run: no comparison with nan would see it
        return inf, int(np.abs(np.nan_to_num(early[:, 0], nan=inf)).argmax())
    state, sizes = early[-1], np.abs(early[:-1, 0])
    best, step, done = 1.0, 0, 0
    while done < LONGEST:
        sizes = np.append(sizes, np.abs(rows[:, 0] @ state)) if not done else np.abs(rows[:, 0] @ state)
        if sizes.max() > best * (1 + 4e-16):
            best, step = float(sizes.max()), done + int(sizes.argmax())
        if not peak * np.linalg.norm(sizes[-order:]) > best:
            break
        state, done = run.matrices[0] @ rows[-1] @ state, done + len(sizes)
    return best, step


def _peak(matrix: Array, radius: float) -> tuple[float, int, bool]:
    """sup‖Aᵏ‖, where it is attained, and whether that is proven: once ‖Aʲ‖ < 1, no later power exceeds all before it."""
    if not np.isfinite(matrix).all() or radius > 1 + EDGE or (radius >= 1 - EDGE and grows(matrix)):
        return inf, 0, True
    block, base = first_powers(matrix, BLOCK), np.eye(len(matrix))
    jump, best, step = matrix @ block[-1], 1.0, 0
    for done in range(0, LONGEST if radius < 1 - EDGE else BLOCK, BLOCK):
        sizes = norms_above((block.reshape(-1, len(base)) @ base).reshape(block.shape), best)
        below = np.flatnonzero(sizes < 1)
        sizes = sizes[: below[0]] if below.size else sizes
        if sizes.size and sizes.max() > best * (1 + 4e-16):
            best, step = float(sizes.max()), done + int(sizes.argmax())
        if below.size:
            return best, step, True
        base = jump @ base
    return best, step, False


@dataclass(frozen=True, eq=False)
class TransientGrowth(Plotted, Tabular, figure="transient_growth"):
    """The largest transient peak at the derived optimum, as the condition number grows.

    Attributes
    ----------
    kappas
        (n,), the condition numbers κ.
    peaks
        (n,), the largest peak over [1/κ, 1] of each.
    slope
        That of log peak against log κ: the power of κ with which peaks grow.
    """

    kappas: Array
    peaks: Array
    slope: float

    def table(self) -> dict[str, Array]:
        """κ and the largest peak."""
        return {"kappa": self.kappas, "peak": self.peaks}

    def __repr__(self) -> str:
        return f"TransientGrowth: peaks {self.peaks} at κ = {self.kappas}, growing like κ^{self.slope:.3f}"


def transient_growth(m: Any, /, kappas: Any, **fixed: Any) -> TransientGrowth:
    """How the largest transient peak over [1/κ, 1] at the derived optimum grows with κ: the peaks, and the power of κ.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    kappas
        (n,) condition numbers, each 1 or more. Looked at are both ends and seven curvatures between them.
    fixed
        Hyperparameters that are held; the others are the best ones.

    Returns
    -------
    TransientGrowth

    Raises
    ------
    BadHyperparameter
        For wrong settings, or condition numbers that are none.
    NoStableLearningRate
        Where nothing converges.

    >>> round(transient_growth("heavy_ball", [1e3, 1e4, 1e5]).slope, 1)
    0.5
    """
    method, wanted = as_method(m), floats(kappas)
    if wanted.ndim != 1 or not (np.isfinite(wanted).all() and (wanted >= 1).all()):
        raise BadHyperparameter(f"kappas must be finite numbers, 1 or more; got {short(kappas)}")
    optimum = best(method, fixed)
    peaks = np.array([_worst_peak(method, optimum.at(mu=1 / kappa, L=1.0).hyper, 1 / kappa) for kappa in wanted])
    usable = len(wanted) > 1 and np.isfinite(peaks).all() and np.ptp(np.log(wanted)) > 0
    slope = float(np.polyfit(np.log(wanted), np.log(peaks), 1)[0]) if usable else float("nan")
    return TransientGrowth(wanted, peaks, slope)


def _worst_peak(method: Method, hyper: dict[str, float], mu: float) -> float:
    settings = method.scalars(hyper)
    curvatures = np.geomspace(mu, 1.0, 9)
    radii = np.atleast_1d(spectral_radius(method, curvatures, **settings))
    return max(
        _peak(recurrence(method, float(lam), settings), float(radius))[0]
        for lam, radius in zip(curvatures, radii, strict=True)
    )
