"""Course notes 004 on data, averages and schedules: what they claim, each with the procedure that decides it."""

from __future__ import annotations

from math import degrees, e, log, sqrt
from typing import Any

import numpy as np
import sympy as sp

from convergence.auditing.claim import Ruling, Source, claim, closely, exactly, undecided
from convergence.auditing.formulas import catalogue, function, same, short
from convergence.datasets import gaussian_2d
from convergence.numerics.runs import simulate

SOURCE = Source("004", "Course notes 004: convergence on least squares, momentum, and training comparisons")

SAMPLING = 4.0
"""Standard errors that a sample may lie from its distribution: one in 16 000 lies further."""

BETA, STEP = sp.symbols("beta t", positive=True)


@claim("004-covariance", "text", "The data are Gaussian with covariance diag(3, 1).", variances=(3, 1))
def covariance(variances: Any) -> Ruling:
    found = np.cov(gaussian_2d().X.T)
    truth = (9.0, 1.0)
    near = function(
        lambda wanted: bool(
            all(abs(found[k, k] - v) < SAMPLING * v * sqrt(2 / 500) for k, v in enumerate(wanted))
            and abs(found[0, 1]) < SAMPLING * sqrt(wanted[0] * wanted[1] / 500)
        )
    )
    evidence = (
        f"The sample covariance of the 500 points is diag({short(found[0, 0])}, {short(found[1, 1])}), off the "
        "diagonal "
        f"{short(found[0, 1], 2)}; the code passes (3, 1) as standard deviations. Tolerance: four standard errors."
    )
    correction = "The standard deviations are 3 and 1; the covariance is diag(9, 1)."
    return closely(near(variances), evidence, correction, near(truth), first=found[0, 0], second=found[1, 1])


@claim("004-axes", "text", "The coordinate axes align with the singular vectors of the data.", degrees_off=0)
def axes(degrees_off: float) -> Ruling:
    problem = gaussian_2d()
    angle = degrees(np.arctan2(problem.directions[1, 0], problem.directions[0, 0]))
    allowed = SAMPLING * degrees(sqrt(18 * 1 / 500) / (18 - 1))
    evidence = (
        "X is not centred, so its second moments count: diag(9 + 3², 1 + 0²) = diag(18, 1) in the distribution, "
        "which has the "
        f"axes as its own. In the sample they are {short(angle, 3)}° off; four standard errors allow "
        f"{short(allowed, 3)}°."
    )
    correction = f"The first singular vector lies {short(angle, 3)}° from the first axis."
    return closely(abs(abs(angle) - degrees_off) <= allowed, evidence, correction, True, angle=angle, allowed=allowed)


@claim("004-gradient", "text", "The gradient of ‖y − Xw‖² is 2Xᵀ(Xw − y).", factor=2)
def gradient(factor: int) -> Ruling:
    X, y, w = (sp.Matrix(3, n, lambda i, j, s=s: sp.Symbol(f"{s}{i}{j}")) for s, n in (("x", 2), ("y", 1), ("w", 1)))
    w = w[:2, :]
    residual = y - X * w
    slope = sp.Matrix([sp.diff((residual.T * residual)[0], letter) for letter in w])
    holds = (slope - factor * X.T * (X * w - y)).expand().is_zero_matrix
    right = (slope - 2 * X.T * (X * w - y)).expand().is_zero_matrix
    return exactly(holds, "Differentiated with letters for all entries (3 × 2).", "It is 2Xᵀ(Xw − y).", right)


@claim(
    "004-loss-descent", "code", "100 steps of gradient descent at 1e-4 end at the loss 102.7517109.", loss=102.7517109
)
def loss_descent(loss: float) -> Ruling:
    return _final("gradient_descent", loss, lr=1e-4)


@claim("004-loss-momentum", "code", "100 steps of momentum (1e-4, β = 0.6) end at the same loss.", loss=102.7517109)
def loss_momentum(loss: float) -> Ruling:
    return _final("ema_momentum", loss, lr=1e-4, momentum=0.6)


def _final(name: str, loss: float, **hyper: float) -> Ruling:
    problem = gaussian_2d()
    found = float(simulate(problem, catalogue(name), 100, **hyper).loss[-1])
    evidence = (
        f"The run ends at {found:.9f}, {short(found - problem.minimum, 2)} above the minimum; tolerance: "
        f"half a unit of the last digit given, 5e-8."
    )
    return closely(abs(found - loss) <= 5e-8, evidence, f"It ends at {found:.7f}.", True, loss=found)


