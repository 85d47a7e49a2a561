"""Adaptive methods: steps divided by the root of gathered squares of the gradient. Adagrad, RMSProp, Adam and their kin.

Each says where its ε stands: outside the root, √v + ε, or inside it, √(v + ε). Squares, roots and quotients are those of
the coordinates, one by one, but for the methods that divide by one norm for all. Bias corrections need βᵗ; the states p and
q hold it, from 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from convergence.domain import OFFSET, SHARE
from convergence.rule import Objective, State, method

Forgetting = Annotated[Any, replace(SHARE, letter="gamma")]
Initial = Annotated[Any, replace(OFFSET, letter="b_0")]


def wound_twice(f: Objective, x: Any) -> State:
    """Empty moments, and β₁⁰ = β₂⁰ = 1."""
    return x, x * 0, x * 0, x * 0 + 1, x * 0 + 1


@method
def adagrad(f: Objective, x: Any, s: Any, *, lr: Any, eps: Any = 1e-10) -> State:
    """Adagrad (Duchi, Hazan and Singer 2011, fig. 1, diagonal): s ← s + g², x ← x − ηg/(√s + ε), g = ∇f(x); ε outside."""
    g = f.grad(x)
    s = s + g * g
    return x - lr * g / (np.sqrt(s) + eps), s


@method
def adagrad_norm(f: Objective, x: Any, s: Any, *, lr: Any, b0: Initial = 0.1) -> State:
    """AdaGrad-Norm (Ward, Wu and Bottou 2019, alg. 1): s ← s + ‖g‖², x ← x − ηg/√(b₀² + s): one norm for all coordinates.

    √(b₀² + s) is the b of the source, whose first is b₀.
    """
    g = f.grad(x)
    s = s + np.linalg.norm(g, axis=-1, keepdims=True) ** 2
    return x - lr * g / np.sqrt(b0 * b0 + s), s


@method
def rmsprop(f: Objective, x: Any, v: Any, *, lr: Any, decay: Forgetting = 0.9, eps: Any = 1e-8) -> State:
    """RMSProp (Tieleman and Hinton 2012, lecture 6.5): v ← γv + (1−γ)g², x ← x − ηg/(√v + ε); ε outside, as in PyTorch."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * g * g
    return x - lr * g / (np.sqrt(v) + eps), v


@method
def rmsprop_inside(f: Objective, x: Any, v: Any, *, lr: Any, decay: Forgetting = 0.9, eps: Any = 1e-8) -> State:
    """RMSProp with ε inside the root, as optax has it: v ← γv + (1−γ)g², x ← x − ηg/√(v + ε)."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * g * g
    return x - lr * g / np.sqrt(v + eps), v


@method
def rmsprop_scalar(f: Objective, x: Any, v: Any, *, lr: Any, decay: Forgetting = 0.9) -> State:
    """RMSProp with one norm for all coordinates and no ε (course notes 002): v ← γv + (1−γ)‖g‖², x ← x − ηg/√v."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * np.linalg.norm(g, axis=-1, keepdims=True) ** 2
    return x - lr * g / np.sqrt(v), v


@method(start=wound_twice)
def adam(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8
) -> State:  # fmt: skip
    """Adam (Kingma and Ba 2015, alg. 1): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², x ← x − η·m̂/(√v̂ + ε); ε outside.

    m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ), t from 1.
    """
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    return x - lr * (m / (1 - p)) / (np.sqrt(v / (1 - q)) + eps), m, v, p, q


@method
def adam_constant_correction(
    f: Objective, x: Any, m: Any, v: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8
) -> State:
    """Adam with its corrections written as constants (course notes 002): m̂ = m/(1−β₁), v̂ = v/(1−β₂) at every step.

    β₁ belongs to m and β₂ to v here; 002 names them the other way round. Late steps are √(1−β₂)/(1−β₁) times Adam's.
    """
    g = f.grad(x)
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return x - lr * (m / (1 - beta1)) / (np.sqrt(v / (1 - beta2)) + eps), m, v


@method(start=wound_twice)
def adamw(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8,
    weight_decay: Any = 0.01,
) -> State:  # fmt: skip
    """AdamW (Loshchilov and Hutter 2019, alg. 2, its schedule η, its α = 1): Adam's step from x, and −ηδx beside it.

    PyTorch multiplies x by 1 − ηδ first and then makes the step: the same.
    """
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    return x - lr * (m / (1 - p)) / (np.sqrt(v / (1 - q)) + eps) - lr * weight_decay * x, m, v, p, q


@method
def amsgrad(
    f: Objective, x: Any, m: Any, v: Any, u: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8
) -> State:
    """AMSGrad (Reddi, Kale and Kumar 2018, alg. 2, constant rate): Adam without correction, by the largest v: u ← max(u, v).

    x ← x − ηm/(√u + ε). The source has no ε; libraries put it outside, and differ in where they correct.
    """
    g = f.grad(x)
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    u = np.maximum(u, v)
    return x - lr * m / (np.sqrt(u) + eps), m, v, u


@method(start=wound_twice)
def nadam(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8
) -> State:  # fmt: skip
    """NAdam (Dozat 2016, alg. 2, constant β₁, as in optax): Adam with m̂ = β₁m/(1−β₁ᵗ⁺¹) + (1−β₁)g/(1−β₁ᵗ); ε outside."""
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    ahead = beta1 * m / (1 - beta1 * p) + (1 - beta1) * g / (1 - p)
    return x - lr * ahead / (np.sqrt(v / (1 - q)) + eps), m, v, p, q
