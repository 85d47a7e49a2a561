"""The homework's answers go in, formulas written out; the model solution comes out as a tree for the writers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

from convergence.coursework.on_data import DataAnswer, MethodOnData
from convergence.coursework.plateau import Count, PlateauAnswer
from convergence.evidence.check import Check
from convergence.figures.coursework import pictures
from convergence.figures.picture import Picture, render
from convergence.report.html import write_html
from convergence.report.latex import write_latex
from convergence.report.markdown import write_markdown
from convergence.report.phrases import IS, counted, number, numbers, verdict
from convergence.report.tree import (
    Block,
    Column,
    Display,
    Emphasis,
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


@dataclass(frozen=True)
class CourseFormulas:
    """What was derived, written out; see ``coursework.derivation`` for what each is."""

    rule: str
    equations: tuple[Formula, ...]
    matrix: Formula
    characteristic: Formula
    eigenvalues: Formula
    discriminant: Formula
    repeated: tuple[Formula, Formula]
    radius: Formula
    real: Formula
    repeated_top: Formula
    complex_top: Formula
    plateau: tuple[Formula, Formula]
    condition: Formula
    descent_lr: Formula
    descent_rate: Formula


@dataclass(frozen=True)
class CourseAnswers:
    """The model solution as plain values. Truthy when every check passed."""

    package_version: str
    formulas: CourseFormulas
    plateau: PlateauAnswer
    data: DataAnswer
    checks: dict[str, tuple[Check, ...]]

    def __bool__(self) -> bool:
        return all(all(made) for made in self.checks.values())


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
        "g": ("The best learning rate, and its steps", (*_plateau(found), shown["plateau"])),
        "h": ("On the notes' data", (*_data(found), *(f for name, f in shown.items() if name != "plateau"))),
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


def _plateau(found: CourseAnswers) -> tuple[Block, ...]:
    f, g = found.formulas, found.plateau
    spread = [c.both for c in g.counts]
    best: Line = (
        "The slower direction sets the rate, and no direction can be faster than ",
        Maths(f.radius),
        " = ",
        number(g.rate, 6),
        ". Both reach it where both are complex or repeated. So not one learning rate is best but a whole ",
        Strong("plateau"),
        ", from the smaller repeated rate of the flattest direction to the larger one of the steepest:",
    )
    inside: Line = (
        "Such an interval exists if ",
        Maths(f.condition),
        "; here that is β < ",
        number(g.free_momentum),
        ".",
    )
    low, high = f.plateau
    ends = (_equation("η₁", r"\eta_1", low, g.low), _equation("η₂", r"\eta_2", high, g.high))
    steps: Line = (
        "From the rate alone one expects ",
        number(g.estimate),
        " steps to come within 99.9 %. ",
        Strong("A plateau of rates is no plateau of steps: "),
        "the count also depends on how far the error swings before it decays, and on the factor k beside ",
        _maths("ρᵏ", r"\rho^k"),
        " at a repeated eigenvalue. With both directions starting at x = 1 and z at the first gradient, it lies "
        f"between {g.best.both} "
        f"and {max(spread)} on the plateau. The fewest steps are at ",
        _maths("η", r"\eta"),
        IS,
        number(g.best.lr),
        ", near the lower end, where the steep direction swings least. The upper end is the worst: the edge of "
        "stability, ",
        number(g.edge),
        ", is a hair away.",
    )
    free: Line = (
        "Were β free as well, the best pair would be ",
        _maths("η", r"\eta"),
        IS,
        number(g.free_lr),
        ", ",
        _maths("β", r"\beta"),
        IS,
        number(g.free_momentum),
        ": rate ",
        number(g.free_rate),
        f", {g.free_steps} steps.",
    )
    descent: Line = (
        "Plain gradient descent is best at ",
        Maths(f.descent_lr),
        IS,
        number(g.descent_lr),
        ", with the rate ",
        Maths(f.descent_rate),
        IS,
        number(g.descent_rate, 5),
        ": ",
        Strong(counted(g.descent_steps, "step")),
        f". Momentum at its best takes {g.best.both}, and at the upper end of its plateau {max(spread)}.",
    )
    return (
        Paragraph(best),
        Display(("The plateau",), ends),
        Paragraph(inside),
        Paragraph(steps),
        _counts(g),
        Paragraph(descent),
        Paragraph(free),
    )


def _equation(text: str, latex: str, formula: Formula, value: float) -> Formula:
    return Formula(f"{text} = {formula.text} ≈ {value:.4g}", rf"{latex} = {formula.latex} \approx {value:.4g}")


def _counts(g: PlateauAnswer) -> Table:
    columns = (
        Column(("learning rate ", _maths("η", r"\eta")), "number"),
        *(Column(("steps, ", _maths("σ²", r"\sigma^2"), IS, number(lam / 2)), "number") for lam in g.curvatures),
        Column(("both",), "number"),
        Column(("",), "word"),
    )
    order = sorted([*g.counts, g.best, *g.outside], key=lambda c: c.lr)
    rows = tuple(_count(c, g) for c in order)
    return Table(("Steps to within 99.9 %, counted in whole numbers without rounding",), columns, rows)


def _count(c: Count, g: PlateauAnswer) -> tuple[Line, ...]:
    where = {"plateau": "", "below": "below the plateau", "above": "above it, unstable"}.get(c.where, c.where)
    ends = {g.counts[0].lr: "lower end", g.counts[-1].lr: "upper end"}
    steps: list[Line] = [("never" if k < 0 else number(k),) for k in (c.steepest, c.flattest, c.both)]
    return ((number(c.lr),), *steps, (ends.get(c.lr, where),))


def _data(found: CourseAnswers) -> tuple[Block, ...]:
    h = found.data
    plain, course = h.methods
    scaled = [[m.hyper["lr"] * lam for lam in h.curvatures] for m in h.methods]
    where: Line = (
        "The singular values are ",
        *numbers(h.singular_values),
        ", the curvatures ",
        _maths("λ = 2σ²", r"\lambda=2\sigma^2"),
        IS,
        *numbers(h.curvatures, 5),
        ". The data are not centred, yet the directions lie only ",
        number(abs(h.angle), 2),
        "° from the axes, so a dimension of w is a direction.",
    )
    why: Line = (
        Strong("The first dimension is the faster one, for both methods. "),
        "Gradient descent multiplies the error by 1 − ηλ: in the first dimension ηλ = ",
        number(scaled[0][0]),
        ", beyond 1, so the error changes sign at each step and shrinks to its part ",
        number(plain.radius[0]),
        "; in the second ηλ = ",
        number(scaled[0][1]),
        ", so it creeps, by the factor ",
        number(plain.radius[1]),
        ". With momentum the first dimension's eigenvalues are complex, of modulus √(1−β) = ",
        number(course.radius[0]),
        ", which no rate could improve; the second's are real, ",
        number(course.radius[1]),
        ": it hardly gains, since ηλ there lies below the repeated rate. A larger rate would help it.",
    )
    if h.faster != (1, 1):
        why = ("The dimensions differ between the methods; see the table.",)
    losses: Line = (
        "After 100 steps the losses are ",
        number(plain.final_loss, 10),
        " and ",
        number(course.final_loss, 10),
        "; the minimum is ",
        number(h.minimum, 10),
        ". The notes plot ",
        Emphasis("log(loss − final loss)"),
        ", which falls away at the end because the last loss is not the minimum.",
    )
    return (Paragraph(where), Paragraph(why), _rates(h.methods), Paragraph(losses))


def _rates(methods: Sequence[MethodOnData]) -> Table:
    columns = (
        Column(("method",), "word"),
        Column(("dimension",), "number"),
        Column(("eigenvalues",), "word"),
        Column(("rate, derived",), "number"),
        Column(("rate, measured",), "number"),
        Column(("steps to 99.9 %",), "number"),
    )
    rows = tuple(
        (
            (m.title,),
            (number(k + 1),),
            (m.kind[k],),
            (number(m.radius[k], 6),),
            (number(m.measured[k], 6),),
            (number(m.steps[k]),),
        )
        for m in methods
        for k in (0, 1)
    )
    return Table(("Rates and steps on the notes' data, at their settings",), columns, rows)


def _maths(text: str, latex: str) -> Maths:
    return Maths(Formula(text, latex))
