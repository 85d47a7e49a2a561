"""The homework of course notes 004: momentum as an average, on least squares, direction by direction; questions (a) to (h)."""

from __future__ import annotations

from functools import cache

import sympy as sp

import convergence as cv
from convergence.exercise.conventions import COMPLEMENT, HALF, LOG10, LOSS, NEW_WEIGHT, SINGULAR, SQUARE, ZERO_START
from convergence.exercise.draw import Draw, Values
from convergence.exercise.exercise import Exercise
from convergence.theory.symbols import CURVATURE, LARGEST, MU, SIGMA

COURSE, DESCENT = "ema_momentum", "gradient_descent"
START = sp.Symbol("x_0", positive=True)
ETA, BETA = (cv.METHODS[COURSE].symbols[name] for name in ("lr", "momentum"))

RULE = r"""Momentum as an average, $z \leftarrow (1-\beta)z + \beta g$, $w \leftarrow w - \eta z$, where $\beta$ weighs the
*new* gradient and $z$ holds the first gradient before the first step; the loss is $\lVert y - Xw\rVert^2$."""
PLAIN = r"Gradient descent, $w \leftarrow w - \eta g$, on the loss $\lVert y - Xw\rVert^2$."
GRADIENT = (
    r"The gradient is $2X^\top(Xw - y)$: along a direction of singular value $\sigma$ the curvature is $2\sigma^2$."
)
MATRIX = r"Write $a \leftarrow (1-\beta)a + 2\beta\sigma^2 x$ and $x \leftarrow x - \eta a$ as a matrix times $(a, x)$."
ROOTS = (
    r"The eigenvalues are $(\tau \pm \sqrt{\tau^2 - 4\delta})/2$ with the trace $\tau$ and the determinant $\delta$."
)


def _slips(sigma: sp.Expr, beta: sp.Expr) -> dict[str, Values]:
    """What is put in under the other conventions."""
    return {HALF: {SIGMA: sigma / sp.sqrt(2)}, SINGULAR: {SIGMA: sp.sqrt(sigma)}, NEW_WEIGHT: {BETA: 1 - beta}}


@cache
def _two_steps() -> tuple[sp.Expr, sp.Expr]:
    """The error after two steps, in letters: of the course's momentum, and with a buffer that is empty at first."""
    methods = {COURSE: BETA, "ema_momentum_zero_start": 1 - BETA}
    left = (cv.residual_polynomial(name, 2, lr=ETA, momentum=weight).as_expr() for name, weight in methods.items())
    course, empty = (START * polynomial.subs(CURVATURE, 2 * SIGMA**2) for polynomial in left)
    return course, empty


@cache
def _repeated() -> tuple[sp.Expr, ...]:
    return tuple(cv.regimes(COURSE, sigma=True).repeated or ())


def two_steps(draw: Draw) -> Exercise:
    r"""(a) Two steps along one direction

    <RULE> Along a direction of singular value $\sigma = <sigma>$ the error is $x_0 = <x>$ at first. What is it after
    two steps, at $\eta = <lr>$ and $\beta = <beta>$?

    - <GRADIENT>
    - <MATRIX>
    - Begin with $a_0 = 2\sigma^2 x_0$. The first step then leaves $a_1 = a_0$; the second one uses the new $a$.
    """
    sigma, beta = draw.number("sigma", "0.4", "2", "0.1"), draw.number("beta", "0.1", "0.9", "0.05")
    lr, x = draw.number("lr", "0.02", "0.3", "0.01"), draw.number("x", "1", "5", "0.5")
    left, empty = _two_steps()
    at = {SIGMA: sigma, BETA: beta, ETA: lr, START: x}
    return draw.exercise(
        left,
        at,
        unit="of the error x",
        derived='cv.residual_polynomial("ema_momentum", 2, …) at 2σ², times x₀',
        slips={**_slips(sigma, beta), ZERO_START: empty.xreplace(at)},
    )


