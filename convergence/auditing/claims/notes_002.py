"""Course notes 002, Adam and RMSProp: what they claim, each with the procedure that decides it."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

from convergence.auditing.adaptive import adam, adam_constant, rmsprop_frobenius
from convergence.auditing.claim import Ruling, Source, claim, closely, exactly
from convergence.auditing.formulas import catalogue, function, run, same_spectrum, short
from convergence.auditing.rules import momentum_002, nesterov_002
from convergence.theory.symbols import symbol

SOURCE = Source("002", "Course notes 002: Adam and RMSProp")

RATE, MOMENTUM = Fraction(1, 10), Fraction(9, 10)
HERE = {"alpha": RATE, "momentum": MOMENTUM}
THERE = {"lr": RATE, "momentum": MOMENTUM}


def _bent(x: Fraction) -> Fraction:
    return x**3 + x


@claim("002-momentum", "text", "m ← ηm + α∇, w ← w − m is momentum: the heavy ball.", method="heavy_ball")
def momentum(method: str) -> Ruling:
    return _is(momentum_002, method, "heavy_ball")


@claim("002-nesterov", "text", "m ← ηm + α∇E(w − ηm), w ← w − m is Nesterov's method.", method="nesterov")
def nesterov(method: str) -> Ruling:
    return _is(nesterov_002, method, "nesterov")


def _is(rule: object, name: str, truth: str) -> Ruling:
    alike = function(
        lambda other: (
            same_spectrum(rule, catalogue(other), lr=symbol("alpha"))  # type: ignore[arg-type]
            and run(rule, _bent, Fraction(1), 6, HERE) == run(catalogue(other), _bent, Fraction(1), 6, THERE)  # type: ignore[arg-type]
        )
    )
    evidence = "The characteristic polynomial is the same, and so are six exact steps on x⁴/4 + x²/2."
    return exactly(alike(name), evidence, f"It is {truth.replace('_', ' ')}.", alike(truth))


@claim("002-rmsprop-eps", "text", "RMSProp needs no ε: g/√s is defined for every gradient.", gradient=0)
def no_epsilon(gradient: float) -> Ruling:
    s = 0.1 * gradient**2
    defined = s > 0
    evidence = f"After a gradient of {gradient:g} from s = 0, s is {short(s)}" + (
        ": 0/0." if not defined else ", and the step is finite."
    )
    fixed = 0.0 / (sqrt(0.0) + 1e-8) == 0.0
    return exactly(defined, evidence, "It needs ε: 0/(√0 + ε) = 0.", fixed)


@claim(
    "002-frobenius",
    "text",
    "With the squared Frobenius norm of the gradient, RMSProp gives each weight a rate of its own.",
    norm="frobenius",
)
def frobenius(norm: str) -> Ruling:
    gradient = (1.0, 100.0)
    whole, _ = rmsprop_frobenius(gradient, 0.0, 1.0, 0.9)
    each = [rmsprop_frobenius((g,), 0.0, 1.0, 0.9)[0][0] for g in gradient]
    ratios = {"frobenius": whole[1] / whole[0], "elementwise": each[1] / each[0]}
    own = abs(ratios[norm] - 100) > 1e-9
    evidence = (
        f"Of the gradient (1, 100) it makes steps in the ratio {short(ratios['frobenius'])}: one scalar for all, "
        "gradient descent with its "
        f"length divided out. Squared element by element the ratio is {short(ratios['elementwise'])}; tolerance 1e-9."
    )
    correction = "The squares must be taken element by element: s ← γs + (1−γ)g²; then the steps are equal."
    return closely(own, evidence, correction, abs(ratios["elementwise"] - 1) < 1e-9, **ratios)


@claim(
    "002-constant",
    "text",
    "m/(1−β₂), v/(1−β₁) is Adam's bias correction (β₂ decays m, β₁ decays v there).",
    correction="constant",
)
def constant(correction: str) -> Ruling:
    found = adam_constant([1.0] * 20_000, 1.0, 0.9, 0.999)
    right = adam([1.0] * 20_000, 1.0, 0.9, 0.999)
    limit = sqrt(1 - 0.999) / (1 - 0.9)
    evidence = (
        "Under a constant gradient Adam steps by η. With the constants (m decays by 0.9, v by 0.999) the first "
        f"step is {short(found[0])}·η, "
        f"the 100th {short(found[99])}·η, the last of 20 000 {short(found[-1])}·η, towards √(1−0.999)/(1−0.9) = "
        f"{short(limit)}."
    )
    error = max(abs(step - 1) for step in (found if correction == "constant" else right))
    exact = max(abs(step - 1) for step in right) < 1e-9 and abs(found[-1] - limit) < 1e-6
    return closely(
        error < 1e-9,
        evidence,
        "Divide by 1 − βᵗ, which the constant is at t = 1 only; tolerance 1e-9.",
        exact,
        last=found[-1],
    )


@claim(
    "002-swapped",
    "text",
    "With β₁ for v and β₂ for m, the customary β₁ = 0.9, β₂ = 0.999 still give Adam.",
    for_m=0.999,
)
def swapped(for_m: float) -> Ruling:
    for_v = 0.9 if for_m == 0.999 else 0.999
    found = adam_constant([1.0] * 20_000, 1.0, for_m, for_v)
    known = adam_constant([1.0] * 20_000, 1.0, 0.9, 0.999)
    with_t = adam([1.0] * 20 + [-1.0] * 20, 1.0, for_m, for_v)
    usual = adam([1.0] * 20 + [-1.0] * 20, 1.0, 0.9, 0.999)
    turns = [next((k - 20 for k, step in enumerate(steps) if k >= 20 and step < 0), None) for steps in (with_t, usual)]
    evidence = (
        f"Read so, m decays by {for_m:g} and v by {for_v:g}. As written, the step under a constant gradient grows "
        f"to {short(found[-1])}·η "
        f"({short(known[-1])}·η the right way round); even with 1 − βᵗ, after 20 gradients of +1 the step turns "
        f"{'not within 20' if turns[0] is None else turns[0] + 1} steps after the gradient does, against "
        f"{(turns[1] or 0) + 1}."
    )
    holds = abs(found[-1] - known[-1]) < 1e-6 and turns[0] == turns[1]
    return closely(
        holds,
        evidence,
        "The values must be swapped with the names: 0.9 for m, 0.999 for v.",
        turns[1] is not None,
        last=found[-1],
    )


@claim("002-descent", "text", "SGD, w ← w − α∇E, is stable below 2/λ.", numerator=2)
def descent(numerator: int) -> Ruling:
    evidence = (
        "The factor 1 − αλ has modulus 1 at αλ = 2, less below and more above (probed at 2 ∓ 10⁻⁹, in fractions)."
    )
    return exactly(_edge(numerator), evidence, "The bound is 2/λ.", _edge(2))


def _edge(scaled: int) -> bool:
    """Whether |1 − αλ| is 1 at this αλ, less just below it and more just above."""
    below, at, above = (abs(1 - (Fraction(scaled) + Fraction(side, 10**9))) for side in (-1, 0, 1))
    return below < at == 1 < above
