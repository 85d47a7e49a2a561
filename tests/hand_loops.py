"""A witness: each method as a loop written by hand from its source's formula, plain NumPy on X and y.

The loss is (c/2)‖Xw−y‖², so the gradient is cXᵀ(Xw−y). Every loop yields the iterates, the start first. Sources: the
course notes 004 (gradient descent, momentum as an average), 001 (text and code of momentum), 003 and 002 (rate inside,
Nesterov), PyTorch's documented SGD, Boyd and Vandenberghe 2004 §9.5 (damped Newton), and the papers that the loops name.
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


def qhm(X, y, c, w, lr, momentum, nu):
    """Ma and Yarats 2019, eq. 3-4, their average written out: ḡ = (1−β)·Σβⁱ∇ₜ₋ᵢ, w ← w − α((1−ν)∇ₜ + νḡ)."""
    gradients = np.zeros((0, len(w)))
    yield w
    while True:
        gradients = np.vstack([gradient(X, y, w, c), gradients])
        average = (1 - momentum) * momentum ** np.arange(len(gradients)) @ gradients
        w = w - lr * ((1 - nu) * gradients[0] + nu * average)
        yield w


def triple_momentum(X, y, c, w, lr, momentum, gamma):
    """Van Scoy, Freeman and Lynch 2018: x₊ = (1+β)x − βx₋ − α∇f((1+γ)x − γx₋), at rest before the first step."""
    before = w
    yield w
    while True:
        slope = gradient(X, y, (1 + gamma) * w - gamma * before, c)
        before, w = w, (1 + momentum) * w - momentum * before - lr * slope
        yield w


def robust_momentum(X, y, c, w, lr, contraction, kappa=10.0):
    """Cyrus, Hu, Van Scoy and Lessard 2018: x₊ = x + β(x−x₋) − α∇f(x + γ(x−x₋)), α, β and γ from ρ, κ and L = 1/lr."""
    rho, L = contraction, 1 / lr
    alpha = kappa * (1 - rho) ** 2 * (1 + rho) / L
    beta = kappa * rho**3 / (kappa - 1)
    gamma = rho**3 / ((kappa - 1) * (1 - rho) ** 2 * (1 + rho))
    before = w
    yield w
    while True:
        slope = gradient(X, y, w + gamma * (w - before), c)
        before, w = w, w + beta * (w - before) - alpha * slope
        yield w


def chebyshev(X, y, c, w, lr, momentum):
    """Saad 2003, alg. 12.1, for Hw = cXᵀy: θ and δ are centre and half-width of [μ, L], r is minus the gradient.

    lr = 2/(μ+L) and momentum = ((√κ−1)/(√κ+1))² determine that interval; with momentum 0 it is a point.
    """
    root = momentum**0.5
    theta, delta = 1 / lr, 2 * root / (1 + momentum) / lr
    step = -gradient(X, y, w, c) / theta
    yield w
    if not delta:
        while True:
            w = w - gradient(X, y, w, c) / theta
            yield w
    sigma = theta / delta
    rho = 1 / sigma
    while True:
        w = w + step
        yield w
        after = 1 / (2 * sigma - rho)
        step, rho = after * rho * step - 2 * after / delta * gradient(X, y, w, c), after


def frozen_adam(X, y, c, w, lr, momentum):
    """Kingma and Ba 2015, alg. 1, first moment: m ← β₁m + (1−β₁)g, w ← w − α·m/(1−β₁ᵗ), t from 1; √v̂ + ε set to 1."""
    m, t = np.zeros_like(w), 0
    yield w
    while True:
        t += 1
        m = momentum * m + (1 - momentum) * gradient(X, y, w, c)
        w = w - lr * m / (1 - momentum**t)
        yield w


def frozen_nadam(X, y, c, w, lr, momentum):
    """Dozat 2016, alg. 2, μₜ constant: ĝ = g/(1−μᵗ), m̂ = m/(1−μᵗ⁺¹), m̄ = (1−μ)ĝ + μm̂, w ← w − ηm̄; √n̂ + ε set to 1."""
    m, t = np.zeros_like(w), 0
    yield w
    while True:
        t += 1
        g = gradient(X, y, w, c)
        m = momentum * m + (1 - momentum) * g
        w = w - lr * ((1 - momentum) * g / (1 - momentum**t) + momentum * m / (1 - momentum ** (t + 1)))
        yield w


def weight_decay_coupled(X, y, c, w, lr, momentum, weight_decay=0.01):
    """PyTorch's SGD with weight_decay: g ← cXᵀ(Xw−y) + δw, b ← βb + g (b = g at first), w ← w − ηb."""
    b = None
    yield w
    while True:
        g = c * X.T @ (X @ w - y) + weight_decay * w
        b = g if b is None else momentum * b + g
        w = w - lr * b
        yield w


def weight_decay_decoupled(X, y, c, w, lr, momentum, weight_decay=0.01):
    """Loshchilov and Hutter 2019, alg. 1 (SGDW): m ← β₁m + αg, θ ← θ − m − λθ, its λ the learning rate times δ."""
    m, shrink = np.zeros_like(w), lr * weight_decay
    yield w
    while True:
        m = momentum * m + lr * gradient(X, y, w, c)
        w = w - m - shrink * w
        yield w


def torch_sgd_decay(X, y, c, w, lr, momentum, dampening=0.0, weight_decay=0.01):
    """PyTorch's SGD with both: g ← cXᵀ(Xw−y) + δw, b = g at first, then b ← βb + (1−d)g; w ← w − ηb."""
    b = None
    yield w
    while True:
        g = gradient(X, y, w, c) + weight_decay * w
        b = g if b is None else momentum * b + (1 - dampening) * g
        w = w - lr * b
        yield w


def nesterov_decay_coupled(X, y, c, w, lr, momentum, weight_decay=0.01):
    """PyTorch, nesterov=True: g ← cXᵀ(Xw−y) + δw, b ← βb + g (b = g at first), w ← w − η(g + βb)."""
    b = None
    yield w
    while True:
        g = gradient(X, y, w, c) + weight_decay * w
        b = g if b is None else momentum * b + g
        w = w - lr * (g + momentum * b)
        yield w


def nesterov_decay_decoupled(X, y, c, w, lr, momentum, weight_decay=0.01):
    """Keras, nesterov=True: g at w, then w ← w − ηδw; m ← βm − ηg, w ← w + βm − ηg."""
    m = np.zeros_like(w)
    yield w
    while True:
        g = gradient(X, y, w, c)
        w = w - w * weight_decay * lr
        m = momentum * m - lr * g
        w = w + momentum * m - lr * g
        yield w


def gradient_steps(X, y, c, w, rates):
    """Gradient descent with a learning rate of its own for each step; the iterates, (len(rates)+1, d)."""
    seen = [w]
    for lr in rates:
        seen.append(seen[-1] - lr * gradient(X, y, seen[-1], c))
    return np.array(seen)


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
        qhm,
        triple_momentum,
        robust_momentum,
        chebyshev,
        frozen_adam,
        frozen_nadam,
        weight_decay_coupled,
        weight_decay_decoupled,
        torch_sgd_decay,
        nesterov_decay_coupled,
        nesterov_decay_decoupled,
    )
}


def iterates(name, X, y, c, steps, start=None, **hyper):
    """The first steps+1 iterates of a loop, (steps+1, d), from ``start`` (zeros by default)."""
    w = np.zeros(X.shape[1]) if start is None else np.array(start, dtype=float)
    loop = LOOPS[name](X, y, c, w, **hyper)
    return np.array([next(loop) for _ in range(steps + 1)])
