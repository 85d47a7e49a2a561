"""Course notes 001, optimizers from scratch: what they claim, each with the procedure that decides it."""

from __future__ import annotations

from math import cosh, exp, log, prod, tanh

import numpy as np
import sympy as sp

from convergence.auditing.adaptive import adagrad, adagrad_step, descend
from convergence.auditing.claim import Ruling, Source, claim, closely, exactly, undecided
from convergence.auditing.formulas import function, run, same, same_spectrum, short
from convergence.auditing.rules import momentum_001_code, momentum_001_text
from convergence.theory.symbols import symbol

SOURCE = Source("001", "Course notes 001: optimizers from scratch")

X = sp.Symbol("x", real=True)


@claim(
    "001-landscape", "text", "x·cos(πx) on [−1, 2] has a local minimum and the global one, both inside.", low=-1, high=2
)
def landscape(low: int, high: int) -> Ruling:
    inside, right = _minima(low, high), _minima(-1, 2)
    ends = min(_wave(low), _wave(high))
    holds = len(inside) == 2 and min(value for _, value in inside) < ends
    shown = ", ".join(f"x = {short(x)} (value {short(v)})" for x, v in inside) or "none"
    evidence = (
        f"Zeros of the derivative, bisected between sign changes on a grid of 3000: minima at {shown}; at the ends "
        f"{short(ends)}."
    )
    correction = "On [−1, 2] there are two: " + ", ".join(f"x = {short(x)}" for x, _ in right) + "."
    return closely(holds, evidence, correction, len(right) == 2)


def _wave(x: float) -> float:
    return x * float(np.cos(np.pi * x))


def _minima(low: float, high: float) -> list[tuple[float, float]]:
    slope = sp.lambdify(X, sp.diff(X * sp.cos(sp.pi * X), X), "math")
    grid = np.linspace(low, high, 3001)
    values = [slope(float(x)) for x in grid]
    cuts = [(float(a), float(b)) for a, b, u, v in zip(grid, grid[1:], values, values[1:], strict=False) if u < 0 <= v]
    found = [_bisected(slope, a, b) for a, b in cuts]
    return [(x, _wave(x)) for x in found]


def _bisected(slope: object, a: float, b: float) -> float:
    for _ in range(60):
        middle = (a + b) / 2
        a, b = (middle, b) if slope(middle) < 0 else (a, middle)  # type: ignore[operator]
    return (a + b) / 2


@claim("001-saddle", "text", "x² − y² has a saddle at 0.", sign=-1)
def saddle(sign: int) -> Ruling:
    y = sp.Symbol("y", real=True)
    f = X**2 + sign * y**2
    slope = [sp.diff(f, v).subs({X: 0, y: 0}) for v in (X, y)]
    curvatures = sorted(sp.hessian(f, (X, y)).eigenvals())
    holds = slope == [0, 0] and curvatures[0] < 0 < curvatures[-1]
    evidence = f"The gradient is 0 there, the Hessian has the eigenvalues {', '.join(str(c) for c in curvatures)}."
    return exactly(holds, evidence, "x² − y² has the curvatures 2 and −2; a sum of squares has none below 0.", True)


@claim("001-tanh", "text", "At x = 4 the slope of tanh is about 0.0013.", slope=0.0013)
def vanishing(slope: float) -> Ruling:
    value = float(sp.diff(sp.tanh(X), X).subs(X, 4).evalf(30))
    evidence = f"1 − tanh²(4) = {short(value, 6)}; tolerance: half a unit of the last digit, 5e-5."
    return closely(abs(value - slope) <= 5e-5, evidence, f"It is {short(value, 3)}.", True, slope=value)


@claim(
    "001-newton", "code", "Newton's method on cosh(x/2) from 10 with η = 1 is at the minimum after 10 steps.", steps=10
)
def newton(steps: int) -> Ruling:
    x, path = 10.0, [10.0]
    for _ in range(max(steps, 10)):
        x -= 2 * tanh(x / 2)
        path.append(x)
    reached = next(k for k, value in enumerate(path) if abs(value) < 1e-9)
    series = sp.series(X - 2 * sp.tanh(X / 2), X, 0, 4).removeO()
    cubic = same(series, X**3 / 12)
    evidence = (
        f"Far out a step is nearly 1/c = 2 long ({short(10 - path[1])} at first); near 0 the error is x³/12, cubic. "
        f"|x| < 1e-9 at step {reached}, {short(abs(path[steps]), 2)} at step {steps}."
    )
    return closely(abs(path[steps]) < 1e-9 and cubic, evidence, f"It takes {reached} steps.", cubic, reached=reached)


