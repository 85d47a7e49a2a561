"""The usual families of schedules, each its formula in k, written once. Numbers are read as the decimals they print as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.schedule import STEP, Schedule, named, whole


def _made(family: Callable[..., Schedule], formula: sp.Expr, last: int | None = None, **parameters: Any) -> Schedule:
    return Schedule(named(family, parameters), formula, last, parameters=parameters)


def number(value: Any, what: str, *, above: float | None = None) -> sp.Expr:
    """An exact finite number, where asked for above a bound; or a letter of which that is known. Else BadHyperparameter."""
    if (
        isinstance(value, sp.Symbol)
        and value.is_finite
        and value.is_real
        and (above is None or (value - above).is_positive)
    ):
        return value
    try:
        result = exact(value)
    except BadHyperparameter:
        result = sp.nan
    if isinstance(value, bool) or not (result.is_number and result.is_finite and result.is_real):
        raise BadHyperparameter(f"{what} must be a finite number; got {str(value)[:60]!r}")
    if above is not None and not result > above:
        raise BadHyperparameter(f"{what} must be a number above {above:g}; got {str(value)[:60]!r}")
    return result


def until(steps: int) -> sp.Expr:
    """The step, and the last one after it."""
    return sp.Min(STEP, steps)


def half_cosine(begin: sp.Expr, end: sp.Expr, share: sp.Expr) -> sp.Expr:
    """Half a cosine from one value to another, at a share of its way."""
    return end + (begin - end) * (1 + sp.cos(sp.pi * share)) / 2


def straight(begin: sp.Expr, end: sp.Expr, share: sp.Expr) -> sp.Expr:
    """A straight line from one value to another, at a share of its way."""
    return begin + (end - begin) * share


def constant(base: float) -> Schedule:
    """The same value at every step.

    Raises
    ------
    BadHyperparameter
        For a base that is no finite number.

    >>> constant(0.1).values(2)
    array([0.1, 0.1])
    """
    return _made(constant, number(base, "base"), base=base)


def exponential(base: float, factor: float) -> Schedule:
    """base·factorᵏ.

    Raises
    ------
    BadHyperparameter
        For a base that is no finite number, or a factor that is none above 0.

    >>> exponential(1.0, 0.9).formula
    (9/10)**k
    """
    return _made(
        exponential, number(base, "base") * number(factor, "factor", above=0) ** STEP, base=base, factor=factor
    )


def staircase(base: float, factor: float, every: int) -> Schedule:
    """base·factor^⌊k/every⌋: an exponential in stairs.

    Raises
    ------
    BadHyperparameter
        For a base that is no finite number, a factor that is none above 0, or stairs of less than 1 step.

    >>> staircase(1.0, 0.1, 2).values(4)
    array([1. , 1. , 0.1, 0.1])
    """
    stairs = sp.floor(STEP / whole(every, "every", 1))
    formula = number(base, "base") * number(factor, "factor", above=0) ** stairs
    return _made(staircase, formula, base=base, factor=factor, every=every)


def piecewise(values: Sequence[float], boundaries: Sequence[int]) -> Schedule:
    """values[0] before step boundaries[0], values[1] from there on, and so forth: one value more than boundaries.

    Raises
    ------
    BadHyperparameter
        For values that are no finite numbers, or boundaries that do not rise, or are not one fewer than the values.

    >>> piecewise([1.0, 0.1], [2]).values(4)
    array([1. , 1. , 0.1, 0.1])
    """
    ends = [whole(end, "a boundary", 0) for end in boundaries]
    if len(values) != len(ends) + 1 or ends != sorted(set(ends)):
        raise BadHyperparameter(
            f"piecewise takes boundaries that rise, and one value more than there are; got {len(values)} values and "
            f"boundaries {list(boundaries)}"
        )
    levels = [number(value, "a value") for value in values]
    parts = [(level, end > STEP) for level, end in zip(levels[:-1], ends, strict=True)]
    return _made(piecewise, sp.Piecewise(*parts, (levels[-1], True)), values=list(values), boundaries=list(boundaries))


def inverse_time(base: float, rate: float) -> Schedule:
    """base/(1 + rate·k).

    Raises
    ------
    BadHyperparameter
        For a base or a rate that is no finite number.

    >>> inverse_time(1.0, 1.0).values(3)
    array([1.        , 0.5       , 0.33333333])
    """
    return _made(inverse_time, number(base, "base") / (1 + number(rate, "rate") * STEP), base=base, rate=rate)


def polynomial(base: float, rate: float, power: float) -> Schedule:
    """base·(1 + rate·k)^(−power).

    Raises
    ------
    BadHyperparameter
        For a base, a rate or a power that is no finite number.

    >>> polynomial(1.0, 1.0, 2).values(3)
    array([1.        , 0.25      , 0.11111111])
    """
    inner = 1 + number(rate, "rate") * STEP
    return _made(polynomial, number(base, "base") * inner ** -number(power, "power"), base=base, rate=rate, power=power)


def inverse_sqrt(base: float, offset: float = 1) -> Schedule:
    """base/√(k + offset): with offset 1 the first value is base.

    Raises
    ------
    BadHyperparameter
        For a base that is no finite number, or an offset that is none above 0.

    >>> inverse_sqrt(1.0).values(2)
    array([1.        , 0.70710678])
    """
    formula = number(base, "base") / sp.sqrt(STEP + number(offset, "offset", above=0))
    return _made(inverse_sqrt, formula, base=base, offset=offset)


def linear(base: float, steps: int, end: float = 0) -> Schedule:
    """From base to ``end`` in a straight line: base·(1 − k/steps) where end is 0. Step ``steps`` is at the end, and all later.

    Raises
    ------
    BadHyperparameter
        For a base or an end that is no finite number, or less than 1 step.

    >>> linear(1.0, 4).values(5)
    array([1.  , 0.75, 0.5 , 0.25, 0.  ])
    """
    length, first, last = whole(steps, "steps", 1), number(base, "base"), number(end, "end")
    return _made(linear, last + (first - last) * (1 - STEP / length), length, base=base, steps=steps, end=end)


def cosine(base: float, steps: int, end: float = 0, restarts: int = 0) -> Schedule:
    """Half a cosine from base to ``end``: base·(1 + cos(πk/steps))/2 where end is 0 (Loshchilov and Hutter 2017, eq. 5).

    With restarts it begins again at base every ``steps`` steps, so many times; the end itself is reached in the last only.

    Raises
    ------
    BadHyperparameter
        For a base or an end that is no finite number, less than 1 step, or restarts that are no whole number from 0 on.

    >>> cosine(1.0, 2).values(3)
    array([1. , 0.5, 0. ])
    >>> cosine(1.0, 2, restarts=1).values(5)
    array([1. , 0.5, 1. , 0.5, 0. ])
    """
    length, again = whole(steps, "steps", 1), whole(restarts, "restarts", 0)
    first, last = number(base, "base"), number(end, "end")
    clock = STEP - length * sp.Min(sp.floor(STEP / length), again) if again else STEP
    formula = half_cosine(first, last, clock / length)
    return _made(cosine, formula, length * (again + 1), base=base, steps=steps, end=end, restarts=restarts)


def warmup(steps: int, start: float = 0, end: float = 1) -> Schedule:
    """A factor that rises in a straight line from ``start`` to ``end``, reached at the last of ``steps`` steps: (k+1)/steps.

    Multiply another schedule with it. No step has the rate ``start`` itself (with start 0 it would do nothing).

    Raises
    ------
    BadHyperparameter
        For a start or an end that is no finite number, or less than 1 step.

    >>> warmup(4).values(6)
    array([0.25, 0.5 , 0.75, 1.  , 1.  , 1.  ])
    """
    length, first, last = whole(steps, "steps", 1), number(start, "start"), number(end, "end")
    formula = first + (last - first) * (STEP + 1) / length
    return _made(warmup, formula, length - 1, steps=steps, start=start, end=end)


def wsd(base: float, steps: int, warmup: int, decay: int) -> Schedule:
    """Warm-up, stable, decay: base·(k+1)/warmup, then base, and in the last ``decay`` of ``steps`` in a straight line to 0.

    The rate is 0 from step ``steps`` on, which is not of the run.

    Raises
    ------
    BadHyperparameter
        For a base that is no finite number, less than 1 step, or a warm-up and a decay that do not fit into the steps.

    >>> wsd(1.0, 6, 2, 2).values(7)
    array([0.5, 1. , 1. , 1. , 1. , 0.5, 0. ])
    """
    length, up, down = whole(steps, "steps", 1), whole(warmup, "warmup", 0), whole(decay, "decay", 0)
    if up + down > length:
        raise BadHyperparameter(f"warmup and decay must fit into the {length} steps; got {up} and {down}")
    top = number(base, "base")
    parts = [(top * (STEP + 1) / up, up > STEP)] if up else []
    parts += [(top, length - down > STEP)]
    formula = sp.Piecewise(*parts, (top * (length - STEP) / max(down, 1), True))
    return _made(wsd, formula, length, base=base, steps=steps, warmup=warmup, decay=decay)


def one_cycle(top: float, steps: int, rise: float = 0.3, start: float = 25, end: float = 1e4) -> Schedule:
    """Up and down in halves of cosines (Smith and Topin 2019): from top/start to top in a part ``rise``, to top/(start·end).

    Reached at step ``steps`` − 1. PyTorch's OneCycleLR has these defaults.

    Raises
    ------
    BadHyperparameter
        For a top that is no finite number, divisors that are none above 0, less than 2 steps, or a rise that leaves no
        step for one of the halves.

    >>> one_cycle(1.0, 5, rise=0.5, start=2, end=2).values(5).round(3)
    array([0.5  , 0.875, 0.928, 0.509, 0.25 ])
    """
    length, peak = whole(steps, "steps", 2), number(top, "top")
    low = peak / number(start, "start", above=0)
    last = low / number(end, "end", above=0)
    turn = number(rise, "rise", above=0) * length - 1
    if not 0 < turn < length - 1:
        raise BadHyperparameter(f"rise must be a part of the {length} steps that leaves some for both; got {rise}")

    down = (STEP - turn) / (length - 1 - turn)
    formula = sp.Piecewise((half_cosine(low, peak, STEP / turn), turn >= STEP), (half_cosine(peak, last, down), True))
    return _made(one_cycle, formula, length - 1, top=top, steps=steps, rise=rise, start=start, end=end)
