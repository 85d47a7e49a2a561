"""Claims of notes 001 on adaptive methods: saddles, local minima, Adagrad's decay and tuning, Adam's memory and batches."""

from __future__ import annotations

from functools import partial
from math import cos, log, pi, sin
from typing import Any

import numpy as np

import convergence as cv
from convergence.coursework.adaptive import Rule, Step, adagrad, adam, descent, rmsprop, steps
from convergence.coursework.claim import Answer
from convergence.coursework.claims.notes_001 import NOTES
from convergence.coursework.decisions import run
from convergence.numerics.replay import Parabolas

RATE, OFF = 0.01, 1e-6
"""The learning rate at the saddle, and how far from its ridge a run begins."""

WITHIN = 1e-3
"""Relative distance of a run of the catalogue from the recurrence written by hand: growing errors, some hundred steps."""


def scaled(rule: Rule, lr: float, **settings: float) -> Rule:
    """A recurrence whose steps are lr times as long."""

    def longer(g: float, *memory: Any) -> Step:
        size, kept = rule(g, *memory, **settings)
        return lr * size, kept

    return longer


BY_HAND: dict[str, Rule] = {
    "gradient_descent": lambda g: (RATE * g, ()),
    "heavy_ball": lambda g, v=0.0: (RATE * (0.9 * v + g), (0.9 * v + g,)),
    "adagrad": partial(adagrad, lr=RATE),
    "rmsprop": partial(rmsprop, lr=RATE, eps=1e-8, inside=False),
    "adam": scaled(adam, RATE, eps=1e-8),
}
SETTINGS: dict[str, dict[str, float]] = {"heavy_ball": {"momentum": 0.9}, "adagrad": {"eps": 0.0}}


def escape(name: str) -> int:
    """Steps on −y² from 10⁻⁶ to |y| = 1, by the catalogue's rule; −1 where the recurrence by hand needs others."""
    settings = {"lr": RATE, **SETTINGS.get(name, {})}
    paths = run(cv.METHODS[name], settings, lambda y: -2 * y, OFF, 2000), descent(BY_HAND[name], -2.0, OFF, 2000)
    one, other = (next(k for k, y in enumerate(path) if abs(y) >= 1) for path in paths)
    return one if one == other else -1


@NOTES.closely("001-saddle-adagrad", '"Saddle Points", the mitigation strategies', method="adam")
def past_the_saddle(method: str = "adagrad") -> Answer:
    """AdaGrad speeds it up.

    On x² − y² from y = 10⁻⁶ with η = 0.01, to |y| = 1: gradient descent takes {gradient_descent} steps, AdaGrad {adagrad}:
    its steps get shorter from the first on.

    Instead: Adam does ({adam} steps), and so do RMSProp ({rmsprop}) and momentum 0.9 ({heavy_ball}).
    """
    numbers = {name: escape(name) for name in BY_HAND}
    return 0 < numbers[method] < numbers["gradient_descent"], numbers


@NOTES.closely("001-saddle-batch", '"Saddle Points", the mitigation strategies', batches=(100, 1))
def batch_at_a_saddle(batches: tuple[int, int] = (1, 100)) -> Answer:
    """A larger batch helps.

    On x² − y² from y = 0 it is noise that leads away. With η = 0.01 and gradients of variance 1/B, E y² = 1 is reached after
    {before} steps at batch 1 and after {after} at batch 100.

    Instead: A smaller one does: (1 + 2η)²ᵏ has to grow by the factor B, and batch 1 saves ln B/(2 ln(1 + 2η)) = {saved} of
    the steps of batch 100, {before}.
    """
    growth = (1 + 2 * RATE) ** 2

    def reached(batch: int) -> int:
        square, k = 0.0, 0
        while square < 1:
            square, k = growth * square + RATE**2 / batch, k + 1
        return k

    before, after = map(reached, batches)
    return after < before, {"before": before, "after": after, "saved": log(100) / log(growth)}


def local(x: float) -> float:
    """The slope of x·cos(πx)."""
    return cos(pi * x) - pi * x * sin(pi * x)


