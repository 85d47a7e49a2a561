"""A witness: the best tuning found by brute force on matrices written by hand, knowing nothing of the theory.

Two-state radii by the formula for z² − τz + δ (trace and determinant of the hand-written matrix), so that a dense grid is
cheap; then the grid is refined around its best points. NumPy's eigvals serve for anything larger.
"""

from __future__ import annotations

import numpy as np


def modulus(trace, determinant):
    """The largest root of z² − τz + δ in modulus: √δ where complex, (|τ|+√(τ²−4δ))/2 where real."""
    gap = trace**2 - 4 * determinant
    return np.where(gap < 0, np.sqrt(np.abs(determinant)), (np.abs(trace) + np.sqrt(np.maximum(gap, 0))) / 2)


def ball(lam, lr, b):
    return 1 + b - lr * lam, b + 0 * lr


def course(lam, lr, b):
    return 2 - b - lr * b * lam, 1 - b + 0 * lr


def average(lam, lr, b):
    return 1 + b - lr * (1 - b) * lam, b + 0 * lr


def look_ahead(lam, lr, b):
    return (1 + b) * (1 - lr * lam), b * (1 - lr * lam)


def steady(lam, lr, b):
    """Chebyshev's in the limit: heavy ball at lr(1+β)."""
    return ball(lam, lr * (1 + b), b)


def average_ahead(lam, lr, b):
    return look_ahead(lam, lr * (1 - b), b)


DECAY = 0.01
"""The default strength of weight decay in the package."""


def ridge(lam, lr, b):
    return ball(lam + DECAY, lr, b)


def shrinking(lam, lr, b):
    return 1 + b - lr * (lam + DECAY), b * (1 - lr * DECAY)


def ridge_ahead(lam, lr, b):
    return look_ahead(lam + DECAY, lr, b)


def shrinking_ahead(lam, lr, b):
    return (1 + b) * (1 - lr * lam) - lr * DECAY, b * (1 - lr * lam - lr * DECAY)


def robust(lam, lr, rho, kappa=10.0):
    """Trace and determinant of triple momentum, 1+β−η(1+γ)λ and β−ηγλ, at the numbers of Cyrus et al. (2018): γη = β·lr."""
    beta = kappa * rho**3 / (kappa - 1)
    return 1 + beta - (kappa * (1 - rho) ** 2 * (1 + rho) + beta) * lr * lam, beta * (1 - lr * lam)


PAIRS = {
    "heavy_ball": ball,
    "momentum_rate_inside": ball,
    "torch_sgd": ball,
    "ema_momentum": course,
    "ema_momentum_zero_start": average,
    "nesterov": look_ahead,
    "torch_sgd_nesterov": look_ahead,
    "chebyshev": steady,
    "frozen_adam": average,
    "frozen_nadam": average_ahead,
    "weight_decay_coupled": ridge,
    "weight_decay_decoupled": shrinking,
    "torch_sgd_decay": ridge,
    "nesterov_decay_coupled": ridge_ahead,
    "nesterov_decay_decoupled": shrinking_ahead,
}
AVERAGES = ("ema_momentum_zero_start", "frozen_adam", "frozen_nadam")


def worst(name, curvatures, lr, momentum=None):
    """The largest radius over the curvatures, on arrays of settings."""
    if name == "gradient_descent":
        return np.max([np.abs(1 - lr * lam) for lam in curvatures], axis=0)
    if name == "newton":
        return np.abs(1 - lr)
    return np.max([modulus(*PAIRS[name](lam, lr, momentum)) for lam in curvatures], axis=0)


def smallest(function, low, high, count=20001, rounds=9):
    """The minimum of a function of one variable on [low, high], by grids that zoom; (argmin, minimum)."""
    for _ in range(rounds):
        grid = np.linspace(low, high, count)
        values = function(grid)
        place = int(values.argmin())
        low, high = grid[max(place - 2, 0)], grid[min(place + 2, count - 1)]
    return grid[place], values[place]


def smallest_rate(name, curvatures, momentum):
    """The best learning rate at this momentum: a logarithmic grid over everything that could be stable, then zooms."""
    top = 8 / min(curvatures) / (max(1 - momentum, 1e-3) if name in AVERAGES else 1)
    top = top / max(momentum, 1e-3) if name == "ema_momentum" else top
    coarse = np.geomspace(1e-6 / max(curvatures), top, 6001)
    place = int(worst(name, curvatures, coarse, momentum).argmin())
    low, high = coarse[max(place - 2, 0)], coarse[min(place + 2, 6000)]
    return smallest(lambda lr: worst(name, curvatures, lr, momentum), low, high, count=201)


def smallest_momentum(name, curvatures, lr):
    """The best momentum in [0, 1] at this learning rate."""
    return smallest(lambda b: worst(name, curvatures, lr, b), 0.0, 1.0, count=6001, rounds=5)


def smallest_of_all(name, curvatures, momenta):
    """The best rate over momentum and learning rate together: momenta on a grid, zoomed."""
    for _ in range(7):
        rates = np.array([smallest_rate(name, curvatures, b)[1] for b in momenta])
        place = int(rates.argmin())
        low, high = momenta[max(place - 1, 0)], momenta[min(place + 1, len(momenta) - 1)]
        momenta = np.linspace(low, high, 17)
    return rates.min()
