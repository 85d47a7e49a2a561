"""Checks of the homework's answers: a second way to every number, which knows nothing of the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

import convergence as cv
from convergence.coursework.derivation import COURSE, DESCENT, Derivation
from convergence.coursework.on_data import SETTINGS, STEPS, DataAnswer, MethodOnData
from convergence.coursework.plateau import WITHIN, PlateauAnswer, run_steps
from convergence.crossing import evaluate
from convergence.datasets import gaussian_2d
from convergence.evidence.check import DOUBLE_ROOT, EPS, Check, compared
from convergence.numerics.counts import passed
from convergence.numerics.sampled_matrix import sampled_matrix
from convergence.numerics.search import global_search
from convergence.theory.symbols import SIGMA

Array = NDArray[np.float64]

MOMENTA, RATES = (0.1, 0.36, 0.6, 0.9), (0.01, 0.2, 1.0)
"""Where formulas are put to numbers."""

SIGMA_SQUARE = 5.0
"""The curvature there is λ = 10."""

EDGE = 1e-9
"""An edge found as the zero of a radius less 1 is known to the rounding of the radius, over its slope."""

PROBE = 1e-3
"""How far beside an end of the plateau, in parts of it, the rate is looked at."""


def rounding(steps: int) -> float:
    """Every step rounds the state relative to its largest value, some dozen operations each."""
    return 64 * EPS * steps


def checks(answer: Derivation, g: PlateauAnswer, h: DataAnswer) -> dict[str, tuple[Check, ...]]:
    """The checks by the letter of the question."""
    return {
        "a": (_rewriting(answer),),
        "b": (_matrix(answer),),
        "c": _spectrum(answer, g),
        "d": _double(answer),
        "e": (_real_edge(answer),),
        "f": (_complex_edge(answer),),
        "g": (*_plateau(g), *_counts(g)),
        "h": tuple(check for m in h.methods for check in _on_data(m)),
        "i": (_faster(h),),
    }


def _agree(kind: str, claim: str, derived: Any, seen: Any, tolerance: float, why: str) -> Check:
    """Whether all numbers are the derived ones; of several, the first stands in the table."""
    error = np.abs(np.asarray(seen) - derived).max()
    return compared(kind, claim, np.ravel(derived)[0], np.ravel(seen)[0].real, error, tolerance, why)


def _at(formula: Any, beta: float, lr: Any = 1.0, sigma: Any = SIGMA_SQUARE**0.5) -> Any:
    letters = (SIGMA, COURSE.symbols["momentum"], COURSE.symbols["lr"])
    return evaluate(letters, [formula], [sigma, beta, lr])[0]


def _sampled(beta: float, lr: float) -> Array:
    """The iteration matrix read off the rule itself, at λ = 2σ²; its state is (x, z)."""
    return sampled_matrix(COURSE, np.array(2 * SIGMA_SQUARE), {"lr": np.array(lr), "momentum": np.array(beta)})


def _radius(beta: float, lr: float) -> float:
    return float(np.abs(np.linalg.eigvals(_sampled(beta, lr))).max())


def _rewriting(answer: Derivation) -> Check:
    """(a): the run on the data, turned into the directions, obeys the two scalar equations at every step."""
    problem, settings = gaussian_2d(), SETTINGS[COURSE.name]
    run = cv.simulate(problem, COURSE, STEPS, **settings)
    pair = np.array([problem.to_directions(run.state[:, 1]), run.error])
    beta, lr = settings["momentum"], settings["lr"]
    by_direction = [_at(answer.system.matrix, beta, lr, sigma) for sigma in problem.singular_values]
    predicted = np.stack([matrix @ pair[:, :-1, k] for k, matrix in enumerate(by_direction)], axis=-1)
    largest = np.abs(pair).max(axis=(1, 2), keepdims=True)
    claim = "the notes' run, turned by Vᵀ, obeys the equations of each direction at all of its 100 steps"
    off = np.abs((predicted - pair[:, 1:]) / largest).max()
    return _agree("rewriting", claim, 0.0, off, rounding(STEPS), "relative to the largest a and x")


def _matrix(answer: Derivation) -> Check:
    """(b): the matrix is the one read off the rule, state by state."""
    pairs = [(_at(answer.system.matrix, b, lr), _sampled(b, lr)[::-1, ::-1]) for b in MOMENTA for lr in RATES]
    off = max(np.abs(derived - seen).max() / np.abs(derived).max() for derived, seen in pairs)
    claim = "R has the entries that the rule itself gives on unit states, at 12 settings"
    return _agree("matrix", claim, 0.0, off, rounding(1), "one step of the rule, rounded")


def _spectrum(answer: Derivation, g: PlateauAnswer) -> tuple[Check, ...]:
    """(c): eigenvalues identified from runs, in each regime."""
    low, high = (_at(lr, g.momentum) for lr in answer.repeated)
    regimes = {"real, small rate": low / 2, "complex": (low * high) ** 0.5, "real, large rate": high * 1.02}
    return tuple(_identified(answer, g.momentum, lr, kind) for kind, lr in regimes.items())


def _identified(answer: Derivation, beta: float, lr: float, kind: str) -> Check:
    run = cv.simulate([2 * SIGMA_SQUARE], COURSE, 60, lr=lr, momentum=beta)
    seen = cv.identify(run, order=2)
    derived = np.sort_complex(np.roots([_at(c, beta, lr) for c in answer.system.characteristic.all_coeffs()]))
    identified = np.sort_complex(seen.eigenvalues[0])
    claim = f"eigenvalues identified from a run at η = {lr:.4g} ({kind}) are the derived ones"
    size, other = (float(np.abs(roots).max()) for roots in (derived, identified))
    off, known = np.abs(derived - identified).max(), float(seen.error.max()) + rounding(1)
    why = "how well the run's rounding lets them be known"
    return compared("eigenvalues", claim, size, other, off, known, why)


def _double(answer: Derivation) -> tuple[Check, ...]:
    """(d): at both rates the matrix of the rule has one eigenvalue, of modulus √(1−β)."""

    def at(name: str, sign: int, lr: Any) -> Check:
        derived = [[sign * _at(answer.radius, b)] for b in MOMENTA]
        seen = [np.linalg.eigvals(_sampled(b, _at(lr, b))) for b in MOMENTA]
        claim = f"at the {name} rate both eigenvalues of the rule's matrix are {'−' * (sign < 0)}√(1−β)"
        return _agree("repeated", claim, derived, seen, DOUBLE_ROOT, "a double root")

    smaller, larger = answer.repeated
    return at("smaller", 1, smaller), at("larger", -1, larger)


def _real_edge(answer: Derivation) -> Check:
    """(e): the bound, found again as the zero of the radius of the rule's matrix less 1."""
    claim = "the bound for real eigenvalues is where the radius of the rule's matrix passes 1"
    return _edge(claim, answer.real, lambda beta, lr: _radius(beta, lr) - 1, "zero of a radius less 1")


