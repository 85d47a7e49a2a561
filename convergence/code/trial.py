"""The run that tests a step: five steps on a parabola in two dimensions, with a bound of the rounding errors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import mpmath
import sympy as sp

from convergence.code.checks import tolerance
from convergence.code.program import Function, Program
from convergence.codegen import Bounded, Undecided, bounded
from convergence.errors import NoCode

CURVATURES = (1.0, 0.25)
"""Powers of two, by which a gradient is not rounded."""

FIRST = (1.0, -0.5)
STEPS, TRIED = 5, 20


@dataclass(frozen=True)
class Trial:
    """A run: the first ``state``, an array each, ``hyper`` as numbers, and after each step (expected, tolerance) of x."""

    state: tuple[tuple[float, ...], ...]
    hyper: tuple[float, ...]
    expected: tuple[tuple[tuple[float, float], ...], ...]


def trial(program: Program) -> Trial:
    """The run of a program with a step. NoCode where it cannot be followed: rounding may choose another case on its way."""
    random = Random(0)
    for _ in range(TRIED):
        with suppress(Undecided, ArithmeticError, ValueError):
            return _run(program, random)
    raise NoCode(
        "the step has no test: in no run rounding leaves its cases alone; write its functions with to_code(formula)"
    )


def _run(program: Program, random: Random) -> Trial:
    step = program.step
    assert step is not None
    functions = {one.name: one for one in program.functions}
    settings = {one.letter: one.draw(random) for one in step.hyper}
    fixed: dict[sp.Symbol, Bounded] = {letter: _exact(value) for letter, value in settings.items()}
    starts = [_first(functions[step.start], x, h) for x, h in zip(FIRST, CURVATURES, strict=True)]
    paths = [_path(program, functions, start, h, fixed) for start, h in zip(starts, CURVATURES, strict=True)]
    rounded = [[(float(value), tolerance(value, error)) for value, error in path] for path in paths]
    return Trial(tuple(zip(*starts, strict=True)), tuple(settings.values()), tuple(zip(*rounded, strict=True)))


def _exact(value: float) -> Bounded:
    return mpmath.mpf(value), mpmath.mpf(0)


def _first(start: Function, x: float, curvature: float) -> tuple[float, ...]:
    """The first state of a coordinate, as floats."""
    position, *answers = (one.letter for one in start.arguments)
    at = {position: _exact(x)} | {letter: _exact(curvature * x) for letter in answers}
    return tuple(float(bounded(formula, at)[0]) for formula in start.keyed.values())


def _path(
    program: Program,
    functions: Mapping[str, Function],
    start: tuple[float, ...],
    curvature: float,
    fixed: Mapping[sp.Symbol, Bounded],
) -> list[Bounded]:
    """The position of a coordinate after each step."""
    step = program.step
    assert step is not None
    following = functions[step.following]
    letters = {one.word: one.letter for one in following.arguments}
    values = dict(zip(step.state, map(_exact, start), strict=True))
    path = []
    for _ in range(STEPS):
        at = {letters[word]: value for word, value in values.items()} | dict(fixed)
        for k, question in enumerate(step.questions):
            asked = functions[question.function].keyed[""] if question.function else letters[question.array]
            value, error = bounded(asked, at)
            gain = curvature if question.oracle == "grad" else 1 / curvature
            at[following.arguments[len(step.state) + k].letter] = value * gain, error * gain
        values = {word: bounded(formula, at) for word, formula in following.keyed.items()}
        path.append(values[step.state[0]])
    return path
