"""Newton's method.

On a quadratic every direction contracts by 1 − η a step, whatever its curvature.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, method


@method
def newton(f: Objective, x: Any, *, lr: Any) -> Any:
    """Damped Newton (Nocedal & Wright 2006, eq. 3.30): x ← x − ηH⁻¹∇f(x); lr = 1 is the pure step."""
    return x - lr * f.solve(f.grad(x))