@NOTES.closely("001-local-escape", '"Local Minima", the mitigation strategies', lr=1.0)
def escape_of_minima(lr: float = 0.1) -> Answer:
    """Adam escapes a local minimum.

    On x·cos(πx), the example there, with η = {lr} from −1, −0.6, 0 and 0.25, the basin of the local minimum at −0.2739: it
    ends at {ends} after 3000 steps.

    Instead: It does where its steps are long enough to cross the hill, which is at 0.2739, as with η = {lr}: after ten steps
    it is at {tenth}.
    """
    starts = (-1.0, -0.6, 0.0, 0.25)
    paths = [run(cv.METHODS["adam"], {"lr": lr}, local, x, 3000) for x in starts]
    tenth, ends = ([float(path[k]) for path in paths] for k in (10, -1))
    # with long steps it never comes to rest: where it is after thousands is rounding, on which side of the hill is not
    return any(end > 0.2739 for end in ends), {"lr": lr, "ends": ends, "tenth": tenth}


@NOTES.closely("001-adagrad-premature", '"Why Move from Adagrad to RMSProp?"', rate="exponential")
def premature(rate: str = "adagrad") -> Answer:
    """Adagrad's falling rate makes it stop before the minimum.

    On ½x² from 1 with η = 0.1 the sum of squares levels off at s∞ = {sum}², and the error falls by 1 − η/√s∞ = {factor} a
    step: after 2000 steps {left:1} is left, and the last factor of the run is {last}.

    Instead: A rate with a finite sum does, 0.1·e^(−0.1t): {left} of the error stays. Adagrad's does not stop on a parabola.
    """
    if rate == "adagrad":
        path = run(cv.METHODS["adagrad"], {"lr": 0.1, "eps": 0.0}, lambda x: x, 1.0, 2000)
        hand = descent(partial(adagrad, lr=0.1), 1.0, 1.0, 2000)
        if not np.allclose(path, hand, rtol=WITHIN, atol=0):
            return True, {}
    else:
        path = [float(np.prod(1 - 0.1 * np.exp(-0.1 * np.arange(k)))) for k in range(2001)]
    root = float(np.sqrt(np.square(path[:-1]).sum()))
    numbers = {"sum": root, "factor": 1 - 0.1 / root, "left": abs(path[-1]), "last": path[-1] / path[-2]}
    return abs(path[-1]) > 1e-3, numbers


@NOTES.closely("001-adagrad-tuning", '"Adagrad Optimizer", the advantages', tuned=True)
def untuned(tuned: bool = False) -> Answer:
    """Its learning rate needs no tuning.

    On ½x² from 1, to |x| < 10⁻³: {counts} steps with η = 0.01, 0.1, 1, 10.

    Instead: It does. What it takes away is the scale of the loss (ε = 0), not that of x: the best η is about the distance
    to go, and η = 0.01 needs {worst} times the steps of the best.
    """
    paths = [run(cv.METHODS["adagrad"], {"lr": lr, "eps": 0.0}, lambda x: x, 1.0, 20_000) for lr in (0.01, 0.1, 1, 10)]
    counts = [next(k for k, x in enumerate(path) if abs(x) < 1e-3) for path in paths]
    worst = max(counts) / min(counts)
    return (worst > 10) is tuned, {"counts": counts, "worst": worst}


@NOTES.closely("001-rmsprop-decay", '"RMSProp Optimizer", the advantages', rule="adagrad")
def no_decay(rule: str = "rmsprop") -> Answer:
    """It keeps the learning rate from decaying.

    Under a constant gradient of 1 its step, {first}·η at first, is {hundredth}·η at step 100 and {last}·η at step 1000:
    from √10 it falls to 1 and stays, where Adagrad's falls for ever. By the catalogue's rule and by hand alike.
    """
    hand: Rule = partial(rmsprop, eps=1e-8, inside=False) if rule == "rmsprop" else adagrad
    sizes = steps(hand, [1.0] * 1000)
    settings = {"lr": 1.0, "eps": 1e-8 if rule == "rmsprop" else 0.0}
    path = run(cv.METHODS[rule], settings, lambda _: 1.0, 0.0, 1000)
    alike = np.allclose(-np.diff(path), sizes, rtol=1e-10)
    numbers = {"first": sizes[0], "hundredth": sizes[99], "last": sizes[-1]}
    return alike and sizes[-1] > 0.99 * sizes[99], numbers


