"""Adam's and NAdam's averaging, their preconditioner frozen: lr stands for the rate over √(second moment) + ε.

The bias correction needs βᵗ; the state p holds it. It is a clock: it hears nothing of the objective, and runs down to 0.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


def wound(f: Objective, x: Any) -> State:
    """An empty average, and β⁰ = 1."""
    return x, x * 0, x * 0 + 1


@method(start=wound)
def frozen_adam(f: Objective, x: Any, m: Any, p: Any, *, lr: Any, momentum: Any) -> State:
    """Adam's bias-corrected average (Kingma and Ba 2015, alg. 1): m ← βm + (1−β)∇f(x), x ← x − ηm/(1−βᵗ).

    momentum = β weighs the *memory*. The first step is the whole first gradient.
    """
    p = momentum * p
    m = momentum * m + (1 - momentum) * f.grad(x)
    return x - lr * m / (1 - p), m, p


@method(start=wound)
def frozen_nadam(f: Objective, x: Any, m: Any, p: Any, *, lr: Any, momentum: Any) -> State:
    """NAdam's average (Dozat 2016, alg. 2, constant β): as Adam's, and x ← x − η(βm/(1−βᵗ⁺¹) + (1−β)g/(1−βᵗ)), g = ∇f(x)."""
    p = momentum * p
    g = f.grad(x)
    m = momentum * m + (1 - momentum) * g
    return x - lr * (momentum * m / (1 - momentum * p) + (1 - momentum) * g / (1 - p)), m, p
