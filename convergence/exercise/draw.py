"""Templates of exercises: numbers drawn by a seed, put into the text of a docstring; slips that can be told apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import getdoc
from random import Random
from typing import TypeAlias

import sympy as sp

from convergence.exercise.exercise import Exercise

Template = Callable[["Draw"], Exercise]
Value: TypeAlias = sp.Expr | float | None
Values: TypeAlias = Mapping[sp.Symbol, sp.Expr]

APART = 6
"""Cells of the grid between answers that can be told apart: more than their neighbourhoods, and a rounding, take."""

TRIES = 50


class Draw:
    """The numbers of one exercise by name, drawn one after another; the same seed and template give the same ones."""

    def __init__(self, template: Template, seed: str) -> None:
        self.template, self.seed, self.numbers = template, seed, dict[str, sp.Expr]()

    @cached_property
    def random(self) -> Random:
        return Random(f"{self.seed}/{self.template.__name__}")

    def number(self, name: str, low: str, high: str, step: str) -> sp.Rational:
        """A decimal between two others, on a grid."""
        first, last, grid = (sp.Rational(text) for text in (low, high, step))
        self.numbers[name] = first + grid * self.random.randint(0, int((last - first) / grid))
        return self.numbers[name]

    def whole(self, name: str, low: int, high: int) -> sp.Integer:
        """A whole number from ``low`` to ``high``."""
        self.numbers[name] = sp.Integer(self.random.randint(low, high))
        return self.numbers[name]

    def exercise(
        self,
        answer: Value,
        at: Values | None = None,
        *,
        unit: str,
        derived: str,
        slips: Mapping[str, Value | Values],
        digits: int = 3,
        letters: Mapping[str, sp.Symbol] | None = None,
    ) -> Exercise:
        """The exercise whose title, question and hints are the template's docstring, with the numbers in the place of <name>.

        With ``at`` the answer is a formula, evaluated there; slips are then values, or what is put in instead.
        """
        formula, values = sp.sympify(answer), dict(at or {})

        def put(slip: Value | Values) -> sp.Expr:
            return formula.xreplace(values | slip) if isinstance(slip, dict) else sp.sympify(slip)

        title, question, *hints = (
            " ".join(self._filled(part).split()) for part in re.split(r"\n\n(?:- )?|\n- ", getdoc(self.template) or "")
        )
        return Exercise(
            topic=self.template.__module__.rpartition(".")[2],
            name=self.template.__name__,
            title=title,
            question=question,
            hints=tuple(hints),
            answer=put(values),
            unit=unit,
            formula=formula if values else None,
            derived=derived,
            numbers=dict(self.numbers),
            slips={sentence: put(slip) for sentence, slip in slips.items()},
            digits=digits,
            letters=dict(letters or {}),
        )

    def _filled(self, text: str) -> str:
        """<name> is a number that was drawn, <NAME> a sentence of the template's file."""
        words = {name: f"{float(value):.10g}" for name, value in self.numbers.items()}
        return re.sub(r"<(\w+)>", lambda m: words.get(m[1]) or str(self.template.__globals__[m[1]]), text)


def drawn(template: Template, seed: str) -> Exercise:
    """The template's exercise: drawn again until each slip can be told from the answer and from the others."""
    for attempt in range(TRIES):
        exercise = template(Draw(template, f"{seed}/{attempt}"))
        if _apart(exercise):
            return exercise
    raise AssertionError(f"no numbers tell the slips of {template.__name__} apart")  # a fault of the template


def _apart(exercise: Exercise) -> bool:
    cells = list(exercise.known.values())
    pairs = [(a, b) for k, a in enumerate(cells) for b in cells[:k]]
    return all(any(map(_far, a, b)) for a, b in pairs)


def _far(a: int | None, b: int | None) -> bool:
    return a is not None and b is not None and (abs(a - b) % 2 == 1 or abs(a - b) > 2 * APART)
