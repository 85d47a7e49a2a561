"""Nothing goes in; published results come out as data: optimal tunings, stable bounds and rates, each with its source.

A witness of its own: written from the papers, it imports SymPy alone, and ``theory`` may not import it. Formulas are in
the letters that theory uses (equal by name and assumptions), and in the conventions of the methods' docstrings. Where a
paper writes the method in other variables, ``change`` says how its result was carried over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

OPTIMAL = "optimal rate"
BOUND = "stable bound"
STANDARD = "rate at a standard tuning"
KINDS = (OPTIMAL, BOUND, STANDARD)

MU, L = sp.symbols("mu L", positive=True)
CURVATURE = sp.Symbol("lambda", positive=True)
RATE = sp.Symbol("eta", positive=True)
MOMENTUM = sp.Symbol("beta", nonnegative=True)
DAMPENING = sp.Symbol("d", real=True)


@dataclass(frozen=True)
class Published:
    """A published result on one method, in this package's convention for it.

    ``value`` is, by ``kind``: the smallest possible rate over [μ, L], which ``hyper`` attains ("optimal rate"); the
    supremum of the stable learning rates along λ ("stable bound"); the largest radius over [μ, L] at ``hyper``
    ("rate at a standard tuning"). ``domain`` are the conditions under which it holds; ``change`` is the change of
    variables from the source's form of the method, empty where it is the same.
    """

    method: str
    kind: str
    claim: str
    source: str
    value: sp.Expr
    hyper: Mapping[str, sp.Expr] = field(default_factory=dict)
    domain: tuple[sp.Basic, ...] = ()
    change: str = ""


GRADIENT = "Polyak 1987, Introduction to Optimization, §1.4, Theorem 3; Nesterov 2004, Theorem 2.1.15"
BALL = "Polyak 1964, Theorem 9; Polyak 1987, §3.2.1, Theorem 1"
BALL_BOUND = "Polyak 1987, §3.2.1, Theorem 1; Cohen et al. 2021, eq. 1"
LESSARD = "Lessard, Recht and Packard 2016, Proposition 1"
LOOK_AHEAD_BOUND = "Cohen et al. 2021, Gradient Descent on Neural Networks ... Edge of Stability, eq. 1 and appendix B"
NEWTON = "Boyd and Vandenberghe 2004, Convex Optimization, §9.5 (exact on a quadratic, affine invariant)"

ROOTS = sp.sqrt(L) + sp.sqrt(MU)
BALL_RATE = (sp.sqrt(L) - sp.sqrt(MU)) / ROOTS
BALL_LR = 4 / ROOTS**2
LOOK_AHEAD_ROOT = sp.sqrt(3 * L / MU + 1)
LOOK_AHEAD = {"lr": 4 / (3 * L + MU), "momentum": (LOOK_AHEAD_ROOT - 2) / (LOOK_AHEAD_ROOT + 2)}
NESTEROV = {"lr": 1 / L, "momentum": BALL_RATE}
LOOK_AHEAD_TOP = 2 * (1 + MOMENTUM) / ((1 + 2 * MOMENTUM) * CURVATURE)

MEMORY = MOMENTUM < 1
SHORT = "v of the source is η·v here; the positions are the same"
COURSE = "heavy ball at the learning rate ηβ and momentum 1−β"
AVERAGE = "heavy ball at the learning rate η(1−β) and momentum β"
DAMPED = "heavy ball at the learning rate η(1−d) after the first step"
SHIFTED = "the iterates are the source's look-ahead points x − βm"
SCALED = "gradient descent in the coordinates H^½x, where every curvature is 1"


def _entry(
    method: str,
    kind: str,
    claim: str,
    source: str,
    value: sp.Expr | int,
    hyper: dict[str, sp.Expr] | None = None,
    domain: tuple[sp.Basic, ...] = (),
    change: str = "",
) -> Published:
    settings = {name: sp.sympify(formula) for name, formula in (hyper or {}).items()}
    return Published(method, kind, claim, source, sp.sympify(value), settings, domain, change)


PUBLISHED: tuple[Published, ...] = (
    _entry(
        "gradient_descent",
        OPTIMAL,
        "the best constant step is 2/(μ+L)",
        GRADIENT,
        (L - MU) / (L + MU),
        {"lr": 2 / (L + MU)},
    ),
    _entry("gradient_descent", BOUND, "stable for lr below 2/λ", "Polyak 1987, §1.4, Theorem 3", 2 / CURVATURE),
    _entry("gradient_descent", STANDARD, "the step 1/L contracts by 1−1/κ", LESSARD, 1 - MU / L, {"lr": 1 / L}),
    _entry("newton", OPTIMAL, "the pure step is exact on a quadratic", NEWTON, 0, {"lr": sp.Integer(1)}),
    _entry(
        "newton",
        BOUND,
        "stable for lr below 2, whatever the curvature",
        f"{NEWTON}; Polyak 1987, §1.4",
        2,
        change=SCALED,
    ),
    _entry(
        "newton", STANDARD, "half of the step halves the error", NEWTON, sp.S.Half, {"lr": sp.S.Half}, change=SCALED
    ),
    _entry(
        "heavy_ball",
        OPTIMAL,
        "momentum the square of the rate, both ends critically damped",
        f"{BALL}; {LESSARD}",
        BALL_RATE,
        {"lr": BALL_LR, "momentum": BALL_RATE**2},
        change=SHORT,
    ),
    _entry(
        "heavy_ball", BOUND, "stable below 2(1+β)/λ", BALL_BOUND, 2 * (1 + MOMENTUM) / CURVATURE, None, (MEMORY,), SHORT
    ),
    _entry(
        "momentum_rate_inside",
        OPTIMAL,
        "as heavy ball",
        f"{BALL}; {LESSARD}",
        BALL_RATE,
        {"lr": BALL_LR, "momentum": BALL_RATE**2},
    ),
    _entry("momentum_rate_inside", BOUND, "as heavy ball", BALL_BOUND, 2 * (1 + MOMENTUM) / CURVATURE, None, (MEMORY,)),
    _entry(
        "ema_momentum",
        OPTIMAL,
        "the best lr is one over the geometric mean of the curvatures",
        BALL,
        BALL_RATE,
        {"lr": 1 / sp.sqrt(MU * L), "momentum": 4 * sp.sqrt(MU * L) / ROOTS**2},
        change=COURSE,
    ),
    _entry(
        "ema_momentum",
        BOUND,
        "stable below 2(2−β)/(βλ)",
        BALL_BOUND,
        2 * (2 - MOMENTUM) / (MOMENTUM * CURVATURE),
        None,
        (MOMENTUM > 0, MOMENTUM <= 1),
        COURSE,
    ),
    _entry(
        "ema_momentum_zero_start",
        OPTIMAL,
        "the best lr is one over the geometric mean of the curvatures",
        BALL,
        BALL_RATE,
        {"lr": 1 / sp.sqrt(MU * L), "momentum": BALL_RATE**2},
        change=AVERAGE,
    ),
    _entry(
        "ema_momentum_zero_start",
        BOUND,
        "stable below 2(1+β)/((1−β)λ)",
        BALL_BOUND,
        2 * (1 + MOMENTUM) / ((1 - MOMENTUM) * CURVATURE),
        None,
        (MEMORY,),
        AVERAGE,
    ),
    _entry("nesterov", OPTIMAL, "the best rate is 1−2/√(3κ+1)", LESSARD, 1 - 2 / LOOK_AHEAD_ROOT, LOOK_AHEAD),
    _entry("nesterov", BOUND, "stable below 2(1+β)/((1+2β)λ)", LOOK_AHEAD_BOUND, LOOK_AHEAD_TOP, None, (MEMORY,)),
    _entry(
        "nesterov",
        STANDARD,
        "the constant step scheme contracts by 1−1/√κ on a quadratic",
        f"{LESSARD} (the tuning: Nesterov 2004, §2.2, constant step scheme)",
        1 - sp.sqrt(MU / L),
        NESTEROV,
    ),
    _entry(
        "torch_sgd",
        OPTIMAL,
        "as heavy ball, dampening made up for by lr",
        BALL,
        BALL_RATE,
        {"lr": BALL_LR / (1 - DAMPENING), "momentum": BALL_RATE**2, "dampening": DAMPENING},
        (DAMPENING < 1,),
        DAMPED,
    ),
    _entry(
        "torch_sgd",
        BOUND,
        "stable below 2(1+β)/((1−d)λ)",
        BALL_BOUND,
        2 * (1 + MOMENTUM) / ((1 - DAMPENING) * CURVATURE),
        None,
        (MEMORY, DAMPENING < 1),
        DAMPED,
    ),
    _entry(
        "torch_sgd_nesterov",
        OPTIMAL,
        "the best rate is 1−2/√(3κ+1)",
        LESSARD,
        1 - 2 / LOOK_AHEAD_ROOT,
        LOOK_AHEAD,
        (),
        SHIFTED,
    ),
    _entry(
        "torch_sgd_nesterov",
        BOUND,
        "stable below 2(1+β)/((1+2β)λ)",
        LOOK_AHEAD_BOUND,
        LOOK_AHEAD_TOP,
        None,
        (MEMORY,),
        SHIFTED,
    ),
    _entry(
        "torch_sgd_nesterov",
        STANDARD,
        "lr 1/L contracts by 1−1/√κ",
        LESSARD,
        1 - sp.sqrt(MU / L),
        NESTEROV,
        (),
        SHIFTED,
    ),
)


def published(method_name: str) -> tuple[Published, ...]:
    """What is published on this method; empty for a method of which nothing is kept here."""
    return tuple(entry for entry in PUBLISHED if entry.method == method_name)
