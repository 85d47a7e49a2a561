"""Commands on the course's material: audit, course."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import Lazy, console, writing
from convergence.cli.options import OPEN, formats, names, out
from convergence.cli.study import PASSED, page_of

if TYPE_CHECKING:
    from convergence.coursework.claim import Finding

auditing = Lazy("convergence.coursework.audit")
answers = Lazy("convergence.coursework.course")

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
    with console.working(options, "deciding the claims"):
        findings = cv.audit(*(options.source or ()))
    if options.out:
        writing.write_files(options.out, auditing.audit_files(findings, options.formats))
    rows = [(one.id, console.Text(one.verdict, STYLES[one.verdict]), _claim(one)) for one in findings]
    table = console.table(("id", "verdict", "claim, and what holds instead"), rows, left=(0, 1, 2))
    page = page_of(options, "audit") if options.out else None
    return Answer(auditing.audit_json(findings), (table, _summary(findings)), auditing.sound(findings), page)


def _claim(finding: Finding) -> Any:
    words = console.Text(f"{finding.place}\n", "dim").append(finding.claim, "not dim")
    return words.append(f"\n→ {finding.correction}", "cyan") if finding.correction else words


def _summary(findings: Sequence[Finding]) -> Any:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in auditing.tally(findings).items())
    words = f"{len(findings)} claims: {counts}."
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
    with console.working(options, "deriving the answers"):
        sheet = cv.course()
    with console.working(options, "drawing figures and writing"):
        sheet.save(options.out, options.formats, options.figure_formats)
    rows = [
        (f"({letter})", one.claim, f"{one.error:.1e}", f"{one.tolerance:.1e}", console.Text(*PASSED[bool(one)]))
        for letter, checks in sheet.checks.items()
        for one in checks
    ]
    g = sheet.plateau
    steps = (
        f"(g) every η from {g.low:.4g} to {g.high:.4g} has the rate {g.rate:.6g}.\n"
        f"    Steps to 99.9 %: {g.best.both} at η = {g.best.lr:.4g}, up to {g.counts[-1].both} at the upper end;\n"
        f"    gradient descent at its best takes {g.descent_steps}."
    )
    table = console.table(("", "check", "error", "allowed", ""), rows, left=(0, 1))
    return Answer(answers.course_json(sheet), (table, steps), bool(sheet), page_of(options, "course"))
