"""Momentum with weight decay, coupled to the gradient or not: all rest at a ridge point instead of the minimiser.

Nesterov's momentum is written for the look-ahead point here, as libraries write it (``torch_sgd_nesterov``).
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


@method
def weight_decay_coupled(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, weight_decay: Any = 0.01) -> State:
    """Weight decay added to the gradient (torch.optim.SGD's weight_decay): v ← βv + ∇f(x) + δx, x ← x − ηv.

    Heavy ball on H + δI: it rests at the ridge solution, λ/(λ+δ) of the minimiser along each direction.
    """
    v = momentum * v + f.grad(x) + weight_decay * x
    return x - lr * v, v


@method
def weight_decay_decoupled(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, weight_decay: Any = 0.01) -> State:
    """Weight decay beside the gradient step (SGDW, Loshchilov and Hutter 2019, alg. 1): v ← βv + ∇f(x), x ← x − ηv − ηδx.

    It rests at λ/(λ+δ(1−β)) of the minimiser, less ridge than the coupled one; its spectrum is not that of heavy ball on
    a shifted Hessian.
    """
    v = momentum * v + f.grad(x)
    return x - lr * v - lr * weight_decay * x, v


@method
def nesterov_decay_coupled(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, weight_decay: Any = 0.01) -> State:
    """torch.optim.SGD(nesterov=True, weight_decay=δ): g = ∇f(x) + δx, v ← βv + g, x ← x − η(g + βv) (PyTorch 2.x, SGD).

    Nesterov's method on H + δI, at its look-ahead points: it rests at λ/(λ+δ) of the minimiser.
    """
    g = f.grad(x) + weight_decay * x
    v = momentum * v + g
    return x - lr * (g + momentum * v), v


@method
def nesterov_decay_decoupled(
    f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, weight_decay: Any = 0.01
) -> State:
    """keras.optimizers.SGD(nesterov=True, weight_decay=δ): v ← βv + g, x ← x − η(g + βv) − ηδx, g = ∇f(x) (Keras 3, SGD).

    It rests at λ/(λ+δ(1−β)) of the minimiser, as the decoupled heavy ball does.
    """
    g = f.grad(x)
    v = momentum * v + g
    return x - lr * (g + momentum * v) - lr * weight_decay * x, v
