"""Conventions: one run in the arguments of another library, and under another scaling of the loss."""

from __future__ import annotations

from functools import cache

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import DAMPED, HALF, NEW_WEIGHT, SUM, UNDAMPED
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise
from convergence.theory.symbols import ROWS, SCALINGS

ETA, BETA = (cv.METHODS["ema_momentum"].symbols[name] for name in ("lr", "momentum"))


@cache
def _undamped() -> sp.Expr:
    return cv.convert("ema_momentum", "heavy_ball", lr=ETA, momentum=BETA)["lr"]


def into_heavy_ball(draw: Draw) -> Exercise:
    r"""The same run without dampening

    Momentum as an average, $z \leftarrow (1-\beta)z + \beta g$, $w \leftarrow w - \eta z$, runs with $\eta = <lr>$
    and $\beta = <beta>$. Which `lr` gives `torch.optim.SGD` the same eigenvalues, with `momentum=<memory>` and no
    dampening, $v \leftarrow \mu v + g$, $w \leftarrow w - \mathrm{lr}\cdot v$?

    - Look for a multiple $v = cz$ of the average that obeys the second rule.
    - Divide $z \leftarrow (1-\beta)z + \beta g$ by $\beta$.
    """
    lr, beta = draw.number("lr", "0.01", "0.5", "0.01"), draw.number("beta", "0.05", "0.45", "0.05")
    draw.numbers["memory"] = 1 - beta
    return draw.exercise(
        _undamped(),
        {ETA: lr, BETA: beta},
        unit="a learning rate",
        derived='cv.convert("ema_momentum", "heavy_ball", …)',
        slips={NEW_WEIGHT: {BETA: 1 - beta}, UNDAMPED: lr, DAMPED: lr / beta},
    )


def into_half_mean(draw: Draw) -> Exercise:
    r"""The same run on another scaling of the loss

    Gradient descent on $\lVert y - Xw\rVert^2$ runs with $\eta = <lr>$. There are <rows> rows. Which $\eta$ gives the
    same iterates on the loss $\frac{1}{2n}\lVert y - Xw\rVert^2$?

    - The steps are the same where learning rate times gradient is.
    - The second gradient is the first one, divided by 2 and by the number of rows.
    """
    lr, rows = draw.number("lr", "0.0001", "0.0009", "0.0001"), draw.whole("rows", 30, 900)
    whole, half, half_mean = (sp.sympify(SCALINGS[name]).subs(ROWS, rows) for name in ("sum", "half", "half_mean"))
    return draw.exercise(
        lr * whole / half_mean,
        unit="a learning rate",
        derived="the scalings c of (c/2)‖y − Xw‖² that loss= names",
        slips={HALF: lr * half / half_mean, SUM: lr * whole / half},
    )
