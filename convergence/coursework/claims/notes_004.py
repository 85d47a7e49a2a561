"""Claims of notes 004: least squares, momentum and averages, adaptive methods, decays."""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from math import degrees, e, log, sqrt
from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import descent, rmsprop
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import average, equal, noise_left, positive, same, unbiased
from convergence.coursework.letters import BETA, ETA, LAMBDA, LARGEST, MU
from convergence.datasets import gaussian_2d

NOTES = Source(
    "004",
    "Course notes 004",
    "UC Berkeley EECS 182 (discussion 1; homework 2, problem 2): convergence on least squares, momentum, and training "
    "comparisons",
)

SAMPLING = 4.0
"""Standard errors that a sample may lie from its distribution: one in 16 000 lies further."""

T = sp.Symbol("t", positive=True)


@NOTES.closely(
    "004-covariance", "data: the text, against the call of numpy.random.normal in the code", variances=(9, 1)
)
def covariance(variances: tuple[float, float] = (3, 1)) -> Answer:
    """The data are Gaussian with covariance diag(3, 1).

    The sample covariance of the 500 points has {first} and {second} on the diagonal and {mixed} off it; the code passes
    (3, 1) as standard deviations. Tolerance: four standard errors.

    Instead: The standard deviations are 3 and 1; the covariance is diag({variances}).
    """
    sample, errors = np.cov(gaussian_2d().X.T), np.array(variances) * sqrt(2 / 500)
    near = np.all(np.abs(np.diag(sample) - variances) < SAMPLING * errors)
    apart = abs(sample[0, 1]) < SAMPLING * sqrt(variances[0] * variances[1] / 500)
    numbers = {"first": sample[0, 0], "second": sample[1, 1], "mixed": sample[0, 1], "variances": variances}
    return near and apart, numbers


@NOTES.closely("004-axes", "data: the text on the singular vectors", degrees_off=5)
def axes(degrees_off: float = 0) -> Answer:
    """The coordinate axes align with the singular vectors of the data.

    X is not centred, so its second moments count: diag(9 + 3², 1 + 0²) in the distribution, which has the axes as its
    own. In the sample they are {angle}° off; four standard errors allow {allowed}°.
    """
    first = gaussian_2d().directions[:, 0]
    angle, allowed = abs(degrees(np.arctan2(first[1], first[0]))), SAMPLING * degrees(sqrt(18 * 1 / 500) / (18 - 1))
    return abs(angle - degrees_off) <= allowed, {"angle": angle, "allowed": allowed}


@NOTES.exactly("004-gradient", "least squares: the gradient", factor=1)
def gradient(factor: int = 2) -> Answer:
    """The gradient of ‖y − Xw‖² is 2Xᵀ(Xw − y).

    Differentiated with letters for all entries of a 3×2 matrix.
    """
    shapes = (("x", 3, 2), ("y", 3, 1), ("w", 2, 1))
    X, y, w = (sp.Matrix(n, k, lambda i, j, s=s: sp.Symbol(f"{s}{i}{j}")) for s, n, k in shapes)
    residual = X * w - y
    slope = residual.dot(residual).diff(w)
    return (slope - factor * X.T * residual).expand().is_zero_matrix, {}


@NOTES.exactly("004-best-lr", "least squares: the optimal learning rate of gradient descent", sense="min")
def best_factor(sense: str = "max") -> Answer:
    """The optimal learning rate is the one that maximises the rate factor.

    The factor is max(1 − ημ, ηL − 1): the first falls with η, the second grows, and they cross at η = {lr}. On the data
    it is {rate} there and {half} at half that rate.

    Instead: The best rate minimises the factor: η = {lr}, that is 1/(σ²max + σ²min).
    """
    best, data = cv.optimum("gradient_descent"), gaussian_2d()
    at = best.at(mu=data.mu, L=data.L)
    half = float(cv.spectral_radius("gradient_descent", data.curvatures, over="spectrum", lr=at.hyper["lr"] / 2))
    crossing = all(same(f.subs(ETA, best.hyper["lr"]), best.rate) for f in (1 - ETA * MU, ETA * LARGEST - 1))
    return crossing and (sense == "min") is (half > at.rate), {"rate": at.rate, "half": half, "lr": best.hyper["lr"]}


