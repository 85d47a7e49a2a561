"""Limits of all first-order methods: Chebyshev's over an interval, with the steps that attain it; Krylov's for a spectrum.

A method that only asks for gradients has e_k = p(H)e_0 with p(0) = 1, of degree k at most. Over [μ, L] Chebyshev's polynomial,
shifted and scaled to 1 at 0, has the smallest maximum: 1/T_k((κ+1)/(κ−1)) (Chebyshev 1881; Golub and Varga 1961; Nemirovski
1992 for first-order methods). For one H and e_0 the best p for the loss is that of conjugate gradients (Hestenes and Stiefel
1952), for the gradient that of MINRES (Paige and Saunders 1975). As a product of k gradient steps Chebyshev's polynomial is
unstable in rounding unless they are well ordered (Lebedev and Finogenov 1971); as a two-term recurrence (Golub and Varga
1961) it is optimal after every step, and needs no order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, log1p, log2, pi, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadName, nearest
from convergence.methods import as_method
from convergence.numerics.inputs import checked_errors, checked_interval, checked_steps
from convergence.numerics.maxima import enough, largest_modulus, nodes
from convergence.numerics.radius import spectral_radius
from convergence.numerics.replay import constants
from convergence.numerics.worst_cases import worst_case
from convergence.plotting import Plotted
from convergence.problem import checked_curvatures
from convergence.rule import Method
from convergence.tabular import Tabular

Array = NDArray[np.float64]


def lower_bound(steps: int, *, mu: Any = None, L: Any = None, problem: Any = None) -> float:
    """1/T_k((κ+1)/(κ−1)): no first-order method has a smaller worst ‖e_k‖/‖e_0‖ over [μ, L] (Nemirovski 1992).

    Parameters
    ----------
    steps
        k, 0 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.

    Returns
    -------
    A number: of the error norm. Its square bounds the loss gap. 1 for k = 0, and 0 for κ = 1 and k ≥ 1.

    Raises
    ------
    BadHyperparameter
        Unless 0 < μ ≤ L are finite.
    BadData
        For steps that are no whole number.

    >>> lower_bound(5, mu=1, L=10)
    0.0755...
    """
    k, (low, high) = checked_steps(steps, 0), checked_interval(mu, L, problem)
    if k == 0:
        return 1.0
    growth = min(k, 10**300) * limit_exponent(low, high)
    return 2 * exp(-growth) / (1 + exp(-2 * growth)) if growth < inf else 0.0


def log_lower_bound(steps: int, mu: float, L: float) -> float:
    """The natural logarithm of ``lower_bound``, where that underflows too; −∞ for κ = 1."""
    growth = steps * limit_exponent(mu, L) if steps else 0.0
    return -growth + log1p(1.0) - log1p(exp(-2 * growth))


def limit_exponent(mu: float, L: float) -> float:
    """log((√κ+1)/(√κ−1)): minus the logarithm of the best rate; without cancellation where κ is near 1."""
    apart = (L - mu) / (sqrt(L) + sqrt(mu))
    return log1p(2 * sqrt(mu) / apart) if apart > 0 else inf


@dataclass(frozen=True, eq=False)
class KrylovBound(Plotted, Tabular, figure="krylov"):
    """What no Krylov method can beat on one spectrum from one start: each measure by its own best method.

    Attributes
    ----------
    steps
        k.
    history
        (k+1, 3): ‖e_j‖/‖e_0‖, (f_j−f*)/(f_0−f*) and ‖g_j‖/‖g_0‖ after j = 0, 1, …, k steps. Below ε (ε² for the loss)
        they are rounding; from as many steps as there are different curvatures on, they are 0.
    error, loss, gradient
        The last row of it, one by one.
    """

    steps: int
    history: Array

    @property
    def error(self) -> float:
        """‖e_k‖/‖e_0‖."""
        return float(self.history[-1, 0])

    @property
    def loss(self) -> float:
        """(f_k−f*)/(f_0−f*), that of conjugate gradients."""
        return float(self.history[-1, 1])

    @property
    def gradient(self) -> float:
        """‖g_k‖/‖g_0‖, that of MINRES."""
        return float(self.history[-1, 2])

    def table(self) -> dict[str, Any]:
        """The least error, loss and gradient after each step."""
        return {"step": range(self.steps + 1), **dict(zip(("error", "loss", "gradient"), self.history.T, strict=True))}

    def __repr__(self) -> str:
        sizes = f"error {self.error:.6g}, loss {self.loss:.6g}, gradient {self.gradient:.6g}"
        return f"KrylovBound after {self.steps} steps: {sizes} of the first"


def krylov_bound(curvatures: Any, start: Any, steps: int) -> KrylovBound:
    """The best that any Krylov method can do for this very spectrum and these first errors, after k steps.

    Of the loss it is what conjugate gradients attain; of the gradient, the minimal residual method.

    Parameters
    ----------
    curvatures
        (m,) as a list, or a problem's.
    start
        (m,) the first errors by direction, Vᵀ(w₀ − w*). Directions without curvature are left out: nothing moves
        along them.
    steps
        k, 0 or more.

    Returns
    -------
    KrylovBound

    Raises
    ------
    BadData
        For other shapes, or steps that are no whole number.

    >>> krylov_bound([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], 2)
    KrylovBound after 2 steps: error 0.172345, loss 0.0156318, gradient 0.0765886 of the first
    >>> krylov_bound([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], 3).loss  # as many steps as curvatures
    0.0
    """
    points, k = checked_curvatures(curvatures), checked_steps(steps)
    first = checked_errors(start, points)
    moved = (points > 0) & (first != 0)
    spectrum, weights = _merged(points[moved] / points.max(initial=1e-300), first[moved])
    history = np.zeros((k + 1, 3))
    if spectrum.size:
        for column, half_power in enumerate((0.0, 0.5, 1.0)):
            history[:, column] = _least(spectrum, weights * spectrum**half_power, k)
        history[:, 1] **= 2
    return KrylovBound(k, history)


def _merged(spectrum: Array, first: Array) -> tuple[Array, Array]:
    """Directions of equal curvature act as one."""
    different, place = np.unique(spectrum, return_inverse=True)
    return different, np.sqrt(np.bincount(place.ravel(), weights=(first / np.abs(first).max(initial=1e-300)) ** 2))


def _least(spectrum: Array, residual: Array, steps: int) -> Array:
    """min ‖p(Λ)r‖/‖r‖ over p with p(0) = 1, for each degree ≤ steps: r less its projection on span{Λr, …, Λᵏr}.

    The basis is built by Arnoldi's process and orthogonalised twice, which keeps it orthogonal to rounding (Giraud et
    al. 2005).
    """
    size, least = len(spectrum), np.zeros(steps + 1)
    first = float(np.linalg.norm(residual))
    least[0], left, basis = 1.0, residual.copy(), np.empty((0, size))
    direction = spectrum * residual
    for k in range(1, min(steps, size - 1) + 1):
        for _ in range(2):
            direction = direction - basis.T @ (basis @ direction)
        length = float(np.linalg.norm(direction))
        if length == 0:
            break
        direction = direction / length
        basis = np.vstack([basis, direction])
        for _ in range(2):
            left = left - direction * float(direction @ left)
        least[k] = float(np.linalg.norm(left)) / first
        direction = spectrum * direction
    return np.minimum.accumulate(least)


Order = Literal["ascending", "descending", "stable"]

ORDERS = ("ascending", "descending", "stable")


def chebyshev_steps(
    steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, order: Order = "stable"
) -> Array:
    """The learning rates with which k steps of gradient descent attain ``lower_bound``: reciprocals of Chebyshev's roots.

    Parameters
    ----------
    steps
        k, 1 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.
    order
        "ascending" or "descending" learning rates, or "stable", that of Lebedev and Finogenov (1971): theirs for a
        power of two; for 2^p·q with q odd their doubling begins with Leja's order of q roots. The product is the same
        in any order; its rounding is not (``product_peaks``).

    Returns
    -------
    (k,) learning rates, in units of 1/λ.

    Raises
    ------
    BadName
        For another order.
    BadHyperparameter
        Unless 0 < μ ≤ L are finite.
    BadData
        For steps that are no whole number.

    >>> chebyshev_steps(2, mu=1, L=3)
    array([0.773..., 0.369...])
    >>> import convergence as cv
    >>> limit = cv.lower_bound(8, mu=1, L=10)
    >>> worst = cv.worst_case("gradient_descent", 8, mu=1, L=10, lr=chebyshev_steps(8, mu=1, L=10))
    >>> abs(worst.value / limit - 1) < 1e-12
    True
    """
    k, (low, high) = checked_steps(steps), checked_interval(mu, L, problem)
    if order not in ORDERS:
        raise BadName(f"order must name an order of the learning rates, got {order!r}: {nearest(str(order), ORDERS)}")
    falling = nodes(low, high, k) if k else np.zeros(0)
    rates = 1 / falling[::-1]
    if order == "stable":
        return np.asarray(rates[::-1][stable_permutation(k)])
    return np.asarray(rates if order == "ascending" else rates[::-1])


def stable_permutation(count: int) -> NDArray[np.intp]:
    """Places of Chebyshev's roots, ascending in λ, in an order whose partial products and their remainders stay small.

    Lebedev and Finogenov (1971): from an order of N roots that of 2N, each root followed by its mirror image. For count
    = 2^p it is theirs; for 2^p·q with q odd it begins with Leja's order of q roots (Reichel 1990), each as far from the
    others as can be. Largest learning rate first, as in Samarskii (1989): it is the products *remaining* after a step that
    are smallest, by which rounding is magnified, and not the partial ones, by which a run strays on its way. For 16 steps
    at κ = 100 the remaining peak is 1.0 and the partial one 79.8.
    """
    odd, doublings = count, 0
    while odd and odd % 2 == 0:
        odd, doublings = odd // 2, doublings + 1
    turns = 2 * _leja(odd) + 1
    for _ in range(doublings):
        odd *= 2
        turns = np.stack([turns, 2 * odd - turns], axis=1).ravel()
    return np.asarray((turns - 1) // 2)


def _leja(count: int) -> NDArray[np.intp]:
    """Leja's order of the roots of T_count, the one nearest to μ (of the largest rate) last among equals."""
    points = np.cos((np.arange(count) + 0.5) * (pi / max(count, 1)))
    chosen, distance = list[int](), np.log(np.abs(points) + 2.0) if count else np.zeros(0)
    with np.errstate(divide="ignore"):
        for _ in range(count):
            best = int(np.argmax(distance))
            chosen.append(best)
            distance = distance + np.log(np.abs(points - points[best]))
            distance[best] = -inf
    return np.array(chosen, dtype=np.intp)


