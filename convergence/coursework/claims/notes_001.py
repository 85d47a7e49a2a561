"""Claims of notes 001: landscapes, Newton's method, schedules, minibatches, momentum, Adagrad, RMSProp, Adam."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import cos, exp, log, pi, prod, sin, tanh
from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import adagrad, descent, steps
from convergence.coursework.claim import Claim, Source
from convergence.coursework.claims.notes_004 import average, noise_left
from convergence.coursework.decisions import (
    BETA,
    DOUBLE,
    ETA,
    LAMBDA,
    alike,
    characteristic,
    closely,
    exactly,
    number,
    same,
)
from convergence.coursework.rules import momentum_001_code, momentum_001_text

SOURCE = Source("001", 'Course notes 001, "Optimizers-from-Scratch", after Dive into Deep Learning', "Notes 001")

X, Y = sp.symbols("x y", real=True)
T = sp.Symbol("t", positive=True)


def minima(low: float, high: float) -> Any:
    """Minima of x·cos(πx) inside an interval: where its derivative passes from below to above 0, bisected."""
    grid = np.linspace(low, high, 3001)
    cuts = [(float(a), float(b)) for a, b in pairwise(grid) if _slope(a) < 0 <= _slope(b)]
    inside = [_bisected(a, b) for a, b in cuts]
    values, ends = [x * cos(pi * x) for x in inside], min(low * cos(pi * low), high * cos(pi * high))
    return len(inside) == 2 and min(values) < ends, {"places": inside, "values": values, "ends": ends}


def _slope(x: float) -> float:
    return cos(pi * x) - pi * x * sin(pi * x)


def _bisected(a: float, b: float) -> float:
    for _ in range(60):
        middle = (a + b) / 2
        a, b = (middle, b) if _slope(middle) < 0 else (a, middle)
    return (a + b) / 2


def saddle(sign: int) -> Any:
    """Gradient and curvatures of x² ± y² at 0."""
    f = X**2 + sign * Y**2
    slope = [sp.diff(f, v).subs({X: 0, Y: 0}) for v in (X, Y)]
    curvatures = sorted(sp.hessian(f, (X, Y)).eigenvals())
    return slope == [0, 0] and curvatures[0] < 0 < curvatures[-1], {"curvatures": curvatures}


@cache
def newton_path() -> list[float]:
    """Newton's iterates on cosh(x/2) from 10, η = 1: x − 2·tanh(x/2)."""
    path = [10.0]
    for _ in range(10):
        path.append(path[-1] - 2 * tanh(path[-1] / 2))
    return path


def newton(after: int) -> Any:
    """Whether the iterate after so many steps is the minimiser, to 1e-9."""
    path = newton_path()
    reached = next(k for k, x in enumerate(path) if abs(x) < 1e-9)
    return abs(path[after]) < 1e-9, {"reached": reached, "first": path[0] - path[1], "left": abs(path[after])}


def newton_order(order: int) -> Any:
    """The first power in the series of a Newton step on cosh(x/2) about its minimum."""
    step = sp.series(X - 2 * sp.tanh(X / 2), X, 0, 6).removeO()
    power = min(int(k) for (k,), _ in sp.Poly(step, X).terms())
    return power == order, {"power": power, "factor": step.coeff(X, power), "path": newton_path()[5:8]}


def premature(decay: str) -> Any:
    """Whether the rates of a decay have a finite sum, so that a part of the error stays, on a parabola with η₀λ = 0.1."""
    t = sp.Symbol("t", integer=True, nonnegative=True)
    formulas = {"exponential": sp.exp(-t / 10), "polynomial": (t / 10 + 1) ** sp.Rational(-1, 2)}
    stays = prod(1 - 0.1 * float(formulas[decay].subs(t, k)) for k in range(300))
    return bool(sp.Sum(formulas[decay], (t, 0, sp.oo)).is_convergent()), {"stays": stays}


def first_factor() -> float:
    """The factor of the first step in the code: t = 1 before the loop, raised before it is used."""
    t = 1
    t += 1
    return exp(-0.1 * t)


def minibatch(power: Any) -> Any:
    """The deviation of the mean of b independent gradients of deviation s: √(1ᵀΣ1)/b with Σ = s²·1."""
    s = sp.Symbol("s", positive=True)
    deviations = {b: sp.sqrt((sp.ones(1, b) * (s**2 * sp.eye(b)) * sp.ones(b, 1))[0]) / b for b in (1, 2, 3, 8, 50)}
    return all(same(deviation, s * sp.Integer(b) ** power) for b, deviation in deviations.items()), {}


def epoch(steps: int) -> Any:
    """One epoch of the code, without noise, on ½x²: 12 rows in batches of 3, η = 0.1. Is the mean moved by so many steps?"""
    rows = np.random.default_rng(0).normal(-5, 1, 12)
    first = rows.mean()
    for start in range(0, 12, 3):
        rows[start : start + 3] -= 0.1 * rows[start : start + 3].mean()
    return abs(rows.mean() / first - 0.9**steps) < 1e-12, {"moved": rows.mean() / first, "steps": 0.9**4}


