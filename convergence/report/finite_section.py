"""What a method does in finitely many steps goes in; the part of the report that shows it comes out."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from convergence.report.phrases import IS, NOTHING, counted, joined, letter, number, steps
from convergence.report.tree import Block, Column, Line, Maths, Notice, Paragraph, Strong, Table
from convergence.results import BestForResult, FiniteResult, Formula, HorizonResult, MethodResult

GROWN = 2.0
"""An error that grows to this many times the first one before it falls is worth a warning."""

_KAPPA = Formula("‖Aᵏ‖", r"\lVert A^k\rVert")


def finite(method: MethodResult) -> tuple[Block, ...]:
    """Worst cases, the limit, the transient, and the settings for a short run."""
    found = method.finite
    if found is None:
        return (
            Paragraph(
                (
                    "The error of this method is not its first error times a number that depends on the curvature alone, "
                    "so there is no worst case over curvatures to give.",
                )
            ),
        )
    return (
        *_warning(found),
        _horizons(found.horizons),
        Paragraph(_limit(found)),
        Paragraph(_transient(found)),
        *_short(found),
    )


def _warning(found: FiniteResult) -> tuple[Block, ...]:
    if found.peak < GROWN:
        return ()
    grows: Line = (
        "with these settings the error can grow to ",
        number(found.peak, 3),
        " times the first one (at step ",
    )
    after: Line = (number(found.peak_step), ") before it falls. The rate does not show it; the steps to 99.9 % do.")
    return (Notice((Strong("A large transient: "), *grows, *after), "bad"),)


def _horizons(horizons: Sequence[HorizonResult]) -> Table:
    columns = (
        Column(("steps",), "number"),
        Column(("worst case",), "number"),
        Column(("at the curvature",), "number"),
        Column(("limit of all first-order methods",), "number"),
        Column(("share of the limit",), "number"),
        Column(("expected on this spectrum",), "number"),
    )
    rows = tuple(
        (
            (number(h.steps),),
            (number(h.worst, 4),),
            (number(h.curvature, 4),),
            (number(h.limit, 4),),
            (share(h.share),),
            _expected(h),
        )
        for h in horizons
    )
    return Table(
        ("The error after k steps, in parts of the first, in the worst case over [μ, L] and on average",), columns, rows
    )


def _expected(found: HorizonResult) -> Line:
    """The root of the expected square; that underflows long before the worst case does."""
    if found.average == 0 and found.worst > 0:
        return ("below 10⁻¹⁵⁰",)
    return (number(found.average**0.5 if isfinite(found.average) else found.average, 4),)


def share(value: float | None) -> str:
    """A share of the limit in per cent; a negative one is worse than standing still."""
    if value is None:
        return NOTHING
    return f"{100 * value:.3g} %" if value > -0.01 else "none: worse than the start"


def _limit(found: FiniteResult) -> Line:
    said: Line = ("In the worst case it comes within 99.9 % of the solution in ", steps(found.steps), " steps.")
    if found.share is None:
        return said
    return (
        *said,
        " In the long run it reaches ",
        share(found.share),
        " of the rate that no first-order method can beat.",
    )


def _transient(found: FiniteResult) -> Line:
    strays = found.transient
    if strays.peak == 1:
        return ("No power of the iteration matrix is larger than 1 in norm: nothing grows on the way.",)
    return (
        f"In the method's own state the powers of the iteration matrix stray farthest in {strays.direction}: ",
        *(
            Maths(_KAPPA),
            " reaches ",
            number(strays.peak),
            " at step ",
            number(strays.step),
            "; the Kreiss constant is ",
        ),
        *(number(strays.kreiss), ", the departure from normality ", number(strays.departure), "."),
    )


def _short(found: FiniteResult) -> tuple[Block, ...]:
    best = found.best_for
    if best is None:
        return ()
    return (Paragraph(_better(best)),)


def _better(best: BestForResult) -> Line:
    if best.value >= best.here * (1 - 1e-6):
        return (f"For {counted(best.steps, 'step')} no other settings have a smaller worst case.",)
    settings = joined([(letter(name), IS, number(value, 5)) for name, value in best.hyper.items()])
    sizes: Line = (
        " leave ",
        number(best.value, 3),
        " of the error in the worst case, where those above leave ",
        number(best.here, 3),
    )
    return (f"For {counted(best.steps, 'step')} other settings are better: ", *settings, *sizes, ".")
