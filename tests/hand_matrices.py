"""A witness: iteration matrices derived on paper, one a method, as NumPy functions. Nothing here comes from the package.

States in the order of each method's docstring, errors x − w*, gradient λx. Derivations, with g = λx:
heavy ball            v' = βv + λx,            x' = x − ηv'
rate inside           v' = βv + ηλx,           x' = x − v'
ema (course)          z' = (1−β)z + βλx,       x' = x − ηz'
ema, zero start       v' = βv + (1−β)λx,       x' = x − ηv'
nesterov              m' = βm + ηλ(x − βm),    x' = x − m'
torch sgd             x' = x − ηv,             v' = βv + (1−d)λx'
torch sgd nesterov    v' = βv + λx,            x' = x − η(λx + βv')
qhm                   v' = βv + (1−β)λx,       x' = x − η((1−ν)λx + νv')
triple momentum       v' = βv + λ(x − γηv),    x' = x − ηv'
robust momentum       triple momentum at three numbers made from ρ and κ
decay, coupled        v' = βv + (λ+δ)x,        x' = x − ηv'             (errors from the ridge point)
decay, decoupled      v' = βv + λx,            x' = (1−ηδ)x − ηv'       (the same)
torch sgd, decay      x' = (1−ηδ)x − ηv,       v' = β(v + δx) + (1−d)λx' − dδx'    (v = b − δx)
look-ahead, coupled   v' = βv + (λ+δ)x,        x' = x − η((λ+δ)x + βv')
look-ahead, decoupled v' = βv + λx,            x' = (1−ηδ)x − η(λx + βv')

With a bias correction or Chebyshev's coefficients the matrix changes at each step; here is the limit, βᵗ = 0:
chebyshev             x' = x − ηd,             d' = βd + (1+β)λx'
frozen adam           m' = βm + (1−β)λx,       x' = x − ηm'
frozen nadam          m' = βm + (1−β)λx,       x' = x − η(βm' + (1−β)λx)
"""

from __future__ import annotations

import numpy as np


def gradient_descent(lam, lr):
    return np.array([[1 - lr * lam]])


def newton(lam, lr):
    return np.array([[1 - lr]])


def heavy_ball(lam, lr, momentum):
    return np.array([[1 - lr * lam, -lr * momentum], [lam, momentum]])


def momentum_rate_inside(lam, lr, momentum):
    return np.array([[1 - lr * lam, -momentum], [lr * lam, momentum]])


def ema_momentum(lam, lr, momentum):
    return np.array([[1 - lr * momentum * lam, -lr * (1 - momentum)], [momentum * lam, 1 - momentum]])


def ema_momentum_zero_start(lam, lr, momentum):
    return np.array([[1 - lr * (1 - momentum) * lam, -lr * momentum], [(1 - momentum) * lam, momentum]])


def nesterov(lam, lr, momentum):
    memory = momentum * (1 - lr * lam)
    return np.array([[1 - lr * lam, -memory], [lr * lam, memory]])


def torch_sgd(lam, lr, momentum, dampening=0):
    kept = 1 - dampening
    return np.array([[1, -lr], [kept * lam, momentum - kept * lr * lam]])


def torch_sgd_nesterov(lam, lr, momentum):
    return np.array([[1 - lr * lam * (1 + momentum), -lr * momentum**2], [lam, momentum]])


def qhm(lam, lr, momentum, nu):
    kept = nu * (1 - momentum)
    return np.array([[1 - lr * lam * (1 - nu + kept), -lr * nu * momentum], [(1 - momentum) * lam, momentum]])


def triple_momentum(lam, lr, momentum, gamma):
    memory = momentum - gamma * lr * lam
    return np.array([[1 - lr * lam, -lr * memory], [lam, memory]])


def robust_momentum(lam, lr, contraction, kappa=10):
    rho = contraction
    step = kappa * (1 - rho) ** 2 * (1 + rho) * lr
    gamma = rho**3 / ((kappa - 1) * (1 - rho) ** 2 * (1 + rho))
    return triple_momentum(lam, step, kappa * rho**3 / (kappa - 1), gamma)


def chebyshev(lam, lr, momentum):
    fresh = (1 + momentum) * lam
    return np.array([[1, -lr], [fresh, momentum - lr * fresh]])


def frozen_adam(lam, lr, momentum):
    fresh = (1 - momentum) * lam
    return np.array([[1 - lr * fresh, -lr * momentum], [fresh, momentum]])


def frozen_nadam(lam, lr, momentum):
    fresh = (1 - momentum) * lam
    return np.array([[1 - lr * fresh * (1 + momentum), -lr * momentum**2], [fresh, momentum]])


def weight_decay_coupled(lam, lr, momentum, weight_decay=0.01):
    return heavy_ball(lam + weight_decay, lr, momentum)


def weight_decay_decoupled(lam, lr, momentum, weight_decay=0.01):
    return np.array([[1 - lr * weight_decay - lr * lam, -lr * momentum], [lam, momentum]])


def torch_sgd_decay(lam, lr, momentum, dampening=0, weight_decay=0.01):
    to_x = np.array([1 - lr * weight_decay, -lr])
    old = momentum * np.array([weight_decay, 1])
    return np.array([to_x, old + ((1 - dampening) * lam - dampening * weight_decay) * to_x])


def nesterov_decay_coupled(lam, lr, momentum, weight_decay=0.01):
    return torch_sgd_nesterov(lam + weight_decay, lr, momentum)


def nesterov_decay_decoupled(lam, lr, momentum, weight_decay=0.01):
    return torch_sgd_nesterov(lam, lr, momentum) - np.array([[lr * weight_decay, 0], [0, 0]])


MATRICES = {
    made.__name__: made
    for made in (
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


def radius(name, lam, **hyper):
    """The spectral radius along one curvature, by NumPy's eigenvalues of the matrix above."""
    return float(np.abs(np.linalg.eigvals(MATRICES[name](lam, **hyper))).max())


def worst(name, curvatures, **hyper):
    """The largest radius over these curvatures."""
    return max(radius(name, lam, **hyper) for lam in curvatures)