@NOTES.exactly("004-one-best-lr", "least squares: the optimal learning rate of gradient descent", numerator=1)
def best_rate(numerator: int = 2) -> Answer:
    """It is 2/(μ+L), with μ and L the curvatures 2σ²min and 2σ²max.

    Derived from the rule: {derived}.
    """
    return equal(cv.optimum("gradient_descent").hyper["lr"], numerator / (MU + LARGEST))


@NOTES.exactly("004-weight-decay", "least squares: the factor of w in a step of gradient descent", role="error")
def factor_of(role: str = "weight decay") -> Answer:
    """1 − 2ηXᵀX is the weight decay parameter.

    The step is w ← (1 − 2ηXᵀX)w + 2ηXᵀy: its fixed point is {rest} times the minimiser. With weight decay δ it is
    {decayed} times the minimiser along a curvature λ.

    Instead: 1 − 2ηXᵀX multiplies the error w − w*: it is the iteration matrix. Weights decay by a factor 1 − ηδ that
    knows no data.
    """
    plain, decayed = cv.derive("gradient_descent", sigma=True), cv.derive("weight_decay_coupled")
    multiplies = same(plain.matrix[0, 0], 1 - 2 * ETA * plain.symbols["sigma"] ** 2)
    short = plain.rest[0] != 1
    return multiplies and short is (role == "weight decay"), {"rest": plain.rest[0], "decayed": decayed.rest[0]}


@NOTES.closely("004-log-gap", "least squares: the figure of log(loss − final loss)", less="minimum")
def log_gap(less: str = "final loss") -> Answer:
    """log(loss − final loss) shows how the loss falls over the 100 steps.

    At step 100 it is the logarithm of 0; the final loss is {left:2} above the minimum, and the difference to it is more
    than 10 % too small after step {reach}.

    Instead: log(loss − minimum) shows it up to step {reach}.
    """
    problem = gaussian_2d()
    loss = cv.simulate(problem, "gradient_descent", 100, lr=1e-4).loss
    above = loss - problem.minimum
    off = np.abs((loss - (loss[-1] if less == "final loss" else problem.minimum)) / above - 1) > 0.1
    reach = int(np.argmax(off)) - 1 if off.any() else 100
    return reach == 100, {"reach": reach, "left": above[-1]}


@NOTES.exactly("004-larger-lr", "momentum: what it is good for", methods=("nesterov",))
def larger_rates(methods: tuple[str, ...] = ("ema_momentum", "heavy_ball")) -> Answer:
    """Momentum makes a larger learning rate safe: as an average, and as v ← βv + g.

    The largest stable rates are {bounds}, against 2/λ for gradient descent, for every β in (0, 1). (Nesterov's is
    smaller.)
    """
    bounds = [cv.stability(method).lr_max for method in methods]
    return all(positive(bound * LAMBDA - 2) for bound in bounds), {"bounds": bounds}


@NOTES.exactly("004-unrolled", "exponentially weighted averages: the recursion unrolled", shift=1)
def unrolled(shift: int = 0) -> Answer:
    """v_t = βv_{t−1} + (1−β)θ_t is (1−β)·Σ βᵏθ_{t−k}, from v₀ = 0.

    With letters for eight signals.
    """
    signals = sp.symbols("theta1:9")
    total = sum(BETA ** (k + shift) * signal for k, signal in enumerate(reversed(signals)))
    return equal(average(signals), (1 - BETA) * total)


