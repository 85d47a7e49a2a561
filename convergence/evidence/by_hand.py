"""Second moments of a method under noise by hand: no trace of the rule, no cross gain, no equations per pair of directions.

What a step makes of each state is seen by running the rule itself on unit states, where the gradient is that of one entry of
the Hessian. From these and the samples' covariances follows the operator on the second moments of the whole state, (s·d)²
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import matrix_balance

from convergence.evidence.experiment import moving
from convergence.numerics.matrices import run_down
from convergence.numerics.runs import resting_point
from convergence.stochastic.sampling import added_noise

if TYPE_CHECKING:
    from convergence.evidence.noise import NoisyTrial

Array = NDArray[np.float64]

MOST_ROWS = 6
"""Rows whose orders, 720, are tried one by one."""

LARGEST = 24
"""States times directions, up to which the operator on all second moments is made: 331 776 entries."""


class _Entry:
    """An objective whose Hessian is given, and whose gradient has a constant added, on rows of points."""

    def __init__(self, hessian: Array, constant: Array | float = 0.0) -> None:
        self.hessian, self.constant = hessian, constant

    def grad(self, x: Any, /) -> Any:
        return x @ self.hessian.T + self.constant

    def solve(self, g: Any, /) -> Any:
        return np.linalg.solve(self.hessian, g.T).T


@dataclass(frozen=True, eq=False)
class ByHand:
    """Second moments of the whole state (position first, each state's d directions together), clocks at rest."""

    trial: NoisyTrial

    @cached_property
    def moving(self) -> tuple[int, ...]:
        """The places of the states that are no clocks."""
        return moving(self.trial.method)

    def step(self, f: Any, states: Array) -> Array:
        """What a step makes of states (m, s·d)."""
        rule, d = run_down(self.trial.method), self.trial.problem.rank
        parts = np.split(states, len(self.moving), axis=1)
        still = rule.start(_Entry(np.eye(d)), np.zeros((len(states), d)))
        full = [parts[self.moving.index(k)] if k in self.moving else part for k, part in enumerate(still)]
        after = rule(f, *full, **self.trial.hyper)
        return np.concatenate([np.broadcast_to(after[k], (len(states), d)) for k in self.moving], axis=1)

    @cached_property
    def size(self) -> int:
        return self.trial.problem.rank * len(self.moving)

    @cached_property
    def mean(self) -> Array:
        """(s·d, s·d), what a step makes of a state on the whole data."""
        curvatures = self.trial.problem.curvatures[: self.trial.problem.rank]
        return np.asarray(self.step(_Entry(np.diag(curvatures)), np.eye(self.size)).T)

    @cached_property
    def by_entry(self) -> Array:
        """(d², s·d, s·d), how that depends on each entry of the Hessian."""
        d = self.trial.problem.rank
        units = np.eye(d * d).reshape(d * d, d, d)
        still = self.step(_Entry(np.zeros((d, d))), np.eye(self.size)).T
        L = self.trial.problem.L  # a Hessian of the data's size: of a smaller one its part would drown in the states'
        return np.array([(self.step(_Entry(L * unit), np.eye(self.size)).T - still) / L for unit in units])

    @cached_property
    def by_noise(self) -> Array:
        """(s·d, d), what gradient noise adds to a state."""
        d = self.trial.problem.rank
        hessian = np.diag(self.trial.problem.curvatures[:d])
        return np.asarray(self.step(_Entry(hessian, np.eye(d)), np.zeros((d, self.size))).T)

    def operator(self) -> Array:
        """((s·d)², (s·d)²), what a step makes of the second moments, without what is added."""
        n, plain = self.size, np.kron(self.mean, self.mean)
        if self.trial.batch is None:
            return np.asarray(plain)
        spread = self.hessian_covariance
        flat = self.by_entry.reshape(len(spread), n * n)
        noisy = (flat.T @ spread @ flat).reshape(n, n, n, n).transpose(0, 2, 1, 3).reshape(n * n, n * n)
        return np.asarray(plain + self.trial.factor * noisy)

    @cached_property
    def hessian_covariance(self) -> Array:
        """(d², d²), the covariance of the entries of one sample's Hessian."""
        problem, d = self.trial.problem, self.trial.problem.rank
        H = np.diag(problem.curvatures[:d])
        if self.trial.sampling == "stream":  # Isserlis (1918): of Gaussian rows, the products of pairs
            return np.asarray(np.einsum("ik,jl->ijkl", H, H) + np.einsum("il,jk->ijkl", H, H)).reshape(d * d, d * d)
        total = np.zeros((d * d, d * d))
        for z in np.array_split(problem.X @ problem.directions[:, :d], 1 + problem.rows * d * d // 2**20):
            entries = problem.scale * problem.rows * (z[:, :, None] * z[:, None, :]).reshape(len(z), d * d)
            total += entries.T @ entries / problem.rows
        return np.asarray(total - np.outer(H, H))

    @cached_property
    def constant(self) -> Array:
        """(s·d, s·d), the second moments that a step adds at rest."""
        problem, d, trial = self.trial.problem, self.trial.problem.rank, self.trial
        V = problem.directions[:, :d]
        noise = added_noise(problem, trial.noise, trial.batch or 1)[:d, :d]
        rest = resting_point(problem, trial.method, trial.hyper, problem.minimizer)
        if trial.batch is not None and trial.sampling == "stream":
            H, slope = np.diag(problem.curvatures[:d]), problem.grad(rest) @ V
            noise = noise + (2 * float(problem.loss(rest)) * H + np.outer(slope, slope)) / trial.batch
        elif trial.batch is not None:
            gradients = problem.scale * problem.rows * (problem.X @ rest - problem.y)[:, None] * (problem.X @ V)
            noise = noise + trial.factor * np.cov(gradients.T, bias=True).reshape(d, d)
        return np.asarray(self.by_noise @ noise @ self.by_noise.T)

    def growth(self) -> float:
        """The factor by which second moments grow in the end: the spectral radius of the operator."""
        return float(np.abs(np.linalg.eigvals(self.operator())).max())

    @cached_property
    def scale(self) -> Array:
        """(s·d,), units in which the equations are better conditioned, since states differ in size."""
        return np.asarray(matrix_balance(self.mean, permute=False, separate=True)[1][0])

    @property
    def units(self) -> Array:
        """((s·d)²,), the same for second moments."""
        return np.outer(self.scale, self.scale).reshape(-1)

    @cached_property
    def equations(self) -> Array:
        """1 − operator in these units: what it makes of the settled second moments is what a step adds."""
        return np.asarray((np.eye(self.size**2) - self.operator()) * self.units / self.units[:, None])

    @cached_property
    def condition(self) -> float:
        """The condition number of these equations."""
        return float(np.linalg.cond(self.equations))

    @cached_property
    def settled_mean(self) -> Array:
        """(s·d,), the mean that a step leaves as it is."""
        return np.zeros(self.size)

    def settled(self, added: Array) -> Array:
        """(s·d, s·d), the second moments that a step leaves as they are, where it adds these."""
        solution = np.linalg.solve(self.equations, added.reshape(-1) / self.units) * self.units
        return np.asarray(solution.reshape(self.size, self.size))

    def of_targets(self, deviation: float) -> float:
        """The largest second moment of a position that an error of this size in all residuals could leave."""
        trial, problem, d = self.trial, self.trial.problem, self.trial.problem.rank
        if trial.batch is None:
            return 0.0
        rest = resting_point(problem, trial.method, trial.hyper, problem.minimizer)
        size = (2 * float(problem.loss(rest)) / (problem.scale * problem.rows)) ** 0.5
        unit = problem.scale * problem.rows * np.diag(problem.curvatures[:d]) / trial.batch
        settled = self.settled(self.by_noise @ unit @ self.by_noise.T)[:d, :d]
        return float(np.abs(settled).max() * (2 * size * deviation + deviation**2))


@dataclass(frozen=True, eq=False)
class InEpochs(ByHand):
    """The same over whole epochs, whose batches are parts of one order of the rows, averaged over all orders there are."""

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """(orders, steps of an epoch, batch), equally likely."""
        rows, batch = self.trial.problem.rows, int(self.trial.batch or 1)
        every = [range(rows)] if self.trial.sampling == "cyclic" else permutations(range(rows))
        return np.array(list(every)).reshape(-1, rows // batch, batch)

    @cached_property
    def epochs(self) -> tuple[Array, Array, Array]:
        """(orders, s·d, s·d) what an epoch makes of a state, (orders, s·d) what it adds, and the covariance of added noise."""
        problem, trial, d, n = self.trial.problem, self.trial, self.trial.problem.rank, self.size
        V, weight = problem.directions[:, :d], problem.scale * problem.rows
        z, rest = problem.X @ V, resting_point(problem, trial.method, trial.hyper, problem.minimizer)
        slopes = weight * (problem.X @ rest - problem.y)[:, None] * z
        noise = self.by_noise @ added_noise(problem, trial.noise, trial.batch or 1)[:d, :d] @ self.by_noise.T
        still = self.step(_Entry(np.zeros((d, d))), np.eye(n)).T
        product, added = np.tile(np.eye(n), (len(self.orders), 1, 1)), np.zeros((len(self.orders), n))
        covariance = np.zeros((len(self.orders), n, n))
        for batches in self.orders.transpose(1, 0, 2):
            h = weight * np.einsum("obi,obj->oij", z[batches], z[batches]) / batches.shape[1]
            step = still + np.einsum("ok,knm->onm", h.reshape(len(h), d * d), self.by_entry)
            gradient = slopes[batches].mean(axis=1) - slopes.mean(axis=0)
            product, added = step @ product, (step @ added[..., None])[..., 0] + gradient @ self.by_noise.T
            covariance = step @ covariance @ step.swapaxes(1, 2) + noise
        return product, added, covariance.mean(axis=0)

    def operator(self) -> Array:
        """((s·d)², (s·d)²), what an epoch makes of the second moments, without what is added."""
        products, n = self.epochs[0], self.size
        flat = products.reshape(len(products), n * n)
        mixed = (flat.T @ flat / len(flat)).reshape(n, n, n, n)
        return np.asarray(mixed.transpose(0, 2, 1, 3).reshape(n * n, n * n))

    @cached_property
    def settled_mean(self) -> Array:
        products, added, _ = self.epochs
        return np.asarray(np.linalg.solve(np.eye(self.size) - products.mean(axis=0), added.mean(axis=0)))

    @cached_property
    def constant(self) -> Array:
        """(s·d, s·d), what an epoch adds where the mean is settled, which here is not 0."""
        products, added, covariance = self.epochs
        carried = products @ self.settled_mean
        both = carried + added
        apart = np.einsum("on,om->nm", both, both) - np.einsum("on,om->nm", carried, carried)
        return np.asarray(apart / len(both) + covariance)
