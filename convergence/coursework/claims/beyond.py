"""Claims of papers beyond quadratics: the heavy ball on strongly convex functions, and Adam."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import adam, steps
from convergence.coursework.claim import Claim, Source
from convergence.coursework.claims.papers import LESSARD
from convergence.coursework.decisions import closely, exactly, run

KINGMA = Source("kingma-ba-2015", "Kingma and Ba 2015, Adam: a method for stochastic optimization", "Kingma, Ba 2015")

LR, MOMENTUM = Fraction(1, 9), Fraction(4, 9)
"""Polyak's tuning for μ = 1, L = 25."""

CYCLE = (Fraction(792, 1225), Fraction(-2208, 1225), Fraction(2592, 1225))


def slope(x: Any) -> Any:
    """The gradient of Lessard, Recht and Packard's function: slopes 25, 1, 25; so 1-strongly convex and 25-smooth."""
    return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24


def cycles(points: tuple[Fraction, ...], momentum: Fraction = MOMENTUM) -> bool:
    """Whether the heavy ball in positions, x₊ = x − η∇f(x) + β(x − x₋), goes round these points, in fractions."""
    before, after = (points[-1], *points[:-1]), (*points[1:], points[0])
    return all(
        x - LR * slope(x) + momentum * (x - last) == next_ for last, x, next_ in zip(before, points, after, strict=True)
    )


def attracting(points: tuple[Fraction, ...]) -> Any:
    """Whether the points are a cycle where all slopes are 25, and three steps there contract."""
    step = sp.Matrix([[1 + sp.Rational(4, 9) - sp.Rational(25, 9), -sp.Rational(4, 9)], [1, 0]])
    multiplier = max(abs(complex(value)) for value in (step**3).eigenvals())
    steep = all(p < 1 or p >= 2 for p in points)
    return cycles(points) and steep and multiplier < 1, {"points": points, "multiplier": multiplier}


def everywhere(method: str) -> Any:
    """Whether a run from 3.3 on that function comes to the minimiser within 300 steps, to 1e-9."""
    hyper = {"lr": float(LR), "momentum": float(MOMENTUM)} if method == "heavy_ball" else {"lr": 1 / 25}
    path = run(cv.METHODS[method], hyper, slope, 3.3, 300)
    local = float(cv.spectral_radius("heavy_ball", 25.0, lr=float(LR), momentum=float(MOMENTUM)))
    return abs(path[-1]) < 1e-9, {"end": path[-1], "local": local}


def squared_step(gradients: Sequence[Fraction], beta1: Fraction, beta2: Fraction, zeros: int = 0) -> Fraction:
    """(m̂/√v̂)² after so many gradients of zero and then these, in fractions."""
    m = v = Fraction(0)
    for g in gradients:
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    t = zeros + len(gradients)
    return (m / (1 - beta1**t)) ** 2 / (v / (1 - beta2**t))


def least_bound(beta1: Fraction, beta2: Fraction) -> Fraction:
    """The least upper bound of (m̂/√v̂)², by Cauchy and Schwarz: Σ a²/b with the weights a of m̂ and b of v̂, as t → ∞."""
    return (1 - beta1) ** 2 / (1 - beta2) / (1 - beta1**2 / beta2)


ZEROS, GROWING = 7_940, 60


def bounded(beta1: Fraction, beta2: Fraction, bound: str) -> Any:
    """Whether a bound holds for the worst gradients, g ∝ (β₂/β₁)ᵏ after zeros, and for 300 draws."""
    worst = squared_step([(beta2 / beta1) ** k for k in range(GROWING)], beta1, beta2, ZEROS)
    squared = {"η": Fraction(1), "sparse": (1 - beta1) ** 2 / (1 - beta2), "least": least_bound(beta1, beta2)}[bound]
    random, rule = np.random.default_rng(0), partial(adam, beta1=float(beta1), beta2=float(beta2))
    drawn = max(abs(steps(rule, random.standard_t(1, 60))[-1]) ** 2 for _ in range(300)) if bound == "least" else 0
    sharp = bound != "least" or Fraction(99, 100) * squared < worst
    return worst <= squared and drawn <= squared and sharp, {
        "beta1": float(beta1), "beta2": float(beta2), "step": float(worst) ** 0.5, "bound": float(squared) ** 0.5,
    }  # fmt: skip


