"""A witness: each adaptive method as a loop written by hand from its source's formula, coordinate by coordinate.

The loss is ½(x−w)ᵀH(x−w), all numbers are Python's own; powers of β and sums over all gradients are written out, as in the
papers, where the catalogue keeps them in states. Every loop is asked for the gradient g(x) and yields the iterates, the start
first. Sources: the papers that the loops name; 002 are the course notes.
"""

from __future__ import annotations

from math import hypot, sqrt

import numpy as np


def gradient_of(hessian, minimiser):
    (a, b), (_, c) = (map(float, row) for row in hessian)
    u, v = map(float, minimiser)
    return lambda x: (a * (x[0] - u) + b * (x[1] - v), b * (x[0] - u) + c * (x[1] - v))


def sign(value):
    return (value > 0) - (value < 0)


def average(beta, values, k):
    """(1−β) Σ βᵗ⁻ⁱ of one coordinate of all values so far."""
    t = len(values)
    return (1 - beta) * sum(beta ** (t - 1 - i) * value[k] for i, value in enumerate(values))


def squares(gradients):
    return [tuple(one * one for one in g) for g in gradients]


def steps(x, g, step):
    """x ← x + step(all gradients so far, k, x) for each coordinate k."""
    gradients = []
    yield x
    while True:
        gradients.append(g(x))
        x = tuple(x[k] + step(gradients, k, x) for k in (0, 1))
        yield x


def adagrad(x, g, lr, eps):
    """Duchi, Hazan and Singer 2011, fig. 1: divided by the norm of all gradients of one coordinate."""
    return steps(x, g, lambda all_, k, _: -lr * all_[-1][k] / (sqrt(sum(one[k] ** 2 for one in all_)) + eps))


def adagrad_norm(x, g, lr, b0):
    """Ward, Wu and Bottou 2019, alg. 1: b² ← b² + ‖g‖², x ← x − ηg/b."""
    b = b0
    yield x
    while True:
        now = g(x)
        b = sqrt(b**2 + now[0] ** 2 + now[1] ** 2)
        x = (x[0] - lr / b * now[0], x[1] - lr / b * now[1])
        yield x


def rmsprop(x, g, lr, decay, eps):
    """Tieleman and Hinton 2012, ε beside the root."""
    return steps(x, g, lambda all_, k, _: -lr * all_[-1][k] / (sqrt(average(decay, squares(all_), k)) + eps))


def rmsprop_inside(x, g, lr, decay, eps):
    return steps(x, g, lambda all_, k, _: -lr * all_[-1][k] / sqrt(average(decay, squares(all_), k) + eps))


def rmsprop_scalar(x, g, lr, decay):
    """002: one average of ‖g‖² for both coordinates."""

    def step(all_, k, _):
        return -lr * all_[-1][k] / sqrt(sum(average(decay, squares(all_), j) for j in (0, 1)))

    return steps(x, g, step)


def adam(x, g, lr, beta1, beta2, eps):
    """Kingma and Ba 2015, alg. 1."""

    def step(all_, k, _):
        t = len(all_)
        first = average(beta1, all_, k) / (1 - beta1**t)
        return -lr * first / (sqrt(average(beta2, squares(all_), k) / (1 - beta2**t)) + eps)

    return steps(x, g, step)


def adam_constant_correction(x, g, lr, beta1, beta2, eps):
    """002, with β₁ at the average of gradients: no power t in the corrections."""

    def step(all_, k, _):
        first = average(beta1, all_, k) / (1 - beta1)
        return -lr * first / (sqrt(average(beta2, squares(all_), k) / (1 - beta2)) + eps)

    return steps(x, g, step)


def adamw(x, g, lr, beta1, beta2, eps, weight_decay):
    """Loshchilov and Hutter 2019, alg. 2, line 12: θ ← θ − η(m̂/(√v̂ + ε) + λθ)."""

    def step(all_, k, x):
        t = len(all_)
        first, second = average(beta1, all_, k) / (1 - beta1**t), average(beta2, squares(all_), k) / (1 - beta2**t)
        return -lr * (first / (sqrt(second) + eps) + weight_decay * x[k])

    return steps(x, g, step)


def amsgrad(x, g, lr, beta1, beta2, eps):
    """Reddi, Kale and Kumar 2018, alg. 2: divided by the root of the largest average so far."""
    seen = ([], [])

    def step(all_, k, _):
        seen[k].append(average(beta2, squares(all_), k))
        return -lr * average(beta1, all_, k) / (sqrt(max(seen[k])) + eps)

    return steps(x, g, step)


def nadam(x, g, lr, beta1, beta2, eps):
    """Dozat 2016, alg. 2, μ the same at each step: both products of μ are powers."""

    def step(all_, k, _):
        t = len(all_)
        ahead = beta1 * average(beta1, all_, k) / (1 - beta1 ** (t + 1))
        ahead += (1 - beta1) * all_[-1][k] / (1 - beta1**t)
        return -lr * ahead / (sqrt(average(beta2, squares(all_), k) / (1 - beta2**t)) + eps)

    return steps(x, g, step)


def lion(x, g, lr, beta1, beta2):
    """Chen et al. 2023, alg. 2: the average behind the sign is not the one that is kept."""

    def step(all_, k, _):
        return -lr * sign(beta1 * average(beta2, all_[:-1], k) + (1 - beta1) * all_[-1][k])

    return steps(x, g, step)


def signum(x, g, lr, momentum):
    """Bernstein et al. 2018, alg. 2."""
    return steps(x, g, lambda all_, k, _: -lr * sign(average(momentum, all_, k)))


def sign_descent(x, g, lr):
    """Bernstein et al. 2018, alg. 1."""
    return steps(x, g, lambda all_, k, _: -lr * sign(all_[-1][k]))


def normalized_gradient(x, g, lr):
    """Nesterov 2004, sec. 3.2.3."""
    return steps(x, g, lambda all_, k, _: -lr * all_[-1][k] / hypot(*all_[-1]))


LOOPS = {
    loop.__name__: loop
    for loop in (
        adagrad,
        adagrad_norm,
        rmsprop,
        rmsprop_inside,
        rmsprop_scalar,
        adam,
        adam_constant_correction,
        adamw,
        amsgrad,
        nadam,
        lion,
        signum,
        sign_descent,
        normalized_gradient,
    )
}


def iterates(name, hessian, minimiser, count, start, **hyper):
    """The first count+1 iterates of a loop, (count+1, 2)."""
    loop = LOOPS[name](tuple(map(float, start)), gradient_of(hessian, minimiser), **hyper)
    return np.array([next(loop) for _ in range(count + 1)])
