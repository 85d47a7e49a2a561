"""Claims of notes 002: SGD, momentum, Nesterov, RMSProp, Adam."""

from __future__ import annotations

from math import sqrt
from typing import Any

import sympy as sp

import convergence as cv
from convergence.coursework.claim import Claim, Source
from convergence.coursework.decisions import BETA, alike, characteristic, closely, exactly, same
from convergence.coursework.rules import momentum_002, nesterov_002

SOURCE = Source("002", 'Course notes 002, "Adam and RMSProp Optimisers"', "Notes 002")


def decay_factor(top: Any) -> Any:
    """Whether momentum still converges at the upper end of its decay factor: its eigenvalues have the product β."""
    product = sp.Poly(characteristic("heavy_ball"), sp.Symbol("z")).all_coeffs()[-1]
    return bool(product.subs(BETA, top) < 1), {"product": product, "top": top}


def no_epsilon(eps: float) -> Any:
    """Whether RMSProp's step is defined after a gradient of 0."""
    root = sqrt(0.1 * 0.0**2) + eps
    return root > 0, {"root": root}


def own_rates(norm: str) -> Any:
    """The ratio of the first steps for the gradient (1, 100), divided by one norm or element by element."""
    gradient = (1.0, 100.0)
    scales = [sum(g * g for g in gradient)] * 2 if norm == "Frobenius" else [g * g for g in gradient]
    small, large = (g / sqrt(0.1 * s) for g, s in zip(gradient, scales, strict=True))
    return abs(large / small - 100) > 1e-9, {"ratio": large / small}


def correction(kind: str) -> Any:
    """Adam's step under a constant gradient, in letters a (decay of m) and c (of v), for eight steps: is it η at each?"""
    a, c = sp.symbols("a c", positive=True)
    squares = []
    for t in range(1, 9):
        m, v = 1 - a**t, 1 - c**t
        power = 1 if kind == "constant" else t
        squares.append((m / (1 - a**power)) ** 2 / (v / (1 - c**power)))
    usual = {a: 0.9, c: 0.999}
    limit = float((sp.sqrt(1 - c) / (1 - a)).subs(usual))
    at = {"second": squares[1], "eighth": float(squares[7].subs(usual)) ** 0.5, "limit": limit}
    return all(same(square, 1) for square in squares), {**at, "second": sp.sqrt(sp.factor(squares[1]))}


CLAIMS = (
    Claim(
        "002-momentum", "momentum: m ← ηm + α∇, w ← w − m", "It is the heavy ball, with η for its momentum.",
        exactly(lambda method: (alike(momentum_002, cv.METHODS[method]), {})),
        {"method": "heavy_ball"}, {"method": "nesterov"},
        "The same eigenvalues, and six equal exact steps on x⁴/4 + x²/2.",
    ),
    Claim(
        "002-decay-factor", "momentum: the range of the decay factor", "It lies in [0, 1].",
        exactly(decay_factor), {"top": 1}, {"top": sp.Rational(999, 1000)},
        "The eigenvalues have the product {product}: at {top} one of them is not below 1, at any learning rate. (An "
        "average with a "
        "decay of 1, as RMSProp's, never leaves its start, 0.)",
        "It lies in [0, 1): 1 does not converge, {top} does at small rates.",
    ),
    Claim(
        "002-nesterov", "Nesterov: m ← ηm + α∇E(w − ηm), w ← w − m", "It is Nesterov's method.",
        exactly(lambda method: (alike(nesterov_002, cv.METHODS[method]), {})),
        {"method": "nesterov"}, {"method": "heavy_ball"},
        "The same eigenvalues, and six equal exact steps on x⁴/4 + x²/2.",
    ),
    Claim(
        "002-rmsprop-eps", "RMSProp: the formula, without ε", "g/√s is defined for every gradient.",
        closely(no_epsilon), {"eps": 0.0}, {"eps": 1e-8},
        "After a gradient of 0 from s = 0 the root is {root}: the step is 0/0.", "It needs ε: 0/(√0 + 1e-8) = 0.",
    ),
    Claim(
        "002-frobenius", "RMSProp: the note on the squared Frobenius norm of the gradient",
        "RMSProp gives each weight a rate of its own.",
        closely(own_rates), {"norm": "Frobenius"}, {"norm": "each"},
        "One scalar for all: of the gradient (1, 100) it makes steps in the ratio {ratio}, gradient descent with its "
        "length divided "
        "out.",
        "With the squares taken element by element, s ← γs + (1−γ)g², it does: steps in the ratio {ratio}.",
    ),
    Claim(
        "002-constant", "Adam: m/(1−β₂), v/(1−β₁), where β₂ decays m and β₁ decays v", "It is Adam's bias correction.",
        exactly(correction), {"kind": "constant"}, {"kind": "power"},
        "Under a constant gradient Adam steps by η. With the constants, m decaying by a and v by c, the second step "
        "is {second}·η; at "
        "0.9 and 0.999 the eighth is {eighth}·η, and they tend to √(1−c)/(1−a) = {limit}.",
        "Divide by 1 minus the t-th power of each decay, which the constant is at t = 1 only: then every step is η.",
    ),
)  # fmt: skip