def trace(draw: Draw) -> Exercise:
    r"""(b) The trace of the matrix of a direction

    <RULE> Along a direction of singular value $\sigma$, a step multiplies the pair $(a, x)$ by a matrix. What is its
    trace, as a formula in $\eta$, $\beta$ and $\sigma$?

    - <GRADIENT>
    - <MATRIX>
    - The new $a$ stands in the second equation: put the first one in before you read off the entries.
    """
    formula = -cv.derive(COURSE, sigma=True).characteristic.all_coeffs()[1]
    return draw.exercise(
        formula,
        unit="the trace",
        derived='cv.derive("ema_momentum", sigma=True).characteristic',
        slips=_slips(SIGMA, BETA),
        digits=9,
        letters={"eta": ETA, "beta": BETA, "sigma": SIGMA},
    )


def modulus(draw: Draw) -> Exercise:
    r"""(c) The modulus of complex eigenvalues

    <RULE> Where the two eigenvalues of a direction are complex, what is their modulus, as a formula in $\beta$?

    - <MATRIX>
    - <ROOTS>
    - Complex eigenvalues come as a pair $z, \bar z$, and $z\bar z$ is the determinant.
    """
    determinant = cv.derive(COURSE, sigma=True).characteristic.all_coeffs()[2]
    rate = sp.sqrt(determinant)
    return draw.exercise(
        rate,
        unit="a factor a step, as a formula",
        derived='the root of the last coefficient of cv.derive("ema_momentum", sigma=True).characteristic',
        slips={NEW_WEIGHT: {BETA: 1 - BETA}, SQUARE: determinant, COMPLEMENT: 1 - rate},
        digits=9,
        letters={"beta": BETA},
    )


def repeated(draw: Draw) -> Exercise:
    r"""(d) The largest learning rate with a repeated eigenvalue

    <RULE> Along a direction of singular value $\sigma = <sigma>$, at $\beta = <beta>$: what is the largest $\eta$ at
    which the two eigenvalues are equal?

    - <GRADIENT>
    - <ROOTS>
    - $\tau^2 = 4\delta$ is a quadratic equation in $\eta$, with two roots: $\tau = \pm 2\sqrt{1-\beta}$.
    """
    return _edge(draw, _repeated()[1], 'cv.regimes("ema_momentum", sigma=True).repeated[1]')


def real_bound(draw: Draw) -> Exercise:
    r"""(e) The largest stable learning rate

    <RULE> Along a direction of singular value $\sigma = <sigma>$, at $\beta = <beta>$: below which $\eta$ is it
    stable?

    - <GRADIENT>
    - At the upper end both eigenvalues are real, and one of them reaches $-1$.
    - Put $z = -1$ into $z^2 - \tau z + \delta = 0$, with $\tau = 2 - \beta - 2\eta\beta\sigma^2$ and $\delta = 1 -
      \beta$.
    """
    return _edge(draw, cv.stability(COURSE, sigma=True).lr_max, 'cv.stability("ema_momentum", sigma=True).lr_max')


def complex_from(draw: Draw) -> Exercise:
    r"""(f) Where complex eigenvalues begin

    <RULE> Along a direction of singular value $\sigma = <sigma>$, at $\beta = <beta>$: above which $\eta$ are the
    eigenvalues complex?

    - <GRADIENT>
    - <ROOTS>
    - $\tau^2 = 4\delta$ is a quadratic equation in $\eta$; they are complex between its roots.
    """
    return _edge(draw, _repeated()[0], 'cv.regimes("ema_momentum", sigma=True).repeated[0]')


def _edge(draw: Draw, formula: sp.Expr | None, derived: str) -> Exercise:
    sigma, beta = draw.number("sigma", "0.4", "3", "0.1"), draw.number("beta", "0.1", "0.9", "0.05")
    at = {SIGMA: sigma, BETA: beta}
    return draw.exercise(formula, at, unit="a learning rate", derived=derived, slips=_slips(sigma, beta))


def descent_lr(draw: Draw) -> Exercise:
    r"""(g) The best learning rate of gradient descent

    <PLAIN> The singular values of $X$ lie between <smallest> and <largest>, both included. Which $\eta$ is the best?

    - <GRADIENT>
    - The error along a curvature $\lambda$ is multiplied by $1 - \eta\lambda$ a step.
    - At the best $\eta$ the smallest and the largest curvature are equally fast: $1 - \eta\mu = \eta L - 1$.
    """
    small, large = _two_sigmas(draw)
    return draw.exercise(
        cv.optimum(DESCENT).hyper["lr"],
        {MU: 2 * small**2, LARGEST: 2 * large**2},
        unit="a learning rate",
        derived='cv.optimum("gradient_descent").hyper["lr"]',
        slips={HALF: {MU: small**2, LARGEST: large**2}, SINGULAR: {MU: 2 * small, LARGEST: 2 * large}},
    )


