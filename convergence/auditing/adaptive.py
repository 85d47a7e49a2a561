"""Gradients go in, one a step; the sizes of the steps that adaptive rules make of them come out. Plain recurrences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan, nan, sqrt
from typing import Any

Steps = list[float]


def adam(
    gradients: Iterable[float], lr: float, beta1: float, beta2: float, eps: float = 0.0, restart: int | None = None
) -> Steps:
    """Adam's steps (Kingma and Ba 2015, Algorithm 1); ``restart`` sets t back to 1 after so many steps."""
    m = v = 0.0
    steps, t = [], 0
    for g in gradients:
        t = 1 if restart and t == restart else t + 1
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        first, second = m / (1 - beta1**t), v / (1 - beta2**t)
        steps.append(lr * first / (sqrt(second) + eps))
    return steps


def adam_one_buffer(gradients: Iterable[float], lr: float, beta1: float, beta2: float, eps: float) -> Steps:
    """003's Adam: both moments are kept in one and the same list, written by the first average, then by the second."""
    s = 0.0
    steps = []
    for t, g in enumerate(gradients, 1):
        s = beta1 * s + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g * g
        first, second = s / (1 - beta1**t), s / (1 - beta2**t)
        steps.append(nan if second < 0 else lr * first / (sqrt(second) + eps))
        if isnan(steps[-1]):
            break
    return steps


def adam_constant(gradients: Iterable[float], lr: float, for_m: float, for_v: float) -> Steps:
    """002's Adam: m/(1 − its decay) and v/(1 − its decay) at every step, in the place of 1 − βᵗ."""
    m = v = 0.0
    steps = []
    for g in gradients:
        m, v = for_m * m + (1 - for_m) * g, for_v * v + (1 - for_v) * g * g
        steps.append(lr * (m / (1 - for_m)) / sqrt(v / (1 - for_v)))
    return steps


def adagrad(gradients: Iterable[float], lr: float, eps: float) -> Steps:
    """Adagrad with ε inside the root: s ← s + g², step η·g/√(s+ε)."""
    s = 0.0
    steps = []
    for g in gradients:
        s += g * g
        steps.append(lr * g / sqrt(s + eps))
    return steps


def rmsprop(gradients: Iterable[float], lr: float, decay: float, eps: float, inside: bool, kept: bool = True) -> Steps:
    """RMSProp's steps; ``kept`` False is 000's code, whose cache stays zero."""
    s = 0.0
    steps = []
    for g in gradients:
        average = decay * s + (1 - decay) * g * g
        s = average if kept else s
        steps.append(lr * g / (sqrt(s + eps) if inside else sqrt(s) + eps))
    return steps


def descend(rule: Any, curvature: float, x: float, count: int, **settings: Any) -> list[float]:
    """The iterates on ½λx² of Adagrad or RMSProp, run step by step: (count+1,)."""
    path, s = [x], 0.0
    for _ in range(count):
        step, s = rule(curvature * path[-1], s, **settings)
        path.append(path[-1] - step)
    return path


def adagrad_step(g: float, s: float, lr: float, eps: float) -> tuple[float, float]:
    """One step of Adagrad, and its new accumulator."""
    s = s + g * g
    return lr * g / sqrt(s + eps), s


def rmsprop_frobenius(gradient: Sequence[float], s: float, lr: float, decay: float) -> tuple[list[float], float]:
    """002's note: the squared Frobenius norm of the gradient, one scalar for all weights. The step, and the new scalar."""
    s = decay * s + (1 - decay) * sum(g * g for g in gradient)
    return [lr * g / sqrt(s) for g in gradient], s
