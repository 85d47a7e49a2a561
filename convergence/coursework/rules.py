"""Linear update rules as the sources write them, right or wrong, as Methods of their own."""

from __future__ import annotations

from typing import Any

from convergence.rule import Objective, State, method


@method
def nesterov_003(f: Objective, w: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """003's code: w is moved by +μv for the gradient and stays there; then v ← μv + ηg, w ← w − v."""
    w = w + momentum * v
    v = momentum * v + lr * f.grad(w)
    return w - v, v


@method
def nesterov_003_restored(f: Objective, w: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """003's text: the gradient is taken where the coming momentum step leads, w − μv; w itself stays."""
    v = momentum * v + lr * f.grad(w - momentum * v)
    return w - v, v


@method
def momentum_002(f: Objective, w: Any, m: Any, *, alpha: Any, momentum: Any) -> State:
    """002: m ← ηm + α∇, w ← w − m; the letter η is the momentum there."""
    m = momentum * m + alpha * f.grad(w)
    return w - m, m


@method
def nesterov_002(f: Objective, w: Any, m: Any, *, alpha: Any, momentum: Any) -> State:
    """002: m ← ηm + α∇E(w − ηm), w ← w − m."""
    m = momentum * m + alpha * f.grad(w - momentum * m)
    return w - m, m


@method
def momentum_001_text(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """001's text: v ← βv + g, x ← x − ηv."""
    v = momentum * v + f.grad(x)
    return x - lr * v, v


@method
def momentum_001_code(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any) -> State:
    """001's code: v ← βv + (1−β)g, x ← x − ηv."""
    v = momentum * v + (1 - momentum) * f.grad(x)
    return x - lr * v, v


@method
def quasi_hyperbolic(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, nu: Any) -> State:
    """Ma and Yarats 2019, eq. 3–4: v ← βv + (1−β)g, x ← x − η((1−ν)g + νv)."""
    g = f.grad(x)
    v = momentum * v + (1 - momentum) * g
    return x - lr * ((1 - nu) * g + nu * v), v


@method
def look_ahead(f: Objective, x: Any, v: Any, *, lr: Any, momentum: Any, gamma: Any) -> State:
    """Cyrus, Hu, Van Scoy and Lessard 2018, eq. 2, in positions: v = x − x₋ ← βv − α∇f(x + γv), x ← x + v."""
    v = momentum * v - lr * f.grad(x + gamma * v)
    return x + v, v
