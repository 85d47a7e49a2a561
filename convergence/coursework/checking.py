"""Checks of the homework's answers: a second way to every number, which knows nothing of the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convergence.coursework.counting import float_steps
from convergence.coursework.derivation import Derivation, course_method, descent_method
from convergence.coursework.on_data import SETTINGS, STEPS, DataAnswer
from convergence.coursework.plateau import PlateauAnswer
from convergence.crossing import evaluate
from convergence.datasets import gaussian_2d
from convergence.evidence.check import Check, compared
from convergence.numerics.identification import identify
from convergence.numerics.runs import simulate
from convergence.numerics.sampled import sampled_matrix
from convergence.numerics.search import global_search, sampled_rate
from convergence.problem import LeastSquares
from convergence.theory.symbols import SIGMA

EPS = float(np.finfo(float).eps)

MOMENTA = (0.1, 0.36, 0.6, 0.9)
"""Where formulas in β are put to numbers; σ² is 5 there, so λ = 10."""

SIGMA_SQUARE = 5.0

LETTERS = course_method().symbols

BISECTIONS = 60


def rounding(steps: int) -> float:
    """Every step rounds the state relative to its largest value, some dozen operations each."""
    return 64 * EPS * steps


def edge() -> float:
    """An edge found by bisecting a radius against 1 is known to the rounding of the radius, over its slope."""
    return 1e-9


def double_root() -> float:
    """A double eigenvalue moves by the root of what its matrix moves."""
    return float(8 * EPS**0.5)


def checks(found: Derivation, g: PlateauAnswer, h: DataAnswer) -> dict[str, tuple[Check, ...]]:
    """The checks by the letter of the question."""
    return {
        "a": (rewriting(found),),
        "b": (powers(found),),
        "c": tuple(spectrum(found, g)),
        "d": tuple(double(found)),
        "e": (real_edge(found),),
        "f": (complex_edge(found),),
        "g": tuple(flat(g)),
        "h": tuple(data(h)),
        "i": (faster(h),),
    }


def _at(formula: Any, beta: float, lr: float = 1.0) -> float:
    letters = (SIGMA, LETTERS["momentum"], LETTERS["lr"])
    (value,) = evaluate(letters, [formula], [SIGMA_SQUARE**0.5, beta, lr])
    return float(value)


def _sampled(beta: float, lr: float) -> np.ndarray:
    """The iteration matrix read off the rule itself, at λ = 2σ²."""
    return sampled_matrix(course_method(), np.array(2 * SIGMA_SQUARE), {"lr": np.array(lr), "momentum": np.array(beta)})


def rewriting(found: Derivation) -> Check:
    """(a): the run on the data, turned into the directions, obeys the two scalar equations at every step."""
    problem, settings = gaussian_2d(), SETTINGS["ema_momentum"]
    run = simulate(problem, course_method(), STEPS, **settings)
    a, x = problem.to_directions(run.state[:, 1]), run.error
    letters = (SIGMA, LETTERS["lr"], LETTERS["momentum"])
    values = [problem.singular_values, settings["lr"], settings["momentum"]]
    (aa, ax, xa, xx) = evaluate(letters, list(found.system.matrix), values)
    off = [np.abs(a[1:] - (aa * a[:-1] + ax * x[:-1])).max() / np.abs(a).max()]
    off += [np.abs(x[1:] - (xa * a[:-1] + xx * x[:-1])).max() / np.abs(x).max()]
    claim = "the notes' run, turned by Vᵀ, obeys the equations of each direction at all of its 100 steps"
    return compared("rewriting", claim, 0.0, max(off), max(off), rounding(STEPS), "relative to the largest a and x")


def powers(found: Derivation) -> Check:
    """(b): the matrix is the one read off the rule, state by state."""
    off = 0.0
    for beta in MOMENTA:
        for lr in (0.01, 0.2, 1.0):
            derived = np.array(
                [[_at(entry, beta, lr) for entry in row] for row in found.system.order(("x", "z")).matrix.tolist()]
            )
            off = max(off, float(np.abs(derived - _sampled(beta, lr)).max() / np.abs(derived).max()))
    claim = "R has the entries that the rule itself gives on unit states, at 12 settings"
    return compared("matrix", claim, 0.0, off, off, rounding(1), "one step of the rule, rounded")


def spectrum(found: Derivation, g: PlateauAnswer) -> list[Check]:
    """(c): eigenvalues identified from runs, in each regime."""
    low, high = (_at(lr, g.momentum) for lr in found.repeated)
    return [
        _identified(found, g.momentum, lr, kind)
        for kind, lr in (
            ("real, small rate", low / 2),
            ("complex", (low * high) ** 0.5),
            ("real, large rate", high * 1.02),
        )
    ]


def _identified(found: Derivation, beta: float, lr: float, kind: str) -> Check:
    problem = LeastSquares(np.array([[SIGMA_SQUARE**0.5]]), np.array([SIGMA_SQUARE**0.5]))
    seen = identify(simulate(problem, course_method(), 60, lr=lr, momentum=beta), order=2)
    derived = np.sort_complex(np.roots([_at(c, beta, lr) for c in found.system.characteristic.all_coeffs()]))
    off = float(np.abs(np.sort_complex(seen.eigenvalues[0]) - derived).max())
    claim = f"eigenvalues identified from a run at η = {lr:.4g} ({kind}) are the derived ones"
    sizes = (float(np.abs(derived).max()), float(np.abs(seen.eigenvalues[0]).max()))
    why = "how well the run's rounding lets them be known"
    return compared("eigenvalues", claim, *sizes, off, float(seen.error.max()) + rounding(1), why)


def double(found: Derivation) -> list[Check]:
    """(d): at both rates the matrix of the rule has one eigenvalue, of modulus √(1−β)."""
    made = []
    for name, lr in zip(("smaller", "larger"), found.repeated, strict=True):
        sizes = [(_at(found.radius, b), _spread(b, _at(lr, b))) for b in MOMENTA]
        off = max(max(abs(r - size), apart) for r, (size, apart) in sizes)
        claim = f"at the {name} rate both eigenvalues of the rule's matrix have the modulus √(1−β)"
        made.append(compared("repeated", claim, sizes[0][0], sizes[0][1][0], off, double_root(), "a double root"))
    return made


def _spread(beta: float, lr: float) -> tuple[float, float]:
    """The largest modulus, and how far the two eigenvalues lie apart."""
    roots = np.linalg.eigvals(_sampled(beta, lr))
    return float(np.abs(roots).max()), float(abs(roots[0] - roots[1]))


def real_edge(found: Derivation) -> Check:
    """(e): the bound, found again by bisecting the radius of the rule's matrix against 1."""
    pairs = [(_at(found.real, b), _bisected(_unstable(b), 20.0)) for b in MOMENTA]
    off = max(abs(seen / derived - 1) for derived, seen in pairs)
    claim = "the bound for real eigenvalues is where the radius of the rule's matrix passes 1"
    return compared("edge", claim, *pairs[0], off, edge(), "bisection of a radius")


