"""Newton's method with a damped step: its rate knows no curvature."""

from __future__ import annotations

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import DECREASE, LOG10, LOSS
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise
from convergence.theory.symbols import factored

ETA = cv.METHODS["newton"].symbols["lr"]
RULE = r"Damped Newton, $x \leftarrow x - \eta H^{-1}\nabla f(x)$, on a quadratic"


def left_by_newton(draw: Draw) -> Exercise:
    r"""What damped Newton leaves of the error

    <RULE>. Which part of the error is left after <steps> steps, as a formula in $\eta$?

    - $H^{-1}\nabla f(x)$ is the whole way to the minimiser, whatever the curvature.
    - A step leaves $1 - \eta$ of the error.
    """
    left = factored(cv.residual_polynomial("newton", int(draw.whole("steps", 2, 6)), lr=ETA).as_expr())
    return draw.exercise(
        left,
        unit="a factor of the error, as a formula",
        derived='cv.residual_polynomial("newton", k, lr=η)',
        slips={DECREASE: {ETA: 1 - ETA}, LOSS: left**2},
        digits=9,
        letters={"eta": ETA},
    )


def newton_steps(draw: Draw) -> Exercise:
    r"""Steps of damped Newton

    <RULE>, with $\eta = <lr>$. After how many steps is the error at most $10^{-<power>}$ of the first one?

    - A step leaves $1 - \eta$ of the error.
    - $k = \lceil p\ln 10/(-\ln(1-\eta))\rceil$ for $10^{-p}$.
    """
    lr, power = draw.number("lr", "0.1", "0.4", "0.05"), draw.whole("power", 3, 9)

    def steps(lr: sp.Expr, within: sp.Expr) -> int:
        return int(cv.steps_to("newton", float(within), mu=1, L=2, lr=float(lr)))

    part = sp.Rational(1, 10**power)
    return draw.exercise(
        steps(lr, part),
        unit="steps",
        derived='cv.steps_to("newton", 10**-p, mu=…, L=…, lr=η)',
        slips={DECREASE: steps(1 - lr, part), LOG10: steps(lr, sp.exp(-power)), LOSS: steps(lr, sp.sqrt(part))},
        digits=9,
    )
