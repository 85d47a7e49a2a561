"""Ensembles: many runs of a method side by side under noise, on minibatches drawn by the same random numbers for all methods.

The rule itself is run, on arrays (runs, d): nothing here knows of the theory of its moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from sys import float_info
from typing import Any

import numpy as np

from convergence.errors import BadData, BadHyperparameter, BadRule
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.replay import Settings, scheduled
from convergence.numerics.runs import first_position, resting_point
from convergence.plotting import Plotted
from convergence.problem import as_quadratic
from convergence.problem.arrays import Array, floats, short
from convergence.rule import Method, State
from convergence.stochastic.batches import checked_batch, checked_runs, checked_sampling, entropy_of
from convergence.stochastic.estimates import Estimate, Record, standard_error_of
from convergence.stochastic.sample import Sample, Sampler, noise_factor
from convergence.tabular import Tabular

Progress = Callable[[int, int], object]
"""Called with the runs that are done, and how many there are."""

MIXES = 1e-6
"""Relative: sums over many runs at once may round otherwise than of one; a rule that mixes runs is another altogether."""

COMPARED = 3
"""Steps in which a run is compared with the same run alone."""


@dataclass(frozen=True, eq=False)
class Ensemble(Plotted, Tabular, figure="ensemble"):
    """Many runs of a method under noise. Row 0 along the steps is the start.

    Attributes
    ----------
    method, hyper
        The method's name, and its settings.
    batch, sampling
        Rows in a step (None: all), and how they are drawn.
    loss
        (runs, steps+1), the loss of each run above the problem's minimum, in the problem's own scaling; infinite where
        it overflowed.
    first
        Estimate (steps+1, d) of the mean error Vᵀ(w − w*) in directions, w* as for a run.
    second
        Estimate (steps+1, d, d) of the second moment of the errors, E eeᵀ: not centred.
    diverged
        The number of runs in which a number overflowed.
    x
        (runs, steps+1, d), all iterates, where they were kept; else None.

    >>> import convergence as cv
    >>> e = cv.ensemble([2.0, 1.0], "gradient_descent", 3, 1000, noise=0.1, lr=0.25)
    >>> e.loss.shape, e.second.value.shape, e.diverged
    ((1000, 4), (4, 2, 2), 0)
    >>> bool(abs(e.first.value[1, 0] + 0.5) < 4 * e.first.standard_error[1, 0])
    True
    """

    method: str
    hyper: Mapping[str, Any]
    batch: int | None
    sampling: str
    loss: Array
    first: Estimate
    second: Estimate
    diverged: int
    x: Array | None = None

    @property
    def runs(self) -> int:
        """The number of runs."""
        return len(self.loss)

    @property
    def steps(self) -> int:
        """The number of steps."""
        return int(self.loss.shape[1]) - 1

    @property
    def mean(self) -> Array:
        """The mean excess loss at each step, (steps+1,)."""
        return np.asarray(self.loss.mean(axis=0))

    @property
    def standard_error(self) -> Array:
        """The standard error of ``mean``, (steps+1,); nan for a single run, and where a run diverged."""
        with np.errstate(all="ignore"):
            return standard_error_of(self.loss)

    def quantiles(self, q: Any) -> Array:
        """Quantiles of the excess loss over runs: (steps+1,) for a share q in [0, 1], (len(q), steps+1) for several.

        Raises BadData for other shares.
        """
        shares = floats(q)
        if shares.ndim != 1 or not ((shares >= 0) & (shares <= 1)).all():
            raise BadData(f"q must be a share of the runs in [0, 1], or a list of them; got {short(q)}")
        with np.errstate(all="ignore"):
            return np.asarray(np.quantile(self.loss, shares if np.ndim(q) else shares[0], axis=0))

    def table(self) -> dict[str, Any]:
        """A row for each step: the mean excess loss, its standard error, and quartiles."""
        low, median, high = self.quantiles([0.25, 0.5, 0.75])
        columns = {
            "mean": self.mean,
            "standard error": self.standard_error,
            "25 %": low,
            "median": median,
            "75 %": high,
        }
        return {"step": range(self.steps + 1), **columns}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={short(value)}" for name, value in self.hyper.items())
        rows = "all rows" if self.batch is None else f"batches of {self.batch} ({self.sampling})"
        gone = f", {self.diverged} diverged" if self.diverged else ""
        last = f"loss above its minimum {self.mean[-1]:.6g} ± {self.standard_error[-1]:.2g}"
        return f"Ensemble of {self.runs} runs of {self.method}({settings}) on {rows}: {self.steps} steps, {last}{gone}"


def ensemble(
    p: Any,
    m: Any,
    /,
    steps: int,
    runs: int,
    *,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    start: Any = None,
    rng: np.random.Generator | int | None = None,
    keep: bool = False,
    progress: Progress | None = None,
    **hyper: Any,
) -> Ensemble:
    """Run a method many times under noise, on minibatches of the data or both: all runs at once.

    All gradients of one step are over the same batch, with the same noise. Where a method's start asks for a gradient
    (PyTorch's momentum), it takes the first batch, and step 1 the second. The random numbers depend on ``rng``, the data,
    the batch and its sampling, not on the method, its settings or the number of steps and runs: with one seed, all methods see
    the same batches, and more runs begin with those of fewer. The same call gives the same bytes.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures (minimiser all ones), or a density.
    m
        A Method, its name, a preset, or an update rule. It meets arrays (runs, d): where it sums over coordinates,
        along the last axis.
    steps, runs
        Numbers of steps, 0 or more, and of runs, 1 or more. Memory goes to ``.loss``, and to ``.x`` where it is kept; all
        else is bounded, whatever the number of runs.
    batch
        Rows in a step; None: the exact gradient.
    sampling
        "replacement": rows drawn independently. "step": distinct within a step. "epoch": reshuffled each epoch, and every row
        once in it. "cyclic": in the order of the data, always. For these two the batch divides the number of rows. "stream":
        fresh rows u ~ N(0, H), with noise in their targets that makes ``p.minimum`` the least expected loss.
    noise
        Standard deviation of Gaussian noise added to the gradient, of each direction alike or (d,), largest curvature first;
        or a covariance (d, d) in the coordinates of w; or a ``LabelNoise``.
    start
        The first position (d,), zeros by default.
    rng
        A seed, or a Generator, which is asked for one (so a second call gives other runs); None is seed 0.
    keep
        Whether to keep all iterates, as ``.x``.
    progress
        Called with (runs done, runs) after each part.
    hyper
        One number each, or a schedule with an entry a step.

    Returns
    -------
    Ensemble

    Raises
    ------
    BadData
        For a problem, start, steps or runs that cannot be, or a result that does not fit into memory.
    BadHyperparameter
        For wrong settings, batches or noise.
    BadName
        For an unknown method or sampling.
    BadRule
        For a rule that mixes runs, as by a sum over all of an array.
    NotLinear
        For Newton steps on minibatches.

    >>> import convergence as cv
    >>> p = cv.datasets.gaussian_2d(loss="mean")
    >>> e = cv.ensemble(p, "gradient_descent", 200, 100, batch=32, lr=0.01)
    >>> e.loss.shape, e.x
    ((100, 201), None)
    >>> again = cv.ensemble(p, "gradient_descent", 200, 100, batch=32, lr=0.01)
    >>> bool((e.loss == again.loss).all())
    True
    """
    problem, method, count = as_quadratic(p), as_method(m), checked_runs(runs)
    first, size = first_position(problem, start), len(problem.curvatures)
    number = checked_steps(steps, count * (1 + size * bool(keep)) + 5 * size * size)
    settings = scheduled(method, hyper, number)
    if progress is not None and not callable(progress):
        raise BadHyperparameter(f"progress must be a function of (done, runs), or None; got {short(progress)}")
    name = checked_sampling(sampling)
    rows = None if batch is None else checked_batch(problem, batch, name)
    sampler = Sampler(problem, rows, name, noise_factor(problem, noise, rows), entropy_of(rng))
    x = np.empty((count, number + 1, size)) if keep else None
    record = Record.empty(problem, resting_point(problem, method, settings(0), first), count, number)
    with np.errstate(all="ignore"):
        for block, begin in enumerate(range(0, count, sampler.block)):
            end = min(begin + sampler.block, count)
            samples = sampler.samples(block, end - begin)
            for j, position in enumerate(_walked(method, samples, np.tile(first, (end - begin, 1)), settings, number)):
                record.add(begin, end, j, position)
                if x is not None:
                    x[begin:end, j] = position
            if progress is not None:
                progress(end, count)
        record.loss[np.isnan(record.loss)] = np.inf
        overflowed = int((~np.isfinite(record.loss)).any(axis=1).sum())
        estimates = record.estimates()
    return Ensemble(method.name, method.at(**hyper).shown, rows, name, record.loss, *estimates, overflowed, x)


def _walked(method: Method, samples: Iterator[Sample], first: Array, settings: Settings, steps: int) -> Iterator[Array]:
    """The positions (runs, d) of runs side by side, the first one included."""
    sample = next(samples)
    state = method.start(sample, first)
    upcoming: Iterator[Sample] = samples if sample.asked else chain([sample], samples)
    yield np.broadcast_to(state[0], first.shape)
    for j, sample in enumerate(islice(upcoming, steps)):
        after = method(sample, *state, **settings(j))
        if j < COMPARED:
            _require_runs_apart(method, sample, state, after, settings(j), len(first))
        state = after
        yield np.broadcast_to(state[0], first.shape)


def _require_runs_apart(
    method: Method, sample: Sample, before: State, after: State, settings: Mapping[str, Any], runs: int
) -> None:
    """Run 0 alone must do what it does among the others."""
    if runs == 1:
        return
    alone = method(sample.of(0), *(_of_run(part, runs) for part in before), **settings)
    for name, one, among in zip(method.state, alone, after, strict=True):
        if not np.allclose(one, _of_run(among, runs), rtol=MIXES, atol=float_info.min, equal_nan=True):
            raise BadRule(
                f"{method.name} mixes runs: its {name} is another where a run is alone. Runs are rows of an array "
                f"(runs, d): sum over coordinates with axis=-1, keepdims=True"
            )


def _of_run(part: Any, runs: int) -> Any:
    return part[0] if np.ndim(part) and len(part) == runs else part
