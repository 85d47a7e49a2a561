"""Chebyshev's semi-iteration as a two-term recurrence."""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


def first_step(f: Objective, x: Any) -> State:
    """The first step goes along the gradient; the clock βᵏ begins at 1."""
    return x, f.grad(x), x * 0 + 1


@method(start=first_step)
def chebyshev(f: Objective, x: Any, d: Any, p: Any, *, lr: Any, momentum: Any) -> State:
    """Chebyshev's semi-iteration (Golub and Varga 1961; Saad 2003, alg. 12.1), its coefficients written by p = βᵏ.

    x ← x − ηd, then d ← (β(1+p)d + (1+β)(1+βp)∇f(x))/(1+β²p). With lr = 2/(μ+L) and momentum = ((√κ−1)/(√κ+1))² no
    first-order method has a smaller worst case, at any step; as p runs down it becomes heavy ball at the rate η(1+β).
    The state d holds the direction of the *coming* step.
    """
    x = x - lr * d
    kept, fresh = momentum * (1 + p), (1 + momentum) * (1 + momentum * p)
    return x, (kept * d + fresh * f.grad(x)) / (1 + momentum * momentum * p), momentum * p
