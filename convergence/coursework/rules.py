"""Rules as the course notes write them, in code and in text, where these are not what they are called."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.rule import Objective, State, method


@method
def nesterov_003(f: Objective, w: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """003's code: w is moved by +μv for the gradient and stays there; then v ← μv + ηg, w ← w − v."""
    w = w + momentum * v
    v = momentum * v + lr * f.grad(w)
    return w - v, v


@method
def nesterov_restored(f: Objective, w: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """002's rule and 003's text: the gradient is taken where the coming momentum step leads, w − μv; w itself stays."""
    v = momentum * v + lr * f.grad(w - momentum * v)
    return w - v, v


@method
def rmsprop_000(f: Objective, w: Any, u: Any, *, lr: Any, decay: Any = 0.9, eps: Any = 1e-7) -> State:
    """000's class, its weights: the average goes to another attribute, u; the cache that it divides by stays 0."""
    g, cache = f.grad(w), 0.0
    return w - lr * g / (cache**0.5 + eps), decay * cache + (1 - decay) * g * g


def one_list(f: Objective, w: Any) -> State:
    """An empty list, and 0.9⁰ = 0.999⁰ = 1."""
    return w, w * 0, w * 0 + 1, w * 0 + 1


@method(start=one_list)
def adam_003(f: Objective, w: Any, s: Any, p: Any, q: Any, *, lr: Any, eps: Any = 1e-4) -> State:
    """003's Adam within an epoch: one list s for both moments; the first is read before the second overwrites it."""
    g, p, q = f.grad(w), 0.9 * p, 0.999 * q
    first = 0.9 * s + 0.1 * g
    s = 0.999 * first + 0.001 * g * g
    return w - lr * (first / (1 - p)) / (np.sqrt(s / (1 - q)) + eps), s, p, q
