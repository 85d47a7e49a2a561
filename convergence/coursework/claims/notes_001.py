"""Claims of notes 001: landscapes, Newton's method, schedules, minibatches, momentum, Adagrad, RMSProp, Adam."""

from __future__ import annotations

from itertools import combinations, pairwise
from math import cos, exp, log, pi, prod, sin, tanh
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import brentq

import convergence as cv
from convergence.coursework.adaptive import adagrad, descent, steps
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import alike, characteristic, near, noise_left, same, unbiased
from convergence.coursework.letters import BETA, ETA, HALF, LAMBDA

NOTES = Source("001", "Course notes 001", '"Optimizers-from-Scratch", after Dive into Deep Learning')

DOUBLE = 4 * 2.0**-26
"""A double eigenvalue is known to the root of machine epsilon."""

X, Y = sp.symbols("x y", real=True)


@NOTES.closely("001-landscape", '"Local Minima"', high=1)
def minima(low: float = -1, high: float = 2) -> Answer:
    """x·cos(πx) on [−1, 2] has a local minimum and the global one, both inside.

    Zeros of the derivative, bisected between sign changes on a grid of 3000: minima at {places} with the values
    {values}; the lower end of the interval has {ends}.
    """

    def slope(x: float) -> float:
        return cos(pi * x) - pi * x * sin(pi * x)

    grid = np.linspace(low, high, 3001).tolist()
    places = [brentq(slope, a, b) for a, b in pairwise(grid) if slope(a) < 0 <= slope(b)]
    values, ends = [x * cos(pi * x) for x in places], min(low * cos(pi * low), high * cos(pi * high))
    return len(places) == 2 and min(values) < ends, {"places": places, "values": values, "ends": ends}


@NOTES.exactly("001-saddle", '"Saddle Points"', sign=1)
def saddle(sign: int = -1) -> Answer:
    """x² − y² has a saddle at 0.

    The gradient is 0 there, the Hessian has the eigenvalues {curvatures}.
    """
    f = X**2 + sign * Y**2
    slope = [sp.diff(f, v).subs({X: 0, Y: 0}) for v in (X, Y)]
    curvatures = sorted(sp.hessian(f, (X, Y)).eigenvals())
    return slope == [0, 0] and curvatures[0] < 0 < curvatures[-1], {"curvatures": curvatures}


@NOTES.closely("001-tanh", '"Vanishing Gradients"', stated=0.0014)
def vanishing(stated: float = 0.0013) -> Answer:
    """At x = 4 the slope of tanh is 0.0013.

    1 − tanh²(4) = {value:6}; tolerance: half a unit of the last digit.
    """
    return near(1 - tanh(4) ** 2, stated, 5e-5)


def newton_path() -> list[float]:
    """Newton's iterates on cosh(x/2) from 10, η = 1: x − 2·tanh(x/2)."""
    path = [10.0]
    for _ in range(10):
        path.append(path[-1] - 2 * tanh(path[-1] / 2))
    return path


@NOTES.closely("001-newton", '"Newton\'s Method", the code', after=4)
def newton(after: int = 10) -> Answer:
    """Newton's method on cosh(x/2) from 10 is at the minimum after 10 steps.

    Far out a step is nearly 1/c = 2 long ({first} at first); |x| < 1e-9 from step {reached} on.
    """
    path = newton_path()
    reached = next(k for k, x in enumerate(path) if abs(x) < 1e-9)
    return abs(path[after]) < 1e-9, {"reached": reached, "first": path[0] - path[1], "left": abs(path[after])}


@NOTES.exactly("001-newton-order", '"Newton\'s Method", its advantages, on the example of the code', order=3)
def newton_order(order: int = 2) -> Answer:
    """Newton's method has a quadratic convergence rate.

    On cosh(x/2) the third derivative at the minimum is 0: the step's error is {factor}·x^{power}. The last iterates are
    {path}.

    Instead: On this example it is of order {power}; 2 is what is sure for any smooth function.
    """
    step = sp.series(X - 2 * sp.tanh(X / 2), X, 0, 6).removeO()
    power = min(int(k) for (k,), _ in sp.Poly(step, X).terms())
    return power == order, {"power": power, "factor": step.coeff(X, power), "path": newton_path()[5:8]}


