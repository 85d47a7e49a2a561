"""Published statements that go beyond quadratics, heavy ball's and Adam's, with the procedures that decide them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy as sp

from convergence.auditing.adaptive import adam
from convergence.auditing.claim import Ruling, closely, exactly, published
from convergence.auditing.formulas import catalogue, radius_at, run, short
from convergence.auditing.papers import KINGMA, LESSARD

LR, MOMENTUM = Fraction(1, 9), Fraction(4, 9)
"""Polyak's tuning for μ = 1, L = 25."""

CYCLE = (Fraction(792, 1225), Fraction(-2208, 1225), Fraction(2592, 1225))


def slope(x: Fraction) -> Fraction:
    """The gradient of Lessard, Recht and Packard's function: slopes 25, 1, 25; so 1-strongly convex and 25-smooth."""
    return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24


def ball(before: Fraction, now: Fraction, lr: Fraction, momentum: Fraction) -> Fraction:
    """A heavy-ball step in positions (Polyak 1964)."""
    return now - lr * slope(now) + momentum * (now - before)


def _cycles(cycle: Sequence[Fraction], lr: Fraction = LR, momentum: Fraction = MOMENTUM) -> bool:
    n = len(cycle)
    return all(ball(cycle[k - 1], cycle[k], lr, momentum) == cycle[(k + 1) % n] for k in range(n))


@published(
    LESSARD,
    "ball-global",
    "§4.6, on the folklore after Polyak 1964",
    "With Polyak's tuning the heavy ball converges from everywhere on smooth, strongly convex functions.",
    momentum=Fraction(4, 9),
)
def everywhere(momentum: Fraction) -> Ruling:
    stuck = _cycles(CYCLE, momentum=momentum)
    x = run(catalogue("heavy_ball"), slope, 3.3, 300, {"lr": 1 / 9, "momentum": float(momentum)})
    near = abs(x[300] - x[297]) < 1e-9 and abs(x[300]) > 0.1
    local = radius_at(catalogue("heavy_ball"), 25, {"lr": sp.Rational(1, 9), "momentum": sp.Rational(4, 9)})
    descent = run(catalogue("gradient_descent"), slope, Fraction(33, 10), 30, {"lr": Fraction(1, 25)})
    evidence = (
        f"μ = 1, L = 25, η = 1/9, β = {momentum}: "
        + ("792/1225 → −2208/1225 → 2592/1225 → 792/1225 exactly, in fractions; " if stuck else "the 3-cycle is none; ")
        + f"from 3.3 the run ends {'in it' if near else 'at ' + short(x[300], 2)} (300 steps, 1e-9)."
    )
    correction = (
        f"Near the minimiser and on quadratics it does (radius {short(local)} here); gradient descent at 1/L does "
        "from everywhere."
    )
    holds = not stuck and not near
    return exactly(
        holds, evidence, correction, abs(local - 2 / 3) < 1e-9 and abs(float(descent[-1])) < 1e-2, radius=local
    )


@published(
    LESSARD, "ball-cycle", "§4.6", "On their function the heavy ball has an attracting cycle of period 3.", points=CYCLE
)
def attracting(points: tuple[Fraction, ...]) -> Ruling:
    local = sp.Matrix([[1 + sp.Rational(4, 9) - sp.Rational(25, 9), -sp.Rational(4, 9)], [1, 0]])
    multiplier = max(abs(complex(value)) for value in (local**3).eigenvals())
    steep = all(p < 1 or p >= 2 for p in points)
    evidence = (
        f"The points {', '.join(str(p) for p in points)} follow one another in exact fractions; all lie where the "
        "slope is 25, and "
        f"three steps there shrink a distance by {short(multiplier)} = (2/3)³."
    )
    holds = _cycles(points) and steep and multiplier < 1
    return exactly(
        holds, evidence, "The cycle is 792/1225, −2208/1225, 2592/1225.", _cycles(CYCLE), multiplier=multiplier
    )


def _squared_step(gradients: Sequence[Fraction], beta1: Fraction, beta2: Fraction, zeros: int = 0) -> Fraction:
    """(m̂/√v̂)² after so many gradients of zero and then these, in fractions."""
    m = v = Fraction(0)
    for g in gradients:
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    t = zeros + len(gradients)
    return (m / (1 - beta1**t)) ** 2 / (v / (1 - beta2**t))


def _largest_squared(beta1: Fraction, beta2: Fraction, t: int | None = None) -> Fraction:
    """The largest (m̂/√v̂)² after t gradients, by Cauchy and Schwarz Σ a²/b with the weights a of m̂ and b of v̂; t → ∞."""
    r = beta1**2 / beta2
    limit = (1 - beta1) ** 2 / (1 - beta2) / (1 - r)
    return limit if t is None else limit * (1 - beta2**t) * (1 - r**t) / (1 - beta1**t) ** 2


ZEROS, GROWING = 7_940, 60


