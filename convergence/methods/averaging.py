"""Momentum as an exponentially weighted average of gradients, in the two conventions of the course notes; quasi-hyperbolic.

β weighs the new gradient in one and the memory in the other; one begins with the first gradient, the other with zero.
Both have the spectrum of heavy ball at another learning rate; the one that begins with zero has its iterates, too.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


def first_gradient(f: Objective, x: Any) -> State:
    """The average begins at the first gradient, not at zero."""
    return x, f.grad(x)


@method(start=first_gradient)
def ema_momentum(f: Objective, x: Any, z: Any, *, lr: Any, momentum: Any) -> State:
    """The course's average: z ← (1−β)z + β∇f(x), x ← x − ηz, with z = ∇f(x₀) before the first step.

    Here momentum = β weighs the *new gradient*: β = 1 is gradient descent, small β is much memory.
    """
    z = (1 - momentum) * z + momentum * f.grad(x)
    return x - lr * z, z


@method
def ema_momentum_zero_start(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """The damped average, buffer zero at first: v ← βv + (1−β)∇f(x), x ← x − ηv.

    Here momentum = β weighs the *memory*: heavy ball at the learning rate η(1−β).
    """
    v = momentum * v + (1 - momentum) * f.grad(x)
    return x - lr * v, v


@method
def qhm(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, nu: Any) -> State:
    """Quasi-hyperbolic momentum (Ma and Yarats 2019, eq. 3-4): v ← βv + (1−β)g, x ← x − η((1−ν)g + νv), g = ∇f(x).

    ν = 0 is gradient descent, ν = 1 the damped average, ν = β Nesterov's method in PyTorch's form at the rate η(1−β).
    """
    g = f.grad(x)
    v = momentum * v + (1 - momentum) * g
    return x - lr * ((1 - nu) * g + nu * v), v
