"""Claims of notes 002: SGD, momentum, Nesterov, RMSProp, Adam."""

from __future__ import annotations

from math import sqrt
from typing import Any

import sympy as sp

import convergence as cv
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import alike, characteristic, same
from convergence.coursework.letters import BETA
from convergence.coursework.rules import nesterov_restored

NOTES = Source("002", "Course notes 002", '"Adam and RMSProp Optimisers"')


@NOTES.exactly("002-momentum", "momentum: m ← ηm + α∇, w ← w − m", method="nesterov")
def momentum(method: str = "heavy_ball") -> Answer:
    """It is the heavy ball, with η for its momentum.

    The same eigenvalues, and six equal exact steps on x⁴/4 + x²/2.
    """
    return alike(cv.METHODS["momentum_rate_inside"], cv.METHODS[method])


@NOTES.exactly("002-decay-factor", "momentum: the range of the decay factor", top=sp.Rational(999, 1000))
def decay_factor(top: Any = 1) -> Answer:
    """It lies in [0, 1].

    The eigenvalues have the product {product}: at {top} one of them is not below 1, at any learning rate. (An average
    with a decay of 1, as RMSProp's, never leaves its start, 0.)

    Instead: It lies in [0, 1): 1 does not converge, {top} does at small rates.
    """
    product = characteristic("heavy_ball").all_coeffs()[-1]
    return bool(product.subs(BETA, top) < 1), {"product": product, "top": top}


@NOTES.exactly("002-nesterov", "Nesterov: m ← ηm + α∇E(w − ηm), w ← w − m", method="heavy_ball")
def nesterov(method: str = "nesterov") -> Answer:
    """It is Nesterov's method.

    The same eigenvalues, and six equal exact steps on x⁴/4 + x²/2.
    """
    return alike(nesterov_restored, cv.METHODS[method])


@NOTES.closely("002-rmsprop-eps", "RMSProp: the formula, without ε", eps=1e-8)
def no_epsilon(eps: float = 0.0) -> Answer:
    """g/√s is defined for every gradient.

    After a gradient of 0 from s = 0 the root is {root}: the step is 0/0.

    Instead: It needs ε: 0/(√0 + 1e-8) = 0.
    """
    root = sqrt(0.1 * 0.0**2) + eps
    return root > 0, {"root": root}


@NOTES.closely("002-frobenius", "RMSProp: the note on the squared Frobenius norm of the gradient", norm="each")
def own_rates(norm: str = "Frobenius") -> Answer:
    """RMSProp gives each weight a rate of its own.

    One scalar for all: of the gradient (1, 100) it makes steps in the ratio {ratio}, gradient descent with its length
    divided out.

    Instead: With the squares taken element by element, s ← γs + (1−γ)g², it does: steps in the ratio {ratio}.
    """
    gradient = (1.0, 100.0)
    scales = [sum(g * g for g in gradient)] * 2 if norm == "Frobenius" else [g * g for g in gradient]
    small, large = (g / sqrt(0.1 * s) for g, s in zip(gradient, scales, strict=True))
    return abs(large / small - 100) > 1e-9, {"ratio": large / small}


@NOTES.exactly("002-constant", "Adam: m/(1−β₂), v/(1−β₁), where β₂ decays m and β₁ decays v", kind="power")
def correction(kind: str = "constant") -> Answer:
    """It is Adam's bias correction.

    Under a constant gradient Adam steps by η. With the constants, m decaying by a and v by c, the second step is
    {second}·η; at 0.9 and 0.999 the eighth is {eighth}·η, and they tend to √(1−c)/(1−a) = {limit}.

    Instead: Divide by 1 minus the t-th power of each decay, which the constant is at t = 1 only: then every step is η.
    """
    a, c = sp.symbols("a c", positive=True)
    powers = [(t, 1 if kind == "constant" else t) for t in range(1, 9)]
    squares = [((1 - a**t) / (1 - a**p)) ** 2 / ((1 - c**t) / (1 - c**p)) for t, p in powers]
    usual = {a: 0.9, c: 0.999}
    limit = float((sp.sqrt(1 - c) / (1 - a)).subs(usual))
    at = {"second": sp.sqrt(sp.factor(squares[1])), "eighth": float(squares[7].subs(usual)) ** 0.5, "limit": limit}
    return all(same(square, 1) for square in squares), at