@claim("001-newton-loss", "code", "Newton's steps on cosh(x/2) never raise the function.", rate=1)
def newton_falls(rate: float) -> Ruling:
    starts = np.linspace(-10, 10, 401)
    rises = [s for s in starts if cosh((s - rate * 2 * tanh(s / 2)) / 2) > cosh(s / 2) * (1 + 1e-12)]
    evidence = f"Of 401 starts in [−10, 10], {len(rises)} rise at η = {rate:g}; tolerance 1e-12, relative."
    return closely(not rises, evidence, "At η = 1 none rises.", True, rising=len(rises))


@claim(
    "001-too-fast",
    "text",
    "Too fast a decay of the rate stops the descent before the minimum: e^(−0.1t) does.",
    decay="exponential",
)
def premature(decay: str) -> Ruling:
    t = sp.Symbol("t", integer=True, nonnegative=True)
    total = sp.summation(sp.exp(-t / 10), (t, 0, sp.oo))
    slow_diverges = sp.limit(sp.sqrt(t) * (t / 10 + 1) ** sp.Rational(-1, 2), t, sp.oo) > 0
    rates = {
        "exponential": [exp(-0.1 * k) for k in range(4000)],
        "square root": [(0.1 * k + 1) ** -0.5 for k in range(4000)],
    }
    left = {name: prod(1 - 0.1 * rate for rate in found) for name, found in rates.items()}
    finite = bool(total.is_finite)
    evidence = (
        f"Σ e^(−0.1t) = {short(total)} is finite, so on a parabola with η₀λ = 0.1 the part "
        f"{short(left['exponential'], 3)} of the "
        "error stays for good; (0.1t+1)^(−½) has an infinite sum, and after 4000 steps "
        f"{short(left['square root'], 2)} is left."
    )
    holds = finite and left["exponential"] > 0.1 if decay == "exponential" else left["square root"] > 0.1
    correction = "The sum of the rates must be infinite: (0.1t+1)^(−½) does not stop early."
    return exactly(holds, evidence, correction, bool(slow_diverges), stays=left["exponential"])


@claim("001-minibatch", "text", "The deviation of a minibatch gradient falls as b^(−1/2).", power=sp.Rational(-1, 2))
def minibatch(power: sp.Rational) -> Ruling:
    s = sp.Symbol("s", positive=True)
    deviation = function(lambda b: sp.sqrt((sp.ones(1, b) * (s**2 * sp.eye(b)) * sp.ones(b, 1))[0] / b**2))
    fits = function(lambda p: all(same(deviation(b), s * sp.Integer(b) ** p) for b in (1, 2, 3, 8, 100)))
    evidence = "1ᵀΣ1/b² with Σ = s²·1 is s²/b: computed for b = 1, 2, 3, 8, 100 (independent gradients)."
    return exactly(fits(power), evidence, "It falls as b^(−1/2).", fits(sp.Rational(-1, 2)))


@claim("001-text-code", "text against code", "The code's momentum is the text's.", factor=1)
def text_and_code(factor: object) -> Ruling:
    lr, momentum = symbol("lr"), symbol("momentum")
    factor = sp.sympify(factor, locals={"beta": momentum})
    is_it = function(lambda f: same_spectrum(momentum_001_code, momentum_001_text, lr=f * lr))
    paths = [
        run(rule, lambda x: x**3 + x, sp.Integer(1), 3, {"lr": rate, "momentum": sp.Rational(1, 4)})
        for rule, rate in ((momentum_001_code, sp.Rational(1, 10)), (momentum_001_text, sp.Rational(3, 40)))
    ]
    evidence = (
        "The text's step is 1/(1−β) times the code's, 4/3 at β = 0.25: the characteristic polynomials agree with "
        "(1−β)η in the "
        "place of η, and so do three exact steps on x⁴/4 + x²/2."
    )
    return exactly(
        is_it(factor),
        evidence,
        "The code at η is the text at (1−β)η.",
        is_it(1 - momentum) and paths[0] == paths[1],
        ratio=4 / 3,
    )


