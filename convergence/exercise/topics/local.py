"""Functions that are not quadratic: what the curvature at a minimum decides, and one step of Newton's method."""

from __future__ import annotations

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import AT_THE_MAXIMUM, DAMPED, INNER, MEMORY, WHOLE_STEP
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise


def limit_at_a_minimum(draw: Draw) -> Exercise:
    r"""The largest learning rate at a minimum

    Momentum, $v \leftarrow \beta v + f'(x)$, $x \leftarrow x - \eta v$, with $\beta = <beta>$, on
    $f(x) = \frac{<a>}{4}x^4 - \frac{<b>}{2}x^2$. Below which $\eta$ are its minima stable?

    - Near a minimum $f$ is a quadratic, of the curvature that $f''$ has there.
    - The minima are where $x^2 = b/a$, for $f = \frac{a}{4}x^4 - \frac{b}{2}x^2$.
    - $f'' = 3ax^2 - b = 2b$ there, and the limit along a curvature $\lambda$ is $2(1+\beta)/\lambda$.
    """
    a, b = draw.number("a", "0.5", "4", "0.5"), draw.number("b", "0.5", "4", "0.5")
    beta = draw.number("beta", "0.5", "0.95", "0.05")
    (minimum,) = cv.local(f"({a})*x**4/4 - ({b})*x**2/2", at=float(sp.sqrt(b / a)))

    def limit(beta: sp.Expr, method: str = "heavy_ball") -> float:
        return float(minimum.lr_max(method, momentum=float(beta)))

    return draw.exercise(
        limit(beta),
        unit="a learning rate",
        derived='cv.local(f, at=…)[0].lr_max("heavy_ball", momentum=β)',
        slips={
            MEMORY: limit(1 - beta),
            DAMPED: limit(beta, "ema_momentum_zero_start"),
            AT_THE_MAXIMUM: 2 * limit(beta),
        },
    )


def newton_on_cosh(draw: Draw) -> Exercise:
    r"""One step of Newton on a function that is not quadratic

    Damped Newton, $x \leftarrow x - \eta f'(x)/f''(x)$, with $\eta = <lr>$, on $f(x) = \cosh(cx)$ with $c = <c>$,
    from $x_0 = <x>$. What is $x_1$?

    - $f'(x) = c\sinh(cx)$. What does the second derivative bring?
    - $f'/f'' = \tanh(cx)/c$.
    """
    lr, c = draw.number("lr", "0.2", "0.9", "0.1"), draw.number("c", "0.2", "0.8", "0.05")
    x = draw.number("x", "2", "8", "0.5")
    (minimum,) = cv.local(f"cosh(({c})*x)", at=0.1)

    def after(lr: sp.Expr) -> float:
        return float(cv.simulate(minimum, "newton", 1, [float(x)], lr=float(lr)).x[1, 0])

    return draw.exercise(
        after(lr),
        unit="the position",
        derived='cv.simulate(cv.local("cosh(c*x)", at=…)[0], "newton", 1, [x₀], lr=η)',
        slips={WHOLE_STEP: after(sp.Integer(1)), INNER: x - (x - sp.sympify(after(lr))) * c},
    )
