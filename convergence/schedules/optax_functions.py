"""The schedules of optax as formulas in k, with their own arguments and defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.schedule import STEP, whole
from convergence.schedules.families import half_cosine, number, until


def _constant_schedule(value: float) -> sp.Expr:
    return number(value, "value")


def _polynomial_schedule(
    init_value: float, end_value: float, power: float, transition_steps: int, transition_begin: int = 0
) -> sp.Expr:
    first, last, steps = (
        number(init_value, "init_value"),
        number(end_value, "end_value"),
        whole(transition_steps, "transition_steps", 1),
    )
    done = sp.Min(sp.Max(STEP - whole(transition_begin, "transition_begin", 0), 0), steps)
    return last + (first - last) * (1 - done / steps) ** number(power, "power")


def _linear_schedule(init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0) -> sp.Expr:
    return _polynomial_schedule(init_value, end_value, 1, transition_steps, transition_begin)


def _exponential_decay(
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> sp.Expr:
    done = sp.Max(STEP - whole(transition_begin, "transition_begin", 0), 0)
    share = done / whole(transition_steps, "transition_steps", 1)
    rate = number(decay_rate, "decay_rate")
    value = number(init_value, "init_value") * rate ** (sp.floor(share) if staircase else share)
    if end_value is None:
        return value
    return (sp.Max if rate < 1 else sp.Min)(value, number(end_value, "end_value"))


def _cosine_decay_schedule(init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0) -> sp.Expr:
    steps, floor = whole(decay_steps, "decay_steps", 1), number(alpha, "alpha")
    height = ((1 + sp.cos(sp.pi * until(steps) / steps)) / 2) ** number(exponent, "exponent")
    return number(init_value, "init_value") * ((1 - floor) * height + floor)


def _piecewise_constant_schedule(
    init_value: float, boundaries_and_scales: Mapping[int, float] | None = None
) -> sp.Expr:
    value, before = number(init_value, "init_value"), []
    for boundary, scale in sorted((boundaries_and_scales or {}).items()):
        before.append((value, whole(boundary, "a boundary", 0) > STEP))
        value *= number(scale, "a scale")
    return sp.Piecewise(*before, (value, True))


def _warmed(first: float, top: float, steps: int, after: sp.Expr) -> sp.Expr:
    """A straight line up, then another schedule, which begins to count there."""
    length = whole(steps, "warmup_steps", 0)
    later = after.subs(STEP, STEP - length) if isinstance(after, sp.Expr) else after
    if not length:
        return later
    return sp.Piecewise((_linear_schedule(first, top, length), length > STEP), (later, True))


def _warmup_constant_schedule(init_value: float, peak_value: float, warmup_steps: int) -> sp.Expr:
    return _linear_schedule(init_value, peak_value, warmup_steps)


def _warmup_cosine_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> sp.Expr:
    """``decay_steps`` counts the warm-up, too."""
    top = number(peak_value, "peak_value")
    floor = number(end_value, "end_value") / top if top else sp.Integer(0)
    later = _cosine_decay_schedule(peak_value, decay_steps - warmup_steps, floor, exponent)
    return _warmed(init_value, peak_value, warmup_steps, later)


def _warmup_exponential_decay_schedule(
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> sp.Expr:
    later = _exponential_decay(peak_value, transition_steps, decay_rate, transition_begin, staircase, end_value)
    return _warmed(init_value, peak_value, warmup_steps, later)


def _cosine_onecycle_schedule(
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> sp.Expr:
    """Unlike PyTorch's it reaches its top at ⌊pct_start·steps⌋ and its end at step ``transition_steps``."""
    steps, top = whole(transition_steps, "transition_steps", 1), number(peak_value, "peak_value")
    turn = int(exact(pct_start) * steps)
    first = top / number(div_factor, "div_factor")
    last = first / number(final_div_factor, "final_div_factor")
    down = half_cosine(top, last, (STEP - turn) / (steps - turn))
    return sp.Piecewise((half_cosine(first, top, STEP / max(turn, 1)), turn > STEP), (down, steps > STEP), (last, True))


OPTAX: dict[str, Callable[..., Any]] = {
    "constant_schedule": _constant_schedule,
    "cosine_decay_schedule": _cosine_decay_schedule,
    "cosine_onecycle_schedule": _cosine_onecycle_schedule,
    "exponential_decay": _exponential_decay,
    "linear_schedule": _linear_schedule,
    "piecewise_constant_schedule": _piecewise_constant_schedule,
    "polynomial_schedule": _polynomial_schedule,
    "warmup_constant_schedule": _warmup_constant_schedule,
    "warmup_cosine_decay_schedule": _warmup_cosine_decay_schedule,
    "warmup_exponential_decay_schedule": _warmup_exponential_decay_schedule,
}
