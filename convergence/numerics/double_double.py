"""Matrices in sums of two doubles: about 32 digits (Dekker 1971, Knuth 1969)."""

from __future__ import annotations

from convergence.problem.arrays import Array

Pair = tuple[Array, Array]
"""The leading and the trailing part of numbers."""

SPLITTER = 2.0**27 + 1


def matmul(a: Pair, b: Pair) -> Pair:
    """a (..., i, k) times b (..., k, j)."""
    left, right = (part[..., :, :, None] for part in a), (part[..., None, :, :] for part in b)
    high, low = _product(*left, *right)
    total, rest = high[..., :, 0, :], low[..., :, 0, :]
    for k in range(1, high.shape[-2]):
        total, lost = _sum(total, high[..., :, k, :])
        rest = rest + (lost + low[..., :, k, :])
    return _sum(total, rest)


def _sum(a: Array, b: Array) -> Pair:
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _product(a: Array, a_low: Array, b: Array, b_low: Array) -> Pair:
    product = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    lost = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2
    return product, lost + (a * b_low + a_low * b)


def _halves(a: Array) -> Pair:
    shifted = SPLITTER * a
    high = shifted - (shifted - a)
    return high, a - high
