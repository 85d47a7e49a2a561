"""The stable region of a method: Schur–Cohn inequalities, the largest stable learning rate, membership on arrays.

Membership is exact: floats are read as the decimals they print as, and points near the boundary are decided in
fractions. Where the rule itself divides by zero it is not stable, although the quotient may cancel in the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.methods import as_method
from convergence.notation import latex
from convergence.plotting import Plotted
from convergence.rule import Method
from convergence.theory import candidates
from convergence.theory.cells import Cells, cells, joined, tried
from convergence.theory.inequality import is_positive, numbers, relationals
from convergence.theory.rational import rational
from convergence.theory.rest import rest_of
from convergence.theory.schur import stable_conditions
from convergence.theory.symbols import CURVATURE, rewritten, sigma_curvature, sigma_symbols
from convergence.theory.system import System, system


@dataclass(frozen=True)
class Region(Plotted, figure="region"):
    """Where a method is stable along a direction of curvature λ: spectral radius below 1, strictly.

    Attributes
    ----------
    conditions
        The Schur–Cohn inequalities, simplified for λ > 0, lr > 0, momentum ≥ 0.
    lr_max
        The supremum of the stable learning rates for other hyperparameters that can be stable at all, and that lie in their
        domains, those without one between 0 and 1:
        ∞ where there is no bound, 0 where none is ever stable, None where it has no short formula (``largest_lr`` has
        its value at any numbers).
    decided
        Whether ``lr_max`` was decided in every cell into which the competing bounds cut those hyperparameters; else it
        holds where it was tried.
    polynomials
        The conditions unsimplified: all positive means stable, except where one of the ``poles`` vanishes.
    poles
        What the rule divides by: where one is zero there is no next state, although the quotient may cancel in the
        matrix.
    symbols
        "curvature" (or "sigma") and the name of each hyperparameter -> its letter.

    >>> import convergence as cv
    >>> cv.stability("nesterov").contains([1.0, 2.0], lr=0.9, momentum=0.5)
    array([ True, False])
    >>> cv.stability("heavy_ball").intervals(2.0, momentum=0.5)
    [(0.0, 1.5)]
    """

    method: Method
    conditions: tuple[Any, ...]
    lr_max: sp.Expr | None
    decided: bool
    polynomials: tuple[sp.Expr, ...]
    symbols: Mapping[str, sp.Symbol]
    poles: tuple[sp.Expr, ...] = ()

    def contains(self, curvature: Any, **hyper: Any) -> NDArray[np.bool_]:
        """Whether the method is stable there, exactly: floats are read as the decimals they print as.

        Parameters
        ----------
        curvature, hyper
            Numbers or arrays, broadcast; fractions and SymPy numbers, too.

        Returns
        -------
        A bool array. The boundary is not stable.

        Raises
        ------
        BadHyperparameter
            For wrong names or values.

        >>> stability("gradient_descent").contains(1.0, lr=[1.9, 2.0, 2.1]).tolist()
        [True, False, False]
        """
        settings = self.method.settings(hyper)
        arguments = [CURVATURE, *(self.method.symbols[name] for name in settings)]
        values = gridded({"curvature": curvature, **settings})
        return _all_positive((*self.polynomials, *(pole**2 for pole in self.poles)), arguments, values)[()]

    def intervals(self, curvature: float, **hyper: Any) -> list[tuple[float, float]]:
        """The open intervals of stable learning rates at these numbers, in order: a stable set may be a union.

        Parameters
        ----------
        curvature, hyper
            One number each, the learning rate left out.

        Returns
        -------
        Pairs (low, high), in units of 1/λ; none where no rate is stable.

        >>> stability("gradient_descent").intervals(4.0)
        [(0.0, 0.5)]
        """
        rate, point = self._point(curvature, hyper)
        pieces = [(low, high) for low, _, high in candidates.positive_pieces(self.polynomials, rate, point)]
        apart = [k for k, (low, _) in enumerate(pieces) if not k or low != pieces[k - 1][1]]
        ends = [*(k - 1 for k in apart[1:]), len(pieces) - 1]
        return [(pieces[first][0], pieces[last][1]) for first, last in zip(apart, ends, strict=False)]

    def largest_lr(self, curvature: float, **hyper: Any) -> float:
        """The supremum of the stable learning rates at these numbers (the rate itself is not among them); 0 for none.

        >>> stability("heavy_ball").largest_lr(10.0, momentum=0.9)
        0.38
        """
        rate, point = self._point(curvature, hyper)
        return candidates.supremum(self.polynomials, rate, point)

    def _point(self, curvature: Any, hyper: Mapping[str, Any]) -> tuple[sp.Symbol, candidates.Point]:
        """The letter of the learning rate, and the values of all others."""
        name = self.method.rate
        if name is None:
            raise BadHyperparameter(f"{self.method.name} has no learning rate to bound")
        settings = self.method.settings({name: 1.0, **hyper})
        point = {self.method.symbols[n]: exact(v) for n, v in settings.items() if n != name}
        return self.method.symbols[name], {**point, CURVATURE: exact(numbers("curvature", curvature)[()])}

    def _repr_latex_(self) -> str:
        return "$$" + r",\quad ".join(map(latex, self.conditions)) + "$$"

    def __repr__(self) -> str:
        tried = "" if self.decided else " (holds where tried)"
        return f"Region of {self.method.name}: {', '.join(map(str, self.conditions))}; lr_max = {self.lr_max}{tried}"


def gridded(given: Mapping[str, Any]) -> tuple[NDArray[Any], ...]:
    """Numbers by name as arrays of one shape. BadHyperparameter for what is none, and for shapes that do not broadcast."""
    arrays = [numbers(name, value) for name, value in given.items()]
    try:
        return tuple(np.broadcast_arrays(*arrays))
    except ValueError:
        shapes = ", ".join(str(one.shape) for one in arrays)
        raise BadHyperparameter(f"curvature and hyperparameters must broadcast; got shapes {shapes}") from None


def inside(method: Method, arguments: Sequence[sp.Symbol], values: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """Where a method is stable on arrays of one shape, exactly; ``Region.contains`` without deriving the region's bound."""
    derived, roots = rational(system(method))
    polynomials = [p.xreplace(roots) for p in stable_polynomials(derived)]
    return _all_positive((*polynomials, *(pole**2 for pole in rest_of(method).poles)), arguments, values)