def numbers_kept(name: str) -> int:
    """Buffers of a rule with a number for each parameter: of powers such as βᵗ, one serves all, and they are alike."""
    state = run_of(name, np.array([1.0, -2.0]), 3)
    return sum(bool(np.ptp(buffer) > 0) for buffer in state[1:])


def run_of(name: str, x: Any, count: int) -> tuple[Any, ...]:
    """The state of a rule of the catalogue after some steps on ½‖x‖²."""
    method, f = cv.METHODS[name], Parabolas(np.ones(1))
    state = method.start(f, x)
    for _ in range(count):
        state = method(f, *state, **method.settings({"lr": 0.1, **SETTINGS.get(name, {})}))
    return state


@NOTES.exactly("001-adam-memory", '"Adam Optimizer", the advantages', fewest="gradient_descent")
def memory(fewest: str = "adam") -> Answer:
    """It requires little memory.

    Numbers that a rule keeps for each parameter, beside the parameter: gradient descent {gradient_descent}, momentum
    {heavy_ball}, Adagrad {adagrad}, RMSProp {rmsprop}, Adam {adam}.

    Instead: It requires the most of all methods of the notes, as they say themselves under its disadvantages;
    gradient descent requires the least.
    """
    numbers = {name: numbers_kept(name) for name in BY_HAND}
    return numbers[fewest] == min(numbers.values()), numbers


@NOTES.closely("001-adam-batch", '"Adam Optimizer", the disadvantages', method="gradient_descent", than=0.0)
def small_batches(method: str = "adam", than: float = 1.0) -> Answer:
    """Do very small batches hurt Adam more than they hurt gradient descent?

    on ½x² with η = 0.02 and gradients of variance 1/B, E x² in the long run is {adam_one} at batch 1 and {adam_many} at batch
    100, a factor of {adam}; gradient descent's is {plain_one} and {plain_many}, a factor of {plain}. Adam divides by the
    size of the noise, so its floor grows as B^(−1/2), gradient descent's as B⁻¹: 2000 runs of 1500 steps.
    """
    (one, many), (plain_one, plain_many) = (
        [_floor(name, batch) for batch in (1, 100)] for name in (method, "gradient_descent")
    )
    numbers = {"adam_one": one, "adam_many": many, "adam": one / many}
    numbers |= {"plain_one": plain_one, "plain_many": plain_many, "plain": plain_one / plain_many}
    return one / many > than * plain_one / plain_many, numbers


def _floor(name: str, batch: int) -> float:
    """E x² over 2000 runs and the last 500 of 1500 steps."""
    random, method = np.random.default_rng(0), cv.METHODS[name]

    class Noisy:
        def grad(self, x: Any, /) -> Any:
            return x + random.normal(0, batch**-0.5, x.shape)

        def solve(self, g: Any, /) -> Any:
            return g

    f, squares = Noisy(), []
    state = method.start(f, np.zeros(2000))
    settings = method.settings({"lr": 0.02})
    for k in range(1500):
        state = method(f, *state, **settings)
        if k >= 1000:
            squares.append(float(np.mean(state[0] ** 2)))
    return float(np.mean(squares))


@NOTES.closely("001-adam-nonconvex", '"Adam Optimizer", the advantages', problem="none")
def non_convex(problem: str = "stated") -> Answer:
    """Unlike gradient descent, it suits non-convex problems.

    On x² − y² it is past the saddle after {adam} steps, gradient descent after {plain}. Missing: what problems are meant, and
    by what they are judged; of all non-convex ones neither is the better (the local minimum of x·cos(πx) holds both).
    """
    return problem == "stated", {"adam": escape("adam"), "plain": escape("gradient_descent")}