def _two_sigmas(draw: Draw) -> tuple[sp.Expr, sp.Expr]:
    return draw.number("smallest", "0.3", "0.9", "0.1"), draw.number("largest", "1.5", "3", "0.1")


def descent_steps(draw: Draw) -> Exercise:
    r"""(g) Steps of gradient descent to 99.9 %

    <PLAIN> The singular values of $X$ lie between <smallest> and <largest>. At the best $\eta$, after how many steps
    is the error along every direction at most one thousandth of the first one?

    - The best rate is $\rho = (\kappa - 1)/(\kappa + 1)$, with the ratio $\kappa = L/\mu$ of the curvatures.
    - Solve $\rho^k \le 10^{-3}$ for the smallest whole $k$.
    - $k = \lceil \ln 1000 / (-\ln\rho)\rceil$.
    """
    small, large = _two_sigmas(draw)

    def steps(power: int = 2, within: float = 1e-3) -> int:
        ends = {"mu": float(2 * small**power), "L": float(2 * large**power)}
        return int(cv.steps_to(DESCENT, within, **ends, **cv.optimum(DESCENT).at(**ends).hyper))

    return draw.exercise(
        steps(),
        unit="steps",
        derived='cv.steps_to("gradient_descent", 1e-3, mu=…, L=…, lr=…)',
        slips={SINGULAR: steps(1), LOG10: steps(2, float(sp.exp(-3))), LOSS: steps(2, 10**-1.5)},
        digits=9,
    )


def momentum_rate(draw: Draw) -> Exercise:
    r"""(g) The best rate of momentum

    <RULE> The singular values of $X$ lie between <smallest> and <largest>, both included; $\eta$ and $\beta$ are the
    best ones. By which factor does the error shrink a step, in the end?

    - Where all eigenvalues are complex (or repeated), all directions are equally fast.
    - The best $\beta$ is the largest for which both ends of the spectrum have a repeated eigenvalue at one $\eta$.
    - The rate is $(\sqrt\kappa - 1)/(\sqrt\kappa + 1)$, and $\sqrt\kappa$ is the ratio of the singular values.
    """
    small, large = _two_sigmas(draw)
    rate, at = cv.optimum(COURSE).rate, {MU: 2 * small**2, LARGEST: 2 * large**2}
    return draw.exercise(
        rate,
        at,
        unit="a factor a step",
        derived='cv.optimum("ema_momentum").rate',
        slips={
            SINGULAR: {MU: 2 * small, LARGEST: 2 * large},
            COMPLEMENT: (1 - sp.sympify(rate)).xreplace(at),
            LOSS: (sp.sympify(rate) ** 2).xreplace(at),
        },
    )


def slower_direction(draw: Draw) -> Exercise:
    r"""(h) The slower of two directions

    <PLAIN> $X$ has the singular values <largest> and <smallest>, and $\eta = <lr>$. By which factor does the error
    along the slower direction shrink a step?

    - <GRADIENT>
    - Each direction has the factor $|1 - 2\eta\sigma^2|$; the one nearer to 1 is the slower.
    """
    small, large = draw.number("smallest", "0.3", "0.9", "0.1"), draw.number("largest", "1.1", "2", "0.1")
    rate = cv.rate(DESCENT).subs(ETA, draw.number("lr", "0.05", "0.2", "0.01"))

    def slower(half: int = 1, power: int = 2) -> sp.Expr:
        return max(rate.subs(CURVATURE, 2 * sigma**power / half) for sigma in (small, large))

    return draw.exercise(
        slower(),
        unit="a factor a step",
        derived='cv.rate("gradient_descent") at both curvatures',
        slips={HALF: slower(2), SINGULAR: slower(power=1), COMPLEMENT: 1 - slower(), LOSS: slower() ** 2},
    )
