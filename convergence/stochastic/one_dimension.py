"""Reshuffled single rows in one dimension, exactly, for rules of one state: e ← a_i·e + c_i for row i.

After all rows the product of the a_i is the same in every order: only what they add is random. Its moments are averages
over the order of which item comes where, by a recursion in the items (design of this package).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convergence.problem.arrays import Array

MOST_ROWS = 500
"""Rows of an epoch: the recursion takes n³ steps."""


@dataclass(frozen=True, eq=False)
class Orders:
    """After k = 0, …, n rows e_k = A·e_0 + C: averages (n+1,) over all orders of the rows.

    Attributes
    ----------
    product, square
        E A, E A².
    sum, mixed, squares
        E C, E AC, E C².
    trailing
        Σ over j ≤ k of the mean of the product of a² over the rows after the j-th: what noise of every step adds up to.
    """

    product: Array
    square: Array
    sum: Array
    mixed: Array
    squares: Array
    trailing: Array

    def moments(self, mean: Array, second: Array, noise: float) -> tuple[Array, Array]:
        """E e_k and E e_k² from those of e_0; ``noise`` is the variance that every step adds."""
        after = self.square * second + 2 * self.mixed * mean + self.squares + noise * self.trailing
        return self.product * mean + self.sum, after


def orders(a: Array, c: Array) -> Orders:
    """Those of rows with these factors (n,) and summands (n,).

    Entry (q, p) of a table is the mean, over all ways to pick q items, p others and those that are marked, of the product
    of a over the q, of a² over the p, and of c, c·a or both over the marked ones.
    """
    n = len(a)
    plain, once, twice, pair = (np.zeros((n + 1, n + 1)) for _ in range(4))  # marked: nothing, c, ca, both
    square = np.zeros((1, n + 1))  # marked c², p others with a²
    plain[0, 0] = 1.0
    for k, (x, y) in enumerate(zip(a, c, strict=True), 1):
        now = np.s_[: k + 1, : k + 1]
        pair[now] = (_others(pair[now], k - 2, x) + y * twice[now] + y * x * once[now]) / k
        square[now] = (_others(square[now], k - 1, x) + y**2 * plain[:1, : k + 1]) / k
        once[now], twice[now] = (_others(t[now], k - 1, x) + w * plain[now] for t, w in ((once, y), (twice, y * x)))
        once[now] /= k
        twice[now] /= k
        plain[now] = _others(plain[now], k, x) / k
    lengths = np.arange(n + 1)
    both = np.concatenate([[0.0], _before(_by_length(pair))])[: n + 1]
    mixed = np.concatenate([[0.0], _by_length(twice)[:-1]])  # the marked one and k − 1 others
    return Orders(
        product=plain[lengths, 0],
        square=plain[0],
        sum=_before(once[lengths, 0]),
        mixed=mixed,
        squares=_before(square[0]) + 2 * both,
        trailing=_before(plain[0]),
    )


def _others(table: Array, unmarked: int, a: float) -> Array:
    """What is added to means of k−1 items, k times over, by an item that is none of the marked: idle, of the q, or the p."""
    q, p = (np.arange(size) for size in table.shape)
    moved = np.maximum(unmarked - q[:, None] - p, 0) * table
    moved[1:] += q[1:, None] * a * table[:-1]
    moved[:, 1:] += p[1:] * a**2 * table[:, :-1]
    return np.asarray(moved)


def _before(values: Array) -> Array:
    """The sum of the values before each, of the same length."""
    return np.concatenate([[0.0], np.cumsum(values)[:-1]])


def _by_length(table: Array) -> Array:
    """Sums (n+1,) of a table (n+1, n+1) over q + p = 0, …, n."""
    flipped = table[::-1]
    return np.array([np.trace(flipped, offset=k) for k in range(-len(table) + 1, 1)])