def leaky(scale: str) -> Any:
    """The stationary variance of v ← βv + s·g for independent g of variance 1, s = 1 or 1 − β: is it below 1 for every β?"""
    weight = sp.Integer(1) if scale == "sum" else 1 - BETA
    variance = sp.factor(sp.cancel(weight**2 / (1 - BETA**2)))
    below = [bool(variance.subs(BETA, sp.Rational(k, 20)) < 1) for k in range(1, 20)]
    tens = variance.subs(BETA, sp.Rational(9, 10))
    return all(below), {"variance": variance, "tens": tens, "average": noise_left()}


def larger_beta(up_to: str) -> Any:
    """Whether the rate on ½λx² at ηλ = ¼ falls as β grows, up to 1 or up to critical damping."""
    double = sp.solve(sp.discriminant(characteristic("heavy_ball"), sp.Symbol("z")).subs(LAMBDA, 1 / (4 * ETA)), BETA)
    critical = float(min(double))
    betas = np.linspace(0, 0.99 if up_to == "1" else critical, 200)
    rates = cv.spectral_radius("heavy_ball", 0.25, lr=1.0, momentum=betas)
    at = [float(cv.spectral_radius("heavy_ball", 0.25, lr=1.0, momentum=beta)) for beta in (0.0, critical, 0.9)]
    return bool((np.diff(rates) <= DOUBLE).all()), {"critical": critical, "at": at}


def text_and_code(scale: str) -> Any:
    """Whether the code is the text's rule at the same η, or at (1−β)η: eigenvalues and exact steps."""
    return alike(momentum_001_code, momentum_001_text, lr=ETA if scale == "same" else (1 - BETA) * ETA), {}


def adagrad_power(power: Any) -> Any:
    """The limit of the step under a constant gradient g, times t^−power."""
    g, eps = sp.symbols("g epsilon", positive=True)
    limit = sp.limit(g / sp.sqrt(T * g**2 + eps) * T**-power, T, sp.oo)
    return limit == 1, {"hundredth": steps(adagrad, [1.0] * 100)[-1]}


def accumulator(gradients: str) -> Any:
    """Whether Adagrad's sum of squares still grows between step 1000 and step 4000, on ½x² or under a constant gradient."""
    path = descent(lambda g, s=0.0: adagrad(g, s, lr=0.5, eps=1e-6), 1.0, 1.0, 4000)
    sums = np.cumsum(np.square(path if gradients == "falling" else np.ones(4001)))
    rates = 0.5 / np.sqrt(sums + 1e-6)
    return sums[4000] > sums[1000] * (1 + 1e-6), {"sum": sums[4000], "rates": [rates[1000], rates[4000]]}


def half_life(count: str) -> Any:
    """The weight γᵗ after so many steps, and the mean age of what is averaged."""
    gamma = sp.Symbol("g", positive=True)
    weight = sp.simplify(sp.exp(sp.sympify(count, locals={"g": gamma}) * sp.log(gamma)))
    k = sp.Symbol("k", integer=True, nonnegative=True)
    age = sp.summation((k + 1) * sp.Rational(1, 10) * sp.Rational(9, 10) ** k, (k, 0, sp.oo))
    return same(weight, sp.Rational(1, 2)), {"at": 0.9 ** (1 / 0.9), "half": log(0.5) / log(0.9), "age": age}


