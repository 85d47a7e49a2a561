"""Exact hyperparameters and a rate that they provably reach for all λ in [μ, L]: the best rate from above."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from convergence.certificates.certificate import Sign
from convergence.certificates.exact import Poly
from convergence.certificates.interval import reached
from convergence.certificates.loop import ring_of
from convergence.certificates.lower_bound import below_domain, inequalities, not_negative
from convergence.certificates.numbers import rational
from convergence.crossing import exact, fraction
from convergence.errors import NoStableLearningRate
from convergence.numerics.radius import spectral_radius
from convergence.numerics.search import global_search
from convergence.rule import Method
from convergence.theory import optimum as theory
from convergence.theory.minimax import Minimax
from convergence.theory.symbols import LARGEST, MU
from convergence.theory.system import system

DIGITS = 40
"""Digits of the hyperparameters where the formula for them is irrational: a radius moves by their square root."""

MARGINS = tuple(map(Fraction, ("0", "1e-15", "1e-12", "1e-9")))
"""By how much the rate is rounded up until the proof goes through."""

ROOM = (Fraction(1, 64), Fraction(1, 16), Fraction(1, 4), Fraction(16), Fraction(4096))
"""By how much the rate of a numerical solution is rounded up, in parts of epsilon."""

ANY = sp.Rational(1, 3)
"""A value for hyperparameters that are only carried along."""

SPECTRUM, SAMPLES = 33, 4001
"""Curvatures over which the blind search looks, and among which those with the largest radius are looked for."""

NEAR = 0.02
"""A local maximum of the radius that is nearer than this to the largest counts."""


@dataclass(frozen=True)
class Task:
    """A tuning task in fractions: hyperparameters that are ``held``, and the ``curvatures`` that bound the rate from below."""

    method: Method
    mu: Fraction
    L: Fraction
    epsilon: Fraction
    held: Mapping[str, Fraction]
    curvatures: tuple[Fraction, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The hyperparameters that are not held."""
        return tuple(n for n in self.method.hyper if n not in self.held)

    def inequalities(self, rate: Fraction) -> tuple[list[Poly], list[Poly]]:
        """What is positive wherever the radius is below the rate, and what is not negative anyhow."""
        ring = ring_of(self.method, self.unknown)
        held = {n: str(v) for n, v in self.held.items()}
        places = [ring.constant(v) for v in self.curvatures]
        strict = inequalities(self.method, held, places, (ring.constant(rate), ring.constant(1)))
        return strict, not_negative(self.method, ring, self.unknown)


@dataclass(frozen=True)
class Attained:
    """Exact ``hyper`` and a ``rate`` that their radius does not exceed on [μ, L]."""

    hyper: Mapping[str, Fraction]
    rate: Fraction
    signs: tuple[Sign, ...]


def attained(task: Task, best: theory.Optimum | None) -> tuple[Attained | None, Task]:
    """From the derived optimum: its closed form at these numbers, or a numerical solution moved inwards.

    The task comes back with the curvatures inside the interval at which the radius is largest there.
    """
    closed = None if best is None else _closed(task, best)
    if closed is not None:
        hyper, rate = closed
        task = with_interior(task, {n: float(v) for n, v in hyper.items()})
        bounds = (rate + margin for margin in (*MARGINS, task.epsilon / 16, task.epsilon / 4))
        proven = next((proven for bound in bounds if (proven := _proven(task, hyper, bound))), None)
        if proven is not None:
            return proven, task
    for point, radius in _numerical(task, best):
        task = with_interior(task, point)
        proven = _improved(task, point, radius)
        if proven is not None:
            return proven, task
    return None, task


def _numerical(task: Task, best: theory.Optimum | None) -> Iterator[tuple[dict[str, float], float]]:
    """Where the theory's search ends, and where one that knows nothing of it does."""
    with suppress(NoStableLearningRate, ArithmeticError, np.linalg.LinAlgError):
        if best is None:
            yield _descended(task, None)
        else:
            tuned = best.at(mu=float(task.mu), L=float(task.L), **_open(task, best))
            yield dict(tuned.hyper), tuned.rate
    spectrum = np.geomspace(float(task.mu), float(task.L), SPECTRUM)
    with suppress(ArithmeticError, np.linalg.LinAlgError):
        blind = global_search(task.method, spectrum, {n: float(v) for n, v in task.held.items()})
        yield dict(blind.hyper), blind.rate


