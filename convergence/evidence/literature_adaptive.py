"""Published results on adaptive methods as data, each with its source; and the 3-cycle of the heavy ball off quadratics.

A witness of its own, as ``literature``: it sees nothing of theory. Only what a source states is here, in our own words. The
kinds: "edge of stability" is the largest curvature, preconditioned by P, at which a method is stable; "cycle" the period;
"box" half the side of the box in which it comes to rest; "decrease" the power of the number of steps N with which the least
squared gradient so far falls.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from convergence.evidence.literature import DECAY, RATE, Published

SHARE = sp.Symbol("beta1", nonnegative=True)
OFFSET = sp.Symbol("epsilon", positive=True)

EDGE, CYCLE, BOX, DECREASE = "edge of stability", "cycle", "box", "decrease"
KINDS = (EDGE, CYCLE, BOX, DECREASE)

# fmt: off
ON_ADAPTIVE = (
    Published(
        "adam", EDGE,
        "With its preconditioner P frozen, Adam is stable where the eigenvalues of P⁻¹H are below this: 38/η at β₁ = 0.9.",
        "Cohen et al. 2022, Adaptive Gradient Methods at the Edge of Stability, §2",
        (2 + 2 * SHARE) / ((1 - SHARE) * RATE),
        change="at the minimiser of a quadratic P is ε: the curvature λ has λ/ε"),
    Published(
        "adam", CYCLE,
        "On quadratic functions Adam in batch mode with bias correction has cycles of period 2, whatever the hyperparameters.",
        "Bock and Weiß 2022, Non-convergence and limit cycles in the Adam optimizer, abstract",
        sp.Integer(2), change="for ε = 0; with ε outside the root they are there above the limit of the minimiser"),
    Published(
        "adagrad_norm", DECREASE,
        "On smooth functions, without noise, the least squared gradient of N steps is O(1/N), whatever η and b₀.",
        "Ward, Wu and Bottou 2019, AdaGrad stepsizes: sharp convergence over nonconvex landscapes, abstract",
        sp.Integer(-1)),
    Published(
        "adamw", BOX,
        "Where the iterates of AdamW on a convex function converge (β₁ ≤ β₂, rates that do not grow and have an infinite sum), "
        "they do to its minimum over the box |xᵢ| ≤ 1/δ.",
        "Xie and Li 2024, Implicit bias of AdamW: ℓ∞ norm constrained optimization, Theorem 1.1",
        1 / DECAY, change="the source's λ is the weight decay δ here"),
    Published(
        "heavy_ball", CYCLE,
        "On a 1-strongly convex and 25-smooth function, with slopes 25, 1, 25, Polyak's tuning has a cycle of period 3.",
        "Lessard, Recht and Packard 2016, §4.6",
        sp.Integer(3), hyper={"lr": sp.Rational(1, 9), "momentum": sp.Rational(4, 9)},
        points=(sp.Rational(792, 1225), sp.Rational(-2208, 1225), sp.Rational(2592, 1225))),
)
# fmt: on
"""All of them, the notes' methods first."""


def on_adaptive(method: str) -> tuple[Published, ...]:
    """What is published on a method; empty where nothing is listed."""
    return tuple(entry for entry in ON_ADAPTIVE if entry.method == method)


def three_cycle_slope(x: Any) -> Any:
    """The gradient of Lessard, Recht and Packard's function (§4.6): slope 25 below 1, 1 up to 2, 25 from there."""
    return 25 * x if x < 1 else x + 24 if x < 2 else 25 * x - 24
