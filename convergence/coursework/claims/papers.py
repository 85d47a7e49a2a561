"""Claims of papers, books and libraries on linear methods along quadratics."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.claim import Claim, Source
from convergence.coursework.decisions import (
    BETA,
    ETA,
    KAPPA,
    LAMBDA,
    LARGEST,
    MU,
    ROOT,
    characteristic,
    closely,
    exactly,
    formula,
    in_root_kappa,
    positive,
    same,
    same_spectrum,
)
from convergence.coursework.rules import look_ahead, quasi_hyperbolic

POLYAK = Source(
    "polyak-1964", "Polyak 1964, Some methods of speeding up the convergence of iteration methods", "Polyak 1964"
)
DONOGHUE = Source(
    "odonoghue-2015",
    "O'Donoghue and Candès 2015, Adaptive restart for accelerated gradient schemes",
    "O'Donoghue, Candès 2015",
)
GOODFELLOW = Source("goodfellow-2016", "Goodfellow, Bengio and Courville 2016, Deep Learning", "Goodfellow et al. 2016")
GOH = Source("goh-2017", "Goh 2017, Why momentum really works, Distill, doi:10.23915/distill.00006", "Goh 2017")
D2L = Source(
    "d2l", "Zhang, Lipton, Li and Smola, Dive into Deep Learning, chapter on optimisation", "Dive into Deep Learning"
)
YELLOWFIN = Source(
    "yellowfin-2019", "Zhang and Mitliagkas 2019, YellowFin and the art of momentum tuning", "Zhang, Mitliagkas 2019"
)
MA = Source(
    "ma-yarats-2019", "Ma and Yarats 2019, Quasi-hyperbolic momentum and Adam for deep learning", "Ma, Yarats 2019"
)
LOSHCHILOV = Source(
    "loshchilov-2019", "Loshchilov and Hutter 2019, Decoupled weight decay regularization", "Loshchilov, Hutter 2019"
)
NESTEROV = Source("nesterov-2004", "Nesterov 2004, Introductory Lectures on Convex Optimization", "Nesterov 2004")
QIAN = Source(
    "qian-1999",
    "Qian 1999, On the momentum term in gradient descent learning algorithms, Neural Networks 12",
    "Qian 1999",
)
SUTSKEVER = Source(
    "sutskever-2013",
    "Sutskever, Martens, Dahl and Hinton 2013, On the importance of initialization and momentum",
    "Sutskever et al. 2013",
)
LESSARD = Source(
    "lessard-2016",
    "Lessard, Recht and Packard 2016, Analysis and design of optimization algorithms via IQCs",
    "Lessard et al. 2016",
)
COHEN = Source(
    "cohen-2021",
    "Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability",
    "Cohen et al. 2021",
)
PEPIT = Source("pepit", "PEPit, examples, robust_momentum.py (after Cyrus, Hu, Van Scoy and Lessard 2018)", "PEPit")
CENTRAL = Source("central-flows-2025", "Cohen et al. 2025, Central flows, update_rules.py of its code", "Central Flows")

K = sp.sqrt(LARGEST / MU)
S1, S2 = sp.symbols("s1 s2")


def bound(method: str) -> Any:
    """The largest stable learning rate times λ, a formula in β."""
    return sp.factor(cv.stability(method).lr_max * LAMBDA)


def loss_of_descent(factor: Any) -> Any:
    """f(w²) − f(w*) of f = ½wᵀAw − bᵀw after two steps in two directions, in letters, against the factor times the sum."""
    a, l1, l2, x1, x2, w1, w2 = sp.symbols("alpha l1 l2 x1 x2 w1 w2", positive=True)

    def f(u: Any, v: Any) -> Any:
        return (l1 * u**2 + l2 * v**2) / 2 - l1 * w1 * u - l2 * w2 * v

    u, v = w1 + x1, w2 + x2
    for _ in range(2):
        u, v = u - a * l1 * (u - w1), v - a * l2 * (v - w2)
    total = sum((1 - a * lam) ** 4 * lam * x**2 for lam, x in ((l1, x1), (l2, x2)))
    return sp.expand(f(u, v) - f(w1, w2) - factor * total) == 0, {"factor": factor}


def powers(first: int, second: int) -> Any:
    """σ₁ᵏR_first − σ₂ᵏR_second with R_j = (R − σ_jI)/(σ₁ − σ₂) against Rᵏ, for k = 0, 1, 2, 3."""
    R = sp.Matrix([[S1 + S2, -S1 * S2], [1, 0]])
    parts = {j: (R - s * sp.eye(2)) / (S1 - S2) for j, s in ((1, S1), (2, S2))}
    gaps = [(S1**k * parts[first] - S2**k * parts[second] - R**k).applyfunc(sp.simplify) for k in range(4)]
    zero = (parts[first] - parts[second]).applyfunc(sp.simplify)
    return all(gap.is_zero_matrix for gap in gaps), {"zero": zero[0, 0]}


def noise_sum(index: str) -> Any:
    """Three noisy steps from 0, in letters, against Σ R^{k−i}(1, −α)ᵀ with one ε outside the sum, or ε_i inside."""
    a, b, lam = sp.symbols("alpha beta lam")
    R, push, noise = sp.Matrix([[b, lam], [-a * b, 1 - a * lam]]), sp.Matrix([1, -a]), sp.symbols("e1:4")
    state = sp.zeros(2, 1)
    for e in noise:
        y = b * state[0] + lam * state[1] + e
        state = sp.Matrix([y, state[1] - a * y])
    given = [noise[-1] if index == "last" else e for e in noise]
    total = sum((R ** (2 - i) * push * given[i] for i in range(3)), sp.zeros(2, 1))
    return (state - total).expand().is_zero_matrix, {}


def critical(sign: int) -> Any:
    """Whether the discriminant vanishes at β = (1 ± √(ηλ))², and that β can be below 1."""
    root = sp.Symbol("r", positive=True)  # √(ηλ)
    discriminant = sp.discriminant(characteristic("heavy_ball"), sp.Symbol("z")).subs(ETA, root**2 / LAMBDA)
    beta = (1 + sign * root) ** 2
    return same(discriminant.subs(BETA, beta), 0) and bool(beta.subs(root, sp.Rational(1, 2)) < 1), {}


def times_as_large(times: int) -> Any:
    """The supremum over β of the ratio of the largest stable rates."""
    ratio = sp.simplify(bound("heavy_ball") / bound("gradient_descent"))
    top = sp.limit(ratio, BETA, 1, "-")
    return top == times, {"ratio": ratio, "at": float(ratio.subs(BETA, 0.9)), "top": top}


def best_pair(power: int) -> Any:
    """The optimum over [μ, L], against η = (2/(√μ+√L))² and β = ((√L−√μ)/(√L+√μ))^power."""
    best, (low, high) = cv.optimum("heavy_ball"), (sp.sqrt(MU), sp.sqrt(LARGEST))
    right = same(best.hyper["lr"], 4 / (low + high) ** 2)
    return right and same(best.hyper["momentum"], ((high - low) / (high + low)) ** power), {"rate": best.rate}


def repeated(low: int) -> Any:
    """The ends of the complex regime, against (1 ∓ √β)²/λ."""
    ends, root = cv.regimes("heavy_ball").repeated or (), {BETA: ROOT**2}
    stated = [(1 + sign * ROOT) ** 2 for sign in (low, 1)]
    return len(ends) == 2 and all(same(end * LAMBDA, s, root) for end, s in zip(ends, stated, strict=True)), {}


def standard_tuning(power: Any) -> Any:
    """The rate of η = 1/L, β = (√κ−1)/(√κ+1) over [μ, L], at κ = 4, 30, 1000, against 1 − κ^power; to 1e-20."""
    rate: Any = cv.optimum("nesterov", lr=1 / LARGEST, momentum=(K - 1) / (K + 1)).rate
    points = [{MU: 1, LARGEST: kappa} for kappa in (4, 30, 1000)]
    gaps = [abs((rate - 1 + (LARGEST / MU) ** power).subs(point).evalf(50)) for point in points]
    return all(gap < sp.Float(10) ** -20 for gap in gaps), {}


def fastest(tuning: str) -> Any:
    """Whether no tuning has a smaller rate: 1 − 1/k of the standard one, 1 − 2/√(3k²+1) of the derived optimum, k = √κ."""
    best = in_root_kappa(cv.optimum("nesterov").rate)
    s = sp.Symbol("s", positive=True)
    better = bool(sp.expand((4 * KAPPA**2 - (3 * KAPPA**2 + 1)).subs(KAPPA, 1 + s)).is_positive)
    better = better and same(best, 1 - 2 / sp.sqrt(3 * KAPPA**2 + 1))
    rates = {"standard": 0.9, "best": float(best.subs(KAPPA, 10))}
    return better is (tuning == "4/(3L+μ)"), rates | cv.optimum("nesterov").hyper


def damped_at_smallest(sign: int) -> Any:
    """Whether at η = 1/L the discriminant vanishes for λ = μ at β = (1 ± r)/(1 ∓ r), r = √(μ/L), and that β is below 1."""
    r = sp.Symbol("r", positive=True)
    discriminant = sp.discriminant(characteristic("nesterov"), sp.Symbol("z")).subs(
        {ETA: 1 / LARGEST, LAMBDA: r**2 * LARGEST}
    )
    return same(discriminant.subs(BETA, (1 + sign * r) / (1 - sign * r)), 0) and sign < 0, {}


def terminal(power: int) -> Any:
    """The buffer's fixed point under a constant gradient, and the slow eigenvalue for small rates, to first order."""
    v, g = sp.symbols("v g")
    (level,) = sp.solve(sp.Eq(v, BETA * v + g), v)
    slow = characteristic("heavy_ball").subs(sp.Symbol("z"), 1 - ETA * LAMBDA / (1 - BETA))
    first = sp.series(sp.expand(slow), ETA, 0, 2).removeO()
    return same(level, g / (1 - BETA) ** power) and same(first, 0), {"level": level}