def complex_edge(found: Derivation) -> Check:
    """(f): the largest rate with complex eigenvalues, found again by bisecting the sign of τ² − 4δ of the rule's matrix."""
    pairs = [(_at(found.complex_top, b), _bisected(_real(b), 20.0)) for b in MOMENTA]
    off = max(abs(seen / derived - 1) for derived, seen in pairs)
    claim = "complex eigenvalues end at the derived rate"
    return compared("edge", claim, *pairs[0], off, edge(), "bisection of a discriminant")


def _unstable(beta: float) -> Callable[[float], bool]:
    """Whether the radius of the rule's matrix exceeds 1 at a rate."""

    def beyond(lr: float) -> bool:
        settings = {"lr": np.array([lr]), "momentum": np.array([beta])}
        return bool(sampled_rate(course_method(), np.array([2 * SIGMA_SQUARE]), settings)[0] > 1)

    return beyond


def _real(beta: float) -> Callable[[float], bool]:
    """Whether the eigenvalues of the rule's matrix are real at a rate."""

    def beyond(lr: float) -> bool:
        matrix = _sampled(beta, lr)
        return bool(np.trace(matrix) ** 2 >= 4 * np.linalg.det(matrix))

    return beyond


def _bisected(beyond: Callable[[float], bool], high: float) -> float:
    """The rate at which a property begins to hold."""
    low = 0.1
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return low


