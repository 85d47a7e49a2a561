"""A study goes in; how near its methods come to the best possible, and which of them are one method, comes out."""

from __future__ import annotations

from convergence.report.finite_section import GROWN, share
from convergence.report.method_section import method_anchor
from convergence.report.phrases import NOTHING, capital, number, steps
from convergence.report.tree import Block, Column, Line, Link, Mark, Mono, Paragraph, Table
from convergence.results import EquivalenceResult, Findings, FiniteResult, MethodResult


def limits(study: Findings) -> tuple[Block, ...]:
    """The bound, and a row for each method."""
    return (Paragraph(_bound(study)), _table(study))


def _bound(study: Findings) -> Line:
    few = [k for k, value in zip(study.limit.steps, study.limit.krylov, strict=True) if value < 1e-12]
    bound: Line = (
        "Of all quadratics with this condition number, some one leaves every first-order method at least 1/T",
        "ₖ((κ+1)/(κ−1)) of its error after k steps, with Tₖ the Chebyshev polynomial: a method as good as that has a ",
        "share of 100 %. ",
    )
    if not few:
        return bound
    exact: Line = (
        "On this very spectrum conjugate gradients would end, but for rounding, after ",
        number(few[0]),
        " steps.",
    )
    return (*bound, *exact)


def _table(study: Findings) -> Table:
    columns = (
        Column(("method",), "word"),
        Column(("share of the limit, 10 steps",), "number"),
        Column(("100 steps",), "number"),
        Column(("in the long run",), "number"),
        Column(("steps to 99.9 %, worst case",), "number"),
        Column(("error grows to",), "number"),
    )
    rows = tuple(_row(method) for method in study.methods)
    return Table(("How near to the best possible",), columns, rows)


def _row(method: MethodResult) -> tuple[Line, ...]:
    link: Line = (Link(capital(method.title), method_anchor(method)),)
    found = method.finite
    if found is None:
        return (link, *((NOTHING,),) * 5)
    first, second = found.horizons[:2]
    return (
        link,
        (share(first.share),),
        (share(second.share),),
        (share(found.share),),
        (steps(found.steps),),
        _peak(found),
    )


def _peak(found: FiniteResult) -> Line:
    size = number(found.peak, 3)
    return (size,) if found.peak < GROWN else (size, " ", Mark("large", "bad"))


def equivalences(study: Findings) -> tuple[Block, ...]:
    """Each class of methods that are one method in other letters."""
    classes = [found for found in study.equivalences if len(found.methods) > 1]
    if not classes:
        return (Paragraph(("No two of these methods are one method in other letters.",)),)
    intro = "Methods of one table have the same characteristic polynomial, at the settings that the map says."
    return (Paragraph((intro,)), *(_class(found) for found in classes))


def _class(found: EquivalenceResult) -> Table:
    first = found.methods[0]
    columns = (
        Column(("method",), "word"),
        Column(("is ", Mono(first), " with")),
        Column(("iterates",), "word"),
        Column(("why",)),
    )
    rows = tuple(
        ((Mono(name),), (words,), (Mark("the same", "good") if same else Mark("differ", "quiet"),), (why or NOTHING,))
        for name, words, same, why in list(zip(found.methods, found.maps, found.same, found.why, strict=True))[1:]
    )
    return Table((Mono(first), " in other letters"), columns, rows)
