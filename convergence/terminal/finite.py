"""Parsed options go in; worst cases, counts, limits and transients come out."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from math import inf, isinf
from typing import Any

import numpy as np

import convergence as core
import convergence as finite
from convergence.choices import chosen_methods, numeric_hyper
from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.problem import LeastSquares
from convergence.rule import Method
from convergence.terminal.asking import asked, best_settings, new_table, percent, plain, settings, spectrum
from convergence.terminal.console import OUT, print_json, working

PEAK = 10.0
"""A transient that magnifies the state by more than this is pointed out."""


def worst_case(options: Namespace) -> int:
    """Print the worst case of a method."""
    method, (mu, L), _ = asked(options)
    hyper = best_settings(method, numeric_hyper(options), mu, L)
    found = finite.worst_case(method, options.steps, mu=mu, L=L, measure=options.measure, exact=options.exact, **hyper)
    bound = finite.lower_bound(options.steps, mu=mu, L=L) ** (2 if options.measure == "loss" else 1)
    if options.json:
        named = {"method": method.name, "hyper": hyper, "mu": mu, "L": L, **plain(asdict(found)), "limit": bound}
        print_json(plain(named))
        return 0
    OUT.print(f"{method.title} ({settings(hyper)}) after {found.steps} steps on [{mu:.6g}, {L:.6g}]")
    value = f"{found.value:.12g}" if found.value not in (0.0, inf) or isinf(found.log10) else f"1e{found.log10:.6g}"
    OUT.print(f"worst {found.measure} = {value} of the first, at curvature {found.curvature:.9g}")
    OUT.print(f"{'at most, but for rounding,' if found.guaranteed else 'resolved to'} {found.bound:.15g}")
    if found.interval is not None:
        low, high = (float(end) for end in found.interval)
        OUT.print(f"exactly {found.exact}" if found.exact is not None else f"enclosed in [{low:.17g}, {high:.17g}]")
    OUT.print(f"no first-order method is below {bound:.6g}")
    return 0


def limit(options: Namespace) -> int:
    """Print the fraction of the limit that methods reach at their optimum."""
    (mu, L), _ = spectrum(options)
    rows = []
    with working("deriving optima"):
        for method in chosen_methods(options.methods):
            rows.append(_limit_row(method, options.steps, mu, L))
    bound = finite.lower_bound(options.steps, mu=mu, L=L)
    if options.json:
        print_json(plain({"steps": options.steps, "mu": mu, "L": L, "bound": bound, "methods": rows}))
        return 0
    title = f"after {options.steps} steps on [{mu:.6g}, {L:.6g}], at the best rate; the limit is {bound:.4g}"
    table = new_table(title, ("method", "worst case", "of the limit", "asymptotically"))
    for row in rows:
        if "error" in row:
            table.add_row(row["method"], "—", "—", "—")
        else:
            table.add_row(row["method"], f"{row['value']:.4g}", percent(row["at_k"]), percent(row["asymptotic"]))
    OUT.print(table)
    if any("weight_decay" in row.get("hyper", {}) for row in rows):
        OUT.print("weight decay: from the ridge point at which the method rests, which is nearer than the minimiser")
    for row in rows:
        if "error" in row:
            OUT.print(f"{row['method']}: {row['error']}")
    return 0


def _limit_row(method: Method, k: int, mu: float, L: float) -> dict[str, Any]:
    try:
        hyper = best_settings(method, {}, mu, L)
        return {
            "method": method.name,
            "hyper": hyper,
            **asdict(finite.fraction_of_limit(method, k, mu=mu, L=L, **hyper)),
        }
    except ConvergenceError as error:
        return {"method": method.name, "error": str(error)}


def steps(options: Namespace) -> int:
    """Print the number of steps to a tolerance."""
    method, (mu, L), data = asked(options)
    if options.spectrum and data is None:
        raise BadHyperparameter(
            "--spectrum counts on the curvatures of data; give --data or --dataset, not --mu and --L"
        )
    where: dict[str, Any] = {"mu": mu, "L": L}
    if options.spectrum and data is not None:
        where = {"curvatures": data.curvatures[: data.rank]}
    if options.across:
        return _across(method, options, mu, L, where)
    hyper = best_settings(method, numeric_hyper(options), mu, L)
    count = finite.steps_to(method, options.tolerance, **where, **hyper)
    if options.json:
        print_json(
            plain({"method": method.name, "hyper": hyper, "tolerance": options.tolerance, "steps": count, **where})
        )
        return 0
    place = "on the data's curvatures" if options.spectrum else f"in the worst case on [{mu:.6g}, {L:.6g}]"
    OUT.print(f"{method.title} ({settings(hyper)})")
    OUT.print(f"{count} steps to {options.tolerance:g} of the first error, for good, {place}")
    return 0


def _across(method: Method, options: Namespace, mu: float, L: float, where: dict[str, Any]) -> int:
    given = numeric_hyper(options)
    if method.rate in given:
        raise BadHyperparameter(f"--across sets {method.rate} itself; give the other hyperparameters")
    missing = [n for n in method.hyper if n not in given and n != method.rate]
    tuned = best_settings(method, given, mu, L) if missing else given
    others = {n: v for n, v in tuned.items() if n != method.rate}
    found = finite.steps_across(method, options.tolerance, _rates(options.across), **where, **others)
    if options.json:
        pairs = [{"lr": float(lr), "steps": count} for lr, count in zip(found.lr, found.steps, strict=True)]
        print_json(plain({"method": method.name, "hyper": others, "tolerance": options.tolerance, "across": pairs}))
        return 0
    title = f"{method.title} ({settings(others)}): steps to {options.tolerance:g} of the first error"
    table = new_table(title, (str(method.rate), "radius", "steps"))
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
    method, (mu, L), _ = asked(options)
    with working("searching"):
        found = finite.horizon_optimum(method, options.steps, mu=mu, L=L, **numeric_hyper(options))
    if options.json:
        print_json(plain({"method": method.name, "mu": mu, "L": L, **asdict(found)}))
        return 0
    table = new_table(
        f"{method.title}: best for {found.steps} steps on [{mu:.6g}, {L:.6g}]", ("", "hyperparameters", "worst case")
    )
    table.add_row("for this horizon", settings(found.hyper), f"{found.value:.6g}")
    if found.asymptotic_hyper:
        table.add_row("for the best rate", settings(found.asymptotic_hyper), f"{found.asymptotic:.6g}")
    table.add_row("limit", "", f"{found.bound:.6g}")
    OUT.print(table)
    return 0


def transient(options: Namespace) -> int:
    """Print the transients of the directions."""
    method, (mu, L), _ = asked(options)
    hyper = best_settings(method, numeric_hyper(options), mu, L)
    found = [finite.transient(method, lam, **hyper) for lam in (options.curvature or sorted({mu, L}))]
    rows = [
        {n: getattr(t, n) for n in ("curvature", "radius", "peak", "step", "kreiss", "departure")}
        | {"pseudoradius": t.pseudoradius(options.epsilon)}
        for t in found
    ]
    if options.json:
        print_json(plain({"method": method.name, "hyper": hyper, "epsilon": options.epsilon, "directions": rows}))
        return 0
    headings = ("curvature", "radius", "peak", "at step", "Kreiss", "departure", f"ε={options.epsilon:g}")
    table = new_table(f"{method.title} ({settings(hyper)}): powers of the iteration matrix", headings)
    for row in rows:
        table.add_row(*(f"{v:.5g}" for v in row.values()))
    OUT.print(table)
    if any(row["peak"] > PEAK for row in rows):
        OUT.print(f"the state can grow more than {PEAK:g} times before it falls: a good rate with a large transient")
    return 0


def chebyshev(options: Namespace) -> int:
    """Print Chebyshev's learning rates in an order, and the peaks of all orders."""
    (mu, L), _ = spectrum(options)
    rates = finite.chebyshev_steps(options.steps, mu=mu, L=L, order=options.order)
    bound = finite.lower_bound(options.steps, mu=mu, L=L)
    peaks = [finite.product_peaks(options.steps, mu=mu, L=L, order=o) for o in ("ascending", "descending", "stable")]
    if options.json:
        named = {"mu": mu, "L": L, "order": options.order, "bound": bound, "lr": list(rates)}
        print_json(plain(named | {"peaks": [asdict(p) for p in peaks]}))
        return 0
    OUT.print(f"{options.steps} steps of gradient descent on [{mu:.6g}, {L:.6g}] to {bound:.6g} of the first error,")
    OUT.print(f"learning rates in {options.order} order:")
    OUT.print(" ".join(f"{rate:.6g}" for rate in rates))
    table = new_table("", ("order", "largest on the way", "rounding magnified by"))
    for p in peaks:
        table.add_row(p.order, f"{p.partial:.4g}", f"{p.remaining:.4g}")
    OUT.print(table)
    return 0