@NOTES.exactly("001-too-fast", '"Dynamic Learning Rate"', decay="polynomial")
def premature(decay: str = "exponential") -> Answer:
    """Too fast a decay stops the descent before the minimum: e^(−0.1t) does.

    The rates have a finite sum, so on a parabola with η₀λ = 0.1 the part {stays} of the error stays for good.
    (0.1t+1)^(−½) has an infinite sum.
    """
    t = sp.Symbol("t", integer=True, nonnegative=True)
    rate = {"exponential": sp.exp(-t / 10), "polynomial": (t / 10 + 1) ** sp.Rational(-1, 2)}[decay]
    stays = prod(1 - 0.1 * float(rate.subs(t, k)) for k in range(300))
    return bool(sp.Sum(rate, (t, 0, sp.oo)).is_convergent()), {"stays": stays}


@NOTES.closely("001-schedule-start", '"Dynamic Learning Rate", exponential_lr in the code', stated=exp(-0.2))
def first_factor(stated: float = 1.0) -> Answer:
    """The schedule is η₀·e^(−λt) from t = 0: η₀ at first.

    t is 1 before the loop, and raised before its first use: the first factor is {value}.

    Instead: The first step is taken at {value}·η₀, that of t = 2.
    """
    t = 1
    t += 1  # as the code has it, before the rate is asked for
    return near(exp(-0.1 * t), stated, 1e-12)


@NOTES.exactly("001-minibatch", '"Mini-batch SGD", the key benefits', power=-1)
def minibatch(power: Any = -HALF) -> Answer:
    """The deviation of a minibatch gradient falls as b^(−1/2).

    √(1ᵀΣ1)/b with Σ = s²·1 is s·b^(−1/2): computed for b = 1, 2, 3, 8, 50 independent gradients.
    """
    s = sp.Symbol("s", positive=True)
    deviations = {b: sp.sqrt(sum((s**2 * sp.eye(b)).values())) / b for b in (1, 2, 3, 8, 50)}
    return all(same(deviation, s * sp.Integer(b) ** power) for b, deviation in deviations.items()), {}


@NOTES.exactly("001-parts", '"Mini-batch SGD", the code: batches are parts of the same rows', correction="n-b")
def parts(correction: str = "") -> Answer:
    """Does the deviation fall as b^(−1/2) where the batches are parts of one data set, as in the code?

    the b rows of a batch are distinct then, and what is in one cannot be in another. Of the mean of b out of n rows it is
    √((n−b)/(b(n−1))) times that of a row: all batches of six rows, in fractions. At half of 200 rows that is {half:6}, and
    b^(−1/2) = {root:6}; with all rows nothing is left.
    """
    rows = [sp.Rational(k * k, 7) for k in range(6)]
    n, center = len(rows), sum(rows) / len(rows)

    def variance(b: int) -> Any:
        means = [sum(batch) / b for batch in combinations(rows, b)]
        return sum((mean - center) ** 2 for mean in means) / len(means)

    def law(b: int, n: int) -> Any:
        return sp.Rational(n - b, b * (n - 1)) if correction else sp.Rational(1, b)

    holds = all(variance(b) == law(b, n) * variance(1) for b in range(1, n + 1))
    return holds, {"half": (100 / (100 * 199)) ** 0.5, "root": 100**-0.5}


@NOTES.closely("001-rows", '"Mini-batch SGD", the code: X[i:i + batch_size] -= η·avg_grad', steps=1)
def epoch(steps: int = 4) -> Answer:
    """An epoch of n/b batches makes n/b steps.

    The code moves the rows of the batch, and so of the data; x is the mean of all rows. With 4 batches, η = 0.1, on ½x²
    and without noise an epoch multiplies it by {moved}, where four steps give {steps}. Tolerance 1e-12.

    Instead: An epoch moves x by one step of gradient descent, however many batches: each batch moves its own rows only.
    """
    rows = np.random.default_rng(0).normal(-5, 1, 12)
    first = rows.mean()
    for start in range(0, 12, 3):
        rows[start : start + 3] -= 0.1 * rows[start : start + 3].mean()
    return abs(rows.mean() / first - 0.9**steps) < 1e-12, {"moved": rows.mean() / first, "steps": 0.9**4}


@NOTES.exactly("001-leaky", '"Leaky Averages"', scale="average")
def leaky(scale: str = "sum") -> Answer:
    """v ← βv + g reduces the variance of the gradients.

    For independent gradients of variance 1 it has {variance}, {tens} at β = 0.9.

    Instead: It grows it; (1−β)v has {variance}, which is less.
    """
    variance = noise_left() if scale == "average" else 1 / (1 - BETA**2)
    below = [bool(variance.subs(BETA, sp.Rational(k, 20)) < 1) for k in range(1, 20)]
    return all(below), {"variance": variance, "tens": variance.subs(BETA, sp.Rational(9, 10))}


