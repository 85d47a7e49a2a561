"""Chebyshev's semi-iteration: the steps that attain the limit over an interval, in an order, or as a recurrence.

As a product of k gradient steps Chebyshev's polynomial is unstable in rounding unless they are well ordered (Lebedev and
Finogenov 1971); as a two-term recurrence (Golub and Varga 1961) it is optimal after every step, and needs no order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, pi
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadName, nearest
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.numerics.maxima import enough, largest_modulus, nodes
from convergence.problem.arrays import Array
from convergence.tabular import Tabular

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
    points = np.cos((np.arange(odd) + 0.5) * (pi / max(odd, 1)))
    # outer points first, as if one lay at a distance of 2: products remaining after a step come out smaller
    turns = 2 * np.array(leja(points, np.log(np.abs(points) + 2)), dtype=np.intp) + 1
    for _ in range(doublings):
        odd *= 2
        turns = np.stack([turns, 2 * odd - turns], axis=1).ravel()
    return np.asarray((turns - 1) // 2)


def leja(points: Array, distance: Array) -> list[int]:
    """Leja's order of points (n,): each has the largest product of distances from those before.

    ``distance`` (n,) are the logarithms of these products at first, so the largest of them is that of the first point. Of
    equals, as mirror images are, the first: each logarithm is a sum of up to n, and rounding must not choose.
    """
    chosen, equal = list[int](), float(np.finfo(float).eps) * len(points) ** 2
    with np.errstate(divide="ignore"):
        for _ in points:
            chosen.append(int(np.argmax(distance >= distance.max() - equal)))
            distance = distance + np.log(np.abs(points - points[chosen[-1]]))
    return chosen


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
class SemiIteration(Tabular):
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

    def table(self) -> dict[str, Any]:
        """A row for each step."""
        return {"step": range(len(self.lr)), "lr": self.lr, "momentum": self.momentum}


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
