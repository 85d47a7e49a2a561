"""A point where the gradient vanishes: its kind, its curvatures, and what any method does near it.

Near it the gradient is H(x − x*) but for terms of second order, so that what holds for a quadratic with the curvatures of H
holds in the limit. Farther away nothing follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import BadData
from convergence.landscapes.escape import Escape, escape
from convergence.landscapes.flip import Flip, cycles_near, flip, resting
from convergence.landscapes.function import Landscape, number, whole
from convergence.landscapes.newton import NewtonOrder, newton_order
from convergence.landscapes.oracles import Oracles
from convergence.landscapes.period_doubling import PeriodDoubling, period_doubling
from convergence.landscapes.rounding import unsure
from convergence.numerics.radius import bounds, spectral_radius
from convergence.problem import LeastSquares
from convergence.problem.quadratic import Quadratic
from convergence.theory.optimum import optimum
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE

if TYPE_CHECKING:
    from convergence.theory.cycles import Cycle
    from convergence.theory.tuned import Tuned

Array = NDArray[np.float64]

CERTIFIED = "certified"

CLOSE = 1e-3
"""How far from the point a run starts that is given no start: see ``CriticalPoint.beside``."""

CHANGED = 0.1
"""The part of the Hessian that changes over a distance at which it is another one."""


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """A critical point of a function.

    Attributes
    ----------
    function
        The Landscape.
    point
        (d,), the point.
    curvatures
        (d,), the eigenvalues of the Hessian there, largest first: f″ in one variable.
    directions
        (d, d), its eigenvectors, a column each.
    kind
        "minimum", "maximum", "saddle", or "degenerate" where a curvature is 0.
    proof
        What is known: "certified" (ball arithmetic), or why not.
    order
        In one variable, the order of the zero of f′: 1 unless it is degenerate.

    >>> import convergence as cv
    >>> _, hill, _ = cv.local("x*cos(pi*x)", over=(-1, 2))
    >>> hill.kind, round(hill.x, 9), hill.curvatures.round(6).tolist(), hill.proof
    ('maximum', 0.273852687, [-6.525769], 'certified')
    """

    function: Landscape
    point: Array
    curvatures: Array
    directions: Array
    kind: str
    proof: str
    order: int = 1

    @property
    def x(self) -> Any:
        """The point: a float in one variable, else (d,)."""
        return float(self.point[0]) if len(self.point) == 1 else self.point

    @property
    def value(self) -> float:
        """f there."""
        return float(self.function.loss(self.point))

    @property
    def certified(self) -> bool:
        """Whether ball arithmetic proves that there is just one critical point next to these digits."""
        return self.proof == CERTIFIED

    def beside(self, share: float) -> float:
        """A distance: this part of the point's size (or of 1), halved until the Hessian is much the same there."""
        distance, here = share * max(float(np.abs(self.point).max()), 1.0), self.function.hessian(self.point)
        while distance and not self._like(here, distance):
            distance /= 2
        return distance

    def _like(self, here: Array, distance: float) -> bool:
        ahead = self.function.hessian(self.point + distance * self.directions.T)
        return bool(np.abs(ahead - here).max() <= CHANGED * np.abs(here).max())

    def rate(self, m: Any, /, **hyper: Any) -> float:
        """The spectral radius of the method at these curvatures: above 1, runs leave the point (from nearly all starts)."""
        method = resting(m)
        moving = self.curvatures[np.abs(self.curvatures) > 0]
        if not moving.size:
            raise BadData(f"all curvatures vanish at {self.x}: no linear theory says how fast a method comes near")
        return float(np.max(spectral_radius(method, moving, **hyper)))

    def lr_max(self, m: Any, /, **hyper: Any) -> Any:
        """The supremum of the learning rates with which the method converges to the point from nearby.

        Parameters
        ----------
        m
            A Method, its name, a preset, or an update rule.
        hyper
            Its other hyperparameters. In one variable those without a value are letters of a formula.

        Raises
        ------
        BadData
            At a point that is no minimum.
        NotLinear
            For a method that does not rest at minima, as with weight decay.

        >>> import convergence as cv
        >>> low, _, _ = cv.local("x*cos(pi*x)", over=(-1, 2))
        >>> low.lr_max("heavy_ball", momentum=0.9)
        0.582306...
        """
        model, method = self._quadratic(), resting(m)
        known = {**dict(method.defaults), **hyper}
        if len(self.point) == 1 and any(name not in known and name != method.rate for name in method.hyper):
            method.require_known(hyper)
            bound = region(method).lr_max
            return None if bound is None else bound.subs({CURVATURE: sp.Float(model.L), **_letters(method, known)})
        rest = {name: value for name, value in known.items() if name != method.rate}
        settings = method.at(**{**({method.rate: 1.0} if method.rate else {}), **rest}).numbers
        return float(bounds(method, model.curvatures[: model.rank], settings).min())

    def optimum(self, m: Any, /, **fixed: Any) -> Tuned:
        """The settings with the best rate near the point, as ``cv.optimum(m, **fixed).at(mu=…, L=…)``."""
        model = self._quadratic()
        return optimum(resting(m), **fixed).at(mu=model.mu, L=model.L)

    def _quadratic(self) -> LocalQuadratic:
        raise BadData(
            f"{self.function.name} has no minimum at {self.x}, it is a {self.kind}: no learning rate makes a run "
            f"come to rest there from all sides; .rate has the multipliers' size, .escape the time to leave"
        )

    @cached_property
    def newton(self) -> NewtonOrder:
        """The order and the constant of Newton's method at the point, in one variable."""
        return newton_order(self)

    def flip(self, m: Any = "gradient_descent", /, **hyper: Any) -> Flip:
        """What happens where the learning rate passes its limit: see ``Flip``. In one variable, of a formula."""
        return flip(self._quadratic(), m, hyper)

    def cycles(self, m: Any = "gradient_descent", /, period: int = 2, **hyper: Any) -> list[Cycle]:
        """Cycles of the method on the function itself, found around the point, each with its multipliers and its proof."""
        return cycles_near(self, m, whole("period", period, 2, 64), hyper)

    def period_doubling(self, m: Any = "gradient_descent", /, **hyper: Any) -> PeriodDoubling:
        """Rests, 2-cycles and longer orbits over the learning rate, for a picture: see ``PeriodDoubling``. In one variable."""
        return period_doubling(self._quadratic(), m, hyper)

    def escape(self, m: Any = "gradient_descent", /, *, start: float = 1e-6, to: float = 1.0, **hyper: Any) -> Escape:
        """How long a run stays near a saddle or a maximum: see ``Escape``."""
        return escape(self, m, number("start", start, 0.0), number("to", to, 0.0), hyper)

    def __repr__(self) -> str:
        x = ", ".join(f"{v:.10g}" for v in self.point)
        bends = ", ".join(f"{v:.6g}" for v in self.curvatures)
        of = f", a zero of f′ of order {self.order}" if self.order > 1 else ""
        return (
            f"{self.kind} of {self.function.name} at {x}: f = {self.value:.10g}, curvature {bends}{of} ({self.proof})"
        )


