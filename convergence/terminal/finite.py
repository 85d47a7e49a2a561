"""Parsed options go in; worst cases, counts, limits and transients come out."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from convergence.api import core, finite
from convergence.choices import chosen_method, chosen_methods, numeric_hyper, problem
from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.problem import LeastSquares
from convergence.rule import Method
from convergence.terminal.console import OUT, print_json, working

PEAK = 10.0
"""A transient that magnifies the state by more than this is pointed out."""


def worst_case(options: Namespace) -> int:
    """Print the worst case of a method."""
    method, (mu, L), _ = _asked(options)
    hyper = _tuned(method, numeric_hyper(options), mu, L)
    found = finite.worst_case(method, options.steps, mu=mu, L=L, measure=options.measure, exact=options.exact, **hyper)
    bound = finite.lower_bound(options.steps, mu=mu, L=L) ** (2 if options.measure == "loss" else 1)
    if options.json:
        named = {"method": method.name, "hyper": hyper, "mu": mu, "L": L, **_plain(asdict(found)), "limit": bound}
        print_json(_plain(named))
        return 0
    OUT.print(f"{method.title} ({_settings(hyper)}) after {found.steps} steps on [{mu:.6g}, {L:.6g}]")
    OUT.print(f"worst {found.measure} = {found.value:.12g} of the first, at curvature {found.curvature:.9g}")
    OUT.print(f"{'proven to be at most' if found.guaranteed else 'resolved to'} {found.bound:.15g}")
    if found.interval is not None:
        low, high = (float(end) for end in found.interval)
        OUT.print(f"exactly {found.exact}" if found.exact is not None else f"enclosed in [{low:.17g}, {high:.17g}]")
    OUT.print(f"no first-order method is below {bound:.6g}")
    return 0


def limit(options: Namespace) -> int:
    """Print the fraction of the limit that methods reach at their optimum."""
    (mu, L), _ = _spectrum(options)
    rows = []
    with working("deriving optima"):
        for method in chosen_methods(options.methods):
            rows.append(_limit_row(method, options.steps, mu, L))
    bound = finite.lower_bound(options.steps, mu=mu, L=L)
    if options.json:
        print_json(_plain({"steps": options.steps, "mu": mu, "L": L, "bound": bound, "methods": rows}))
        return 0
    title = f"after {options.steps} steps on [{mu:.6g}, {L:.6g}], at the best rate; the limit is {bound:.4g}"
    table = _table(title, ("method", "worst case", "of the limit", "asymptotically"))
    for row in rows:
        if "error" in row:
            table.add_row(row["method"], "—", "—", "—")
        else:
            table.add_row(row["method"], f"{row['value']:.4g}", _percent(row["at_k"]), _percent(row["asymptotic"]))
    OUT.print(table)
    for row in rows:
        if "error" in row:
            OUT.print(f"{row['method']}: {row['error']}")
    return 0


def _limit_row(method: Method, k: int, mu: float, L: float) -> dict[str, Any]:
    try:
        hyper = _tuned(method, {}, mu, L)
        return {
            "method": method.name,
            "hyper": hyper,
            **asdict(finite.fraction_of_limit(method, k, mu=mu, L=L, **hyper)),
        }
    except ConvergenceError as error:
        return {"method": method.name, "error": str(error)}


def steps(options: Namespace) -> int:
    """Print the number of steps to a tolerance."""
    method, (mu, L), data = _asked(options)
    if options.spectrum and data is None:
        raise BadHyperparameter(
            "--spectrum counts on the curvatures of data; give --data or --dataset, not --mu and --L"
        )
    where: dict[str, Any] = {"mu": mu, "L": L}
    if options.spectrum and data is not None:
        where = {"curvatures": data.curvatures[: data.rank]}
    if options.across:
        return _across(method, options, mu, L, where)
    hyper = _tuned(method, numeric_hyper(options), mu, L)
    count = finite.steps_to(method, options.tolerance, **where, **hyper)
    if options.json:
        print_json(
            _plain({"method": method.name, "hyper": hyper, "tolerance": options.tolerance, "steps": count, **where})
        )
        return 0
    place = "on the data's curvatures" if options.spectrum else f"in the worst case on [{mu:.6g}, {L:.6g}]"
    OUT.print(f"{method.title} ({_settings(hyper)})")
    OUT.print(f"{count} steps to {options.tolerance:g} of the first error, for good, {place}")
    return 0


def _across(method: Method, options: Namespace, mu: float, L: float, where: dict[str, Any]) -> int:
    given = numeric_hyper(options)
    if method.rate in given:
        raise BadHyperparameter(f"--across sets {method.rate} itself; give the other hyperparameters")
    missing = [n for n in method.hyper if n not in given and n != method.rate]
    tuned = _tuned(method, given, mu, L) if missing else given
    others = {n: v for n, v in tuned.items() if n != method.rate}
    found = finite.steps_across(method, options.tolerance, _rates(options.across), **where, **others)
    if options.json:
        pairs = [{"lr": float(lr), "steps": count} for lr, count in zip(found.lr, found.steps, strict=True)]
        print_json(_plain({"method": method.name, "hyper": others, "tolerance": options.tolerance, "across": pairs}))
        return 0
    title = f"{method.title} ({_settings(others)}): steps to {options.tolerance:g} of the first error"
    table = _table(title, (str(method.rate), "radius", "steps"))
    for lr, count in zip(found.lr, found.steps, strict=True):
        radius = float(core.spectral_radius(method, [mu, L], over="spectrum", **{**others, str(method.rate): lr}))
        table.add_row(f"{lr:.6g}", f"{radius:.6g}", "never" if count is None else str(count))
    OUT.print(table)
    return 0


def _rates(text: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        low, high, count = text.split(":")
        return np.linspace(float(low), float(high), max(1, int(count)))
    except ValueError:
        raise BadHyperparameter(f"--across takes A:B:N, as in --across 0.1:2:20; got {text!r}") from None


def horizon(options: Namespace) -> int:
    """Print the best hyperparameters for a number of steps."""
    method, (mu, L), _ = _asked(options)
    with working("searching"):
        found = finite.horizon_optimum(method, options.steps, mu=mu, L=L, **numeric_hyper(options))
    if options.json:
        print_json(_plain({"method": method.name, "mu": mu, "L": L, **asdict(found)}))
        return 0
    table = _table(
        f"{method.title}: best for {found.steps} steps on [{mu:.6g}, {L:.6g}]", ("", "hyperparameters", "worst case")
    )
    table.add_row("for this horizon", _settings(found.hyper), f"{found.value:.6g}")
    if found.asymptotic_hyper:
        table.add_row("for the best rate", _settings(found.asymptotic_hyper), f"{found.asymptotic:.6g}")
    table.add_row("limit", "", f"{found.bound:.6g}")
    OUT.print(table)
    return 0


def transient(options: Namespace) -> int:
    """Print the transients of the directions."""
    method, (mu, L), _ = _asked(options)
    hyper = _tuned(method, numeric_hyper(options), mu, L)
    found = [finite.transient(method, lam, **hyper) for lam in (options.curvature or sorted({mu, L}))]
    rows = [
        {n: getattr(t, n) for n in ("curvature", "radius", "peak", "step", "kreiss", "departure")}
        | {"pseudoradius": t.pseudoradius(options.epsilon)}
        for t in found
    ]
    if options.json:
        print_json(_plain({"method": method.name, "hyper": hyper, "epsilon": options.epsilon, "directions": rows}))
        return 0
    headings = ("curvature", "radius", "peak", "at step", "Kreiss", "departure", f"ε={options.epsilon:g}")
    table = _table(f"{method.title} ({_settings(hyper)}): powers of the iteration matrix", headings)
    for row in rows:
        table.add_row(*(f"{v:.5g}" for v in row.values()))
    OUT.print(table)
    if any(row["peak"] > PEAK for row in rows):
        OUT.print(f"the state can grow more than {PEAK:g} times before it falls: a good rate with a large transient")
    return 0


def chebyshev(options: Namespace) -> int:
    """Print Chebyshev's learning rates in an order, and the peaks of all orders."""
    (mu, L), _ = _spectrum(options)
    rates = finite.chebyshev_steps(options.steps, mu=mu, L=L, order=options.order)
    bound = finite.lower_bound(options.steps, mu=mu, L=L)
    peaks = [finite.product_peaks(options.steps, mu=mu, L=L, order=o) for o in ("ascending", "descending", "stable")]
    if options.json:
        named = {"mu": mu, "L": L, "order": options.order, "bound": bound, "lr": list(rates)}
        print_json(_plain(named | {"peaks": [asdict(p) for p in peaks]}))
        return 0
    OUT.print(f"{options.steps} steps of gradient descent on [{mu:.6g}, {L:.6g}] to {bound:.6g} of the first error,")
    OUT.print(f"learning rates in {options.order} order:")
    OUT.print(" ".join(f"{rate:.6g}" for rate in rates))
    table = _table("", ("order", "largest on the way", "rounding magnified by"))
    for p in peaks:
        table.add_row(p.order, f"{p.partial:.4g}", f"{p.remaining:.4g}")
    OUT.print(table)
    return 0


