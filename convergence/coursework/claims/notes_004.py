"""Claims of notes 004: least squares, momentum and averages, adaptive methods, decays."""

from __future__ import annotations

from functools import cache, partial
from math import degrees, e, log, sqrt
from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import descent, rmsprop
from convergence.coursework.claim import Claim, Source
from convergence.coursework.decisions import (
    BETA,
    ETA,
    LAMBDA,
    LARGEST,
    MU,
    closely,
    exactly,
    formula,
    positive,
    same,
)
from convergence.datasets import gaussian_2d

SOURCE = Source(
    "004",
    "Course notes 004 on UC Berkeley EECS 182 (discussion 1; homework 2, problem 2): convergence on least squares, "
    "momentum, and training comparisons",
    "Notes 004",
)

SAMPLING = 4.0
"""Standard errors that a sample may lie from its distribution: one in 16 000 lies further."""

T = sp.Symbol("t", positive=True)


def covariance(variances: tuple[float, float]) -> Any:
    """The sample's second moments about its mean, against variances along the axes."""
    found, errors = np.cov(gaussian_2d().X.T), np.array(variances) * sqrt(2 / 500)
    near = np.all(np.abs(np.diag(found) - variances) < SAMPLING * errors)
    apart = abs(found[0, 1]) < SAMPLING * sqrt(variances[0] * variances[1] / 500)
    return near and apart, {"first": found[0, 0], "second": found[1, 1], "mixed": found[0, 1], "variances": variances}


def axes(degrees_off: float) -> Any:
    """The angle of the first singular vector, against four standard errors of it: X is not centred, E xxᵀ = diag(18, 1)."""
    first = gaussian_2d().directions[:, 0]
    angle, allowed = degrees(np.arctan2(first[1], first[0])), SAMPLING * degrees(sqrt(18 * 1 / 500) / (18 - 1))
    return abs(abs(angle) - degrees_off) <= allowed, {"angle": abs(angle), "allowed": allowed}


def gradient(factor: int) -> Any:
    """Differentiated with a letter for each entry of X (3, 2), y and w."""
    X, y, w = (sp.Matrix(n, k, lambda i, j, s=s: sp.Symbol(f"{s}{i}{j}")) for s, n, k in _SHAPES)
    residual = X * w - y
    slope = sp.Matrix([sp.diff((residual.T * residual)[0], letter) for letter in w])
    return (slope - factor * X.T * residual).expand().is_zero_matrix, {}


_SHAPES = (("x", 3, 2), ("y", 3, 1), ("w", 2, 1))


def log_gap(less: str) -> Any:
    """How well the logarithm of the loss less its last value, or less the minimum, shows the loss above the minimum."""
    problem = gaussian_2d()
    loss = cv.simulate(problem, "gradient_descent", 100, lr=1e-4).loss
    above = loss - problem.minimum
    shown = loss - (loss[-1] if less == "final loss" else problem.minimum)
    off = np.abs(shown / above - 1) > 0.1
    reach = int(np.argmax(off)) - 1 if off.any() else 100
    return reach == 100, {"reach": reach, "left": above[-1]}


def average(signals: Any, beta: Any = BETA) -> Any:
    """v ← βv + (1−β)θ from v = 0."""
    v = sp.Integer(0)
    for signal in signals:
        v = beta * v + (1 - beta) * signal
    return v


THETA = sp.symbols("theta1:9")


def memory(steps: str) -> Any:
    """The weight βᵏ after so many steps, as β → 1."""
    count = sp.sympify(steps, locals={"b": BETA})
    limit = sp.limit(sp.exp(count * sp.log(BETA)), BETA, 1, "-")
    return limit == sp.exp(-1), {"limit": limit, "at": 0.9 ** (1 / (1 - 0.9)), "inverse": 1 / e}


@cache
def noise_left() -> Any:
    """The variance of the average of independent signals of variance one: the geometric series Σ (1−β)²β²ᵏ."""
    return sp.factor(sp.cancel((1 - BETA) ** 2 / (1 - BETA**2)))


def smoother(near_one: bool) -> Any:
    """Whether the average keeps less of the variance of independent signals as β grows, for every β in (0, 1)."""
    falls = positive(-sp.diff(noise_left(), BETA))
    low, high = (float(noise_left().subs(BETA, b)) for b in (0.1, 0.9))
    return falls is near_one, {"left": noise_left(), "low": low, "high": high}


