"""Published results as data: tunings, stable bounds, rates, resting points and noise floors, each with its source.

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
REST = "resting point"
FLOOR = "noise floor"
KINDS = (OPTIMAL, BOUND, STANDARD, REST, FLOOR)

MU, L = sp.symbols("mu L", positive=True)
CURVATURE = sp.Symbol("lambda", positive=True)
RATE = sp.Symbol("eta", positive=True)
MOMENTUM = sp.Symbol("beta", nonnegative=True)
DECAY = sp.Symbol("delta", nonnegative=True)
DAMPENING, NU = sp.symbols("d nu", real=True)


@dataclass(frozen=True)
class Published:
    """A published result on one method, in this package's convention for it.

    Attributes
    ----------
    method
        Its name in ``METHODS``.
    kind
        What ``value`` is. "optimal rate": the smallest possible rate over [μ, L], which ``hyper`` attains. "stable
        bound": the supremum of the stable learning rates along λ. "rate at a standard tuning": the largest radius
        over [μ, L] at ``hyper``. "resting point": the part of the minimiser's coordinate along λ at which the method
        stays. "noise floor": λ/2·E x² in the end, under gradient noise of variance 1 along λ.
    claim
        In words.
    source
        Author, year and equation.
    value
        A formula in μ, L or λ; a noise floor in the hyperparameters, too.
    hyper
        Name -> formula; one whose value is a letter is given, and not chosen.
    domain
        The conditions under which it holds.
    change
        The change of variables from the source's form of the method; empty where it is the same.
    points
        Positions that the source gives.
    """

    method: str
    kind: str
    claim: str
    source: str
    value: sp.Expr
    hyper: Mapping[str, sp.Expr] = field(default_factory=dict)
    domain: tuple[sp.Basic, ...] = ()
    change: str = ""
    points: tuple[sp.Rational, ...] = ()

    @property
    def given(self) -> dict[str, sp.Expr]:
        """The hyperparameters that are given, each with its letter."""
        return {name: formula for name, formula in self.hyper.items() if formula.is_Symbol}


GRADIENT = "Polyak 1987, Introduction to Optimization, §1.4, Theorem 3; Nesterov 2004, Theorem 2.1.15"
BALL = "Polyak 1964, Theorem 9; Polyak 1987, §3.2.1, Theorem 1"
BALL_BOUND = "Polyak 1987, §3.2.1, Theorem 1; Cohen et al. 2021, eq. 1"
LESSARD = "Lessard, Recht and Packard 2016, Proposition 1"
LOOK_AHEAD_BOUND = "Cohen et al. 2021, Gradient Descent on Neural Networks ... Edge of Stability, eq. 1 and appendix B"
NEWTON = "Boyd and Vandenberghe 2004, Convex Optimization, §9.5 (exact on a quadratic, affine invariant)"
LOWER = "Nesterov 2004, Theorem 2.1.13 (no first-order method is faster on all quadratics)"
QUASI = "Ma and Yarats 2019, Quasi-hyperbolic momentum and Adam for deep learning, §3-4"
QUASI_BOUND = (
    "Gitman, Lang, Zhang and Xiao 2019, Understanding the Role of Momentum ..., stability of deterministic QHM"
)
TRIPLE = "Van Scoy, Freeman and Lynch 2018, the tuning of the triple momentum method"
ROBUST = (
    "Cyrus, Hu, Van Scoy and Lessard 2018, A Robust Accelerated Optimization Algorithm ..., the rate ρ of its tuning"
)
SEMI = "Golub and Varga 1961, Chebyshev semi-iterative methods ..., Part I"
ADAPTIVE = "Cohen et al. 2022, Adaptive Gradient Methods at the Edge of Stability (2(1+β)/((1−β)η), so 38/η at β = 0.9)"
NADAM = "Dozat 2016, Incorporating Nesterov Momentum into Adam"
RIDGE = "Hoerl and Kennard 1970; Hastie, Tibshirani and Friedman 2009, eq. 3.47"
DECOUPLED = "Loshchilov and Hutter 2019, Proposition 1 (without momentum both decays are one)"
NOISY = "Zhang, Li, Nado, Martens et al. 2019, Which algorithmic choices matter at which batch sizes?"
AMPLIFIED = (
    "Mohammadi, Razaviyayn and Jovanović 2021, Robustness of accelerated first-order algorithms ..., the variance "
    "amplification of quadratic problems by the eigenvalues of their Hessian"
)

ROOTS = sp.sqrt(L) + sp.sqrt(MU)
BALL_RATE = (sp.sqrt(L) - sp.sqrt(MU)) / ROOTS
BALL_LR = 4 / ROOTS**2
LOOK_AHEAD_ROOT = sp.sqrt(3 * L / MU + 1)
LOOK_AHEAD = {"lr": 4 / (3 * L + MU), "momentum": (LOOK_AHEAD_ROOT - 2) / (LOOK_AHEAD_ROOT + 2)}
NESTEROV = {"lr": 1 / L, "momentum": BALL_RATE}
LOOK_AHEAD_TOP = 2 * (1 + MOMENTUM) / ((1 + 2 * MOMENTUM) * CURVATURE)
FAST = 1 - sp.sqrt(MU / L)
FAST_MOMENTUM = FAST**2 / (2 - FAST)
LIFTED = {MU: MU + DECAY, L: L + DECAY}

MEMORY = MOMENTUM < 1
SHORT = "v of the source is η·v here; the positions are the same"
COURSE = "heavy ball at the learning rate ηβ and momentum 1−β"
AVERAGE = "heavy ball at the learning rate η(1−β) and momentum β"
DAMPED = "heavy ball at the learning rate η(1−d) after the first step"
SHIFTED = "the iterates are the source's look-ahead points x − βm"
SCALED = "gradient descent in the coordinates H^½x, where every curvature is 1"
ALL_AVERAGE = "heavy ball at the learning rate η(1−β), as ν = 1 and as no other ν is better"
NO_LOOK = "heavy ball, as γ = 0 and as no other γ is better"
LIMIT = "heavy ball at the learning rate η(1+β), once βᵏ has run down: the source's ω tends to 1+β, its matrix is I−ηH"
CORRECTED = "heavy ball at the learning rate η(1−β), once the correction 1−βᵗ has run down to 1"
CORRECTED_AHEAD = (
    "Nesterov's method at the rate η(1−β), at its look-ahead points, once the corrections have run down to 1"
)
ON_RIDGE = "heavy ball on ½‖·‖² plus (δ/2)‖x‖², whose curvatures are λ+δ"
AHEAD_ON_RIDGE = "Nesterov's method on ½‖·‖² plus (δ/2)‖x‖², at its look-ahead points"
ONE_SAMPLE = "a batch of 1 and c = 1 in the source: noise of variance 1 in each gradient"
ON_ITERATES = "the source's noise has variance 1 on the iterate, σ = 1: 1/η² times that of the gradient; its J is E x²"
ON_RIDGE_PLAIN = "gradient descent on ½‖·‖² plus (δ/2)‖x‖², whose curvatures are λ+δ; the source's λ is ηδ"

# fmt: off
PUBLISHED: tuple[Published, ...] = (
    Published("gradient_descent", OPTIMAL, "the best constant step is 2/(μ+L)", GRADIENT, (L - MU) / (L + MU),
              hyper={"lr": 2 / (L + MU)}),
    Published("gradient_descent", BOUND, "stable for lr below 2/λ", "Polyak 1987, §1.4, Theorem 3", 2 / CURVATURE),
    Published("gradient_descent", STANDARD, "the step 1/L contracts by 1−1/κ", LESSARD, 1 - MU / L,
              hyper={"lr": 1 / L}),
    Published("newton", OPTIMAL, "the pure step is exact on a quadratic", NEWTON, sp.S.Zero, hyper={"lr": sp.Integer(1)}),
    Published("newton", BOUND, "stable for lr below 2, whatever the curvature", f"{NEWTON}; Polyak 1987, §1.4", sp.Integer(2),
              change=SCALED),
    Published("newton", STANDARD, "half of the step halves the error", NEWTON, sp.S.Half, hyper={"lr": sp.S.Half},
              change=SCALED),
    Published("heavy_ball", OPTIMAL, "momentum the square of the rate, both ends critically damped",
              f"{BALL}; {LESSARD}", BALL_RATE, hyper={"lr": BALL_LR, "momentum": BALL_RATE**2}, change=SHORT),
    Published("heavy_ball", BOUND, "stable below 2(1+β)/λ", BALL_BOUND, 2 * (1 + MOMENTUM) / CURVATURE,
              domain=(MEMORY,), change=SHORT),
    Published("momentum_rate_inside", OPTIMAL, "as heavy ball", f"{BALL}; {LESSARD}", BALL_RATE,
              hyper={"lr": BALL_LR, "momentum": BALL_RATE**2}),
    Published("momentum_rate_inside", BOUND, "as heavy ball", BALL_BOUND, 2 * (1 + MOMENTUM) / CURVATURE,
              domain=(MEMORY,)),
    Published("ema_momentum", OPTIMAL, "the best lr is one over the geometric mean of the curvatures", BALL, BALL_RATE,
              hyper={"lr": 1 / sp.sqrt(MU * L), "momentum": 4 * sp.sqrt(MU * L) / ROOTS**2}, change=COURSE),
    Published("ema_momentum", BOUND, "stable below 2(2−β)/(βλ)", BALL_BOUND,
              2 * (2 - MOMENTUM) / (MOMENTUM * CURVATURE), domain=(MOMENTUM > 0, MOMENTUM <= 1), change=COURSE),
    Published("ema_momentum_zero_start", OPTIMAL, "the best lr is one over the geometric mean of the curvatures", BALL,
              BALL_RATE, hyper={"lr": 1 / sp.sqrt(MU * L), "momentum": BALL_RATE**2}, change=AVERAGE),
    Published("ema_momentum_zero_start", BOUND, "stable below 2(1+β)/((1−β)λ)", BALL_BOUND,
              2 * (1 + MOMENTUM) / ((1 - MOMENTUM) * CURVATURE), domain=(MEMORY,), change=AVERAGE),
    Published("nesterov", OPTIMAL, "the best rate is 1−2/√(3κ+1)", LESSARD, 1 - 2 / LOOK_AHEAD_ROOT, hyper=LOOK_AHEAD),
    Published("nesterov", BOUND, "stable below 2(1+β)/((1+2β)λ)", LOOK_AHEAD_BOUND, LOOK_AHEAD_TOP, domain=(MEMORY,)),
    Published("nesterov", STANDARD, "the constant step scheme contracts by 1−1/√κ on a quadratic",
              f"{LESSARD} (the tuning: Nesterov 2004, §2.2, constant step scheme)", 1 - sp.sqrt(MU / L),
              hyper=NESTEROV),
    Published("torch_sgd", OPTIMAL, "as heavy ball, dampening made up for by lr", BALL, BALL_RATE,
              hyper={"lr": BALL_LR / (1 - DAMPENING), "momentum": BALL_RATE**2, "dampening": DAMPENING},
              domain=(DAMPENING < 1,), change=DAMPED),
    Published("torch_sgd", BOUND, "stable below 2(1+β)/((1−d)λ)", BALL_BOUND,
              2 * (1 + MOMENTUM) / ((1 - DAMPENING) * CURVATURE), domain=(MEMORY, DAMPENING < 1), change=DAMPED),
    Published("torch_sgd_nesterov", OPTIMAL, "the best rate is 1−2/√(3κ+1)", LESSARD, 1 - 2 / LOOK_AHEAD_ROOT,
              hyper=LOOK_AHEAD, change=SHIFTED),
    Published("torch_sgd_nesterov", BOUND, "stable below 2(1+β)/((1+2β)λ)", LOOK_AHEAD_BOUND, LOOK_AHEAD_TOP,
              domain=(MEMORY,), change=SHIFTED),
    Published("torch_sgd_nesterov", STANDARD, "lr 1/L contracts by 1−1/√κ", LESSARD, 1 - sp.sqrt(MU / L),
              hyper=NESTEROV, change=SHIFTED),
    Published("qhm", OPTIMAL, "heavy ball is the best of them", f"{BALL}; {LOWER}", BALL_RATE,
              hyper={"lr": 1 / sp.sqrt(MU * L), "momentum": BALL_RATE**2, "nu": sp.Integer(1)}, change=ALL_AVERAGE),
    Published("qhm", BOUND, "stable below 2(1+β)/((1+β(1−2ν))λ)", QUASI_BOUND,
              2 * (1 + MOMENTUM) / ((1 + MOMENTUM * (1 - 2 * NU)) * CURVATURE), domain=(MEMORY, NU >= 0, NU <= 1)),
    Published("qhm", STANDARD, "with ν = β and the rate 1/(L(1−β)) it is Nesterov's constant step scheme",
              f"{QUASI}; {LESSARD}", FAST,
              hyper={"lr": 1 / (L * (1 - BALL_RATE)), "momentum": BALL_RATE, "nu": BALL_RATE}, change=SHIFTED),
    Published("triple_momentum", OPTIMAL, "heavy ball is the best of them on quadratics", f"{BALL}; {LOWER}",
              BALL_RATE, hyper={"lr": BALL_LR, "momentum": BALL_RATE**2, "gamma": sp.Integer(0)}, change=NO_LOOK),
    Published("triple_momentum", STANDARD, "the tuning for all smooth strongly convex functions contracts by 1−1/√κ",
              TRIPLE, FAST,
              hyper={"lr": (1 + FAST) / L, "momentum": FAST_MOMENTUM, "gamma": FAST_MOMENTUM / (1 + FAST)},
              change=SHORT),
    Published("robust_momentum", STANDARD, "with ρ = 1−1/√κ, its fastest, it contracts by ρ", ROBUST, FAST,
              hyper={"lr": 1 / L, "contraction": FAST, "kappa": L / MU}, change=SHORT),
    Published("robust_momentum", STANDARD, "with ρ = 1−1/κ, its most robust, it contracts by ρ, as gradient descent",
              ROBUST, 1 - MU / L, hyper={"lr": 1 / L, "contraction": 1 - MU / L, "kappa": L / MU}, change=SHORT),
    Published("chebyshev", OPTIMAL, "the asymptotic rate is (√κ−1)/(√κ+1), with ω₁ = 1 and ω = 1+β in the end", SEMI,
              BALL_RATE, hyper={"lr": 2 / (L + MU), "momentum": BALL_RATE**2}, change=LIMIT),
    Published("chebyshev", BOUND, "stable below 2/λ", BALL_BOUND, 2 / CURVATURE, domain=(MEMORY,), change=LIMIT),
    Published("frozen_adam", OPTIMAL, "the best lr is one over the geometric mean of the curvatures", BALL, BALL_RATE,
              hyper={"lr": 1 / sp.sqrt(MU * L), "momentum": BALL_RATE**2}, change=CORRECTED),
    Published("frozen_adam", BOUND, "stable below 2(1+β)/((1−β)λ)", f"{ADAPTIVE}; {BALL_BOUND}",
              2 * (1 + MOMENTUM) / ((1 - MOMENTUM) * CURVATURE), domain=(MEMORY,), change=CORRECTED),
    Published("frozen_nadam", OPTIMAL, "the best rate is 1−2/√(3κ+1)", f"{LESSARD}; {NADAM}", 1 - 2 / LOOK_AHEAD_ROOT,
              hyper={"lr": LOOK_AHEAD["lr"] / (1 - LOOK_AHEAD["momentum"]), "momentum": LOOK_AHEAD["momentum"]},
              change=CORRECTED_AHEAD),
    Published("frozen_nadam", BOUND, "stable below 2(1+β)/((1+2β)(1−β)λ)", f"{LOOK_AHEAD_BOUND}; {NADAM}",
              LOOK_AHEAD_TOP / (1 - MOMENTUM), domain=(MEMORY,), change=CORRECTED_AHEAD),
    Published("weight_decay_coupled", OPTIMAL, "as heavy ball on [μ+δ, L+δ]", f"{BALL}; {LESSARD}",
              BALL_RATE.subs(LIFTED, simultaneous=True), change=ON_RIDGE,
              hyper={"lr": BALL_LR.subs(LIFTED, simultaneous=True),
                     "momentum": (BALL_RATE**2).subs(LIFTED, simultaneous=True), "weight_decay": DECAY}),
    Published("weight_decay_coupled", BOUND, "stable below 2(1+β)/(λ+δ)", BALL_BOUND,
              2 * (1 + MOMENTUM) / (CURVATURE + DECAY), domain=(MEMORY,), change=ON_RIDGE),
    Published("weight_decay_coupled", REST, "it rests at the ridge solution, λ/(λ+δ) of the minimiser", RIDGE,
              CURVATURE / (CURVATURE + DECAY), hyper={"weight_decay": DECAY}),
    Published("weight_decay_decoupled", STANDARD,
              "without momentum the best constant step on the ridge problem is 2/(μ+L+2δ)", f"{DECOUPLED}; {GRADIENT}",
              (L - MU) / (L + MU + 2 * DECAY),
              hyper={"lr": 2 / (L + MU + 2 * DECAY), "momentum": sp.Integer(0), "weight_decay": DECAY},
              change=ON_RIDGE_PLAIN),
    Published("weight_decay_decoupled", REST,
              "without momentum it rests at the ridge solution, λ/(λ+δ) of the minimiser", f"{DECOUPLED}; {RIDGE}",
              CURVATURE / (CURVATURE + DECAY), hyper={"momentum": sp.Integer(0), "weight_decay": DECAY},
              change=ON_RIDGE_PLAIN),
    Published("torch_sgd_decay", BOUND, "stable below 2(1+β)/((1−d)(λ+δ))", BALL_BOUND,
              2 * (1 + MOMENTUM) / ((1 - DAMPENING) * (CURVATURE + DECAY)), domain=(MEMORY, DAMPENING < 1),
              change=f"{DAMPED}, {ON_RIDGE[len('heavy ball ') :]}"),
    Published("nesterov_decay_coupled", OPTIMAL, "as Nesterov's method on [μ+δ, L+δ]", LESSARD,
              (1 - 2 / LOOK_AHEAD_ROOT).subs(LIFTED, simultaneous=True),
              hyper={n: v.subs(LIFTED, simultaneous=True) for n, v in LOOK_AHEAD.items()} | {"weight_decay": DECAY},
              change=AHEAD_ON_RIDGE),
    Published("nesterov_decay_coupled", BOUND, "stable below 2(1+β)/((1+2β)(λ+δ))", LOOK_AHEAD_BOUND,
              LOOK_AHEAD_TOP.subs(CURVATURE, CURVATURE + DECAY), domain=(MEMORY,), change=AHEAD_ON_RIDGE),
    Published("nesterov_decay_decoupled", STANDARD,
              "without momentum the best constant step on the ridge problem is 2/(μ+L+2δ)", f"{DECOUPLED}; {GRADIENT}",
              (L - MU) / (L + MU + 2 * DECAY),
              hyper={"lr": 2 / (L + MU + 2 * DECAY), "momentum": sp.Integer(0), "weight_decay": DECAY},
              change=ON_RIDGE_PLAIN),
    Published("gradient_descent", FLOOR, "the steady-state risk is αc/(2B(2−αh))", NOISY,
              RATE / (2 * (2 - RATE * CURVATURE)), change=ONE_SAMPLE),
    Published("newton", FLOOR, "preconditioned by h⁻¹ it is αc/(2Bh(2−α))", f"{NOISY}, §3.3",
              RATE / (2 * CURVATURE * (2 - RATE)), change=ONE_SAMPLE),
    Published("heavy_ball", FLOOR, "the steady-state risk is (1+β)αc/(2B(2β+2−αh)(1−β))", f"{NOISY}, Theorem 1",
              (1 + MOMENTUM) * RATE / (2 * (2 * MOMENTUM + 2 - RATE * CURVATURE) * (1 - MOMENTUM)), domain=(MEMORY,),
              change=ONE_SAMPLE),
    Published("nesterov", FLOOR, "J = (1+β(1−αλ))/(αλ(1−β(1−αλ))(2(1+β)−(2β+1)αλ))", AMPLIFIED,
              RATE * (1 + MOMENTUM * (1 - RATE * CURVATURE)) / (
                  2 * (1 - MOMENTUM * (1 - RATE * CURVATURE)) * (2 * (1 + MOMENTUM) - (2 * MOMENTUM + 1) * RATE * CURVATURE)
              ), domain=(MEMORY,), change=ON_ITERATES),
)
# fmt: on


def published(method_name: str) -> tuple[Published, ...]:
    """What is published on this method; empty for a method of which nothing is kept here."""
    return tuple(entry for entry in PUBLISHED if entry.method == method_name)
