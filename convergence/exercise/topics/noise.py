"""Gradient noise: what it leaves of the error, and what an average of gradients does against it."""

from __future__ import annotations

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import DAMPED, DEVIATION, DOUBLE, ERROR, MEMORY, TIME_CONSTANT
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise
from convergence.theory.symbols import CURVATURE

ETA, BETA = (cv.METHODS["heavy_ball"].symbols[name] for name in ("lr", "momentum"))
S = sp.Symbol("s", positive=True)


def _direction(draw: Draw) -> dict[sp.Symbol, sp.Expr]:
    lam, lr = draw.number("lam", "0.5", "4", "0.5"), draw.number("lr", "0.02", "0.1", "0.01")
    return {CURVATURE: lam, ETA: lr, S: draw.number("s", "0.1", "0.9", "0.05")}


def floor_of_descent(draw: Draw) -> Exercise:
    r"""The floor of gradient descent

    Gradient descent on $\frac{1}{2}\lambda x^2$ with $\lambda = <lam>$ and $\eta = <lr>$; each gradient has fresh
    noise of mean 0 and standard deviation $s = <s>$. What does $\mathrm{E}\,x^2$ settle at?

    - $x \leftarrow (1 - \eta\lambda)x - \eta\xi$: what is the variance of the new $x$, in that of the old one?
    - It settles where $V = (1-\eta\lambda)^2 V + \eta^2 s^2$.
    """
    at = _direction(draw)
    return draw.exercise(
        S**2 * cv.noise_floor("gradient_descent").variance,
        at,
        unit="of x²",
        derived='cv.noise_floor("gradient_descent").variance, times s²',
        slips={DEVIATION: {S: sp.sqrt(at[S])}, DOUBLE: {CURVATURE: 2 * at[CURVATURE]}},
    )


def floor_of_momentum(draw: Draw) -> Exercise:
    r"""What noise adds to the loss under momentum

    Momentum, $v \leftarrow \beta v + g$, $x \leftarrow x - \eta v$, on $\frac{1}{2}\lambda x^2$ with $\lambda =
    <lam>$, $\eta = <lr>$, $\beta = <beta>$; each gradient has fresh noise of mean 0 and standard deviation $s = <s>$.
    What does the expected loss settle at?

    - The covariance $\Sigma$ of $(x, v)$ settles where $\Sigma = A\Sigma A^\top + s^2 bb^\top$, with $b = (-\eta,
      1)$.
    - $\mathrm{E}\,x^2 = s^2\,\eta(1+\beta) / \bigl(\lambda(1-\beta)(2 + 2\beta - \eta\lambda)\bigr)$; the loss is
      $\lambda/2$ of it.
    """
    at = _direction(draw) | {BETA: draw.number("beta", "0.6", "0.95", "0.05")}
    floor, damped = (S**2 * cv.noise_floor(name).loss for name in ("heavy_ball", "ema_momentum_zero_start"))
    return draw.exercise(
        floor,
        at,
        unit="of the loss ½λx²",
        derived='cv.noise_floor("heavy_ball").loss, times s²',
        slips={
            DEVIATION: {S: sp.sqrt(at[S])},
            MEMORY: {BETA: 1 - at[BETA]},
            DAMPED: damped.xreplace(at),
            ERROR: (floor * 2 / CURVATURE).xreplace(at),
        },
    )


def averaged_gradients(draw: Draw) -> Exercise:
    r"""How many gradients an average is worth

    The average $v \leftarrow \beta v + (1-\beta)g$ of independent gradients has a smaller variance than each of them.
    With $\beta = <beta>$, a plain mean of how many gradients has the same variance, in the long run?

    - $v$ is $\sum_k (1-\beta)\beta^k g_{t-k}$: add up the squares of the weights.
    - The sum is $(1-\beta)^2/(1-\beta^2)$; a plain mean of $N$ has $1/N$.
    """
    beta = draw.number("beta", "0.6", "0.98", "0.02")
    window = sp.sympify(cv.filter_of("ema_momentum_zero_start", "v").window)
    return draw.exercise(
        window,
        {BETA: beta},
        unit="gradients",
        derived='cv.filter_of("ema_momentum_zero_start", "v").window',
        slips={MEMORY: {BETA: 1 - beta}, TIME_CONSTANT: 1 / (1 - beta), DEVIATION: sp.sqrt(window).subs(BETA, beta)},
    )


def speed_of_the_floor(draw: Draw) -> Exercise:
    r"""How fast the floor is reached

    Gradient descent on $\frac{1}{2}\lambda x^2$ with $\lambda = <lam>$ and $\eta = <lr>$, under gradient noise. By
    which factor does the distance of $\mathrm{E}\,x^2$ from its floor shrink a step?

    - $V \leftarrow (1-\eta\lambda)^2 V + \eta^2 s^2$. Subtract the fixed point.
    """
    at = _direction(draw)
    rate = cv.rate("gradient_descent")
    return draw.exercise(
        rate**2,
        at,
        unit="a factor a step",
        derived='cv.rate("gradient_descent") squared',
        slips={
            "This is the factor of the error x; the question is about its square.": rate.xreplace(at),
            DOUBLE: {CURVATURE: 2 * at[CURVATURE]},
        },
    )
