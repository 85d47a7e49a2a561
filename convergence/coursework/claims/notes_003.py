"""Claims of notes 003: momentum and adaptive rates for a network of one's own."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import Rule, adagrad, adam, adam_one_list, rmsprop, steps
from convergence.coursework.claim import Claim, Source
from convergence.coursework.decisions import (
    BETA,
    KAPPA,
    LAMBDA,
    alike,
    characteristic,
    closely,
    exactly,
    in_root_kappa,
    run,
    same,
    same_spectrum,
)
from convergence.coursework.rules import momentum_001_code, nesterov_003, nesterov_003_restored

SOURCE = Source(
    "003", "Course notes 003: a write-up of momentum and adaptive rates for a network of one's own", "Notes 003"
)

EPOCH = 100


def nesterov_code(method: str) -> Any:
    """Whether the code has the eigenvalues of a method, and where it is the damped ball, whether its weights lead that ball."""
    top = sp.factor(cv.stability(nesterov_003).lr_max * LAMBDA)
    numbers = {"polynomial": sp.Poly(characteristic(nesterov_003), sp.Symbol("z")), "top": top}
    numbers |= {
        "at": float(top.subs(BETA, 0.9)),
        "known": float((cv.stability("nesterov").lr_max * LAMBDA).subs(BETA, 0.9)),
    }
    ball = method != "ema_momentum_zero_start" or (_look_ahead_is_the_ball() and _weights_lead())
    return same_spectrum(nesterov_003, cv.METHODS[method]) and ball, numbers


def _look_ahead_is_the_ball() -> bool:
    """For any f: with the gradients at y = w + μv as letters, y moves by y₊ = y + μ(y − y₋) − (1−μ)η∇f(y)."""
    w, v, mu, eta, g, h = sp.symbols("w v mu eta g h")
    y, v1 = w + mu * v, mu * v + eta * g
    y1, v2 = (y - v1) + mu * v1, mu * v1 + eta * h
    y2 = (y1 - v2) + mu * v2
    return same(y2, y1 + mu * (y1 - y) - (1 - mu) * eta * h) and same(y1.subs(v, 0), w - (1 - mu) * eta * g)


def _weights_lead() -> bool:
    """w₊ = (y₊ − μy)/(1−μ), exactly, along a run on a function that is no parabola."""
    settings = {"lr": Fraction(1, 10), "momentum": Fraction(9, 10)}
    ball, mu = run(momentum_001_code, settings), settings["momentum"]
    return [(after - mu * before) / (1 - mu) for before, after in pairwise(ball)] == run(nesterov_003, settings)[1:]


def faster(winner: str) -> Any:
    """The best rates on quadratics, in k = √κ: whose is smaller for every κ > 1?"""
    other = {"nesterov": "heavy_ball", "heavy_ball": "nesterov"}[winner]
    rates = [in_root_kappa(cv.optimum(method).rate) for method in (winner, other)]
    known = {"heavy_ball": (KAPPA - 1) / (KAPPA + 1), "nesterov": 1 - 2 / sp.sqrt(3 * KAPPA**2 + 1)}
    # 2/(k+1) > 2/√(3k²+1) where 3k² + 1 > (k+1)²; k = 1 + s shows it for every k > 1
    s = sp.Symbol("s", positive=True)
    ball_wins = bool(sp.expand((3 * KAPPA**2 + 1 - (KAPPA + 1) ** 2).subs(KAPPA, 1 + s)).is_positive)
    derived = all(same(rate, known[name]) for rate, name in zip(rates, (winner, other), strict=True))
    at = {name: float(known[name].subs(KAPPA, 10)) for name in known}
    return derived and ball_wins is (winner == "heavy_ball"), at


def effective_rate(rule: str) -> Any:
    """Whether any effective rate exceeds the one before it, under gradients of 1 that fall to 0.01."""
    step: Rule = {"AdaGrad": partial(adagrad, eps=1e-8), "RMSProp": partial(rmsprop, eps=1e-8)}[rule]
    gradients = [1.0] * 10 + [0.01] * 40
    rates = [size / g for size, g in zip(steps(step, gradients), gradients, strict=True)]
    rises = any(after > before for before, after in pairwise(rates))
    return rises, {"before": rates[9], "last": rates[-1]}


def one_list(lists: int) -> Any:
    """Adam's first step at gradients of 1 and −1, with one list for both moments or with two; the right one is g/(|g| + ε)."""
    rule = adam_one_list if lists == 1 else adam
    up, down = (steps(partial(rule, eps=1e-4), [g])[0] for g in (1.0, -1.0))
    right = 1 / (1 + 1e-4)
    return abs(up - right) < 1e-12 and abs(down + right) < 1e-12, {"up": up, "down": str(down), "right": right}


def restart(renewed: bool) -> Any:
    """Adam's steps under a constant gradient when each epoch sets t to 1, the moments made anew or kept."""
    rule = partial(adam, eps=1e-4)
    sizes: list[float] = []
    memory: tuple[Any, ...] = ()
    for k in range(3 * EPOCH):
        if memory and k % EPOCH == 0:
            memory = () if renewed else (*memory[:2], 1)
        size, memory = rule(1.0, *memory)
        sizes.append(size)
    return max(abs(size - 1 / (1 + 1e-4)) for size in sizes) < 1e-12, {"least": min(sizes), "most": max(sizes)}


