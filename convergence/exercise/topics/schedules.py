"""Schedules of the learning rate: which rate a step has, when it has halved, and what a schedule leaves of the error."""

from __future__ import annotations

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import COMPLEMENT, DECREASE, DISCRETE, DOUBLE, EPOCH, FIRST_IS_ZERO, LOG10, LOSS
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise


def rate_of_a_step(draw: Draw) -> Exercise:
    r"""The learning rate of a step, decayed once an epoch

    $\eta$ is <base> in the first epoch and is multiplied by <factor> after each; an epoch has <length> steps. Steps
    are numbered 0, 1, 2, …. What is $\eta$ in step <step>?

    - Which epoch, counted from 0, is step <step> in?
    - $\eta_k = \eta_0\gamma^{\lfloor k/m\rfloor}$ with $m$ steps an epoch.
    """
    base, factor = draw.number("base", "0.1", "1", "0.1"), draw.number("factor", "0.8", "0.95", "0.01")
    length = draw.whole("length", 5, 20)
    draw.numbers["step"] = step = length * draw.whole("epochs", 3, 8)
    decayed, other = (cv.schedules.exponential(base, by) for by in (factor, 1 - factor))
    epochs = decayed.per_epoch(int(length))
    return draw.exercise(
        float(epochs.at(int(step))),
        unit="a learning rate",
        derived="cv.schedules.exponential(η₀, γ).per_epoch(m).at(k)",
        slips={
            EPOCH: float(decayed.at(int(step))),
            FIRST_IS_ZERO: float(epochs.at(int(step) - 1)),
            DECREASE: float(other.per_epoch(int(length)).at(int(step))),
        },
    )


def time_to_fall(draw: Draw) -> Exercise:
    r"""How long an exponential decay takes

    $\eta_t = \eta_0 e^{-ct}$ with $c = <c>$ a step. After what time, in steps (not rounded), is $\eta$ down to
    $\eta_0/<share>$?

    - Take logarithms of $e^{-ct} = 1/F$.
    - $t = \ln F / c$, with the natural logarithm.
    """
    c, share = draw.number("c", "0.01", "0.2", "0.01"), draw.whole("share", 3, 50)
    shape = cv.schedules.exponential(1, float(sp.exp(-c)))
    continuous, stepwise = (sp.log(share) / -sp.log(ratio) for ratio in (shape(1) / shape(0), 1 - c))
    return draw.exercise(
        continuous,
        unit="steps",
        derived="the ratio of two successive values of cv.schedules.exponential",
        slips={LOG10: continuous / sp.log(10), DISCRETE: stepwise},
    )


def half_by_inverse_time(draw: Draw) -> Exercise:
    r"""When a learning rate under inverse-time decay has halved

    $\eta = \eta_0/(1 + c\cdot\mathrm{epoch})$ with $c = <c>$; the epoch is counted from 0, and has <length> steps.
    After how many *steps*, as a number that need not be whole, is $\eta = \eta_0/2$?

    - It has halved where $c\cdot\mathrm{epoch} = 1$.
    - Epochs into steps: times the steps of an epoch.
    """
    c, length = draw.number("c", "0.05", "0.5", "0.05"), draw.whole("length", 5, 50)
    (epochs,) = sp.Poly(1 / sp.sympify(cv.schedules.inverse_time(1, c).formula) - 2).all_roots()
    return draw.exercise(
        epochs * length,
        unit="steps",
        derived="the formula of cv.schedules.inverse_time, solved for the epoch",
        slips={EPOCH: epochs},
    )


def left_by_linear_decay(draw: Draw) -> Exercise:
    r"""What a linear decay leaves of the error

    Gradient descent on $\frac{1}{2}\lambda x^2$, $\lambda = <lam>$, with a learning rate that falls linearly: $\eta_k
    = <base>\,(1 - k/<steps>)$ in the <steps> steps $k = 0, 1, \dots$ Which part of the first error is left after
    them?

    - Step $k$ multiplies the error by $1 - \eta_k\lambda$.
    - The product of these factors; the first one is $1 - \eta_0\lambda$.
    """
    base, lam = draw.number("base", "0.1", "0.5", "0.05"), draw.number("lam", "0.5", "1.5", "0.25")
    steps = int(draw.whole("steps", 3, 6))
    linear = cv.schedules.linear(base, steps)
    left, double = (cv.product(linear, steps, float(curvature)).value for curvature in (lam, 2 * lam))
    late = cv.product(linear.values(steps)[1:], steps - 1, float(lam)).value
    whole = sp.sympify(left)
    return draw.exercise(
        left,
        unit="a factor of the error",
        derived="cv.product(cv.schedules.linear(η₀, K), K, λ).value",
        slips={DOUBLE: double, FIRST_IS_ZERO: late, LOSS: whole**2, COMPLEMENT: 1 - whole},
    )
