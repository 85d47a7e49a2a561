"""A study goes in; its answer comes out: who is fast, which learning rates are safe, and whether all checks passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convergence.report.method_section import method_anchor
from convergence.report.phrases import (
    IS,
    NOTHING,
    capital,
    counted,
    counted_steps,
    joined,
    letter,
    number,
    numbers,
    setting,
    steps,
)
from convergence.report.tree import (
    Block,
    Bullets,
    Column,
    Inline,
    Line,
    Link,
    Mark,
    Maths,
    Notice,
    Paragraph,
    Strong,
    Table,
)
from convergence.results import DirectionResult, Findings, Formula, MethodResult

USUAL = ("lr", "momentum")
"""Hyperparameters that have a column of their own in the table of answers."""

_RHO = Formula("ρ", r"\rho")
_KAPPA = Formula("κ", r"\kappa")
_LAMBDA = Formula("λ", r"\lambda")


def answer(study: Findings) -> tuple[Block, ...]:
    """What a reader came for: the verdict, a sentence or two, one table."""
    return (
        *verdicts(study),
        Paragraph(in_words(study)),
        answer_table(study.methods),
        *_fixed(study.methods),
        *_elsewhere(study.methods),
    )


def verdicts(study: Findings) -> tuple[Block, ...]:
    """That all checks passed, or loudly which did not."""
    failures = [*_failed_checks(study.methods), *_accepted_faults(study.methods)]
    if failures:
        summary = (Strong(f"FAILED: {counted(len(failures), 'claim')} of this report did not hold. "), _evidence(study))
        return (Notice(summary, "bad"), Bullets(tuple(failures)))
    if not any(check.passed for method in study.methods for check in method.checks):
        return (Notice((Strong("Nothing was checked: "), _evidence(study)), "bad"),)
    return (Notice((Strong("All checks passed: "), _evidence(study)), "good"),)


def _evidence(study: Findings) -> str:
    checks = [check.passed for method in study.methods for check in method.checks]
    controls = [control.rejected for method in study.methods for control in method.controls]
    made = len(checks) - checks.count(None)
    left = f" ({checks.count(None)} more could not be made)" if None in checks else ""
    tried = len(controls) - controls.count(None)
    faults = f", and {controls.count(True)} of {counted(tried, 'deliberate fault')} in the theory were rejected"
    return f"{checks.count(True)} of {counted(made, 'check')}{left}{faults if tried else ''}."


def _failed_checks(methods: Sequence[MethodResult]) -> Iterable[Line]:
    for method in methods:
        for check in method.checks:
            if not check:
                sizes: Line = ("error ", number(check.error, 2), " where ", number(check.tolerance, 2), " is allowed")
                yield (Mark("FAILED ", "bad"), _title(method), f": {check.claim} (", *sizes, ")")


def _accepted_faults(methods: Sequence[MethodResult]) -> Iterable[Line]:
    for method in methods:
        for control in method.controls:
            if not control:
                mark = Mark("NOT REJECTED ", "bad")
                yield (mark, _title(method), f": {control.fault}, a deliberate fault, went unnoticed")


def _title(method: MethodResult) -> Link:
    return Link(capital(method.title), method_anchor(method))


def in_words(study: Findings) -> Line:
    """The condition of the data, the fastest method, the slow direction."""
    data = study.data
    condition = ("On this data ", Maths(_KAPPA), IS, number(data.kappa, 5), ". ")
    return (*condition, *_diverging(study.methods), *_fastest(study.methods), *_slowest(data.directions))


def _diverging(methods: Sequence[MethodResult]) -> Line:
    """Which methods diverge at the settings given, and how far these are beyond the bound."""
    words: list[Inline] = []
    for method in methods:
        found = method.tuning
        lr = found.hyper.get("lr")
        if found.steps_predicted is None and lr is not None and 0 < found.lr_max < lr:
            times = ("its learning rate is ", number(lr / found.lr_max, 3), " times the largest stable one. ")
            words += [_title(method), " ", Strong("diverges"), ": ", *times]
        elif found.steps_predicted is None:
            words += [_title(method), " ", Strong("does not converge"), " at these settings. "]
    return tuple(words)


def _fastest(methods: Sequence[MethodResult]) -> Line:
    plain = [method for method in methods if not _uses_hessian(method) and _comparable(method)]
    newton = [method for method in methods if _uses_hessian(method) and method.tuning.steps_predicted is not None]
    ranked = sorted((m for m in plain if m.tuning.steps_predicted is not None), key=_steps)
    if not ranked and len(newton) < len(methods):
        return () if not newton else _needed(newton, "")
    if not ranked:
        return _needed(newton, "") if newton else ("No method comes within 99.9 % of the solution at these settings. ",)
    best = [method for method in ranked if _steps(method) == _steps(ranked[0])]
    names = joined([(_title(method),) for method in best[:3]], last=" and " if len(best) <= 3 else ", ")
    more = f" and {len(best) - 3} more" if len(best) > 3 else ""
    kind = "Of the methods that use the gradient only, the" if newton else "The"
    verb = "is" if len(best) == 1 else "are"
    words: Line = (f"{kind} fastest {verb} ", *names, more, ": ", _count(best[0]), *_against(ranked, best), ". ")
    return tuple(piece for piece in words if piece) + _needed(newton, ", which solves with the Hessian,")


def _comparable(method: MethodResult) -> bool:
    """Whether its steps lead to the minimiser, and no check of it failed: only such methods are ranked."""
    return method.theory.rest is None and all(method.checks)


def _against(ranked: Sequence[MethodResult], best: Sequence[MethodResult]) -> Line:
    plain = [method for method in ranked if method.name == "gradient_descent"] or [ranked[-1]]
    return () if plain[0] in best else (" against ", _count(plain[0]), " for ", _title(plain[0]))


def _needed(methods: Sequence[MethodResult], clause: str) -> Line:
    return tuple(piece for m in methods for piece in (_title(m), f"{clause} needs ", _count(m), ". "))


def _uses_hessian(method: MethodResult) -> bool:
    return ".solve(" in method.rule


def _steps(method: MethodResult) -> int:
    return method.tuning.steps_predicted or 0


def _count(method: MethodResult) -> Strong:
    return Strong(counted(_steps(method), "step"))


def _slowest(directions: Sequence[DirectionResult]) -> Line:
    curved = [direction for direction in directions if direction.curvature > 0]
    if len(curved) < 2 or curved[0].curvature == curved[-1].curvature:
        return ()
    steep, flat = curved[0], curved[-1]
    return (
        f"{capital(flat.name)}, the flattest (",
        *(Maths(_LAMBDA), IS, number(flat.curvature, 5), "), is the slow one while the learning rate is small; "),
        f"{steep.name}, the steepest (",
        *(Maths(_LAMBDA), IS, number(steep.curvature, 5), "), is the one that bounds it for gradient descent."),
    )


def answer_table(methods: Sequence[MethodResult]) -> Table:
    """A row for each method."""
    names = [name for name in USUAL if any(name in method.tuning.hyper for method in methods)]
    rest = any(_others(method) for method in methods)
    flat = any(method.tuning.plateau for method in methods)
    columns = (
        Column(("method",), "word"),
        *(Column(setting(name), "number") for name in names),
        *((Column(("others",), "text"),) if rest else ()),
        *((Column(("equally good learning rates",), "number"),) if flat else ()),
        Column(("rate ", Maths(_RHO)), "number"),
        Column(("steps, predicted",), "number"),
        Column(("steps, counted",), "number"),
        Column(("largest stable learning rate",), "number"),
        Column(("set by",), "word"),
        Column(("checks passed",), "word"),
    )
    rows = tuple(_row(method, names, rest, flat) for method in methods)
    kind = "best" if all(method.tuning.optimal for method in methods) else "given"
    caption = (f"The {kind} settings on this data, how fast they are, and where they would diverge",)
    return Table(caption, columns, rows)


def _others(method: MethodResult) -> Line:
    """The hyperparameters that few methods have, where they are not zero."""
    others = [(name, value) for name, value in method.tuning.hyper.items() if name not in USUAL and value]
    return joined([(letter(name), IS, number(value)) for name, value in others])


def _row(method: MethodResult, names: Sequence[str], rest: bool, flat: bool) -> tuple[Line, ...]:
    tuning = method.tuning
    plateau: Line = numbers(tuning.plateau) if tuning.plateau else (NOTHING,)
    return (
        (_title(method), *(() if tuning.optimal else (" (settings given)",))),
        *((number(tuning.hyper.get(name)),) for name in names),
        *((_others(method) or (NOTHING,),) if rest else ()),
        *((plateau,) if flat else ()),
        (number(tuning.rate),),
        (steps(tuning.steps_predicted),),
        (counted_steps(tuning),),
        (number(tuning.lr_max),),
        (tuning.binding or NOTHING,),
        _tally(method),
    )


def _tally(method: MethodResult) -> Line:
    made = [check for check in method.checks if check.passed is not None]
    passed = sum(map(bool, made))
    left = len(method.checks) - len(made)
    rest: Line = (f" ({left} not made)",) if left else ()
    count: Inline = Mark(f"{passed}/{len(made)}", "good" if made else "quiet")
    return (count if passed == len(made) else Mark(f"{passed}/{len(made)} FAILED", "bad"), *rest)


def _elsewhere(methods: Sequence[MethodResult]) -> tuple[Block, ...]:
    """Which methods do not lead to the minimiser."""
    moved = [(_title(method),) for method in methods if method.theory.rest is not None]
    if not moved:
        return ()
    rest = "rest at ridge points: their" if len(moved) > 1 else "rests at a ridge point: its"
    return (Paragraph((*joined(moved, last=" and "), f" {rest} steps lead there, and not to the minimiser.")),)


def _fixed(methods: Sequence[MethodResult]) -> tuple[Block, ...]:
    given = [(_title(method),) for method in methods if not method.tuning.optimal]
    if not given:
        return ()
    return (Paragraph(("The settings of ", *joined(given, last=" and "), " were given, and are not the optimum.")),)
