"""Minibatches: the noise of a batch's mean, the limit in mean square, steps and epochs."""

from __future__ import annotations

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import (
    COMPLEMENT,
    DEVIATION,
    DOUBLE,
    EPOCH,
    LOSS,
    NO_NOISE,
    REPLACED,
    SUM,
)
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise
from convergence.stochastic.sampling import batch_factor


def deviation_of_a_batch(draw: Draw) -> Exercise:
    r"""The noise of a batch of distinct rows

    The gradients of <rows> rows at one point have the standard deviation $s = <s>$ (over the rows, divisor $n$). A
    batch is <batch> *distinct* rows, drawn at random. What is the standard deviation of the mean of its gradients?

    - With replacement the variance would be $s^2/B$. Distinct rows are correlated: a batch of all of them has no
      noise at all.
    - The variance is $s^2 (n-B)/\bigl(B(n-1)\bigr)$.
    """
    rows, batch, s = draw.whole("rows", 20, 60), draw.whole("batch", 4, 12), draw.number("s", "0.5", "5", "0.5")
    distinct, replaced = (batch_factor(way, int(batch), int(rows)) for way in ("step", "replacement"))
    return draw.exercise(
        s * sp.sqrt(distinct),
        unit="of the gradient",
        derived='the factor of sampling="step" in cv.moments, times s²: its root',
        slips={DEVIATION: s * distinct, REPLACED: s * sp.sqrt(replaced), SUM: s * batch * sp.sqrt(distinct)},
    )


def limit_in_mean_square(draw: Draw) -> Exercise:
    r"""The largest learning rate on fresh Gaussian rows

    Stochastic gradient descent in one dimension on $\frac{1}{2}\,\mathrm{E}\,(aw - y)^2$, with fresh Gaussian rows $a
    \sim N(0, \lambda)$, $\lambda = <lam>$, and the mean over batches of <batch>. Below which $\eta$ does
    $\mathrm{E}\,x^2$ of the error $x$ stay bounded?

    - The error is multiplied by $1 - \eta h$, with $h$ the mean of $a^2$ over the batch: ask for $\mathrm{E}(1-\eta
      h)^2 \lt 1$.
    - $\mathrm{E}\,h = \lambda$ and $\mathrm{E}\,h^2 = \lambda^2(1 + 2/B)$, since $\mathrm{E}\,a^4 = 3\lambda^2$.
    """
    lam, batch = draw.number("lam", "0.5", "5", "0.25"), draw.whole("batch", 2, 12)
    limit, double = (
        cv.mean_square_limit([float(curvature)], "gradient_descent", int(batch), sampling="stream")
        for curvature in (lam, 2 * lam)
    )
    return draw.exercise(
        limit,
        unit="a learning rate",
        derived='cv.mean_square_limit([λ], "gradient_descent", B, sampling="stream")',
        slips={DOUBLE: double, SUM: limit / float(batch), NO_NOISE: 2 / lam},
    )


def factor_of_an_epoch(draw: Draw) -> Exercise:
    r"""Steps and epochs

    Stochastic gradient descent with $\eta = <lr>$ on <rows> rows, in batches of <batch>. Along a direction of
    curvature $\lambda = <lam>$, by which factor does the *expected* error shrink an epoch? (Batches are drawn with
    replacement; an epoch is as many of them as make up the rows.)

    - In expectation each step multiplies the error by $1 - \eta\lambda$.
    - An epoch has $n/B = <steps>$ steps.
    """
    batch, steps = draw.whole("batch", 4, 32), draw.whole("steps", 4, 12)
    lam, lr = draw.number("lam", "0.5", "4", "0.5"), draw.number("lr", "0.02", "0.1", "0.01")
    draw.numbers["rows"] = batch * steps
    factor, one = (cv.residual_polynomial("gradient_descent", int(k), lr=lr) for k in (steps, 1))
    left = factor.eval(lam)
    return draw.exercise(
        left,
        unit="a factor an epoch",
        derived='cv.residual_polynomial("gradient_descent", n/B, lr=…) at λ',
        slips={EPOCH: one.eval(lam), COMPLEMENT: 1 - left, LOSS: left**2, DOUBLE: factor.eval(2 * lam)},
    )