def _bounded(beta1: Fraction, beta2: Fraction, squared: Fraction) -> Ruling:
    """Whether the published bound on (step/η)², ``squared``, holds for the worst gradients: g ∝ (β₂/β₁)ᵏ."""
    growing = [(beta2 / beta1) ** k for k in range(GROWING)]
    worst, top = _squared_step(growing, beta1, beta2, ZEROS), _largest_squared(beta1, beta2)
    random = np.random.default_rng(0)
    drawn = max(abs(adam(random.standard_t(1, 60), 1.0, float(beta1), float(beta2))[-1]) ** 2 for _ in range(300))
    evidence = (
        f"β₁ = {float(beta1)}, β₂ = {float(beta2)}: after {ZEROS} gradients of zero and {GROWING} that grow by "
        "β₂/β₁ a step, the step is "
        f"{short(float(worst) ** 0.5)}·η (in fractions), where the bound is {short(float(squared) ** 0.5)}·η."
    )
    correction = (
        "The least upper bound is (1−β₁)/√((1−β₂)(1−β₁²/β₂))·η, by Cauchy and Schwarz: "
        f"{short(float(top) ** 0.5)}·η here."
    )
    below = all(_largest_squared(beta1, beta2, t) <= top for t in range(1, 60))
    sharp = Fraction(99, 100) * top < worst <= top and drawn <= top
    return exactly(
        worst <= squared, evidence, correction, below and sharp, step=float(worst) ** 0.5, bound=float(squared) ** 0.5
    )


@published(
    KINGMA,
    "adam-bound-sparse",
    "§2.1",
    "Adam's step is at most η(1−β₁)/√(1−β₂) where 1−β₁ > √(1−β₂) (ε = 0).",
    beta1=Fraction(9, 10),
    beta2=Fraction(999, 1000),
)
def bound_sparse(beta1: Fraction, beta2: Fraction) -> Ruling:
    return _bounded(beta1, beta2, (1 - beta1) ** 2 / (1 - beta2))


@published(
    KINGMA,
    "adam-bound-else",
    "§2.1",
    "Where 1−β₁ ≤ √(1−β₂), Adam's step is at most η (ε = 0).",
    beta1=Fraction(9, 10),
    beta2=Fraction(99, 100),
)
def bound_else(beta1: Fraction, beta2: Fraction) -> Ruling:
    return _bounded(beta1, beta2, Fraction(1))


@published(
    KINGMA,
    "adam-scale",
    "§2.1",
    "Rescaling the gradients does not change Adam's steps (ε = 0).",
    factor=1000.0,
    eps=0.0,
)
def scale(factor: float, eps: float) -> Ruling:
    gradients = [Fraction(k * (-1) ** (k // 3), 7) for k in range(1, 30)]
    b1, b2 = Fraction(9, 10), Fraction(999, 1000)
    exact = _squared_step(gradients, b1, b2) == _squared_step([Fraction(factor) * g for g in gradients], b1, b2)
    plain, scaled = (adam([float(g) * f for g in gradients], 1.0, 0.9, 0.999, eps)[-1] for f in (1e-3, 1e-3 * factor))
    off = abs(plain / scaled - 1)
    evidence = (
        f"The squared step after 29 gradients is the same fraction; in floats, with ε = {eps:g}, it differs by "
        f"{short(off, 1)}."
    )
    return exactly(exact and off < 1e-12, evidence, "It holds for ε = 0.", exact)


@published(
    KINGMA,
    "adam-regret",
    "Theorem 4.1; refuted by Reddi, Kale and Kumar 2018, Theorem 1",
    "For β₁²/√β₂ < 1 and η_t = η/√t Adam's average regret on convex losses tends to 0.",
    beta2="1/(1+C²)",
)
def regret(beta2: str) -> Ruling:
    C, rounds = 3.0, 30_000
    average, at_ends = _online(C, 1 / (1 + C * C), rounds)
    other, _ = _online(C, None, rounds)
    evidence = (
        "β₁ = 0, β₂ = 1/(1+C²), C = 3, losses Cx, −x, −x in turn on [−1, 1], from x = 1: the best point is −1, but "
        "every third "
        f"round Adam is back at 1 ({'always' if at_ends else 'not always'} in {rounds} rounds); average regret "
        f"{short(average, 3)}."
    )
    correction = (
        f"It needs the second moments never to fall (AMSGrad): with them the average regret is {short(other, 2)} "
        "after as many rounds."
    )
    found = average if beta2 == "1/(1+C²)" else other
    return closely(found < 0.1, evidence, correction, other < 0.1 < average, regret=average, amsgrad=other)


def _online(C: float, beta2: float | None, rounds: int) -> tuple[float, bool]:
    """Average regret of Adam with β₁ = 0 and η/√t, and whether each cycle ends at 1; without β₂, AMSGrad at C's."""
    x, v, top, lost, ends = 1.0, 0.0, 0.0, 0.0, True
    decay = 1 / (1 + C * C) if beta2 is None else beta2
    for t in range(1, rounds + 1):
        g = C if t % 3 == 1 else -1.0
        lost += g * x - g * -1.0
        v = decay * v + (1 - decay) * g * g
        top = max(top, v)
        x = min(1.0, max(-1.0, x - 0.5 / t**0.5 * g / (top if beta2 is None else v) ** 0.5))
        ends = ends and (t % 3 != 0 or x == 1.0)
    return lost / rounds, ends
