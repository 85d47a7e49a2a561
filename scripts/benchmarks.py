"""In: a machine at rest. Out: how fast the package is, as ratios to a named alternative timed in the same run.

The two sides of a ratio take turns, and their medians are compared, so that a slow machine slows both. What starts a
process is in seconds, as a person waits for it. Exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import sympy as sp
from decaying import products
from ensembles import ensembles, noise
from measuring import Result, medians, versus
from proving import certificates, worst_cases

import convergence as cv

COMMAND = str(Path(sys.executable).with_name("convergence"))
HEAVY = {"numpy", "scipy", "sympy", "matplotlib"}


def eigenvalues(method: cv.Method, curvature: float, **grid: np.ndarray) -> Callable[[], np.ndarray]:
    """numpy.linalg.eigvals of iteration matrices read off the rule: column k is where the k-th unit state goes."""
    parabola = SimpleNamespace(grad=lambda x: curvature * x)
    columns = [method(parabola, *unit, **grid) for unit in np.eye(len(method.state))]
    entries = np.array([np.broadcast_arrays(*column, *grid.values())[: len(column)] for column in columns])
    return partial(np.linalg.eigvals, np.ascontiguousarray(np.moveaxis(entries, (1, 0), (-2, -1))))


def notes_loop(X: np.ndarray, y: np.ndarray, steps: int, lr: float, momentum: float) -> tuple[np.ndarray, ...]:
    """Course notes 004: momentum as an average, z the first gradient; gradient, weights and loss recorded each step."""
    w, records = np.zeros(X.shape[1]), []
    z = 2 * X.T @ (X @ w - y)
    for _ in range(steps):
        g = 2 * X.T @ (X @ w - y)
        z = (1 - momentum) * z + momentum * g
        w = w - lr * z
        records.append((g, w, np.sum((y - X @ w) ** 2)))
    return tuple(np.array(record) for record in zip(*records, strict=True))


@cv.method
def two_buffers(f, x, quick, slow, *, lr, momentum):  # type: ignore[no-untyped-def]
    """Two momentum buffers, one with the square of the other's memory (in the manner of Lucas et al. 2019)."""
    g = f.grad(x)
    quick, slow = momentum**2 * quick + g, momentum * slow + g
    return x - lr * (quick + slow) / 2, quick, slow


@cv.method
def look_ahead(f, x, before, v, *, lr, momentum):  # type: ignore[no-untyped-def]
    """A buffer fed by the gradient at an extrapolated point (in the manner of Van Scoy et al. 2018)."""
    v = momentum * v + f.grad(x + momentum * (x - before))
    return x + momentum**2 * (x - before) - lr * v, x, v


