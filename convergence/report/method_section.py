"""What a study found of one method goes in; the section of the report that shows it comes out."""

from __future__ import annotations

from collections.abc import Sequence

from convergence.evidence.check import Check, Control
from convergence.report.finite_section import finite
from convergence.report.phrases import (
    IS,
    NOTHING,
    anchor,
    capital,
    counted,
    counted_steps,
    joined,
    letter,
    maths,
    number,
    numbers,
    prose,
    rejection,
    setting,
    steps,
    verdict,
)
from convergence.report.proof_section import certificates, diagnosis, libraries
from convergence.report.tree import (
    Block,
    Bullets,
    Column,
    Display,
    Figure,
    Line,
    Listing,
    Maths,
    Mono,
    Notice,
    Paragraph,
    Section,
    Strong,
    Table,
)
from convergence.results import Formula, MethodResult, PieceResult, RunResult, TheoryResult, TuningResult

_LAMBDA = Formula("λ", r"\lambda")
_SIGMA = Formula("σ", r"\sigma")
_RHO = Formula("ρ", r"\rho")


def method_section(method: MethodResult, figures: Sequence[Figure]) -> Section:
    """Rule, dynamics, stability, optimum, finitely many steps, libraries, pictures, evidence."""
    here = method_anchor(method)
    parts = (
        Section("Rule", f"{here}-rule", _rule(method)),
        Section("Dynamics along one direction", f"{here}-dynamics", _dynamics(method)),
        Section("Stability", f"{here}-stability", _stability(method)),
        Section("Optimum", f"{here}-optimum", (*_optimum(method), *diagnosis(method))),
        Section("Finitely many steps", f"{here}-finite", finite(method)),
        Section("In libraries", f"{here}-libraries", libraries(method)),
        *([Section("Pictures", f"{here}-pictures", tuple(figures))] if figures else []),
        Section("Evidence", f"{here}-evidence", (*certificates(method), _checks(method), *_controls(method.controls))),
    )
    return Section(capital(method.title), here, parts)


def method_anchor(method: MethodResult) -> str:
    """Where in the report a method stands."""
    return anchor("method", method.name)


def _rule(method: MethodResult) -> tuple[Block, ...]:
    first, *more = [" ".join(part.split()) for part in method.doc.split("\n\n") if part.strip()] or [""]
    paragraphs = tuple(Paragraph(prose(text)) for text in (first, *more) if text)
    return (*paragraphs, Listing(method.rule.rstrip("\n"), "python"))


def _dynamics(method: MethodResult) -> tuple[Block, ...]:
    theory = method.theory
    state = joined([(Mono(name),) for name in theory.state])
    how = "" if theory.linear else "The rule is not linear; this is its linearisation at the minimiser. "
    ticking = (
        "The matrix changes with the clock ",
        *joined([(Mono(c),) for c in theory.clock]),
        "; this is its limit. ",
    )
    intro = (
        f"{how}Per direction, one step multiplies the deviation of the state (",
        *state,
        ") from rest by this matrix. ",
        *(ticking if theory.clock else ()),
    )
    blocks: list[Block] = [
        Paragraph(intro),
        *((Display(("Where the position rests, in parts of the minimiser",), (theory.rest,)),) if theory.rest else ()),
        Display(("Iteration matrix, in the curvature ", Maths(_LAMBDA)), (theory.matrix,)),
        Display(("Iteration matrix, in the singular value ", Maths(_SIGMA)), (theory.matrix_sigma,)),
        Display(("Characteristic polynomial",), (theory.characteristic,)),
    ]
    if theory.eigenvalues:
        blocks.append(Display(("Eigenvalues" if len(theory.eigenvalues) > 1 else "Eigenvalue",), theory.eigenvalues))
    if len(theory.state) > 1:
        blocks.append(Display(("Discriminant: negative where eigenvalues are complex",), (theory.discriminant,)))
    return (*blocks, *_regimes(theory), *_notes(theory))


def _regimes(theory: TheoryResult) -> tuple[Block, ...]:
    columns = (
        Column(("eigenvalues",), "word"),
        Column(("where",), "formula"),
        Column(("largest stable learning rate of this kind",), "formula"),
    )
    rows = tuple(((r.kind,), maths(r.where), maths(r.largest)) for r in theory.regimes)
    return (Table(("Damping regimes",), columns, rows),) if rows else ()


def _notes(theory: TheoryResult) -> tuple[Block, ...]:
    return (Bullets(tuple(prose(note) for note in theory.notes)),) if theory.notes else ()


def _stability(method: MethodResult) -> tuple[Block, ...]:
    theory, tuning = method.theory, method.tuning
    blocks: list[Block] = []
    if theory.conditions:
        blocks.append(Display(("Stable (spectral radius below 1, strictly) exactly where",), theory.conditions))
    if theory.lr_max:
        blocks.append(Display(("Largest stable learning rate",), (theory.lr_max,)))
    else:
        blocks.append(
            Paragraph(("The largest stable learning rate has no short closed form; it was solved numerically.",))
        )
    others = [(letter(name), IS, number(value)) for name, value in tuning.hyper.items() if name != "lr"]
    given = (" (at ", *joined(others), ")") if others else ()
    here = ("On this data: ", number(tuning.lr_max, 5), *given, ", set by ", tuning.binding or "no direction", ".")
    return (*blocks, Paragraph(here))