def one_letter(turned: bool) -> Any:
    """Whether β of the homework's average is β, or 1 − β, of the other."""
    z, g, b = sp.symbols("z g b")
    homework, average = (1 - b) * z + b * g, b * z + (1 - b) * g
    return same(homework, average.subs(b, 1 - b) if turned else average), {}


def kind_of_decay(kind: str) -> Any:
    """The ratio of one epoch's rate to the last: of a polynomial t^−k it tends to 1, of an exponential it is constant."""
    base = sp.Rational(95, 100)
    ratio = sp.simplify(base ** (T + 1) / base**T)
    power = sp.limit(((T + 1) / T) ** -sp.Symbol("k", positive=True), T, sp.oo)
    return ratio == (power if kind == "polynomial" else base), {"ratio": ratio, "power": power, "k": -log(0.95)}


@cache
def descent_factors() -> tuple[Any, float, float]:
    """The best learning rate of gradient descent, and the rate on the data there and at half of it."""
    best, data = cv.optimum("gradient_descent"), gaussian_2d()
    at = best.at(mu=data.mu, L=data.L)
    half = cv.spectral_radius("gradient_descent", data.curvatures, over="spectrum", lr=at.hyper["lr"] / 2)
    return best, at.rate, float(half)


def best_factor(sense: str) -> Any:
    """At 2/(μ+L) the factors 1 − ημ, which falls with η, and ηL − 1, which grows, cross: the larger is least there."""
    best, rate, half = descent_factors()
    crossing = all(same(f.subs(ETA, best.hyper["lr"]), best.rate) for f in (1 - ETA * MU, ETA * LARGEST - 1))
    return crossing and (sense == "min") is (half > rate), {"rate": rate, "half": half, "lr": best.hyper["lr"]}


def larger_rates(methods: tuple[str, ...]) -> Any:
    """Whether each method's largest stable rate exceeds 2/λ for every β in (0, 1)."""
    bounds = [cv.stability(method).lr_max for method in methods]
    return all(positive(bound * LAMBDA - 2) for bound in bounds), {"bounds": bounds}


def factor_of(role: str) -> Any:
    """Whether 1 − 2ησ² multiplies the weights, so that they rest short of the minimiser, or their error."""
    plain, decayed = cv.derive("gradient_descent", sigma=True), cv.derive("weight_decay_coupled")
    multiplies = same(plain.matrix[0, 0], 1 - 2 * ETA * plain.symbols["sigma"] ** 2)
    short = plain.rest[0] != 1
    return multiplies and short is (role == "weight decay"), {"rest": plain.rest[0], "decayed": decayed.rest[0]}


def weights_of(rule: str) -> Any:
    """The sum of the weights that a velocity gives to the gradients: an average's is 1."""
    k = sp.Symbol("k", integer=True, nonnegative=True)
    b = sp.Rational(9, 10)
    total = sp.summation((1 if rule == "sum" else 1 - b) * b**k, (k, 0, sp.oo))
    level = sp.Symbol("v")
    (settled,) = sp.solve(sp.Eq(level, BETA * level + (1 if rule == "sum" else 1 - BETA)), level)
    return total == 1 == settled, {"total": total, "settled": settled}


def same_speed(turn: float) -> Any:
    """RMSProp, element by element, from the same distance along curvatures 1 and 64 whose directions are turned (degrees)."""
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    directions = np.array([[c, -s], [s, c]])
    hessian, w, v = directions @ np.diag([1.0, 64.0]) @ directions.T, directions @ np.ones(2), np.zeros(2)
    left = []
    for _ in range(40):
        g = hessian @ w
        v = 0.99 * v + 0.01 * g**2
        w = w - 1e-3 * g / np.sqrt(v)
        left.append(directions.T @ w)
    apart = max(abs(x - y) for x, y in left)
    return apart < 1e-9, {"flat": left[-1][0], "steep": left[-1][1]}


def rests(curvature: float) -> Any:
    """RMSProp with 004's numbers on ½λx² from x = 1e-2: whether the last steps of 4000 still move."""
    path = descent(partial(rmsprop, lr=1e-4, decay=0.99, eps=1e-8), curvature, 1e-2, 4000)
    left, bound = max(abs(x) for x in path[-100:]), 2 * sqrt(1e-8) / 1e-4
    return left < 1e-9, {"left": left, "curvature": curvature, "bound": bound}