@dataclass(frozen=True)
class ProductPeaks:
    """How large the intermediate products of ``chebyshev_steps`` become in an order.

    Attributes
    ----------
    order
        Of the learning rates: "ascending", "descending" or "stable".
    partial
        The largest |Π_{j≤i}(1−η_jλ)| over i and [μ, L]: how far a run strays on its way.
    step
        The i at which it does.
    remaining
        The largest |Π_{j>i}(1−η_jλ)|: by how much a rounding error made on the way is magnified at the end.
    log2
        The binary logarithms of both, for those that overflow.
    """

    order: str
    partial: float
    remaining: float
    step: int
    log2: tuple[float, float]


def product_peaks(
    steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, order: Order = "stable"
) -> ProductPeaks:
    """How large the products of ``chebyshev_steps`` become: on the way, and for rounding errors made on the way.

    Parameters
    ----------
    steps, mu, L, problem, order
        As for ``chebyshev_steps``.

    Returns
    -------
    ProductPeaks

    Raises
    ------
    BadName, BadHyperparameter, BadData
        As ``chebyshev_steps``.

    >>> round(product_peaks(32, mu=0.01, L=1, order="ascending").partial, 6)
    1.0
    >>> product_peaks(32, mu=0.01, L=1, order="ascending").remaining > 1e13 > product_peaks(32, mu=0.01, L=1).remaining
    True
    """
    low, high = checked_interval(mu, L, problem)
    rates = chebyshev_steps(steps, mu=low, L=high, order=order)
    forward, step = _peak(rates, low, high)
    backward, _ = _peak(rates[::-1], low, high)
    with np.errstate(over="ignore"):
        values = [float(np.exp2(p)) for p in (forward, backward)]
    return ProductPeaks(order, values[0], values[1], step, (forward, backward))