def decoupled(power: int) -> Any:
    """One step of SGD with decoupled decay λ, and with L2 of weight λ/η^power, in letters."""
    x, g, eta, lam = sp.symbols("x g eta lam")
    return same(x - eta * (g + lam / eta**power * x), (1 - lam) * x - eta * g), {}


def decoupled_adaptive(scales: tuple[int, int]) -> Any:
    """Whether no L2 weight l gives two coordinates with these scales of the step the decay λ."""
    x, y, eta, lam, l2 = sp.symbols("x y eta lam l2", positive=True)
    equations = [eta * s * l2 * w - lam * w for s, w in zip(scales, (x, y), strict=True)]
    return sp.solve(equations, [l2], dict=True) == [], {}


def quadratic_form(sign: int) -> Any:
    """½xᵀQx + xᵀc + b against ½(x + sQ⁻¹c)ᵀQ(x + sQ⁻¹c) + b − ½cᵀQ⁻¹c, with letters for all entries."""
    p, q, r, b, *entries = sp.symbols("p q r b c1 c2 x1 x2")
    Q, c, x = sp.Matrix([[p, q], [q, r]]), sp.Matrix(entries[:2]), sp.Matrix(entries[2:])
    shifted = x + sign * Q.inv() * c
    h = x.T * Q * x / 2 + x.T * c + sp.Matrix([[b]])
    rewritten = shifted.T * Q * shifted / 2 + sp.Matrix([[b]]) - c.T * Q.inv() * c / 2
    return sp.simplify((h - rewritten)[0]) == 0, {}


