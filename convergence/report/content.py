"""A study and its pictures go in; the content of the report comes out, as a tree for the writers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from convergence.figures import Picture
from convergence.report.answer import answer
from convergence.report.glossary import glossary
from convergence.report.limit_section import equivalences, limits
from convergence.report.method_section import method_section
from convergence.report.phrases import NOTHING, counted, joined, number, numbers, prose
from convergence.report.tree import (
    Block,
    Bullets,
    Column,
    Figure,
    Line,
    Listing,
    Maths,
    Mono,
    Notice,
    Paragraph,
    Report,
    Section,
    Table,
)
from convergence.results import DataResult, DirectionResult, Findings, Formula

NAMED = 12  # more columns than these are counted, not listed
SHOWN = 4  # a vector of more entries is not shown
OF_DATA = ("data", "landscape", "spectrum")
OF_LIMIT = ("worst",)


def report(study: Findings, pictures: Iterable[Picture] = ()) -> Report:
    """The report of a study: the answer first, then what it rests on."""
    figures = _numbered(study, pictures)
    about = [figure for method, figure in figures if method is None and figure.name.startswith(OF_DATA)]
    near = [figure for method, figure in figures if method is None and figure.name.startswith(OF_LIMIT)]
    others = (*OF_DATA, *OF_LIMIT)
    rest = [figure for method, figure in figures if method is None and not figure.name.startswith(others)]
    sections = (
        Section("The answer", "answer", answer(study)),
        Section("The data", "data", (*_data(study.data), *about)),
        *(method_section(m, [figure for method, figure in figures if method == m.name]) for m in study.methods),
        *((Section("The methods compared", "comparison", (_compared(study), *rest)),) if rest else ()),
        Section("How near to the best possible", "limit", (*limits(study), *near)),
        Section("One method in other letters", "equivalences", equivalences(study)),
        Section("How to read this", "reading", (glossary(study),)),
        Section("How this was made", "making", _making(study)),
    )
    made_by = f"convergence {study.package_version}"
    return Report(f"Convergence on {study.data.title}", _subtitle(study.data), made_by, sections)


def _numbered(study: Findings, pictures: Iterable[Picture]) -> list[tuple[str | None, Figure]]:
    """The figures in the order in which they stand in the report."""
    order = [method.name for method in study.methods]
    places: dict[str | None, int] = {None: len(order), **{name: place for place, name in enumerate(order)}}
    known = [picture for picture in pictures if picture.method in places]
    place = lambda p: -1 if p.method is None and p.name.startswith(OF_DATA) else places[p.method]  # noqa: E731
    numbering = count(1)
    return [(p.method, Figure(next(numbering), p.name, p.title, p.alt, p.caption)) for p in sorted(known, key=place)]


def _subtitle(data: DataResult) -> Line:
    size = (number(data.rows), " × ", number(len(data.columns)))
    return ("Least squares on ", *size, " numbers; loss ", Maths(data.loss_formula), " (", Mono(data.loss), ").")


def _data(data: DataResult) -> tuple[Block, ...]:
    notes = tuple(prose(note) for note in data.notes)
    return (
        Paragraph(_columns(data)),
        Paragraph(_scaling(data)),
        _facts(data),
        *((Notice(_deficient(data), "quiet"),) if data.rank < len(data.columns) else ()),
        *((Bullets(notes),) if notes else ()),
        _directions(data),
    )


def _columns(data: DataResult) -> Line:
    names = joined([(Mono(name),) for name in data.columns[:NAMED]])
    left = len(data.columns) - NAMED
    more = f" and {left} more" if left > 0 else ""
    size = (number(data.rows), " rows" if data.rows != 1 else " row", f" and {counted(len(data.columns), 'column')}: ")
    return (*size, *names, *((more,) if more else ()), ".")


def _scaling(data: DataResult) -> Line:
    loss = ("The loss is ", Maths(data.loss_formula), ", the scaling called ", Mono(data.loss))
    return (*loss, "; so the curvature along a direction of singular value σ is ", Maths(data.curvature_formula), ".")


def _facts(data: DataResult) -> Table:
    facts: tuple[tuple[Line, Line], ...] = (
        (("smallest positive curvature ", _symbol("μ", r"\mu")), (number(data.mu, 5),)),
        (("largest curvature ", _symbol("L", "L")), (number(data.L, 5),)),
        (("condition number ", _symbol("κ = L/μ", r"\kappa=L/\mu")), (number(data.kappa, 5),)),
        (("rank of ", _symbol("X", "X")), (number(data.rank), " of ", number(len(data.columns)))),
        (("smallest loss",), (number(data.minimum, 5),)),
        *((((_minimiser()), numbers(data.minimizer)),) if len(data.minimizer) <= SHOWN else ()),
    )
    return Table(("The problem in numbers",), (Column(("quantity",), "word"), Column(("value",), "number")), facts)


def _minimiser() -> Line:
    return ("minimiser ", _symbol("w*", r"w^\ast"))


def _symbol(text: str, latex: str) -> Maths:
    return Maths(Formula(text, latex))


def _deficient(data: DataResult) -> Line:
    flat = len(data.columns) - data.rank
    verb = "has" if flat == 1 else "have"
    return (
        f"X does not have full rank: {counted(flat, 'direction')} {verb} no curvature. There the iterate stays where ",
        "it started, μ is the smallest positive curvature, and the minimiser is the one that the run can reach.",
    )


def _directions(data: DataResult) -> Table:
    short = len(data.columns) <= SHOWN
    columns = (
        Column(("direction",), "word"),
        Column(("",), "word"),
        Column(("singular value ", _symbol("σ", r"\sigma")), "number"),
        Column(("curvature ", _symbol("λ", r"\lambda")), "number"),
        *((Column(("right singular vector",), "number"),) if short else ()),
    )
    hidden = f"; {counted(data.hidden, 'other lies', 'others lie')} between, not named" if data.hidden else ""
    rows = tuple(_direction(direction, short) for direction in data.directions)
    return Table((f"The directions that matter{hidden}",), columns, rows)


def _direction(direction: DirectionResult, short: bool) -> tuple[Line, ...]:
    sizes: tuple[Line, ...] = ((number(direction.singular_value, 5),), (number(direction.curvature, 5),))
    vector = (numbers(direction.vector),) if short else ()
    return ((direction.name,), (direction.title or NOTHING,), *sizes, *vector)


def _compared(study: Findings) -> Paragraph:
    here = number(study.kappa.here, 5)
    return Paragraph(("All methods at the settings of the table on top; this data has κ\xa0=\xa0", here, "."))


def _making(study: Findings) -> tuple[Block, ...]:
    made: Line = (
        f"Made by convergence {study.package_version}. Every formula was derived from the update rule shown beside it; "
        "the runs step that same rule through the data, and the checks hold one against the other. ",
        *(Mono("report.json"), " holds every number of this report. To make one for data of your own:"),
    )
    command = f"convergence report --data FILE.csv --target COLUMN --loss {study.data.loss} --out FOLDER"
    return (Paragraph(made), Listing(command, "console"))