def _peak(rates: Array, mu: float, L: float) -> tuple[float, int]:
    """log₂ of the largest partial product, and after how many factors. The largest on nodes, refined between them."""
    k = len(rates)
    points = nodes(mu, L, 2 * enough(k))
    values, exponents = np.ones(len(points)), np.zeros(len(points), dtype=np.int64)
    best, best_step, kept = 0.0, 0, (values, 0)
    for j, rate in enumerate(rates, 1):
        values, more = np.frexp(values * (1 - rate * points))
        exponents = exponents + more
        with np.errstate(divide="ignore"):
            sizes = np.log2(np.abs(values)) + exponents
        top = float(sizes.max())
        if top > best:
            scale = int(top)
            best, best_step = top, j
            kept = np.ldexp(values, np.maximum(exponents - scale, -2000).astype(np.int32)), scale
    if not best_step:
        return 0.0, 0
    return log2(largest_modulus(kept[0], best_step).value) + kept[1], best_step


@dataclass(frozen=True, eq=False)
class SemiIteration:
    """Chebyshev's semi-iteration as schedules for the rule x ← x − v, v ← momentum·v + lr·∇f(x) (momentum_rate_inside).

    With them the error after *each* step j ≤ k is Chebyshev's polynomial T_j, and no step overshoots (Golub and Varga
    1961).

    Attributes
    ----------
    lr
        (k,), inside the velocity, in units of 1/λ.
    momentum
        (k,), 0.0 in the first step.
    """

    lr: Array
    momentum: Array


