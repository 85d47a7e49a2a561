"""A study goes in; the words that a reader of its report needs come out."""

from __future__ import annotations

from convergence.report.phrases import LETTERS
from convergence.report.tree import Definitions, Line, Maths, Mono
from convergence.results import DataResult, Findings, Formula


def _symbol(text: str, latex: str) -> Maths:
    return Maths(Formula(text, latex))


def glossary(study: Findings) -> Definitions:
    """How to read the tables: each word, and what it means."""
    return Definitions(
        (_RATE, _KAPPA, _STABLE, _STEPS, _loss(study.data), _DIRECTION, _letters(study), _CHECK, _CONTROL)
    )


_RHO = _symbol("ρ", r"\rho")
_RATE: tuple[Line, Line] = (
    ("rate ", _RHO),
    (
        "The spectral radius of the iteration matrix, the largest over the directions: in the long run each step "
        "multiplies the error by it. The smaller, the faster.",
    ),
)
_KAPPA: tuple[Line, Line] = (
    ("condition number ", _symbol("κ", r"\kappa")),
    (
        "The largest curvature over the smallest positive one, ",
        _symbol("κ = L/μ", r"\kappa=L/\mu"),
        ". The larger, the longer and narrower the valley, and the slower every method that uses the gradient only.",
    ),
)
_STABLE: tuple[Line, Line] = (
    ("stable",),
    (_symbol("ρ < 1", r"\rho<1"), ", strictly: on the edge itself the error does not go to zero."),
)
_STEPS: tuple[Line, Line] = (
    ("steps to 99.9 %",),
    (
        "After that many steps the error ",
        _symbol("‖w − w*‖", r"\lVert w-w^\ast\rVert"),
        " is at most a thousandth of what it was at the start, and stays so.",
    ),
)
_DIRECTION: tuple[Line, Line] = (
    ("direction",),
    (
        "A right singular vector of X. Along it the loss is a parabola of its own, of curvature ",
        _symbol("λ", r"\lambda"),
        ", and the method runs there as if there were nothing else.",
    ),
)
_CHECK: tuple[Line, Line] = (
    ("check",),
    (
        "A claim of the theory held against the run on the data. It passes when the error is not larger than the "
        "tolerance, which follows from rounding and has its reason beside it. A check that could not be made says why, "
        "and is neither a pass nor a failure.",
    ),
)
_CONTROL: tuple[Line, Line] = (
    ("control",),
    ("The same kind of check with a fault put into the theory on purpose. A check worth its name rejects it.",),
)


def _loss(data: DataResult) -> tuple[Line, Line]:
    return (
        ("loss scaling",),
        (
            "Learning rates only compare between losses of the same scaling. Here the loss is ",
            Maths(data.loss_formula),
            " (",
            Mono(data.loss),
            "), so ",
            Maths(data.curvature_formula),
            "; with half of this loss the learning rates of every method that uses the gradient only would be twice as "
            "large, and the rates the same.",
        ),
    )


def _letters(study: Findings) -> tuple[Line, Line]:
    used = [LETTERS[name] for name in LETTERS if any(name in method.hyper for method in study.methods)]
    meanings: Line = (
        *(piece for word, letter in used for piece in (Maths(letter), f" {word}, ")),
        *(_symbol("σ", r"\sigma"), " singular value, ", _symbol("λ", r"\lambda"), " curvature, "),
        *(_symbol("μ", r"\mu"), " and ", _symbol("L", "L"), " the smallest positive and the largest curvature, "),
        *(_symbol("z", "z"), " the unknown of the characteristic polynomial."),
    )
    return (("letters",), meanings)
