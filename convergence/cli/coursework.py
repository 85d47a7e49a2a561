"""Commands on the course's material: audit, course."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, lazily, names, option
from convergence.cli.options import OPEN, formats, out
from convergence.cli.study import page_of

if TYPE_CHECKING:
    from convergence.coursework.claim import Finding
    from convergence.coursework.plateau import PlateauAnswer
    from convergence.evidence.check import Check

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
writing = lazily("convergence.writing")
auditing = lazily("convergence.coursework.audit")
claim = lazily("convergence.coursework.claim")
answers = lazily("convergence.coursework.course")
pages = lazily("convergence.pages")

STYLES = {"proved": "green", "confirmed": "green", "refuted": "bold red", "open": "yellow", "answered": "cyan"}


@command(
    "audit",
    "decide the claims of the course notes and of papers, by machine",
    option("--source", metavar="A,B", type=names, help="only these sources: 004, 001, 003, 002, 000, goh-2017, …"),
    out(None, "write audit.md, audit.html and audit.json there as well"),
    formats("--formats", ["md", "html", "json"], "md,html,json,tex"),
    OPEN,
    example="convergence audit --source 004 --out convergence-audit",
)
def audit(options: Namespace) -> Answer:
    pages.require_formats(options.formats, auditing.FORMATS)
    with console.working(options, "deciding the claims"):
        findings = cv.audit(*(options.source or ()))
    page = None
    if options.out:
        writing.write_files(options.out, auditing.audit_files(findings, options.formats))
        page = page_of(options.out, "audit", options.formats)
    shown = (_findings(findings), _summary(findings))
    return Answer(auditing.audit_json(findings), shown, auditing.sound(findings), page)


def _findings(found: Sequence[Finding]) -> Any:
    rows = []
    for finding in found:
        words = console.Text(f"{finding.place}\n", "dim").append(finding.claim, "not dim")
        if finding.correction:
            words.append(f"\n→ {finding.correction}", "cyan")
        rows.append((finding.id, console.Text(finding.verdict, STYLES[finding.verdict]), words))
    return console.table(("id", "verdict", "claim, and what holds instead"), rows, left=(0, 1, 2))


def _summary(findings: Sequence[Finding]) -> Any:
    counts = auditing.tally(findings)
    words = f"{len(findings)} claims: {', '.join(f'{counts[verdict]} {verdict}' for verdict in claim.VERDICTS)}."
    if auditing.sound(findings):
        return console.Text(f"{words} Every correction went through the same decision, and holds.", "green")
    failed = ", ".join(finding.id for finding in findings if not auditing.sound([finding]))
    return console.Text(f"{words} Controls that do not hold: {failed}", "bold red")


@command(
    "course",
    "write the answer sheet to the course's homework, every formula derived",
    out("convergence-course"),
    formats("--formats", ["md", "html", "tex", "json"], "md,html,tex,json"),
    formats("--figure-formats", ["svg"], "svg,png,pdf"),
    OPEN,
    example="convergence course --open",
)
def course(options: Namespace) -> Answer:
    arguments.require_folder(options.out)
    with console.working(options, "deriving the answers"):
        found = cv.course()
    with console.working(options, "drawing figures and writing"):
        found.save(options.out, options.formats, options.figure_formats)
    page = page_of(options.out, "course", options.formats)
    return Answer(answers.course_json(found), (_checks(found.checks), _steps(found.plateau)), bool(found), page)


def _steps(g: PlateauAnswer) -> str:
    return (
        f"(g) every η from {g.low:.4g} to {g.high:.4g} has the rate {g.rate:.6g}.\n"
        f"    Steps to 99.9 %: {g.best.both} at η = {g.best.lr:.4g}, up to {g.counts[-1].both} at the upper end;\n"
        f"    gradient descent at its best takes {g.descent_steps}."
    )


def _checks(made: Mapping[str, tuple[Check, ...]]) -> Any:
    marks = {True: console.Text("passed", "green"), False: console.Text("FAILED", "bold red")}
    rows = [
        (f"({letter})", check.claim, f"{check.error:.1e}", f"{check.tolerance:.1e}", marks[bool(check)])
        for letter, checks in made.items()
        for check in checks
    ]
    return console.table(("", "check", "error", "allowed", ""), rows, left=(0, 1))
