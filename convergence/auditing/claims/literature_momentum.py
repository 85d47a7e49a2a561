"""Published statements on gradient descent and the heavy ball along quadratics, with the procedures that decide them."""

from __future__ import annotations

from typing import Any

import sympy as sp

from convergence.auditing.claim import Ruling, exactly, published
from convergence.auditing.formulas import (
    LR,
    MOMENTUM,
    ROOT,
    catalogue,
    function,
    in_root_kappa,
    same,
    same_in_root,
    short,
    text,
)
from convergence.auditing.papers import (
    GOH,
    GOODFELLOW,
    POLYAK,
    QIAN,
    YELLOWFIN,
)
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.optimum import best
from convergence.theory.regimes import damping
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, LARGEST, MU, Z

BALL, DESCENT = catalogue("heavy_ball"), catalogue("gradient_descent")


def _bound(method: Method) -> Any:
    """The largest stable learning rate, as a formula in λ and β."""
    return region(method).lr_max


@published(POLYAK, "polyak-1964", "Theorem 9", "The heavy ball's best rate on quadratics is (√κ−1)/(√κ+1).", exponent=1)
def polyak(exponent: int) -> Ruling:
    rate = in_root_kappa(best(BALL, {}).rate)
    k = sp.Symbol("k", positive=True)
    is_it = function(lambda n: same(rate, ((k - 1) / (k + 1)) ** n))
    return exactly(is_it(exponent), f"Derived: {text(best(BALL, {}).rate)}.", "It is (√κ−1)/(√κ+1).", is_it(1))


@published(
    GOH,
    "goh-descent",
    "'Choosing a step-size'",
    "Gradient descent is best at 2/(λ₁+λₙ), with the rate (κ−1)/(κ+1).",
    numerator=2,
)
def goh_descent(numerator: int) -> Ruling:
    found = best(DESCENT, {})
    is_it = function(
        lambda n: same(found.hyper["lr"], n / (MU + LARGEST)) and same(found.rate, (LARGEST - MU) / (LARGEST + MU))
    )
    return exactly(is_it(numerator), "Derived from the rule.", "It is 2/(λ₁+λₙ).", is_it(2))


@published(
    GOH,
    "goh-loss",
    "'Decomposing the error'; see its repository, issue 98",
    "For f = ½wᵀAw − bᵀw, gradient descent has f(wᵏ) − f(w*) = Σ(1−αλᵢ)²ᵏ λᵢ xᵢ².",
    factor=1,
)
def goh_loss(factor: sp.Rational) -> Ruling:
    a, l1, l2, x1, x2, w1, w2 = sp.symbols("alpha l1 l2 x1 x2 w1 w2", positive=True)
    f = function(lambda w: (l1 * w[0] ** 2 + l2 * w[1] ** 2) / 2 - l1 * w1 * w[0] - l2 * w2 * w[1])
    path = (w1 + x1, w2 + x2)
    for _ in range(2):
        path = (path[0] - a * l1 * (path[0] - w1), path[1] - a * l2 * (path[1] - w2))
    total = sum((1 - a * lam) ** 4 * lam * x**2 for lam, x in ((l1, x1), (l2, x2)))
    gap = sp.expand(f(path) - f((w1, w2)))
    is_it = function(lambda c: bool(sp.expand(gap - c * total) == 0))
    evidence = "Two steps in two directions, in letters: the difference is half of the sum."
    return exactly(is_it(factor), evidence, "A factor ½ stands before the sum.", is_it(sp.Rational(1, 2)))


@published(
    GOH, "goh-range", "'The dynamics of momentum'", "Momentum converges for 0 < αλ < 2 + 2β, 0 ≤ β < 1.", slope=2
)
def goh_range(slope: int) -> Ruling:
    bound = _bound(BALL)
    is_it = function(lambda s: same(bound * CURVATURE, 2 + s * MOMENTUM))
    return exactly(is_it(slope), "Derived (Schur–Cohn): β < 1, η < 2(1+β)/λ.", "It is 2 + 2β.", is_it(2))


@published(
    GOH,
    "goh-twice",
    "'The dynamics of momentum'",
    "Momentum allows steps up to twice as large before diverging.",
    times=2,
)
def goh_twice(times: int) -> Ruling:
    factor = sp.simplify(_bound(BALL) / _bound(DESCENT))
    top = sp.limit(factor, MOMENTUM, 1, "-")
    evidence = (
        f"The factor is {text(factor)}: {short(factor.subs(MOMENTUM, 0.9))} at β = 0.9, with the supremum {top} as "
        "β → 1, not attained."
    )
    return exactly(top == times, evidence, "It is 1 + β, below 2.", top == 2)


