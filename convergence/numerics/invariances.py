"""Invariances of a method: loss or coordinates rescaled, rotated, permuted, shifted, a sign changed, and what comes of it.

Two runs of a few steps, on a quadratic in two dimensions and on the changed one, refute an invariance, or suggest what becomes
of buffers and hyperparameters; with that it is proved on symbols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from convergence.errors import BadName, NotLinear, nearest
from convergence.methods import as_method
from convergence.notation import text
from convergence.numerics.changed_problems import (
    CHANGES,
    CLOSE,
    MOVE,
    PROBLEMS,
    STRETCH,
    TIMES,
    Changed,
    Pair,
    agree,
    pair_of,
    positions,
    usual,
)
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.equivariance import FACTOR, Action, commutes, linear, reflection, scaling, translation

POWERS = (0, -1, 1, -2, 2)
"""Of the factor, that a hyperparameter may have to be multiplied by."""

TRIED, PROVED, REFUTED = "holds where tried", "proved on symbols", "counterexample"


@dataclass(frozen=True)
class Counterexample:
    """Two runs that should agree: the position after so many steps, and that on the changed problem, changed back.

    ``hyper`` are the settings, ``hessian``, ``minimiser`` and ``start`` the plain problem's.
    """

    hyper: Mapping[str, float] = field(hash=False)
    hessian: tuple[tuple[float, ...], ...]
    minimiser: tuple[float, ...]
    start: tuple[float, ...]
    steps: int
    plain: tuple[float, ...]
    changed: tuple[float, ...]


@dataclass(frozen=True)
class Invariance:
    """Whether a method notices a change of the problem.

    Attributes
    ----------
    change
        "loss", "scale", "coordinates", "rotation", "permutation", "shift" or "sign".
    holds
        Whether the run on the changed problem is the changed run, all hyperparameters the same.
    proof
        "proved on symbols", "counterexample", or "holds where tried": no more than a few runs say so.
    hyper
        Where it does not hold: hyperparameter -> the factor of it, in the change's factor c, with which it does; empty if none.
    restored
        How that is known, as ``proof``; empty where nothing restores it.
    state
        Buffer -> what becomes of it, where that is a factor or a shift.
    counterexample
        The two runs that refute it.
    """

    change: str
    holds: bool
    proof: str
    hyper: Mapping[str, sp.Expr] = field(default_factory=dict, hash=False)
    restored: str = ""
    state: Mapping[str, sp.Expr] = field(default_factory=dict, hash=False)
    counterexample: Counterexample | None = field(default=None, repr=False)

    @property
    def said(self) -> str:
        """In words."""
        if self.holds or not self.hyper:
            return f"{'yes' if self.holds else 'no'} ({self.proof})"
        factors = ", ".join(f"{name} times {text(factor)}" for name, factor in self.hyper.items())
        return f"no ({self.proof}); with {factors} ({self.restored})"


@dataclass(frozen=True)
class Invariances(Tabular):
    """What a method notices of changes of the problem: an ``Invariance`` for each, by its name, ``result["rotation"]``.

    "loss": cf in the place of f. "scale": f(cx), all coordinates by one factor; "coordinates": each by its own, c > 0.
    "sign": one coordinate's. "rotation", "permutation", "shift": of the coordinates.
    """

    method: str
    entries: tuple[Invariance, ...]

    def __getitem__(self, change: str) -> Invariance:
        for entry in self.entries:
            if entry.change == change:
                return entry
        raise BadName(
            f"there is no change {str(change)[:60]!r}: {nearest(str(change), (e.change for e in self.entries))}"
        )

    def table(self) -> dict[str, Any]:
        """A row for each change: whether it goes unnoticed, how that is known; ``with`` which factors, and how ``then``."""
        return {
            "change": [e.change for e in self.entries],
            "holds": [e.holds for e in self.entries],
            "proof": [e.proof for e in self.entries],
            "with": [", ".join(f"{n} times {text(f)}" for n, f in e.hyper.items()) for e in self.entries],
            "then": [e.restored for e in self.entries],
        }

    def __repr__(self) -> str:
        return "\n".join([f"Invariances of {self.method}", *(f"  {e.change}: {e.said}" for e in self.entries)])


def invariances(m: Any, /) -> Invariances:
    """Which changes of the problem a method does not notice: of the loss's scale, of coordinates, of the origin.

    The run on the changed problem from the changed start is to be the changed run, buffers changing as they have to. Each is
    proved on symbols, for all problems and hyperparameters, or refuted by two runs. Where factors on hyperparameters make it
    hold (gradient descent on cf with lr/c), they are given. A rule that takes norms cannot be read on symbols: what runs do
    not refute of it "holds where tried".

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.

    Raises
    ------
    BadRule
        For a rule that does not run on arrays.
    BadName
        For an unknown name.

    >>> import convergence as cv
    >>> cv.invariances("gradient_descent")
    Invariances of gradient_descent
      loss: no (counterexample); with lr times 1/c (proved on symbols)
      scale: no (counterexample); with lr times 1/c² (proved on symbols)
      coordinates: no (counterexample)
      rotation: yes (proved on symbols)
      permutation: yes (proved on symbols)
      shift: yes (proved on symbols)
      sign: yes (proved on symbols)
    >>> all(entry.holds for entry in cv.invariances("newton").entries)
    True
    """
    method = as_method(m)
    return Invariances(method.name, tuple(_judged(method, change) for change in CHANGES))


def _judged(method: Method, change: Changed) -> Invariance:
    hyper = usual(method)
    pairs = [pair_of(method, change, problem, hyper, hyper) for problem in PROBLEMS]
    if all(agree(change, *pair) for pair in pairs):
        proof, state = _proof(method, change, pairs, {})
        return Invariance(change.name, True, proof, state=state)
    worst = next(k for k, pair in enumerate(pairs) if not agree(change, *pair))
    refuted = _counterexample(change, hyper, PROBLEMS[worst], *pairs[worst])
    if change.name not in ("loss", "scale"):
        return Invariance(change.name, False, REFUTED, counterexample=refuted)
    for powers in _powers(method):
        scaled = {name: value * TIMES ** powers.get(name, 0) for name, value in hyper.items()}
        other = [pair_of(method, change, problem, hyper, scaled) for problem in PROBLEMS]
        if all(agree(change, *pair) for pair in other):
            proof, state = _proof(method, change, other, powers)
            factors = {name: FACTOR**power for name, power in powers.items()}
            return Invariance(change.name, False, REFUTED, factors, proof, state, refuted)
    return Invariance(change.name, False, REFUTED, counterexample=refuted)


def _powers(method: Method) -> Iterator[dict[str, int]]:
    """Powers of c for the hyperparameters that are no shares, small ones first."""
    names = [name for name, domain in method.domains.items() if not domain.is_share][:3]
    every = sorted(product(POWERS, repeat=len(names)), key=lambda powers: sum(map(abs, powers)))
    for powers in every:
        yield {name: power for name, power in zip(names, powers, strict=True) if power}


def _counterexample(
    change: Changed,
    hyper: Mapping[str, float],
    problem: tuple[Array, Array, Array],
    plain: list[list[Array]],
    other: list[list[Array]],
) -> Counterexample:
    one, two = positions(plain), change.back(positions(other))
    apart = np.abs(one - two).max(axis=1) > CLOSE * np.abs(one).max()
    step = int(np.argmax(apart | ~np.isfinite(one - two).all(axis=1)))
    hessian, minimiser, start = problem
    return Counterexample(
        hyper=dict(hyper),
        hessian=(_numbers(hessian[0]), _numbers(hessian[1])),
        minimiser=_numbers(minimiser),
        start=_numbers(start),
        steps=step,
        plain=_numbers(one[step]),
        changed=_numbers(two[step]),
    )


def _numbers(vector: Array) -> tuple[float, ...]:
    return tuple(map(float, vector))


def _proof(
    method: Method, change: Changed, pairs: Sequence[Pair], powers: Mapping[str, int]
) -> tuple[str, dict[str, sp.Expr]]:
    """How an invariance that two runs have is known, and what becomes of the buffers."""
    buffers = method.state[1:]
    try:
        if change.name == "permutation":
            linear(method)  # read on symbols at all, a rule treats all coordinates alike
            return PROVED, {}
        if change.name == "rotation":
            clocks = [name for k, name in enumerate(method.state) if all(np.ndim(row[k]) == 0 for row in pairs[0][0])]
            return (PROVED if linear(method, clocks) else TRIED), {}
        seen = _seen(change, pairs, len(buffers))
        if seen is None:
            return TRIED, {}
        letters = {method.symbols[name]: power for name, power in powers.items()}
        return (PROVED if commutes(method, _action(change, seen, letters)) else TRIED), _spelled(change, buffers, seen)
    except NotLinear:
        return TRIED, {}


def _action(change: Changed, seen: Sequence[int], letters: Mapping[sp.Symbol, int]) -> Action:
    if change.name == "shift":
        return translation(seen)
    if change.name == "sign":
        return reflection(seen)
    return scaling(seen, change.position, change.gradient, letters)


def _seen(change: Changed, pairs: Sequence[Pair], buffers: int) -> tuple[int, ...] | None:
    """What two runs have become of each buffer: a power of the factor, its sign, or whether it was shifted."""
    powers = []
    for k in range(1, buffers + 1):
        one = np.concatenate([np.atleast_1d(row[k])[..., :1] for plain, _ in pairs for row in plain])
        two = np.concatenate([np.atleast_1d(row[k])[..., :1] for _, other in pairs for row in other])
        candidates = {"shift": (0, 1), "sign": (1, -1)}.get(change.name, (*POWERS, -3, 3, -4, 4))
        scale = np.abs(two).max()
        fits = [p for p in candidates if np.abs(_moved(change, p, one) - two).max() <= CLOSE * scale]
        if not fits:
            return None
        powers.append(fits[0])
    return tuple(powers)


def _moved(change: Changed, p: int, first: Array) -> Array:
    """What a buffer's first entry becomes under a power, a sign or a shift."""
    if change.name == "shift":
        return first - p * float(MOVE[0])
    if change.name == "sign":
        return p * first
    factor = TIMES if change.name != "coordinates" else float(STRETCH[0])
    return first * factor**p


def _spelled(change: Changed, buffers: Sequence[str], seen: Sequence[int]) -> dict[str, sp.Expr]:
    if change.name == "shift":
        return {}
    if change.name == "sign":
        return {name: sp.Integer(sign) for name, sign in zip(buffers, seen, strict=True)}
    return {name: FACTOR**power for name, power in zip(buffers, seen, strict=True)}
