"""Published statements on Nesterov's method, its relatives and weight decay, with the procedures that decide them."""

from __future__ import annotations

from typing import Any

import sympy as sp

from convergence.auditing.claim import Ruling, closely, exactly, published
from convergence.auditing.formulas import (
    LR,
    MOMENTUM,
    catalogue,
    function,
    in_root_kappa,
    same,
    same_spectrum,
    short,
    text,
)
from convergence.auditing.papers import (
    COHEN,
    DONOGHUE,
    LESSARD,
    LOSHCHILOV,
    MA,
    NESTEROV_2004,
    SUTSKEVER,
)
from convergence.auditing.rules import quasi_hyperbolic
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.optimum import best
from convergence.theory.rate import worst_rate
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, LARGEST, MU, Z, symbol

BALL, NESTEROV = catalogue("heavy_ball"), catalogue("nesterov")
K = sp.sqrt(LARGEST / MU)
STANDARD = {"lr": 1 / LARGEST, "momentum": (K - 1) / (K + 1)}


def _bound(method: Method) -> Any:
    """The largest stable learning rate, as a formula in λ and β."""
    return region(method).lr_max


@published(
    LESSARD,
    "lessard-standard",
    "Proposition 1",
    "Nesterov's standard tuning has the rate 1 − 1/√κ on quadratics.",
    power=sp.Rational(-1, 2),
)
def standard(power: sp.Rational) -> Ruling:
    rate = _standard_rate()
    kappa = LARGEST / MU
    is_it = function(lambda p: _same_over_kappa(rate, 1 - kappa**p))
    evidence = (
        "The larger radius of both ends of [μ, L], derived from the rule, at κ = 4, 30, 1000; tolerance 1e-20 "
        "(double eigenvalues)."
    )
    return closely(is_it(power), evidence, "It is 1 − 1/√κ.", is_it(sp.Rational(-1, 2)))


def _standard_rate() -> sp.Expr:
    return worst_rate(dynamics(NESTEROV)).subs({symbol(name): value for name, value in STANDARD.items()})


def _same_over_kappa(one: sp.Expr, other: sp.Expr) -> bool:
    points = [{MU: 1, LARGEST: kappa} for kappa in (4, 30, 1000)]
    return all(abs((one - other).subs(point).evalf(50)) < sp.Float(10) ** -20 for point in points)


@published(LESSARD, "lessard-optimal", "Proposition 1", "Nesterov's best rate on quadratics is 1 − 2/√(3κ+1).", three=3)
def optimal(three: int) -> Ruling:
    rate = best(NESTEROV, {}).rate
    is_it = function(lambda c: same(rate, 1 - 2 / sp.sqrt(c * LARGEST / MU + 1)))
    return exactly(is_it(three), f"Derived: {text(rate)}.", "It is 1 − 2/√(3κ+1).", is_it(3))


@published(
    NESTEROV_2004,
    "standard-best",
    "scheme (2.2.11)",
    "The constant-step scheme, η = 1/L and β = (√κ−1)/(√κ+1), is the fastest tuning on quadratics.",
    lr="1/L",
)
def standard_best(lr: str) -> Ruling:
    better = best(NESTEROV, {})
    k = sp.Symbol("k", positive=True)
    tuned, usual = in_root_kappa(better.rate), 1 - 1 / k
    gap = sp.factor(4 * k**2 - (3 * k**2 + 1))  # (2/√(3k²+1))² > (1/k)² where this is positive
    wins = bool(gap.subs(k, 1 + sp.Symbol("s", positive=True)).expand().is_positive) and same(
        tuned, 1 - 2 / sp.sqrt(3 * k**2 + 1)
    )
    rates = [float(usual.subs(k, 10)), float(tuned.subs(k, 10))]
    evidence = (
        f"At κ = 100 it has the rate {short(rates[0])}; η = 4/(3L+μ) has {short(rates[1])}. 4κ > 3κ + 1 for every κ "
        "> 1."
    )
    correction = "The fastest is η = 4/(3L+μ), β = (√(3κ+1)−2)/(√(3κ+1)+2), rate 1 − 2/√(3κ+1)."
    holds = not wins if lr == "1/L" else wins
    return exactly(holds, evidence, correction, wins, standard=rates[0], best=rates[1])


