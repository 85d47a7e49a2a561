"""Nesterov's rule as the course notes write it, in code and in text."""

from __future__ import annotations

from typing import Any

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