def flat(g: PlateauAnswer) -> list[Check]:
    """(g): the rate by a blind search, the ends by probing beside them, the counts by a run in floats."""
    curvatures = np.array(g.curvatures)
    search = global_search(course_method(), curvatures, {"momentum": g.momentum})
    ends = [g.low * 0.999, g.low * 1.001, g.high * 0.999, g.high * 1.001]
    inside = [_rate(curvatures, lr, g.momentum) - g.rate for lr in ends]
    counted, resting = (
        float_steps([c.lr for c in g.counts[1:-1]], g.momentum, g.curvatures, at_rest=rest).max(axis=0)
        for rest in (False, True)
    )
    off = max(
        abs(c.both - seen) + abs(c.at_rest - rest)
        for c, seen, rest in zip(g.counts[1:-1], counted, resting, strict=True)
    )
    own = LeastSquares(np.diag((curvatures / 2) ** 0.5), (curvatures / 2) ** 0.5)
    plain = _counted(own, g)
    return [
        compared(
            "search",
            "a blind search over the rate finds nothing better than √(1−β)",
            g.rate,
            search.rate,
            max(0.0, g.rate - search.rate),
            double_root(),
            "a double root",
        ),
        compared(
            "plateau",
            "a part in a thousand inside either end the rate is √(1−β)",
            g.rate,
            g.rate + inside[1],
            max(abs(inside[1]), abs(inside[2])),
            double_root(),
            "a double root",
        ),
        compared(
            "plateau",
            "as far outside either end it is larger",
            1.0,
            float(min(inside[0], inside[3]) > 1e-4),
            float(min(inside[0], inside[3]) <= 1e-4),
            0.0,
            "more than 1e-4 larger",
        ),
        compared(
            "counts",
            "between the ends, the exact counts of the table are those of runs in floats, for both starts",
            g.counts[1].both,
            counted[0],
            off,
            0.0,
            "whole numbers",
        ),
        compared(
            "counts",
            "a run of gradient descent at its best takes the steps computed",
            g.descent_steps,
            plain,
            abs(plain - g.descent_steps),
            0.0,
            "whole numbers",
        ),
    ]


def _rate(curvatures: np.ndarray, lr: float, beta: float) -> float:
    return float(sampled_rate(course_method(), curvatures, {"lr": np.array([lr]), "momentum": np.array([beta])})[0])


def _counted(problem: LeastSquares, g: PlateauAnswer) -> int:
    run = simulate(problem, descent_method(), 2 * g.descent_steps, lr=g.descent_lr)
    outside = np.abs(run.error).max(axis=1) > np.abs(run.error[0]).max() / 1000
    return int(np.nonzero(outside)[0][-1]) + 1


def data(h: DataAnswer) -> list[Check]:
    """(h): every iterate against the closed form, and the rates measured from the runs."""
    made = []
    for m in h.methods:
        claim = f"{m.title}: the errors of all {STEPS} steps are the predicted ones"
        made.append(
            compared("iterates", claim, 0.0, m.disagreement, m.disagreement, rounding(STEPS), "relative to the largest")
        )
        for k in (0, 1):
            claim = f"{m.title}, direction {k + 1}: the rate identified from the run is the derived one"
            off = abs(m.radius[k] - m.measured[k])
            why = "how well the run's rounding lets it be known"
            made.append(compared("rate", claim, m.radius[k], m.measured[k], off, m.doubt[k] + rounding(1), why))
    return made


def faster(h: DataAnswer) -> Check:
    """(i): of the runs on the data, the winner's has less loss above the minimum left, from step 50 to the last."""
    loser = next(m for m in h.methods if m is not h.winner)
    ratio = max(one / other for one, other in zip(h.winner.gap[50:], loser.gap[50:], strict=True))
    claim = f"{h.winner.title} has the smaller loss at each of the last {STEPS - 49} steps of the runs"
    return compared("winner", claim, 0.0, ratio, ratio, 1.0, "the ratio of the losses above the minimum is below 1")