@published(
    DONOGHUE,
    "donoghue-candes",
    "§3",
    "At η = 1/L the smallest curvature is critically damped at β = (1−√q)/(1+√q), q = μ/L.",
    sign=-1,
)
def donoghue(sign: int) -> Ruling:
    root = sp.Symbol("r", positive=True)  # √q
    discriminant = sp.discriminant(dynamics(NESTEROV).characteristic.as_expr(), Z).subs(
        {LR: 1 / LARGEST, CURVATURE: root**2 * LARGEST}
    )
    is_it = function(lambda s: same(discriminant.subs(MOMENTUM, (1 + s * root) / (1 - s * root)), 0) and s < 0)
    return exactly(
        is_it(sign),
        "The discriminant of the derived polynomial vanishes there; the other root exceeds 1.",
        "It is (1−√q)/(1+√q).",
        is_it(-1),
    )


@published(COHEN, "cohen-nesterov", "eq. 1", "Nesterov's momentum is stable while λ < (2/η)·(1+β)/(1+2β).", two=2)
def cohen(two: int) -> Ruling:
    is_it = function(lambda c: same(_bound(NESTEROV) * CURVATURE, 2 * (1 + MOMENTUM) / (1 + c * MOMENTUM)))
    return exactly(is_it(two), "Derived (Schur–Cohn).", "It is (2/η)(1+β)/(1+2β).", is_it(2))


@published(
    SUTSKEVER,
    "sutskever",
    "Theorem 2.1",
    "Along λ, Nesterov's method is momentum with β(1 − ηλ) in the place of β.",
    scale=1,
)
def sutskever(scale: int) -> Ruling:
    swapped = function(lambda c: {"momentum": MOMENTUM * (1 - c * LR * CURVATURE)})
    is_it = function(lambda c: same_spectrum(NESTEROV, BALL, **swapped(c)))
    return exactly(is_it(scale), "The characteristic polynomials are the same.", "It is β(1 − ηλ).", is_it(1))


@published(
    MA, "qhm-nesterov", "table of special cases", "QHM with ν = β is Nesterov's method at the rate (1−β)η.", nu="beta"
)
def qhm(nu: str) -> Ruling:
    values = {"beta": MOMENTUM, "1": sp.Integer(1)}
    poly = function(lambda v: dynamics(quasi_hyperbolic).characteristic.as_expr().subs(symbol("nu"), values[v]))
    target = dynamics(catalogue("torch_sgd_nesterov")).characteristic.as_expr().subs(LR, (1 - MOMENTUM) * LR)
    is_it = function(lambda v: same(poly(v), target))
    return exactly(is_it(nu), "The characteristic polynomials are the same.", "It is, with ν = β.", is_it("beta"))


@published(
    LOSHCHILOV,
    "weight-decay",
    "Proposition 1",
    "For SGD, decoupled weight decay λ is L2 regularisation with λ/η.",
    power=1,
)
def decay(power: int) -> Ruling:
    x, g, eta, lam = sp.symbols("x g eta lam")
    decoupled = (1 - lam) * x - eta * g
    is_it = function(lambda p: same(x - eta * (g + lam / eta**p * x), decoupled))
    return exactly(is_it(power), "One step, in letters.", "It is λ/η.", is_it(1))


@published(
    LOSHCHILOV,
    "weight-decay-adaptive",
    "Proposition 2",
    "With a preconditioner that is no multiple of 1, no L2 weight does the same.",
    equal_rates=False,
)
def decay_adaptive(equal_rates: bool) -> Ruling:
    x, y, eta, lam, l2 = sp.symbols("x y eta lam l2", positive=True)
    scales = (1, 1) if equal_rates else (1, 2)
    equations = [eta * s * l2 * w - lam * w for s, w in zip(scales, (x, y), strict=True)]
    none = sp.solve(equations, [l2], dict=True) == []
    evidence = "Steps in two coordinates with the scales 1 and 2: η·1·l = λ and η·2·l = λ have no common solution l."
    right = sp.solve([eta * l2 * x - lam * x, 2 * eta * l2 * y - lam * y], [l2], dict=True) == []
    return exactly(none, evidence, "With equal scales there is one: λ/η; with unequal ones none.", right)
