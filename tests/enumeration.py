"""A witness: exact moments of a method on minibatches, as the mean over every sequence of batches that can be drawn.

The rule itself is run on all of them side by side, with gradients summed row by row here: no theory, no random number.
"""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np

MOST = 300_000
"""Sequences that are run at once."""


def one_step(rows, batch, sampling):
    """All batches of a step, equally likely, where steps are independent: (m, batch)."""
    draws = product(range(rows), repeat=batch) if sampling == "replacement" else combinations(range(rows), batch)
    return list(draws)


def sequences(rows, batch, sampling, steps):
    """Every sequence of batches, equally likely: (N, steps, batch)."""
    if sampling in ("replacement", "step"):
        kinds = one_step(rows, batch, sampling)
        assert len(kinds) ** steps <= MOST
        return np.array(list(product(kinds, repeat=steps))).reshape(-1, steps, batch)
    orders = [tuple(range(rows))] if sampling == "cyclic" else list(permutations(range(rows)))
    epochs = -(-steps * batch // rows)
    assert len(orders) ** epochs <= MOST
    drawn = np.array(list(product(orders, repeat=epochs))).reshape(-1, epochs * rows // batch, batch)
    return drawn[:, :steps]


class Enumerated:
    """The gradient over one batch for each sequence, plus what is added to it."""

    def __init__(self, problem, rows, added):
        self.problem, self.rows, self.added, self.asked = problem, rows, added, False

    def grad(self, w):
        self.asked = True
        if self.rows is None:
            return self.problem.grad(w) + self.added
        total = 0
        for k in range(self.rows.shape[1]):
            x, y = self.problem.X[self.rows[:, k]], self.problem.y[self.rows[:, k]]
            total = total + x * ((x * w).sum(axis=1) - y)[:, None]
        return self.problem.scale * self.problem.rows / self.rows.shape[1] * total + self.added

    def solve(self, g):
        assert self.rows is None
        return self.problem.solve(g)


def paths(problem, method, steps, batch=None, sampling="replacement", start=None, noise=None, **hyper):
    """All paths (N, steps+1, d), equally likely. ``noise`` (d, d) is a factor: noise is its product with signs ±1.

    A method whose start asks for a gradient takes the first batch for it.
    """
    first = np.zeros(len(problem.columns)) if start is None else np.asarray(start, dtype=float)
    probe = Enumerated(problem, None, 0.0)
    method.start(probe, first[None])
    draws = steps + probe.asked
    signs = np.zeros((1, draws, len(first)))
    if noise is not None:
        each = np.array(list(product((-1.0, 1.0), repeat=len(first)))) @ np.asarray(noise, dtype=float).T
        signs = np.array(list(product(each, repeat=draws)))
    count = 1
    if batch is not None:
        drawn = sequences(problem.rows, batch, sampling, draws)
        count = len(drawn)
        drawn = np.repeat(drawn, len(signs), axis=0)
    added = np.tile(signs, (count, 1, 1))
    assert len(added) <= MOST
    objectives = iter([Enumerated(problem, None if batch is None else drawn[:, j], added[:, j]) for j in range(draws)])
    x = np.tile(first, (len(added), 1))
    state = method.start(next(objectives) if probe.asked else probe, x)
    seen = [np.broadcast_to(state[0], x.shape)]
    for j, f in enumerate(objectives):
        now = {name: value[j] if np.ndim(value) else value for name, value in hyper.items()}
        state = method(f, *state, **now)
        seen.append(np.broadcast_to(state[0], x.shape))
    return np.stack(seen, axis=1)


def moments_by_enumeration(
    problem, method, steps, batch=None, sampling="replacement", start=None, noise=None, rest=None, **hyper
):
    """Exact mean (steps+1, d) and second moment (steps+1, d, d) of the errors in directions, and mean excess loss (steps+1,).

    ``rest`` is where the method would rest: the minimiser that the start can reach, unless given.
    """
    x = paths(problem, method, steps, batch, sampling, start, noise, **hyper)
    target = problem.reachable(x[0, 0]) if rest is None else rest
    errors, away = ((x - point) @ problem.directions for point in (target, problem.minimizer))
    products = errors[..., :, None] * errors[..., None, :]
    return averaged(errors), averaged(products), averaged(0.5 * (away**2 @ problem.curvatures))


def averaged(values):
    """The mean over the first axis, summed in pairs: thousands of sequences would round otherwise."""
    return np.ascontiguousarray(np.moveaxis(values, 0, -1)).mean(axis=-1)