def with_interior(task: Task, hyper: Mapping[str, float]) -> Task:
    """The task with the curvatures inside the interval at which the radius comes near the rate."""
    if system(task.method).ends_suffice or task.mu == task.L:
        return task
    fine = np.geomspace(float(task.mu), float(task.L), SAMPLES)
    radii = spectral_radius(task.method, fine, **dict[str, Any](hyper))
    tops = [k for k in range(1, SAMPLES - 1) if radii[k] >= max(radii[k - 1], radii[k + 1])]
    high = [k for k in tops if radii[k] > radii.max() - NEAR]
    inner = [Fraction(f"{fine[k]:.12g}") for k in high[:: max(1, len(high) // 3)]]
    return replace(task, curvatures=tuple(dict.fromkeys((*task.curvatures, *inner))))


def polished(task: Task, near: Mapping[str, float]) -> Attained | None:
    """The best hyperparameters next to a point in floats, by descent, with what they provably reach."""
    return _improved(task, *_descended(task, near))


def _descended(task: Task, near: Mapping[str, float] | None) -> tuple[dict[str, float], float]:
    letters = task.method.symbols
    problem = Minimax(system(task.method), tuple(letters[n] for n in task.unknown))
    held = {letters[n]: float(v) for n, v in task.held.items()}
    ends = float(task.mu), float(task.L)
    start = {letters[n]: float(v) for n, v in (near or {}).items()}
    with np.errstate(all="ignore"):
        end = problem.polished(*ends, held, start) if start else problem.best(*ends, held)
    values = {**held, **end.values}
    return {n: float(values[letters[n]]) for n in task.method.hyper}, end.rate


def _improved(task: Task, point: Mapping[str, float], rate: float) -> Attained | None:
    """These hyperparameters, with a rate that leaves room for rounding."""
    free = {n: Fraction(str(float(point[n]))) for n in task.unknown}
    hyper = {n: {**task.held, **free}[n] for n in task.method.hyper}
    bounds = (_above(sp.Rational(str(rate))) + room * task.epsilon for room in ROOM)
    return next((proven for bound in bounds if (proven := _proven(task, hyper, bound))), None)


def _closed(task: Task, best: theory.Optimum) -> tuple[dict[str, Fraction], Fraction] | None:
    if not best.exact or best.rate is None:
        return None
    letters = task.method.symbols
    at: dict[Any, Any] = {MU: rational(task.mu), LARGEST: rational(task.L)}
    at |= {letters[n]: rational(v) for n, v in task.held.items()}
    at |= {letters[n]: v for n, v in _open(task, best).items()}
    hyper = {n: sp.simplify(v.subs(at)) for n, v in best.hyper.items()}
    rate = sp.nsimplify(best.rate.subs(at))
    if not all(v.is_finite and v.is_real for v in (*hyper.values(), rate)):
        return None
    return {n: _near(v) for n, v in hyper.items()}, _above(sp.simplify(rate))


def _open(task: Task, best: theory.Optimum) -> dict[str, sp.Rational]:
    """Numbers for the hyperparameters whose part another plays: the default, or any."""
    names = [n for n in task.unknown if n not in best.determined]
    return {n: exact(dict(task.method.defaults).get(n, ANY)) for n in names}


def _near(number: sp.Expr) -> Fraction:
    return fraction(number) if number.is_Rational else Fraction(str(sp.N(number.evalf(DIGITS + 20), DIGITS)))


def _above(number: sp.Expr) -> Fraction:
    """The number itself where it is rational and short; else rounded up to 15 decimals."""
    if number.is_Rational and number.q < 10**9:
        return fraction(number)
    return Fraction(int(sp.ceiling(number.evalf(DIGITS) * 10**15)), 10**15)


def _proven(task: Task, hyper: Mapping[str, Fraction], rate: Fraction) -> Attained | None:
    if rate >= 1 or below_domain(hyper, task.method):
        return None
    signs = reached(task.method, hyper, rate, task.mu, task.L)
    return None if signs is None else Attained(dict(hyper), rate, signs)
