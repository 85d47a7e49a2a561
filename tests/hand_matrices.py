"""A witness: iteration matrices derived on paper, one a method, as NumPy functions. Nothing here comes from the package.

States in the order of each method's docstring, errors x − w*, gradient λx. Derivations, with g = λx:
heavy ball            v' = βv + λx,            x' = x − ηv'
rate inside           v' = βv + ηλx,           x' = x − v'
ema (course)          z' = (1−β)z + βλx,       x' = x − ηz'
ema, zero start       v' = βv + (1−β)λx,       x' = x − ηv'
nesterov              m' = βm + ηλ(x − βm),    x' = x − m'
torch sgd             x' = x − ηv,             v' = βv + (1−d)λx'
torch sgd nesterov    v' = βv + λx,            x' = x − η(λx + βv')
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
    )
}


def radius(name, lam, **hyper):
    """The spectral radius along one curvature, by NumPy's eigenvalues of the matrix above."""
    return float(np.abs(np.linalg.eigvals(MATRICES[name](lam, **hyper))).max())


def worst(name, curvatures, **hyper):
    """The largest radius over these curvatures."""
    return max(radius(name, lam, **hyper) for lam in curvatures)
