"""Commands on minibatches of the data: batch, moments."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from functools import partial
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.drawing import DRAWN, with_figures
from convergence.cli.modules import arguments, batches, console, laws
from convergence.cli.noise import floor_figure
from convergence.cli.options import METHOD, ON, RANDOM, SAMPLING, SCHEDULE, STEPS, hyper
from convergence.cli.schedules import scheduled
from convergence.errors import BadData, BadHyperparameter, ConvergenceError, NoStableLearningRate

if TYPE_CHECKING:
    from convergence.problem import LeastSquares
    from convergence.rule import Method
    from convergence.stochastic.ensemble import Ensemble
    from convergence.stochastic.steps_by_batch import StepsByBatch

LONGEST = 10_000
"""Steps after which a target counts as not reached."""

ROUNDING = 1e-12
"""Relative: a smaller standard error is rounding."""

BEST = hyper("default: the best for the spectrum without noise")


def _setting(options: Namespace) -> tuple[Method, LeastSquares, str, dict[str, Any]]:
    """The method, the data and its name, and the hyperparameters: those not given at their best without noise."""
    method, (data, name) = arguments.method(options.method), arguments.problem(options)
    return method, data, name, arguments.settings(method, arguments.hyper(options), arguments.ends_of(data))


@command(
    "batch",
    "print limits, floor and steps by batch, the smallest batch and the noise scale",
    METHOD,
    option("--batches", metavar="A,B", help="rows of a batch (default: 1,8,32 and all)"),
    SAMPLING,
    option("--to", metavar="X", default="0.01", help="steps to this part of the first excess loss (0.01)"),
    ON,
    BEST,
    *DRAWN,
    example="convergence batch heavy_ball --loss mean --lr 0.002 --momentum 0.9",
)
def batch(options: Namespace) -> Answer:
    method, data, name, chosen = _setting(options)
    sampling, target = options.sampling, arguments.real("--to", options.to)
    asked = None if options.batches is None else sorted(set(arguments.counts("--batches", options.batches)))
    sizes = asked or batches.usual_batches(data.rows, batches.checked_sampling(sampling))
    others = {n: v for n, v in chosen.items() if n != method.rate}
    with console.working(options, "limits, floors and steps"):
        smallest = cv.smallest_batch(data, method, sampling=sampling, **chosen)
        rows = [_row(data, method, size, sampling, chosen, others) for size in sizes]
        top = cv.mean_square_limit(data, method, data.rows, sampling="step", **others)
        curve = _curve(data, method, sizes, target, sampling, others)
        scale = cv.noise_scale(data)
    for row, steps, lr in zip(rows, curve.steps, curve.lr, strict=True) if curve else ():
        row |= {"steps": float(steps), "best_lr": float(lr)}
    content = {
        "method": method.name,
        "hyper": chosen,
        "sampling": sampling,
        "rows": data.rows,
        "smallest_batch": smallest,
        "limit_without_noise": top,
        "target": target,
        "batches": rows,
        **({"fewest": curve.fewest, "critical_batch": curve.critical_batch} if curve else {}),
        "noise_scale": {"simple": scale.simple, "full": scale.full},
    }
    title = f"{console.titled(method, chosen)} on {name},\nbatches {batches.IN_WORDS[sampling]}; loss above its minimum"
    rate = str(method.rate)
    lines = [title, *_batch_lines(content, rate, chosen[rate])]
    random = {"batch": sizes[0], "sampling": sampling, "noise": None}
    steps = {} if curve is None else {"steps-by-batch": curve.plot}
    return with_figures(
        options, Answer(content, lines), lambda: {**steps, **floor_figure(data, method, random, chosen)}
    )


def _batch_lines(found: Mapping[str, Any], rate: str, lr: float) -> list[Any]:
    """The table by batch, from which batch on the learning rate is stable, and what a larger batch gains."""
    headings = ["batch", f"largest {rate}", "of that\nwithout noise", f"settles at, with\n{rate}={lr:.4g}"]
    headings += [f"steps to\n{100 * found['target']:g} %", f"best {rate}\nfor that"] if "fewest" in found else []
    top, critical, scale = found["limit_without_noise"], found.get("critical_batch", inf), found["noise_scale"]
    law = f"steps ≈ {found.get('fewest', inf):.3g}·(1 + B_c/B), critical batch B_c = {critical:.3g}"
    return [
        console.table(headings, [_batch_cells(row, top) for row in found["batches"]], left=()),
        f"largest {rate} without noise: {console.significant(top)}",
        _smallest(found["smallest_batch"], found["sampling"], rate, lr, found["rows"]),
        *([f"{law}: beyond it little is gained"] if isfinite(critical) else []),
        f"gradient noise scale at w = 0: {scale['simple']:.4g} (tr C/‖g‖²), {scale['full']:.4g} (tr(HC)/gᵀHg)",
    ]


def _row(
    data: LeastSquares, method: Method, size: int, sampling: str, chosen: dict[str, Any], others: dict[str, Any]
) -> dict[str, Any]:
    try:
        limit = cv.mean_square_limit(data, method, size, sampling=sampling, **others)
    except NoStableLearningRate:
        limit = 0.0
    try:
        floor = cv.stationary(data, method, batch=size, sampling=sampling, **chosen).excess_loss
    except NoStableLearningRate:
        floor = inf
    return {"batch": size, "limit": limit, "floor": floor}


def _batch_cells(row: dict[str, Any], top: float) -> list[Any]:
    cells = [
        row["batch"],
        f"{row['limit']:.5g}" if row["limit"] else "none",
        f"{100 * row['limit'] / top:.3g} %",
        f"{row['floor']:.5g}" if row["floor"] < inf else console.Text("grows", "red"),
    ]
    if "steps" not in row:
        return cells
    reached = row["steps"] < inf
    return [*cells, *((f"{row['steps']:.0f}", f"{row['best_lr']:.4g}") if reached else (f"> {LONGEST}", "—"))]


def _curve(
    data: LeastSquares, method: Method, sizes: Sequence[int], target: float, sampling: str, others: dict[str, Any]
) -> StepsByBatch | None:
    """Steps to the target; None for rows in epochs, of which it is not known."""
    if batches.in_epochs(sampling):
        return None
    return cv.steps_by_batch(data, method, list(sizes), target=target, sampling=sampling, limit=LONGEST, **others)


def _smallest(size: float, sampling: str, rate: str, lr: float, rows: int) -> Any:
    """From which batch on the chosen rate is stable in mean square, in a sentence."""
    if size == inf:
        return console.Text(f"at {rate}={lr:.6g} it does not converge even without noise", "bold red")
    whole = batches.whole_batch(size, sampling)
    if whole == 1:
        return f"at {rate}={lr:.6g} every batch is stable in mean square"
    beyond = f", more than the {rows} rows" if whole > rows else ""
    edge = "" if batches.in_epochs(sampling) else f" (the edge: {size:.6g})"
    return f"at {rate}={lr:.6g} stable in mean square from batch {whole} on{beyond}{edge}"


@command(
    "moments",
    "print the expected loss step by step under minibatches or noise, exactly",
    METHOD,
    STEPS,
    *RANDOM,
    SCHEDULE,
    option("--runs", type=int, metavar="N", help="beside them: means of so many runs, with standard errors"),
    option("--seed", type=int, metavar="N", default=0, help="of the runs (0)"),
    ON,
    BEST,
    *DRAWN,
    example="convergence moments gradient_descent --steps 200 --batch 32 --loss mean --lr 0.01 --runs 1000",
)
def moments(options: Namespace) -> Answer:
    method, data, name, chosen = _setting(options)
    chosen, law = scheduled(options, method, chosen, arguments.ends_of(data)), arguments.law(options)
    if law["batch"] is law["noise"] is None:
        raise BadHyperparameter("what is random? give --batch, --noise or --label-noise")
    exact = cv.moments(data, method, options.steps, **law, **chosen)
    seen = None if options.runs is None else _runs(options, data, method, law | chosen)
    steps = shown_steps(exact.steps)
    rows = [_moments_row(exact, seen, k) for k in steps]
    expected = "expected loss" if exact.exact else "estimated loss"
    headings = ["step", "bias", "variance", expected] + (["mean of runs ± s.e.", "off by"] if seen else [])
    cells = [_moments_cells(row) for row in rows]
    lines = [
        f"{console.titled(method, chosen)} on {name},\n{laws.in_words(**law)}: loss above its minimum {data.minimum:.6g}",
        console.table(headings, cells, left=()),
        *([] if options.schedule else _settles(data, method, law, chosen)),
    ]
    if not exact.exact:
        lines.append(f"estimated from runs: standard errors up to {exact.standard_error.max():.1g}")
    if seen is not None:
        gone = f"; {seen.diverged} overflowed" if seen.diverged else ""
        lines.append(f"{seen.runs} runs, seed {options.seed}; off by: (mean − expected)/s.e.{gone}")
    content = {
        "method": method.name,
        "hyper": {name: getattr(value, "name", value) for name, value in chosen.items()},
        "batch": options.batch,
        "sampling": options.sampling,
        "steps": exact.steps,
        "exact": exact.exact,
        "loss_standard_error": exact.standard_error,
        "bias": exact.bias,
        "variance": exact.variance,
        "loss": exact.loss,
    }
    content |= {} if seen is None else {n: getattr(seen, n) for n in ("runs", "mean", "standard_error", "diverged")}
    return with_figures(options, Answer(content, lines), lambda: {"moments": partial(exact.plot, seen=seen)})


def _runs(options: Namespace, data: LeastSquares, method: Method, asked: dict[str, Any]) -> Ensemble:
    if options.seed < 0:
        raise BadData(f"--seed must be 0 or more; got {options.seed}")
    with console.progress(options, "running") as progress:
        return cv.ensemble(data, method, options.steps, options.runs, rng=options.seed, progress=progress, **asked)


def shown_steps(last: int) -> list[int]:
    """0, and steps 1, 2, 5, 10, 20, 50, … up to the last."""
    round_ones = [base * 10**power for power in range(12) for base in (1, 2, 5)]
    return [0, *(k for k in round_ones if k < last), *([last] if last else [])]


def _moments_row(exact: Any, seen: Ensemble | None, k: int) -> dict[str, Any]:
    variance = exact.variance[k] if abs(exact.variance[k]) > ROUNDING * exact.loss[k] else 0.0
    row = {"step": k, "bias": exact.bias[k], "variance": variance, "loss": exact.loss[k]}
    return row if seen is None else {**row, "mean": seen.mean[k], "error": seen.standard_error[k]}


def _moments_cells(row: dict[str, Any]) -> list[str]:
    cells = [str(row["step"]), *(f"{row[name]:.5g}" for name in ("bias", "variance", "loss"))]
    if "mean" not in row:
        return cells
    if not ROUNDING * abs(row["mean"]) < row["error"] < inf:  # all runs alike, a single run, or one that overflowed
        return [*cells, f"{row['mean']:.5g}", "—"]
    return [*cells, f"{row['mean']:.5g} ± {row['error']:.1g}", f"{(row['mean'] - row['loss']) / row['error']:+.1f}"]


def _settles(data: LeastSquares, method: Method, law: dict[str, Any], chosen: dict[str, Any]) -> list[Any]:
    """Where the loss tends to, or that it grows."""
    try:
        floor = cv.stationary(data, method, **law, **chosen).excess_loss
    except NoStableLearningRate:
        return [console.Text("it settles nowhere: at these settings second moments grow", "bold red")]
    except ConvergenceError:
        return []
    return [f"in the long run: {floor:.6g}"]
