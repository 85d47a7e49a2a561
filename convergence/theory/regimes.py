"""Damping regimes: for which learning rates the eigenvalues are real, repeated or complex.

The edges are the roots of the discriminant in the learning rate; between them a sample point decides the kind, in every
cell of the other hyperparameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.methods import as_method
from convergence.notation import latex
from convergence.plotting import Plotted
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory import candidates
from convergence.theory.cells import Cells, cells, joined
from convergence.theory.rational import rational
from convergence.theory.region import stable_polynomials
from convergence.theory.symbols import CURVATURE, rewritten, sigma_curvature, sigma_symbols
from convergence.theory.system import System, system

KINDS = ("real", "repeated", "complex")
FORMULAS = (*KINDS, "largest_stable", "discriminant")

LONGEST = 120
"""A formula with more operations than this is no answer to anybody: numbers are given instead."""


@dataclass(frozen=True)
class Regimes(Plotted, Tabular, figure="regimes"):
    """The regimes of a method along a direction, in its learning rate, for other hyperparameters between 0 and 1.

    Real positive eigenvalues: the error falls monotonely. Complex ones: it ripples. A repeated one: critical damping.
    None in the place of any of these: there is no formula in square roots; ``at`` still has the numbers.

    Attributes
    ----------
    real, complex
        Open intervals of the learning rate, in units of 1/λ.
    repeated
        The rates between them, at which eigenvalues meet.
    largest_stable
        For each kind the supremum of the rates that have it and are stable, 0 where none is.
    bands
        The kinds in order of growing rates, one more than there are repeated rates.
    discriminant
        Of the characteristic polynomial in z, factored; its sign tells the kind.
    symbols
        "curvature" (or "sigma") and the name of each hyperparameter -> its letter.
    decided
        Whether all of this was decided in every cell into which the competing edges cut the other hyperparameters; else it
        holds where it was tried.
    """

    method: Method
    real: tuple[sp.Interval, ...] | None
    repeated: tuple[sp.Expr, ...] | None
    complex: tuple[sp.Interval, ...] | None
    largest_stable: dict[str, sp.Expr | None]
    bands: tuple[str, ...]
    discriminant: sp.Expr
    symbols: Mapping[str, sp.Symbol]
    decided: bool = True

    def at(self, curvature: float, **hyper: Any) -> dict[str, tuple[Any, ...]]:
        """The regimes at a curvature λ and numbers: intervals as pairs (low, high) of floats, repeated rates as floats.

        Returns
        -------
        "real", "repeated", "complex" -> a tuple of these.

        >>> regimes("heavy_ball").at(1.0, momentum=0.25)["complex"]
        ((0.25, 2.25),)
        """
        settings = self.method.settings({_rate(self.method): 1.0, **hyper})
        rest = {n: v for n, v in settings.items() if n != _rate(self.method)}
        point = {self.method.symbols[n]: exact(v) for n, v in rest.items()} | {CURVATURE: exact(curvature)}
        bands = _bands(system(self.method), self.method.symbols[_rate(self.method)], point)
        real, turning = (tuple((a, b) for a, b, k in bands if k == kind) for kind in ("real", "complex"))
        return {"real": real, "repeated": tuple(low for low, _, _ in bands[1:]), "complex": turning}

    def table(self) -> dict[str, Any]:
        """A row for each interval of the learning rate, in order; none where there is no formula of its ends."""
        edges = (sp.S.Zero, *(self.repeated or ()), sp.oo)
        rows = [(edges[k], edges[k + 1], kind) for k, kind in enumerate(self.bands)]
        return {name: [row[k] for row in rows] for k, name in enumerate(("above", "below", "kind"))}

    def _repr_latex_(self) -> str:
        rows = [
            rf"\text{{{kind}}} & {latex('no closed form' if getattr(self, kind) is None else getattr(self, kind))}"
            for kind in KINDS
        ]
        return r"$$\begin{array}{ll}" + r" \\ ".join(rows) + r"\end{array}$$"

    def __repr__(self) -> str:
        tried = "" if self.decided else " (holds where tried)"
        return f"Regimes of {self.method.name}: {'; '.join(f'{kind} {getattr(self, kind)}' for kind in KINDS)}{tried}"


def regimes(m: Any, *, sigma: bool = False, loss: str = "sum") -> Regimes:
    """Derive for which ``lr`` the eigenvalues are real, repeated, complex, and the largest stable ``lr`` of each kind.

    Parameters
    ----------
    m
        A Method, its name, a preset or a plain rule.
    sigma, loss
        Formulas in the singular value σ instead of the curvature λ, as for ``derive``.

    Returns
    -------
    Regimes

    Raises
    ------
    BadHyperparameter
        For a rule without a learning rate.
    NotLinear, BadRule, BadName
        As ``derive``.

    >>> regimes("heavy_ball").repeated
    ((1 - sqrt(beta))**2/lambda, (sqrt(beta) + 1)**2/lambda)
    >>> regimes("heavy_ball").largest_stable["real"]
    2*(beta + 1)/lambda
    """
    result = damping(as_method(m))
    return in_sigma(result, loss) if sigma else result


@cache
def damping(method: Method) -> Regimes:
    """Derive the regimes of a method from its rule. BadHyperparameter for a rule that has no learning rate."""
    rate = method.symbols[_rate(method)]
    derived, roots = rational(system(method))
    edges = candidates.solutions([derived.discriminant], rate)
    if edges is not None and max(map(sp.count_ops, edges), default=0) > LONGEST:
        edges = None
    partition = cells(derived, [*stable_polynomials(derived), derived.discriminant], rate, roots)
    cuts = [_cut(derived, rate, point, edges or ()) for point in partition.points]
    agreed = edges is not None and all(cut == cuts[0] for cut in cuts)
    real, repeated, turning = _intervals(*cuts[0]) if agreed else (None, None, None)
    largest = _largest(derived, rate, edges or (), partition)
    bands = cuts[0][1] if agreed else ()
    letters = derived.symbols
    result = Regimes(method, real, repeated, turning, largest, bands, derived.discriminant, letters, partition.decided)
    return rewritten(result, roots, *FORMULAS)


def in_sigma(result: Regimes, loss: str) -> Regimes:
    """The same regimes in σ: λ = cσ²."""
    swapped = replace(result, symbols=sigma_symbols(result.symbols))
    return rewritten(swapped, {CURVATURE: sigma_curvature(loss)}, *FORMULAS)


def _rate(method: Method) -> str:
    if method.rate is None:
        raise BadHyperparameter(f"{method.name} has no learning rate to divide into regimes")
    return method.rate


def _bands(derived: System, rate: sp.Symbol, point: candidates.Point) -> list[tuple[float, float, str]]:
    """The intervals of the learning rate between the edges at this point, and the kind of each."""
    edges = candidates.real_roots([derived.discriminant], rate, point)
    return [(low, high, _kind(derived, {**point, rate: inside})) for low, inside, high in candidates.between(edges)]


Cut = tuple[tuple[sp.Expr, ...], tuple[str, ...]]


def _cut(derived: System, rate: sp.Symbol, point: candidates.Point, edges: Sequence[sp.Expr]) -> Cut:
    """The edges in their order at this point, and the kind of each interval between them."""
    bands = _bands(derived, rate, point)
    names = tuple((candidates.matching(edges, low, point) or [sp.nan])[0] for low, _, _ in bands[1:])
    return names, tuple(kind for _, _, kind in bands)


def _kind(derived: System, point: candidates.Point) -> str:
    roots = np.roots(candidates.values(derived.characteristic.all_coeffs(), point))
    return "complex" if np.any(np.abs(roots.imag) > 1e-7 * np.abs(roots).max(initial=0)) else "real"


def _intervals(
    edges: tuple[sp.Expr, ...], kinds: tuple[str, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    ends = [sp.Integer(0), *edges, sp.oo]
    pieces = list(zip(kinds, ends[:-1], ends[1:], strict=True))
    real, turning = (tuple(sp.Interval.open(a, b) for k, a, b in pieces if k == kind) for kind in ("real", "complex"))
    return real, edges, turning


def _largest(derived: System, rate: sp.Symbol, edges: Sequence[sp.Expr], partition: Cells) -> dict[str, sp.Expr | None]:
    """The supremum of the stable rates of each kind, as the formula that wins in every cell."""
    formulas = [*edges, *(candidates.solutions(stable_polynomials(derived), rate) or ())]
    suprema = [_suprema(derived, rate, point) for point in partition.points]
    return {kind: joined(formulas, [one[kind] for one in suprema], partition) for kind in KINDS}


def _suprema(derived: System, rate: sp.Symbol, point: candidates.Point) -> dict[str, float]:
    """The supremum of the stable rates of each kind at this point; 0 for none."""
    polynomials = stable_polynomials(derived)
    edges = candidates.real_roots([derived.discriminant], rate, point)
    found = [(edge, "repeated") for edge in edges if min(candidates.values(polynomials, {**point, rate: edge})) > 0]
    for _, inside, high in candidates.positive_pieces(polynomials, rate, point, tuple(edges)):
        found.append((high, _kind(derived, {**point, rate: inside})))
    return {kind: max((high for high, one in found if one == kind), default=0.0) for kind in KINDS}
