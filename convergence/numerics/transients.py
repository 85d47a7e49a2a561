"""A method, a curvature and settings go in; how far its state can stray before it converges comes out.

The radius says what happens at last; ‖Aᵏ‖ says what happens before: it peaks where A is far from normal. Kreiss (1962):
with K = sup_{|z|>1} (|z|−1)‖(zI−A)⁻¹‖, K ≤ sup‖Aᵏ‖ ≤ e·n·K (Spijker 1991). See Trefethen and Embree, Spectra and
Pseudospectra (2005).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadHyperparameter
from convergence.numerics.pseudospectra import kreiss_constant, norms, pseudoradius
from convergence.numerics.radius import spectral_radius
from convergence.numerics.spectral import blocks, eigenvalues
from convergence.plotting import Plotted
from convergence.problem.arrays import floats
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.optimum import best

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

EDGE = 1e-12
"""A radius this near to 1 is 1: whether powers stay bounded is then seen in a high one."""

BLOCK, LONGEST = 2**14, 2**26
"""Powers looked at together, and in all. Past that the peak is that of all powers so far, and said not to be ``certain``."""


@dataclass(frozen=True, eq=False)
class Transient(Plotted, figure="transient"):
    """How the iteration matrix A (n, n) of one direction behaves before its powers die out, in the method's own state.

    ``peak`` is sup_k‖Aᵏ‖₂, k = 0 included, so at least 1 (∞ where they grow without bound), at ``step``. ``kreiss`` is
    the Kreiss constant, ``departure`` Henrici's departure from normality (‖A‖_F²−Σ|z_i|²)^½, ``radius`` the spectral
    radius.
    """

    curvature: float
    peak: float
    step: int
    kreiss: float
    departure: float
    radius: float
    certain: bool = True
    matrix: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    roots: Complex = field(default_factory=lambda: np.zeros(0, dtype=complex), repr=False)

    def pseudoradius(self, epsilon: float) -> float:
        """The ε-pseudospectral radius: the largest |z| that a change of A by at most ε in norm makes an eigenvalue.

        Raises BadHyperparameter unless ε is a finite number above 0.
        """
        if not 0 < float(epsilon) < inf:
            raise BadHyperparameter(f"epsilon must be a finite number above 0; got {epsilon!r}")
        return pseudoradius(self.matrix, self.roots, float(epsilon))

    def __repr__(self) -> str:
        sizes = f"peak {self.peak:.6g} at step {self.step}, Kreiss constant {self.kreiss:.6g}"
        return f"Transient at λ = {self.curvature:.6g}: {sizes}, radius {self.radius:.6g}"


def transient(method: Method, curvature: Any, **hyper: Any) -> Transient:
    """The transient of one direction. Raises NotLinear for a rule without an iteration matrix, BadData for the curvature."""
    settings = method.scalars(hyper)
    try:
        lam = float(curvature)
    except (TypeError, ValueError):
        lam = float("nan")
    if not 0 <= lam < inf:
        raise BadData(f"curvature must be one finite number, 0 or more; got {curvature!r}")
    with np.errstate(all="ignore"):
        matrix = np.array(blocks(method, lam, settings), dtype=float)
        roots = eigenvalues(method, lam, settings).ravel()
    radius = float(spectral_radius(method, lam, **settings))
    peak, step, certain = _peak(matrix, radius)
    departure = max(0.0, float(np.linalg.norm(matrix)) ** 2 - float((np.abs(roots) ** 2).sum())) ** 0.5
    kreiss = inf if peak == inf else min(kreiss_constant(matrix, roots), peak)
    return Transient(lam, peak, step, kreiss, departure, radius, certain, matrix, roots)


def _peak(matrix: Array, radius: float) -> tuple[float, int, bool]:
    """sup‖Aᵏ‖, where it is attained, and whether that is proven: once ‖Aʲ‖ < 1, no later power exceeds all before it."""
    if not np.isfinite(matrix).all() or radius > 1 + EDGE or (radius >= 1 - EDGE and _grows(matrix)):
        return inf, 0, True
    powers, base = _first_powers(matrix, BLOCK), np.eye(len(matrix))
    jump, best, step = matrix @ powers[-1], 1.0, 0
    longest = LONGEST if radius < 1 - EDGE else BLOCK
    for done in range(0, longest, BLOCK):
        sizes = norms(powers @ base)
        below = np.flatnonzero(sizes < 1)
        sizes = sizes[: below[0]] if below.size else sizes
        if sizes.size and sizes.max() > best * (1 + 4e-16):
            best, step = float(sizes.max()), done + int(sizes.argmax())
        if below.size:
            return best, step, True
        base = jump @ base
    return best, step, False


def _grows(matrix: Array) -> bool:
    """Whether powers of a matrix of radius 1 grow: a defective eigenvalue on the circle, where they grow like k."""
    with np.errstate(all="ignore"):
        early, late = (np.linalg.norm(np.linalg.matrix_power(matrix, 2**k), 2) for k in (20, 22))
    return bool(not np.isfinite(late) or late > 2 * early)


def _first_powers(matrix: Array, count: int) -> Array:
    powers, power = np.eye(len(matrix))[None], matrix
    while len(powers) < count:
        powers = np.concatenate([powers, powers @ power])
        power = power @ power
    return powers


@dataclass(frozen=True, eq=False)
class TransientGrowth(Plotted, Tabular, figure="transient_growth"):
    """The largest peak over [1/κ, 1] at the derived optimum, for each κ; ``slope`` is that of log peak against log κ.

    L is 1: the peak is in the method's own state, whose buffers may hold gradients, in units of L.
    """

    kappas: Array
    peaks: Array
    slope: float

    def table(self) -> dict[str, Array]:
        """κ and the largest peak."""
        return {"kappa": self.kappas, "peak": self.peaks}

    def __repr__(self) -> str:
        return f"TransientGrowth: peaks {self.peaks} at κ = {self.kappas}, growing like κ^{self.slope:.3f}"


def transient_growth(method: Method, kappas: Any, **fixed: Any) -> TransientGrowth:
    """How the peak at the derived optimum grows with κ: its largest value at both ends and seven curvatures between them."""
    wanted = floats(kappas)
    if wanted.ndim != 1 or not (np.isfinite(wanted).all() and (wanted >= 1).all()):
        raise BadHyperparameter(f"kappas must be finite numbers, 1 or more; got {kappas!r}")
    found = best(method, fixed)
    peaks = np.array([_worst_peak(method, found.at(mu=1 / kappa, L=1.0).hyper, 1 / kappa) for kappa in wanted])
    usable = len(wanted) > 1 and np.isfinite(peaks).all() and np.ptp(np.log(wanted)) > 0
    slope = float(np.polyfit(np.log(wanted), np.log(peaks), 1)[0]) if usable else float("nan")
    return TransientGrowth(wanted, peaks, slope)


def _worst_peak(method: Method, hyper: dict[str, float], mu: float) -> float:
    settings = method.scalars(hyper)
    peaks = []
    for lam in np.geomspace(mu, 1.0, 9):
        matrix = np.array(blocks(method, float(lam), settings), dtype=float)
        peaks.append(_peak(matrix, float(spectral_radius(method, float(lam), **settings)))[0])
    return max(peaks)