@claim("001-half-life", "text", "The half-life of RMSProp's average is 1/γ.", steps="1/g")
def half_life(steps: str) -> Ruling:
    g = sp.Symbol("g", positive=True)
    halves = function(
        lambda count: same(sp.simplify(sp.exp(sp.sympify(count, locals={"g": g}) * sp.log(g))), sp.Rational(1, 2))
    )
    b = 0.9
    evidence = (
        f"At γ = 0.9 the weight after 1/γ = {short(1 / b, 3)} steps is {short(b ** (1 / b), 3)}, not ½; it is ½ after "
        f"ln ½/ln γ = {short(log(0.5) / log(b), 4)} steps. The averaging time is 1/(1−γ) = 10."
    )
    correction = "The half-life is ln ½/ln γ; the averaging time is 1/(1−γ)."
    k = sp.Symbol("k", integer=True, nonnegative=True)
    mean_age = sp.summation((k + 1) * sp.Rational(1, 10) * sp.Rational(9, 10) ** k, (k, 0, sp.oo))
    checked = halves("log(1/2)/log(g)") and mean_age == 10
    return exactly(halves(steps), evidence, correction, checked, half_life=log(0.5) / log(b), averaging=10)


@claim("001-adagrad", "text", "Adagrad's step falls as t^(−1/2).", power=-0.5)
def adagrad_falls(power: float) -> Ruling:
    t, g, eps = sp.symbols("t g epsilon", positive=True)
    step = g / sp.sqrt(t * g**2 + eps)
    fits = function(lambda p: sp.limit(step * t ** -sp.Rational(str(p)), t, sp.oo) == 1)
    steps = adagrad([1.0] * 100, 1.0, 1e-6)
    evidence = (
        f"Under a constant gradient step·√t → η; run: step 1 is {short(steps[0])}, step 100 is {short(steps[99])}."
    )
    return exactly(
        fits(power), evidence, "It falls as t^(−1/2) under gradients that stay.", bool(fits(-0.5)), hundredth=steps[99]
    )


@claim(
    "001-adagrad-always",
    "text, read for every run",
    "Adagrad's rate keeps falling as t^(−1/2) on a smooth function, too.",
    falls=True,
)
def adagrad_levels(falls: bool) -> Ruling:
    path = descend(adagrad_step, 1.0, 1.0, 4000, lr=0.5, eps=1e-6)
    sums = np.cumsum(np.square(path))
    rates = 0.5 / np.sqrt(sums + 1e-6)
    level = bool(abs(rates[3999] / rates[999] - 1) < 1e-6)
    evidence = (
        f"On ½x² from 1 with η = 0.5 the gradients vanish, their squares sum to {short(sums[-1])}, and the rate "
        "stands at "
        f"{short(rates[999])} at step 1000 and at step 4000; tolerance 1e-6."
    )
    return closely(
        falls != level,
        evidence,
        "Where gradients vanish fast enough, the rate levels off at a constant.",
        level,
        rate=rates[-1],
    )


@claim(
    "001-bias",
    "code",
    "Adam's correction by 1 − βᵗ makes both moments of a constant gradient exact from step 1.",
    from_step=1,
)
def adam_bias(from_step: int) -> Ruling:
    g, b = sp.symbols("g b")
    m, right = sp.Integer(0), []
    for t in range(1, 9):
        m = b * m + (1 - b) * g
        right.append(same(sp.cancel(m / (1 - b**t)), g))
    return exactly(
        all(right[from_step - 1 :]) and from_step == 1, "On letters for eight steps.", "From step 1 on.", all(right)
    )


@claim(
    "001-noise", "code", "SGD with N(0, 1) noise in the gradient ends near the minimum as its rate decays.", rate=0.1
)
def noise(rate: float) -> Ruling:
    a, s = sp.symbols("a s", positive=True)  # a = ηλ; the variance v solves v = (1−a)²v + s
    v = sp.Symbol("v")
    (level,) = sp.solve(sp.Eq(v, (1 - a) ** 2 * v + s), v)
    value = float(level.subs({a: rate, s: rate**2}))
    evidence = (
        "Decided for a constant rate on a parabola of curvature 1: the variance of the iterate tends to η/(2−η), "
        f"{short(value, 3)} "
        f"at η = {rate:g}, and not to 0."
    )
    return undecided(evidence, "noise as an oracle, with schedules", variance=value)
