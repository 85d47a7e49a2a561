"""What libraries run under the names of adaptive methods where it is another rule than the source's.

ε on the other side of the root or before the correction, a maximum of corrected squares, a momentum that warms up, decay or
momentum beside. ``presets.toml`` says which library has which.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from convergence.domain import SHARE
from convergence.methods.adaptive import Forgetting, wound_twice
from convergence.rule import Objective, State, method

Warming = Annotated[Any, replace(SHARE, letter="omega")]


def wound_with_maximum(f: Objective, x: Any) -> State:
    """Empty moments and maximum, and β₁⁰ = β₂⁰ = 1."""
    return x, x * 0, x * 0, x * 0, x * 0 + 1, x * 0 + 1


def wound_thrice(f: Objective, x: Any) -> State:
    """Empty moments; the product of no μ, β₂⁰ and ω⁰ are 1."""
    return x, x * 0, x * 0, x * 0 + 1, x * 0 + 1, x * 0 + 1


@method
def adagrad_inside(f: Objective, x: Any, s: Any, *, lr: Any, eps: Any = 0.1) -> State:
    """Adagrad with ε inside the root (optax, Keras): s ← s + g², x ← x − ηg/√(s + ε). Where s starts at s₀, ε is s₀ + ε."""
    g = f.grad(x)
    s = s + g * g
    return x - lr * g / np.sqrt(s + eps), s


@method
def rmsprop_momentum(
    f: Objective, x: Any, v: Any, b: Any, *, lr: Any, decay: Forgetting = 0.99, momentum: Any = 0.9, eps: Any = 1e-8
) -> State:
    """RMSProp under momentum (PyTorch): v ← γv + (1−γ)g², b ← βb + g/(√v + ε), x ← x − ηb; ε outside."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * g * g
    b = momentum * b + g / (np.sqrt(v) + eps)
    return x - lr * b, v, b


@method
def rmsprop_inside_momentum(
    f: Objective, x: Any, v: Any, b: Any, *, lr: Any, decay: Forgetting = 0.9, momentum: Any = 0.9, eps: Any = 1e-7
) -> State:
    """RMSProp under momentum (optax, Keras): v ← γv + (1−γ)g², b ← βb + g/√(v + ε), x ← x − ηb; ε inside."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * g * g
    b = momentum * b + g / np.sqrt(v + eps)
    return x - lr * b, v, b


@method(start=wound_twice)
def adam_epsilon_hat(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-7
) -> State:  # fmt: skip
    """Adam with ε̂ (Kingma and Ba 2015, end of sec. 2; Keras): x ← x − η√(1−β₂ᵗ)/(1−β₁ᵗ)·m/(√v + ε̂).

    Adam with ε̂/√(1−β₂ᵗ) for ε: at first 1/√(1−β₂) times as large, in the end the same.
    """
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    return x - lr * np.sqrt(1 - q) / (1 - p) * m / (np.sqrt(v) + eps), m, v, p, q


@method(start=wound_twice)
def adamw_epsilon_hat(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-7,
    weight_decay: Any = 0.004,
) -> State:  # fmt: skip
    """AdamW with ε̂ (Keras): x ← x − η√(1−β₂ᵗ)/(1−β₁ᵗ)·m/(√v + ε̂) − ηδx."""
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    return x - lr * np.sqrt(1 - q) / (1 - p) * m / (np.sqrt(v) + eps) - lr * weight_decay * x, m, v, p, q


@method(start=wound_twice)
def adam_decay_coupled(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8,
    weight_decay: Any = 0.01,
) -> State:  # fmt: skip
    """Adam on g + δx (PyTorch's Adam with ``weight_decay``): the decay goes through both averages; ε outside."""
    g = f.grad(x) + weight_decay * x
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    return x - lr * (m / (1 - p)) / (np.sqrt(v / (1 - q)) + eps), m, v, p, q


@method(start=wound_twice)
def nadamw(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999, eps: Any = 1e-8,
    weight_decay: Any = 1e-4,
) -> State:  # fmt: skip
    """NAdam with decoupled decay (optax): NAdam's step from x, and −ηδx beside it."""
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    ahead = beta1 * m / (1 - beta1 * p) + (1 - beta1) * g / (1 - p)
    return x - lr * ahead / (np.sqrt(v / (1 - q)) + eps) - lr * weight_decay * x, m, v, p, q


@method(start=wound_thrice)
def torch_nadam(
    f: Objective, x: Any, m: Any, v: Any, p: Any, q: Any, c: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999,
    eps: Any = 1e-8, warmup: Warming = 0.96,
) -> State:  # fmt: skip
    """NAdam with Dozat's warm-up μₜ = β₁(1 − ½ωᵗ) (2016; PyTorch, where ω = 0.96^ψ; Keras, 0.96); p is the product of the μ.

    m̂ = μₜ₊₁m/(1 − p·μₜ₊₁) + (1−μₜ)g/(1−p), x ← x − ηm̂/(√v̂ + ε); m itself is averaged with β₁. At ω = 0 it is NAdam.
    """
    g, c = f.grad(x), warmup * c
    now, ahead = beta1 * (1 - c / 2), beta1 * (1 - warmup * c / 2)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, now * p, beta2 * q
    hat = ahead * m / (1 - ahead * p) + (1 - now) * g / (1 - p)
    return x - lr * hat / (np.sqrt(v / (1 - q)) + eps), m, v, p, q, c


@method(start=wound_with_maximum)
def torch_amsgrad(
    f: Objective, x: Any, m: Any, v: Any, u: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999,
    eps: Any = 1e-8,
) -> State:  # fmt: skip
    """AMSGrad as PyTorch has it: the largest v, corrected afterwards: u ← max(u, v), x ← x − ηm̂/(√(u/(1−β₂ᵗ)) + ε)."""
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    u = np.maximum(u, v)
    return x - lr * (m / (1 - p)) / (np.sqrt(u / (1 - q)) + eps), m, v, u, p, q


@method(start=wound_with_maximum)
def optax_amsgrad(
    f: Objective, x: Any, m: Any, v: Any, u: Any, p: Any, q: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.999,
    eps: Any = 1e-8,
) -> State:  # fmt: skip
    """AMSGrad as optax has it: the largest corrected v: u ← max(u, v/(1−β₂ᵗ)), x ← x − ηm̂/(√u + ε)."""
    g = f.grad(x)
    m, v, p, q = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g, beta1 * p, beta2 * q
    u = np.maximum(u, v / (1 - q))
    return x - lr * (m / (1 - p)) / (np.sqrt(u) + eps), m, v, u, p, q


@method
def lion_decay(
    f: Objective, x: Any, m: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.99, weight_decay: Any = 1e-3
) -> State:
    """Lion with its decay (Chen et al. 2023, alg. 2): x ← x − η(sign(β₁m + (1−β₁)g) + δx), m ← β₂m + (1−β₂)g."""
    g = f.grad(x)
    return x - lr * (np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * x), beta2 * m + (1 - beta2) * g