@dataclass(frozen=True, eq=False, repr=False)
class LocalQuadratic(CriticalPoint, Quadratic):
    """A critical point where no curvature is negative, and some are positive: a quadratic like any other.

    Its spectrum is that of the Hessian there; ``loss`` and ``grad`` are those of the function itself. A run that is given no
    start begins close by. X and y are data with the quadratic model as their loss.
    """

    def __post_init__(self) -> None:
        sigma = np.sqrt(self.curvatures)
        names = tuple(str(v) for v in self.function.variables)
        self._set(singular_values=sigma, rank=int(np.count_nonzero(sigma)))
        self._set(minimizer=self.point, minimum=self.value, columns=names, scale=1.0, loss_name="half")
        self._set(preparation=(f"the Hessian of {self.function.name} at its {self.kind} {self.x}",))
        rows = sigma[:, None] * self.directions.T
        self._set(X=rows, y=rows @ self.point)

    @property
    def model(self) -> LeastSquares:
        """The quadratic ½(x − x*)ᵀH(x − x*)."""
        return LeastSquares(self.X, self.y, "half")

    @property
    def start(self) -> Array:
        """The point, and the same small part of its size along each direction that has curvature."""
        return np.asarray(self.point + self.beside(CLOSE) * self.directions[:, : self.rank].sum(axis=1))

    @property
    def sample_scale(self) -> float:
        """1: without rows, the loss is read as ½E(xᵀw − y)²."""
        return 1.0

    def loss(self, w: Array) -> Array:
        """f at w (…, d), as (…)."""
        return self.function.loss(w)

    def grad(self, w: Array) -> Array:
        """∇f at w (…, d), as (…, d)."""
        return self.function.grad(w)

    def oracles(self) -> Oracles:
        """What a rule asks in a run."""
        return Oracles(self.function)

    def _quadratic(self) -> LocalQuadratic:
        return self


def point_at(function: Landscape, point: Array, proof: str, order: int = 1) -> CriticalPoint:
    """The critical point of a function, told by its Hessian.

    What is certified has no curvature 0 unless it is a zero of higher ``order``, for else it would not be known to be alone.
    Elsewhere a curvature is 0 that rounding does not tell from 0.
    """
    hessian = function.hessian(point)
    values, vectors = np.linalg.eigh(hessian)
    values, vectors = values[::-1].copy(), vectors[:, ::-1]
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(axis=0), range(len(point))] < 0, -1.0, 1.0)
    if order != 1:
        values[:] = 0.0
    elif proof != CERTIFIED:
        values[np.abs(values) <= unsure(function.hessian, point)] = 0.0
    bowl = values[0] > 0 and values[-1] >= 0
    made = LocalQuadratic if bowl else CriticalPoint
    return made(function, point, values, vectors, _kind(values), proof, order)


def _kind(values: Array) -> str:
    if not values.all():
        return "degenerate"
    if (values > 0).all():
        return "minimum"
    return "maximum" if (values < 0).all() else "saddle"


def _letters(method: Any, known: dict[str, Any]) -> dict[sp.Symbol, Any]:
    return {method.symbols[name]: exact(value) for name, value in known.items()}
