"""Claims of two texts that many learn momentum from: Distill's article and Dive into Deep Learning."""

from __future__ import annotations

from typing import Any

import sympy as sp

import convergence as cv
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import characteristic, edge, equal, same
from convergence.coursework.letters import BETA, ETA, LAMBDA, LARGEST, MU

GOH = Source("goh-2017", "Goh 2017", "Why momentum really works, Distill, doi:10.23915/distill.00006")
D2L = Source("d2l", "Dive into Deep Learning", "Zhang, Lipton, Li and Smola, chapter on optimisation")


@GOH.exactly("goh-descent", '"Choosing A Step-size"', numerator=1)
def best_rate(numerator: int = 2) -> Answer:
    """Gradient descent is best at 2/(λ₁+λₙ).

    Derived from the rule: {derived}.
    """
    return equal(cv.optimum("gradient_descent").hyper["lr"], numerator / (MU + LARGEST))


@GOH.exactly("goh-loss", '"Decomposing the Error" (issue 98 of its repository)', factor=sp.Rational(1, 2))
def loss_of_descent(factor: Any = 1) -> Answer:
    """For f = ½wᵀAw − bᵀw, gradient descent has f(wᵏ) − f(w*) = Σ(1−αλᵢ)²ᵏ λᵢ xᵢ².

    Two steps in two directions, in letters.

    Instead: A factor {factor} stands before the sum.
    """
    a, l1, l2, x1, x2, w1, w2 = sp.symbols("alpha l1 l2 x1 x2 w1 w2", positive=True)

    def f(u: Any, v: Any) -> Any:
        return (l1 * u**2 + l2 * v**2) / 2 - l1 * w1 * u - l2 * w2 * v

    u, v = w1 + x1, w2 + x2
    for _ in range(2):
        u, v = u - a * l1 * (u - w1), v - a * l2 * (v - w2)
    total = sum((1 - a * lam) ** 4 * lam * x**2 for lam, x in ((l1, x1), (l2, x2)))
    return sp.expand(f(u, v) - f(w1, w2) - factor * total) == 0, {"factor": factor}


@GOH.exactly("goh-powers", '"The Dynamics of Momentum"', first=2, second=1)
def powers(first: int = 1, second: int = 2) -> Answer:
    """Rᵏ = σ₁ᵏR₁ − σ₂ᵏR₂ with R_j = (R − σ_jI)/(σ₁ − σ₂).

    In letters, for k = 0 … 3. At k = 0 it is {zero} times the unit matrix.

    Instead: The indices are exchanged: Rᵏ = σ₁ᵏR₂ − σ₂ᵏR₁; at k = 0 it is then {zero} times the unit matrix.
    """
    s1, s2 = sp.symbols("s1 s2")
    R = sp.Matrix([[s1 + s2, -s1 * s2], [1, 0]])
    parts = {j: (R - s * sp.eye(2)) / (s1 - s2) for j, s in ((1, s1), (2, s2))}
    claimed = [s1**k * parts[first] - s2**k * parts[second] for k in range(4)]
    holds = all(same(gap, 0) for k in range(4) for gap in claimed[k] - R**k)
    return holds, {"zero": sp.simplify(claimed[0][0, 0])}


@GOH.exactly("goh-modulus", '"The Dynamics of Momentum", the footnote on complex roots', times=1)
def modulus(times: int = 2) -> Answer:
    """With complex roots |σ| = 2√β.

    Conjugate roots have the product |σ|² = {derived}.

    Instead: It is √β, at every rate: |σ|² = {derived}.
    """
    return equal(characteristic("heavy_ball").all_coeffs()[-1], (times * sp.sqrt(BETA)) ** 2)


@GOH.exactly("goh-range", '"The Dynamics of Momentum"', slope=1)
def stable_rates(slope: int = 2) -> Answer:
    """Momentum converges for 0 < αλ < 2 + 2β, 0 ≤ β < 1.

    Derived (Schur–Cohn): ηλ < {derived}.
    """
    return equal(edge("heavy_ball"), 2 + slope * BETA)


@GOH.exactly("goh-twice", '"The Dynamics of Momentum"', times=3)
def times_as_large(times: int = 2) -> Answer:
    """Momentum allows steps up to twice as large before diverging.

    The factor is {ratio}: {at} at β = 0.9, with the supremum {top} as β → 1, not attained.
    """
    ratio = sp.simplify(edge("heavy_ball") / edge("gradient_descent"))
    top = sp.limit(ratio, BETA, 1, "-")
    return top == times, {"ratio": ratio, "at": float(ratio.subs(BETA, 0.9)), "top": top}