def _asked(options: Namespace) -> tuple[Method, tuple[float, float], LeastSquares | None]:
    return chosen_method(options.method), *_spectrum(options)


def _spectrum(options: Namespace) -> tuple[tuple[float, float], LeastSquares | None]:
    """The interval given, or that of the data, and the data."""
    if options.mu is None and options.L is None:
        data, _ = problem(options)
        return (data.mu, data.L), data
    if options.mu is None or options.L is None:
        raise BadHyperparameter("a spectrum needs both ends: give --mu and --L, or data")
    if options.data or options.dataset:
        raise BadHyperparameter("give --mu and --L, or data, not both")
    return (options.mu, options.L), None


def _tuned(method: Method, given: dict[str, float], mu: float, L: float) -> dict[str, float]:
    """The hyperparameters given, and the best for the rest."""
    method.require_known(given)
    if all(n in given for n in method.hyper if n not in dict(method.defaults)) and method.rate in (*given, None):
        return {n: float(v) for n, v in method.settings(given).items()}
    found = core.optimum(method, **given)
    free = {n: v for n, v in method.defaults if n not in (*found.fixed, *found.determined)}
    return dict(found.at(mu=mu, L=L, **free).hyper)


def _settings(hyper: dict[str, float]) -> str:
    return ", ".join(f"{name}={value:.6g}" for name, value in hyper.items())


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if isfinite(share) else ("exact" if share > 0 else "—")


def _table(title: str, headings: tuple[str, ...]) -> Table:
    """A table under its title, which may be wider than the table and so is printed here."""
    if title:
        OUT.print(title)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    return table


def _plain(content: Any) -> Any:
    """What JSON can hold: infinities and exact numbers as text, arrays as lists."""
    if isinstance(content, dict):
        return {name: _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple | np.ndarray):
        return [_plain(value) for value in content]
    if content is None or isinstance(content, bool | str | int):
        return content
    if isinstance(content, float | np.floating):
        return float(content) if isfinite(content) else str(content)
    return str(content)


COMMANDS = {
    "worst-case": worst_case,
    "limit": limit,
    "steps": steps,
    "horizon": horizon,
    "transient": transient,
    "chebyshev": chebyshev,
}
