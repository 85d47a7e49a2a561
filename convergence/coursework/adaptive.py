"""Adaptive rules as plain recurrences, written by hand from the sources: a gradient and a memory give a step and a memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import nan, sqrt
from typing import Any

Rule = Callable[..., tuple[float, tuple[Any, ...]]]
"""(gradient, *memory) -> (step, memory); without a memory, the first step."""


def steps(rule: Rule, gradients: Iterable[float]) -> list[float]:
    """The steps that a rule makes of a sequence of gradients."""
    sizes, memory = [], ()
    for g in gradients:
        size, memory = rule(g, *memory)
        sizes.append(size)
    return sizes


def descent(rule: Rule, curvature: float, x: float, count: int) -> list[float]:
    """The iterates of a rule on ½λx²: (count+1,)."""
    path, memory = [x], ()
    for _ in range(count):
        size, memory = rule(curvature * path[-1], *memory)
        path.append(path[-1] - size)
    return path


def adam(
    g: float, m: float = 0.0, v: float = 0.0, t: int = 1, *,
    lr: float = 1.0, beta1: float = 0.9, beta2: float = 0.999, eps: float = 0.0,
) -> tuple[float, tuple[float, float, int]]:  # fmt: skip
    """Adam (Kingma and Ba 2015, Algorithm 1), t from 1."""
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return lr * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps), (m, v, t + 1)


def adam_one_list(
    g: float, s: float = 0.0, t: int = 1, *,
    lr: float = 1.0, beta1: float = 0.9, beta2: float = 0.999, eps: float = 0.0,
) -> tuple[float, tuple[float, int]]:  # fmt: skip
    """003's Adam: one list for both moments; the first is read, corrected, before the second overwrites it."""
    s = beta1 * s + (1 - beta1) * g
    first = s / (1 - beta1**t)
    s = beta2 * s + (1 - beta2) * g * g
    second = s / (1 - beta2**t)
    return (lr * first / (sqrt(second) + eps) if second >= 0 else nan), (s, t + 1)


def adagrad(g: float, s: float = 0.0, *, lr: float = 1.0, eps: float = 0.0) -> tuple[float, tuple[float]]:
    """Adagrad, ε inside the root: s ← s + g², step ηg/√(s + ε)."""
    s = s + g * g
    return lr * g / sqrt(s + eps), (s,)


def rmsprop(
    g: float,
    s: float = 0.0,
    *,
    lr: float = 1.0,
    decay: float = 0.9,
    eps: float = 0.0,
    inside: bool = True,
    kept: bool = True,
) -> tuple[float, tuple[float]]:
    """RMSProp: s ← γs + (1−γ)g², step ηg/√(s + ε) or ηg/(√s + ε). Not ``kept``, s stays what it was: 000's weights."""
    average = decay * s + (1 - decay) * g * g
    s = average if kept else s
    return lr * g / (sqrt(s + eps) if inside else sqrt(s) + eps), (s,)
