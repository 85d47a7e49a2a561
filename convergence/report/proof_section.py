"""What was proven of a method, and how libraries write it, goes in; those parts of the report come out."""

from __future__ import annotations

from convergence.report.phrases import NOTHING, prose
from convergence.report.tree import Block, Bullets, Column, Line, Mark, Mono, Paragraph, Table
from convergence.results import CertificateResult, LibraryResult, MethodResult


def certificates(method: MethodResult) -> tuple[Block, ...]:
    """A row for each claim."""
    if not method.certificates:
        return ()
    columns = (Column(("claim",)), Column(("verdict",), "word"), Column(("what carries the proof",)))
    rows = tuple((prose(c.claim), (_verdict(c),), prose(c.proof) or (NOTHING,)) for c in method.certificates)
    caption = "Certificates: exact or ball arithmetic, and no sampling"
    return (Table((caption,), columns, rows),)


def _verdict(found: CertificateResult) -> Mark:
    marks = {True: Mark("proven", "good"), False: Mark("REFUTED", "bad"), None: Mark("undecided", "quiet")}
    return marks[found.holds]


def libraries(method: MethodResult) -> tuple[Block, ...]:
    """How one writes these settings elsewhere."""
    if not method.libraries:
        return (Paragraph(("No library that this package knows has this method.",)),)
    return (
        Paragraph(("The same method, with these settings, is called so:",)),
        Bullets(tuple(map(_library, method.libraries))),
    )


def _library(found: LibraryResult) -> Line:
    call: Line = (Mono(found.call), f" ({found.library}): ")
    if found.same_iterates:
        return (*call, "the same iterates.")
    return (*call, "the same eigenvalues, not the same iterates: ", *prose(found.why), ".")


def diagnosis(method: MethodResult) -> tuple[Block, ...]:
    """The verdict on the settings, and what to do."""
    found = method.diagnosis
    words = Paragraph(("Diagnosis of these settings: ", *prose(found.words), "."))
    return (words, Bullets(tuple(prose(line) for line in found.advice))) if found.advice else (words,)
