"""A tuning task goes in; exact hyperparameters and a rate that they provably reach for all λ in [μ, L] come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from flint import fmpq
from scipy.optimize import linprog

from convergence.certificates.characteristic import setting
from convergence.certificates.constraints import constraints
from convergence.certificates.facts import characteristic_step, disc_steps
from convergence.certificates.field import rational
from convergence.certificates.infeasible import as_float
from convergence.certificates.proof import Step
from convergence.certificates.taylor import Expansions
from convergence.crossing import exact
from convergence.errors import NoStableLearningRate
from convergence.numerics.radius import spectral_radius
from convergence.numerics.search import global_search
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.minimax import Minimax
from convergence.theory.optimum import Optimum
from convergence.theory.symbols import LARGEST, MU, symbol

DIGITS = 40
"""Digits of the hyperparameters where the formula for them is irrational: a radius moves by their square root."""

MARGINS = (fmpq(0), fmpq(1, 10**15), fmpq(1, 10**12), fmpq(1, 10**9))
"""By how much the rate is rounded up until the proof goes through."""

ANY = sp.Rational(1, 3)
"""A value for hyperparameters that are only carried along."""

SPECTRUM = 33
"""Curvatures over which the blind search looks."""

SAMPLES = 4001
"""Curvatures among which those with the largest radius are looked for."""

NEAR = 0.02
"""A local maximum of the radius that is nearer than this to the largest counts."""

ROUNDS = 12
"""Linear programs that are solved, one about the other's solution, to move into the middle of the feasible set."""


@dataclass(frozen=True)
class Attained:
    """Exact ``hyper`` and a ``rate`` that their radius does not exceed on [μ, L], with the ``steps`` that prove it."""

    hyper: dict[str, sp.Rational]
    rate: fmpq
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Task:
    """A tuning task with rational numbers: the hyperparameters ``held``, and those ``unknown``."""

    method: Method
    mu: sp.Rational
    L: sp.Rational
    epsilon: fmpq
    held: dict[str, fmpq]
    unknown: tuple[str, ...]
    curvatures: tuple[fmpq, ...]


def attained(task: Task, found: Optimum) -> tuple[Attained | None, Task]:
    """From the derived optimum: its closed form at these numbers, or a numerical solution moved inwards.

    The task comes back with the curvatures inside the interval at which the radius is largest there.
    """
    closed = _closed(task, found)
    if closed is not None:
        task = with_interior(task, {n: float(v) for n, v in closed[0].items()})
        for margin in (*MARGINS, task.epsilon / 16, task.epsilon / 4):
            proven = _proven(task, closed[0], closed[1] + margin)
            if proven is not None:
                return proven, task
    for hyper, rate in _numerical(task, found):
        task = with_interior(task, hyper)
        near = {n: hyper[n] for n in task.unknown}
        tries = (_proven(task, inside, bound) for inside, bound in improved(task, near, rate))
        first = next((proven for proven in tries if proven is not None), None)
        if first is not None:
            return first, task
    return None, task


def _numerical(task: Task, found: Optimum) -> Iterator[tuple[dict[str, float], float]]:
    """Where the theory's search ends, and where one that knows nothing of it does."""
    with suppress(NoStableLearningRate, ArithmeticError, np.linalg.LinAlgError):
        tuned = found.at(mu=float(task.mu), L=float(task.L), **_open(task, found))
        yield dict(tuned.hyper), tuned.rate
    spectrum = np.geomspace(float(task.mu), float(task.L), SPECTRUM)
    with suppress(ArithmeticError, np.linalg.LinAlgError):
        blind = global_search(task.method, spectrum, {n: as_float(v) for n, v in task.held.items()})
        yield dict(blind.hyper), blind.rate