def _complex_edge(answer: Derivation) -> Check:
    """(f): the largest rate with complex eigenvalues, found again as the zero of τ² − 4δ of the rule's matrix."""

    def discriminant(beta: float, lr: float) -> float:
        matrix = _sampled(beta, lr)
        return float(np.trace(matrix) ** 2 - 4 * np.linalg.det(matrix))

    return _edge(
        "complex eigenvalues end at the derived rate", answer.complex_top, discriminant, "zero of a discriminant"
    )


def _edge(claim: str, formula: Any, beyond: Callable[[float, float], float], why: str) -> Check:
    """Whether a function of (β, η) is zero at the derived rate; it is negative at η = 0.1, positive at 20."""
    derived = np.array([_at(formula, b) for b in MOMENTA])
    seen = [brentq(lambda lr, b=b: beyond(b, lr), 0.1, 20.0, xtol=1e-13) for b in MOMENTA]
    off = np.abs(seen / derived - 1).max()
    return compared("edge", claim, derived[0], seen[0], off, EDGE, why)


def _plateau(g: PlateauAnswer) -> tuple[Check, ...]:
    """(g): the rate by a blind search, the ends by probing beside them."""
    search = global_search(COURSE, np.array(g.curvatures), {"momentum": g.momentum})
    ends = np.array([[g.low * (1 + PROBE), g.high * (1 - PROBE)], [g.low * (1 - PROBE), g.high * (1 + PROBE)]])
    inside, outside = (
        [max(_radius(g.momentum, lr * lam / (2 * SIGMA_SQUARE)) for lam in g.curvatures) for lr in row] for row in ends
    )
    better = max(0.0, g.rate - search.rate)
    searched = "a blind search over the rate finds nothing better than √(1−β)"
    within = "a part in a thousand inside either end the rate is √(1−β)"
    beyond = [float(rate > g.rate + 1e-4) for rate in outside]
    return (
        compared("search", searched, g.rate, search.rate, better, DOUBLE_ROOT, "a double root"),
        _agree("plateau", within, g.rate, inside, DOUBLE_ROOT, "a double root"),
        _agree("plateau", "as far outside either end it is larger", 1.0, beyond, 0.0, "more than 1e-4 larger"),
    )


def _counts(g: PlateauAnswer) -> tuple[Check, ...]:
    """(g): the counts by runs in floats, which at the ends feel the last digit of a double."""
    between = g.counts[1:-1]
    derived = [[c.both for c in between], [c.at_rest for c in between]]
    seen = [run_steps([c.lr for c in between], at_rest=rest).max(axis=0) for rest in (False, True)]
    run = cv.simulate(list(g.curvatures), DESCENT, 2 * g.descent_steps, lr=g.descent_lr)
    plain = passed(np.abs(run.error).max(axis=1), WITHIN)
    table = "between the ends, the counts of the table are those of runs in floats, for both starts"
    descent = "a run of gradient descent at its best takes the steps computed"
    return (
        _agree("counts", table, derived, seen, 0.0, "whole numbers"),
        _agree("counts", descent, g.descent_steps, plain or -1, 0.0, "whole numbers"),
    )


def _on_data(m: MethodOnData) -> tuple[Check, ...]:
    """(h): every iterate against the closed form, and the rates measured from the run."""
    iterates = f"{m.title}: the errors of all {STEPS} steps are the predicted ones"
    rate = "{}, direction {}: the rate identified from the run is the derived one"
    why = "how well the run's rounding lets it be known"
    return (
        _agree("iterates", iterates, 0.0, m.disagreement, rounding(STEPS), "relative to the largest"),
        *(
            _agree("rate", rate.format(m.title, k + 1), m.radius[k], m.measured[k], m.doubt[k] + rounding(1), why)
            for k in (0, 1)
        ),
    )


def _faster(h: DataAnswer) -> Check:
    """(i): of the runs on the data, the winner's has less loss above the minimum left, from step 50 to the last."""
    (loser,) = (m for m in h.methods if m is not h.winner)
    ratio = float((h.winner.gap[50:] / loser.gap[50:]).max())
    claim = f"{h.winner.title} has the smaller loss at each of the last {STEPS - 49} steps of the runs"
    return compared("winner", claim, 0.0, ratio, ratio, 1.0, "the ratio of the losses above the minimum is below 1")
