"""The formulas that answer questions (a) to (g) of the homework, derived from the update rule."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

import convergence as cv
from convergence.theory.symbols import LARGEST, MU
from convergence.theory.system import System

COURSE, DESCENT = cv.METHODS["ema_momentum"], cv.METHODS["gradient_descent"]
"""The method of the homework, z ← (1−β)z + βg, w ← w − ηz, and plain gradient descent."""

SMALLEST_SIGMA, LARGEST_SIGMA = sp.Symbol("sigma_min", positive=True), sp.Symbol("sigma_max", positive=True)


@dataclass(frozen=True)
class Derivation:
    """The course's momentum in the singular value σ, for the loss ‖y − Xw‖², whose curvatures are λ = 2σ².

    Attributes
    ----------
    rule
        The update rule as it is written in the package.
    system
        Its linear system, the state in the homework's order (a, x): ``system.matrix`` is R.
    repeated, radius
        The two learning rates with a double eigenvalue, and its modulus.
    real, repeated_top, complex_top
        The suprema of the stable learning rates of each kind.
    plateau, plateau_rate, condition
        Over [μ, L]: the best learning rates, their rate, and the condition on β for which there is an interval of them.
    descent_lr, descent_rate
        Gradient descent at its best.
    """

    rule: str
    system: System
    repeated: tuple[sp.Expr, sp.Expr]
    radius: sp.Expr
    real: sp.Expr
    repeated_top: sp.Expr
    complex_top: sp.Expr
    plateau: tuple[sp.Expr, sp.Expr]
    plateau_rate: sp.Expr
    condition: sp.Expr
    descent_lr: sp.Expr
    descent_rate: sp.Expr


@cache
def derivation() -> Derivation:
    """Derive all of it."""
    system, regimes = cv.derive(COURSE, sigma=True), cv.regimes(COURSE, sigma=True)
    low, high = (sp.radsimp(lr) for lr in regimes.repeated or ())
    largest = {kind: sp.radsimp(value) for kind, value in regimes.largest_stable.items()}
    pieces = cv.optimum(COURSE, momentum=COURSE.symbols["momentum"]).pieces
    piece, interval = next((piece, piece.plateau) for piece in pieces if piece.plateau is not None)
    start, end = (sp.radsimp(_in_sigmas(end)) for end in interval.args[:2])
    plain = cv.optimum(DESCENT)
    return Derivation(
        COURSE.code,
        system.order(("z", "x")),
        (low, high),
        sp.sqrt(sp.factor(system.characteristic.all_coeffs()[2])),  # of a double or complex pair: √ of the product
        largest["real"],
        largest["repeated"],
        largest["complex"],
        (start, end),
        piece.rate,
        _in_sigmas(piece.condition),
        sp.factor(_in_sigmas(plain.hyper["lr"])),
        sp.factor(_in_sigmas(plain.rate)),
    )


def _in_sigmas(formula: sp.Expr) -> sp.Expr:
    """A formula in μ and L with 2σ² of the smallest and the largest singular value for them."""
    swap = {MU: 2 * SMALLEST_SIGMA**2, LARGEST: 2 * LARGEST_SIGMA**2}
    return sp.simplify(formula.subs(swap, simultaneous=True))
