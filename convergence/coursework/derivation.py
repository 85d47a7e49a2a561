"""Nothing goes in; the formulas that answer questions (a) to (g) come out, derived from the update rule in this run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

from convergence.methods import METHODS
from convergence.rule import Method
from convergence.theory.dynamics import Dynamics, dynamics
from convergence.theory.optimum import best
from convergence.theory.regimes import damping
from convergence.theory.regimes import in_sigma as regimes_in_sigma
from convergence.theory.region import in_sigma, region
from convergence.theory.symbols import LARGEST, MU

LOSS = "sum"
"""The homework's loss ‖y − Xw‖², whose curvatures are λ = 2σ²."""

SMALLEST_SIGMA, LARGEST_SIGMA = sp.Symbol("sigma_min", positive=True), sp.Symbol("sigma_max", positive=True)


@dataclass(frozen=True)
class Derivation:
    """The course's momentum in the singular value σ, its state in the homework's order (a, x).

    ``repeated`` are the two learning rates with a double eigenvalue, ``radius`` its modulus; ``real``, ``repeated_top`` and
    ``complex_top`` are the suprema of the stable rates of each kind; ``condition`` is the plateau's, on β, over [μ, L].
    """

    dynamics: Dynamics
    repeated: tuple[sp.Expr, sp.Expr]
    radius: sp.Expr
    real: sp.Expr
    repeated_top: sp.Expr
    complex_top: sp.Expr
    lr_max: sp.Expr
    plateau: tuple[sp.Expr, sp.Expr]
    plateau_rate: sp.Expr
    condition: sp.Expr
    descent_lr: sp.Expr
    descent_rate: sp.Expr


def course_method() -> Method:
    """The method of the homework: z ← (1−β)z + βg, w ← w − ηz."""
    return METHODS["ema_momentum"]


def descent_method() -> Method:
    """Plain gradient descent."""
    return METHODS["gradient_descent"]


@cache
def derivation() -> Derivation:
    """Derive all of it."""
    method, beta = course_method(), sp.Symbol("beta", nonnegative=True)
    found = regimes_in_sigma(damping(method), LOSS)
    assert found.repeated is not None
    low, high = (sp.radsimp(lr) for lr in found.repeated)
    largest = {kind: sp.radsimp(value) for kind, value in found.largest_stable.items()}
    piece, interval = next((p, p.plateau) for p in best(method, {"momentum": beta}).pieces if p.plateau is not None)
    ends = [sp.radsimp(_in_sigmas(end)) for end in interval.args[:2]]
    plain = best(descent_method(), {})
    return Derivation(
        dynamics(method).in_sigma(LOSS).order(("z", "x")),
        (low, high),
        _double(method),
        largest["real"],
        largest["repeated"],
        largest["complex"],
        in_sigma(region(method), LOSS).lr_max,
        (ends[0], ends[1]),
        piece.rate,
        _in_sigmas(piece.condition),
        sp.factor(_in_sigmas(plain.hyper["lr"])),
        sp.factor(_in_sigmas(plain.rate)),
    )


def _in_sigmas(formula: sp.Expr) -> sp.Expr:
    """A formula in μ and L with 2σ² of the smallest and the largest singular value for them."""
    swap = {MU: 2 * SMALLEST_SIGMA**2, LARGEST: 2 * LARGEST_SIGMA**2}
    return sp.simplify(formula.subs(swap, simultaneous=True))


def _double(method: Method) -> sp.Expr:
    """The modulus of a double or complex eigenvalue: the root of the determinant."""
    return sp.sqrt(sp.factor(dynamics(method).characteristic.all_coeffs()[2]))
