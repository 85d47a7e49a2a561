"""Nesterov's accelerated gradient with constant momentum, and what grew out of it: triple momentum, and its robust tuning.

In Nesterov's the gradient is asked at the look-ahead point x − βm, and the position is that of Sutskever et al.; libraries
keep the look-ahead point itself (``torch_sgd_nesterov``), with the same spectrum.
"""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


@method
def nesterov(f: Objective, x: Any, m: Any, *, lr: Any, momentum: Any) -> State:
    """Nesterov's look-ahead (Nesterov 1983; Sutskever et al. 2013, eq. 3-4): m ← βm + η∇f(x − βm), x ← x − m."""
    m = momentum * m + lr * f.grad(x - momentum * m)
    return x - m, m


@method
def triple_momentum(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, gamma: Any) -> State:
    """Triple momentum (Van Scoy, Freeman and Lynch 2018, eq. 9) in the velocity form: v ← βv + ∇f(x − γηv), x ← x − ηv.

    γ = 0 is heavy ball; γ = β is Nesterov's method. The source's output sequence is another combination of its iterates.
    """
    v = momentum * v + f.grad(x - gamma * lr * v)
    return x - lr * v, v


@method
def robust_momentum(f: Objective, x: Any, v: Any, *, lr: Any, contraction: Any, kappa: Any = 10) -> State:
    """Robust momentum (Cyrus, Hu, Van Scoy and Lessard 2018, eq. 2-4): triple momentum, its three numbers from one.

    With lr = 1/L, kappa = L/μ (any number above 1) and ``contraction`` the ρ of the source, 1−1/√κ (fast) to 1−1/κ (robust):
    η = κ(1−ρ)²(1+ρ)·lr, β = κρ³/(κ−1), γ = ρ³/((κ−1)(1−ρ)²(1+ρ)).
    """
    slow = (1 - contraction) * (1 - contraction) * (1 + contraction)
    cubed = contraction * contraction * contraction
    step, momentum, gamma = kappa * slow * lr, kappa * cubed / (kappa - 1), cubed / ((kappa - 1) * slow)
    v = momentum * v + f.grad(x - gamma * step * v)
    return x - step * v, v
