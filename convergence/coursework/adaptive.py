"""Adaptive rules as plain recurrences, written by hand from the sources: a gradient and a memory give a step and a memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import nan, sqrt
from typing import Any

Memory = tuple[Any, ...]
Step = tuple[float, Memory]
Rule = Callable[..., Step]
"""(gradient, *memory) -> (step, memory); without a memory, the first step."""


def steps(rule: Rule, gradients: Iterable[float]) -> list[float]:
    """The steps that a rule makes of a sequence of gradients."""
    sizes, memory = list[float](), Memory()
    for g in gradients:
        size, memory = rule(g, *memory)
        sizes.append(size)
    return sizes


def descent(rule: Rule, curvature: float, x: float, count: int) -> list[float]:
    """The iterates of a rule on ½λx²: (count+1,)."""
    path, memory = [x], Memory()
    for _ in range(count):
        size, memory = rule(curvature * path[-1], *memory)
        path.append(path[-1] - size)
    return path


def adam(
    g: float, m: float = 0.0, v: float = 0.0, t: int = 1, *, beta1: float = 0.9, beta2: float = 0.999, eps: float = 0.0
) -> Step:
    """Adam (Kingma and Ba 2015, Algorithm 1), η = 1, t from 1."""
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return m / (1 - beta1**t) / (sqrt(v / (1 - beta2**t)) + eps), (m, v, t + 1)


def adam_one_list(g: float, s: float = 0.0, t: int = 1, *, eps: float = 0.0) -> Step:
    """003's Adam, η = 1: one list for both moments; the first is read, corrected, before the second overwrites it."""
    s = 0.9 * s + 0.1 * g
    first = s / (1 - 0.9**t)
    s = 0.999 * s + 0.001 * g * g
    second = s / (1 - 0.999**t)
    return (first / (sqrt(second) + eps) if second >= 0 else nan), (s, t + 1)


def adagrad(g: float, s: float = 0.0, *, lr: float = 1.0, eps: float = 0.0) -> Step:
    """Adagrad, ε inside the root: s ← s + g², step ηg/√(s + ε)."""
    s = s + g * g
    return lr * g / sqrt(s + eps), (s,)


def rmsprop(
    g: float, s: float = 0.0, *, lr: float = 1.0, decay: float = 0.9, eps: float = 0.0, inside: bool = True, kept: bool = True
) -> Step:  # fmt: skip
    """RMSProp: s ← γs + (1−γ)g², step ηg/√(s + ε) or ηg/(√s + ε). Not ``kept``, s stays what it was: 000's weights."""
    s = decay * s + (1 - decay) * g * g if kept else s
    return lr * g / (sqrt(s + eps) if inside else sqrt(s) + eps), (s,)
