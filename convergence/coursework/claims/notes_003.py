"""Claims of notes 003: momentum and adaptive rates for a network of one's own."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import pairwise

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.adaptive import Memory, adagrad, adam, adam_one_list, rmsprop, steps
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import alike, characteristic, edge, in_root_kappa, run, same, same_spectrum
from convergence.coursework.letters import BETA, KAPPA
from convergence.coursework.rules import adam_003, nesterov_003, nesterov_restored
from convergence.rule import Method

NOTES = Source("003", "Course notes 003", "a write-up of momentum and adaptive rates for a network of one's own")

EPOCH = 100


@NOTES.exactly("003-momentum", "momentum: the code, v ← μv + ηg, w ← w − v", rule="ema_momentum_zero_start")
def momentum(rule: str = "momentum_rate_inside") -> Answer:
    """With the rate inside the buffer it is the heavy ball.

    The same eigenvalues, and six equal exact steps on x⁴/4 + x²/2, at a constant rate.
    """
    return alike(cv.METHODS[rule], cv.METHODS["heavy_ball"])


@NOTES.exactly("003-nesterov-text", "Nesterov momentum: the text", rule=nesterov_003)
def nesterov_text(rule: Method = nesterov_restored) -> Answer:
    """The gradient is taken where the coming momentum step leads: that is Nesterov's method.

    The look-ahead is w − μv, since w moves by −v: eigenvalues and six exact steps are Nesterov's.
    """
    return alike(rule, cv.METHODS["nesterov"])


@NOTES.exactly(
    "003-nesterov-code",
    "Nesterov momentum: the code, w += μv, gradient there, v ← μv + ηg, w −= v",
    method="ema_momentum_zero_start",
)
def nesterov_code(method: str = "nesterov", code: Method = nesterov_003) -> Answer:
    """The code is Nesterov's method.

    w is left where it looked ahead, and the look-ahead is uphill of w. The characteristic polynomial is {polynomial};
    it is stable to {top}/λ, {at}/λ at μ = 0.9, Nesterov's to {known}/λ.

    Instead: It is the heavy ball at the rate (1−μ)η: the points y = w + μv move by y₊ = y + μ(y − y₋) − (1−μ)η∇f(y),
    for any f, and w₊ = (y₊ − μy)/(1−μ) runs μ/(1−μ) of its steps ahead. To be Nesterov's, use w − μv and restore w.
    """
    top, known = edge(code), edge("nesterov")
    numbers = {"polynomial": characteristic(code), "top": top}
    numbers |= {"at": float(top.subs(BETA, 0.9)), "known": float(known.subs(BETA, 0.9))}
    ball = method != "ema_momentum_zero_start" or (_look_ahead_is_the_ball() and _weights_lead(code))
    return same_spectrum(code, cv.METHODS[method]) and ball, numbers


def _look_ahead_is_the_ball() -> bool:
    """For any f: with the gradients at y = w + μv as letters, y moves by y₊ = y + μ(y − y₋) − (1−μ)η∇f(y)."""
    w, v, mu, eta, g, h = sp.symbols("w v mu eta g h")
    y, v1 = w + mu * v, mu * v + eta * g
    y1, v2 = (y - v1) + mu * v1, mu * v1 + eta * h
    y2 = (y1 - v2) + mu * v2
    return same(y2, y1 + mu * (y1 - y) - (1 - mu) * eta * h) and same(y1.subs(v, 0), w - (1 - mu) * eta * g)


def _weights_lead(code: Method) -> bool:
    """w₊ = (y₊ − μy)/(1−μ), exactly, along a run on a function that is no parabola."""
    settings = {"lr": Fraction(1, 10), "momentum": Fraction(9, 10)}
    ball, mu = run(cv.METHODS["ema_momentum_zero_start"], settings), settings["momentum"]
    return [(after - mu * before) / (1 - mu) for before, after in pairwise(ball)] == run(code, settings)[1:]


@NOTES.exactly("003-better", "Nesterov momentum: the text", winner="heavy_ball")
def faster(winner: str = "nesterov") -> Answer:
    """It works slightly better than standard momentum.

    On quadratics, each at its best, Nesterov's rate is 1 − 2/√(3κ+1), {nesterov} at κ = 100, momentum's
    (√κ−1)/(√κ+1), {heavy_ball}.

    Instead: On quadratics standard momentum is the faster at its best, for every κ > 1: 3κ + 1 > (√κ + 1)².
    """
    known = {"heavy_ball": (KAPPA - 1) / (KAPPA + 1), "nesterov": 1 - 2 / sp.sqrt(3 * KAPPA**2 + 1)}
    derived = all(same(in_root_kappa(cv.optimum(name).rate), rate) for name, rate in known.items())
    # 2/(k+1) > 2/√(3k²+1) where 3k² + 1 > (k+1)²; k = 1 + s shows it for every k > 1
    s = sp.Symbol("s", positive=True)
    ball_wins = bool(sp.expand((3 * KAPPA**2 + 1 - (KAPPA + 1) ** 2).subs(KAPPA, 1 + s)).is_positive)
    return derived and ball_wins is (winner == "heavy_ball"), {n: float(r.subs(KAPPA, 10)) for n, r in known.items()}


@NOTES.closely("003-adagrad-rate", "AdaGrad: the text", rule="RMSProp")
def effective_rate(rule: str = "AdaGrad") -> Answer:
    """Where gradients are small, the effective rate is increased.

    η/(√s + ε) with s ← s + g², which never falls: of gradients 1, then 0.01, the rates go from {before} to {last}.

    Instead: AdaGrad's never increases, only falls more slowly; RMSProp's does: here from {before} to {last}.
    """
    gradients = [1.0] * 10 + [0.01] * 40
    sizes = steps(partial(adagrad if rule == "AdaGrad" else rmsprop, eps=1e-8), gradients)
    rates = [size / g for size, g in zip(sizes, gradients, strict=True)]
    return any(after > before for before, after in pairwise(rates)), {"before": rates[9], "last": rates[-1]}


@NOTES.closely("003-adam-buffers", "Adam: the code, one list for both moments", lists=2)
def one_list(lists: int = 1) -> Answer:
    """The step is Adam's.

    The first moment is read, corrected, before the second overwrites it. At the first step a gradient of 1 gives
    {up}·η, where Adam's is {right}·η; of a gradient of −1 the shared entry is negative, and its root {down}. Tolerance
    1e-12.

    Instead: With two lists the first step is η·g/(|g| + ε): {up}·η.
    """
    rule = partial(adam_one_list if lists == 1 else adam, eps=1e-4)
    up, down = (steps(rule, [g])[0] for g in (1.0, -1.0))
    right = 1 / (1 + 1e-4)
    return abs(up - right) < 1e-12 and abs(down + right) < 1e-12, {"up": up, "down": str(down), "right": right}


@NOTES.closely("003-adam-run", "Adam: the code, one list for both moments, within an epoch", lists=2)
def one_list_run(lists: int = 1) -> Answer:
    """It comes to a minimum.

    On ½x² from 0.1 with η = 0.001, ε = 1e-4 the shared entry turns negative with the gradient, once x is past the minimum:
    the root of it is no number from step {step} on. By the code as a rule, and by hand.

    Instead: With two lists it does: {end:1} after 2000 steps, since η < 2ε(1+β₁)/(1−β₁) = 0.0038.
    """
    code, settings = (adam_003 if lists == 1 else cv.METHODS["adam"]), {"lr": 0.001, "eps": 1e-4}
    with np.errstate(all="ignore"):
        path = np.array(run(code, settings, lambda x: x, np.float64(0.1), 2000))
    hand = partial(adam_one_list if lists == 1 else adam, eps=1e-4)
    other, memory = [0.1], Memory()
    for _ in range(2000):
        size, memory = hand(other[-1], *memory)
        other.append(other[-1] - 0.001 * size)
    lost = np.isnan(path)
    alike = (lost == np.isnan(other)).all() and np.allclose(path[~lost], np.array(other)[~lost], rtol=1e-6, atol=1e-12)
    step = int(lost.argmax()) if lost.any() else 0
    return bool(not alike or abs(path[-1]) < 1e-6), {"step": step, "end": float(abs(path[-1]))}


@NOTES.closely("003-adam-restart", "Adam: the code, t = 1 and new moments in each epoch", renewed=False)
def restart(renewed: bool = True) -> Answer:
    """The bias correction stays right.

    Under a constant gradient every step of three epochs is {least} … {most} of η, that is η/(1 + ε); tolerance 1e-12.
    """
    sizes, memory = list[float](), Memory()
    for k in range(3 * EPOCH):
        if memory and k % EPOCH == 0:
            memory = () if renewed else (*memory[:2], 1)
        size, memory = adam(1.0, *memory, eps=1e-4)
        sizes.append(size)
    return max(abs(size - 1 / (1 + 1e-4)) for size in sizes) < 1e-12, {"least": min(sizes), "most": max(sizes)}


@NOTES.closely(
    "003-velocity", "momentum, Nesterov and Adam: the code, all buffers made anew in each epoch", renewed=False
)
def velocity(renewed: bool = True) -> Answer:
    """The steps build up velocity through the training.

    Under a constant gradient, μ = 0.9, epochs of 100 batches: the last step of an epoch is {last}·η, the next one
    {next}·η.

    Instead: Each epoch begins at rest. With the buffers made before the loop over epochs, the step after {last}·η is
    {next}·η.
    """
    sizes, v = [], 0.0
    for k in range(2 * EPOCH):
        v = 0.9 * (0.0 if renewed and k % EPOCH == 0 else v) + 0.01
        sizes.append(v / 0.01)
    return all(after >= before for before, after in pairwise(sizes)), {"last": sizes[EPOCH - 1], "next": sizes[EPOCH]}
