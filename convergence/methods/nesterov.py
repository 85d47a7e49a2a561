"""Nesterov's accelerated gradient with constant momentum.

The gradient is asked at the look-ahead point x − βm and the position is that of Sutskever et al.; libraries keep the
look-ahead point itself (``torch_sgd_nesterov``), with the same spectrum.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


@method
def nesterov(f: Objective, x: Any, m: Any, *, lr: Any, momentum: Any) -> State:
    """Nesterov's look-ahead (Nesterov 1983; Sutskever et al. 2013, eq. 3-4): m ← βm + η∇f(x − βm), x ← x − m."""
    m = momentum * m + lr * f.grad(x - momentum * m)
    return x - m, m
