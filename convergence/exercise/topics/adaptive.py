"""Adaptive methods: the cycle that RMSProp ends in, the bias correction, the memory of a second moment."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.exercise.conventions import FIRST_IS_ONE, INSIDE, LOG10, MEMORY, NO_POWER, TIME_CONSTANT, WHOLE_SWING
from convergence.exercise.draw import Draw
from convergence.exercise.exercise import Exercise
from convergence.rule import Objective, State
from convergence.theory.symbols import CURVATURE

AVERAGE = "ema_momentum_zero_start"
LR, EPS = sp.symbols("eta epsilon", positive=True)


def _outside(f: Objective, x: Any, v: Any, *, lr: cv.Rate, decay: cv.Share, eps: cv.Offset) -> State:
    g = f.grad(x)
    v = decay * v + (1 - decay) * g**2
    return x - lr * g / (np.sqrt(v) + eps), v


def _inside(f: Objective, x: Any, v: Any, *, lr: cv.Rate, decay: cv.Share, eps: cv.Offset) -> State:
    g = f.grad(x)
    v = decay * v + (1 - decay) * g**2
    return x - lr * g / np.sqrt(v + eps), v


@cache
def _amplitudes() -> tuple[sp.Expr, sp.Expr]:
    """Of the 2-cycles with ε outside and inside the root."""
    (outside,), (inside,) = (cv.cycles(rule, curvature=CURVATURE, lr=LR, eps=EPS) for rule in (_outside, _inside))
    return outside.amplitude, inside.amplitude


def cycle_of_rmsprop(draw: Draw) -> Exercise:
    r"""The cycle of RMSProp

    RMSProp, $v \leftarrow \gamma v + (1-\gamma)g^2$, $x \leftarrow x - \eta g/(\sqrt v + \varepsilon)$, on
    $\frac{1}{2}\lambda x^2$ does not come to rest: it ends in a cycle $x = a, -a, a, \dots$ With $\eta = <lr>$,
    $\varepsilon = <eps>$, $\lambda = <lam>$, what is the amplitude $a$, to four significant digits?

    - In the cycle $g^2$ is the same in every step. What is $v$ then?
    - $\sqrt v = \lambda a$, and a step leads from $a$ to $-a$: $2a = \eta\lambda a/(\lambda a + \varepsilon)$.
    """
    lr, eps = draw.number("lr", "0.1", "0.5", "0.05"), draw.number("eps", "0.001", "0.01", "0.001")
    at = {LR: lr, EPS: eps, CURVATURE: draw.number("lam", "0.5", "4", "0.5")}
    outside, inside = _amplitudes()
    return draw.exercise(
        outside,
        at,
        unit="of the position x",
        derived="cv.cycles of the rule, .amplitude",
        slips={INSIDE: inside.xreplace(at), WHOLE_SWING: 2 * outside.subs(at)},
        digits=4,
    )


def bias_correction(draw: Draw) -> Exercise:
    r"""Adam's bias correction

    Adam divides its average $v_t = \beta v_{t-1} + (1-\beta)g_t^2$, $v_0 = 0$, by what its weights add up to. By
    which factor does that enlarge $v_t$ at $t = <t>$ (the first step has $t = 1$), with $\beta = <beta>$?

    - The weights are $(1-\beta)\beta^k$ for the ages $k = 0, \dots, t-1$.
    - They add up to $1 - \beta^t$.
    """
    beta, t = draw.number("beta", "0.8", "0.98", "0.02"), draw.whole("t", 3, 9)

    def correction(beta: sp.Expr, t: int) -> float:
        return 1 / float(cv.filter_of(AVERAGE, "v").at(momentum=float(beta)).weights(t).sum())

    return draw.exercise(
        correction(beta, int(t)),
        unit="a factor",
        derived='the sum of cv.filter_of("ema_momentum_zero_start", "v").at(momentum=β).weights(t)',
        slips={
            MEMORY: correction(1 - beta, int(t)),
            NO_POWER: 1 / (1 - beta),
            FIRST_IS_ONE: correction(beta, int(t) - 1),
        },
    )


def half_life(draw: Draw) -> Exercise:
    r"""The half-life of a second moment

    RMSProp averages by $v \leftarrow \beta v + (1-\beta)g^2$, with $\beta = <beta>$. After how many steps (not
    rounded) has the weight of a gradient halved?

    - After $k$ steps it is $\beta^k$ of what it was.
    - $k = \ln 2/(-\ln\beta)$.
    """
    beta = draw.number("beta", "0.7", "0.98", "0.02")
    steps, swapped = (cv.filter_of(AVERAGE, "v").at(momentum=float(b)).half_life for b in (beta, 1 - beta))
    return draw.exercise(
        steps,
        unit="steps",
        derived='cv.filter_of("ema_momentum_zero_start", "v").at(momentum=β).half_life',
        slips={MEMORY: swapped, TIME_CONSTANT: 1 / (1 - beta), LOG10: steps / sp.log(10)},
    )
