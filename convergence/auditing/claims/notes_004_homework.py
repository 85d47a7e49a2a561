"""Course notes 004 on learning rates and in their homework: what they claim or take for granted, and what decides it."""

from __future__ import annotations

import numpy as np
import sympy as sp

from convergence.auditing.claim import Ruling, claim, closely, exactly
from convergence.auditing.claims.notes_004 import SOURCE
from convergence.auditing.formulas import LR, MOMENTUM, ROOT, catalogue, function, same, same_in_root, short, text
from convergence.datasets import gaussian_2d
from convergence.numerics.radius import spectral_radius
from convergence.numerics.runs import simulate
from convergence.theory.dynamics import dynamics
from convergence.theory.optimum import best
from convergence.theory.regimes import damping
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, LARGEST, MU, Z

__all__ = ["SOURCE"]

DESCENT, COURSE = catalogue("gradient_descent"), catalogue("ema_momentum")

DOUBLE = 4 * float(np.finfo(float).eps) ** 0.5
"""A double eigenvalue is known to the root of machine epsilon."""


@claim(
    "004-best-lr",
    "text",
    "Gradient descent on least squares is fastest at the rate that maximises the rate factor.",
    sense="max",
)
def best_rate(sense: str) -> Ruling:
    tuned = best(DESCENT, {})
    rate, lr = tuned.rate, tuned.hyper["lr"]
    small, large = (1 - LR * MU, LR * LARGEST - 1)
    minimal = same(small.subs(LR, lr), rate) and same(large.subs(LR, lr), rate)  # one falls in η, the other grows
    here = tuned.at(mu=gaussian_2d().mu, L=gaussian_2d().L)
    half = float(spectral_radius(DESCENT, gaussian_2d().curvatures, over="spectrum", lr=here.hyper["lr"] / 2))
    evidence = (
        "The factor is max(1 − ημ, ηL − 1): the first falls with η, the second grows, and they cross at η = "
        "2/(μ+L). On the data "
        f"it is {short(here.rate)} there and {short(half)} at half that rate."
    )
    correction = "The best rate minimises the factor: η = 2/(μ+L) = 1/(σ²max + σ²min), factor (κ−1)/(κ+1)."
    grows = half > here.rate
    return exactly(
        minimal and (sense == "min") == grows, evidence, correction, minimal and grows, best=here.rate, half=half
    )


@claim(
    "004-one-best-lr",
    "text",
    "Least squares has one best learning rate for gradient descent: 2/(μ+L), in μ and L.",
    numerator=2,
)
def one_best(numerator: int) -> Ruling:
    found = best(DESCENT, {})
    holds = same(found.hyper["lr"], numerator / (MU + LARGEST)) and found.plateau is None
    evidence = f"Derived from the rule: η = {text(found.hyper['lr'])}, rate {text(found.rate)}, no plateau."
    return exactly(
        holds, evidence, "It is 2/(μ+L) with μ, L = 2σ²min, 2σ²max.", same(found.hyper["lr"], 2 / (MU + LARGEST))
    )


@claim(
    "004-larger-lr", "text", "Momentum (the notes' average) makes a larger learning rate safe.", method="ema_momentum"
)
def larger(method: str) -> Ruling:
    return _larger(method)


@claim(
    "004-larger-lr-ball",
    "text, read for v ← βv + g",
    "Momentum makes a larger learning rate safe.",
    method="heavy_ball",
)
def larger_ball(method: str) -> Ruling:
    return _larger(method)


@claim(
    "004-larger-lr-nesterov",
    "text, read for Nesterov's momentum",
    "Momentum makes a larger learning rate safe.",
    method="nesterov",
)
def larger_nesterov(method: str) -> Ruling:
    return _larger(method)


def _larger(name: str) -> Ruling:
    """The sign, for every β in (0, 1), of the largest stable rate less that of gradient descent."""
    bound = region(catalogue(name)).lr_max
    s = sp.Symbol("s", positive=True)
    more = sp.factor(sp.cancel((bound * CURVATURE - 2).subs(MOMENTUM, s / (1 + s))))
    at = float((bound * CURVATURE).subs(MOMENTUM, sp.Rational(9, 10)))
    text = {"ema_momentum": "2(2−β)/(βλ)", "heavy_ball": "2(1+β)/λ", "nesterov": "2(1+β)/((1+2β)λ)"}[name]
    evidence = (
        f"The largest stable rate is {text}, against 2/λ for gradient descent: {short(at)}/λ at β = 0.9; for every "
        "β in (0, 1)."
    )
    correction = "Nesterov's momentum makes it smaller: 2(1+β)/((1+2β)λ), down to (4/3)/λ as β → 1."
    return exactly(bool(more.is_positive), evidence, correction, bool(more.is_negative), at_nine_tenths=at)


@claim(
    "004-b-matrix",
    "homework (b)",
    "Per direction the pair (a, x) is multiplied by one 2×2 matrix, the same at every step.",
    state=2,
)
def matrix(state: int) -> Ruling:
    derived = dynamics(COURSE)
    evidence = f"Derived from the rule: {text(derived.order(('z', 'x')).matrix.tolist())}."
    return exactly(
        derived.linear and len(derived.state) == state, evidence, "The state has two entries.", len(derived.state) == 2
    )


