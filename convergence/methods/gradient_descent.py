"""Gradient descent.

Along a direction of curvature λ the error is multiplied by 1 − ηλ a step.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, method


@method
def gradient_descent(f: Objective, x: Any, *, lr: Any) -> Any:
    """Gradient descent with a constant step (Cauchy 1847): x ← x − η∇f(x)."""
    return x - lr * f.grad(x)
