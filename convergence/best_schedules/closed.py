"""Optimal schedules in closed form: along one direction, and without noise where one step a curvature makes all errors zero.

Both are of rules with one state, e ← A(η)e + B(η)ξ, and their formulas are solved for here, from the rule.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from convergence.algebra import cancelled
from convergence.best_schedules.laws import Separate
from convergence.best_schedules.objective import Best, Task
from convergence.best_schedules.steps import formulas
from convergence.crossing import compiled, exact
from convergence.numerics.semi_iteration import leja
from convergence.rule import Method
from convergence.schedule import STEP, Schedule
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system, system_in_time

MOMENT, ADDED, OWN = sp.symbols("P v w", positive=True)
"""E e² before the step; the noise of a gradient has variance v + w·P."""


def closed_form(task: Task) -> Best | None:
    """The best schedule where it can be derived, else None."""
    if (
        len(task.method.state) > 1
        or system_in_time(task.method).clock is not None
        or not isinstance(task.loss.law, Separate)
    ):
        return None
    if len(task.loss.curvatures) == 1:
        return _one_direction(task)
    return _all_zero(task)


@cache
def best_step(method: Method) -> tuple[sp.Expr, sp.Expr] | None:
    """The rate that minimises P ← A²P + B²(v + wP), and what P becomes; None where that is no one formula.

    It does not grow with the P that follows: so to minimise step by step is best for all steps together.

    >>> import convergence as cv
    >>> best_step(cv.METHODS["gradient_descent"])[0]
    P*lambda/(P*lambda**2 + P*w + v)
    """
    rate = method.symbols[str(method.rate)]
    closed, enters, _ = formulas(system(method).loop)
    after = sp.expand(closed[0] ** 2 * MOMENT + sum(enters, sp.Integer(0)) ** 2 * (ADDED + OWN * MOMENT))
    if not after.is_polynomial(rate) or sp.Poly(after, rate).degree() != 2:
        return None
    (best,) = sp.solve(sp.diff(after, rate), rate)
    return cancelled(best), sp.factor(after.subs(rate, best))


def over_time(method: Method) -> sp.Expr | None:
    """The best rate at step k, from P at first, where 1/P grows by the same amount each step; else None.

    >>> import convergence as cv
    >>> over_time(cv.METHODS["gradient_descent"])
    P*lambda/(P*k*lambda**2 + P*lambda**2 + v)
    """
    step = best_step(method)
    if step is None:
        return None
    best, after = (part.subs(OWN, 0) for part in step)
    growth = cancelled(1 / after - 1 / MOMENT)
    if growth.has(MOMENT):
        return None
    return cancelled(best.subs(MOMENT, 1 / (1 / MOMENT + STEP * growth)))


def _one_direction(task: Task) -> Best | None:
    method, law, loss = task.method, task.loss.law, task.loss
    best = best_step(method)
    if best is None or not isinstance(law, Separate):
        return None
    curvature, first = float(loss.curvatures[0]), float(loss.second.flat[0])
    added = float(law.added[0] + 2 * law.factor * law.minimum * curvature)
    own = 2 * law.factor * curvature**2
    letters, names = {CURVATURE: exact(curvature)}, [n for n in method.hyper if n != method.rate]
    if any(np.ndim(loss.others[name]) for name in names):
        return None
    letters |= {method.symbols[name]: exact(loss.others[name]) for name in names}
    step = compiled((MOMENT, ADDED, OWN), tuple(part.subs(letters) for part in best))
    rates, moment = np.zeros(task.steps), first
    for k in range(task.steps):
        if not moment:
            break  # nothing is left, and a rate of 0 adds no noise
        rates[k], moment = (float(part) for part in step(moment, added, own))
        if rates[k] > task.largest:
            return None
    note = "closed form: along one direction each step is minimised by itself"
    general = over_time(method)
    if own or not added or not first or general is None:
        return Best(rates, note)
    formula = cancelled(general.subs(letters).subs({MOMENT: exact(first), ADDED: exact(added)}))
    return Best(rates, note, Schedule(f"best for {method.name} along one direction", formula))


def _all_zero(task: Task) -> Best | None:
    """Without noise, a step for each curvature that takes its error to zero, where steps and cap allow it."""
    loss, law, rate = task.loss, task.loss.law, task.method.symbols[str(task.method.rate)]
    if not isinstance(law, Separate) or law.added.any() or law.sampled:
        return None
    remaining = np.unique(loss.curvatures[loss.second[0, 0] > 0])
    if not remaining.size:
        return Best(np.zeros(task.steps), "closed form: nothing is left from the start")
    names = [name for name in task.method.hyper if name != task.method.rate]
    roots = sp.solve(system(task.method).loop.closed()[0], rate)
    if len(roots) != 1 or len(remaining) > task.steps or any(np.ndim(loss.others[name]) for name in names):
        return None
    root = compiled((CURVATURE, *(task.method.symbols[n] for n in names)), (roots[0],))
    rates = np.broadcast_to(root(remaining, *(loss.others[n] for n in names))[0], remaining.shape)
    if rates.min() < 0 or rates.max() > task.largest:
        return None
    full = np.full(task.steps, rates.min())  # steps to spare take the smallest rate, at which no direction grows
    full[: len(rates)] = rates[::-1][leja(remaining[::-1], np.zeros(len(remaining)))]
    return Best(full, "closed form: one step for each curvature takes its error to zero, but for rounding")