def average(options: Namespace) -> int:
    """Print the expected error over a spectrum or a density."""
    method, (mu, L), data = asked(options)
    density, name = _density(options, L, data)
    low = density.interval[0] if options.ratio is not None else mu
    hyper = best_settings(method, numeric_hyper(options), low or mu, L)
    found = finite.average_case(method, options.steps, density, **hyper)
    if options.json:
        print_json(plain({"method": method.name, "hyper": hyper, "density": name, **asdict(found)}))
        return 0
    OUT.print(f"{method.title} ({settings(hyper)}) after {found.steps} steps, expected over {name}")
    for what, value in (("error²", found.error), ("loss", found.loss), ("gradient²", found.gradient)):
        OUT.print(f"{what} = {value:.6g} of the first")
    OUT.print(_decay(found.rate))
    return 0


def _density(options: Namespace, L: float, data: LeastSquares | None) -> tuple[Any, str]:
    """The density asked for, and what to call it; the scale of a law is such that it ends at L."""
    if options.ratio is not None and options.exponent is not None:
        raise BadHyperparameter("--ratio and --exponent are two densities: give one of them")
    if options.ratio is not None:
        unit = finite.MarchenkoPastur(options.ratio).interval[1]
        return finite.MarchenkoPastur(
            options.ratio, L / unit
        ), f"Marchenko–Pastur's law of ratio {options.ratio:g} up to {L:.6g}"
    if options.exponent is not None:
        return finite.PowerLaw(options.exponent, L), f"the density λ^{options.exponent:g} on [0, {L:.6g}]"
    if data is None:
        raise BadHyperparameter("an average needs a density: give data, --ratio or --exponent")
    return data, "the curvatures of the data"


def _decay(rate: Any) -> str:
    if rate.kind == "geometric":
        return f"each falls by the factor {rate.factor:.6g} a step in the long run"
    if rate.kind == "polynomial":
        return f"in the long run they fall as k^-{rate.error:g}, k^-{rate.loss:g} and k^-{rate.gradient:g}"
    return "they do not fall" if rate.kind == "none" else "how they fall in the long run is not known"


COMMANDS = {
    "worst-case": worst_case,
    "limit": limit,
    "steps": steps,
    "horizon": horizon,
    "transient": transient,
    "average": average,
    "chebyshev": chebyshev,
}
