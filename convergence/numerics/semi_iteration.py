"""An interval of curvatures and a number of steps go in; the limit of all first-order methods and what attains it come out.

Chebyshev's polynomial, shifted to [μ, L] and scaled to 1 at 0, has the smallest maximum there of all polynomials of its
degree: 1/T_k((κ+1)/(κ−1)) (Markov 1890; Golub and Varga 1961; Nemirovski 1992 for first-order methods). Its roots give
learning rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log1p, log2, pi, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadName, nearest
from convergence.numerics.maxima import enough, largest_modulus, nodes
from convergence.numerics.residuals import checked_interval
from convergence.numerics.trajectory import checked_steps

Array = NDArray[np.float64]
Order = Literal["ascending", "descending", "stable"]

ORDERS = ("ascending", "descending", "stable")


def lower_bound(steps: Any, *, mu: Any, L: Any) -> float:
    """1/T_k((κ+1)/(κ−1)): the least worst case of ‖e_k‖/‖e_0‖ over [μ, L]. Its square bounds the loss."""
    k, (low, high) = checked_steps(steps), checked_interval(mu, L)
    if k == 0:
        return 1.0
    growth = k * limit_exponent(low, high)
    return 2 * exp(-growth) / (1 + exp(-2 * growth)) if growth < inf else 0.0


def log_lower_bound(steps: int, mu: float, L: float) -> float:
    """The natural logarithm of ``lower_bound``, where that underflows too; −∞ for κ = 1."""
    growth = steps * limit_exponent(mu, L) if steps else 0.0
    return -growth + log1p(1.0) - log1p(exp(-2 * growth))


def limit_exponent(mu: float, L: float) -> float:
    """log((√κ+1)/(√κ−1)): minus the logarithm of the best rate; without cancellation where κ is near 1."""
    apart = (L - mu) / (sqrt(L) + sqrt(mu))
    return log1p(2 * sqrt(mu) / apart) if apart > 0 else inf


def chebyshev_steps(steps: Any, *, mu: Any, L: Any, order: Order = "stable") -> Array:
    """The learning rates (k,) with which k steps of gradient descent attain ``lower_bound``, in an order."""
    k, (low, high) = checked_steps(steps), checked_interval(mu, L)
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
    others as can be.
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

    ``partial`` is the largest |Π_{j≤i}(1−η_jλ)| over i and [μ, L]: how far a run strays on its way, and ``step`` where.
    ``remaining`` is the largest |Π_{j>i}(1−η_jλ)|: by how much a rounding error made on the way is magnified at the
    end. ``log2`` are the logarithms of both, for those that overflow.
    """

    order: str
    partial: float
    remaining: float
    step: int
    log2: tuple[float, float]


def product_peaks(steps: Any, *, mu: Any, L: Any, order: Order = "stable") -> ProductPeaks:
    """The peaks of Chebyshev's products in an order."""
    rates = chebyshev_steps(steps, mu=mu, L=L, order=order)
    low, high = checked_interval(mu, L)
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
    """Schedules (k,) of ``lr`` and ``momentum`` for the rule x ← x − v, v ← momentum·v + lr·∇f(x) (momentum_rate_inside).

    With them the error after *each* step j ≤ k is Chebyshev's polynomial T_j, and no step overshoots (Golub and Varga
    1961).
    """

    lr: Array
    momentum: Array


def chebyshev_recurrence(steps: Any, *, mu: Any, L: Any) -> SemiIteration:
    """Chebyshev's semi-iteration as a two-term recurrence (Golub and Varga 1961; Saad 2003, alg. 12.1)."""
    k, (low, high) = checked_steps(steps), checked_interval(mu, L)
    middle, quarter = (high + low) / 2, ((high - low) / (high + low)) ** 2 / 4
    factors, factor = np.ones(k), 2.0
    for j in range(1, k):
        factor = 1 / (1 - quarter * factor)
        factors[j] = factor
    return SemiIteration(factors / middle, factors - 1)
