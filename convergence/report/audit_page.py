"""Findings go in; the page of the audit comes out: how many claims hold, then each of them, source by source."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import groupby

from convergence.auditing.claim import VERDICTS, Finding
from convergence.auditing.judging import sound, tally
from convergence.report.html import write_html
from convergence.report.latex import write_latex
from convergence.report.markdown import write_markdown
from convergence.report.phrases import anchor, counted, number
from convergence.report.tree import (
    Block,
    Bullets,
    Column,
    Definitions,
    Line,
    Link,
    Mark,
    Notice,
    Paragraph,
    Report,
    Section,
    Strong,
    Table,
    Tone,
)

TONES: dict[str, Tone] = {"proved": "good", "confirmed": "good", "refuted": "bad", "open": "quiet"}

MEANINGS: tuple[tuple[Line, Line], ...] = (
    (("proved",), ("It follows in exact arithmetic, or as an identity of formulas.",)),
    (("confirmed",), ("It holds in a computation with rounding or sampling, to the tolerance that is named.",)),
    (("refuted",), ("A counterexample was computed; what holds instead is said, and was computed too.",)),
    (("open",), ("Only a part could be decided; what is missing is named.",)),
)


def audit_files(found: Sequence[Finding], formats: Sequence[str], version: str) -> dict[str, bytes | str]:
    """The files of the audit by name: audit.md, audit.html, audit.json, audit.tex, those of them that are asked for."""
    page = audit_page(found, version)
    writers: dict[str, Callable[[], str]] = {
        "md": lambda: write_markdown(page),
        "html": lambda: write_html(page, {}),
        "json": lambda: json.dumps(audit_json(found), indent=1, ensure_ascii=False) + "\n",
        "tex": lambda: write_latex(page),
    }
    return {f"audit.{name}": write() for name, write in writers.items() if name in formats}


def audit_json(found: Sequence[Finding]) -> dict[str, object]:
    """The findings as JSON can hold them."""
    return {"counts": tally(found), "sound": sound(found), "findings": [asdict(finding) for finding in found]}


def audit_page(found: Sequence[Finding], version: str) -> Report:
    """The page as a tree for the writers."""
    sources = [(key, list(group)) for key, group in groupby(found, key=lambda finding: finding.source)]
    sections = (
        Section("The verdicts", "verdicts", (_verdict(found), _counts(sources), *_wrong(found))),
        *(Section(_title(group[0]), _place(key), _source(group)) for key, group in sources),
        Section("How to read this", "reading", (Paragraph(_how()), Definitions(MEANINGS))),
    )
    subtitle = ("Claims of course notes and papers, in our own words, decided by computation in this run.",)
    return Report("Audit of the notes and of the literature", subtitle, f"convergence {version}", sections)


def _verdict(found: Sequence[Finding]) -> Notice:
    counts = tally(found)
    words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    if not sound(found):
        failed = ", ".join(f.id for f in found if f.verdict == "refuted" and not f.checked)
        return Notice((Strong("A correction did not hold when it was computed: "), failed), "bad")
    ending = (
        f" Each of the {counts['refuted']} corrections was computed as well, and holds." if counts["refuted"] else ""
    )
    return Notice((Strong(f"{counted(len(found), 'claim')} decided: "), f"{words}.{ending}"), "good")


def _counts(sources: Sequence[tuple[str, Sequence[Finding]]]) -> Table:
    columns = (
        Column(("source",), "text"),
        Column(("claims",), "number"),
        *(Column((verdict,), "number") for verdict in VERDICTS),
    )
    return Table(("How the claims of each source stand",), columns, tuple(_row(key, group) for key, group in sources))


def _row(key: str, group: Sequence[Finding]) -> tuple[Line, ...]:
    counts = tally(group)
    numbers: list[Line] = [(number(len(group)),), *((number(count) if count else "",) for count in counts.values())]
    return ((Link(group[0].reference, _place(key)),), *numbers)


def _wrong(found: Sequence[Finding]) -> tuple[Block, ...]:
    items = tuple(_correction(finding) for finding in found if finding.verdict == "refuted")
    return (Section("What does not hold", "wrong", (Bullets(items),)),) if items else ()


def _correction(finding: Finding) -> Line:
    place = Link(_title(finding), _place(finding.source))
    return (place, f", {finding.location}: {finding.claim} ", Strong("Instead: "), finding.correction)


def _source(group: Sequence[Finding]) -> tuple[Block, ...]:
    columns = (Column(("claim",)), Column(("where",)), Column(("verdict",), "word"), Column(("what was found",)))
    rows = tuple(_finding(finding) for finding in group)
    return (Table((group[0].reference,), columns, rows),)


def _finding(finding: Finding) -> tuple[Line, ...]:
    instead: Line = (" ", Strong("Instead: "), finding.correction) if finding.correction else ()
    verdict = (Mark(finding.verdict, TONES[finding.verdict]),)
    return ((finding.claim,), (finding.location,), verdict, (finding.evidence, *instead))


def _how() -> Line:
    return (
        "Each claim is data with a procedure that computes whether it is so; an error put into a claim changes its "
        "verdict. ",
        "λ is a curvature, η a learning rate, β or μ a momentum, κ the condition number, ρ a spectral radius.",
    )


def _title(finding: Finding) -> str:
    """Of a paper its authors and year."""
    found = re.match(r".*?\b\d{4}\b", finding.reference)
    return f"Notes {finding.source}" if finding.source.isdigit() or not found else found[0]


def _place(key: str) -> str:
    return anchor("source", key)
