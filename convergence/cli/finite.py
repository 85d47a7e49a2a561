"""Commands on finite time and on the limit: worst-case, limit, steps, horizon, transient, average, chebyshev."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from math import inf, isfinite, isinf
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import command, lazily, option
from convergence.cli.options import JSON, METHOD, METHODS, SPECTRUM, STEPS, hyper
from convergence.errors import BadHyperparameter, ConvergenceError

if TYPE_CHECKING:
    from convergence.problem import LeastSquares
    from convergence.rule import Method

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
np = lazily("numpy")

BEST = hyper("default: the best for the spectrum")

PEAK = 10.0
"""A transient that magnifies the state by more than this is pointed out."""

MOST_RATES = 100_000
"""Learning rates that --across counts for."""


@command(
    "worst-case",
    "print the worst error of a method after K steps over [mu, L], proven",
    METHOD,
    STEPS,
    SPECTRUM,
    BEST,
    option("--measure", default="error", help="error (default), loss, gradient"),
    option("--exact", action="store_true", help="enclose the value in exact rational arithmetic as well"),
    JSON,
    example="convergence worst-case heavy_ball --steps 20 --mu 1 --L 100",
)
def worst_case(options: Namespace) -> int:
    method, (mu, L, _) = arguments.method(options.method), arguments.spectrum(options)
    chosen = arguments.settings(method, arguments.numbers(options), mu, L)
    named: dict[str, Any] = {"mu": mu, "L": L, "measure": options.measure, "exact": options.exact}
    worst = cv.worst_case(method, options.steps, **named, **chosen)
    bound = cv.lower_bound(options.steps, mu=mu, L=L) ** (2 if options.measure == "loss" else 1)
    if options.json:
        console.as_json({"method": method.name, "hyper": chosen, "mu": mu, "L": L, **asdict(worst), "limit": bound})
        return 0
    value = f"{worst.value:.12g}" if worst.value not in (0.0, inf) or isinf(worst.log10) else f"1e{worst.log10:.6g}"
    console.show(
        f"{method.title} ({console.in_line(chosen)}) after {worst.steps} steps on [{mu:.6g}, {L:.6g}]",
        f"worst {worst.measure} = {value} of the first, at curvature {worst.curvature:.9g}",
        f"{'at most, but for rounding,' if worst.guaranteed else 'resolved to'} {worst.bound:.15g}",
    )
    if worst.interval is not None:
        low, high = (float(end) for end in worst.interval)
        console.show(f"exactly {worst.exact}" if worst.exact is not None else f"enclosed in [{low:.17g}, {high:.17g}]")
    console.show(f"no first-order method is below {bound:.6g}")
    warn(method, mu, L, chosen)
    return 0


def warn(method: Method, mu: float, L: float, chosen: dict[str, float]) -> None:
    """Say where nothing contracts in the long run."""
    try:
        radius = float(cv.spectral_radius(method, [mu, L], over="spectrum", **chosen))
    except ConvergenceError:
        return
    if radius >= 1:
        console.show(
            console.Text(f"at these settings it does not converge: the spectral radius is {radius:.6g}", "bold red")
        )


@command(
    "limit",
    "print how much of the best possible each method reaches after K steps",
    STEPS,
    SPECTRUM,
    METHODS,
    JSON,
    example="convergence limit --steps 20 --mu 1 --L 100",
)
def limit(options: Namespace) -> int:
    mu, L, _ = arguments.spectrum(options)
    with console.working(options, "deriving optima"):
        rows = [_limit_row(method, options.steps, mu, L) for method in arguments.methods(options)]
    bound = cv.lower_bound(options.steps, mu=mu, L=L)
    if options.json:
        console.as_json({"steps": options.steps, "mu": mu, "L": L, "bound": bound, "methods": rows})
        return 0
    title = f"after {options.steps} steps on [{mu:.6g}, {L:.6g}], at the best rate; the limit is {bound:.4g}"
    shown = [
        (
            r["method"],
            *(("—",) * 3 if "error" in r else (f"{r['value']:.4g}", percent(r["at_k"]), percent(r["asymptotic"]))),
        )
        for r in rows
    ]
    console.show(console.table(("method", "worst case", "of the limit", "asymptotically"), shown, title=title))
    if any("weight_decay" in row["method"] for row in rows):
        console.show("weight decay: from the ridge point at which the method rests, which is nearer than the minimiser")
    console.show(*(f"{row['method']}: {row['error']}" for row in rows if "error" in row))
    return 0


def _limit_row(method: Method, k: int, mu: float, L: float) -> dict[str, Any]:
    try:
        chosen = arguments.settings(method, {}, mu, L)
        share = asdict(cv.fraction_of_limit(method, k, mu=mu, L=L, **chosen))
        return {"method": method.name, "hyper": chosen, **share}
    except ConvergenceError as error:
        return {"method": method.name, "error": str(error)}


def percent(share: float) -> str:
    """A share of the limit; less than none is worse than standing still."""
    if not isfinite(share):
        return "exact" if share > 0 else "—"
    return f"{100 * share:.1f} %" if share > -5e-4 else "grows"


@command(
    "steps",
    "count the steps to a tolerance, in the worst case or on data",
    METHOD,
    option("--tolerance", type=float, metavar="X", default=1e-3, help="part of the first error (0.001)"),
    option("--spectrum", action="store_true", help="count on the data's own curvatures, not on [mu, L]"),
    option("--across", metavar="A:B:N", help="count for N learning rates from A to B: a plateau of rates, in steps"),
    SPECTRUM,
    BEST,
    JSON,
    example="convergence steps heavy_ball --mu 1 --L 100 --tolerance 1e-6",
)
def steps(options: Namespace) -> int:
    method, (mu, L, data) = arguments.method(options.method), arguments.spectrum(options)
    where: dict[str, Any] = {"mu": mu, "L": L}
    if options.spectrum:
        if data is None:
            raise BadHyperparameter(
                "--spectrum counts on the curvatures of data; give --data or --dataset, not --mu and --L"
            )
        where = {"curvatures": data.curvatures[: data.rank]}
    if options.across:
        return _across(method, options, mu, L, where)
    held = arguments.numbers(options)
    chosen = arguments.settings(method, held, mu, L)
    count = cv.steps_to(method, options.tolerance, **where, **held)  # the best ones to more digits than a double has
    if options.json:
        named = {"method": method.name, "hyper": chosen, "tolerance": options.tolerance, "steps": count}
        console.as_json({**named, **where})
        return 0
    place = "on the data's curvatures" if options.spectrum else f"in the worst case on [{mu:.6g}, {L:.6g}]"
    console.show(
        f"{method.title} ({console.in_line(chosen)})",
        f"{count} steps to {options.tolerance:g} of the first error, for good, {place}",
    )
    return 0


def _across(method: Method, options: Namespace, mu: float, L: float, where: dict[str, Any]) -> int:
    held, rate = arguments.numbers(options), str(method.rate)
    if rate in held:
        raise BadHyperparameter(f"--across sets {rate} itself; give the other hyperparameters")
    missing = [n for n in method.hyper if n not in held and n != rate]
    chosen = arguments.settings(method, held, mu, L) if missing else held
    others = {n: v for n, v in chosen.items() if n != rate}
    counted = cv.steps_across(method, options.tolerance, _rates(options.across), **where, **others)
    pairs = [(float(lr), count) for lr, count in zip(counted.lr, counted.steps, strict=True)]
    if options.json:
        named = {"method": method.name, "hyper": others, "tolerance": options.tolerance}
        console.as_json({**named, "across": [{"lr": lr, "steps": count} for lr, count in pairs]})
        return 0
    radii = cv.spectral_radius(method, [mu, L], over="spectrum", **{**others, rate: np.array([lr for lr, _ in pairs])})
    rows = [
        (f"{lr:.6g}", f"{radius:.6g}", "never" if count is None else count)
        for (lr, count), radius in zip(pairs, radii, strict=True)
    ]
    title = f"{method.title} ({console.in_line(others)}): steps to {options.tolerance:g} of the first error"
    console.show(console.table((rate, "radius", "steps"), rows, left=(), title=title))
    return 0


def _rates(text: str) -> Any:
    try:
        low, high, count = text.split(":")
        if not 1 <= int(count) <= MOST_RATES:
            raise ValueError("too many")
        return np.linspace(float(low), float(high), int(count))
    except ValueError:
        raise BadHyperparameter(
            f"--across takes A:B:N, N at most {MOST_RATES}, as in 0.1:2:20; got {text[:60]!r}"
        ) from None


@command(
    "horizon",
    "print the best hyperparameters for just K steps",
    METHOD,
    STEPS,
    SPECTRUM,
    hyper("hold it; the others are searched for"),
    JSON,
    example="convergence horizon heavy_ball --steps 8 --mu 1 --L 100",
)
def horizon(options: Namespace) -> int:
    method, (mu, L, _) = arguments.method(options.method), arguments.spectrum(options)
    with console.working(options, "searching"):
        best = cv.horizon_optimum(method, options.steps, mu=mu, L=L, **arguments.numbers(options))
    if options.json:
        console.as_json({"method": method.name, "mu": mu, "L": L, **asdict(best)})
        return 0
    rows = [("best found for this horizon", console.in_line(best.hyper), f"{best.value:.6g}")]
    if best.asymptotic_hyper:
        rows.append(("for the best rate", console.in_line(best.asymptotic_hyper), f"{best.asymptotic:.6g}"))
    title = f"{method.title} after {best.steps} steps on [{mu:.6g}, {L:.6g}]"
    console.show(
        console.table(("", "hyperparameters", "worst case"), [*rows, ("limit", "", f"{best.bound:.6g}")], (0, 1), title)
    )
    if best.value >= 1:
        console.show(
            console.Text("nothing contracts: after these steps the worst error is larger than the first", "bold red")
        )
    warn(method, mu, L, best.hyper)
    return 0


@command(
    "transient",
    "print how far a method strays before it converges",
    METHOD,
    option("--curvature", type=float, action="append", metavar="X", help="a direction (default: those of mu and L)"),
    option("--epsilon", type=float, metavar="X", default=1e-3, help="of the pseudospectrum (0.001)"),
    SPECTRUM,
    BEST,
    JSON,
    example="convergence transient heavy_ball --mu 1 --L 1000",
)
def transient(options: Namespace) -> int:
    method, (mu, L, _) = arguments.method(options.method), arguments.spectrum(options)
    chosen = arguments.settings(method, arguments.numbers(options), mu, L)
    columns = ("curvature", "radius", "peak", "step", "kreiss", "departure")
    rows = [
        {n: getattr(t, n) for n in columns} | {"pseudoradius": t.pseudoradius(options.epsilon)}
        for t in (cv.transient(method, lam, **chosen) for lam in (options.curvature or sorted({mu, L})))
    ]
    if options.json:
        console.as_json({"method": method.name, "hyper": chosen, "epsilon": options.epsilon, "directions": rows})
        return 0
    headings = ("curvature", "radius", "peak", "at step", "Kreiss", "departure", f"ε={options.epsilon:g}")
    title = f"{method.title} ({console.in_line(chosen)}): powers of the iteration matrix"
    console.show(console.table(headings, [[f"{v:.5g}" for v in row.values()] for row in rows], (), title))
    if any(row["peak"] > PEAK for row in rows):
        console.show(f"it can grow more than {PEAK:g} times before it falls: a good rate with a large transient")
    return 0


@command(
    "average",
    "print the expected error of a method after K steps, for a spectrum or a density",
    METHOD,
    STEPS,
    option("--ratio", type=float, metavar="R", help="Marchenko–Pastur spectrum of d/n = R, not the data's own"),
    option("--exponent", type=float, metavar="S", help="power-law spectrum λ^S on [0, L], not the data's own"),
    SPECTRUM,
    BEST,
    JSON,
    example="convergence average gradient_descent --steps 50 --ratio 0.5 --mu 1 --L 10",
)
def average(options: Namespace) -> int:
    method, (mu, L, data) = arguments.method(options.method), arguments.spectrum(options)
    density, name = _density(options, L, data)
    low = density.interval[0] if options.ratio is not None else mu
    chosen = arguments.settings(method, arguments.numbers(options), low or mu, L)
    expected = cv.average_case(method, options.steps, density, **chosen)
    if options.json:
        console.as_json({"method": method.name, "hyper": chosen, "density": name, **asdict(expected)})
        return 0
    pairs = (("error²", expected.error), ("loss", expected.loss), ("gradient²", expected.gradient))
    console.show(
        f"{method.title} ({console.in_line(chosen)}) after {expected.steps} steps, expected over {name}",
        *(f"{what} = {value:.6g} of the first" for what, value in pairs),
        _decay(expected.rate),
    )
    return 0


def _density(options: Namespace, L: float, data: LeastSquares | None) -> tuple[Any, str]:
    """The density asked for, and what to call it; the scale of a law is such that it ends at L."""
    if options.ratio is not None and options.exponent is not None:
        raise BadHyperparameter("--ratio and --exponent are two densities: give one of them")
    if options.ratio is not None:
        scale = L / cv.MarchenkoPastur(options.ratio).interval[1]
        named = f"Marchenko–Pastur's law of ratio {options.ratio:g} up to {L:.6g}"
        return cv.MarchenkoPastur(options.ratio, scale), named
    if options.exponent is not None:
        return cv.PowerLaw(options.exponent, L), f"the density λ^{options.exponent:g} on [0, {L:.6g}]"
    if data is None:
        raise BadHyperparameter("an average needs a density: give data, --ratio or --exponent")
    return data, "the curvatures of the data"


def _decay(rate: Any) -> str:
    if rate.kind == "geometric":
        return f"each falls by the factor {rate.factor:.6g} a step in the long run"
    if rate.kind == "polynomial":
        return f"in the long run they fall as k^-{rate.error:g}, k^-{rate.loss:g} and k^-{rate.gradient:g}"
    return "they do not fall" if rate.kind == "none" else "how they fall in the long run is not known"


@command(
    "chebyshev",
    "print the learning rates that attain the limit in K steps, and their peaks",
    STEPS,
    option("--order", default="stable", help="ascending, descending, stable (default)"),
    SPECTRUM,
    JSON,
    example="convergence chebyshev --steps 8 --mu 1 --L 100",
)
def chebyshev(options: Namespace) -> int:
    mu, L, _ = arguments.spectrum(options)
    rates = cv.chebyshev_steps(options.steps, mu=mu, L=L, order=options.order)
    bound = cv.lower_bound(options.steps, mu=mu, L=L)
    peaks = [cv.product_peaks(options.steps, mu=mu, L=L, order=o) for o in ("ascending", "descending", "stable")]
    if options.json:
        named = {"mu": mu, "L": L, "order": options.order, "bound": bound, "lr": list(rates)}
        console.as_json(named | {"peaks": [asdict(p) for p in peaks]})
        return 0
    rows = [(p.order, f"{p.partial:.4g}", f"{p.remaining:.4g}") for p in peaks]
    console.show(
        f"{options.steps} steps of gradient descent on [{mu:.6g}, {L:.6g}] to {bound:.6g} of the first error,",
        f"learning rates in {options.order} order:",
        " ".join(f"{rate:.6g}" for rate in rates),
        console.table(("order", "largest on the way", "rounding magnified by"), rows),
    )
    return 0
