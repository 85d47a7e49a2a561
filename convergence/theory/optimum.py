"""The hyperparameters that make the largest spectral radius over [μ, L] smallest, in closed form where there is one.

A guided derivation. The search of ``minimax`` tells at sample spectra which inequalities are active; just those are solved
exactly (in √μ and √L, which keeps them rational); the result is then held against the search at other spectra.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import isfinite
from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.methods import as_method
from convergence.notation import latex
from convergence.plotting import Plotted
from convergence.rule import Method
from convergence.theory.active_set import SAMPLE
from convergence.theory.deadline import Deadline, within
from convergence.theory.pieces import OTHERS, SEARCHED, Piece, optimal_pieces
from convergence.theory.rate import worst_rate
from convergence.theory.region import region
from convergence.theory.symbols import LARGEST, MU, rewritten
from convergence.theory.system import system
from convergence.theory.tuned import Tuned, closed, searched
from convergence.theory.unknowns import unknowns

SECONDS = 20.0
"""The time limit of a derivation, and of a search."""


@dataclass(frozen=True)
class Optimum(Plotted, figure="optimum"):
    """The best hyperparameters of a method over all curvatures in [μ, L], and the rate they give.

    ``hyper``, ``rate`` and ``plateau`` put the pieces together. On a plateau a whole interval of learning rates is
    optimal; ``hyper`` then has its middle. A hyperparameter whose part another can play (dampening) stays a symbol in
    ``hyper``.

    Attributes
    ----------
    method
        The Method that is tuned.
    fixed
        The hyperparameters that were held, at numbers or letters.
    pieces
        The closed forms, each under its condition (True where there is one only).
    exact
        Whether every piece has a closed form; where not, ``at`` gives the best that a search finds.
    note
        What is to be said: "best found", or a bound that is active. Empty where there is nothing.

    >>> import convergence as cv
    >>> best = cv.optimum("heavy_ball")
    >>> best.hyper["momentum"]
    (sqrt(L) - sqrt(mu))**2/(sqrt(L) + sqrt(mu))**2
    """

    method: Method
    fixed: dict[str, sp.Expr]
    pieces: tuple[Piece, ...]
    exact: bool
    note: str

    @property
    def hyper(self) -> dict[str, sp.Expr]:
        """Each hyperparameter as a formula in μ, L and what was fixed; empty where there is no closed form."""
        if not self.exact:
            return {}
        return {name: _joined([(p.hyper[name], p.condition) for p in self.pieces]) for name in self.method.hyper}

    @property
    def rate(self) -> sp.Expr | None:
        """The smallest possible rate as a formula; None where there is no closed form."""
        return _joined([(p.rate, p.condition) for p in self.pieces]) if self.exact else None

    @property
    def determined(self) -> tuple[str, ...]:
        """The hyperparameters that the optimum determines: neither fixed, nor open because another plays their part."""
        return tuple(unknowns(self.method, tuple(self.fixed))[0])

    @property
    def undetermined(self) -> tuple[str, ...]:
        """The hyperparameters that are neither fixed nor determined: with each of their values the optimum is as good."""
        return tuple(unknowns(self.method, tuple(self.fixed))[1])

    @property
    def tried(self) -> tuple[tuple[float, float], ...]:
        """The spectra (μ, L) at which the formulas were found and held against a search; ``certify_formula`` proves them."""
        return (SAMPLE, *OTHERS) if self.exact and self.determined else ()

    @property
    def plateau(self) -> sp.Interval | None:
        """The interval of optimal learning rates, where one piece has it (see ``pieces`` for its condition)."""
        return next((p.plateau for p in self.pieces if p.plateau is not None), None)

    def at(self, *, mu: float, L: float, seconds: float = SECONDS, **numbers: Any) -> Tuned:
        """The optimum in floats for a spectrum in [μ, L].

        Parameters
        ----------
        mu, L
            0 < μ ≤ L.
        seconds
            The time limit of a search, where there is no closed form to evaluate; its note says when it was reached.
        numbers
            For what was fixed at symbols, and for hyperparameters that the optimum leaves open.

        Returns
        -------
        Tuned

        Raises
        ------
        BadHyperparameter
            For wrong or missing numbers.
        NoStableLearningRate
            Where no setting converges.

        >>> optimum("gradient_descent").at(mu=1, L=9)
        Tuned(hyper={'lr': 0.2}, rate=0.8, plateau=None, note='')
        """
        if not 0 < _finite("mu", mu) <= _finite("L", L):
            raise BadHyperparameter(f"expected 0 < mu ≤ L, finite; got mu={mu!r}, L={L!r}")
        fixed = self._numbers(numbers)
        point = {MU: mu, LARGEST: L} | {self.fixed.get(name, self.method.symbols[name]): v for name, v in fixed.items()}
        point = {letter: v for letter, v in point.items() if letter.is_Symbol}
        held = [piece.holds(point) for piece in self.pieces]
        piece = None if None in held else next(p for p, holds in zip(self.pieces, held, strict=True) if holds)
        tuned = closed(self.method, piece, point) if piece is not None and piece.closed else None
        if tuned is None:
            # no closed form, or one that is 0/0 here, as some are at μ = L, or that holds for other spectra only
            tuned = searched(self.method, float(mu), float(L), fixed, seconds)
        if tuned is None:
            given = "".join(f", {name}={value:g}" for name, value in fixed.items())
            raise NoStableLearningRate(
                f"found no hyperparameters with which {self.method.name} converges on [{float(mu):g}, {float(L):g}]{given}"
            )
        return tuned

    def _numbers(self, given: Mapping[str, Any]) -> dict[str, float]:
        """A number for each hyperparameter that the optimum does not determine."""
        wanted = self.fixed | {n: self.method.symbols[n] for n in self.undetermined}
        defaults = {**dict(self.method.defaults), **{n: float(v) for n, v in wanted.items() if v.is_number}}
        letters = {str(v): n for n, v in wanted.items() if v.is_Symbol}
        named = {letters.get(n, n): v for n, v in given.items()}
        unknown = [n for n in named if n not in wanted]
        missing = [n for n in wanted if n not in named and n not in defaults]
        if unknown or missing:
            raise BadHyperparameter(
                f"the optimum of {self.method.name} takes mu, L{''.join(', ' + n for n in wanted)}; "
                + (f"unknown: {', '.join(unknown)}" if unknown else f"missing: {', '.join(missing)}")
            )
        return {n: float(named[n] if n in named else defaults[n]) for n in wanted}

    def _repr_latex_(self) -> str:
        rows = [
            rf"{latex(self.method.symbols[n])}^\star = {latex(v)}"
            for n, v in self.hyper.items()
            if v != self.method.symbols[n]
        ]
        return "$$" + r",\qquad ".join([*rows, rf"\rho^\star = {latex(self.rate)}"]) + "$$"

    def __repr__(self) -> str:
        if not self.exact:
            return f"Optimum of {self.method.name}: {self.note}"
        return f"Optimum of {self.method.name}: " + ", ".join(
            f"{n} = {v}" for n, v in {**self.hyper, "rate": self.rate}.items()
        )


def optimum(m: Any, /, *, seconds: float = SECONDS, **fixed: Any) -> Optimum:
    """Derive the hyperparameters that minimise the largest spectral radius over all curvatures in [μ, L].

    Parameters
    ----------
    m
        A Method, its name, a preset or a plain rule.
    fixed
        A hyperparameter given as a number or a SymPy symbol is held there, and the optimum comes in pieces.
    seconds
        The time limit of the derivation; past it numbers are found by search, and the note says so.

    Returns
    -------
    Optimum
        Formulas in μ and L, found and tried at sample spectra; ``certify_formula`` proves them for all. Numbers for a
        spectrum: ``.at(mu=…, L=…)``, which evaluates what it returns and searches where that is not as good.

    Raises
    ------
    BadHyperparameter
        For unknown names.
    NoStableLearningRate
        Where nothing converges.
    NotLinear, BadRule, BadName
        As ``derive``.

    Checked against Polyak 1964 (heavy ball) and Lessard, Recht and Packard 2016, prop. 1 (Nesterov): no formula of
    theirs stands in the code.

    >>> optimum("gradient_descent").rate
    (L - mu)/(L + mu)
    >>> optimum("heavy_ball").at(mu=1, L=100).rate
    0.8181818181818182
    """
    for end in ("mu", "L"):
        if end in fixed:
            raise BadHyperparameter(
                f"optimum(m) is for every spectrum; for one write optimum(m).at(mu=…, L=…), not {end}=…"
            )
    return best(as_method(m), fixed, seconds)


def best(method: Method, fixed: Mapping[str, Any], seconds: float = SECONDS) -> Optimum:
    """Derive the optimum, with some hyperparameters fixed at numbers or symbols.

    Raises BadHyperparameter for an unknown name, NotLinear where the method has no iteration matrix, and
    NoStableLearningRate where nothing makes it converge.
    """
    method.require_known(fixed)
    letters = {name: value for name, value in fixed.items() if getattr(value, "free_symbols", None)}
    for name, letter in letters.items():
        if str(letter) in ("mu", "L"):
            raise BadHyperparameter(
                f"{name} cannot be called {letter}, which is an end of the spectrum; take another letter"
            )
    numbers = {name: value for name, value in fixed.items() if name not in letters}
    method.settings({**dict.fromkeys(method.hyper, 1.0), **numbers})
    held = {name: method.symbols[name] if name in letters else exact(value) for name, value in fixed.items()}
    determined = unknowns(method, tuple(held))[0]
    # what has a default keeps it, unless it is the rate, or another can play its part
    defaults = {n: exact(v) for n, v in method.defaults if n in determined and n != method.rate}
    values = {**defaults, **held}
    try:
        derived = _best(method, tuple(values.items()), within(seconds))
    except TimeoutError:
        piece = Piece(hyper={**method.symbols, **values})
        derived = Optimum(method, values, (piece,), False, f"no closed form in {seconds:g} s; {SEARCHED}")
    return rewritten(derived, {method.symbols[name]: letter for name, letter in letters.items()}, "fixed", "pieces")


def _finite(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not isfinite(number):
        raise BadHyperparameter(f"expected a finite number for {name}; got {value!r}")
    return number


@cache
def _best(method: Method, fixed: tuple[tuple[str, sp.Expr], ...], deadline: Deadline) -> Optimum:
    derived, conditions = system(method), region(method).conditions
    if sp.false in conditions:
        raise NoStableLearningRate(f"no hyperparameters make {method.name} converge: its radius is never below 1")
    values = {method.symbols[n]: v for n, v in fixed}
    unstable = [condition for condition in conditions if _violated(condition, values)]
    if unstable:
        given = ", ".join(f"{name} = {value}" for name, value in fixed)
        raise NoStableLearningRate(f"{method.name} does not converge with {given}: it must be that {unstable[0]}")
    determined, free = unknowns(method, tuple(dict(fixed)))
    if determined:
        pieces, note = optimal_pieces(derived, determined, fixed, free, deadline)
    elif derived.ends_suffice:
        pieces, note = (Piece(rate=worst_rate(derived).subs(values), closed=True),), ""
    else:
        pieces, note = (Piece(),), "the rate may be set between μ and L; computed numerically"
    named = tuple(replace(p, hyper={**method.symbols, **dict(fixed), **p.hyper}) for p in pieces)
    return Optimum(method, dict(fixed), named, all(p.closed for p in named), note)


def _violated(condition: Any, numbers: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether these numbers alone rule a condition out."""
    try:
        return bool(condition.subs(numbers) == sp.false)
    except TypeError:  # a bound that is infinite or not real there bounds nothing
        return True


def _joined(branches: list[tuple[sp.Expr, Any]]) -> sp.Expr:
    return branches[0][0] if len({value for value, _ in branches}) == 1 else sp.Piecewise(*branches)