def rescaled(eps: float) -> Any:
    """Adam's steps for 29 gradients and for 1000 times these; exact in fractions without ε."""
    gradients = [Fraction(k * (-1) ** (k // 3), 7) for k in range(1, 30)]
    betas = (Fraction(9, 10), Fraction(999, 1000))
    exact = squared_step(gradients, *betas) == squared_step([1000 * g for g in gradients], *betas)
    rule = partial(adam, eps=eps)
    plain, scaled = (steps(rule, [float(g) * factor for g in gradients])[-1] for factor in (1e-3, 1.0))
    off = abs(plain / scaled - 1)
    return exact and off < 1e-12, {"off": off}


def regret(second: str) -> Any:
    """The average regret after 30 000 rounds of Cx, −x, −x on [−1, 1], with β₁ = 0, β₂ = 1/(1+C²), or AMSGrad's maximum."""
    C, x, v, top, lost, rounds = 3.0, 1.0, 0.0, 0.0, 0.0, 30_000
    for t in range(1, rounds + 1):
        g = C if t % 3 == 1 else -1.0
        lost += g * x + g
        v = v / (1 + C * C) + g * g * (1 - 1 / (1 + C * C))
        top = max(top, v)
        x = min(1.0, max(-1.0, x - 0.5 / t**0.5 * g / (v if second == "β₂" else top) ** 0.5))
    return lost / rounds < 0.1, {"regret": lost / rounds}


BOUND = (
    "β₁ = {beta1}, β₂ = {beta2}: after 7940 gradients of zero and 60 that grow by β₂/β₁ a step, the step is {step}·η "
    "(in fractions), "
    "where the bound is {bound}·η."
)
LEAST = "The least upper bound is (1−β₁)/√((1−β₂)(1−β₁²/β₂))·η, by Cauchy and Schwarz: {bound}·η here."

BEYOND: dict[Source, tuple[Claim, ...]] = {
    LESSARD: (
        Claim(
            "ball-cycle", "§4.6", "On their function the heavy ball has an attracting cycle of period 3.",
            exactly(attracting), {"points": CYCLE}, {"points": tuple(map(abs, CYCLE))},
            "The points {points} follow one another in exact fractions; all lie where the slope is 25, and three "
            "steps there shrink a "
            "distance by {multiplier} = (2/3)³.",
        ),
        Claim(
            "ball-global", "§4.6",
            "Does the heavy ball with Polyak's tuning converge from everywhere on their function?",
            closely(everywhere), {"method": "heavy_ball"}, {"method": "gradient_descent"},
            "from 3.3 it is at {end} after 300 steps, on the cycle. Near the minimiser it does (radius {local}); "
            "gradient descent at "
            "1/L does from there.", asks=True,
        ),
    ),
    KINGMA: (
        Claim(
            "adam-bound-sparse", "§2.1", "Adam's step is at most η(1−β₁)/√(1−β₂) where 1−β₁ > √(1−β₂) (ε = 0).",
            exactly(bounded), {"beta1": Fraction(9, 10), "beta2": Fraction(999, 1000), "bound": "sparse"}, {"bound": "least"},
            BOUND, LEAST,
        ),
        Claim(
            "adam-bound-else", "§2.1", "Where 1−β₁ ≤ √(1−β₂), Adam's step is at most η (ε = 0).",
            exactly(bounded), {"beta1": Fraction(9, 10), "beta2": Fraction(99, 100), "bound": "η"}, {"bound": "least"},
            BOUND, LEAST,
        ),
        Claim(
            "adam-scale", "§2.1", "Rescaling the gradients does not change Adam's steps (ε = 0).",
            exactly(rescaled), {"eps": 0.0}, {"eps": 1e-4},
            "The squared step after 29 gradients is the same fraction; in floats it differs by {off:1}.",
        ),
        Claim(
            "adam-regret", "Theorem 4.1 (refuted by Reddi, Kale and Kumar 2018, Theorem 1)",
            "For β₁²/√β₂ < 1 and η_t = η/√t Adam's average regret on convex losses tends to 0.",
            closely(regret), {"second": "β₂"}, {"second": "AMSGrad"},
            "β₁ = 0, β₂ = 1/(1+C²), C = 3, losses Cx, −x, −x in turn on [−1, 1], from x = 1: the best point is −1; "
            "the average regret "
            "after 30 000 rounds is {regret}.",
            "It needs second moments that never fall (AMSGrad): with them the average regret is {regret} after as "
            "many rounds.",
        ),
    ),
}  # fmt: skip