def velocity(renewed: bool) -> Any:
    """Momentum's steps v ← μv + ηg under a constant gradient, its buffer anew each epoch or kept: do they go on growing?"""
    sizes, v = [], 0.0
    for k in range(2 * EPOCH):
        v = 0.9 * (0.0 if renewed and k % EPOCH == 0 else v) + 0.01
        sizes.append(v / 0.01)
    return all(after >= before for before, after in pairwise(sizes)), {"last": sizes[EPOCH - 1], "next": sizes[EPOCH]}


CLAIMS = (
    Claim(
        "003-momentum", "momentum: the code, v ← μv + ηg, w ← w − v",
        "With the rate inside the buffer it is the heavy ball.",
        exactly(lambda rule: (alike(cv.METHODS[rule], cv.METHODS["heavy_ball"]), {})),
        {"rule": "momentum_rate_inside"}, {"rule": "ema_momentum_zero_start"},
        "The same eigenvalues, and six equal exact steps on x⁴/4 + x²/2, at a constant rate.",
    ),
    Claim(
        "003-nesterov-text", "Nesterov momentum: the text",
        "The gradient is taken where the coming momentum step leads: that is Nesterov's method.",
        exactly(lambda rule: (alike(rule, cv.METHODS["nesterov"]), {})),
        {"rule": nesterov_003_restored}, {"rule": nesterov_003},
        "The look-ahead is w − μv, since w moves by −v: eigenvalues and six exact steps are Nesterov's.",
    ),
    Claim(
        "003-nesterov-code", "Nesterov momentum: the code, w += μv, gradient there, v ← μv + ηg, w −= v",
        "The code is Nesterov's method.",
        exactly(nesterov_code), {"method": "nesterov"}, {"method": "ema_momentum_zero_start"},
        "w is left where it looked ahead, and the look-ahead is uphill of w. The characteristic polynomial is "
        "{polynomial}; it is "
        "stable to {top}/λ, {at}/λ at μ = 0.9, Nesterov's to {known}/λ.",
        "It is the heavy ball at the rate (1−μ)η: the points y = w + μv move by y₊ = y + μ(y − y₋) − (1−μ)η∇f(y), for "
        "any f, and "
        "w₊ = (y₊ − μy)/(1−μ) runs μ/(1−μ) of its steps ahead. To be Nesterov's, use w − μv and restore w.",
    ),
    Claim(
        "003-better", "Nesterov momentum: the text", "It works slightly better than standard momentum.",
        exactly(faster), {"winner": "nesterov"}, {"winner": "heavy_ball"},
        "On quadratics, each at its best, Nesterov's rate is 1 − 2/√(3κ+1), {nesterov} at κ = 100, momentum's "
        "(√κ−1)/(√κ+1), "
        "{heavy_ball}.",
        "On quadratics standard momentum is the faster at its best, for every κ > 1: 3κ + 1 > (√κ + 1)².",
    ),
    Claim(
        "003-adagrad-rate", "AdaGrad: the text", "Where gradients are small, the effective rate is increased.",
        closely(effective_rate), {"rule": "AdaGrad"}, {"rule": "RMSProp"},
        "η/(√s + ε) with s ← s + g², which never falls: of gradients 1, then 0.01, the rates go from {before} to "
        "{last}.",
        "AdaGrad's never increases, only falls more slowly; RMSProp's does: here from {before} to {last}.",
    ),
    Claim(
        "003-adam-buffers", "Adam: the code, one list for both moments", "The step is Adam's.",
        closely(one_list), {"lists": 1}, {"lists": 2},
        "The first moment is read, corrected, before the second overwrites it. At the first step a gradient of 1 "
        "gives {up}·η, where "
        "Adam's is {right}·η; of a gradient of −1 the shared entry is negative, and its root {down}. Tolerance 1e-12.",
        "With two lists the first step is η·g/(|g| + ε): {up}·η.",
    ),
    Claim(
        "003-adam-restart", "Adam: the code, t = 1 and new moments in each epoch", "The bias correction stays right.",
        closely(restart), {"renewed": True}, {"renewed": False},
        "Under a constant gradient every step of three epochs is {least} … {most} of η, that is η/(1 + ε); tolerance "
        "1e-12.",
    ),
    Claim(
        "003-velocity", "momentum, Nesterov and Adam: the code, all buffers made anew in each epoch",
        "The steps build up velocity through the training.",
        closely(velocity), {"renewed": True}, {"renewed": False},
        "Under a constant gradient, μ = 0.9, epochs of 100 batches: the last step of an epoch is {last}·η, the next "
        "one {next}·η.",
        "Each epoch begins at rest. With the buffers made before the loop over epochs, the step after {last}·η is "
        "{next}·η.",
    ),
)  # fmt: skip
