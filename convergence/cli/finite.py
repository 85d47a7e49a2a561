"""Commands on finite time and on the limit: worst-case, limit, steps, horizon, transient, chebyshev."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite, log
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import arguments, console, first_order, notation, np
from convergence.cli.options import BEST, METHOD, METHODS, SCHEDULE, SPECTRUM, STEPS, hyper
from convergence.cli.schedules import scheduled
from convergence.errors import BadHyperparameter, ConvergenceError

if TYPE_CHECKING:
    from convergence.rule import Method

PEAK = 10.0
"""A transient that magnifies the error by more than this is pointed out."""

MOST_RATES = 10_000
"""Learning rates that --across counts for."""


def _interval(ends: Mapping[str, float]) -> str:
    return f"[{ends['mu']:.6g}, {ends['L']:.6g}]"


def _bound(steps: int, ends: Mapping[str, float], power: int = 1, digits: int = 6) -> tuple[float, str]:
    """The limit of all first-order methods, as a number and as it is printed where that underflows, too."""
    bound = cv.lower_bound(steps, **ends) ** power
    size = notation.number(bound, power * first_order.log_lower_bound(steps, **ends) / log(10))
    return bound, console.significant(size, digits)


LOST = "at these settings it does not converge"


def _warning(method: Method, ends: Mapping[str, float], chosen: Mapping[str, float]) -> list[Any]:
    """Where nothing contracts in the long run, a line that says so."""
    try:
        radius = float(cv.spectral_radius(method, list(ends.values()), over="spectrum", **chosen))
    except ConvergenceError:
        return []
    return [console.Text(f"{LOST}: the spectral radius is {radius:.6g}", "bold red")] if radius >= 1 else []


@command(
    "worst-case",
    "print the worst error of a method after K steps over [mu, L], proven",
    METHOD,
    STEPS,
    SPECTRUM,
    BEST,
    SCHEDULE,
    option("--measure", default="error", help="error (default), loss, gradient"),
    option("--exact", action="store_true", help="enclose the value in exact rational arithmetic as well"),
    example="convergence worst-case heavy_ball --steps 20 --mu 1 --L 100",
)
def worst_case(options: Namespace) -> Answer:
    method, chosen, ends = arguments.tuned(options)
    chosen = scheduled(options, method, chosen, ends)
    worst = cv.worst_case(method, options.steps, measure=options.measure, exact=options.exact, **ends, **chosen)
    bound, least = _bound(options.steps, ends, 2 if options.measure == "loss" else 1)
    value = f"{notation.number(worst.value, worst.log10):.12g}"
    lines = [
        *([] if options.schedule else _warning(method, ends, chosen)),
        f"{console.titled(method, chosen)} after {worst.steps} steps on {_interval(ends)}",
        f"worst {worst.measure} = {value} of the first, at curvature {worst.curvature:.9g}",
        f"{'at most, but for rounding,' if worst.guaranteed else 'resolved to'} {worst.bound:.15g}",
    ]
    if worst.interval is not None:
        low, high = (float(end) for end in worst.interval)
        lines.append(f"exactly {worst.exact}" if worst.exact is not None else f"enclosed in [{low:.17g}, {high:.17g}]")
    lines.append(f"no first-order method is below {least}")
    shown = {name: getattr(value, "name", value) for name, value in chosen.items()}
    known = {name: value for name, value in asdict(worst).items() if name not in ("ends", "of")}
    return Answer({"method": method.name, **ends, **known, "hyper": shown, "limit": bound}, lines)


@command(
    "limit",
    "print how much of the best possible each method reaches after K steps",
    STEPS,
    SPECTRUM,
    METHODS,
    example="convergence limit --steps 20 --mu 1 --L 100",
)
def limit(options: Namespace) -> Answer:
    methods, (ends, _), steps = arguments.methods(options), arguments.spectrum(options), options.steps
    bound, least = _bound(steps, ends, digits=4)
    with console.working(options, "deriving optima"):
        rows = [_share(method, steps, ends) for method in methods]
    title = f"after {steps} steps on {_interval(ends)}, at the best rate; the limit is {least}"
    headings = ("method", "worst case", "of the limit", "asymptotically")
    lines = [console.table(headings, [_share_row(row) for row in rows], title=title, whole=(0,))]
    if any("error" not in row and _moves_its_rest(method) for method, row in zip(methods, rows, strict=True)):
        lines.append("weight decay: from the ridge point at which the method rests, which is nearer than the minimiser")
    lines += [f"{row['method']}: {row['error']}" for row in rows if "error" in row]
    return Answer({"steps": steps, **ends, "bound": bound, "methods": rows}, lines)


def _share(method: Method, steps: int, ends: dict[str, float]) -> dict[str, Any]:
    try:
        chosen = arguments.settings(method, {}, ends)
        share = asdict(cv.fraction_of_limit(method, steps, **ends, **chosen))
        return {"method": method.name, "hyper": chosen, **share}
    except ConvergenceError as error:
        return {"method": method.name, "error": error.terminal}


def _moves_its_rest(method: Method) -> bool:
    """Whether a method rests elsewhere than at the minimiser, as under weight decay."""
    return bool(cv.derive(method).rest[0] != 1)


def _share_row(row: dict[str, Any]) -> tuple[str, ...]:
    if "error" in row:
        return row["method"], "—", "—", "—"
    value = console.significant(notation.number(row["value"], row["log10"][0]), 4)
    return row["method"], value, _percent(row["at_k"]), _percent(row["asymptotic"])


def _percent(share: float) -> str:
    """A share of the limit; less than none is worse than standing still."""
    if not isfinite(share):
        return "exact" if share > 0 else "—"
    return f"{100 * share:.1f} %" if share > -5e-4 else "grows"


@command(
    "steps",
    "count the steps to a tolerance, in the worst case or on data",
    METHOD,
    option("--tolerance", metavar="X", default="1e-3", help="part of the first error (0.001)"),
    option("--spectrum", action="store_true", help="count on the data's own curvatures, not on [mu, L]"),
    option("--across", metavar="A:B:N", help="count for N learning rates from A to B: a plateau of rates, in steps"),
    SPECTRUM,
    BEST,
    example="convergence steps heavy_ball --mu 1 --L 100 --tolerance 1e-6",
)
def steps(options: Namespace) -> Answer:
    method, (ends, data) = arguments.method(options.method), arguments.spectrum(options)
    tolerance, given = arguments.real("tolerance", options.tolerance), arguments.hyper(options)
    where: dict[str, Any] = ends
    if options.spectrum:
        if data is None:
            raise BadHyperparameter("--spectrum counts on the curvatures of data; give --data, not --mu and --L")
        where = {"curvatures": data.curvatures[: data.rank]}
    if options.across:
        return _across(method, given, options, ends, where)
    chosen = arguments.settings(method, given, ends)
    count = cv.steps_to(method, tolerance, **where, **given)  # the best ones to more digits than a double has
    content = {"method": method.name, "hyper": chosen, "tolerance": tolerance, "steps": count, **where}
    return Answer(content, (console.titled(method, chosen), f"{count} steps {_until(tolerance, options, ends)}"))


def _until(tolerance: float, options: Namespace, ends: Mapping[str, float]) -> str:
    """What steps are counted to, and from where."""
    place = "on the data's curvatures" if options.spectrum else f"in the worst case on {_interval(ends)}"
    return f"until the error ‖w − w*‖ is {tolerance:g} of the first, for good, from any start, {place}"


def _across(
    method: Method, given: dict[str, float], options: Namespace, ends: dict[str, float], where: dict[str, Any]
) -> Answer:
    """Steps for many learning rates, the other hyperparameters as given or at their best."""
    tolerance, rates = arguments.real("tolerance", options.tolerance), _rates(options.across)
    rate = str(method.rate)
    if rate in given:
        raise BadHyperparameter(f"--across sets {rate} itself; give the other hyperparameters")
    missing = any(n not in given for n in method.hyper if n != rate)
    others = {n: v for n, v in (arguments.settings(method, given, ends) if missing else given).items() if n != rate}
    counts = cv.steps_across(method, tolerance, rates, **where, **others).steps
    radii = cv.spectral_radius(method, list(ends.values()), over="spectrum", **{**others, rate: rates})
    across = [{"lr": float(lr), "steps": count} for lr, count in zip(rates, counts, strict=True)]
    words = ["never" if count is None else count for count in counts]
    rows = zip(map(console.significant, rates), map(console.significant, radii), words, strict=True)
    title = f"{console.titled(method, others)}: steps {_until(tolerance, options, ends)}"
    content = {"method": method.name, "hyper": others, "tolerance": tolerance, "across": across}
    return Answer(content, (console.table((rate, "radius", "steps"), list(rows), left=(), title=title),))


def _rates(text: str) -> Any:
    low, high, count = text.split(":") if text.count(":") == 2 else ("", "", "")
    if not (count.isdecimal() and 1 <= int(count[:9]) <= MOST_RATES):
        raise BadHyperparameter(f"--across takes A:B:N, N at most {MOST_RATES}, as in 0.1:2:20; got {text[:60]!r}")
    ends = arguments.real("--across", low), arguments.real("--across", high)
    if min(ends) < 0:
        raise BadHyperparameter(f"--across takes learning rates, from 0 on; got {text[:60]!r}")
    return np.linspace(*ends, int(count))


@command(
    "horizon",
    "print the best hyperparameters for just K steps",
    METHOD,
    STEPS,
    SPECTRUM,
    hyper("hold it; the others are searched for"),
    example="convergence horizon heavy_ball --steps 8 --mu 1 --L 100",
)
def horizon(options: Namespace) -> Answer:
    method, (ends, _) = arguments.method(options.method), arguments.spectrum(options)
    with console.working(options, "searching"):
        best = cv.horizon_optimum(method, options.steps, **ends, **arguments.hyper(options))
    rows = [("best found for this horizon", console.in_line(best.hyper), f"{best.value:.6g}")]
    if best.asymptotic_hyper:
        rows.append(("for the best rate", console.in_line(best.asymptotic_hyper), f"{best.asymptotic:.6g}"))
    rows.append(("limit", "", console.significant(best.bound)))
    lines = _warning(method, ends, best.hyper)
    if best.value >= 1:
        words = "nothing contracts: after these steps the worst error is not smaller than the first"
        lines.append(console.Text(words, "bold red"))
    title = f"{method.title} after {best.steps} steps on {_interval(ends)}"
    lines.append(console.table(("", "hyperparameters", "worst case"), rows, (0, 1), title))
    return Answer({"method": method.name, **ends, **asdict(best)}, lines)


@command(
    "transient",
    "print how far a method strays before it converges",
    METHOD,
    option("--curvature", action="append", metavar="X", help="a direction (default: those of mu and L)"),
    option("--epsilon", metavar="X", default="1e-3", help="of the pseudospectrum (0.001)"),
    SPECTRUM,
    BEST,
    example="convergence transient heavy_ball --mu 1 --L 1000",
)
def transient(options: Namespace) -> Answer:
    method, chosen, ends = arguments.tuned(options)
    epsilon = arguments.real("epsilon", options.epsilon)
    directions = [arguments.real("curvature", text) for text in options.curvature or ()] or sorted(set(ends.values()))
    columns = ("curvature", "radius", "peak", "step", "kreiss", "departure")
    rows = []
    for curvature in directions:
        one = cv.transient(method, curvature, **chosen)
        rows.append({n: getattr(one, n) for n in columns} | {"pseudoradius": one.pseudoradius(epsilon)})
    headings = ("curvature", "radius", "peak", "at step", "Kreiss", "departure", f"ε={epsilon:g}")
    title = f"{console.titled(method, chosen)}: powers of the iteration matrix"
    cells = [[console.significant(value, 5) for value in row.values()] for row in rows]
    lines = [*_warning(method, ends, chosen), console.table(headings, cells, (), title)]
    if any(row["peak"] > PEAK and row["radius"] < 1 for row in rows):
        lines.append(f"it can grow more than {PEAK:g} times before it falls: a good rate with a large transient")
    return Answer({"method": method.name, "hyper": chosen, "epsilon": epsilon, "directions": rows}, lines)


@command(
    "chebyshev",
    "print the learning rates that attain the limit in K steps, and their peaks",
    STEPS,
    option("--order", default="stable", help="ascending, descending, stable (default)"),
    SPECTRUM,
    example="convergence chebyshev --steps 8 --mu 1 --L 100",
)
def chebyshev(options: Namespace) -> Answer:
    (ends, _), k = arguments.spectrum(options), options.steps
    rates, (bound, least) = cv.chebyshev_steps(k, **ends, order=options.order), _bound(k, ends)
    peaks = [cv.product_peaks(k, **ends, order=order) for order in ("ascending", "descending", "stable")]
    rows = [(p.order, f"{p.partial:.4g}", f"{p.remaining:.4g}") for p in peaks]
    lines = (
        f"{k} steps of gradient descent on {_interval(ends)} to {least} of the first error,",
        f"learning rates in {options.order} order:",
        " ".join(f"{rate:.6g}" for rate in rates),
        console.table(("order", "largest on the way", "rounding magnified by"), rows),
    )
    content = {**ends, "order": options.order, "bound": bound, "lr": list(rates)}
    return Answer(content | {"peaks": [asdict(p) for p in peaks]}, lines)
