"""Heavy-ball momentum, with the learning rate outside and inside the buffer; PyTorch's, with dampening, decay and Nesterov.

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


def undampened(f: Objective, x: Any) -> State:
    """PyTorch fills the buffer with the first gradient, without dampening."""
    return x, f.grad(x)


@method(start=undampened)
def torch_sgd(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, dampening: Any = 0) -> State:
    """torch.optim.SGD: v ← βv + (1−d)∇f(x), x ← x − ηv, where the very first v is ∇f(x₀) whole (PyTorch 2.x, SGD).

    The state holds the buffer that the *coming* step uses, so that the undampened first step needs no step counter.
    With momentum=0 PyTorch skips the buffer, and with it the dampening; give dampening=0 there.
    """
    x = x - lr * v
    return x, momentum * v + (1 - dampening) * f.grad(x)


@method
def torch_sgd_nesterov(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """torch.optim.SGD(nesterov=True): v ← βv + g, x ← x − η(g + βv) with g = ∇f(x) (PyTorch 2.x, SGD).

    Nesterov's method written for the look-ahead point; PyTorch allows no dampening with it.
    """
    g = f.grad(x)
    v = momentum * v + g
    return x - lr * (g + momentum * v), v


@method(start=undampened)
def torch_sgd_decay(
    f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, dampening: Any = 0, weight_decay: Any = 0.01
) -> State:
    """torch.optim.SGD with weight_decay: b ← βb + (1−d)(∇f(x) + δx), x ← x − ηb, the first b undampened (PyTorch 2.x, SGD).

    The state holds v = b − δx of the *coming* step, which begins at ∇f(x₀) whatever δ is. Without dampening it is
    ``weight_decay_coupled``.
    """
    b = v + weight_decay * x
    x = x - lr * b
    return x, momentum * b + (1 - dampening) * f.grad(x) - dampening * weight_decay * x