@published(
    GOH, "goh-critical", "'The critical damping coefficient'", "Critical damping along λ is β = (1 − √(αλ))².", sign=-1
)
def goh_critical(sign: int) -> Ruling:
    a = LR * CURVATURE
    discriminant = sp.discriminant(dynamics(BALL).characteristic.as_expr(), Z)
    is_it = function(lambda s: bool(sp.expand(discriminant.subs(MOMENTUM, sp.expand((1 + s * sp.sqrt(a)) ** 2))) == 0))
    slower = bool(sp.Rational(4, 9) < (1 + sp.sqrt(sp.Rational(1, 9))) ** 2)
    evidence = (
        "The discriminant vanishes at β = (1 ∓ √(αλ))²; only the smaller is below 1, with the radius |1 − √(αλ)|."
    )
    return exactly(
        is_it(sign) and sign < 0, evidence, "It is (1 − √(αλ))²; the other root exceeds 1.", is_it(-1) and slower
    )


@published(
    GOH,
    "goh-complex",
    "'The dynamics of momentum'",
    "With complex eigenvalues the rate is √β, whatever the step.",
    power=sp.Rational(1, 2),
)
def goh_complex(power: sp.Rational) -> Ruling:
    determinant = dynamics(BALL).characteristic.all_coeffs()[2]
    is_it = function(lambda p: same(sp.sqrt(determinant), MOMENTUM**p))
    return exactly(
        is_it(power),
        f"Conjugate eigenvalues have the product {text(determinant)}.",
        "It is √β.",
        is_it(sp.Rational(1, 2)),
    )


@published(
    GOH, "goh-optimum", "'Optimal parameters'", "Best are α = (2/(√λ₁+√λₙ))², β = ((√λₙ−√λ₁)/(√λₙ+√λ₁))².", power=2
)
def goh_optimum(power: int) -> Ruling:
    found, (low, high) = best(BALL, {}), (sp.sqrt(MU), sp.sqrt(LARGEST))
    lr = same(found.hyper["lr"], 4 / (low + high) ** 2)
    is_it = function(lambda p: lr and same(found.hyper["momentum"], ((high - low) / (high + low)) ** p))
    return exactly(is_it(power), "Derived from the rule.", "β is the square of the rate.", is_it(2))


@published(YELLOWFIN, "yellowfin", "Lemma 3", "For (1−√β)² ≤ ηλ ≤ (1+√β)² the radius is √β.", low=-1)
def yellowfin(low: int) -> Ruling:
    found = damping(BALL).repeated
    assert found is not None
    root = sp.sqrt(MOMENTUM)
    is_it = function(
        lambda s: all(
            same_in_root(lr * CURVATURE, (1 + t * root) ** 2, ROOT**2) for lr, t in zip(found, (s, 1), strict=True)
        )
    )
    evidence = "Derived: the eigenvalues are double at both ends and complex between, with the product β."
    return exactly(is_it(low), evidence, "It is so from (1−√β)² on.", is_it(-1))


@published(
    QIAN,
    "qian",
    "Neural Networks 12",
    "The momentum term can increase the range of stable learning rates.",
    increases=True,
)
def qian(increases: bool) -> Ruling:
    more = sp.factor((_bound(BALL) - _bound(DESCENT)) * CURVATURE)
    holds = bool(more.subs(MOMENTUM, sp.Symbol("b", positive=True)).is_positive)
    return exactly(increases == holds, f"2(1+β)/λ − 2/λ = {text(more)}/λ, positive for β > 0.", "It does.", holds)


@published(
    GOODFELLOW,
    "terminal",
    "§8.3.2",
    "Under a constant gradient momentum β moves 1/(1−β) times as fast as gradient descent.",
    power=1,
)
def terminal(power: int) -> Ruling:
    v, g = sp.symbols("v g")
    (level,) = sp.solve(sp.Eq(v, MOMENTUM * v + g), v)
    z = 1 - LR * CURVATURE / (1 - MOMENTUM)
    slow = sp.series(sp.expand(dynamics(BALL).characteristic.as_expr().subs(Z, z)), LR, 0, 2).removeO()
    is_it = function(lambda p: same(level, g / (1 - MOMENTUM) ** p))
    evidence = "The buffer's fixed point is g/(1−β), and the slow eigenvalue is 1 − ηλ/(1−β) to first order."
    return exactly(is_it(power) and same(slow, 0), evidence, "It is 1/(1−β).", is_it(1))
