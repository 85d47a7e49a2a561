"""The answers to (g) and (h), the questions with numbers, go in; their parts of the model solution come out."""

from __future__ import annotations

from collections.abc import Sequence

from convergence.coursework.on_data import MethodOnData
from convergence.coursework.plateau import Count, PlateauAnswer
from convergence.report.course_answers import CourseAnswers
from convergence.report.phrases import IS, counted, number, numbers
from convergence.report.tree import (
    Block,
    Column,
    Display,
    Emphasis,
    Line,
    Maths,
    Paragraph,
    Strong,
    Table,
)
from convergence.results import Formula


def plateau(found: CourseAnswers) -> tuple[Block, ...]:
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


def on_data(found: CourseAnswers) -> tuple[Block, ...]:
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