def batches(factor: int) -> Any:
    """The β whose average has the variance of a batch so many times as large, for independent gradients."""
    (needed,) = sp.solve(sp.Eq(1 / noise_left(), factor), BETA)
    return True, {"needed": needed, "factor": factor, "at": 1 / noise_left().subs(BETA, sp.Rational(9, 10))}


CLAIMS = (
    Claim(
        "004-covariance", "data: the text, against the call of numpy.random.normal in the code",
        "The data are Gaussian with covariance diag(3, 1).",
        closely(covariance), {"variances": (3, 1)}, {"variances": (9, 1)},
        "The sample covariance of the 500 points has {first} and {second} on the diagonal and {mixed} off it; the "
        "code passes "
        "(3, 1) as standard deviations. Tolerance: four standard errors.",
        "The standard deviations are 3 and 1; the covariance is diag({variances}).",
    ),
    Claim(
        "004-axes", "data: the text on the singular vectors",
        "The coordinate axes align with the singular vectors of the data.",
        closely(axes), {"degrees_off": 0}, {"degrees_off": 5},
        "X is not centred, so its second moments count: diag(9 + 3², 1 + 0²) in the distribution, which has the axes "
        "as its own. "
        "In the sample they are {angle}° off; four standard errors allow {allowed}°.",
    ),
    Claim(
        "004-gradient", "least squares: the gradient", "The gradient of ‖y − Xw‖² is 2Xᵀ(Xw − y).",
        exactly(gradient), {"factor": 2}, {"factor": 1}, "Differentiated with letters for all entries of a 3×2 matrix.",
    ),
    Claim(
        "004-best-lr", "least squares: the optimal learning rate of gradient descent",
        "The optimal learning rate is the one that maximises the rate factor.",
        exactly(best_factor), {"sense": "max"}, {"sense": "min"},
        "The factor is max(1 − ημ, ηL − 1): the first falls with η, the second grows, and they cross at η = {lr}. On "
        "the data it "
        "is {rate} there and {half} at half that rate.",
        "The best rate minimises the factor: η = {lr}, that is 1/(σ²max + σ²min).",
    ),
    Claim(
        "004-one-best-lr", "least squares: the optimal learning rate of gradient descent",
        "It is 2/(μ+L), with μ and L the curvatures 2σ²min and 2σ²max.",
        formula(lambda: cv.optimum("gradient_descent").hyper["lr"], lambda numerator: numerator / (MU + LARGEST)),
        {"numerator": 2}, {"numerator": 1}, "Derived from the rule: {derived}.",
    ),
    Claim(
        "004-weight-decay", "least squares: the factor of w in a step of gradient descent",
        "1 − 2ηXᵀX is the weight decay parameter.",
        exactly(factor_of), {"role": "weight decay"}, {"role": "error"},
        "The step is w ← (1 − 2ηXᵀX)w + 2ηXᵀy: its fixed point is {rest} times the minimiser. With weight decay δ it "
        "is {decayed} "
        "times the minimiser along a curvature λ.",
        "1 − 2ηXᵀX multiplies the error w − w*: it is the iteration matrix. Weights decay by a factor 1 − ηδ that "
        "knows no data.",
    ),
    Claim(
        "004-log-gap", "least squares: the figure of log(loss − final loss)",
        "log(loss − final loss) shows how the loss falls over the 100 steps.",
        closely(log_gap), {"less": "final loss"}, {"less": "minimum"},
        "At step 100 it is the logarithm of 0; the final loss is {left:2} above the minimum, and the difference to it "
        "is more than "
        "10 % too small after step {reach}.",
        "log(loss − minimum) shows it up to step {reach}.",
    ),
    Claim(
        "004-larger-lr", "momentum: what it is good for",
        "Momentum makes a larger learning rate safe: as an average, and as v ← βv + g.",
        exactly(larger_rates), {"methods": ("ema_momentum", "heavy_ball")}, {"methods": ("nesterov",)},
        "The largest stable rates are {bounds}, against 2/λ for gradient descent, for every β in (0, 1). (Nesterov's "
        "is smaller.)",
    ),
    Claim(
        "004-unrolled", "exponentially weighted averages: the recursion unrolled",
        "v_t = βv_{t−1} + (1−β)θ_t is (1−β)·Σ βᵏθ_{t−k}, from v₀ = 0.",
        formula(
            lambda: average(THETA),
            lambda shift: (1 - BETA) * sum(BETA ** (k + shift) * part for k, part in enumerate(reversed(THETA))),
        ),
        {"shift": 0}, {"shift": 1}, "With letters for eight signals.",
    ),
    Claim(
        "004-memory", "exponentially weighted averages: the time constant",
        "The average remembers 1/(1−β) signals: after them a weight has fallen to 1/e.",
        exactly(memory), {"steps": "1/(1-b)"}, {"steps": "2/(1-b)"},
        "The weight tends to {limit} as β → 1; at β = 0.9 it is {at}, and 1/e = {inverse}.",
    ),
    Claim(
        "004-bias", "exponentially weighted averages: bias correction",
        "Divided by 1 − βᵗ, the average of a constant signal is that signal from the first step.",
        exactly(lambda power: (all(same(average([1] * t), 1 - BETA ** (power * t)) for t in range(1, 9)), {})),
        {"power": 1}, {"power": 2}, "The average of t ones is 1 − βᵗ, on letters for eight steps.",
    ),
    Claim(
        "004-smooth", "exponentially weighted averages: what β does",
        "Near β = 1 the average oscillates more, near β = 0 it is smoother.",
        exactly(smoother), {"near_one": False}, {"near_one": True},
        "Of the variance of independent signals the average keeps {left}: {low} at β = 0.1 and {high} at β = 0.9; its "
        "derivative "
        "is negative for every β in (0, 1).",
        "The reverse: near 1 the average is the smoother, and the later one; near 0 it follows every signal.",
    ),
    Claim(
        "004-two-betas", "the letter β of the averages, and of the homework's momentum",
        "β is the same parameter in both.",
        exactly(one_letter), {"turned": False}, {"turned": True},
        "Homework: z ← (1−β)z + βg, where β weighs the new gradient. Averages: v ← βv + (1−β)θ, where β weighs the "
        "memory.",
        "The one is 1 minus the other: β ↔ 1 − β.",
    ),
    Claim(
        "004-velocity", "training comparisons: SGD with momentum, v ← βv + g",
        "The velocity is a moving average of the gradients.",
        exactly(weights_of), {"rule": "sum"}, {"rule": "average"},
        "Its weights 1, β, β², … sum to {settled}, {total} at β = 0.9: it is an average times that, and at equal "
        "learning rates its "
        "steps are as many times longer than those of SGD.",
        "(1−β)v is the average. To compare with SGD at η, momentum needs (1−β)η.",
    ),
    Claim(
        "004-same-speed", "training comparisons: what RMSProp does",
        "RMSProp moves at the same speed in each direction.",
        closely(same_speed), {"turn": 45.0}, {"turn": 0.0},
        "ε = 0, curvatures 1 and 64, from distance 1 along both. With the directions turned 45° from the axes, after "
        "40 steps "
        "{flat} is left along the flat one and {steep} along the steep one.",
        "In each coordinate, not each direction: where the directions are the axes, a curvature cancels from g/√s, "
        "and {flat} and "
        "{steep} are left; up to ε.",
    ),
    Claim(
        "004-rmsprop-rest", "training comparisons: RMSProp at 1e-4 with ε = 1e-8 inside the root",
        "Does it come to rest at a minimum of curvature 3?",
        closely(rests), {"curvature": 3.0}, {"curvature": 1.0},
        "at the minimiser s falls to 0 and the step becomes (η/√ε)·g, gradient descent at the rate 1, stable for λ < "
        "{bound}. On "
        "½λx² with λ = {curvature} it still moves by {left} after 4000 steps; with λ = 1 it rests.", asks=True,
    ),
    Claim(
        "004-batch", "effective batch size: 100 with momentum against 600 without",
        "Momentum at batch 100 trains like plain SGD at batch 600.",
        exactly(batches), {"factor": 6}, {},
        "An average of independent gradients has the variance of a batch (1+β)/(1−β) times as large: {factor} times at "
        "β = {needed}, {at} times at β = 0.9.", missing="minibatch noise and a network to train",
    ),
    Claim(
        "004-0.95", "learning-rate decay: 0.95^epoch·η₀", "It is a polynomial decay.",
        exactly(kind_of_decay), {"kind": "polynomial"}, {"kind": "exponential"},
        "Each epoch multiplies it by the same {ratio}; for a polynomial t^−k that ratio tends to {power}.",
        "It is exponential: η₀·e^(−k·epoch) with k = −ln 0.95 = {k}.",
    ),
)  # fmt: skip
