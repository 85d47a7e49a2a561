"""Gradient descent and Newton's method: no state but the position.

Along a direction of curvature λ the error is multiplied by 1 − ηλ a step, with Newton's by 1 − η whatever λ is.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, method


@method
def gradient_descent(f: Objective, x: Any, *, lr: Any) -> Any:
    """Gradient descent with a constant step (Cauchy 1847): x ← x − η∇f(x)."""
    return x - lr * f.grad(x)


@method
def newton(f: Objective, x: Any, *, lr: Any) -> Any:
    """Damped Newton (Nocedal & Wright 2006, eq. 3.30): x ← x − ηH⁻¹∇f(x); lr = 1 is the pure step."""
    return x - lr * f.solve(f.grad(x))