@NOTES.closely("001-larger-beta", '"The Momentum Method"', up_to="critical")
def larger_beta(up_to: str = "1") -> Answer:
    """Larger β allow more stable updates and better convergence.

    The stable range 2(1+β)/λ does grow. The rate does not: at ηλ = ¼ it is {at} at β = 0, {critical} and 0.9; tolerance
    for double eigenvalues 6e-8.

    Instead: Convergence is better up to critical damping, β = (1 − √(ηλ))², {critical} here, and worse beyond: √β.
    """
    critical = float(min(sp.solve(characteristic("heavy_ball").discriminant().subs(LAMBDA, 1 / (4 * ETA)), BETA)))
    betas = np.linspace(0, 0.99 if up_to == "1" else critical, 200)
    rates, at = (cv.spectral_radius("heavy_ball", 0.25, lr=1.0, momentum=b) for b in (betas, [0.0, critical, 0.9]))
    return bool((np.diff(rates) <= DOUBLE).all()), {"critical": critical, "at": list(map(float, at))}


@NOTES.exactly("001-text-code", '"The Momentum Method", formula against code', scale="scaled")
def text_and_code(scale: str = "same") -> Answer:
    """The code's momentum is the formula's.

    Code: v ← βv + (1−β)g. Formula: v ← βv + g, whose steps are 1/(1−β) times as long, 4/3 at the code's β = 0.25.
    Decided by eigenvalues and six exact steps on x⁴/4 + x²/2.

    Instead: The code at η is the formula at (1−β)η.
    """
    code, formula = cv.METHODS["ema_momentum_zero_start"], cv.METHODS["heavy_ball"]
    return alike(code, formula, lr=ETA if scale == "same" else (1 - BETA) * ETA)


@NOTES.exactly("001-adagrad", '"Why Move from Adagrad to RMSProp?"', power=-1)
def adagrad_power(power: Any = -HALF) -> Answer:
    """Adagrad's rate falls as t^(−1/2).

    Under a constant gradient step·√t → η; step 100 is {hundredth}·η.
    """
    g, eps, t = sp.symbols("g epsilon t", positive=True)
    limit = sp.limit(g / sp.sqrt(t * g**2 + eps) * t**-power, t, sp.oo)
    return limit == 1, {"hundredth": steps(adagrad, [1.0] * 100)[-1]}


@NOTES.closely("001-adagrad-always", '"Why Move from Adagrad to RMSProp?"', gradients="constant")
def accumulator(gradients: str = "falling") -> Answer:
    """The sum of squares keeps growing without bound, the rate keeps falling.

    On ½x² from 1 with η = 0.5 the gradients vanish, their squares sum to {sum}, and the rates at steps 1000 and 4000
    are {rates}; tolerance 1e-6.

    Instead: It does under gradients that stay. Where they vanish fast enough, the rate levels off.
    """
    path = descent(lambda g, s=0.0: adagrad(g, s, lr=0.5, eps=1e-6), 1.0, 1.0, 4000)
    sums = np.cumsum(np.square(path if gradients == "falling" else np.ones(4001)))
    rates = 0.5 / np.sqrt(sums + 1e-6)
    return sums[4000] > sums[1000] * (1 + 1e-6), {"sum": sums[4000], "rates": [rates[1000], rates[4000]]}


@NOTES.exactly("001-half-life", '"RMSProp Algorithm", below the sum of the weights', count="log(1/2)/log(g)")
def half_life(count: str = "1/g") -> Answer:
    """The half-life of RMSProp's average is 1/γ.

    At γ = 0.9 the weight after 1/γ steps is {at}, not ½.

    Instead: The half-life is ln ½/ln γ, {half} steps at γ = 0.9; the averaging time is 1/(1−γ), {age} there.
    """
    gamma, k = sp.Symbol("g", positive=True), sp.Symbol("k", integer=True, nonnegative=True)
    weight = sp.simplify(sp.exp(sp.sympify(count, locals={"g": gamma}) * sp.log(gamma)))
    age = sp.summation((k + 1) * sp.Rational(1, 10) * sp.Rational(9, 10) ** k, (k, 0, sp.oo))
    return same(weight, HALF), {"at": 0.9 ** (1 / 0.9), "half": log(0.5) / log(0.9), "age": age}


@NOTES.exactly("001-bias", '"Bias Correction" of Adam', first=2)
def bias(first: int = 1) -> Answer:
    """Divided by 1 − βᵗ, both moments of a constant gradient are exact from step 1.

    On letters for eight steps.
    """
    return unbiased(lambda t: t + first - 1)