@claim(
    "004-d-repeated", "homework (d), as asked", "With repeated eigenvalues, stability is a condition on β.", needed=True
)
def repeated(needed: bool) -> Ruling:
    found, derived = damping(COURSE), dynamics(COURSE)
    assert found.repeated is not None
    radius = sp.sqrt(1 - MOMENTUM)
    double = [sp.Rational(1, 2) * -derived.characteristic.all_coeffs()[1].subs(LR, lr) for lr in found.repeated]
    size = all(same_in_root(value**2, radius**2, 1 - ROOT**2) for value in double)
    evidence = "At both rates that give them the double eigenvalue is ±√(1−β), below 1 in size for every β in (0, 1]."
    return exactly(needed != size, evidence, "No condition: they are stable for every β in (0, 1].", size)


@claim("004-d-largest", "homework (d)", "There is a largest learning rate with repeated eigenvalues.", sign=1)
def largest_repeated(sign: int) -> Ruling:
    found = damping(COURSE).largest_stable["repeated"]
    root = sp.sqrt(1 - MOMENTUM)
    is_it = function(lambda s: same_in_root(found, (1 + s * root) ** 2 / (MOMENTUM * CURVATURE), 1 - ROOT**2))
    evidence = "η = (1 + √(1−β))²/(βλ): derived from the discriminant."
    return exactly(is_it(sign), evidence, "It is (1 + √(1−β))²/(βλ), the larger of the two.", is_it(1))


@claim("004-e-real", "homework (e)", "With real eigenvalues the learning rate has an upper bound.", bound="2(2−β)/(βλ)")
def real(bound: str) -> Ruling:
    formulas = {"2(2−β)/(βλ)": 2 * (2 - MOMENTUM), "2(1+β)/(βλ)": 2 * (1 + MOMENTUM)}
    found = damping(COURSE).largest_stable["real"]
    is_it = function(lambda name: same(found, formulas[name] / (MOMENTUM * CURVATURE)))
    return exactly(
        is_it(bound),
        "Derived: η < 2(2−β)/(βλ), the edge of the stable region.",
        "It is 2(2−β)/(βλ).",
        is_it("2(2−β)/(βλ)"),
    )


@claim(
    "004-f-complex",
    "homework (f), as asked",
    "With complex eigenvalues, stability is a condition on the rate.",
    needed=True,
)
def turning(needed: bool) -> Ruling:
    determinant = dynamics(COURSE).characteristic.all_coeffs()[2]
    free = same(determinant, 1 - MOMENTUM)
    evidence = (
        "Their modulus is √(1−β), from the determinant 1−β, whatever the rate: they end before they are unstable."
    )
    return exactly(
        needed != free, evidence, "No bound of its own: complex eigenvalues are stable whenever they are complex.", free
    )


@claim(
    "004-g-one-rate",
    "homework (g), as asked",
    "At β = 0.1, σ² from 0.05 to 5, one learning rate is the best.",
    single=True,
)
def plateau(single: bool) -> Ruling:
    tuned = best(COURSE, {"momentum": sp.Rational(1, 10)}).at(mu=0.1, L=10.0)
    low, high = tuned.plateau or (tuned.hyper["lr"],) * 2
    flat = np.linspace(low, high, 2001)
    rates = spectral_radius(COURSE, np.array([0.1, 10.0]), over="spectrum", lr=flat, momentum=0.1)
    level = bool(np.ptp(rates) < DOUBLE) and high > low
    evidence = (
        f"The rate is √0.9 = {short(tuned.rate, 6)} for every η from {short(low)} to {short(high)}: 2001 rates "
        "there differ by "
        f"less than {short(DOUBLE, 1)}, four times the root of machine epsilon (at the ends the eigenvalue is double)."
    )
    correction = (
        f"A plateau of rates is best: {short(low)} ≤ η ≤ {short(high)}; the number of steps still differs on it."
    )
    return closely(single != level, evidence, correction, level, low=low, high=high, rate=tuned.rate)


@claim(
    "004-h-faster",
    "homework (h)",
    "At 1e-4 one dimension converges faster, for both methods: the one with the larger σ.",
    faster=1,
)
def faster(faster: int) -> Ruling:
    problem = gaussian_2d()
    radii = {
        "gradient descent": spectral_radius(DESCENT, problem.curvatures, lr=1e-4),
        "momentum": spectral_radius(COURSE, problem.curvatures, lr=1e-4, momentum=0.6),
    }
    runs = [simulate(problem, DESCENT, 60, lr=1e-4), simulate(problem, COURSE, 60, lr=1e-4, momentum=0.6)]
    left = [np.abs(run.error[60] / run.error[0]) for run in runs]
    which = {int(np.argmin(r)) + 1 for r in (*radii.values(), *left)}
    evidence = "; ".join(f"{name}: ρ = {short(r[0])} and {short(r[1])}" for name, r in radii.items())
    return closely(which == {faster}, f"{evidence}; 60 steps of the runs agree.", "The first is faster.", which == {1})


@claim("004-beta-one", "homework, convention", "At β = 1 the homework's rule is gradient descent.", beta=1)
def at_one(beta: int) -> Ruling:
    plain = Z * dynamics(DESCENT).characteristic.as_expr()
    is_it = function(lambda b: same(dynamics(COURSE).characteristic.as_expr().subs(MOMENTUM, b), plain))
    return exactly(
        is_it(beta), "At β = 1 the eigenvalues are 1 − ηλ and 0; at β = 0 nothing is learned.", "It is β = 1.", is_it(1)
    )