def _optimum(method: MethodResult) -> tuple[Block, ...]:
    pieces, tuning = method.theory.optimum, method.tuning
    if not pieces:
        none = Paragraph(("There is no closed form of the optimum; it was solved numerically.",))
        return (none, _tuning(tuning), _outcome(method.run))
    return (_pieces(pieces), _tuning(tuning), _outcome(method.run))


def _pieces(pieces: Sequence[PieceResult]) -> Table:
    names = tuple(dict.fromkeys(name for piece in pieces for name in piece.hyper))
    when = any(piece.condition for piece in pieces)
    flat = any(piece.plateau for piece in pieces)
    columns = (
        *((Column(("where",), "formula"),) if when else ()),
        *(Column(setting(name), "formula") for name in names),
        Column(("rate ", Maths(_RHO)), "formula"),
        *((Column(("equally good learning rates",), "formula"),) if flat else ()),
    )
    rows = tuple(
        (
            *((maths(piece.condition) if piece.condition else ("always",),) if when else ()),
            *(maths(piece.hyper.get(name)) for name in names),
            maths(piece.rate),
            *((maths(piece.plateau),) if flat else ()),
        )
        for piece in pieces
    )
    return Table(("The settings of the smallest rate over curvatures from μ to L",), columns, rows)


def _tuning(tuning: TuningResult) -> Paragraph:
    used = joined([(letter(name), IS, number(value, 5)) for name, value in tuning.hyper.items()])
    kind = "the optimum is" if tuning.optimal else "the settings given (not the optimum) are"
    flat = (", where every learning rate in ", *numbers(tuning.plateau, 5), " is as good") if tuning.plateau else ()
    predicted, seen = steps(tuning.steps_predicted), counted_steps(tuning)
    rate = ("; rate ", Maths(_RHO), IS, number(tuning.rate, 5))
    return Paragraph(
        (
            f"On this data {kind} ",
            *used,
            *flat,
            *rate,
            "; steps to 99.9 %: ",
            predicted,
            " predicted, ",
            seen,
            " counted.",
        )
    )


def _outcome(run: RunResult) -> Paragraph:
    if run.diverged is not None:
        return Paragraph((Strong("The run diverged: "), "its numbers overflowed at step ", number(run.diverged), "."))
    return Paragraph(("After ", number(run.step[-1]), " steps of the run the loss is ", number(run.final_loss, 7), "."))


def checks_in_words(checks: Sequence[Check]) -> str:
    """ "3 of 4 checks passed, 1 could not be made": of those that were made."""
    made = [check for check in checks if check.passed is not None]
    left = len(checks) - len(made)
    rest = f", {left} could not be made" if left else ""
    return f"{sum(map(bool, made))} of {counted(len(made), 'check')} passed{rest}"


def _checks(method: MethodResult) -> Block:
    if not method.checks:
        return Notice(("No check was made of this method.",), "quiet")
    columns = (
        Column(("claim",)),
        Column(("predicted",), "number"),
        Column(("observed",), "number"),
        Column(("error",), "number"),
        Column(("tolerance",), "number"),
        Column(("why this tolerance, or why not made",)),
        Column(("verdict",), "word"),
    )
    failed = not all(method.checks)
    caption = f"Checks: {checks_in_words(method.checks)}"
    return Table((caption,), columns, tuple(map(_check, method.checks)), folded=not failed)


def _check(check: Check) -> tuple[Line, ...]:
    return (
        prose(check.claim),
        (number(check.predicted, 5),),
        (number(check.observed, 5),),
        (number(check.error, 2),),
        (number(check.tolerance, 2),),
        prose(check.why) or (NOTHING,),
        (verdict(check.passed),),
    )


def _controls(controls: Sequence[Control]) -> tuple[Block, ...]:
    if not controls:
        return ()
    columns = (
        Column(("kind of check",), "word"),
        Column(("fault put into the theory",)),
        Column(("error",), "number"),
        Column(("tolerance",), "number"),
        Column(("verdict",), "word"),
    )
    rejected = sum(control.rejected is True for control in controls)
    tried = [control for control in controls if control.rejected is not None]
    caption = f"Controls: {rejected} of {counted(len(tried), 'deliberate fault')} rejected"
    return (Table((caption,), columns, tuple(map(_control, controls)), folded=all(controls)),)


def _control(control: Control) -> tuple[Line, ...]:
    return (
        (control.kind,),
        prose(control.fault),
        (number(control.error, 2),),
        (number(control.tolerance, 2),),
        (rejection(control.rejected),),
    )
