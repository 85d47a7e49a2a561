"""Heavy-ball momentum, with the learning rate outside and inside the buffer.

With a constant learning rate these are the same iterates; under a schedule they are not: inside, a step remembers the
rates with which its gradients came.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


@method
def heavy_ball(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """Polyak's heavy ball (1964), momentum in the velocity form: v ← βv + ∇f(x), x ← x − ηv."""
    v = momentum * v + f.grad(x)
    return x - lr * v, v


@method
def momentum_rate_inside(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """Heavy ball with the rate inside the buffer (Sutskever et al. 2013, eq. 1-2): v ← μv + η∇f(x), x ← x − v."""
    v = momentum * v + lr * f.grad(x)
    return x - v, v