_LAUNCHER = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds, peak = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
print(json.dumps(dict(seconds=seconds, peak=peak, status=done.returncode, output=done.stdout, errors=done.stderr)))
"""


def fresh(*command: str) -> SimpleNamespace:
    """A command in a new process. A small launcher starts it: Linux counts a parent's memory into its child's peak."""
    done = subprocess.run([sys.executable, "-c", _LAUNCHER, *command], capture_output=True, text=True, check=True)
    process = SimpleNamespace(**json.loads(done.stdout))
    if process.status:
        raise SystemExit(f"{' '.join(command)} ended with status {process.status}:\n{process.output}{process.errors}")
    return process


def same(what: str, radius: np.ndarray, theirs: np.ndarray) -> Iterator[Result]:
    """The largest difference from eigvals. A double root, with a third near it, is known to some √ε by either way."""
    largest = np.take_along_axis(theirs, np.abs(theirs).argmax(axis=-1, keepdims=True), axis=-1)
    multiple = np.sort(np.abs(theirs - largest), axis=-1)[..., 1] < 1e-4
    difference = np.abs(radius - np.abs(largest[..., 0]))
    for where, name, target in ((~multiple, "simple", "≤ 1e-10"), (multiple, "multiple", "≤ 6e-8")):
        if where.any():
            note = f"{where.sum()} points, largest eigenvalue {name}"
            yield Result(f"{what}: difference", difference[where].max(), "", target, note)


def repeated(method: cv.Method) -> dict[str, np.ndarray]:
    """Settings at which the characteristic polynomial has a repeated root, at curvature 1 and momentum 1/10 … 9/10."""
    derived = cv.derive(method)
    lr, momentum = derived.symbols["lr"], derived.symbols["momentum"]
    discriminant = sp.discriminant(derived.characteristic.subs(derived.symbols["curvature"], 1))
    tenths = [sp.Rational(k, 10) for k in range(1, 10)]
    pairs = [(r, b) for b in tenths for r in sp.real_roots(discriminant.subs(momentum, b), lr) if r > 0]
    return dict(zip(("lr", "momentum"), np.array(pairs, dtype=float).T, strict=True))


def radius_map() -> Iterator[Result]:
    """Heavy ball at two curvatures on 1000×1000 points, against eigvals of all 2·10⁶ matrices, built before."""
    grid = {"lr": np.linspace(0, 0.4, 1000)[:, None], "momentum": np.linspace(0, 1, 1000)}
    ours = partial(cv.spectral_radius, "heavy_ball", [1.0, 10.0], over="spectrum", **grid)
    parts = [eigenvalues(cv.METHODS["heavy_ball"], curvature, **grid) for curvature in (1.0, 10.0)]
    fast, slow = medians(9, ours, lambda: [part() for part in parts])
    yield Result("2 × 1000×1000", slow / fast, "×", "≥ 150", versus(fast, slow, "eigvals"))
    fast, write = medians(51, ours, lambda: np.ones((1000, 1000)))
    yield Result("the same, to writing the array", fast / write, "×", "", versus(fast, write, "np.ones"))
    yield from same("heavy ball", ours(), np.concatenate([part() for part in parts], axis=-1))


def three_states() -> Iterator[Result]:
    """A user's rules of three states on 300×300 points, against eigvals of the matrices, built before."""
    grid = {"lr": np.linspace(0, 3, 300)[:, None], "momentum": np.linspace(0, 0.99, 300)}
    for rule in (two_buffers, look_ahead):
        ours, theirs = partial(cv.spectral_radius, rule, 1.0), partial(eigenvalues, rule, 1.0)
        fast, slow = medians(9, partial(ours, **grid), theirs(**grid))
        yield Result(f"{rule.title}, 300×300", slow / fast, "×", "≥ 5", versus(fast, slow, "eigvals"))
        yield from same(rule.title, ours(**grid), theirs(**grid)())
        yield from same(rule.title, ours(**repeated(rule)), theirs(**repeated(rule))())


def prediction() -> Iterator[Result]:
    """The closed form on the notes' data, everything recorded, against the notes' loop."""
    problem = cv.datasets.gaussian_2d()
    for steps, repetitions, target in ((100, 301, "≥ 10"), (100_000, 5, "≥ 100")):
        ours = partial(cv.predict, problem, "ema_momentum", steps, lr=1e-4, momentum=0.6)
        loop = partial(notes_loop, problem.X, problem.y, steps, lr=1e-4, momentum=0.6)
        fast, slow = medians(repetitions, ours, loop)
        yield Result(f"{steps} steps", slow / fast, "×", target, versus(fast, slow, "the loop"))
        pairs = zip(((run := ours()).grad[:-1], run.x[1:], run.loss[1:]), loop(), strict=True)
        apart = max(np.abs(mine - theirs).max() / np.abs(theirs).max() for mine, theirs in pairs)
        yield Result(f"{steps} steps: difference", apart, "", "≤ 1e-10", "relative to the largest of each record")


_DERIVE = """
import sys, timeit, convergence as cv
theory = (cv.derive, cv.stability, cv.regimes, cv.optimum)
print(timeit.timeit(lambda: [part(sys.argv[1]) for part in theory], number=1))
"""


