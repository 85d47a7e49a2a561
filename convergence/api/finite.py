"""The public functions on finite time and on the limit: worst cases, counts, transients, Chebyshev's steps, averages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.methods import as_method
from convergence.numerics import averages as _averages
from convergence.numerics import crossings as _crossings
from convergence.numerics import fractions as _fractions
from convergence.numerics import horizons as _horizons
from convergence.numerics import krylov as _krylov
from convergence.numerics import residuals as _residuals
from convergence.numerics import semi_iteration as _semi_iteration
from convergence.numerics import transients as _transients
from convergence.numerics import worst_cases as _worst_cases
from convergence.problem import MarchenkoPastur, PowerLaw

__all__ = [
    "MarchenkoPastur",
    "PowerLaw",
    "average_case",
    "chebyshev_recurrence",
    "chebyshev_steps",
    "fraction_of_limit",
    "horizon_optimum",
    "krylov_bound",
    "lower_bound",
    "product_peaks",
    "residuals",
    "steps_across",
    "steps_to",
    "transient",
    "transient_growth",
    "worst_case",
]

AnyMethod = Any
Array = NDArray[np.float64]


def residuals(m: AnyMethod, /, steps: int, curvatures: Any, **hyper: Any) -> Array:
    """p_0, …, p_k on an array of curvatures (m,), by recurrence: (k+1, m). Hyperparameters may be schedules.

    Raises NotLinear for a rule whose error is not proportional to the first one.
    """
    return _residuals.residuals(as_method(m), steps, curvatures, **hyper)


def worst_case(
    m: AnyMethod,
    /,
    steps: int,
    *,
    mu: Any,
    L: Any,
    measure: _worst_cases.Measure = "error",
    exact: bool = False,
    **hyper: Any,
) -> _worst_cases.WorstCase:
    """The largest error after k steps over all quadratics with curvatures in [μ, L] and all starts, with the λ that attains it.

    ``value`` is ‖e_k‖/‖e_0‖ ("error"), (f_k−f*)/(f_0−f*) ("loss") or ‖g_k‖/‖g_0‖ ("gradient"), not squared; interior
    maxima are found, and ``bound`` is proven, the rounding of the recurrence apart. With ``exact=True`` and rational input,
    also an enclosure in rational numbers, and the exact value where it is attained at μ or L. Hyperparameters may be
    schedules. A method with weight decay is measured from where it rests. At most 20 000 steps. Raises NotLinear,
    BadHyperparameter, BadData (steps). Van der Corput and
    Schaake 1935; Ehlich and Zeller 1964.
    """
    return _worst_cases.worst_case(as_method(m), steps, mu=mu, L=L, measure=measure, exact=exact, **hyper)


def steps_to(
    m: AnyMethod,
    /,
    tolerance: float,
    *,
    curvatures: Any = None,
    start: Any = None,
    mu: Any = None,
    L: Any = None,
    **hyper: Any,
) -> int:
    """The first k from which every direction's |error| stays at or under tolerance·|start|, counted.

    On a spectrum ``curvatures`` (m,), with ``start`` the first errors by direction (those that are 0 do not count, nor
    do flat directions), or in the worst case over [``mu``, ``L``]. Beyond some 6,000 steps the worst case is that of
    257 curvatures and both ends. Raises NoStableLearningRate where it never settles, BadHyperparameter unless one of
    the two is given.
    """
    return _crossings.steps_to(as_method(m), tolerance, curvatures, start, mu, L, **hyper)


def steps_across(
    m: AnyMethod, /, tolerance: float, lrs: Any, *, curvatures: Any = None, mu: Any = None, L: Any = None, **hyper: Any
) -> _crossings.StepsAcross:
    """``steps_to`` for each of the learning rates ``lrs`` (n,): a plateau of rates is not a plateau of steps.

    ``.steps`` has None where the method does not settle. Raises what ``steps_to`` raises, but NoStableLearningRate.
    """
    return _crossings.steps_across(as_method(m), tolerance, lrs, curvatures, mu, L, **hyper)


def horizon_optimum(m: AnyMethod, /, steps: int, *, mu: Any, L: Any, **fixed: Any) -> _horizons.HorizonOptimum:
    """The hyperparameters with the smallest worst case after exactly k steps over [μ, L], the ``fixed`` ones held.

    ``.hyper``, ``.value``, ``.asymptotic`` (what the best-rate hyperparameters give after as many steps) and ``.bound``
    (Chebyshev's). Found by a global search and a descent on the epigraph: an upper bound of the optimum, not a proof of
    it.
    """
    return _horizons.horizon_optimum(as_method(m), steps, mu=mu, L=L, **fixed)


def transient(m: AnyMethod, /, curvature: float, **hyper: Any) -> _transients.Transient:
    """How far the state of one direction can stray before it converges: sup‖Aᵏ‖₂ and where, and the Kreiss constant.

    In the method's own state. ``.peak`` (∞ where it grows without bound), ``.step``, ``.kreiss``, ``.departure``,
    ``.radius`` and ``.pseudoradius(epsilon)``. Raises NotLinear, BadData, BadHyperparameter. Kreiss 1962; Trefethen and
    Embree 2005.
    """
    return _transients.transient(as_method(m), curvature, **hyper)


def transient_growth(m: AnyMethod, /, kappas: Any, **fixed: Any) -> _transients.TransientGrowth:
    """The largest transient peak over [1/κ, 1] at the derived optimum for each κ, and the power of κ it grows with."""
    return _transients.transient_growth(as_method(m), kappas, **fixed)


def lower_bound(steps: int, *, mu: Any, L: Any) -> float:
    """1/T_k((κ+1)/(κ−1)): no first-order method has a smaller worst ‖e_k‖/‖e_0‖ over [μ, L] (Nemirovski 1992).

    Its square bounds the loss. 1 for k = 0, and 0 for κ = 1 and k ≥ 1. Raises BadHyperparameter, BadData (steps).
    """
    return _semi_iteration.lower_bound(steps, mu=mu, L=L)


def chebyshev_steps(steps: int, *, mu: Any, L: Any, order: _semi_iteration.Order = "stable") -> Array:
    """The learning rates (k,) with which k steps of gradient descent attain ``lower_bound``: reciprocals of Chebyshev's roots.

    ``order``: "ascending" or "descending" learning rates, or "stable", that of Lebedev and Finogenov (1971): theirs for
    a power of two; for 2^p·q with q odd their doubling begins with Leja's order of q roots. Raises BadName for another
    order.
    """
    return _semi_iteration.chebyshev_steps(steps, mu=mu, L=L, order=order)


def product_peaks(
    steps: int, *, mu: Any, L: Any, order: _semi_iteration.Order = "stable"
) -> _semi_iteration.ProductPeaks:
    """How large the products of ``chebyshev_steps`` become: on the way, and for rounding errors made on the way."""
    return _semi_iteration.product_peaks(steps, mu=mu, L=L, order=order)


def chebyshev_recurrence(steps: int, *, mu: Any, L: Any) -> _semi_iteration.SemiIteration:
    """Chebyshev's semi-iteration as schedules of ``lr`` and ``momentum`` for momentum_rate_inside; optimal after every step."""
    return _semi_iteration.chebyshev_recurrence(steps, mu=mu, L=L)


def krylov_bound(curvatures: Any, start: Any, steps: int) -> _krylov.KrylovBound:
    """The best that any Krylov method can do for this very spectrum (m,) and these first errors (m,), after k steps.

    ``.error``, ``.loss`` (that of conjugate gradients), ``.gradient`` (that of MINRES), each over its value at the
    start. Raises BadData.
    """
    return _krylov.krylov_bound(curvatures, start, steps)


def fraction_of_limit(m: AnyMethod, /, steps: int, *, mu: Any, L: Any, **hyper: Any) -> _fractions.LimitFraction:
    """How much of Chebyshev's limit the method reaches over [μ, L]: log(worst case)/log(bound) at k steps, and asymptotically.

    1 is the limit itself; negative is worse than not starting. A Newton step is no first-order method, and weight decay
    solves an easier problem: both may exceed 1.
    """
    return _fractions.fraction_of_limit(as_method(m), steps, mu=mu, L=L, **hyper)


def average_case(m: AnyMethod, /, steps: int, density: Any, **hyper: Any) -> _averages.AverageCase:
    """Expected squared error, loss gap and squared gradient after k steps for a spectral density, over their values at first.

    The ``density`` is MarchenkoPastur(ratio, scale), PowerLaw(exponent, L), or any problem: a LeastSquares, (X, y), or
    an array of curvatures (each the same weight). ``.rate`` is the asymptotic decay: geometric where the density stays off
    0, else the powers of k. Pedregosa and Scieur 2020.
    """
    return _averages.average_case(as_method(m), steps, density, **hyper)