@claim(
    "004-log-gap",
    "figure",
    "log(loss − final loss) shows how the loss falls, up to the last step.",
    last_step_shown=100,
)
def log_gap(last_step_shown: int) -> Ruling:
    problem = gaussian_2d()
    run = simulate(problem, catalogue("gradient_descent"), 100, lr=1e-4)
    final, true = run.loss - run.loss[-1], run.loss - problem.minimum
    off = np.abs(final[:-1] / true[:-1] - 1)
    reach = int(np.argmax(off > 0.1)) - 1
    evidence = (
        f"At step 100 the logarithm is that of 0; the final loss is {short(true[-1], 2)} above the minimum, and the "
        "difference "
        f"to it is 10 % too small from step {reach + 1} on."
    )
    correction = (
        f"log(loss − minimum) shows it; with the final loss in its place the picture is right up to step {reach}."
    )
    return closely(last_step_shown <= reach, evidence, correction, bool((true > 0).all()), reach=reach)


@claim("004-unrolled", "text", "v_t = βv_{t−1} + (1−β)θ_t is (1−β)·Σ βᵏθ_{t−k}, from v₀ = 0.", shift=0)
def unrolled(shift: int) -> Ruling:
    theta = sp.symbols("theta1:9")
    v = sp.Integer(0)
    for signal in theta:
        v = BETA * v + (1 - BETA) * signal
    total = function(lambda s: (1 - BETA) * sum(BETA ** (k + s) * part for k, part in enumerate(reversed(theta))))
    step = sp.symbols("S theta")
    induction = same(BETA * (1 - BETA) * step[0] + (1 - BETA) * step[1], (1 - BETA) * (BETA * step[0] + step[1]))
    evidence = "Run on letters for eight steps, with the step of the induction."
    return exactly(
        same(v, total(shift)) and induction, evidence, "The newest signal has the weight 1−β.", same(v, total(0))
    )


@claim(
    "004-memory",
    "text",
    "The average reaches back about 1/(1−β) steps: there a weight is 1/e of the newest.",
    steps="1/(1-b)",
)
def memory(steps: str) -> Ruling:
    b = sp.Symbol("b")
    limit = function(lambda count: sp.limit(sp.exp(sp.sympify(count) * sp.log(b)), b, 1, "-"))
    evidence = (
        f"β^(1/(1−β)) → 1/e as β → 1. At β = 0.9 the weight after 10 steps is {short(0.9**10)}, against 1/e = "
        f"{short(1 / e)}."
    )
    return exactly(
        limit(steps) == sp.exp(-1),
        evidence,
        "After 1/(1−β) steps a weight is 1/e, as β → 1.",
        limit("1/(1-b)") == sp.exp(-1),
    )


@claim("004-bias", "text", "Dividing by 1 − βᵗ takes the bias of a start at zero away.", divisor="1-b**t")
def bias(divisor: str) -> Ruling:
    b, t = sp.Symbol("b"), sp.Symbol("t", positive=True, integer=True)
    given = sp.sympify(divisor, locals={"b": b, "t": t})
    fits = function(lambda f: same(f.subs(t, 1), 1 - b) and same(f + (1 - b) * b**t, f.subs(t, t + 1)))
    evidence = (
        "The weights (1−β)βᵏ, k < t, sum to 1 − βᵗ (by induction, in letters): a constant signal is returned exactly."
    )
    return exactly(fits(given), evidence, "The divisor is 1 − βᵗ.", fits(1 - b**t))


def _noise_left() -> sp.Expr:
    """The variance of the average of independent signals of variance one: Σ (1−β)²β²ᵏ."""
    k = sp.Symbol("k", integer=True, nonnegative=True)
    b = sp.Symbol("b", positive=True)
    first = [(1 - b) ** 2 * b ** (2 * j) for j in range(2)]
    ratio = sp.simplify(first[1] / first[0])  # a geometric series: its sum is first/(1 − ratio) for β < 1
    assert same(ratio.subs(k, 0), b**2)
    return sp.factor(sp.cancel(first[0] / (1 - ratio)))


def _smoother(near_one_is_smooth: bool, end: str) -> Ruling:
    b = sp.Symbol("b", positive=True)
    variance = _noise_left()
    slope = sp.factor(sp.diff(variance, b))
    falls = bool(sp.simplify(slope * (1 + b) ** 2 + 2) == 0)
    low, high = (float(variance.subs(b, value)) for value in (sp.Rational(1, 10), sp.Rational(9, 10)))
    evidence = (
        f"Of the variance of independent signals the average keeps (1−β)/(1+β): {short(low, 3)} at β = 0.1, "
        f"{short(high, 3)} at "
        f"β = 0.9; the derivative −2/(1+β)² is negative everywhere."
    )
    correction = f"It is the other way round: near {end}"
    return exactly(near_one_is_smooth == falls, evidence, correction, falls, at_small=low, at_large=high)


