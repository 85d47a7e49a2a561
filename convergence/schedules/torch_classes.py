"""The schedulers of ``torch.optim.lr_scheduler`` as formulas in k, with their own arguments and defaults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter, BadName, nearest
from convergence.schedule import STEP, whole
from convergence.schedules.families import half_cosine, number, straight, until


def _lambda_lr(lr: float, lr_lambda: Callable[[int], float]) -> Callable[[int], float]:
    if not callable(lr_lambda):
        raise BadHyperparameter(f"lr_lambda must be a function of the step; got {str(lr_lambda)[:60]!r}")
    base = float(number(lr, "lr"))
    return lambda k: base * lr_lambda(k)


def _step_lr(lr: float, step_size: int, gamma: float = 0.1) -> sp.Expr:
    return number(lr, "lr") * number(gamma, "gamma") ** sp.floor(STEP / whole(step_size, "step_size", 1))


def _multi_step_lr(lr: float, milestones: Sequence[int], gamma: float = 0.1) -> sp.Expr:
    base, factor = number(lr, "lr"), number(gamma, "gamma")
    ends = sorted(whole(end, "a milestone", 0) for end in milestones)  # one that stands twice counts twice
    parts = [(base * factor**passed, end > STEP) for passed, end in enumerate(ends)]
    return sp.Piecewise(*parts, (base * factor ** len(ends), True))


def _constant_lr(lr: float, factor: float = 1 / 3, total_iters: int = 5) -> sp.Expr:
    base = number(lr, "lr")
    return sp.Piecewise((base * _third(factor), whole(total_iters, "total_iters", 0) > STEP), (base, True))


def _linear_lr(lr: float, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5) -> sp.Expr:
    steps = whole(total_iters, "total_iters", 1)
    return number(lr, "lr") * straight(_third(start_factor), number(end_factor, "end_factor"), until(steps) / steps)


def _third(factor: float) -> sp.Expr:
    """PyTorch's default is a third, not the decimal that it prints as."""
    return sp.Rational(1, 3) if factor == 1 / 3 else number(factor, "factor")


def _exponential_lr(lr: float, gamma: float) -> sp.Expr:
    return number(lr, "lr") * number(gamma, "gamma") ** STEP


def _polynomial_lr(lr: float, total_iters: int = 5, power: float = 1.0) -> sp.Expr:
    steps = whole(total_iters, "total_iters", 1)
    return number(lr, "lr") * (1 - until(steps) / steps) ** number(power, "power")


def _cosine_annealing_lr(lr: float, T_max: int, eta_min: float = 0.0) -> sp.Expr:
    return half_cosine(number(lr, "lr"), number(eta_min, "eta_min"), STEP / whole(T_max, "T_max", 1))


def _cosine_annealing_warm_restarts(lr: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Any:
    base, low, length, times = (
        number(lr, "lr"),
        number(eta_min, "eta_min"),
        whole(T_0, "T_0", 1),
        whole(T_mult, "T_mult", 1),
    )
    if times == 1:
        return half_cosine(base, low, STEP / length - sp.floor(STEP / length))

    def value(k: int) -> float:
        cycle = length
        while k >= cycle:
            k, cycle = k - cycle, cycle * times
        return float(half_cosine(base, low, sp.Rational(k, cycle)))

    return value


def _one_cycle_lr(
    max_lr: float,
    total_steps: int,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> sp.Expr:
    steps, share, between = whole(total_steps, "total_steps", 1), exact(pct_start), _annealed(anneal_strategy)
    top = number(max_lr, "max_lr")
    first = top / number(div_factor, "div_factor")
    last = first / number(final_div_factor, "final_div_factor")
    turns = [share * steps - 1, *([2 * share * steps - 2] if three_phase else []), sp.Integer(steps - 1)]
    levels = [first, top, *([first] if three_phase else []), last]
    parts, begin = [], sp.Integer(0)
    for turn, before, after in zip(turns, levels[:-1], levels[1:], strict=True):
        parts.append((between(before, after, (STEP - begin) / (turn - begin)), turn >= STEP))
        begin = turn
    return sp.Piecewise(*parts[:-1], (parts[-1][0], True))


def _annealed(strategy: str) -> Callable[[sp.Expr, sp.Expr, sp.Expr], sp.Expr]:
    ways = {"cos": half_cosine, "linear": straight}
    if strategy not in ways:
        raise BadName(f"anneal_strategy is 'cos' or 'linear'; got {str(strategy)[:60]!r}")
    return ways[strategy]


def _cyclic_lr(
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
) -> sp.Expr:
    low, top, up = number(base_lr, "base_lr"), number(max_lr, "max_lr"), whole(step_size_up, "step_size_up", 1)
    down = up if step_size_down is None else whole(step_size_down, "step_size_down", 1)
    cycle = sp.floor(STEP / (up + down))
    place = STEP - cycle * (up + down)
    height = sp.Piecewise((place / up, place <= up), ((up + down - place) / down, True))
    scales = {"triangular": 1, "triangular2": sp.Rational(1, 2) ** cycle, "exp_range": number(gamma, "gamma") ** STEP}
    if mode not in scales:
        raise BadName(f"there is no mode {str(mode)[:60]!r}: {nearest(str(mode), scales)}")
    return low + (top - low) * height * scales[mode]


TORCH: dict[str, Callable[..., Any]] = {
    "ConstantLR": _constant_lr,
    "CosineAnnealingLR": _cosine_annealing_lr,
    "CosineAnnealingWarmRestarts": _cosine_annealing_warm_restarts,
    "CyclicLR": _cyclic_lr,
    "ExponentialLR": _exponential_lr,
    "LambdaLR": _lambda_lr,
    "LinearLR": _linear_lr,
    "MultiStepLR": _multi_step_lr,
    "OneCycleLR": _one_cycle_lr,
    "PolynomialLR": _polynomial_lr,
    "StepLR": _step_lr,
}
