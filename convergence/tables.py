"""A study goes in; tables for a terminal come out."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from convergence.document import Study
from convergence.evidence.check import Check
from convergence.results import MethodResult

PASSED = {True: Text("passed", "green"), False: Text("FAILED", "bold red"), None: Text("not made", "yellow")}
REJECTED = {True: Text("rejected", "green"), False: Text("ACCEPTED", "bold red"), None: Text("not made", "yellow")}


def answer(study: Study) -> Table:
    """The answer for the data: a row a method. It fits a terminal of eighty columns."""
    title = f"{study.data.title}: κ = {study.data.kappa:.5g}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    optimal = all(method.tuning.optimal for method in study.methods)
    lr = "best\nlr" if optimal else "given\nlr"
    headings = ("method", lr, "momen-\ntum", "rate", "steps to\n99.9 %", "largest\nstable lr", "set by", "checks")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("method", "set by") else "right")
    for method in study.methods:
        table.add_row(*_answer_row(method))
    return table


def _answer_row(method: MethodResult) -> tuple[Any, ...]:
    found = method.tuning
    lr, momentum = (f"{found.hyper[name]:.3g}" if name in found.hyper else "" for name in ("lr", "momentum"))
    diverges = Text("diverges", "bold red")
    steps = diverges if found.steps_predicted is None else f"{found.steps_predicted:,}".replace(",", " ")
    made = [check for check in method.checks if check.passed is not None]
    passed = all(method.checks) and all(method.controls)
    count = Text(f"{sum(check.passed is True for check in made)}/{len(made)}", "green" if passed else "bold red")
    limit = f"{found.lr_max:.3g}" if found.lr_max > 0 else "none"
    return (
        method.title,
        lr,
        momentum,
        f"{found.rate:.4g}",
        steps,
        limit,
        found.binding.replace("direction ", "dir. "),
        count,
    )


def checks(method: MethodResult) -> Table:
    """The checks of a method, and its controls."""
    settings = ", ".join(f"{name}={value:.6g}" for name, value in method.tuning.hyper.items())
    table = Table(title=f"{method.title} ({settings})", title_justify="left")
    for heading in ("claim", "error", "tolerance", "verdict"):
        table.add_column(heading, justify="left" if heading == "claim" else "right")
    for check in method.checks:
        table.add_row(*_check_row(check))
    for control in method.controls:
        words = Text(f"fault: {control.kind}, {control.fault}", "dim")
        table.add_row(words, _short(control.error), _short(control.tolerance), REJECTED[control.rejected])
    return table


def _check_row(check: Check) -> tuple[Any, ...]:
    claim = check.claim if check.passed is not None else f"{check.claim} ({check.why})"
    return claim, _short(check.error), _short(check.tolerance), PASSED[check.passed]


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}" if value else "0"


def verdict(study: Study) -> Text:
    """One line when everything agrees, else what failed."""
    failed = [f"{m.title}: {c.claim}" for m in study.methods for c in m.checks if c.passed is False]
    failed += [
        f"{m.title}: fault accepted: {c.fault}" for m in study.methods for c in m.controls if c.rejected is False
    ]
    if failed:
        return Text("FAILED\n" + "\n".join(failed), "bold red")
    made = sum(check.passed is True for m in study.methods for check in m.checks)
    faults = sum(control.rejected is True for m in study.methods for control in m.controls)
    return Text(f"All {made} checks passed, and {faults} deliberate faults were rejected.", "green")
