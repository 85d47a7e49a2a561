"""Course notes 003, momentum and adaptive rates on a net: what text and code claim, with the procedures that decide it."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import isnan, sqrt

import sympy as sp

from convergence.auditing.adaptive import adam, adam_one_buffer
from convergence.auditing.claim import Ruling, Source, claim, closely, exactly, undecided
from convergence.auditing.formulas import catalogue, function, run, same, same_spectrum, short
from convergence.auditing.rules import momentum_001_code, nesterov_003, nesterov_003_restored
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, symbol

SOURCE = Source("003", "Course notes 003: momentum and adaptive rates on a neural net")

LR, MOMENTUM = symbol("lr"), symbol("momentum")
SETTINGS = {"lr": Fraction(1, 10), "momentum": Fraction(9, 10)}


def _bent(x: Fraction) -> Fraction:
    """The slope of x⁴/4 + x²/2: a function that is no parabola, exact in fractions."""
    return x**3 + x


@claim(
    "003-momentum",
    "code",
    "With the rate inside the buffer, v ← μv + ηg, w ← w − v, momentum is the heavy ball.",
    inside=True,
)
def rate_inside(inside: bool) -> Ruling:
    here, ball = catalogue("momentum_rate_inside"), catalogue("heavy_ball")
    paths = [run(rule, _bent, Fraction(1), 6, SETTINGS) for rule in (here, ball, momentum_001_code)]
    holds = same_spectrum(here, ball) and paths[0] == paths[1]
    other = same_spectrum(momentum_001_code, ball) or paths[2] == paths[1]
    evidence = "The same characteristic polynomial, and six equal exact steps on x⁴/4 + x²/2, at a constant rate."
    return exactly(holds if inside else other, evidence, "It is, with the rate inside and constant.", holds)


@claim(
    "003-momentum-schedule",
    "code, read for a falling rate",
    "It is the heavy ball under any schedule of rates, too.",
    ratio=0.5,
)
def rate_inside_schedule(ratio: float) -> Ruling:
    first, second = Fraction(1, 10), Fraction(1, 10) * Fraction(str(ratio))
    g, beta = Fraction(1), Fraction(9, 10)
    inside = -(beta * first * g + second * g)  # second step under a constant gradient
    outside = -second * (beta * g + g)
    evidence = (
        f"When η falls to {short(ratio)} of itself under a constant gradient, the second step is "
        f"{short(float(inside))} with the rate "
        f"inside, {short(float(outside))} with it outside: the buffer keeps the old rate."
    )
    return exactly(
        inside == outside,
        evidence,
        "Only at a constant rate are the two equal.",
        -(beta + 1) * first == -first * (beta + 1),
    )


@claim(
    "003-nesterov-text",
    "text",
    "The gradient is taken where the coming momentum step leads: that is Nesterov's method.",
    sign=-1,
)
def nesterov_text(sign: int) -> Ruling:
    rule = nesterov_003_restored if sign < 0 else nesterov_003
    paths = [run(r, _bent, Fraction(1), 6, SETTINGS) for r in (rule, catalogue("nesterov"))]
    right = same_spectrum(nesterov_003_restored, catalogue("nesterov"))
    evidence = (
        "The look-ahead is w − μv, since w moves by −v: characteristic polynomial and six exact steps are Nesterov's."
    )
    holds = same_spectrum(rule, catalogue("nesterov")) and paths[0] == paths[1]
    return exactly(holds, evidence, "The sign is minus: w − μv.", right)


@claim(
    "003-nesterov-code",
    "code",
    "The code (w += μv, gradient there, v ← μv + ηg, w −= v) is Nesterov's method.",
    method="nesterov",
)
def nesterov_code(method: str) -> Ruling:
    known, code = catalogue(method), nesterov_003
    damped = catalogue("ema_momentum_zero_start")
    is_damped = same_spectrum(code, damped) and _look_ahead_is_damped_ball() and _weights_lead()
    bound = region(code).lr_max
    top = float((bound * CURVATURE).subs(MOMENTUM, sp.Rational(9, 10)))
    evidence = (
        "The step is w ← w − η∇f(w + μv), uphill of w. Its characteristic polynomial is z² − (1 + μ − (1−μ)ηλ)z + "
        "μ, not Nesterov's; "
        f"it is stable to 2(1+μ)/((1−μ)λ) = {short(top)}/λ at μ = 0.9, Nesterov to 1.357/λ."
    )
    correction = (
        "It is the heavy ball at a rate (1−μ)η, a tenth of the one given: the points y = w + μv move by y₊ = y + "
        "μ(y − y₋) − "
        "(1−μ)η∇f(y), for any f, and w₊ = (y₊ − μy)/(1−μ) runs μ/(1−μ) = 9 of its steps ahead. To be Nesterov's, "
        "use w − μv and restore w."
    )
    right_bound = same(bound, 2 * (1 + MOMENTUM) / ((1 - MOMENTUM) * CURVATURE))
    return exactly(same_spectrum(code, known), evidence, correction, is_damped and right_bound, stable_below=top)


def _look_ahead_is_damped_ball() -> bool:
    """For any f: the gradient at y is a letter g; then v = 0 at first gives the heavy ball at rate (1−μ)η in y."""
    w, v, mu, eta, g, h = sp.symbols("w v mu eta g h")
    y = w + mu * v
    w1, v1 = y - (mu * v + eta * g), mu * v + eta * g
    y1 = w1 + mu * v1
    w2, v2 = y1 - (mu * v1 + eta * h), mu * v1 + eta * h
    y2 = w2 + mu * v2
    recurrence = same(y2, y1 + mu * (y1 - y) - (1 - mu) * eta * h)
    at_first = same(y1.subs(v, 0), w - (1 - mu) * eta * g)
    return recurrence and at_first


def _weights_lead() -> bool:
    """w₊ = (y₊ − μy)/(1−μ), as letters, and exactly along a run on a function that is no parabola."""
    code = run(nesterov_003, _bent, Fraction(1), 6, SETTINGS)
    ball = run(momentum_001_code, _bent, Fraction(1), 6, SETTINGS)
    mu = SETTINGS["momentum"]
    leading = [(after - mu * before) / (1 - mu) for before, after in pairwise(ball)]
    return bool(leading == code[1:])


@claim(
    "003-nesterov-speed",
    "code",
    "The code's look-ahead makes it faster, at its best, than plain momentum.",
    better=True,
)
def nesterov_speed(better: bool) -> Ruling:
    same_as_ball = same_spectrum(nesterov_003, catalogue("heavy_ball"), lr=(1 - MOMENTUM) * LR)
    evidence = (
        "With (1−μ)η for η its characteristic polynomial is the heavy ball's, so the best rates are equal: "
        "(√κ−1)/(√κ+1)."
    )
    return exactly(
        better != same_as_ball,
        evidence,
        "It has just the heavy ball's best rate, at a rate η ten times as large at μ = 0.9.",
        same_as_ball,
    )


@claim("003-adam-buffers", "code", "With one list for both moments, the step is Adam's.", gradient=-1.0)
def one_buffer(gradient: float) -> Ruling:
    found = adam_one_buffer([gradient] * 5, 1.0, 0.9, 0.999, 1e-4)
    positive = adam_one_buffer([abs(gradient)], 1.0, 0.9, 0.999, 1e-4)[0]
    right = adam([gradient], 1.0, 0.9, 0.999, 1e-4)[0]
    left = f"{short(0.999 * 0.1 * gradient + 0.001 * gradient**2)}"
    evidence = (
        f"After the first gradient {short(gradient)} the shared entry holds {left}: "
        f"{'its root is not a number' if isnan(found[0]) else 'the step is ' + short(found[0])}; for "
        f"{short(abs(gradient))} the step is "
        f"{short(positive)}·η, Adam's is {short(abs(right))}·η. (Entries written in place, first moment, then second.)"
    )
    correction = "Two lists: then the first step is η·g/(|g| + ε)."
    checked = abs(right - gradient / (abs(gradient) + 1e-4)) < 1e-12
    holds = not isnan(found[0]) and abs(found[0] - right) < 1e-6
    return exactly(holds, evidence, correction, checked, shared=positive, adam=right)


@claim("003-adam-restart", "code", "Setting t back to 1 with each epoch leaves the bias correction right.", epoch=600)
def restart(epoch: int) -> Ruling:
    steps = adam([1.0] * (2 * epoch), 1.0, 0.9, 0.999, 1e-4, restart=epoch)
    kept = adam([1.0] * (2 * epoch), 1.0, 0.9, 0.999, 1e-4)
    first, settled = steps[epoch], kept[epoch]
    lowest = min(steps[epoch:])
    limit = sqrt(1 - 0.999) / (1 - 0.9)
    evidence = (
        f"Under a constant gradient every step is η with t counted on. With t back at 1 after {epoch} steps the "
        "full moments are divided "
        f"by 1 − β₁ and 1 − β₂: the step falls to {short(first)}·η, at worst {short(lowest)}·η (long epochs: "
        f"{short(limit)}·η)."
    )
    holds = abs(first - settled) < 1e-6
    even = max(abs(step - kept[0]) for step in kept) < 1e-9
    return closely(
        holds,
        evidence,
        "Count t on through the epochs; then every step is η/(1+ε), tolerance 1e-9.",
        even,
        first=first,
        lowest=lowest,
    )


@claim(
    "003-momentum-terminal", "code", "At μ = 0.9, η = 0.01 a constant gradient ends in steps ten times ηg.", times=10
)
def terminal(times: int) -> Ruling:
    v, mu, eta, g = sp.symbols("v mu eta g")
    (level,) = sp.solve(sp.Eq(v, mu * v + eta * g), v)
    at = function(lambda n: same(level.subs(mu, sp.Rational(9, 10)), n * eta * g))
    return exactly(at(times), "The buffer's fixed point is ηg/(1−μ).", "They are 1/(1−μ) = 10 times as long.", at(10))


@claim(
    "003-adaptive",
    "code",
    "AdaGrad, RMSProp and Adam with ε = 1e-8, 1e-4, 1e-4 outside the root train the net.",
    eps=1e-4,
)
def adaptive(eps: float) -> Ruling:
    evidence = (
        "Decided at the minimiser, where √s + ε → ε: the linearised step is (η/ε)·g, so RMSProp settles there only "
        "if η < 2ε/λ, "
        f"{short(2 * eps)}/λ here."
    )
    return undecided(
        evidence, "adaptive methods away from the minimiser, a network, and minibatch noise", bound=2 * eps
    )