def chebyshev_recurrence(steps: int, *, mu: Any = None, L: Any = None, problem: Any = None) -> SemiIteration:
    """Chebyshev's semi-iteration as schedules of ``lr`` and ``momentum`` for momentum_rate_inside; optimal after every step.

    Parameters
    ----------
    steps
        k, 1 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.

    Returns
    -------
    SemiIteration
        For v ← momentum·v + lr·∇f(x), x ← x − v: the learning rate stands inside the velocity.

    Raises
    ------
    BadHyperparameter, BadData
        As ``chebyshev_steps``.

    Golub and Varga 1961; Saad 2003, alg. 12.1.

    >>> chebyshev_recurrence(3, mu=1, L=3).momentum
    array([0.   , 0.142..., 0.0769...])
    """
    k, (low, high) = checked_steps(steps), checked_interval(mu, L, problem)
    middle, quarter = (high + low) / 2, ((high - low) / (high + low)) ** 2 / 4
    factors, factor = np.ones(k), 2.0
    for j in range(1, k):
        factor = 1 / (1 - quarter * factor)
        factors[j] = factor
    return SemiIteration(factors / middle, factors - 1)


SAMPLES = 257


@dataclass(frozen=True)
class LimitFraction:
    """How much of Chebyshev's limit a method reaches over [μ, L].

    Attributes
    ----------
    steps
        k.
    value
        The method's worst case after k steps, ‖e_k‖/‖e_0‖.
    bound
        The least that any first-order method has.
    at_k
        log(value)/log(bound): 1 reaches the limit, ½ needs about twice the steps, less than 0 is worse than the start.
    asymptotic
        log ρ/log((√κ−1)/(√κ+1)): the same for infinitely many steps.
    rate
        ρ, the largest spectral radius over [μ, L].
    """

    steps: int
    value: float
    bound: float
    at_k: float
    asymptotic: float
    rate: float


def fraction_of_limit(
    m: Any, /, steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, **hyper: Any
) -> LimitFraction:
    """How much of Chebyshev's limit the method reaches over [μ, L], or over those of a problem, at k steps and asymptotically.

    1 is the limit itself; negative is worse than not starting. A Newton step is no first-order method, and weight decay
    solves an easier problem: both may exceed 1.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    steps
        k, 1 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.
    hyper
        One number each.

    Returns
    -------
    LimitFraction

    Raises
    ------
    NotLinear, BadHyperparameter, BadData
        As ``worst_case``.

    >>> fraction_of_limit("gradient_descent", 10, mu=1, L=100, lr=2 / 101).asymptotic
    0.0996...
    """
    method, (low, high) = as_method(m), checked_interval(mu, L, problem)
    worst = worst_case(method, steps, mu=low, L=high, **hyper)
    rate = largest_rate(method, low, high, hyper)
    at_k = _share(worst.log10 * log(10), log_lower_bound(worst.steps, low, high))
    asymptotic = _share(log(rate) if rate > 0 else -inf, -limit_exponent(low, high))
    return LimitFraction(worst.steps, worst.value, lower_bound(worst.steps, mu=low, L=high), at_k, asymptotic, rate)


def largest_rate(method: Method, mu: float, L: float, hyper: dict[str, Any]) -> float:
    """The largest spectral radius on Chebyshev nodes and both ends of [μ, L], once clocks have run down; nan for schedules."""
    if any(np.ndim(value) for value in hyper.values()):
        return float("nan")
    points = np.unique([mu, *nodes(mu, L, SAMPLES), L])
    return float(np.asarray(spectral_radius(method, points, **constants(method, hyper))).max())


def _share(reached: float, limit: float) -> float:
    if np.isnan(reached) or np.isnan(limit):
        return float("nan")
    if limit == 0:
        return 1.0 if reached == 0 else -inf
    if limit == -inf:
        return 1.0 if reached == -inf else 0.0
    return inf if reached == -inf else reached / limit