@NOTES.exactly("004-memory", "exponentially weighted averages: the time constant", steps="2/(1-b)")
def memory(steps: str = "1/(1-b)") -> Answer:
    """The average remembers 1/(1−β) signals: after them a weight has fallen to 1/e.

    The weight tends to {limit} as β → 1; at β = 0.9 it is {at}, and 1/e = {inverse}.
    """
    count = sp.sympify(steps, locals={"b": BETA})
    limit = sp.limit(sp.exp(count * sp.log(BETA)), BETA, 1, "-")
    return limit == sp.exp(-1), {"limit": limit, "at": 0.9 ** (1 / (1 - 0.9)), "inverse": 1 / e}


@NOTES.exactly("004-bias", "exponentially weighted averages: bias correction", power=2)
def bias(power: int = 1) -> Answer:
    """Divided by 1 − βᵗ, the average of a constant signal is that signal from the first step.

    The average of t ones is 1 − βᵗ, on letters for eight steps.
    """
    return unbiased(lambda t: power * t)


@NOTES.exactly("004-smooth", "exponentially weighted averages: what β does", near_one=True)
def smoother(near_one: bool = False) -> Answer:
    """Near β = 1 the average oscillates more, near β = 0 it is smoother.

    Of the variance of independent signals the average keeps {left}: {low} at β = 0.1 and {high} at β = 0.9; its
    derivative is negative for every β in (0, 1).

    Instead: The reverse: near 1 the average is the smoother, and the later one; near 0 it follows every signal.
    """
    left = noise_left()
    low, high = (float(left.subs(BETA, b)) for b in (0.1, 0.9))
    return positive(-sp.diff(left, BETA)) is near_one, {"left": left, "low": low, "high": high}


@NOTES.exactly("004-two-betas", "the letter β of the averages, and of the homework's momentum", turned=True)
def one_letter(turned: bool = False) -> Answer:
    """β is the same parameter in both.

    Homework: z ← (1−β)z + βg, where β weighs the new gradient. Averages: v ← βv + (1−β)θ, where β weighs the memory.

    Instead: The one is 1 minus the other: β ↔ 1 − β.
    """
    z, g, b = sp.symbols("z g b")
    homework, averages = (1 - b) * z + b * g, b * z + (1 - b) * g
    return same(homework, averages.subs(b, 1 - b) if turned else averages), {}


@NOTES.exactly("004-velocity", "training comparisons: SGD with momentum, v ← βv + g", rule="average")
def weights_of(rule: str = "sum") -> Answer:
    """The velocity is a moving average of the gradients.

    Its weights 1, β, β², … sum to {settled}, {total} at β = 0.9: it is an average times that, and at equal learning
    rates its steps are as many times longer than those of SGD.

    Instead: (1−β)v is the average. To compare with SGD at η, momentum needs (1−β)η.
    """
    level, weight = sp.Symbol("v"), sp.Integer(1) if rule == "sum" else 1 - BETA
    (settled,) = sp.solve(sp.Eq(level, BETA * level + weight), level)
    total = settled.subs(BETA, sp.Rational(9, 10))
    return same(settled, 1), {"total": total, "settled": settled}


@NOTES.closely("004-same-speed", "training comparisons: what RMSProp does", turn=0.0)
def same_speed(turn: float = 45.0) -> Answer:
    """RMSProp moves at the same speed in each direction.

    ε = 0, curvatures 1 and 64, from distance 1 along both. With the directions turned 45° from the axes, after 40 steps
    {flat} is left along the flat one and {steep} along the steep one.

    Instead: In each coordinate, not each direction: where the directions are the axes, a curvature cancels from g/√s,
    and {flat} and {steep} are left; up to ε.
    """
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    directions = np.array([[c, -s], [s, c]])
    hessian, w, v = directions @ np.diag([1.0, 64.0]) @ directions.T, directions @ np.ones(2), np.zeros(2)
    left = []
    for _ in range(40):
        g = hessian @ w
        v = 0.99 * v + 0.01 * g**2
        w = w - 1e-3 * g / np.sqrt(v)
        left.append(directions.T @ w)
    return max(abs(x - y) for x, y in left) < 1e-9, {"flat": left[-1][0], "steep": left[-1][1]}