def diverges_beyond(edge: int) -> Any:
    """|1 − ηλ| just below and just above an edge of ηλ, in fractions."""
    below, above = (abs(1 - (edge + sp.Rational(side, 10**9))) for side in (-1, 1))
    return bool(below < 1 < above), {"above": float(above)}


@cache
def robust(version: str) -> Any:
    """The largest radius over [μ, L] = [1, 10] with the docstring's α, β, γ, or the code's, against ρ; λ = 0.2."""
    kappa, lam = 10.0, 0.2
    rho = lam * (1 - 1 / kappa) + (1 - lam) * (1 - kappa**-0.5)
    slow = (1 - rho) ** 2 * (1 + rho)
    step, power = (slow, 3) if version == "code" else ((1 - rho**2) * (1 + rho), 2)
    settings = {"lr": step, "momentum": kappa * rho**3 / (kappa - 1), "gamma": rho**power / ((kappa - 1) * slow)}
    radius = float(cv.spectral_radius(look_ahead, np.linspace(1, kappa, 200), over="spectrum", **settings))
    return radius <= rho + 1e-12, {"radius": radius, "rho": rho}


def weights(kept: str) -> Any:
    """The average of the code, ν + (1−β)(g² − ν), against one that keeps 1 − β, or β, of ν."""
    nu, b, g = sp.symbols("nu beta g")
    keeps = 1 - b if kept == "1 − β" else b
    return same(nu + (1 - b) * (g**2 - nu), keeps * nu + (1 - keeps) * g**2), {}