def derivation() -> Iterator[Result]:
    """Matrix, region, regimes and optimum, in a new process for each method; imports are not counted."""
    times = {
        m: median(float(fresh(sys.executable, "-c", _DERIVE, m).output) for _ in range(3)) for m in cv.methods.LINEAR
    }
    for name, time in times.items():
        yield Result(name, time, "s", "≤ 3" if cv.optimum(name).exact else "≤ 10")
    yield Result("all methods", sum(times.values()), "s", "≤ 30")


def report() -> Iterator[Result]:
    """The whole catalogue on the notes' data, in a new process, into a new folder."""
    with TemporaryDirectory() as folder:
        runs = [fresh(COMMAND, "report", "--out", str(Path(folder, str(turn)))) for turn in range(3)]
    yield Result("time", median(run.seconds for run in runs), "s", "≤ 90")
    yield Result("peak resident memory", max(run.peak for run in runs) / 1e6, "MB", "≤ 600")


def start_up() -> Iterator[Result]:
    """What one waits for before anything happens, and whether it loads a library that it does not need."""
    run = partial(subprocess.run, stdout=subprocess.DEVNULL, check=True)
    nothing = partial(run, [sys.executable, "-c", "pass"])
    for what, command in {"convergence --help": (COMMAND, "--help"), "import": ("-c", "import convergence")}.items():
        time, empty = medians(21, partial(run, [sys.executable, *command]), nothing)
        yield Result(what, time, "s", "≤ 0.1", f"{time / empty:.2f} × python -c pass ({empty * 1e3:.3g} ms)")
        traced = fresh(sys.executable, "-X", "importtime", *command).errors.splitlines()
        heavy = HEAVY & {line.rpartition("|")[2].strip() for line in traced}
        yield Result(f"{what}: heavy libraries", len(heavy), "", "≤ 0", ", ".join(sorted(heavy)))


def large_data() -> Iterator[Result]:
    """A problem of 10⁶×50 numbers, against a QR factorisation of them without Q; and a step on it, against 500 rows."""
    random = np.random.default_rng(0)
    X, y = random.standard_normal((10**6, 50)), random.standard_normal(10**6)
    ours, qr = medians(5, partial(cv.LeastSquares, X, y), partial(np.linalg.qr, X, mode="r"))
    yield Result("10⁶×50", ours / qr, "×", "≤ 1.5", versus(ours, qr, 'numpy.linalg.qr(X, mode="r")'))
    tracemalloc.start()
    many = cv.LeastSquares(X, y, loss="half_mean")
    kept, peak = (size / 1e6 for size in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    yield Result("memory kept beside X and y", kept, "MB", "≤ 1", f"X: {X.nbytes / 1e6:g} MB, at work: {peak:.3g} MB")
    few = cv.LeastSquares(X[:500], y[:500], loss="half_mean")
    large, small = medians(
        201, *(partial(cv.simulate, p, "heavy_ball", 200, lr=0.1, momentum=0.9) for p in (many, few))
    )
    yield Result("200 steps of a run", large / small, "×", "≤ 1.5", versus(large, small, "500×50"))


ALL = (
    radius_map,
    three_states,
    prediction,
    derivation,
    worst_cases,
    certificates,
    ensembles,
    noise,
    products,
    report,
    start_up,
    large_data,
)
BENCHMARKS = {function.__name__.replace("_", "-"): function for function in ALL}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print JSON, at the end, and not a table")
    options = parser.parse_args()
    about = [f"Python {platform.python_version()}", f"NumPy {np.__version__}", f"{os.cpu_count()} cores"]
    machine, results = f"{', '.join(about)}, load {os.getloadavg()[0]:.2f}", []
    if not options.json:
        print(f"{machine}\n\n| benchmark | what | measured | target | met | |\n| --- | --- | ---: | ---: | --- | --- |")
    for name in options.only or BENCHMARKS:
        for result in BENCHMARKS[name]():
            results.append({"benchmark": name, **result._asdict(), "met": result.met})
            if not options.json:
                print(f"| {name} | {result.cells} |", flush=True)
    if options.json:
        print(json.dumps({"machine": machine, "results": results}, indent=2, ensure_ascii=False))
    return 0 if all(result["met"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
