"""Claims of notes 000: classes for RMSProp and Adam."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from convergence.coursework.adaptive import adam, descent, rmsprop, steps
from convergence.coursework.claim import Claim, Source
from convergence.coursework.claims.notes_004 import average
from convergence.coursework.decisions import BETA, closely, exactly, same

SOURCE = Source("000", 'Course notes 000, "Neural Networks from Scratch": RMSProp and Adam', "Notes 000")

EPS, RATE = 1e-7, 1e-3


def cache(kept: bool) -> Any:
    """The class's steps for gradients 10⁻³, 10⁻¹, 10, 10³, against those with the average written back, and against (η/ε)g."""
    gradients = [10.0**k for k in (-3, -1, 1, 3)]
    found, right = (steps(partial(rmsprop, lr=RATE, eps=EPS, inside=False, kept=k), gradients) for k in (kept, True))
    bound = 2 * EPS / RATE
    edge = [abs(descent(partial(rmsprop, lr=RATE, eps=EPS, inside=False, kept=False), lam, 1.0, 50)[-1]) for lam in (
        0.9 * bound, 1.1 * bound)]  # fmt: skip
    scale = RATE / EPS if np.allclose(found, [RATE / EPS * g for g in gradients], rtol=1e-12) else float("nan")
    return np.allclose(found, right, rtol=1e-12), {
        "found": found, "right": right, "scale": scale, "bound": bound, "edge": edge,
    }  # fmt: skip


def epsilon(gradient: float) -> Any:
    """The first steps with ε inside and outside the root."""
    inside, outside = (steps(partial(rmsprop, eps=EPS, inside=where), [gradient])[0] for where in (True, False))
    return abs(outside / inside - 1) < 0.01, {
        "gradient": gradient, "inside": inside, "outside": outside, "factor": 1 / sqrt(EPS),
    }  # fmt: skip


def first_step(law: str) -> Any:
    """Adam's first step for gradients from 1e-9 to 1e3: η, or η·g/(g + ε)?"""
    gradients = [10.0**k for k in range(-9, 4)]
    sizes = [steps(partial(adam, eps=EPS), [g])[0] for g in gradients]
    laws = [1.0 if law == "constant" else g / (g + EPS) for g in gradients]
    near = all(abs(size - stated) < 1e-9 for size, stated in zip(sizes, laws, strict=True))
    return near, {"half": sizes[2], "large": sizes[-1]}


class Counting:
    """What RMSProp's class sets up, and the attribute that it reads."""

    def __init__(self) -> None:
        self.iterations = 0

    def first(self, name: str) -> float:
        """The rate of the first step."""
        return float(RATE / (1 + 1e-3 * getattr(self, name)))


def attribute(name: str) -> Any:
    """Whether the class's first step runs."""
    try:
        return Counting().first(name) == RATE, {"error": "none"}
    except AttributeError as error:
        return False, {"error": str(error)}


def rests(curvature: float) -> Any:
    """RMSProp on ½λx² from x = 0.1, ε inside as in the formula and outside as in the code: do its last steps of 4000 move?"""
    paths = [descent(partial(rmsprop, lr=RATE, eps=EPS, inside=where), curvature, 0.1, 4000) for where in (True, False)]
    inside, outside = (max(map(abs, path[-100:])) for path in paths)
    return inside < 1e-9, {
        "inside": inside, "outside": outside, "curvature": curvature, "bound": 2 * sqrt(EPS) / RATE,
        "low": 2 * EPS / RATE,
    }  # fmt: skip


CLAIMS = (
    Claim(
        "000-cache", "RMSProp: the class's update of the weights",
        "It divides by the running average of squared gradients.",
        closely(cache), {"kept": False}, {"kept": True},
        "The weights' average goes to another attribute, the cache stays 0, and the step is ηg/(√0 + ε) = {scale}·g: "
        "for gradients "
        "10⁻³, 10⁻¹, 10, 10³ the steps are {found}, where they should be {right}. (The biases' average is written "
        "back.)",
        "As written, the weights go by gradient descent at η/ε, stable for λ < 2ε/η = {bound} only. Written back, the "
        "steps are "
        "{right}.",
    ),
    Claim(
        "000-iterations", "RMSProp: the class, self.iteration against self.iterations", "The class counts its steps.",
        exactly(attribute), {"name": "iteration"}, {"name": "iterations"},
        "The first step of a class that sets the one and reads the other ends in AttributeError: {error}.",
        "With one name for both it runs.",
    ),
    Claim(
        "000-eps", "RMSProp: the formula against the class", "ε inside the root, and outside it, are the same.",
        closely(epsilon), {"gradient": 1e-6}, {"gradient": 1e3},
        "For a gradient of {gradient} the first steps are {inside}·η inside and {outside}·η outside. As s → 0 they "
        "differ by the factor "
        "1/√ε = {factor}. Tolerance 1 %.",
        "They agree where s is far above ε, as for a gradient of {gradient}. Near s = 0 it is g/√ε inside and g/ε "
        "outside.",
    ),
    Claim(
        "000-settles", "RMSProp: the formula with η = 1e-3, ε = 1e-7", "It comes to rest at the minimiser.",
        closely(rests), {"curvature": 1.0}, {"curvature": 0.3},
        "On ½λx² with λ = {curvature}, 4000 steps from 0.1, it still moves by {inside}, and with ε outside by "
        "{outside}: at the "
        "minimiser s is 0, and the step is (η/√ε)·g inside, (η/ε)·g outside.",
        "It does where λ < 2√ε/η = {bound} (outside: 2ε/η = {low}); at λ = {curvature} {inside} is left.",
    ),
    Claim(
        "000-bias", "Adam: the class's bias correction with t + 1, t from 0", "The correction is right.",
        exactly(lambda offset: (all(
            t + offset and same(average([1] * (t + 1)) / (1 - BETA ** (t + offset)), 1) for t in range(8)), {})),
        {"offset": 1}, {"offset": 0},
        "The average of a constant signal, divided by 1 − β^(t+1), is that signal: on letters for eight steps.",
    ),
    Claim(
        "000-first-step", "Adam: the class's first step", "It is η in size, whatever the gradient.",
        closely(first_step), {"law": "constant"}, {"law": "ε"},
        "At a gradient of 1e-7, which is ε, it is {half}·η; at 1000 it is {large}·η. Tolerance 1e-9.",
        "It is η·|g|/(|g| + ε).",
    ),
)  # fmt: skip