RATE_OF_BALL = formula(
    lambda: in_root_kappa(cv.optimum("heavy_ball").rate), lambda power: ((KAPPA - 1) / (KAPPA + 1)) ** power
)

PAPERS: dict[Source, tuple[Claim, ...]] = {
    POLYAK: (
        Claim(
            "polyak-1964", "Theorem 9", "The heavy ball's best rate on quadratics is (√κ−1)/(√κ+1).",
            RATE_OF_BALL, {"power": 1}, {"power": 2}, "Derived from the rule, with k = √κ: {derived}.",
        ),
    ),
    GOH: (
        Claim(
            "goh-descent", '"Choosing A Step-size"', "Gradient descent is best at 2/(λ₁+λₙ).",
            formula(lambda: cv.optimum("gradient_descent").hyper["lr"], lambda numerator: numerator / (MU + LARGEST)),
            {"numerator": 2}, {"numerator": 1}, "Derived from the rule: {derived}.",
        ),
        Claim(
            "goh-loss", '"Decomposing the Error" (issue 98 of its repository)',
            "For f = ½wᵀAw − bᵀw, gradient descent has f(wᵏ) − f(w*) = Σ(1−αλᵢ)²ᵏ λᵢ xᵢ².",
            exactly(loss_of_descent), {"factor": sp.Integer(1)}, {"factor": sp.Rational(1, 2)},
            "Two steps in two directions, in letters.", "A factor {factor} stands before the sum.",
        ),
        Claim(
            "goh-powers", '"The Dynamics of Momentum"', "Rᵏ = σ₁ᵏR₁ − σ₂ᵏR₂ with R_j = (R − σ_jI)/(σ₁ − σ₂).",
            exactly(powers), {"first": 1, "second": 2}, {"first": 2, "second": 1},
            "In letters, for k = 0 … 3. At k = 0 it is {zero} times the unit matrix.",
            "The indices are exchanged: Rᵏ = σ₁ᵏR₂ − σ₂ᵏR₁; at k = 0 it is then {zero} times the unit matrix.",
        ),
        Claim(
            "goh-modulus", '"The Dynamics of Momentum", the footnote on complex roots', "With complex roots |σ| = 2√β.",
            formula(
                lambda: sp.Poly(characteristic("heavy_ball"), sp.Symbol("z")).all_coeffs()[-1],
                lambda times: (times * sp.sqrt(BETA)) ** 2,
            ),
            {"times": 2}, {"times": 1}, "Conjugate roots have the product |σ|² = {derived}.",
            "It is √β, at every rate: |σ|² = {derived}.",
        ),
        Claim(
            "goh-range", '"The Dynamics of Momentum"', "Momentum converges for 0 < αλ < 2 + 2β, 0 ≤ β < 1.",
            formula(lambda: bound("heavy_ball"), lambda slope: 2 + slope * BETA), {"slope": 2}, {"slope": 1},
            "Derived (Schur–Cohn): ηλ < {derived}.",
        ),
        Claim(
            "goh-twice", '"The Dynamics of Momentum"', "Momentum allows steps up to twice as large before diverging.",
            exactly(times_as_large), {"times": 2}, {"times": 3},
            "The factor is {ratio}: {at} at β = 0.9, with the supremum {top} as β → 1, not attained.",
        ),
        Claim(
            "goh-critical", '"The Critical Damping Coefficient"', "Critical damping along λ is β = (1 − √(αλ))².",
            exactly(critical), {"sign": -1}, {"sign": 1},
            "The discriminant vanishes at β = (1 ∓ √(αλ))²; only the smaller can be below 1.",
        ),
        Claim(
            "goh-optimum", '"Optimal parameters"', "Best are α = (2/(√λ₁+√λₙ))², β = ((√λₙ−√λ₁)/(√λₙ+√λ₁))².",
            exactly(best_pair), {"power": 2}, {"power": 1}, "Derived from the rule; the rate is {rate}.",
        ),
        Claim(
            "goh-noise", '"Momentum with Stochastic Gradients"', "The noise adds εᵏ·Σ R^(k−i)(1, −α)ᵀ to the iterate.",
            exactly(noise_sum), {"index": "last"}, {"index": "each"},
            "Three steps from 0, in letters: each step has a noise of its own.",
            "ε stands in the sum: Σ R^(k−i)(1, −α)ᵀ·εⁱ.",
        ),
    ),
    D2L: (
        Claim(
            "d2l-form", '"Momentum", quadratic convex functions',
            "½xᵀQx + xᵀc + b = ½(x − Q⁻¹c)ᵀQ(x − Q⁻¹c) + b − ½cᵀQ⁻¹c.",
            exactly(quadratic_form), {"sign": -1}, {"sign": 1},
            "With letters for all entries of two dimensions: the minimiser is −Q⁻¹c, as the text says two lines "
            "before.",
            "It is ½(x + Q⁻¹c)ᵀQ(x + Q⁻¹c) + b − ½cᵀQ⁻¹c.",
        ),
        Claim(
            "d2l-descent", '"Momentum", gradient descent in the eigensystem', "Gradient descent is z ← (1 − Λ)z.",
            formula(
                lambda: cv.derive("gradient_descent").matrix[0, 0],
                lambda rate: 1 - (ETA if rate == "η" else 1) * LAMBDA,
            ),
            {"rate": "1"}, {"rate": "η"}, "Derived from the rule: z ← ({derived})z.", "η is left out: z ← ({derived})z.",
        ),
        Claim(
            "d2l-beyond", '"Momentum", scalar functions',
            "Convergence improves until ηλ = 1; beyond that things diverge.",
            exactly(diverges_beyond), {"edge": 1}, {"edge": 2},
            "|1 − ηλ| is {above} at ηλ = 1 + 1e-9, below 1.",
            "From ηλ = 1 to 2 it converges, more slowly again; it diverges beyond 2.",
        ),
    ),
    YELLOWFIN: (
        Claim(
            "yellowfin", "Lemma 3", "For (1−√β)² ≤ ηλ ≤ (1+√β)² the radius is √β.", exactly(repeated), {"low": -1},
            {"low": 0},
            "Derived: the eigenvalues are double at both ends and complex between, with the product β.",
        ),
    ),
    QIAN: (
        Claim(
            "qian", "abstract and section on discrete time",
            "The momentum term can increase the range of stable learning rates.",
            exactly(lambda over: (positive(bound("heavy_ball") - bound(over)), {})),
            {"over": "gradient_descent"}, {"over": "heavy_ball"}, "2(1+β)/λ − 2/λ is positive for every β in (0, 1).",
        ),
    ),
    GOODFELLOW: (
        Claim(
            "terminal", "§8.3.2",
            "Under a constant gradient momentum β moves 1/(1−β) times as fast as gradient descent.",
            exactly(terminal), {"power": 1}, {"power": 2},
            "The buffer's fixed point is {level}, and the slow eigenvalue is 1 − ηλ/(1−β) to first order.",
        ),
    ),
    LESSARD: (
        Claim(
            "lessard-standard", "Proposition 1", "Nesterov's standard tuning has the rate 1 − 1/√κ on quadratics.",
            closely(standard_tuning), {"power": sp.Rational(-1, 2)}, {"power": sp.Integer(-1)},
            "The larger radius of both ends of [μ, L], derived from the rule, at κ = 4, 30, 1000; tolerance 1e-20.",
        ),
        Claim(
            "lessard-optimal", "Proposition 1", "Nesterov's best rate on quadratics is 1 − 2/√(3κ+1).",
            formula(lambda: cv.optimum("nesterov").rate, lambda three: 1 - 2 / sp.sqrt(three * LARGEST / MU + 1)),
            {"three": 3}, {"three": 2}, "Derived: {derived}.",
        ),
    ),
    NESTEROV: (
        Claim(
            "standard-best", "scheme (2.2.11): η = 1/L, β = (√κ−1)/(√κ+1)", "Is it the fastest tuning on quadratics?",
            exactly(fastest), {"tuning": "1/L"}, {"tuning": "4/(3L+μ)"},
            "at κ = 100 it has the rate {standard}, and η = {lr}, β = {momentum} has {best}: 4κ > 3κ + 1 for every κ "
            "> 1.",
            asks=True,
        ),
    ),
    DONOGHUE: (
        Claim(
            "donoghue-candes", "§3",
            "At η = 1/L the smallest curvature is critically damped at β = (1−√q)/(1+√q), q = μ/L.",
            exactly(damped_at_smallest), {"sign": -1}, {"sign": 1},
            "The discriminant of the derived polynomial vanishes there; the other root exceeds 1.",
        ),
    ),
    COHEN: (
        Claim(
            "cohen-nesterov", "eq. 1", "Nesterov's momentum is stable while λ < (2/η)·(1+β)/(1+2β).",
            formula(lambda: bound("nesterov"), lambda two: 2 * (1 + BETA) / (1 + two * BETA)), {"two": 2}, {"two": 1},
            "Derived (Schur–Cohn): ηλ < {derived}.",
        ),
    ),
    SUTSKEVER: (
        Claim(
            "sutskever", "Theorem 2.1", "Along λ, Nesterov's method is momentum with β(1 − ηλ) in the place of β.",
            exactly(lambda scale: (
                same_spectrum("nesterov", "heavy_ball", momentum=BETA * (1 - scale * ETA * LAMBDA)), {})),
            {"scale": 1}, {"scale": 2}, "The characteristic polynomials are the same.",
        ),
    ),
    MA: (
        Claim(
            "qhm-nesterov", "table of special cases", "QHM with ν = β is Nesterov's method at the rate (1−β)η.",
            exactly(lambda nu: (same(characteristic(quasi_hyperbolic, nu=nu), characteristic(
                "torch_sgd_nesterov", lr=(1 - BETA) * ETA)), {})),
            {"nu": BETA}, {"nu": sp.Integer(1)}, "The characteristic polynomials are the same.",
        ),
    ),
    LOSHCHILOV: (
        Claim(
            "weight-decay", "Proposition 1", "For SGD, decoupled weight decay λ is L2 regularisation with λ/η.",
            exactly(decoupled), {"power": 1}, {"power": 2}, "One step, in letters.",
        ),
        Claim(
            "weight-decay-adaptive", "Proposition 2",
            "With a preconditioner that is no multiple of 1, no L2 weight does the same.",
            exactly(decoupled_adaptive), {"scales": (1, 2)}, {"scales": (1, 1)},
            "Steps in two coordinates with the scales 1 and 2: η·1·l = λ and η·2·l = λ have no common solution l.",
        ),
    ),
    PEPIT: (
        Claim(
            "pepit-robust", "docstring: α = κ(1−ρ²)(1+ρ)/L, γ = ρ²/((κ−1)(1−ρ)²(1+ρ))",
            "With these the method has the rate ρ.",
            closely(robust), {"version": "docstring"}, {"version": "code"},
            "κ = 10, λ = 0.2: ρ = {rho}, but the largest radius over [μ, L] is {radius}. (Its κ = μ/L is upside down "
            "as well.)",
            "As its code has it, α = κ(1−ρ)²(1+ρ)/L and γ = ρ³/((κ−1)(1−ρ)²(1+ρ)), with κ = L/μ: the radius is "
            "{radius}.",
        ),
    ),
    CENTRAL: (
        Claim(
            "central-average", "docstring of RMSProp: ν ← (1−β₂)ν + β₂∇², against its code",
            "It is the average of the code.",
            exactly(weights), {"kept": "1 − β"}, {"kept": "β"}, "The code has ν ← ν + (1−β₂)(∇² − ν).",
            "The code keeps β₂ of ν: ν ← β₂ν + (1−β₂)∇².",
        ),
    ),
}  # fmt: skip
