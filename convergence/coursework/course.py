"""The model solution to the homework of notes 004: its answers, and the page that gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from convergence import __version__, notation
from convergence.coursework.checking import checks
from convergence.coursework.derivation import Derivation, derivation
from convergence.coursework.figures import pictures
from convergence.coursework.on_data import DataAnswer, on_data
from convergence.coursework.plateau import PlateauAnswer, plateau
from convergence.evidence.check import Check
from convergence.figures.picture import Picture
from convergence.pages import rendered
from convergence.report.files import FORMATS, files_of
from convergence.tabular import Tabular
from convergence.writing import write_files


@dataclass(frozen=True)
class Course(Tabular):
    """The answers to the homework. Truthy when every check passed.

    ``formulas`` are SymPy, derived in the call ((a) to (g)); ``plateau`` are the numbers of (g), ``data`` those of (h) and
    (i); ``checks`` are by the letter of the question.
    """

    formulas: Derivation
    plateau: PlateauAnswer
    data: DataAnswer
    checks: Mapping[str, tuple[Check, ...]]

    def __bool__(self) -> bool:
        return self.passed == self.total

    def table(self) -> dict[str, Any]:
        """A row for each check: the letter of the question, and as of ``verify``."""
        rows = [(letter, check) for letter, group in self.checks.items() for check in group]
        columns = {name: [getattr(c, name) for _, c in rows] for name in ("claim", "error", "tolerance", "passed")}
        return {"question": [letter for letter, _ in rows], **columns}

    def __repr__(self) -> str:
        return f"Course: answers (a)–(i), {self.passed} of {self.total} checks passed"

    @property
    def total(self) -> int:
        """The number of checks."""
        return sum(map(len, self.checks.values()))

    @property
    def passed(self) -> int:
        """The number of those that passed."""
        return sum(bool(check) for group in self.checks.values() for check in group)

    def save(
        self, folder: str | Path, formats: Sequence[str] = FORMATS, figures: Sequence[str] = ("svg",)
    ) -> list[Path]:
        """Write course.md, course.html, course.tex, course.json and the figures; all of them or none.

        Raises BadOutput where the folder cannot be written, BadName for an unknown format.
        """
        return list(write_files(folder, course_files(self, formats, figures)))


def course() -> Course:
    """The model solution to the homework of notes 004, questions (a)–(i), every formula derived from the rule in the call.

    It takes no arguments and raises nothing of its own: a check that fails makes the ``Course`` falsy.

    Source: UC Berkeley EECS 182, homework 2, problem 2, as the course notes 004 have it.

    >>> answers = course()
    >>> answers.plateau.counts[-1].both, answers.data.winner.title
    (309, 'EMA momentum')
    """
    formulas, g, h = derivation(), plateau(), on_data()
    return Course(formulas, g, h, checks(formulas, g, h))


def course_json(answers: Course) -> dict[str, Any]:
    """The answers as JSON can hold them: a formula is its text and its LaTeX, a complex number a pair."""
    plain = {
        "package_version": __version__,
        "formulas": {f.name: _written(getattr(answers.formulas, f.name)) for f in fields(Derivation)},
        "plateau": asdict(answers.plateau),
        "data": {**vars(answers.data), "methods": [method.table() for method in answers.data.methods]},
        "checks": {letter: [asdict(check) for check in group] for letter, group in answers.checks.items()},
    }
    return {"passed": bool(answers), **json.loads(json.dumps(plain, default=_plain))}


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else [value.real, value.imag]


def _written(formula: Any) -> Any:
    if isinstance(formula, str):
        return formula
    if isinstance(formula, tuple):
        return [_written(one) for one in formula]
    if not isinstance(formula, sp.Basic):
        return {"matrix": _written(formula.matrix), "characteristic": _written(formula.characteristic)}
    return {"text": notation.text(formula), "latex": notation.latex(formula)}


def course_page(answers: Course, drawn: Mapping[str, Picture]) -> str:
    """The page in Markdown: the answers in short, then question by question, each with its checks."""
    polynomial = answers.formulas.system.characteristic
    return rendered(
        "course.md.j2",
        f=answers.formulas,
        g=answers.plateau,
        h=answers.data,
        answers=answers,
        roots=notation.roots(polynomial),
        discriminant=notation.discriminant(polynomial),
        rows=sorted((*answers.plateau.counts, answers.plateau.best, *answers.plateau.outside), key=lambda c: c.lr),
        pictures=drawn,
    )


def course_files(answers: Course, formats: Sequence[str], figure_formats: Sequence[str]) -> dict[str, bytes | str]:
    """The files of the answer sheet by name: course.md, course.html, course.tex, course.json, figures/NAME.svg, …."""
    drawn = pictures(answers.plateau, answers.data)
    return files_of(
        "course", partial(course_page, answers), drawn, lambda: course_json(answers), formats, figure_formats
    )
