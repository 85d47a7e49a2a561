"""Methods whose step has a length of its own: the sign of the gradient, of a momentum, or the gradient over its norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.rule import Objective, State, method


@method
def sign_descent(f: Objective, x: Any, *, lr: Any) -> Any:
    """Sign descent (Riedmiller and Braun 1993; Bernstein et al. 2018, alg. 1): x ← x − η·sign ∇f(x)."""
    return x - lr * np.sign(f.grad(x))


@method
def signum(f: Objective, x: Any, m: Any, *, lr: Any, momentum: Any = 0.9) -> State:
    """Signum (Bernstein et al. 2018, alg. 2): m ← βm + (1−β)∇f(x), x ← x − η·sign m."""
    m = momentum * m + (1 - momentum) * f.grad(x)
    return x - lr * np.sign(m), m


@method
def lion(f: Objective, x: Any, m: Any, *, lr: Any, beta1: Any = 0.9, beta2: Any = 0.99) -> State:
    """Lion (Chen et al. 2023, alg. 2, no decay): x ← x − η·sign(β₁m + (1−β₁)g), m ← β₂m + (1−β₂)g, g = ∇f(x)."""
    g = f.grad(x)
    return x - lr * np.sign(beta1 * m + (1 - beta1) * g), beta2 * m + (1 - beta2) * g


@method
def normalized_gradient(f: Objective, x: Any, *, lr: Any) -> Any:
    """Normalised gradient descent (Nesterov 2004, sec. 3.2.3): x ← x − η∇f(x)/‖∇f(x)‖, the norm over all coordinates."""
    g = f.grad(x)
    return x - lr * g / np.linalg.norm(g, axis=-1, keepdims=True)
