"""Quasi-hyperbolic momentum.

A weighted mean of a gradient step and a step of damped momentum: it has plain descent, heavy ball and Nesterov's
method as special cases.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


@method
def qhm(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, nu: Any) -> State:
    """Quasi-hyperbolic momentum (Ma and Yarats 2019, eq. 3-4): v ← βv + (1−β)g, x ← x − η((1−ν)g + νv), g = ∇f(x).

    ν = 0 is gradient descent, ν = 1 the damped average, ν = β Nesterov's method in PyTorch's form at the rate η(1−β).
    """
    g = f.grad(x)
    v = momentum * v + (1 - momentum) * g
    return x - lr * ((1 - nu) * g + nu * v), v
