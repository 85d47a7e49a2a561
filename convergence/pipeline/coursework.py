"""The homework's answers go in as SymPy and numbers; the same with formulas written out comes out, with what saves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy as sp

from convergence import __version__
from convergence.coursework.derivation import Derivation, course_method
from convergence.coursework.sheet import answer_sheet
from convergence.errors import BadName, nearest
from convergence.pipeline.formulas import discriminant, formula, polynomial, roots
from convergence.report.course_answers import CourseAnswers, CourseFormulas
from convergence.report.course_page import course_files
from convergence.results import Formula
from convergence.writing import write_files

FORMATS = ("md", "html", "tex", "json")
FIGURE_FORMATS = ("svg", "png", "pdf")


@dataclass(frozen=True)
class Course(CourseAnswers):
    """The answers to the homework (see ``CourseAnswers`` for the fields); truthy when every check passed."""

    def save(
        self, folder: str | Path, formats: Sequence[str] = FORMATS, figures: Sequence[str] = ("svg",)
    ) -> list[Path]:
        """Write course.md, course.html, course.tex, course.json and the figures; all of them or none.

        Raises BadOutput where the folder cannot be written, BadName for an unknown format.
        """
        for names, known in ((formats, FORMATS), (figures, FIGURE_FORMATS)):
            for name in names:
                if name not in known:
                    raise BadName(f"there is no format {name!r}: {nearest(name, known)}")
        return list(write_files(folder, course_files(self, formats, figures)))

    def __repr__(self) -> str:
        made = [check for group in self.checks.values() for check in group]
        return f"Course: answers (a)–(h), {sum(map(bool, made))} of {len(made)} checks passed"


def course() -> Course:
    """Derive, compute, check and write out the answers."""
    sheet = answer_sheet()
    return Course(__version__, written(sheet.derivation), sheet.plateau, sheet.data, sheet.checks)


def written(found: Derivation) -> CourseFormulas:
    """The derivation as text and LaTeX."""
    poly = found.dynamics.characteristic
    low, high = (_squared(lr) for lr in found.repeated)
    start, end = (_ranged(lr) for lr in found.plateau)
    return CourseFormulas(
        course_method().code,
        _equations(found.dynamics.matrix),
        formula(found.dynamics.matrix),
        polynomial(poly),
        roots(poly),
        discriminant(poly),
        (low, high),
        formula(found.radius),
        formula(found.real),
        _squared(found.repeated_top),
        _squared(found.complex_top),
        (start, end),
        _ranged(found.condition),
        _ranged(found.descent_lr),
        _ranged(found.descent_rate),
    )


def _equations(matrix: Any) -> tuple[Formula, Formula]:
    """Both rows of the matrix as equations; the second in the new a, as the rule has it: x₊ = x − ηa₊."""
    factor = sp.cancel(matrix[1, 0] / matrix[0, 0])
    rest = sp.cancel(matrix[1, 1] - factor * matrix[0, 1])
    a, x, new = Formula("a", "a"), Formula("x", "x"), Formula("a₊", "a_{+}")
    return _sum(new, (matrix[0, 0], a), (matrix[0, 1], x)), _sum(Formula("x₊", "x_{+}"), (rest, x), (factor, new))


def _sum(left: Formula, *terms: tuple[Any, Formula]) -> Formula:
    """left = Σ coefficient · letter, each coefficient in brackets where it is a sum."""
    parts = [_term(coefficient, letter, first=not k) for k, (coefficient, letter) in enumerate(terms)]
    return Formula(
        left.text + " = " + "".join(p.text for p in parts), left.latex + " = " + "".join(p.latex for p in parts)
    )


def _term(coefficient: Any, letter: Formula, first: bool) -> Formula:
    negative = bool(coefficient.could_extract_minus_sign()) and not coefficient.is_Add
    size = formula(-coefficient if negative else coefficient)
    sign = "-" if negative else "" if first else "+"
    if size.text == "1":
        return Formula(f"{sign} {letter.text} ", f"{sign} {letter.latex} ")
    text, latex = (f"({size.text})", rf"({size.latex})") if coefficient.is_Add else (size.text, size.latex)
    return Formula(f"{sign} {text}·{letter.text} ", rf"{sign} {latex}\,{letter.latex} ")


def _squared(value: Any) -> Formula:
    """A formula with (1 − √…)² and not (√… − 1)²: the square is the same, and reads better."""
    made = formula(value)
    text = made.text.replace("(√(1 - β) - 1)²", "(1 - √(1 - β))²").replace("(√(1 - β) + 1)²", "(1 + √(1 - β))²")
    latex, root = made.latex, r"\sqrt{1 - \beta}"
    for sign in "-+":
        last, first = (rf"\left({terms}\right)^{{2}}" for terms in (rf"{root} {sign} 1", rf"1 {sign} {root}"))
        latex = latex.replace(last, first)
    return Formula(text, latex)


def _ranged(value: Any) -> Formula:
    """A formula in σmin and σmax."""
    made = _squared(value)
    return Formula(made.text.replace("sigma_min", "σmin").replace("sigma_max", "σmax"), _upright(made.latex))


def _upright(latex: str) -> str:
    for end in ("min", "max"):
        latex = latex.replace(rf"\sigma_{{{end}}}", rf"\sigma_{{\mathrm{{{end}}}}}")
    return latex