@GOH.exactly("goh-critical", '"The Critical Damping Coefficient"', sign=1)
def critical(sign: int = -1) -> Answer:
    """Critical damping along λ is β = (1 − √(αλ))².

    The discriminant vanishes at β = (1 ∓ √(αλ))²; only the smaller can be below 1.
    """
    root = sp.Symbol("r", positive=True)  # √(ηλ)
    discriminant = characteristic("heavy_ball").discriminant().subs(ETA, root**2 / LAMBDA)
    beta = (1 + sign * root) ** 2
    return same(discriminant.subs(BETA, beta), 0) and bool(beta.subs(root, sp.Rational(1, 2)) < 1), {}


@GOH.exactly("goh-optimum", '"Optimal parameters"', power=1)
def best_pair(power: int = 2) -> Answer:
    """Best are α = (2/(√λ₁+√λₙ))², β = ((√λₙ−√λ₁)/(√λₙ+√λ₁))².

    Derived from the rule; the rate is {rate}.
    """
    best, (low, high) = cv.optimum("heavy_ball"), (sp.sqrt(MU), sp.sqrt(LARGEST))
    right = same(best.hyper["lr"], 4 / (low + high) ** 2)
    return right and same(best.hyper["momentum"], ((high - low) / (high + low)) ** power), {"rate": best.rate}


@GOH.exactly("goh-noise", '"Momentum with Stochastic Gradients"', index="each")
def noise_sum(index: str = "last") -> Answer:
    """The noise adds εᵏ·Σ R^(k−i)(1, −α)ᵀ to the iterate.

    Three steps from 0, in letters: each step has a noise of its own.

    Instead: ε stands in the sum: Σ R^(k−i)(1, −α)ᵀ·εⁱ.
    """
    a, b, lam = sp.symbols("alpha beta lam")
    R, push, noise = sp.Matrix([[b, lam], [-a * b, 1 - a * lam]]), sp.Matrix([1, -a]), sp.symbols("e1:4")
    y, w = sp.Integer(0), sp.Integer(0)
    for e in noise:
        y = b * y + lam * w + e
        w = w - a * y
    given = [noise[-1] if index == "last" else e for e in noise]
    total = sum((R ** (2 - i) * push * given[i] for i in range(3)), sp.zeros(2, 1))
    return (sp.Matrix([y, w]) - total).expand().is_zero_matrix, {}


@D2L.exactly("d2l-form", '"Momentum", quadratic convex functions', sign=1)
def quadratic_form(sign: int = -1) -> Answer:
    """½xᵀQx + xᵀc + b = ½(x − Q⁻¹c)ᵀQ(x − Q⁻¹c) + b − ½cᵀQ⁻¹c.

    With letters for all entries of two dimensions: the minimiser is −Q⁻¹c, as the text says two lines before.

    Instead: It is ½(x + Q⁻¹c)ᵀQ(x + Q⁻¹c) + b − ½cᵀQ⁻¹c.
    """
    p, q, r, *entries = sp.symbols("p q r c1 c2 x1 x2")
    Q, c, x = sp.Matrix([[p, q], [q, r]]), sp.Matrix(entries[:2]), sp.Matrix(entries[2:])
    shifted = x + sign * Q.inv() * c
    left, right = (x.T * Q * x / 2 + x.T * c)[0], (shifted.T * Q * shifted / 2 - c.T * Q.inv() * c / 2)[0]
    return same(left, right), {}


@D2L.exactly("d2l-descent", '"Momentum", gradient descent in the eigensystem', rate=ETA)
def descent(rate: Any = 1) -> Answer:
    """Gradient descent is z ← (1 − Λ)z.

    Derived from the rule: z ← ({derived})z.

    Instead: η is left out: z ← ({derived})z.
    """
    return equal(cv.derive("gradient_descent").matrix[0, 0], 1 - rate * LAMBDA)


@D2L.exactly("d2l-beyond", '"Momentum", scalar functions', limit=2)
def diverges_beyond(limit: int = 1) -> Answer:
    """Convergence improves until ηλ = 1; beyond that things diverge.

    |1 − ηλ| is {above} at ηλ = 1 + 1e-9, below 1.

    Instead: From ηλ = 1 to 2 it converges, more slowly again; it diverges beyond 2.
    """
    below, above = (abs(1 - (limit + sp.Rational(side, 10**9))) for side in (-1, 1))
    return bool(below < 1 < above), {"above": float(above)}