CLAIMS = (
    Claim(
        "001-landscape", '"Local Minima"', "x·cos(πx) on [−1, 2] has a local minimum and the global one, both inside.",
        closely(minima), {"low": -1, "high": 2}, {"high": 1},
        "Zeros of the derivative, bisected between sign changes on a grid of 3000: minima at {places} with the values "
        "{values}; "
        "the lower end of the interval has {ends}.",
    ),
    Claim(
        "001-saddle", '"Saddle Points"', "x² − y² has a saddle at 0.",
        exactly(saddle), {"sign": -1}, {"sign": 1}, "The gradient is 0 there, the Hessian has the eigenvalues {curvatures}.",
    ),
    Claim(
        "001-tanh", '"Vanishing Gradients"', "At x = 4 the slope of tanh is 0.0013.",
        number(lambda: 1 - tanh(4) ** 2, 5e-5), {"stated": 0.0013}, {"stated": 0.0014},
        "1 − tanh²(4) = {value:6}; tolerance: half a unit of the last digit.",
    ),
    Claim(
        "001-newton", '"Newton\'s Method", the code',
        "Newton's method on cosh(x/2) from 10 is at the minimum after 10 steps.",
        closely(newton), {"after": 10}, {"after": 4},
        "Far out a step is nearly 1/c = 2 long ({first} at first); |x| < 1e-9 from step {reached} on.",
    ),
    Claim(
        "001-newton-order", '"Newton\'s Method", its advantages, on the example of the code',
        "Newton's method has a quadratic convergence rate.",
        exactly(newton_order), {"order": 2}, {"order": 3},
        "On cosh(x/2) the third derivative at the minimum is 0: the step's error is {factor}·x^{power}. The last "
        "iterates are {path}.",
        "On this example it is of order {power}; 2 is what is sure for any smooth function.",
    ),
    Claim(
        "001-too-fast", '"Dynamic Learning Rate"',
        "Too fast a decay stops the descent before the minimum: e^(−0.1t) does.",
        exactly(premature), {"decay": "exponential"}, {"decay": "polynomial"},
        "The rates have a finite sum, so on a parabola with η₀λ = 0.1 the part {stays} of the error stays for good. "
        "(0.1t+1)^(−½) has an infinite sum.",
    ),
    Claim(
        "001-schedule-start", '"Dynamic Learning Rate", exponential_lr in the code',
        "The schedule is η₀·e^(−λt) from t = 0: η₀ at first.",
        number(first_factor, 1e-12), {"stated": 1.0}, {"stated": exp(-0.2)},
        "t is 1 before the loop, and raised before its first use: the first factor is {value}.",
        "The first step is taken at {value}·η₀, that of t = 2.",
    ),
    Claim(
        "001-minibatch", '"Mini-batch SGD", the key benefits',
        "The deviation of a minibatch gradient falls as b^(−1/2).",
        exactly(minibatch), {"power": sp.Rational(-1, 2)}, {"power": sp.Integer(-1)},
        "√(1ᵀΣ1)/b with Σ = s²·1 is s·b^(−1/2): computed for b = 1, 2, 3, 8, 50 independent gradients.",
    ),
    Claim(
        "001-rows", '"Mini-batch SGD", the code: X[i:i + batch_size] -= η·avg_grad',
        "An epoch of n/b batches makes n/b steps.",
        closely(epoch), {"steps": 4}, {"steps": 1},
        "The code moves the rows of the batch, and so of the data; x is the mean of all rows. With 4 batches, η = "
        "0.1, on ½x² and "
        "without noise an epoch multiplies it by {moved}, where four steps give {steps}. Tolerance 1e-12.",
        "An epoch moves x by one step of gradient descent, however many batches: each batch moves its own rows only.",
    ),
    Claim(
        "001-leaky", '"Leaky Averages"', "v ← βv + g reduces the variance of the gradients.",
        exactly(leaky), {"scale": "sum"}, {"scale": "average"},
        "For independent gradients of variance 1 it has {variance}, {tens} at β = 0.9.",
        "It grows it; (1−β)v has {variance}, which is less.",
    ),
    Claim(
        "001-larger-beta", '"The Momentum Method"', "Larger β allow more stable updates and better convergence.",
        closely(larger_beta), {"up_to": "1"}, {"up_to": "critical"},
        "The stable range 2(1+β)/λ does grow. The rate does not: at ηλ = ¼ it is {at} at β = 0, {critical} and 0.9; "
        "tolerance for "
        "double eigenvalues 6e-8.",
        "Convergence is better up to critical damping, β = (1 − √(ηλ))², {critical} here, and worse beyond: √β.",
    ),
    Claim(
        "001-text-code", '"The Momentum Method", formula against code', "The code's momentum is the formula's.",
        exactly(text_and_code), {"scale": "same"}, {"scale": "scaled"},
        "Code: v ← βv + (1−β)g. Formula: v ← βv + g, whose steps are 1/(1−β) times as long, 4/3 at the code's β = "
        "0.25. Decided by "
        "eigenvalues and six exact steps on x⁴/4 + x²/2.",
        "The code at η is the formula at (1−β)η.",
    ),
    Claim(
        "001-adagrad", '"Why Move from Adagrad to RMSProp?"', "Adagrad's rate falls as t^(−1/2).",
        exactly(adagrad_power), {"power": sp.Rational(-1, 2)}, {"power": sp.Integer(-1)},
        "Under a constant gradient step·√t → η; step 100 is {hundredth}·η.",
    ),
    Claim(
        "001-adagrad-always", '"Why Move from Adagrad to RMSProp?"',
        "The sum of squares keeps growing without bound, the rate keeps falling.",
        closely(accumulator), {"gradients": "falling"}, {"gradients": "constant"},
        "On ½x² from 1 with η = 0.5 the gradients vanish, their squares sum to {sum}, and the rates at steps 1000 and "
        "4000 are "
        "{rates}; tolerance 1e-6.",
        "It does under gradients that stay. Where they vanish fast enough, the rate levels off.",
    ),
    Claim(
        "001-half-life", '"RMSProp Algorithm", below the sum of the weights',
        "The half-life of RMSProp's average is 1/γ.",
        exactly(half_life), {"count": "1/g"}, {"count": "log(1/2)/log(g)"},
        "At γ = 0.9 the weight after 1/γ steps is {at}, not ½.",
        "The half-life is ln ½/ln γ, {half} steps at γ = 0.9; the averaging time is 1/(1−γ), {age} there.",
    ),
    Claim(
        "001-bias", '"Bias Correction" of Adam',
        "Divided by 1 − βᵗ, both moments of a constant gradient are exact from step 1.",
        exactly(lambda first: (all(same(average([1] * t) / (1 - BETA ** (t + first - 1)), 1) for t in range(1, 9)), {})),
        {"first": 1}, {"first": 2}, "On letters for eight steps.",
    ),
)  # fmt: skip
