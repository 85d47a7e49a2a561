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
from convergence.coursework.claim import Answer, Source
from convergence.coursework.claims.papers import LESSARD
from convergence.coursework.decisions import run
from convergence.evidence.literature_adaptive import ON_ADAPTIVE, three_cycle_slope

KINGMA = Source("kingma-ba-2015", "Kingma and Ba 2015", "Adam: a method for stochastic optimization")

ZEROS, GROWING = 7_940, 60


(BALL,) = (entry for entry in ON_ADAPTIVE if entry.points)
"""Polyak's tuning for μ = 1, L = 25, and its cycle."""


@LESSARD.exactly("ball-cycle", "§4.6", points=tuple(map(abs, BALL.points)))
def attracting(points: tuple[sp.Rational, ...] = BALL.points) -> Answer:
    """On their function the heavy ball has an attracting cycle of period 3.

    The points {points} follow one another in exact fractions; all lie where the slope is 25, and three steps there
    shrink a distance by {multiplier} = (2/3)³.
    """
    around = zip((points[-1], *points[:-1]), points, (*points[1:], points[0]), strict=True)
    lr, momentum = BALL.hyper["lr"], BALL.hyper["momentum"]
    cycles = all(x - lr * three_cycle_slope(x) + momentum * (x - last) == coming for last, x, coming in around)
    step = sp.Matrix([[1 + momentum - 25 * lr, -momentum], [1, 0]])
    multiplier = max(abs(complex(value)) for value in (step**3).eigenvals())
    steep = all(p < 1 or p >= 2 for p in points)
    return cycles and steep and multiplier < 1, {"points": points, "multiplier": multiplier}


@LESSARD.closely("ball-global", "§4.6", method="gradient_descent")
def everywhere(method: str = "heavy_ball") -> Answer:
    """Does the heavy ball with Polyak's tuning converge from everywhere on their function?

    from 3.3 it is at {end} after 300 steps, on the cycle. Near the minimiser it does (radius {local}); gradient descent
    at 1/L does from there.
    """
    ball: dict[str, Any] = {name: float(value) for name, value in BALL.hyper.items()}
    path = run(cv.METHODS[method], ball if method == "heavy_ball" else {"lr": 1 / 25}, three_cycle_slope, 3.3, 300)
    return abs(path[-1]) < 1e-9, {"end": path[-1], "local": float(cv.spectral_radius("heavy_ball", 25.0, **ball))}


def squared_step(gradients: Sequence[Fraction], beta1: Fraction, beta2: Fraction, zeros: int = 0) -> Fraction:
    """(m̂/√v̂)² after so many gradients of zero and then these, in fractions."""
    m = v = Fraction(0)
    for g in gradients:
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    t = zeros + len(gradients)
    return (m / (1 - beta1**t)) ** 2 / (v / (1 - beta2**t))


def bounded(beta1: Fraction, beta2: Fraction, bound: str) -> Answer:
    """Whether a bound holds for the worst gradients, g ∝ (β₂/β₁)ᵏ after zeros, and the least one, sharp, for 300 draws.

    The least upper bound of (m̂/√v̂)² is Σ a²/b with the weights a of m̂ and b of v̂, as t → ∞ (Cauchy and Schwarz).
    """
    worst = squared_step([(beta2 / beta1) ** k for k in range(GROWING)], beta1, beta2, ZEROS)
    sparse = (1 - beta1) ** 2 / (1 - beta2)
    squared = {"η": Fraction(1), "sparse": sparse, "least": sparse / (1 - beta1**2 / beta2)}[bound]
    random, rule = np.random.default_rng(0), partial(adam, beta1=float(beta1), beta2=float(beta2))
    drawn = max(steps(rule, random.standard_t(1, 60))[-1] ** 2 for _ in range(300)) if bound == "least" else worst
    sharp = bound != "least" or Fraction(99, 100) * squared < worst
    numbers: dict[str, Any] = {"beta1": beta1, "beta2": beta2, "step": worst**0.5, "bound": squared**0.5}
    return max(worst, drawn) <= squared and sharp, {name: float(value) for name, value in numbers.items()}


@KINGMA.exactly("adam-bound-sparse", "§2.1", bound="least")
def bound_where_sparse(bound: str = "sparse") -> Answer:
    """Adam's step is at most η(1−β₁)/√(1−β₂) where 1−β₁ > √(1−β₂) (ε = 0).

    β₁ = {beta1}, β₂ = {beta2}: after 7940 gradients of zero and 60 that grow by β₂/β₁ a step, the step is {step}·η (in
    fractions), where the bound is {bound}·η.

    Instead: The least upper bound is (1−β₁)/√((1−β₂)(1−β₁²/β₂))·η, by Cauchy and Schwarz: {bound}·η here.
    """
    return bounded(Fraction(9, 10), Fraction(999, 1000), bound)


@KINGMA.exactly("adam-bound-else", "§2.1", bound="least")
def bound_elsewhere(bound: str = "η") -> Answer:
    """Where 1−β₁ ≤ √(1−β₂), Adam's step is at most η (ε = 0).

    β₁ = {beta1}, β₂ = {beta2}: after 7940 gradients of zero and 60 that grow by β₂/β₁ a step, the step is {step}·η (in
    fractions), where the bound is {bound}·η.

    Instead: The least upper bound is (1−β₁)/√((1−β₂)(1−β₁²/β₂))·η, by Cauchy and Schwarz: {bound}·η here.
    """
    return bounded(Fraction(9, 10), Fraction(99, 100), bound)


@KINGMA.exactly("adam-scale", "§2.1", eps=1e-4)
def rescaled(eps: float = 0.0) -> Answer:
    """Rescaling the gradients does not change Adam's steps (ε = 0).

    The squared step after 29 gradients is the same fraction; in floats it differs by {off:1}.
    """
    gradients = [Fraction(k * (-1) ** (k // 3), 7) for k in range(1, 30)]
    betas = (Fraction(9, 10), Fraction(999, 1000))
    exact = squared_step(gradients, *betas) == squared_step([1000 * g for g in gradients], *betas)
    plain, scaled = (steps(partial(adam, eps=eps), [float(g) * by for g in gradients])[-1] for by in (1e-3, 1.0))
    off = abs(plain / scaled - 1)
    return exact and off < 1e-12, {"off": off}


@KINGMA.closely(
    "adam-regret", "Theorem 4.1 (refuted by Reddi, Kale and Kumar 2018, Theorem 1)", second="the largest so far"
)
def regret(second: str = "the average") -> Answer:
    """For β₁²/√β₂ < 1 and η_t = η/√t Adam's average regret on convex losses tends to 0.

    β₁ = 0, β₂ = 1/(1+C²), C = 3, losses Cx, −x, −x in turn on [−1, 1], from x = 1: the best point is −1; the average
    regret after 30 000 rounds is {regret}.

    Instead: It needs second moments that never fall (AMSGrad): with them the average regret is {regret} after as many
    rounds.
    """
    C, x, v, top, lost, rounds = 3.0, 1.0, 0.0, 0.0, 0.0, 30_000
    for t in range(1, rounds + 1):
        g = C if t % 3 == 1 else -1.0
        lost += g * x + g
        v = v / (1 + C * C) + g * g * (1 - 1 / (1 + C * C))
        top = max(top, v)
        x = min(1.0, max(-1.0, x - 0.5 / t**0.5 * g / (v if second == "the average" else top) ** 0.5))
    return lost / rounds < 0.1, {"regret": lost / rounds}
