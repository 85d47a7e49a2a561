"""An exercise: a question, hints in steps, the derived answer, and the answers that are wrong by a convention."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import nan
from random import Random
from typing import Any, Literal

import numpy as np
import sympy as sp

from convergence import notation
from convergence.crossing import compiled, exact
from convergence.errors import BadData, NotANumber
from convergence.exercise.hashed import near, place, readable
from convergence.formula_text import formula
from convergence.problem.arrays import short

LETTERS = {"beta": "β", "eta": "η", "sigma": "σ"}
"""Letters by the names that formulas in text have for them: both can be typed."""

POINTS = 5
"""Points at which a formula has to agree, of 900 000 values a coordinate: two formulas whose difference is a polynomial of
degree d agree at one with a chance of d/900 000 at most (Schwartz 1980, Zippel 1979), and no line or curve passes through
all. A notebook that hides the answer can decide in no other way; so it, and ``check``, decide alike.
"""

RIGHT, WRONG = "Right.", "Wrong, and by none of the usual conventions: the hints lead on."
"""What is said of answers; of those that are wrong by a convention, its sentence."""

DIGITS = (
    "Three significant digits count where no more are asked for: an answer is right within 0.5 %, and wrong beyond 1 %. Each "
    "question states its conventions."
)
"""What stands above a sheet."""

LONGEST = 300
"""Characters of an answer."""


@dataclass(frozen=True)
class Verdict:
    """What a checker says of an answer; true where it is right.

    Attributes
    ----------
    kind
        "right", "wrong", or "convention": wrong by one, which ``message`` names.

    >>> import convergence as cv
    >>> bool(cv.exercises(topic="newton")[0].check("1/7"))
    False
    """

    kind: Literal["right", "convention", "wrong"]
    message: str

    def __bool__(self) -> bool:
        return self.kind == "right"


@dataclass(frozen=True)
class Exercise:
    """A question with numbers of its own; ``check`` judges an answer.

    Attributes
    ----------
    topic, name, title
        What it is about; the template that it was made of; its heading.
    question
        Markdown, formulas between dollars; it states the conventions.
    hints
        Markdown, from a first nudge to nearly the answer.
    answer
        SymPy: a number, or a formula in ``letters``; derived by the package for these numbers.
    unit
        What it is measured in.
    formula
        The answer in letters, where it has a short formula.
    derived
        Where the answer comes from, as Python.
    numbers
        What was drawn, by name.
    slips
        The sentence of a convention -> what the answer would be under it; those that can be told from the answer.
    digits
        The significant digits that count: for three of them an answer is right within 0.5 %, and wrong beyond 1 %.
    letters
        The symbols of a formula, by name; empty for a number.
    """

    topic: str
    name: str
    title: str
    question: str
    hints: tuple[str, ...]
    answer: sp.Expr
    unit: str
    formula: sp.Expr | None
    derived: str
    numbers: Mapping[str, sp.Expr] = field(hash=False)
    slips: Mapping[str, sp.Expr] = field(hash=False)
    digits: int = 3
    letters: Mapping[str, sp.Symbol] = field(default_factory=dict, hash=False)

    @property
    def tolerance(self) -> float:
        """Relative: half a unit of the last digit that counts."""
        return 0.5 * 10.0 ** (1 - self.digits)

    @cached_property
    def points(self) -> tuple[dict[str, float], ...]:
        """Where formulas are compared: the values of the letters, by every name that they can be typed with."""
        random = Random("points")
        values = [{n: round(random.uniform(0.05, 0.95), 6) for n in self.letters} for _ in range(POINTS)]
        return tuple(p | {LETTERS[n]: v for n, v in p.items()} for p in values) if self.letters else ({},)

    def cells(self, answer: sp.Expr) -> tuple[int | None, ...]:
        """The cells of the grid in which an answer lies, one for each point."""
        if answer.is_Rational or answer.is_Float:
            return (place(_real(float, [answer]), self.tolerance),) * len(self.points)
        function = compiled(tuple(self.letters.values()), (answer,))
        with np.errstate(all="ignore"):
            values = [_real(function, [point[name] for name in self.letters]) for point in self.points]
        return tuple(place(value, self.tolerance) for value in values)

    @cached_property
    def known(self) -> dict[str, tuple[int | None, ...]]:
        """The cells of the right answer and of those that are wrong by a convention, by what is said of each."""
        answers = {RIGHT: self.answer, **self.slips}
        return {said: self.cells(a.evalf(17) if a.is_number else a) for said, a in answers.items()}

    def check(self, given: Any) -> Verdict:
        """Judge an answer.

        Parameters
        ----------
        given
            A number, a fraction, a SymPy formula, or one of these as text: 0.35, "7/20", "(sqrt(10) - 1)/3", "2/λ".

        Returns
        -------
        Verdict
            Right, wrong, or wrong by a convention, with the sentence that says which.

        Raises
        ------
        BadData
            For what is no formula in the letters of the question.

        >>> import convergence as cv
        >>> (question,) = cv.exercises(topic="newton", count=1)
        >>> question.check(question.answer).message
        'Right.'
        """
        cells = self.cells(self._read(given))
        for said, places in self.known.items():
            if all(b is not None and a in near(b) for a, b in zip(cells, places, strict=True)):
                return Verdict("right" if said == RIGHT else "convention", said)
        return Verdict("wrong", WRONG)

    def _read(self, given: Any) -> sp.Expr:
        letters = {name: s for n, s in self.letters.items() for name in (n, LETTERS[n])}
        try:
            if isinstance(given, str) and len(given) <= LONGEST:
                answer = sp.sympify(formula(readable(given), letters))
            else:
                answer = exact(given if not isinstance(given, bool | str) else None)
                answer = answer.xreplace({s: self.letters.get(s.name, s) for s in answer.free_symbols})
        except (BadData, NotANumber):
            answer = None
        unknown = answer is None or answer.free_symbols - set(self.letters.values())
        if unknown or not isinstance(answer, sp.Expr) or answer.has(sp.zoo, sp.nan):
            names = [LETTERS[name] for name in self.letters]
            kind = (
                f"a formula in {', '.join(names)}, such as 2/{names[0]}" if names else "a number, such as 0.35 or 7/20"
            )
            raise BadData(f"an answer must be {kind}; got {short(given)}")
        return answer

    def shown(self, answer: sp.Expr) -> str:
        """An answer, or a slip, as Markdown: a formula, or a number to one digit more than counts."""
        value = answer if self.letters or answer.is_Integer else float(answer)
        return f"${notation.latex(value, self.digits + 1)}$"

    @property
    def solution(self) -> str:
        """The answer as Markdown, with its unit."""
        formula = "" if self.formula is None else f"${notation.latex(self.formula)}$ = "
        return f"{formula}{self.shown(self.answer)} ({self.unit})"

    def _repr_markdown_(self) -> str:
        return f"**{self.title}.** {self.question}"

    def __repr__(self) -> str:
        return f"Exercise {self.topic}/{self.name}: {self.title}"


def _real(function: Callable[..., Any], arguments: Sequence[Any]) -> float:
    """The value of a function that should be real; nan for what is not, or beyond all doubles."""
    try:
        value = np.squeeze(function(*arguments))
        return nan if np.iscomplexobj(value) else float(value)
    except (TypeError, ValueError, ArithmeticError):
        return nan
