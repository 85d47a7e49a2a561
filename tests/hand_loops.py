"""A witness: each method as a loop written by hand from its source's formula, plain NumPy on X and y.

The loss is (c/2)‖Xw−y‖², so the gradient is cXᵀ(Xw−y). Every loop yields the iterates, the start first. Sources: the
course notes 004 (gradient descent, momentum as an average), 001 (text and code of momentum), 003 and 002 (rate inside,
Nesterov), PyTorch's documented SGD, Boyd and Vandenberghe 2004 §9.5 (damped Newton).
"""

from __future__ import annotations

import numpy as np


def gradient(X, y, w, c):
    return c * X.T @ (X @ w - y)


def gradient_descent(X, y, c, w, lr):
    yield w
    while True:
        w = w - lr * gradient(X, y, w, c)
        yield w


def newton(X, y, c, w, lr):
    """H⁻¹g is X⁺(Xw−y), whatever c; at a deficient rank the shortest such step."""
    inverse = np.linalg.pinv(X, rcond=1e-12)
    yield w
    while True:
        w = w - lr * inverse @ (X @ w - y)
        yield w


def ema_momentum(X, y, c, w, lr, momentum):
    """004: z is the first gradient before the first step; then z ← (1−β)z + βg, w ← w − ηz."""
    z = gradient(X, y, w, c)
    yield w
    while True:
        z = (1 - momentum) * z + momentum * gradient(X, y, w, c)
        w = w - lr * z
        yield w


def ema_momentum_zero_start(X, y, c, w, lr, momentum):
    """001's code: v ← βv + (1−β)g from v = 0, x ← x − ηv."""
    v = 0 * w
    yield w
    while True:
        v = momentum * v + (1 - momentum) * gradient(X, y, w, c)
        w = w - lr * v
        yield w


def heavy_ball(X, y, c, w, lr, momentum):
    """Polyak 1964, in two positions: x₊ = x − ηg + β(x − x₋), at rest before the first step."""
    before = w
    yield w
    while True:
        before, w = w, w - lr * gradient(X, y, w, c) + momentum * (w - before)
        yield w


def momentum_rate_inside(X, y, c, w, lr, momentum):
    """003: v ← μv + ηg, w ← w − v."""
    v = np.zeros_like(w)
    yield w
    while True:
        v = momentum * v + lr * gradient(X, y, w, c)
        w = w - v
        yield w


def nesterov(X, y, c, w, lr, momentum):
    """002: m ← βm + η∇E(w − βm), w ← w − m."""
    m = np.zeros_like(w)
    yield w
    while True:
        m = momentum * m + lr * gradient(X, y, w - momentum * m, c)
        w = w - m
        yield w


def torch_sgd(X, y, c, w, lr, momentum, dampening=0.0):
    """PyTorch: the first buffer is the gradient itself; later v ← βv + (1−d)g; w ← w − ηv."""
    v = None
    yield w
    while True:
        g = gradient(X, y, w, c)
        v = g if v is None else momentum * v + (1 - dampening) * g
        w = w - lr * v
        yield w


def torch_sgd_nesterov(X, y, c, w, lr, momentum):
    """PyTorch, nesterov=True: v ← βv + g (v = g at first), w ← w − η(g + βv)."""
    v = None
    yield w
    while True:
        g = gradient(X, y, w, c)
        v = g if v is None else momentum * v + g
        w = w - lr * (g + momentum * v)
        yield w


LOOPS = {
    loop.__name__: loop
    for loop in (
        gradient_descent,
        newton,
        heavy_ball,
        momentum_rate_inside,
        ema_momentum,
        ema_momentum_zero_start,
        nesterov,
        torch_sgd,
        torch_sgd_nesterov,
    )
}


def iterates(name, X, y, c, steps, start=None, **hyper):
    """The first steps+1 iterates of a loop, (steps+1, d), from ``start`` (zeros by default)."""
    w = np.zeros(X.shape[1]) if start is None else np.array(start, dtype=float)
    loop = LOOPS[name](X, y, c, w, **hyper)
    return np.array([next(loop) for _ in range(steps + 1)])