@NOTES.closely("004-rmsprop-rest", "training comparisons: RMSProp at 1e-4 with ε = 1e-8 inside the root", curvature=1.0)
def rests(curvature: float = 3.0) -> Answer:
    """Does it come to rest at a minimum of curvature 3?

    at the minimiser s falls to 0 and the step becomes (η/√ε)·g, gradient descent at the rate 1, stable for λ < {bound}.
    On ½λx² with λ = {curvature} it still moves by {left} after 4000 steps; with λ = 1 it rests.
    """
    path = descent(partial(rmsprop, lr=1e-4, decay=0.99, eps=1e-8), curvature, 1e-2, 4000)
    left = max(abs(x) for x in path[-100:])
    return left < 1e-9, {"left": left, "curvature": curvature, "bound": 2 * sqrt(1e-8) / 1e-4}


@NOTES.closely("004-batch", "effective batch size: 100 with momentum against 600 without", batch=11)
def batches(batch: int = 600) -> Answer:
    """Momentum at batch 100 trains like plain SGD at batch 600.

    On the notes' data, rows with replacement, the mean loss, η = 0.01 for both, as in the training, and the usual β = 0.9:
    the expected loss settles {momentum} above the minimum, and plain SGD's at batch {batch} {plain} above it; tolerance
    5 %. (An average of independent gradients has the variance of a batch (1+β)/(1−β) times as large, 6 at β = {six} and 19 at
    0.9; but v ← βv + g is no average, and the gradients that it sums are of one path.)

    Instead: At equal learning rates it settles where plain SGD does at batch {equal}, and is faster. Where both are as fast,
    at η = 0.001 and η/(1−β) = 0.01, it settles where plain SGD does at batch {as_fast}.
    """
    p = gaussian_2d(loss="mean")

    def floor(lr: float, batch: int, beta: float | None = None) -> float:
        momentum: dict[str, Any] = {} if beta is None else {"momentum": beta}
        name = "gradient_descent" if beta is None else "heavy_ball"
        return cv.stationary(p, name, batch=batch, **{"lr": lr, **momentum}).excess_loss

    def alike(lr: float, level: float) -> int:
        above = 2 + bisect_left(range(2, 400), -level, key=lambda b: -floor(lr, b))  # the floor falls with the batch
        return min((above - 1, above), key=lambda b: abs(floor(lr, b) - level))

    (six,) = sp.solve(sp.Eq(1 / noise_left(), 6), BETA)
    momentum, plain = floor(0.01, 100, 0.9), floor(0.01, batch)
    numbers = {"momentum": momentum, "plain": plain, "batch": batch, "six": six, "equal": alike(0.01, momentum)}
    return abs(plain / momentum - 1) < 0.05, {**numbers, "as_fast": alike(0.01, floor(0.001, 100, 0.9))}


@NOTES.exactly("004-0.95", "learning-rate decay: 0.95^epoch·η₀", kind="exponential")
def kind_of_decay(kind: str = "polynomial") -> Answer:
    """It is a polynomial decay.

    Each epoch multiplies it by the same {ratio}; for a polynomial t^−k that ratio tends to {power}.

    Instead: It is exponential: η₀·e^(−k·epoch) with k = −ln 0.95 = {k}.
    """
    base = sp.Rational(95, 100)
    ratio = sp.simplify(base ** (T + 1) / base**T)
    power = sp.limit(((T + 1) / T) ** -sp.Symbol("k", positive=True), T, sp.oo)
    return ratio == (power if kind == "polynomial" else base), {"ratio": ratio, "power": power, "k": -log(0.95)}
