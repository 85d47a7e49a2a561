"""The homework's answers go in, formulas written out; the model solution comes out as a tree for the writers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from itertools import count
from typing import Any

from convergence.coursework.on_data import DataAnswer
from convergence.evidence.check import Check
from convergence.figures.coursework import pictures
from convergence.figures.picture import Picture, render
from convergence.report.course_answers import CourseAnswers
from convergence.report.course_numbers import on_data, plateau
from convergence.report.html import write_html
from convergence.report.latex import write_latex
from convergence.report.markdown import write_markdown
from convergence.report.phrases import IS, counted, number, verdict
from convergence.report.tree import (
    Block,
    Column,
    Display,
    Figure,
    Line,
    Listing,
    Maths,
    Notice,
    Paragraph,
    Report,
    Section,
    Strong,
    Table,
    Tone,
)
from convergence.results import Formula

SIGMA = Maths(Formula("σ", r"\sigma"))


def course_files(found: CourseAnswers, formats: Sequence[str], figure_formats: Sequence[str]) -> dict[str, bytes | str]:
    """The files of the answer sheet by name: course.md, course.html, course.tex, course.json, figures/NAME.svg, …."""
    drawings = pictures(found.plateau, found.data)
    files: dict[str, bytes | str] = {
        f"figures/{name}.{ending}": render(picture, ending)
        for name, picture in drawings.items()
        for ending in figure_formats
    }
    page = course_page(found, drawings.values())
    ending = "svg" if "svg" in figure_formats or not figure_formats else figure_formats[0]
    writers: dict[str, Callable[[], str]] = {
        "md": lambda: write_markdown(page, f"figures/{{}}.{ending}"),
        "html": lambda: write_html(page, {name: render(picture, "svg") for name, picture in drawings.items()}),
        "tex": lambda: write_latex(page),
        "json": lambda: json.dumps(course_json(found), indent=1, ensure_ascii=False) + "\n",
    }
    return {f"course.{name}": write() for name, write in writers.items() if name in formats} | files


def course_json(found: CourseAnswers) -> dict[str, Any]:
    """The answers as JSON can hold them: a complex number is a pair."""
    return {"passed": bool(found), **json.loads(json.dumps(asdict(found), default=lambda z: [z.real, z.imag]))}


def course_page(found: CourseAnswers, drawings: Iterable[Picture]) -> Report:
    """The page: the questions in their order, each with its checks."""
    numbering = count(1)
    shown = {p.name: Figure(next(numbering), p.name, p.title, p.alt, p.caption) for p in drawings}
    parts = {
        "a": ("Each direction by itself", _rewriting(found)),
        "b": ("The matrix of a direction", _matrix(found)),
        "c": ("Its eigenvalues", _eigenvalues(found)),
        "d": ("Repeated eigenvalues", _repeated(found)),
        "e": ("Real eigenvalues", _real(found)),
        "f": ("Complex eigenvalues", _complex(found)),
        "g": ("The best learning rate, and its steps", (*plateau(found), shown["plateau"])),
        "h": ("On the notes' data", (*on_data(found), *(f for name, f in shown.items() if name != "plateau"))),
    }
    sections = (
        Section("The answers in short", "short", _short(found)),
        *(_question(letter, title, blocks, found.checks[letter]) for letter, (title, blocks) in parts.items()),
    )
    subtitle: Line = (
        "Momentum as an average, on the loss ",
        _maths("‖y − Xw‖²", r"\|y-Xw\|^2"),
        ", with singular values σ of X.",
    )
    return Report("Homework on momentum: model solution", subtitle, f"convergence {found.package_version}", sections)


def _question(letter: str, title: str, blocks: Sequence[Block], made: Sequence[Check]) -> Section:
    return Section(f"({letter}) {title}", f"question-{letter}", (*blocks, _checks(made)))


def _checks(made: Sequence[Check]) -> Table:
    columns = (
        Column(("check",)),
        Column(("predicted",), "number"),
        Column(("observed",), "number"),
        Column(("error",), "number"),
        Column(("allowed",), "number"),
        Column(("",), "word"),
    )
    rows = tuple(
        (
            (check.claim,),
            (number(check.predicted, 6),),
            (number(check.observed, 6),),
            (number(check.error, 2),),
            (number(check.tolerance, 2),),
            (verdict(check.passed),),
        )
        for check in made
    )
    return Table(("Checked",), columns, rows)


def _short(found: CourseAnswers) -> tuple[Block, ...]:
    f, g, h = found.formulas, found.plateau, found.data
    made = [check for group in found.checks.values() for check in group]
    passed = sum(bool(check) for check in made)
    tone: Tone = "good" if found else "bad"
    said = Strong(f"{passed} of {counted(len(made), 'check')} passed. ")
    notice = Notice((said, "Every formula was derived from the rule in this run."), tone)
    rows: tuple[tuple[Line, ...], ...] = (
        (("(b)",), ("the matrix R has the characteristic polynomial",), (Maths(f.characteristic),)),
        (("(c)",), ("eigenvalues",), (Maths(f.eigenvalues),)),
        (("(d)",), ("repeated: always stable; largest such rate",), (Maths(f.repeated_top),)),
        (("(e)",), ("real: stable below",), (Maths(f.real),)),
        (("(f)",), ("complex: always stable; below",), (Maths(f.complex_top),)),
        (("(g)",), ("best rates, from and to",), (*_interval(g.low, g.high),)),
        (("(g)",), (f"fewest steps: {g.best.both}, at the rate",), (number(g.best.lr),)),
        (("(h)",), ("the faster dimension, for either method",), (_faster(h),)),
    )
    columns = (Column(("question",), "word"), Column(("answer",)), Column(("",), "formula"))
    return (notice, Table(("The answers",), columns, rows))


def _faster(h: DataAnswer) -> str:
    return {(1, 1): "the first", (2, 2): "the second"}.get(h.faster, "not the same for both")


def _interval(low: float, high: float) -> Line:
    return (number(low), " … ", number(high))


def _rewriting(found: CourseAnswers) -> tuple[Block, ...]:
    words: Line = (
        "With ",
        _maths("X = UΣVᵀ", r"X=U\Sigma V^\top"),
        " the gradient is ",
        _maths("2Xᵀ(Xw − y) = 2XᵀX(w − w*) = V·2Σ²·x", r"2X^\top(Xw-y)=2X^\top X(w-w^\ast)=V\,2\Sigma^2\,x"),
        ", since the normal equations say ",
        _maths("Xᵀ(Xw* − y) = 0", r"X^\top(Xw^\ast-y)=0"),
        ". Multiplying both lines of the rule by ",
        _maths("Vᵀ", r"V^\top"),
        ", with ",
        _maths("x = Vᵀ(w − w*)", r"x=V^\top(w-w^\ast)"),
        " and ",
        _maths("a = Vᵀz", r"a=V^\top z"),
        ", leaves a pair of scalar equations for each direction. The second uses the new a.",
    )
    return (
        Listing(found.formulas.rule, "python"),
        Paragraph(words),
        Display(
            ("Derived from the rule, for the direction of singular value ", SIGMA),
            found.formulas.equations,
        ),
    )


def _matrix(found: CourseAnswers) -> tuple[Block, ...]:
    return (
        Paragraph(("The same two equations as one product; a depends on the old a and x, and so does x.",)),
        Display(("The matrix R for the pair (a, x)",), (found.formulas.matrix,)),
    )


def _eigenvalues(found: CourseAnswers) -> tuple[Block, ...]:
    f = found.formulas
    low, high = (Maths(formula) for formula in f.repeated)
    rows: tuple[tuple[Line, ...], ...] = (
        (("real, different",), ("small rates: ", _maths("η", r"\eta"), " below ", low)),
        (("repeated",), (_maths("η", r"\eta"), IS, low, " or ", high)),
        (("complex",), ("between these two",)),
        (("real, different",), ("large rates: ", _maths("η", r"\eta"), " above ", high)),
    )
    return (
        Display(("Characteristic polynomial",), (f.characteristic,)),
        Display(("Its roots",), (f.eigenvalues,)),
        Paragraph(("What they are is the sign of the discriminant, a quadratic in η: ", Maths(f.discriminant), ".")),
        Table(
            ("Where they are what (0 < β < 1)",),
            (Column(("eigenvalues",), "word"), Column(("where",), "formula")),
            rows,
        ),
    )


def _repeated(found: CourseAnswers) -> tuple[Block, ...]:
    f = found.formulas
    words: Line = (
        "The discriminant vanishes at two rates. The product of the eigenvalues is the determinant 1 − β, so a "
        "repeated one has the "
        "modulus ",
        Maths(f.radius),
        ", below 1 for every β in (0, 1]: ",
        Strong("repeated eigenvalues are always stable"),
        ".",
    )
    return (
        Paragraph(words),
        Display(("The two rates",), f.repeated),
        Display(("The largest rate that gives them",), (f.repeated_top,)),
    )


def _real(found: CourseAnswers) -> tuple[Block, ...]:
    f = found.formulas
    words: Line = (
        "Real eigenvalues can leave the unit interval only through −1. The Schur–Cohn conditions of the characteristic "
        "polynomial give the rate at which one does. Below ",
        Maths(f.repeated[0]),
        " they are positive and stable; above ",
        Maths(f.repeated[1]),
        " they are negative, and stable up to the bound.",
    )
    return (Paragraph(words), Display(("Real eigenvalues are stable exactly for rates below",), (f.real,)))


def _complex(found: CourseAnswers) -> tuple[Block, ...]:
    f = found.formulas
    words: Line = (
        "A conjugate pair has the product 1 − β, so its modulus is ",
        Maths(f.radius),
        " at every rate: ",
        Strong("complex eigenvalues are always stable"),
        ", all equally fast. They end where they meet on the negative axis; the bound itself is not attained.",
    )
    return (Paragraph(words), Display(("The largest rate: below",), (f.complex_top,)))


def _maths(text: str, latex: str) -> Maths:
    return Maths(Formula(text, latex))
