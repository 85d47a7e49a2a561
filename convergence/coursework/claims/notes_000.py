"""Claims of notes 000: classes for RMSProp and Adam."""

from __future__ import annotations

from functools import partial
from math import nan, sqrt

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import adam, descent, rmsprop, steps
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import run, unbiased
from convergence.coursework.letters import LAMBDA
from convergence.coursework.rules import rmsprop_000

NOTES = Source("000", "Course notes 000", '"Neural Networks from Scratch": RMSProp and Adam')

EPS, RATE = 1e-7, 1e-3


@NOTES.closely("000-cache", "RMSProp: the class's update of the weights", kept=True)
def cache(kept: bool = False) -> Answer:
    """It divides by the running average of squared gradients.

    The weights' average goes to another attribute, the cache stays 0, and the step is ηg/(√0 + ε) = {scale}·g: for
    gradients 10⁻³, 10⁻¹, 10, 10³ the steps are {steps}, where they should be {right}. (The biases' average is written
    back.)

    Instead: As written, the weights go by gradient descent at η/ε. The rule with its idle cache is stable for η < {edge}, so
    here for λ < {bound} only. Written back, the steps are {right}.
    """
    gradients = [10.0**k for k in (-3, -1, 1, 3)]
    sizes, right = (steps(partial(rmsprop, lr=RATE, eps=EPS, inside=False, kept=k), gradients) for k in (kept, True))
    scale = RATE / EPS if np.allclose(sizes, [RATE / EPS * g for g in gradients], rtol=1e-12) else nan
    edge = sp.sympify(cv.stability(rmsprop_000).lr_max)  # derived from the class as written
    path = run(rmsprop_000, {"lr": RATE, "eps": EPS}, lambda _: 1e-3, 0.0, 4)
    scale = scale if np.allclose(np.diff(path), -RATE / EPS * 1e-3, rtol=1e-9) else nan
    bound = float(sp.solve(edge.subs(rmsprop_000.symbols["eps"], EPS) - RATE, LAMBDA)[0])
    numbers = {"steps": sizes, "right": right, "scale": scale, "edge": edge, "bound": bound}
    return np.allclose(sizes, right, rtol=1e-12), numbers


class Counting:
    """What RMSProp's class sets up, and the attribute that it reads."""

    def __init__(self) -> None:
        self.iterations = 0

    def first(self, name: str) -> float:
        """The rate of the first step."""
        return float(RATE / (1 + 1e-3 * getattr(self, name)))


@NOTES.exactly("000-iterations", "RMSProp: the class, self.iteration against self.iterations", name="iterations")
def attribute(name: str = "iteration") -> Answer:
    """The class counts its steps.

    The first step of a class that sets the one and reads the other ends in AttributeError: {error}.

    Instead: With one name for both it runs.
    """
    try:
        return Counting().first(name) == RATE, {"error": "none"}
    except AttributeError as error:
        return False, {"error": str(error)}


@NOTES.closely("000-eps", "RMSProp: the formula against the class", gradient=1e3)
def epsilon(gradient: float = 1e-6) -> Answer:
    """ε inside the root, and outside it, are the same.

    For a gradient of {gradient} the first steps are {inside}·η inside and {outside}·η outside. As s → 0 they differ by
    the factor 1/√ε = {factor}. Tolerance 1 %.

    Instead: They agree where s is far above ε, as for a gradient of {gradient}. Near s = 0 it is g/√ε inside and g/ε
    outside.
    """
    inside, outside = (steps(partial(rmsprop, eps=EPS, inside=where), [gradient])[0] for where in (True, False))
    numbers = {"gradient": gradient, "inside": inside, "outside": outside, "factor": 1 / sqrt(EPS)}
    return abs(outside / inside - 1) < 0.01, numbers


@NOTES.closely("000-settles", "RMSProp: the formula with η = 1e-3, ε = 1e-7", curvature=0.3)
def rests(curvature: float = 1.0) -> Answer:
    """It comes to rest at the minimiser.

    On ½λx² with λ = {curvature}, 4000 steps from 0.1, it still moves by {inside}, and with ε outside by {outside}: at
    the minimiser s is 0, and the step is (η/√ε)·g inside, (η/ε)·g outside.

    Instead: It does where λ < 2√ε/η = {bound} (outside: 2ε/η = {low}); at λ = {curvature} {inside} is left.
    """
    paths = [descent(partial(rmsprop, lr=RATE, eps=EPS, inside=place), curvature, 0.1, 4000) for place in (True, False)]
    inside, outside = (max(map(abs, path[-100:])) for path in paths)
    numbers = {"curvature": curvature, "bound": 2 * sqrt(EPS) / RATE, "low": 2 * EPS / RATE}
    return inside < 1e-9, {"inside": inside, "outside": outside, **numbers}


@NOTES.exactly("000-bias", "Adam: the class's bias correction with t + 1, t from 0", offset=0)
def bias(offset: int = 1) -> Answer:
    """The correction is right.

    The average of a constant signal, divided by 1 − β^(t+1), is that signal: on letters for eight steps.
    """
    return unbiased(lambda t: t - 1 + offset)


@NOTES.closely("000-first-step", "Adam: the class's first step", law="ε")
def first_step(law: str = "constant") -> Answer:
    """It is η in size, whatever the gradient.

    At a gradient of 1e-7, which is ε, it is {half}·η; at 1000 it is {large}·η. Tolerance 1e-9.

    Instead: It is η·|g|/(|g| + ε).
    """
    gradients = [10.0**k for k in range(-9, 4)]
    sizes = [steps(partial(adam, eps=EPS), [g])[0] for g in gradients]
    laws = [1.0 if law == "constant" else g / (g + EPS) for g in gradients]
    near = all(abs(size - stated) < 1e-9 for size, stated in zip(sizes, laws, strict=True))
    return near, {"half": sizes[2], "large": sizes[-1]}
