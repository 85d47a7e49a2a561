"""The commands on the course's material: the audit of its claims, the answer sheet to its homework."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from convergence.coursework.audit import FORMATS, audit_files, audit_json, sound, tally
from convergence.coursework.audit import audit as decide
from convergence.coursework.claim import VERDICTS, Finding
from convergence.coursework.course import course as answer
from convergence.coursework.course import course_json
from convergence.coursework.plateau import PlateauAnswer
from convergence.evidence.check import Check
from convergence.pages import require_formats
from convergence.terminal.console import OUT, print_json, working
from convergence.writing import write_files

STYLES = {"proved": "green", "confirmed": "green", "refuted": "bold red", "open": "yellow", "answered": "cyan"}


def audit(options: Namespace) -> int:
    """Print the verdict on every claim; 1 where a correction did not hold when it was computed."""
    require_formats(options.formats, FORMATS)
    with working("deciding the claims"):
        found = decide(*(options.source or ()))
    if options.out:
        write_files(options.out, audit_files(found, options.formats))
    if options.json:
        print_json(audit_json(found))
        return 0 if sound(found) else 1
    OUT.print(_findings(found))
    OUT.print(_summary(found))
    if options.out:
        OUT.print(f"audit: {options.out}/audit.{options.formats[0] if 'html' not in options.formats else 'html'}")
    return 0 if sound(found) else 1


def _findings(found: Sequence[Finding]) -> Table:
    table = Table(
        "id", "verdict", "claim, and what holds instead", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    table.columns[0].overflow, table.columns[0].max_width = "fold", 18
    for finding in found:
        words = Text(f"{finding.place}\n", "dim").append(finding.claim, "not dim")
        if finding.correction:
            words.append(f"\n→ {finding.correction}", "cyan")
        table.add_row(finding.id, Text(finding.verdict, STYLES[finding.verdict]), words)
    return table


def _summary(found: Sequence[Finding]) -> Text:
    counts = tally(found)
    words = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
    if sound(found):
        return Text(
            f"{len(found)} claims: {words}. Every correction went through the same decision, and holds.", "green"
        )
    failed = ", ".join(finding.id for finding in found if not sound([finding]))
    return Text(f"{len(found)} claims: {words}. Controls that do not hold: {failed}", "bold red")


def course(options: Namespace) -> int:
    """Write the answer sheet and print its checks; 1 where one failed."""
    with working("deriving the answers"):
        found = answer()
    with working("drawing figures and writing"):
        found.save(options.out, options.formats, options.figure_formats)
    if options.json:
        print_json(course_json(found))
        return 0 if found else 1
    OUT.print(_checks(found.checks))
    OUT.print(_steps(found.plateau))
    OUT.print(f"course: {options.out}/course.{options.formats[0] if 'html' not in options.formats else 'html'}")
    return 0 if found else 1


def _steps(g: PlateauAnswer) -> str:
    return (
        f"(g) every η from {g.low:.4g} to {g.high:.4g} has the rate {g.rate:.6g}.\n"
        f"    Steps to 99.9 %: {g.best.both} at η = {g.best.lr:.4g}, up to {g.counts[-1].both} at the upper end;\n"
        f"    gradient descent at its best takes {g.descent_steps}."
    )


def _checks(made: Mapping[str, tuple[Check, ...]]) -> Table:
    table = Table("", "check", "error", "allowed", "", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for letter, group in made.items():
        for check in group:
            mark = Text("passed", "green") if check else Text("FAILED", "bold red")
            table.add_row(f"({letter})", check.claim, f"{check.error:.1e}", f"{check.tolerance:.1e}", mark)
    return table


COMMANDS = {"audit": audit, "course": course}
