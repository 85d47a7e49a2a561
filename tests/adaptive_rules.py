"""Adaptive update rules, as a user would bring them, and runs of them by hand that know nothing of the package."""

from __future__ import annotations

import math

import numpy as np

from convergence import Offset, Rate, Share, method


@method
def rmsprop_plain(f, x, v, *, lr: Rate, decay: Share):
    g = f.grad(x)
    v = decay * v + (1 - decay) * g**2
    return x - lr * g / np.sqrt(v), v


@method
def rmsprop_inside(f, x, v, *, lr: Rate, decay: Share, eps: Offset):
    g = f.grad(x)
    v = decay * v + (1 - decay) * g**2
    return x - lr * g / np.sqrt(v + eps), v


@method
def rmsprop_outside(f, x, v, *, lr: Rate, decay: Share, eps: Offset):
    g = f.grad(x)
    v = decay * v + (1 - decay) * g**2
    return x - lr * g / (np.sqrt(v) + eps), v


@method
def adam_plain(f, x, m, v, *, lr, beta1, beta2):
    g = f.grad(x)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return x - lr * m / np.sqrt(v), m, v


@method
def adam_constant(f, x, m, v, *, lr, beta1, beta2):
    """Adam with its correction written as a constant."""
    g = f.grad(x)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return x - lr * (m / (1 - beta1)) / np.sqrt(v / (1 - beta2)), m, v


@method(start=lambda f, x: (x, x * 0, x * 0, 1.0, 1.0))
def adam(f, x, m, v, p, q, *, lr, beta1, beta2, eps):
    g = f.grad(x)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    p, q = beta1 * p, beta2 * q
    return x - lr * (m / (1 - p)) / (np.sqrt(v / (1 - q)) + eps), m, v, p, q


@method
def amsgrad(f, x, m, v, largest, *, lr, beta1, beta2):
    g = f.grad(x)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    largest = np.maximum(largest, v)
    return x - lr * m / np.sqrt(largest), m, v, largest


@method
def adagrad(f, x, s, *, lr, eps):
    g = f.grad(x)
    s = s + g**2
    return x - lr * g / (np.sqrt(s) + eps), s


@method
def sign_descent(f, x, *, lr):
    return x - lr * np.sign(f.grad(x))


@method
def signum(f, x, m, *, lr, momentum):
    m = momentum * m + (1 - momentum) * f.grad(x)
    return x - lr * np.sign(m), m


@method
def lion(f, x, m, *, lr, beta1, beta2):
    g = f.grad(x)
    return x - lr * np.sign(beta1 * m + (1 - beta1) * g), beta2 * m + (1 - beta2) * g


@method
def rmsprop_momentum(f, x, v, m, *, lr, decay: Share, momentum):
    g = f.grad(x)
    v = decay * v + (1 - decay) * g**2
    m = momentum * m + g / np.sqrt(v)
    return x - lr * m, v, m


@method
def bent(f, x, *, lr):
    """A rule without symmetry: its step is the logistic map's, x(1 − ηλ(1 + x))."""
    return x - lr * f.grad(x) * (1 + x)


def log_rmsprop(lr, decay, steps, lam=1.0, start=1.0):
    """log10|x| after each step of RMSProp with ε = 0, in logarithms: doubles underflow at 1e-308 and stay there."""
    size, second, seen = math.log(abs(start)), -math.inf, [math.log10(abs(start))]
    for _ in range(steps):
        fresh = math.log(1 - decay) + 2 * (size + math.log(lam))
        old = math.log(decay) + second
        top = max(fresh, old)
        second = top + math.log(math.exp(fresh - top) + math.exp(old - top))
        ratio = math.log(lr * lam) - second / 2
        size += ratio + math.log(abs(math.exp(-ratio) - 1)) if ratio > 0 else math.log(abs(1 - math.exp(ratio)))
        seen.append(size / math.log(10))
    return np.array(seen)


def adam_by_hand(x, m, v, steps, lr, beta1, beta2, eps=0.0, lam=1.0):
    """The positions of Adam without bias correction."""
    seen = [x]
    for _ in range(steps):
        g = lam * x
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        x = x - lr * m / (math.sqrt(v) + eps)
        seen.append(x)
    return np.array(seen)
