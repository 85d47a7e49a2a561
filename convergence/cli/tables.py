"""Tables of a study for a terminal, and its verdict in a line."""

from __future__ import annotations

from typing import Any

from rich.console import Group
from rich.text import Text

from convergence import notation
from convergence.cli.console import table, titled
from convergence.document import Chapter, Study
from convergence.evidence.check import Check

PASSED = {True: Text("passed", "green"), False: Text("FAILED", "bold red"), None: Text("not made", "yellow")}
REJECTED = {True: Text("rejected", "green"), False: Text("ACCEPTED", "bold red"), None: Text("not made", "yellow")}


def answer(study: Study) -> Group:
    """The answer for the data: a row a method. It fits a terminal of eighty columns."""
    lr = "given\nlr" if any(chapter.given for chapter in study.methods) else "best\nlr"
    headings = ("method", lr, "momen-\ntum", "rate", "steps to\n99.9 %", "largest\nstable\nlr", "by\ndir.", "checks")
    title = f"{study.title}: κ = {study.problem.kappa:.5g}"
    return table(
        headings, [_answer_row(chapter) for chapter in study.methods], left=(0, 6), title=title, whole=range(1, 8)
    )


def _answer_row(chapter: Chapter) -> tuple[Any, ...]:
    found, evidence = chapter.answer, chapter.verification
    if found is None:
        return (chapter.method.title, *[""] * 5, Text("not known: see the gaps", "yellow"), "")
    method = chapter.method
    share = next((name for name in method.hyper if method.domains[name].is_share), None)
    lr = f"{found.hyper[method.rate]:.3g}" if method.rate in found.hyper else ""
    momentum = notation.text(found.hyper[share], 3) if share in found.hyper else ""
    steps = Text(found.verdict, "bold red") if found.steps is None else f"{found.steps.count:,}".replace(",", "\u00a0")
    made = [check for check in evidence.checks if check.passed is not None] if evidence is not None else []
    count = Text(f"{sum(check.passed is True for check in made)}/{len(made)}", "green" if chapter else "bold red")
    limit = f"{found.lr_max:.3g}" if found.lr_max > 0 else "none"
    binding = "all" if found.binding is None else str(found.binding + 1)
    return method.title, lr, momentum, notation.text(found.rate, 4), steps, limit, binding, count


def checks(chapter: Chapter) -> Group:
    """The checks of a method, and its controls."""
    evidence = chapter.verification
    rows = [_check_row(check) for check in (evidence.checks if evidence is not None else ())]
    for control in evidence.controls if evidence is not None else ():
        words = Text(f"fault: {control.kind}, {control.fault}", "dim")
        rows.append((words, _short(control.error), _short(control.tolerance), REJECTED[control.rejected]))
    rows += [(Text(f"{gap.part}: {gap.why}", "yellow"), "", "", PASSED[None]) for gap in chapter.gaps]
    return table(("claim", "error", "tolerance", "verdict"), rows, title=titled(chapter.method, chapter.hyper))


def _check_row(check: Check) -> tuple[Any, ...]:
    claim = check.claim if check.passed is not None else f"{check.claim} ({check.why})"
    return claim, _short(check.error), _short(check.tolerance), PASSED[check.passed]


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}" if value else "0"


def verdict(study: Study) -> Text:
    """One line when everything agrees, else what failed, and what diverges."""
    found = [
        (chapter.method.title, chapter.verification) for chapter in study.methods if chapter.verification is not None
    ]
    failed = [f"{title}: {c.claim}" for title, evidence in found for c in evidence.checks if c.passed is False]
    failed += [f"{title}: fault accepted: {c.fault}" for title, evidence in found for c in evidence.controls if not c]
    lost = [f"{c.method.title} {c.answer.verdict}" for c in study.methods if c.answer and c.answer.steps is None]
    gaps = f"; {len(study.gaps)} parts could not be made" if study.gaps else ""
    if failed:
        return Text("FAILED\n" + "\n".join([*failed, *lost]), "bold red")
    made = sum(check.passed is True for _, evidence in found for check in evidence.checks)
    faults = sum(control.rejected is True for _, evidence in found for control in evidence.controls)
    warning = f" At these settings {', '.join(lost)}." if lost else ""
    return Text(
        f"All {made} checks passed, and {faults} deliberate faults were rejected{gaps}.{warning}",
        "yellow" if lost else "green",
    )
