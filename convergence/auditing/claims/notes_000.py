"""Course notes 000, classes for RMSProp and Adam: what formulas and code claim, with the procedures that decide it."""

from __future__ import annotations

from math import sqrt

import numpy as np
import sympy as sp

from convergence.auditing.adaptive import adam, rmsprop
from convergence.auditing.claim import Ruling, Source, claim, closely, exactly, undecided
from convergence.auditing.formulas import function, same, short

SOURCE = Source("000", "Course notes 000: RMSProp and Adam classes")

EPS, RATE = 1e-7, 1e-3


@claim("000-cache", "code", "RMSProp's class divides by the running average of squared gradients.", kept=False)
def cache(kept: bool) -> Ruling:
    gradients = [float(10.0**k) for k in (-3, -1, 1, 3)]
    found = rmsprop(gradients, RATE, 0.9, EPS, inside=False, kept=kept)
    right = rmsprop(gradients, RATE, 0.9, EPS, inside=False, kept=True)
    plain = [RATE / EPS * g for g in gradients]
    descent = np.allclose(rmsprop(gradients, RATE, 0.9, EPS, inside=False, kept=False), plain, rtol=1e-12)
    evidence = (
        "The average goes to another attribute, the cache stays 0, and the step is ηg/(√0 + ε) = "
        f"{short(RATE / EPS)}·g: gradient descent "
        f"at a rate of 10⁴. For gradients 10⁻³, …, 10³ the steps are {', '.join(short(s, 2) for s in found)}; with "
        "the cache kept "
        f"{', '.join(short(s, 2) for s in right)}."
    )
    correction = (
        f"As written it is gradient descent at η/ε, stable only for λ < 2ε/η = {short(2 * EPS / RATE, 2)}. Write "
        "the average back."
    )
    holds = np.allclose(found, right, rtol=1e-12)
    edge = abs(1 - RATE / EPS * (2 * EPS / RATE)) - 1
    return closely(bool(holds), evidence, correction, bool(descent) and abs(edge) < 1e-12, rate=RATE / EPS)


@claim(
    "000-eps", "formula against code", "ε inside the root (formula) and outside it (code) are the same.", gradient=1e-6
)
def epsilon(gradient: float) -> Ruling:
    inside, outside = (rmsprop([gradient], 1.0, 0.9, EPS, inside=where)[0] for where in (True, False))
    s, e, g = sp.symbols("s epsilon g", positive=True)
    limit = sp.limit((g / (sp.sqrt(s) + e)) / (g / sp.sqrt(s + e)), s, 0, "+")
    evidence = (
        f"For a gradient of {gradient:g} the first steps are {short(inside)}·η and {short(outside)}·η. As s → 0 "
        "they differ by the factor "
        f"1/√ε = {short(1 / sqrt(EPS))}; for s ≫ ε they agree. Tolerance 1 %."
    )
    correction = "Near s = 0 it is g/√ε inside and g/ε outside: ε² inside is like ε outside."
    return closely(
        abs(outside / inside - 1) < 0.01, evidence, correction, same(limit, 1 / sp.sqrt(e)), ratio=outside / inside
    )


@claim("000-bias", "code", "Adam's correction with t + 1, t counted from 0, is right.", offset=1)
def offset(offset: int) -> Ruling:
    b = sp.Symbol("b")
    m, holds, right = sp.Integer(0), [], []
    for t in range(8):
        m = b * m + (1 - b)
        holds.append(offset + t > 0 and same(sp.cancel(m / (1 - b ** (t + offset))), 1))
        right.append(same(sp.cancel(m / (1 - b ** (t + 1))), 1))
    evidence = "The average of a constant signal, divided by 1 − β^(t+1), is that signal: on letters for eight steps."
    return exactly(all(holds), evidence, "The power is the number of gradients seen, t + 1.", all(right))


@claim("000-first-step", "code", "Adam's first step is η in size, whatever the gradient.", smallest=1e-3)
def first_step(smallest: float) -> Ruling:
    sizes = [smallest * 10.0**k for k in range(7)]
    steps = [adam([g], 1.0, 0.9, 0.999, EPS)[0] for g in sizes]
    error = max(abs(step - 1) for step in steps)
    law = max(abs(step - g / (g + EPS)) for step, g in zip(steps, sizes, strict=True))
    evidence = (
        f"For gradients from {short(smallest)} up it lies within {short(error, 2)} of η; tolerance 1e-3. It is η/(1 "
        "+ ε/|g|)."
    )
    return closely(
        error < 1e-3,
        evidence,
        "It is η·|g|/(|g| + ε): less where |g| is not far above ε = 1e-7.",
        law < 1e-9,
        error=error,
    )


@claim("000-decay-half", "code", "η/(1 + k·t) with k = 5e-5 has halved after 20 000 steps.", steps=20_000)
def halved(steps: int) -> Ruling:
    k = sp.Rational(5, 100_000)
    holds = function(lambda t: 1 / (1 + k * t) == sp.Rational(1, 2))
    return exactly(
        holds(steps), "1 + kt = 2 at t = 1/k, in fractions.", "It has halved at t = 1/k = 20 000.", holds(20_000)
    )


@claim("000-decay-sum", "code", "The decay η/(1 + k·t) is slow enough: its rates have an infinite sum.", power=1)
def infinite_sum(power: int) -> Ruling:
    t = sp.Symbol("t", integer=True, nonnegative=True)
    diverges = function(lambda p: not sp.Sum(1 / (1 + t / 20_000) ** p, (t, 0, sp.oo)).is_convergent())
    return exactly(
        bool(diverges(power)), "Σ 1/(1 + kt) diverges (like the harmonic series).", "It diverges.", bool(diverges(1))
    )


@claim("000-settles", "formula", "RMSProp with η = 1e-3, ε = 1e-7 comes to rest at the minimiser.", rate=RATE)
def settles(rate: float) -> Ruling:
    evidence = (
        f"Decided at the minimiser: with ε inside the root the linearised step is (η/√ε)·g, stable for λ < 2√ε/η = "
        f"{short(2 * sqrt(EPS) / rate)}; outside for λ < 2ε/η = {short(2 * EPS / rate)}."
    )
    return undecided(
        evidence,
        "what it does on steeper parabolas, and the decay's part in it",
        inside=2 * sqrt(EPS) / rate,
        outside=2 * EPS / rate,
    )


@claim("000-adam", "code", "Adam with η = 0.02 and decay 5e-5 converges.", rate=0.02)
def converges(rate: float) -> Ruling:
    evidence = f"Decided: the first step is {short(rate)} long, and the rates have an infinite sum."
    return undecided(evidence, "adaptive methods away from the minimiser", rate=rate)