def _all_positive(
    polynomials: Sequence[sp.Expr], arguments: Sequence[sp.Symbol], values: Sequence[NDArray[Any]]
) -> NDArray[np.bool_]:
    positive = np.ones(values[0].shape, dtype=bool)
    for polynomial in polynomials:
        positive &= is_positive(polynomial, list(arguments), values)
    return positive


def stability(m: Any, *, sigma: bool = False, loss: str = "sum") -> Region:
    """Derive where a method is stable along a direction: inequalities, the largest stable ``lr``, membership on arrays.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset, or a plain update rule.
    sigma, loss
        Formulas in the singular value σ instead of the curvature λ, as for ``derive``.

    Returns
    -------
    Region
        Along one direction. A method converges on a problem where that holds for each of its curvatures; for most
        methods the largest decides. The boundary itself does not belong to it.

    Raises
    ------
    NotLinear
        As ``derive``, and where the iteration matrix is not rational in the hyperparameters.
    BadRule, BadName
        As ``derive``.

    The criterion is Schur's and Cohn's (Jury 1964, ch. 3).

    >>> stability("heavy_ball").lr_max
    2*(beta + 1)/lambda
    >>> bool(stability("heavy_ball").contains(10.0, lr=0.38, momentum=0.9))
    False
    """
    result = region(as_method(m))
    return in_sigma(result, loss) if sigma else result


@cache
def region(method: Method) -> Region:
    """Derive the stable region of a method from its rule. NotLinear where it has no iteration matrix."""
    derived, roots = rational(system(method))
    polynomials = stable_polynomials(derived)
    conditions, bound, decided = relationals(polynomials, derived), sp.Integer(0), True
    if sp.false not in conditions:
        bound, decided = _lr_max(derived, roots)
    result = Region(method, conditions, bound, decided, polynomials, derived.symbols, rest_of(method).poles)
    return rewritten(result, roots, "conditions", "lr_max", "polynomials")


def lr_max_of(derived: System) -> tuple[sp.Expr | None, bool]:
    """The largest stable rate of a system, and whether that was decided in every cell, as those of a ``Region``.

    Of more than two states that mix, in more than three other letters, cells are too many: formulas linear in the rate are
    tried, at points where one is positive.
    """
    derived, roots = rational(derived)
    polynomials, rate = stable_polynomials(derived), derived.symbols.get(derived.method.rate or "")
    others = sorted({s for p in polynomials for s in p.free_symbols} - {rate}, key=str)
    if rate is None or all(factor.degree() <= 2 for factor, _ in derived.factors) or len(others) <= 3:
        bound, decided = _lr_max(derived, roots)
    else:
        parts = [f for p in polynomials for f, _ in sp.factor_list(p)[1] if f.has(rate) and sp.degree(f, rate) == 1]
        formulas, decided = candidates.solutions(parts, rate) or (), False
        points = tuple(p for p in tried(others).points if max(candidates.values(formulas, p), default=0) > 0)
        suprema = [candidates.supremum(polynomials, rate, point) for point in points]
        bound = joined(formulas, suprema, Cells(points, decided))
    return None if bound is None else bound.xreplace(roots), decided


def largest_at(derived: System, point: Mapping[sp.Symbol, sp.Expr]) -> float:
    """The supremum of a system's stable rates at numbers for all other letters; 0 for none."""
    plain, roots = rational(derived)
    values = {**point, **{letter: root.subs(point) for letter, root in roots.items()}}
    return candidates.supremum(stable_polynomials(plain), derived.symbols[derived.method.rate or ""], values)


@cache
def stable_polynomials(derived: System) -> tuple[sp.Expr, ...]:
    """Polynomials in λ and the hyperparameters that are all positive exactly where the system is stable."""
    conditions = (condition for factor, _ in derived.factors for condition in stable_conditions(factor))
    return tuple(dict.fromkeys(conditions))


def in_sigma(result: Region, loss: str) -> Region:
    """The same region in σ: λ = cσ². What it ``contains`` is still asked in curvatures."""
    swapped = replace(result, symbols=sigma_symbols(result.symbols))
    return rewritten(swapped, {CURVATURE: sigma_curvature(loss)}, "conditions", "lr_max")


def _lr_max(derived: System, roots: Mapping[sp.Symbol, sp.Expr]) -> tuple[sp.Expr | None, bool]:
    """The formula that is the largest stable rate in every cell of the other hyperparameters, and whether all were decided."""
    if derived.method.rate is None:
        return None, True
    rate, polynomials = derived.symbols[derived.method.rate], stable_polynomials(derived)
    partition = cells(derived, polynomials, rate, roots)
    suprema = [candidates.supremum(polynomials, rate, point) for point in partition.points]
    return joined(candidates.solutions(polynomials, rate) or (), suprema, partition), partition.decided