@claim("004-near-one", "text", "An average with β near 1 oscillates more.", smooth=False)
def near_one(smooth: bool) -> Ruling:
    return _smoother(smooth, "1 the average is the smoother (and the later) one.")


@claim("004-near-zero", "text", "An average with β near 0 is smoother.", smooth_near_one=False)
def near_zero(smooth_near_one: bool) -> Ruling:
    return _smoother(smooth_near_one, "0 the average follows every signal and smooths nothing.")


@claim(
    "004-two-betas",
    "text",
    "The β of the averages and the β of the homework's momentum are one parameter.",
    swapped=False,
)
def two_betas(swapped: bool) -> Ruling:
    z, g, b = sp.symbols("z g b")
    homework, average = (1 - b) * z + b * g, b * z + (1 - b) * g
    turned = same(homework, average.subs(b, 1 - b))
    same_letter = same(homework, average)
    evidence = "Homework: z ← (1−β)z + βg, β weighs the new gradient. Average: v ← βv + (1−β)θ, β weighs the memory."
    return exactly(turned if swapped else same_letter, evidence, "The one is 1 minus the other: β ↔ 1−β.", turned)


@claim("004-0.95", "text", "The decay 0.95^epoch·η₀ is a polynomial decay.", kind="polynomial")
def power_decay(kind: str) -> Ruling:
    t, k, base = sp.Symbol("t", positive=True), sp.Symbol("k", positive=True), sp.Rational(95, 100)
    ratio = sp.simplify(base ** (t + 1) / base**t)
    polynomial = sp.limit(((t + 1) / t) ** -k, t, sp.oo)
    exponential = ratio == base and same(sp.simplify(sp.log(base**t) - t * sp.log(base)), 0)
    holds = exponential if kind == "exponential" else ratio == polynomial
    evidence = "Each epoch multiplies it by the same 0.95; for a polynomial t^−k that ratio tends to 1."
    correction = f"It is exponential: η₀·e^(−k·epoch) with k = −ln 0.95 = {short(-log(0.95))}."
    return exactly(holds, evidence, correction, exponential, rate=-log(0.95))


@claim(
    "004-epoch-zero", "text, read for epochs counted from 0", "All of the decays give a rate at every epoch.", first=0
)
def epoch_zero(first: int) -> Ruling:
    t, k = sp.Symbol("t"), sp.Symbol("k", positive=True)
    decays = {
        "1/(1+kt)": 1 / (1 + k * t),
        "e^(−kt)": sp.exp(-k * t),
        "0.95^t": sp.Rational(19, 20) ** t,
        "k/√t": k / sp.sqrt(t),
    }
    failing = [name for name, value in decays.items() if not value.subs(t, first).is_finite]
    shifted = (k / sp.sqrt(t)).subs(t, first + 1).is_finite
    evidence = f"At epoch {first}: " + (f"{', '.join(failing)} is infinite." if failing else "all are finite.")
    return exactly(not failing, evidence, "kη₀/√epoch begins at epoch 1, or takes √(epoch + 1).", bool(shifted))


@claim(
    "004-first-step",
    "code",
    "With z set to the first gradient, the first step of momentum is that of gradient descent.",
    start="gradient",
)
def first_step(start: str) -> Ruling:
    g, b = sp.symbols("g b")
    after = function(lambda z: (1 - b) * z + b * g)
    found = after(g if start == "gradient" else 0)
    evidence = "(1−β)g + βg = g."
    return exactly(same(found, g), evidence, "From z = 0 the first step is β times as long.", same(after(0), b * g))


@claim("004-batch", "text", "Momentum at batch 100 trains like plain SGD at a batch of 600.", factor=6)
def effective_batch(factor: int) -> Ruling:
    b = sp.Symbol("b", positive=True)
    (needed,) = sp.solve(sp.Eq(1 / _noise_left(), factor), b)
    evidence = (
        f"Averaging independent gradients divides their variance by (1+β)/(1−β), which is {factor} at β = {needed} "
        f"(and 19 at β = 0.9)."
    )
    return undecided(evidence, "minibatch noise and a network to train", momentum=float(needed))


@claim("004-training", "code", "SGD, momentum, RMSProp and Adam train the net at 1e-2, 1e-2, 1e-4, 1e-3.", rate=1e-2)
def training(rate: float) -> Ruling:
    evidence = (
        f"Decided for full gradients on a parabola: at η = {rate:g} SGD is stable for λ < {short(2 / rate)}, and v "
        "← βv + g with "
        f"β = 0.9 for λ < {short(2 * 1.9 / rate)}."
    )
    return undecided(
        evidence, "a network, minibatch noise, and the adaptive methods", descent=2 / rate, momentum=3.8 / rate
    )