def with_interior(task: Task, hyper: Mapping[str, float]) -> Task:
    """The task with the curvatures inside the interval at which the radius comes near the rate."""
    if dynamics(task.method).ends_suffice or task.mu == task.L:
        return task
    fine = np.geomspace(float(task.mu), float(task.L), SAMPLES)
    settings: dict[str, Any] = dict(hyper)
    radii = spectral_radius(task.method, fine, **settings)
    tops = [k for k in range(1, SAMPLES - 1) if radii[k] >= max(radii[k - 1], radii[k + 1])]
    high = [k for k in tops if radii[k] > radii.max() - NEAR]
    inner = [rational(sp.Rational(f"{fine[k]:.12g}")) for k in high[:: max(1, len(high) // 3)]]
    return replace(task, curvatures=tuple(dict.fromkeys((*task.curvatures, *inner))))


def improved(task: Task, start: Mapping[str, float], rate: float) -> Iterator[tuple[dict[str, sp.Rational], fmpq]]:
    """The hyperparameters moved inwards, and as they are, with a rate that leaves room for rounding."""
    plain = _full(task, [start[n] for n in task.unknown])
    for room in (task.epsilon / 64, task.epsilon / 16, task.epsilon / 4, 16 * task.epsilon, 4096 * task.epsilon):
        bound = _above(sp.Rational(str(rate))) + room
        yield _inwards(task, start, bound), bound
        yield plain, bound


def _full(task: Task, values: Sequence[float]) -> dict[str, sp.Rational]:
    """All hyperparameters, exactly: floats are the decimals they print as."""
    found = {n: sp.Rational(str(float(v))) for n, v in zip(task.unknown, values, strict=True)}
    return {n: found[n] if n in found else task_value(task.held[n]) for n in task.method.hyper}


def searched(task: Task, near: Mapping[str, float]) -> Attained | None:
    """The best hyperparameters next to a point in floats, by descent, with what they provably reach."""
    problem = Minimax(dynamics(task.method), tuple(symbol(n) for n in task.unknown))
    held = {symbol(n): as_float(v) for n, v in task.held.items()}
    start = {symbol(n): float(v) for n, v in near.items()}
    with np.errstate(all="ignore"):
        end = problem.polished(float(task.mu), float(task.L), held, start)
    best = {n: end.values[symbol(n)] for n in task.unknown}
    proofs = (_proven(task, hyper, bound) for hyper, bound in improved(task, best, end.rate))
    return next((proof for proof in proofs if proof is not None), None)


def _closed(task: Task, found: Optimum) -> tuple[dict[str, sp.Rational], fmpq] | None:
    if not found.exact:
        return None
    at = {MU: task.mu, LARGEST: task.L} | {symbol(n): task_value(v) for n, v in task.held.items()}
    at |= {symbol(n): v for n, v in _open(task, found).items()}
    hyper = {n: _number(v.subs(at)) for n, v in found.hyper.items()}
    rate = sp.nsimplify(found.rate.subs(at)) if found.rate is not None else sp.nan
    if any(v is None for v in hyper.values()) or not rate.is_real:
        return None
    return {n: v for n, v in hyper.items() if v is not None}, _above(sp.simplify(rate))


def _open(task: Task, found: Optimum) -> dict[str, sp.Rational]:
    """Numbers for the hyperparameters whose part another plays: the default, or any."""
    names = [n for n in task.unknown if n not in found.determined]
    return {n: exact(dict(task.method.defaults).get(n, ANY)) for n in names}


def task_value(number: fmpq) -> sp.Rational:
    """A fraction as SymPy has it."""
    return sp.Rational(int(number.p), int(number.q))


def _number(formula: sp.Expr) -> sp.Rational | None:
    short = sp.simplify(formula)
    if short.is_Rational:
        return short
    value = short.evalf(DIGITS + 20)
    return sp.Rational(str(sp.N(value, DIGITS))) if value.is_real and value.is_finite else None


def _above(number: sp.Expr) -> fmpq:
    """The number itself where it is rational and short; else rounded up to 15 decimals."""
    if number.is_Rational and number.q < 10**9:
        return rational(number)
    return fmpq(int(sp.ceiling(number.evalf(DIGITS) * 10**15)), 10**15)


def _proven(task: Task, hyper: Mapping[str, Any], rate: fmpq) -> Attained | None:
    if any(value < 0 for name, value in hyper.items() if name in ("momentum", task.method.rate)) or rate >= 1:
        return None
    found = setting(task.method, hyper, [task.mu, task.L])
    low, high = found.others
    steps, place, _ = disc_steps(found.characteristic, rate, low, high, True)
    if place is not None:
        return None
    return Attained(dict(hyper), rate, (characteristic_step(found), *steps))


def _inwards(task: Task, start: Mapping[str, float], bound: fmpq) -> dict[str, sp.Rational]:
    """Towards the point where the smallest inequality is largest, by linear programs about the last point."""
    made = constraints(task.method, task.unknown, task.held, task.curvatures, bound)
    point = np.array([start[n] for n in task.unknown])
    scale = np.where(point != 0, np.abs(point), 1.0)
    expansions = Expansions.of([_stretched(c.poly, scale) for c in made])
    u, trust = point / scale, 1e-3
    for _ in range(ROUNDS):
        value, slopes, _ = expansions.at(u[None], np.ones((1, len(u))))
        step = _best_step(value[0], slopes[0], trust)
        after = expansions.at((u + step)[None], np.ones((1, len(u))))[0]
        u, trust = (u + step, trust) if after.min() > value.min() else (u, trust / 8)
    return _full(task, [float(v) for v in u * scale])


def _stretched(poly: Any, scale: Any) -> Any:
    letters = poly.context().gens()
    return poly.compose(*(g * rational(sp.Rational(str(float(s)))) for g, s in zip(letters, scale, strict=True)))


def _best_step(value: Any, slopes: Any, trust: float) -> Any:
    size = slopes.shape[1]
    lengths = np.linalg.norm(slopes, axis=1)
    rows = np.hstack([-slopes, lengths[:, None]])
    found = linprog([*[0.0] * size, -1.0], A_ub=rows, b_ub=value, bounds=[*[(-trust, trust)] * size, (None, None)])
    return found.x[:size] if found.status == 0 else np.zeros(size)
