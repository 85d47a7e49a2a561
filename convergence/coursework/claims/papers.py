"""Claims of papers and books on linear methods along quadratics, and of two libraries' docstrings."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.claim import Answer, Source
from convergence.coursework.decisions import characteristic, edge, equal, in_root_kappa, positive, same, same_spectrum
from convergence.coursework.letters import BETA, ETA, HALF, KAPPA, LAMBDA, LARGEST, MU

POLYAK = Source("polyak-1964", "Polyak 1964", "Some methods of speeding up the convergence of iteration methods")
YELLOWFIN = Source("yellowfin-2019", "Zhang and Mitliagkas 2019", "YellowFin and the art of momentum tuning")
QIAN = Source(
    "qian-1999", "Qian 1999", "On the momentum term in gradient descent learning algorithms, Neural Networks 12"
)
GOODFELLOW = Source("goodfellow-2016", "Goodfellow, Bengio and Courville 2016", "Deep Learning")
LESSARD = Source(
    "lessard-2016", "Lessard, Recht and Packard 2016", "Analysis and design of optimization algorithms via IQCs"
)
NESTEROV = Source("nesterov-2004", "Nesterov 2004", "Introductory Lectures on Convex Optimization")
DONOGHUE = Source("odonoghue-2015", "O'Donoghue and Candès 2015", "Adaptive restart for accelerated gradient schemes")
COHEN = Source(
    "cohen-2021", "Cohen et al. 2021", "Gradient descent on neural networks typically occurs at the edge of stability"
)
SUTSKEVER = Source(
    "sutskever-2013", "Sutskever, Martens, Dahl and Hinton 2013", "On the importance of initialization and momentum"
)
MA = Source("ma-yarats-2019", "Ma and Yarats 2019", "Quasi-hyperbolic momentum and Adam for deep learning")
LOSHCHILOV = Source("loshchilov-2019", "Loshchilov and Hutter 2019", "Decoupled weight decay regularization")
PEPIT = Source("pepit", "PEPit", "examples, robust_momentum.py (after Cyrus, Hu, Van Scoy and Lessard 2018)")
CENTRAL = Source("central-flows-2025", "Central Flows", "Cohen et al. 2025, update_rules.py of its code")

ROOT, S = sp.symbols("r s", positive=True)


@POLYAK.exactly("polyak-1964", "Theorem 9", power=2)
def rate_of_the_ball(power: int = 1) -> Answer:
    """The heavy ball's best rate on quadratics is (√κ−1)/(√κ+1).

    Derived from the rule, with k = √κ: {derived}.
    """
    return equal(in_root_kappa(cv.optimum("heavy_ball").rate), ((KAPPA - 1) / (KAPPA + 1)) ** power)


@YELLOWFIN.exactly("yellowfin", "Lemma 3", low=0)
def complex_between(low: int = -1) -> Answer:
    """For (1−√β)² ≤ ηλ ≤ (1+√β)² the radius is √β.

    Derived: the eigenvalues are double at both ends and complex between, with the product β.
    """
    ends = [(end * LAMBDA).subs(BETA, ROOT**2) for end in cv.regimes("heavy_ball").repeated or ()]
    stated = [(1 + sign * ROOT) ** 2 for sign in (low, 1)]
    return len(ends) == 2 and all(same(end, s) for end, s in zip(ends, stated, strict=True)), {}


@QIAN.exactly("qian", "abstract and section on discrete time", over="heavy_ball")
def wider(over: str = "gradient_descent") -> Answer:
    """The momentum term can increase the range of stable learning rates.

    2(1+β)/λ − 2/λ is positive for every β in (0, 1).
    """
    return positive(edge("heavy_ball") - edge(over)), {}


@GOODFELLOW.exactly("terminal", "§8.3.2", power=2)
def terminal(power: int = 1) -> Answer:
    """Under a constant gradient momentum β moves 1/(1−β) times as fast as gradient descent.

    The buffer's fixed point is {level}, and the slow eigenvalue is 1 − ηλ/(1−β) to first order.
    """
    v, g = sp.symbols("v g")
    (level,) = sp.solve(sp.Eq(v, BETA * v + g), v)
    slow = characteristic("heavy_ball").eval(1 - ETA * LAMBDA / (1 - BETA))
    first = sp.series(sp.expand(slow), ETA, 0, 2).removeO()
    return same(level, g / (1 - BETA) ** power) and same(first, 0), {"level": level}


@LESSARD.closely("lessard-standard", "Proposition 1", power=-1)
def standard_tuning(power: Any = -HALF) -> Answer:
    """Nesterov's standard tuning has the rate 1 − 1/√κ on quadratics.

    The larger radius of both ends of [μ, L], derived from the rule, at κ = 4, 30, 1000; tolerance 1e-20.
    """
    root = sp.sqrt(LARGEST / MU)
    rate = sp.sympify(cv.optimum("nesterov", lr=1 / LARGEST, momentum=(root - 1) / (root + 1)).rate)
    points = [{MU: 1, LARGEST: kappa} for kappa in (4, 30, 1000)]
    gaps = [abs((rate - 1 + (LARGEST / MU) ** power).subs(point).evalf(50)) for point in points]
    return max(gaps) < sp.Float(10) ** -20, {}


@LESSARD.exactly("lessard-optimal", "Proposition 1", three=2)
def nesterovs_best(three: int = 3) -> Answer:
    """Nesterov's best rate on quadratics is 1 − 2/√(3κ+1).

    Derived: {derived}.
    """
    return equal(cv.optimum("nesterov").rate, 1 - 2 / sp.sqrt(three * LARGEST / MU + 1))


@NESTEROV.exactly("standard-best", "scheme (2.2.11): η = 1/L, β = (√κ−1)/(√κ+1)", tuning="4/(3L+μ)")
def fastest(tuning: str = "1/L") -> Answer:
    """Is it the fastest tuning on quadratics?

    at κ = 100 it has the rate {standard}, and η = {lr}, β = {momentum} has {best}: 4κ > 3κ + 1 for every κ > 1.
    """
    optimum = cv.optimum("nesterov")
    best = in_root_kappa(optimum.rate)
    # with k = √κ, 1 − 2/√(3k²+1) is below the standard tuning's 1 − 1/k where 4k² > 3k² + 1; k = 1 + s shows it for k > 1
    better = bool(sp.expand((4 * KAPPA**2 - (3 * KAPPA**2 + 1)).subs(KAPPA, 1 + S)).is_positive)
    better = better and same(best, 1 - 2 / sp.sqrt(3 * KAPPA**2 + 1))
    return better is (tuning == "4/(3L+μ)"), {"standard": 0.9, "best": float(best.subs(KAPPA, 10)), **optimum.hyper}


@DONOGHUE.exactly("donoghue-candes", "§3", sign=1)
def damped_at_smallest(sign: int = -1) -> Answer:
    """At η = 1/L the smallest curvature is critically damped at β = (1−√q)/(1+√q), q = μ/L.

    The discriminant of the derived polynomial vanishes there; the other root exceeds 1.
    """
    discriminant = characteristic("nesterov").discriminant().subs({ETA: 1 / LARGEST, LAMBDA: ROOT**2 * LARGEST})
    return same(discriminant.subs(BETA, (1 + sign * ROOT) / (1 - sign * ROOT)), 0) and sign < 0, {}


@COHEN.exactly("cohen-nesterov", "eq. 1", two=1)
def edge_of_nesterov(two: int = 2) -> Answer:
    """Nesterov's momentum is stable while λ < (2/η)·(1+β)/(1+2β).

    Derived (Schur–Cohn): ηλ < {derived}.
    """
    return equal(edge("nesterov"), 2 * (1 + BETA) / (1 + two * BETA))


@SUTSKEVER.exactly("sutskever", "Theorem 2.1", scale=2)
def momentum_at_a_curvature(scale: int = 1) -> Answer:
    """Along λ, Nesterov's method is momentum with β(1 − ηλ) in the place of β.

    The characteristic polynomials are the same.
    """
    return same_spectrum("nesterov", "heavy_ball", momentum=BETA * (1 - scale * ETA * LAMBDA)), {}


@MA.exactly("qhm-nesterov", "table of special cases", nu=sp.Integer(1))
def nesterov_as_qhm(nu: sp.Expr = BETA) -> Answer:
    """QHM with ν = β is Nesterov's method at the rate (1−β)η.

    The characteristic polynomials are the same.
    """
    return characteristic("qhm", nu=nu) == characteristic("torch_sgd_nesterov", lr=(1 - BETA) * ETA), {}


@LOSHCHILOV.exactly("weight-decay", "Proposition 1", power=2)
def decoupled(power: int = 1) -> Answer:
    """For SGD, decoupled weight decay λ is L2 regularisation with λ/η.

    One step, in letters.
    """
    x, g, eta, lam = sp.symbols("x g eta lam")
    return same(x - eta * (g + lam / eta**power * x), (1 - lam) * x - eta * g), {}


@LOSHCHILOV.exactly("weight-decay-adaptive", "Proposition 2", scales=(1, 1))
def decoupled_adaptive(scales: tuple[int, int] = (1, 2)) -> Answer:
    """With a preconditioner that is no multiple of 1, no L2 weight does the same.

    Steps in two coordinates with the scales 1 and 2: η·1·l = λ and η·2·l = λ have no common solution l.
    """
    x, y, eta, lam, weight = sp.symbols("x y eta lam l2", positive=True)
    equations = [eta * s * weight * w - lam * w for s, w in zip(scales, (x, y), strict=True)]
    return sp.solve(equations, [weight], dict=True) == [], {}


@PEPIT.closely(
    "pepit-robust", "docstring: α = κ(1−ρ²)(1+ρ)/L, γ = ρ²/((κ−1)(1−ρ)²(1+ρ))", factor="(1−ρ)²(1+ρ)", power=3
)
def robust(factor: str = "(1−ρ²)(1+ρ)", power: int = 2) -> Answer:
    """With these the method has the rate ρ.

    κ = 10, λ = 0.2: ρ = {rho}, but the largest radius over [μ, L] is {radius}. (Its κ = μ/L is upside down as well.)

    Instead: As its code has it, α = κ(1−ρ)²(1+ρ)/L and γ = ρ³/((κ−1)(1−ρ)²(1+ρ)), with κ = L/μ: the radius is {radius}.
    """
    kappa, share = 10.0, 0.2
    rho = share * (1 - 1 / kappa) + (1 - share) * (1 - kappa**-0.5)
    slow = (1 - rho) ** 2 * (1 + rho)
    step = slow if factor == "(1−ρ)²(1+ρ)" else (1 - rho**2) * (1 + rho)
    settings = {"lr": step, "momentum": kappa * rho**3 / (kappa - 1), "gamma": rho**power / ((kappa - 1) * slow)}
    radius = float(cv.spectral_radius("triple_momentum", np.linspace(1, kappa, 200), over="spectrum", **settings))
    return radius <= rho + 1e-12, {"radius": radius, "rho": rho}


@CENTRAL.exactly("central-average", "docstring of RMSProp: ν ← (1−β₂)ν + β₂∇², against its code", kept="β")
def weights(kept: str = "1 − β") -> Answer:
    """It is the average of the code.

    The code has ν ← ν + (1−β₂)(∇² − ν).

    Instead: The code keeps β₂ of ν: ν ← β₂ν + (1−β₂)∇².
    """
    nu, b, g = sp.symbols("nu beta g")
    keeps = 1 - b if kept == "1 − β" else b
    return same(nu + (1 - b) * (g**2 - nu), keeps * nu + (1 - keeps) * g**2), {}
