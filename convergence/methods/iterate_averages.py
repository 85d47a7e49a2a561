"""Gradient descent whose answer is the average of its iterates: Polyak and Ruppert's, and Schedule-Free SGD.

The weight of the newest iterate is 1/t, written as the clock c ← c/(1+c) from 1. It comes to rest, but so slowly that
errors fall as a power of the steps: these methods have no rate and no iteration matrix, and are asked for a number of steps.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


def whole_weight(f: Objective, x: Any) -> State:
    """The iterate begins where the average does, and the first of them is all of the average."""
    return x, x, x * 0 + 1


@method(start=whole_weight)
def averaged_sgd(f: Objective, x: Any, z: Any, c: Any, *, lr: Any) -> State:
    """Polyak and Juditsky (1992), after Polyak (1990) and Ruppert (1988): z ← z − η∇f(z), x ← (1−c)x + cz, c = 1/t.

    x is the average of the iterates z after steps 1, …, t, without the start.
    """
    z = z - lr * f.grad(z)
    return (1 - c) * x + c * z, z, c / (1 + c)


@method(start=whole_weight)
def schedule_free_sgd(f: Objective, x: Any, z: Any, c: Any, *, lr: Any, momentum: Any = 0.9) -> State:
    """Schedule-Free SGD (Defazio et al. 2024, eq. 3-5): y = (1−β)z + βx, z ← z − η∇f(y), x ← (1−c)x + cz, c = 1/t.

    momentum = β = 0 is Polyak and Ruppert's average, β = 1 that of primal averaging. The authors' package begins with c = 1, as
    here, at a constant rate.
    """
    y = (1 - momentum) * z + momentum * x
    z = z - lr * f.grad(y)
    return (1 - c) * x + c * z, z, c / (1 + c)
