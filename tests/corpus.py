"""Questions to the package, through public names only, and their answers as plain data that JSON can hold.

``python tests/corpus.py --write`` keeps the answers of the code at hand in ``data/corpus.json``; ``test_corpus.py`` asks again.
An answer that is wrong does not belong here: what is kept was right when it was kept. Sentences are no answers.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import sympy as sp
import tolerances
import user_rules
from usual_settings import usual

import convergence as cv
from convergence.cli import main

FILE = Path(__file__).parent / "data" / "corpus.json"

POINTS = 5
"""At so many points a formula is evaluated."""

TRIALS = 96
"""At so many points conditions are tried: their boundary passes among them."""

DIGITS = 50
"""Formulas are evaluated with so many digits, and then rounded to a double once."""

RANGES = {
    "lambda": (Fraction(1, 5), Fraction(8)),
    "sigma": (Fraction(1, 2), Fraction(2)),
    "eta": (Fraction(1, 20), Fraction(1)),
    "delta": (Fraction(0), Fraction(1, 2)),
    "mu": (Fraction(1, 10), Fraction(1)),
    "L": (Fraction(3, 2), Fraction(40)),
    "kappa": (Fraction(2), Fraction(60)),
    "z": (Fraction(-2), Fraction(2)),
}
"""Where the value of a letter lies; others, as momentum, lie between 0 and 1."""


# --- answers as plain data ------------------------------------------------------------------------------------------------


@cache
def value_of(letter: str, place: int) -> Fraction:
    """The value of a letter at the place-th point: exact, and the same in each run and for each formula."""
    low, high = RANGES.get(letter, (Fraction(0), Fraction(1)))
    return low + (high - low) * Fraction(random.Random(f"{letter} {place}").randrange(1, 10**6), 10**6)


def values(formula: Any, count: int = POINTS) -> list[Any]:
    """A formula, or a condition, at so many points of its letters."""
    return list(_evaluated(sp.sympify(formula), count))


@cache
def _evaluated(formula: sp.Basic, count: int) -> list[Any]:
    letters = sorted(formula.free_symbols, key=str)
    call = sp.lambdify(letters, formula, "mpmath", dummify=True)
    with mpmath.workdps(DIGITS):
        given = [[mpmath.mpf(v.numerator) / v.denominator for v in point] for point in _points(letters, count)]
        return [call(*point) for point in given]


def _points(letters: Iterable[Any], count: int) -> list[list[Fraction]]:
    return [[value_of(str(letter), place) for letter in letters] for place in range(count)]


def formula(expr: Any) -> Any:
    """The values of a formula at the points; its text is for the reader, and is not compared. None stays None."""
    if expr is None:
        return None
    expr = sp.sympify(expr)
    count = POINTS if expr.free_symbols else 1
    return {"formula": str(expr), "at": [number(v) for v in values(expr, count)]}


def formulas(named: Any) -> Any:
    return None if named is None else {name: formula(expr) for name, expr in named.items()}


def conditions(given: Iterable[Any]) -> dict[str, Any]:
    """Where all of them hold, as one digit a point: how they are cut into inequalities is not compared."""
    together = sp.And(*given)
    tried = values(together, TRIALS) if together.free_symbols else [bool(together)] * TRIALS
    return {"where": str(together), "truth": "".join(str(int(bool(v))) for v in tried)}


def ends(interval: Any) -> Any:
    return None if interval is None else [formula(interval.inf), formula(interval.sup)]


def intervals(given: Any) -> Any:
    return None if given is None else [ends(interval) for interval in given]


def number(value: Any) -> Any:
    """A number that JSON can hold with all its digits: a complex one as a pair, what is not finite as its name."""
    if isinstance(value, bool | np.bool_ | int | np.integer) or value is None:
        return value if value is None or isinstance(value, bool | int) else value.item()
    if isinstance(value, complex | np.complexfloating | mpmath.mpc) or (
        isinstance(value, sp.Expr) and not value.is_real
    ):
        value = complex(value)
        return number(value.real) if value.imag == 0 else {"parts": [number(value.real), number(value.imag)]}
    value = float(value)
    return value if isfinite(value) else {"float": str(value)}


def roots(given: Any) -> dict[str, Any]:
    """Numbers whose order says nothing."""
    found = [complex(z) for z in given if not np.isnan(complex(z).real)]
    return {"roots": [[z.real, z.imag] for z in sorted(found, key=lambda z: (z.real, z.imag))]}


def plain(given: Any) -> Any:
    """Lists, mappings and arrays of numbers and words."""
    if isinstance(given, dict) or hasattr(given, "items"):
        return {str(name): plain(entry) for name, entry in given.items()}
    if isinstance(given, np.ndarray):
        return plain(given.tolist())
    if isinstance(given, list | tuple):
        return [plain(entry) for entry in given]
    if isinstance(given, str):
        return given
    if isinstance(given, sp.Basic) and given.free_symbols:
        return formula(given)
    return number(given)


def take(result: Any, *names: str) -> dict[str, Any]:
    """The named attributes of a result."""
    return {name: plain(getattr(result, name)) for name in names}


# --- questions ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """``ask()`` gives the answer as plain data; ``tolerance`` is relative, to numbers no smaller than ``size``."""

    ask: Callable[[], Any]
    tolerance: float
    size: float = 0.0


QUESTIONS: dict[str, Question] = {}


def _ask(key: str, answer: Callable[[], Any], tolerance: float, size: float = 0.0) -> None:
    assert key not in QUESTIONS, key
    QUESTIONS[key] = Question(answer, tolerance, size)


def answer(key: str) -> Any:
    """The answer of the code at hand; a refusal is an answer, too: the name of what was raised."""
    try:
        return QUESTIONS[key].ask()
    except (cv.ConvergenceError, NotImplementedError) as refusal:
        return {"raises": type(refusal).__name__}


@cv.method
def half_solve(f, x, *, lr):
    """A Newton step and a gradient step, half each."""
    g = f.grad(x)
    return x - lr * (f.solve(g) + g) / 2


@cv.method(start=lambda f, x: (x, x * 0, x * 0 + 1))
def warm(f, x, m, p, *, lr, momentum):
    """A bias-corrected average that keeps time."""
    p = momentum * p
    m = momentum * m + (1 - momentum) * f.grad(x)
    return x - lr * m / (1 - p), m, p


OWN = {
    name: getattr(user_rules, name)
    for name in ("triple_positions", "polyak", "polyak_at_rest", "extragradient", "two_buffers", "inner_step")
} | {"half_solve": half_solve, "warm": warm}

CATALOGUE = (
    "gradient_descent",
    "newton",
    "ema_momentum",
    "ema_momentum_zero_start",
    "heavy_ball",
    "momentum_rate_inside",
    "nesterov",
    "torch_sgd_nesterov",
    "qhm",
    "robust_momentum",
    "torch_sgd",
    "triple_momentum",
    "weight_decay_coupled",
    "weight_decay_decoupled",
    "chebyshev",
    "frozen_adam",
    "frozen_nadam",
)

NEWER = ("nesterov_decay_coupled", "nesterov_decay_decoupled", "torch_sgd_decay")
METHODS = {**{name: name for name in CATALOGUE}, **OWN, **{name: name for name in NEWER}}


def made(name: str) -> Any:
    return OWN[name] if name in OWN else cv.METHODS[name]


def settings(name: str, lr: float = 0.1) -> dict[str, float]:
    """Usual settings; the average of ``ema_momentum`` weighs the new gradient, and ``ahead`` is of one rule only."""
    method = made(name)
    known = usual(method) if name != "triple_positions" else {"momentum": 0.7, "ahead": 0.35}
    return ({"lr": lr} if "lr" in method.hyper else {}) | known


def theory(name: str) -> dict[str, Any]:
    derived, region, found = cv.derive(METHODS[name]), cv.stability(METHODS[name]), cv.regimes(METHODS[name])
    return {
        "state": list(derived.state),
        "hyper": list(derived.hyper),
        "linear": derived.linear,
        "matrix": [[formula(entry) for entry in row] for row in derived.matrix.tolist()],
        "characteristic": formula(derived.characteristic.as_expr()),
        "rest": [formula(entry) for entry in derived.rest],
        "discriminant": formula(derived.discriminant),
        "conditions": conditions(region.conditions),
        "lr_max": formula(region.lr_max),
        "real": intervals(found.real),
        "complex": intervals(found.complex),
        "repeated": None if found.repeated is None else [formula(entry) for entry in found.repeated],
        "largest_stable": formulas(found.largest_stable),
        "bands": list(found.bands),
    }


def in_sigma(name: str, loss: str) -> dict[str, Any]:
    derived, region = cv.derive(name, sigma=True, loss=loss), cv.stability(name, sigma=True, loss=loss)
    return {
        "matrix": [[formula(entry) for entry in row] for row in derived.matrix.tolist()],
        "conditions": conditions(region.conditions),
        "lr_max": formula(region.lr_max),
        "repeated": [formula(entry) for entry in cv.regimes(name, sigma=True, loss=loss).repeated or ()],
    }


def eigenvalues(name: str) -> Any:
    """At each point the roots together: which comes first says nothing."""
    columns = [values(root) for root in cv.derive(METHODS[name]).eigenvalues]
    return [roots(column[min(place, len(column) - 1)] for column in columns) for place in range(POINTS)]


def membership(name: str) -> dict[str, Any]:
    region, given = cv.stability(METHODS[name]), settings(name)
    curvature = np.array([0.3, 1.0, 3.0, 9.0, 31.0, 250.0])
    others = {key: value for key, value in given.items() if key != "lr"}
    rates = np.array([[1e-3], [0.03], [0.1], [0.35], [1.7]])
    inside = region.contains(curvature, **(given | {"lr": rates} if "lr" in given else given))
    largest = [region.largest_lr(value, **others) for value in (0.3, 7.0)] if "lr" in given else None
    return {"inside": plain(inside), "largest_lr": plain(largest)}


def at_numbers(name: str) -> dict[str, Any]:
    found = cv.regimes(name).at(2.5, **{key: value for key, value in settings(name).items() if key != "lr"})
    return plain(found)


def best(name: str, **fixed: Any) -> dict[str, Any]:
    found = cv.optimum(METHODS[name], **fixed)
    return {
        "exact": found.exact,
        "hyper": formulas(found.hyper),
        "rate": formula(found.rate),
        "determined": sorted(found.determined),
        "plateau": ends(found.plateau),
    }


def best_at(name: str, mu: float, L: float, **fixed: Any) -> dict[str, Any]:
    found = cv.optimum(METHODS[name], **fixed)
    free = {n: v for n, v in made(name).defaults if n not in (*found.fixed, *found.determined)}
    tuned = found.at(mu=mu, L=L, **free)
    return {"rate": number(tuned.rate), "hyper": plain(tuned.hyper), "plateau": plain(tuned.plateau)}


@cache
def problem(name: str) -> Any:
    rng = np.random.default_rng(7)
    if name == "notes":
        return cv.datasets.gaussian_2d()
    if name == "longley":
        return cv.datasets.longley(standardize=True)
    if name == "one row":
        return cv.LeastSquares(np.array([[3.0, 4.0]]), np.array([2.0]), loss="half")
    if name == "wide":
        return cv.LeastSquares(rng.integers(-4, 5, (2, 4)).astype(float), np.array([1.0, -2.0]), loss="mean")
    if name == "rank deficient":
        X = rng.integers(-4, 5, (6, 2)).astype(float)
        return cv.LeastSquares(np.column_stack([X, X[:, 0] + X[:, 1]]), rng.integers(-3, 4, 6).astype(float))
    if name == "equal":
        return cv.LeastSquares(np.vstack([np.eye(2), -np.eye(2)]), np.array([1.0, 2.0, 0.5, 3.0]), loss="half_mean")
    return cv.datasets.with_spectrum([9.0, 4.0, 1.0], 8, rng=3, noise=0.1)


PROBLEMS = ("notes", "longley", "one row", "wide", "rank deficient", "equal", "made")


def described(name: str) -> dict[str, Any]:
    p = problem(name)
    w = np.arange(1.0, p.X.shape[1] + 1)
    names = (
        "rows",
        "rank",
        "loss_name",
        "scale",
        "singular_values",
        "curvatures",
        "mu",
        "L",
        "kappa",
        "minimizer",
        "minimum",
    )
    return take(p, *names) | {"columns": list(p.columns), "loss": number(p.loss(w)), "grad": plain(p.grad(w))}


def run(kind: str, data: str, name: str, steps: int, start: float | None, given: dict[str, Any]) -> dict[str, Any]:
    p = problem(data)
    first = None if start is None else np.full(p.X.shape[1], start)
    found = getattr(cv, kind)(p, METHODS[name], steps, first, **given)
    places = sorted({0, 1, 2, steps // 2, steps})
    kept = [k for k in places if k < len(found.x)]
    size = np.abs(found.error[kept])
    if data == "equal":  # its directions are any basis
        size = np.linalg.norm(size, axis=1)
    if data == "wide":  # so are its two flat ones
        size = np.column_stack([size[:, : p.rank], np.linalg.norm(size[:, p.rank :], axis=1)])
    return take(found, "steps", "diverged", "predicted") | {
        "x": plain(found.x[kept]),
        "loss": plain(found.loss[kept]),
        "error": plain(size),
    }


def identified(data: str, name: str, given: dict[str, Any]) -> Any:
    found = cv.identify(cv.simulate(problem(data), METHODS[name], 60, np.full(problem(data).X.shape[1], 1.0), **given))
    return [roots(row) for row in found.eigenvalues]


def worst(name: str, steps: int, mu: float, L: float, **given: Any) -> dict[str, Any]:
    found = cv.worst_case(METHODS[name], steps, mu=mu, L=L, **given)
    near = tolerances.double_eigenvalue(1.0)
    return take(found, "steps", "measure", "value", "log10", "guaranteed") | {
        "bounded": bool(found.value * (1 - near) <= found.bound <= found.value * (1 + near) + near),
        "exact": None if found.exact is None else str(found.exact),
    }


def worst_place(name: str, steps: int, **given: Any) -> float:
    return float(cv.worst_case(METHODS[name], steps, mu=1.0, L=10.0, **given).curvature)


def averaged(name: str, steps: int, density: Any, **given: Any) -> dict[str, Any]:
    found = cv.average_case(METHODS[name], steps, density() if callable(density) else density, **given)
    decay = take(found.rate, "kind") | {
        n: plain(getattr(found.rate, n)) for n in ("factor", "error", "loss", "gradient")
    }
    return take(found, "steps", "error", "loss", "gradient") | {"decay": decay}


def proved(proof: Any) -> dict[str, Any]:
    """The statement: whether it holds, and the bracket; never how it was shown, nor where a counterexample lies."""
    bracket = [None if end is None else number(sp.N(end, 30)) for end in (proof.lower, proof.upper)]
    refuted = proof.counterexample is not None
    return {"holds": proof.holds, "bracket": bracket, "counterexample": refuted, "recheck": bool(proof.recheck())}


def translated(src: str, dst: str, **given: Any) -> dict[str, Any]:
    found = cv.convert(src, dst, **given)
    kinds = sorted({flag.kind for flag in found.flags})
    return {"arguments": plain(dict(found)), "same": found.same_iterates, "method": found.method, "kinds": kinds}


def mapped(a: str, b: str) -> dict[str, Any]:
    found = cv.equivalent(METHODS.get(a, a), METHODS.get(b, b))
    return {
        "hyper": formulas(found.hyper),
        "same": found.same_iterates,
        "kinds": sorted({flag.kind for flag in found.flags}),
        "refuted": found.counterexample is not None,
        "condition": found.condition is not None,
    }


def classes() -> dict[str, Any]:
    found = cv.equivalences(CATALOGUE)
    names = [name for group in found.classes for name in group]
    pairs = [f"{a} in {b}" for a in names for b in names if a != b and found.has_map(a, b)]
    return {"classes": sorted(sorted(group) for group in found.classes), "maps": sorted(pairs)}


def diagnosed(name: str, given: dict[str, Any], *data: Any, **spectrum: Any) -> dict[str, Any]:
    found = cv.diagnose(*data, method=METHODS[name], **spectrum, **given)
    states = [
        take(s, "index", "curvature", "radius", "stable") | {"eigenvalues": roots(s.eigenvalues)}
        for s in found.directions
    ]
    return take(found, "converges", "kappa", "radius", "flat", "curvature") | {
        "states": states,
        "unstable": [state.index for state in found.unstable],
        "culprit": found.direction.index,
        "best": None if found.best is None else take(found.best, "hyper", "rate"),
    }


def logged(name: str, given: dict[str, Any], method: str | None, **known: Any) -> dict[str, Any]:
    H = np.array([[5.0, 2.0], [2.0, 2.0]])
    p = cv.LeastSquares(np.linalg.cholesky(H).T, np.array([1.0, -1.0]), loss="half")
    iterates = cv.simulate(p, name, 60, np.array([3.0, -2.0]), **given).x
    found = cv.diagnose_run(iterates, method=method, **known)
    return take(found, "converges", "momentum", "lr_curvature", "lr", "curvatures", "minimiser", "method")


def terminal(*words: str) -> dict[str, Any]:
    """What a command prints for a program, and its exit status. {folder} is a new folder."""
    with tempfile.TemporaryDirectory() as folder:
        given = [word.replace("{folder}", folder) for word in words]
        out = io.StringIO()
        if given[0] == "recheck":
            with contextlib.redirect_stdout(io.StringIO()):
                main(["certify", "stable", *given[2:], "--out", given[1]])
            given = given[:2]
        with contextlib.redirect_stdout(out):
            status = main([*given, "--json"])
        return {"status": status, "printed": told(json.loads(out.getvalue()))}


ANY = "*"
"""Stands for what has to be there, but may say anything."""

SENTENCES = (
    "text",
    "latex",
    "doc",
    "why",
    "claim",
    "words",
    "note",
    "notes",
    "headline",
    "advice",
    "schema",
    "density",
)
WITNESSES = (
    "observed",
    "error",
    "tolerance",
    "passed",
    "failed",
    "fault",
    "counterexample",
    "nearest_rate",
    "nearest_joint",
)
OPEN = (*SENTENCES, "ratio", "scaling", "printed", "limit", "condition", "curvature")


def told(content: Any, place: str = "") -> Any:
    """JSON that a command printed, without its sentences and witnesses; lists of what has a name as mappings."""
    if isinstance(content, list) and content and all(isinstance(entry, dict) for entry in content):
        for title in ("name", "method"):
            names = [entry.get(title) for entry in content]
            if None not in names and len(set(names)) == len(names):
                return {entry[title]: told(entry) for entry in content}
    if isinstance(content, list):
        return [told(entry) for entry in content]
    if not isinstance(content, dict):
        return content
    return {name: _told(name, entry, content) for name, entry in content.items()}


def _told(name: str, entry: Any, among: dict[str, Any]) -> Any:
    if name == "statement":
        return {"kind": entry["kind"]}
    if name == "rate" and isinstance(entry, dict) and "kind" in entry:
        return plain(entry)
    if name in ("lower", "upper") and isinstance(entry, str):
        return number(sp.N(sp.sympify(entry), 30))
    facts = name == "steps" and isinstance(entry, list)
    numbers = (
        name in ("limit", "error", "passed", "tolerance") and isinstance(entry, int | float) and "why" not in among
    )
    checks = name in ("checks", "controls")
    if checks:
        return [{"kind": check["kind"]} for check in entry]
    return ANY if facts or (name in (*OPEN, *WITNESSES) and not numbers) else told(entry)


# --- the list -------------------------------------------------------------------------------------------------------------

EXACT = tolerances.rounded_once()

WITH_LR = [name for name in METHODS if name != "newton"]

NO_RESIDUAL = ("half_solve", "inner_step", "weight_decay_decoupled", "nesterov_decay_decoupled")
"""Residual polynomials of these are not asked for."""

NUMERIC = ("robust_momentum", "two_buffers", "inner_step")
"""Their optimum is a search: it is asked of none of these at large condition numbers, where it may be far off."""

CRITICAL = {"heavy_ball": {"lr": 0.09, "momentum": 0.49}, "momentum_rate_inside": {"lr": 0.09, "momentum": 0.49}}
"""At λ = 1 the two eigenvalues are one, 0.7, and the matrix is defective."""

DIVERGING = {
    "gradient_descent": {"lr": 3.0},
    "heavy_ball": {"lr": 2.0, "momentum": 0.5},
    "nesterov": {"lr": 2.0, "momentum": 0.5},
}


def _of_theory() -> None:
    for name in METHODS:
        _ask(f"theory {name}", lambda name=name: theory(name), EXACT)
        _ask(f"eigenvalues {name}", lambda name=name: eigenvalues(name), EXACT, 1.0)
        if name != "two_buffers":
            _ask(f"rate {name}", lambda name=name: formula(cv.rate(METHODS[name])), EXACT)
        _ask(f"contains {name}", lambda name=name: membership(name), tolerances.spectral(7.0))
        _ask(
            f"spectral_radius {name}",
            lambda name=name: plain(cv.spectral_radius(METHODS[name], [0.3, 1.0, 2.5, 30.0], **settings(name))),
            tolerances.spectral(100.0),
            1.0,
        )
    for name, loss in zip(CATALOGUE, ("sum", "half", "mean", "half_mean") * 5, strict=False):
        _ask(f"sigma {name} {loss}", lambda name=name, loss=loss: in_sigma(name, loss), EXACT)
        _ask(f"regimes.at {name}", lambda name=name: at_numbers(name), tolerances.spectral(10.0), 1.0)
    for name, given in CRITICAL.items():
        _ask(
            f"spectral_radius {name} critical",
            lambda name=name, given=given: plain(cv.spectral_radius(name, [1.0, 0.5, 2.0], **given)),
            tolerances.double_eigenvalue(1.0),
        )
        _ask(f"rate {name} critical", lambda name=name, given=given: formula(cv.rate(name, **given)), EXACT)
    _ask(
        "spectral_radius over the spectrum",
        lambda: plain(
            cv.spectral_radius("nesterov", [[1.0, 5.0], [1.0, 90.0]], over="spectrum", lr=0.02, momentum=0.6)
        ),
        tolerances.spectral(90.0),
    )
    edges = {
        "gradient_descent": {"lr": [2.0, 1.9999999999999998, 2.0000000000000004]},
        "heavy_ball": {"lr": [3.0, 2.9999999999999996, 3.0000000000000004], "momentum": 0.5},
        "nesterov": {"lr": [1.0, 0.75, 0.7499999999999999], "momentum": 0.5},
        "ema_momentum_zero_start": {"lr": [6.0, 5.999999999999999, 6.000000000000001], "momentum": 0.5},
    }
    for name, given in edges.items():
        _ask(
            f"contains {name} at the edge",
            lambda name=name, given=given: plain(cv.stability(name).contains(1.0, **given)),
            0,
        )
    _ask(
        "order", lambda: [plain(list(row)) for row in cv.derive("heavy_ball").order(("v", "x")).matrix.tolist()], EXACT
    )


def _of_optima() -> None:
    for name in METHODS:
        if name in (*NUMERIC, "polyak", "polyak_at_rest"):
            continue
        _ask(f"optimum {name}", lambda name=name: best(name), EXACT)
        for mu, L in ((1.0, 10.0), (0.5, 50.0), (2.0, 2.0), (1.0, 1e6)):
            _ask(
                f"optimum.at {name} {mu:g} {L:g}",
                lambda name=name, mu=mu, L=L: best_at(name, mu, L),
                *((tolerances.double_eigenvalue(1.0), 1.0) if mu == L else (tolerances.closed_optimum(L / mu),)),
            )
    held = sp.Rational(1, 2)
    for name in ("heavy_ball", "ema_momentum", "nesterov"):
        _ask(f"optimum {name} momentum 1/2", lambda name=name: best(name, momentum=held), EXACT)
        _ask(
            f"optimum.at {name} momentum 1/2",
            lambda name=name: best_at(name, 1.0, 4.0, momentum=held),
            tolerances.closed_optimum(4.0),
        )
    letter = sp.Symbol("beta", nonnegative=True)
    for name in ("heavy_ball", "nesterov"):
        _ask(f"optimum {name} letter", lambda name=name: best(name, momentum=letter), EXACT)


def _of_data() -> None:
    for data in PROBLEMS:
        _ask(f"data {data}", lambda data=data: described(data), tolerances.described(data_kappa(data)), 1e-9)
    start = {"notes": 1.0, "one row": 1.0, "wide": -1.0, "rank deficient": 0.5, "equal": 2.0, "made": 1.0}
    rates = {"notes": 1e-4, "one row": 0.03, "wide": 0.02, "rank deficient": 0.004, "equal": 0.4, "made": 0.05}
    for place, name in enumerate(METHODS):
        for data in (list(start)[place % 6], list(start)[(place + 3) % 6]):
            for kind in ("simulate", "predict"):
                _ask(
                    f"{kind} {name} {data}",
                    lambda kind=kind, name=name, data=data: run(
                        kind, data, name, 25, start[data], settings(name, rates[data])
                    ),
                    tolerances.identity(25, 1e3),
                    1.0,
                )
    for name, given in DIVERGING.items():
        for kind in ("simulate", "predict"):
            _ask(
                f"{kind} {name} diverging",
                lambda kind=kind, name=name, given=given: run(kind, "made", name, 30, 1.0, given),
                tolerances.identity(30, 1e3),
            )
    _ask(
        "simulate overflow",
        lambda: take(cv.simulate(problem("made"), "gradient_descent", 1000, lr=3.0), "diverged", "steps"),
        0,
    )
    for name in ("gradient_descent", "heavy_ball", "nesterov", "two_buffers", "extragradient", "triple_momentum"):
        _ask(
            f"identify {name}",
            lambda name=name: identified("made", name, settings(name, 0.04)),
            tolerances.identified(),
            1.0,
        )
    for name, given in {"heavy_ball": {"lr": 1e-4, "momentum": 0.5}, "gradient_descent": {}, "newton": {}}.items():
        _ask(f"verify {name}", lambda name=name, given=given: bool(cv.verify(problem("notes"), name, **given)), 0)


@cache
def data_kappa(data: str) -> float:
    return float(problem(data).kappa)


def _of_finite_time() -> None:
    for place, name in enumerate(METHODS):
        if name in NO_RESIDUAL:
            continue
        given, measure = settings(name, 0.06), ("error", "loss", "gradient")[place % 3]
        for steps in (3, 8):
            _ask(
                f"worst_case {name} {steps} {measure}",
                lambda name=name, steps=steps, measure=measure, given=given: worst(
                    name, steps, 1.0, 10.0, measure=measure, **given
                ),
                tolerances.identity(steps, 10.0),
                1e-3,
            )
        _ask(
            f"residual_polynomial {name}",
            lambda name=name: formula(cv.residual_polynomial(METHODS[name], 3).as_expr()),
            EXACT,
        )
        _ask(
            f"residuals {name}",
            lambda name=name, given=given: plain(cv.residuals(METHODS[name], 6, [1.0, 3.0, 10.0], **given)),
            tolerances.identity(6, 10.0),
            1.0,
        )
        _ask(
            f"steps_to {name}",
            lambda name=name, given=given: cv.steps_to(METHODS[name], 1e-3, mu=1.0, L=10.0, **given),
            0,
        )
        _ask(
            f"steps_to {name} spectrum",
            lambda name=name, given=given: cv.steps_to(
                METHODS[name], 1e-2, curvatures=[10.0, 4.0, 1.0], start=[1.0, -2.0, 0.5], **given
            ),
            0,
        )
        _ask(
            f"average_case {name}",
            lambda name=name, given=given: averaged(name, 6, [1.0, 2.0, 7.0], **given),
            tolerances.identity(6, 10.0),
            1e-3,
        )
    exact = {
        "gradient_descent": {"lr": Fraction(2, 11)},
        "heavy_ball": {"lr": Fraction(1, 4), "momentum": Fraction(1, 4)},
        "nesterov": {"lr": Fraction(1, 10), "momentum": Fraction(1, 2)},
    }
    for name, given in exact.items():
        _ask(
            f"worst_case {name} exact",
            lambda name=name, given=given: worst(name, 5, 1, 10, exact=True, **given),
            tolerances.identity(5, 10.0),
        )
        fine = {key: float(value) for key, value in given.items()}
        _ask(
            f"worst_case {name} one curvature",
            lambda name=name, fine=fine: worst(name, 6, 3.0, 3.0, **fine),
            tolerances.identity(6, 10.0),
            1e-3,
        )
        _ask(
            f"worst_case {name} diverging",
            lambda name=name: worst(name, 12, 1.0, 10.0, **DIVERGING[name]),
            tolerances.identity(12, 10.0),
        )
        _ask(
            f"worst_case {name} kappa 1e6",
            lambda name=name: worst(
                name, 40, 1e-6, 1.0, **({"lr": 1.5} if name == "gradient_descent" else {"lr": 0.9, "momentum": 0.8})
            ),
            tolerances.identity(40, 10.0),
            1e-3,
        )
        _ask(
            f"steps_to {name} diverging",
            lambda name=name: cv.steps_to(name, 1e-3, mu=1.0, L=10.0, **DIVERGING[name]),
            0,
        )
        _ask(
            f"steps_to {name} one curvature",
            lambda name=name, fine=fine: cv.steps_to(name, 1e-3, mu=3.0, L=3.0, **fine),
            0,
        )
        _ask(
            f"steps_across {name}",
            lambda name=name, fine=fine: take(
                cv.steps_across(
                    name, 1e-3, [0.02, 0.1, 0.15, 0.5], mu=1.0, L=10.0, **{n: v for n, v in fine.items() if n != "lr"}
                ),
                "lr",
                "steps",
                "best",
            ),
            EXACT,
        )
        _ask(
            f"fraction_of_limit {name}",
            lambda name=name, fine=fine: take(
                cv.fraction_of_limit(name, 10, mu=1.0, L=10.0, **fine), "value", "bound", "at_k", "asymptotic", "rate"
            ),
            tolerances.identity(10, 10.0),
        )
        for law, density in {
            "marchenko_pastur": lambda: cv.MarchenkoPastur(0.5),
            "power": lambda: cv.PowerLaw(0.5, 2.0),
            "data": lambda: problem("made"),
        }.items():
            _ask(
                f"average_case {name} {law}",
                lambda name=name, fine=fine, density=density: averaged(name, 9, density, **fine),
                tolerances.identity(9, 10.0),
                1e-3,
            )
    for name, given in {
        "gradient_descent": {"lr": 0.1},
        "nesterov": {"lr": 0.1, "momentum": 0.7},
        "heavy_ball": {"lr": 0.2, "momentum": 0.6},
    }.items():
        _ask(
            f"worst_case.curvature {name}",
            lambda name=name, given=given: worst_place(name, 7, **given),
            tolerances.double_eigenvalue(1.0),
        )
    _ask(
        "steps_to gradient_descent kappa 1e4", lambda: cv.steps_to("gradient_descent", 1e-3, mu=1e-4, L=1.0, lr=1.0), 0
    )
    _ask(
        "steps_to heavy_ball best kappa 100",
        lambda: cv.steps_to("heavy_ball", 1e-3, mu=1.0, L=100.0, lr=4 / 121, momentum=81 / 121),
        0,
    )
    for mu, L in ((1.0, 10.0), (1.0, 1.0), (1e-6, 1.0), (0.25, 100.0)):
        where = f"{mu:g} {L:g}"
        _ask(
            f"lower_bound {where}",
            lambda mu=mu, L=L: plain([cv.lower_bound(k, mu=mu, L=L) for k in (0, 1, 2, 7, 40)]),
            tolerances.identity(40, 1.0),
            1e-3,
        )
        _ask(
            f"chebyshev_recurrence {where}",
            lambda mu=mu, L=L: take(cv.chebyshev_recurrence(6, mu=mu, L=L), "lr", "momentum"),
            tolerances.identity(6, 10.0),
            1.0,
        )
        for order in ("ascending", "descending", "stable"):
            _ask(
                f"chebyshev_steps {order} {where}",
                lambda mu=mu, L=L, order=order: plain(cv.chebyshev_steps(8, mu=mu, L=L, order=order)),
                tolerances.identity(8, 1.0),
            )
            _ask(
                f"product_peaks {order} {where}",
                lambda mu=mu, L=L, order=order: take(
                    cv.product_peaks(8, mu=mu, L=L, order=order), "order", "partial", "remaining"
                ),
                tolerances.identity(8, 100.0),
                1.0,
            )
    _ask(
        "krylov_bound",
        lambda: take(cv.krylov_bound([10.0, 4.0, 2.5, 1.0], [1.0, -1.0, 0.5, 2.0], 3), "error", "loss", "gradient"),
        tolerances.identity(3, 100.0),
    )
    _ask(
        "transient gradient_descent",
        lambda: take(cv.transient("gradient_descent", 2.0, lr=0.4), "peak", "radius", "departure"),
        EXACT,
        1.0,
    )
    for name in ("heavy_ball", "nesterov", "qhm", "extragradient"):
        _ask(
            f"transient.radius {name}",
            lambda name=name: number(cv.transient(METHODS[name], 2.0, **settings(name)).radius),
            tolerances.spectral(10.0),
        )


def _of_proofs() -> None:
    best_rate = (sp.sqrt(10) - 1) / (sp.sqrt(10) + 1)
    rate = tolerances.bracket(1e-6)
    for name in CATALOGUE:
        given = settings(name, 0.05)
        _ask(
            f"certify_stable {name}",
            lambda name=name, given=given: proved(cv.certify_stable(name, mu=1, L=10, **given)),
            EXACT,
        )
        _ask(
            f"certify_radius {name}", lambda name=name, given=given: proved(cv.certify_radius(name, 3, **given)), EXACT
        )
    for name, given in DIVERGING.items():
        _ask(
            f"certify_stable {name} diverging",
            lambda name=name, given=given: proved(cv.certify_stable(name, mu=1, L=10, **given)),
            EXACT,
        )
    for name, given in {"gradient_descent": {"lr": "1/5"}, "heavy_ball": {"lr": 3, "momentum": "1/2"}}.items():
        numbers = {key: sp.Rational(value) for key, value in given.items()}
        _ask(
            f"certify_stable {name} edge",
            lambda name=name, numbers=numbers: proved(
                cv.certify_stable(name, mu=sp.Rational(1, 2), L=10 if "momentum" not in numbers else 1, **numbers)
            ),
            EXACT,
        )
    heavy = {"lr": 4 / (sp.sqrt(10) + 1) ** 2, "momentum": best_rate**2}
    _ask(
        "certify_rate heavy_ball", lambda: proved(cv.certify_rate("heavy_ball", best_rate, mu=1, L=10, **heavy)), EXACT
    )
    _ask(
        "certify_rate heavy_ball too small",
        lambda: proved(cv.certify_rate("heavy_ball", best_rate - sp.Rational(1, 10**9), mu=1, L=10, **heavy)),
        EXACT,
    )
    _ask(
        "certify_rate gradient_descent",
        lambda: proved(cv.certify_rate("gradient_descent", sp.Rational(9, 11), mu=1, L=10, lr=sp.Rational(2, 11))),
        EXACT,
    )
    for name in ("gradient_descent", "heavy_ball", "nesterov", "ema_momentum"):
        _ask(f"certify_optimum {name}", lambda name=name: proved(cv.certify_optimum(name, mu=1, L=10)), rate)
    for name in ("gradient_descent", "heavy_ball", "momentum_rate_inside"):
        _ask(f"certify_formula {name}", lambda name=name: proved(cv.certify_formula(name)), EXACT)
    _ask(
        "read_certificate",
        lambda: proved(cv.read_certificate(cv.certify_stable("nesterov", mu=1, L=10, lr=0.05, momentum=0.5).to_json())),
        EXACT,
    )


def _of_conventions() -> None:
    pairs = [
        ("heavy_ball", "momentum_rate_inside"),
        ("heavy_ball", "ema_momentum"),
        ("ema_momentum_zero_start", "heavy_ball"),
        ("heavy_ball", "gradient_descent"),
        ("nesterov", "torch_sgd_nesterov"),
        ("torch_sgd", "heavy_ball"),
        ("qhm", "triple_momentum"),
        ("nesterov", "triple_momentum"),
        ("gradient_descent", "newton"),
        ("heavy_ball", "polyak_at_rest"),
        ("gradient_descent", "extragradient"),
    ]
    for a, b in pairs:
        _ask(f"equivalent {a} {b}", lambda a=a, b=b: mapped(a, b), EXACT)
    _ask("equivalences", classes, 0)
    sgd = {"lr": 0.1, "momentum": 0.9}
    for src, dst, given in (
        ("pytorch", "course", sgd),
        ("course", "pytorch", {"lr": 0.5, "momentum": 0.25}),
        ("pytorch", "optax", sgd),
        ("keras", "pytorch", {"learning_rate": 0.1, "momentum": 0.9}),
        ("pytorch", "keras", sgd),
        ("heavy_ball", "pytorch", sgd),
        ("nesterov", "keras", sgd),
        ("pytorch", "gradient_descent", sgd),
        ("pytorch", "gradient_descent", {"lr": 0.1}),
        ("heavy_ball", "ema_momentum", {"lr": sp.Rational(1, 3), "momentum": sp.Rational(1, 4)}),
    ):
        words = ",".join(f"{n}={v}" for n, v in given.items())
        _ask(f"convert {src} {dst} {words}", lambda src=src, dst=dst, given=given: translated(src, dst, **given), EXACT)
    for name in ("heavy_ball", "nesterov", "ema_momentum", "gradient_descent", "weight_decay_coupled"):
        _ask(
            f"in_libraries {name}",
            lambda name=name: [
                {"library": c.library, "same": c.same_iterates, "is": bool(c.call)}
                for c in cv.in_libraries(name, **settings(name))
            ],
            0,
        )
    _ask("presets", lambda: {name: sorted(p.arguments) for name, p in sorted(cv.presets().items())}, 0)
    _ask(
        "METHODS",
        lambda: {
            m: {
                "state": list(cv.METHODS[m].state),
                "hyper": list(cv.METHODS[m].hyper),
                "defaults": plain(dict(cv.METHODS[m].defaults)),
                "rate": cv.METHODS[m].rate,
            }
            for m in CATALOGUE
        },
        EXACT,
    )


def _of_diagnosis() -> None:
    for name, given in DIVERGING.items():
        _ask(
            f"diagnose {name} diverging",
            lambda name=name, given=given: diagnosed(name, given, curvatures=[9.0, 4.0, 0.1]),
            tolerances.spectral(90.0),
            1e-3,
        )
    _ask(
        "diagnose heavy_ball notes",
        lambda: diagnosed("heavy_ball", {"lr": 5e-4, "momentum": 0.9}, problem("notes")),
        tolerances.spectral(data_kappa("notes")),
    )
    _ask(
        "diagnose nesterov slow",
        lambda: diagnosed("nesterov", {"lr": 1e-4, "momentum": 0.1}, curvatures=[10.0, 1.0]),
        tolerances.spectral(10.0),
    )
    _ask(
        "diagnose extragradient",
        lambda: diagnosed("extragradient", {"lr": 0.3}, curvatures=[10.0, 1.0]),
        tolerances.closed_optimum(10.0),
    )
    _ask(
        "diagnose flat",
        lambda: diagnosed("gradient_descent", {"lr": 0.1}, curvatures=[30.0, 1.0, 0.0]),
        tolerances.spectral(30.0),
    )
    for name, given, method in (
        ("heavy_ball", {"lr": 0.05, "momentum": 0.6}, "heavy_ball"),
        ("gradient_descent", {"lr": 0.05}, "gradient_descent"),
        ("nesterov", {"lr": 0.05, "momentum": 0.6}, "nesterov"),
    ):
        _ask(
            f"diagnose_run {name}",
            lambda name=name, given=given, method=method: logged(name, given, method, lr=0.05),
            tolerances.identified(),
            1.0,
        )


def _of_the_homework() -> None:
    _ask("course", homework, tolerances.closed_optimum(100.0))
    _ask("study", studied, tolerances.described(data_kappa("notes")))


def homework() -> dict[str, Any]:
    found = cv.course()
    names = (
        "momentum",
        "curvatures",
        "low",
        "high",
        "rate",
        "edge",
        "descent_lr",
        "descent_rate",
        "free_lr",
        "free_momentum",
        "free_rate",
    )
    return {
        "passed": bool(found),
        "plateau": take(found.plateau, *names),
        "data": take(found.data, "singular_values", "curvatures", "minimum"),
    }


def studied() -> dict[str, Any]:
    found = cv.study(problem("notes"), ["gradient_descent", "heavy_ball"])
    methods = [
        {"name": m.name, "state": plain(m.method.state), "hyper": plain(m.method.hyper)}
        | {"tuning": take(m.answer, "hyper", "rate", "lr_max", "plateau") | {"steps_predicted": m.answer.steps.count}}
        for m in found.methods
    ]
    return {
        "passed": bool(found),
        "data": take(found.problem, "rows", "rank", "curvatures", "mu", "L", "kappa", "minimizer", "minimum"),
        "methods": methods,
        "bound": [float(f"{value:.9g}") for value in found.limit.bound[:6]],
        "again": cv.Study.from_json(found.to_json()) == found,
    }


def _of_the_terminal() -> None:
    spectrum = ("--mu", "1", "--L", "10")
    loose = tolerances.double_eigenvalue(10.0)
    for words in (
        ("derive", "heavy_ball"),
        ("derive", "nesterov", "--sigma", "--loss", "mean"),
        ("optimum", "heavy_ball", *spectrum),
        ("optimum", "ema_momentum", "--momentum", "0.5", *spectrum),
        ("methods",),
        ("worst-case", "heavy_ball", "--steps", "10", *spectrum, "--lr", "0.1", "--momentum", "0.5"),
        ("worst-case", "gradient_descent", "--steps", "6", "--measure", "loss", *spectrum),
        ("steps", "nesterov", *spectrum, "--lr", "0.08", "--momentum", "0.5"),
        ("steps", "gradient_descent", "--across", "0.05:0.15:3", *spectrum),
        ("steps", "gradient_descent", "--dataset", "gaussian_2d", "--spectrum", "--lr", "1e-4"),
        ("transient", "gradient_descent", *spectrum, "--lr", "0.1"),
        ("limit", "--steps", "20", "--methods", "gradient_descent,heavy_ball", *spectrum),
        ("average", "gradient_descent", "--steps", "8", "--ratio", "0.5", *spectrum, "--lr", "0.1"),
        ("average", "heavy_ball", "--steps", "8", "--exponent", "0.5", *spectrum, "--lr", "0.1", "--momentum", "0.3"),
        ("chebyshev", "--steps", "8", *spectrum),
        ("chebyshev", "--steps", "6", "--order", "ascending", *spectrum),
        ("certify", "stable", "nesterov", *spectrum, "--lr", "0.05", "--momentum", "0.5"),
        ("certify", "stable", "gradient_descent", *spectrum, "--lr", "0.3"),
        ("certify", "radius", "heavy_ball", "--curvature", "3", "--lr", "0.1", "--momentum", "0.5"),
        ("certify", "rate", "gradient_descent", *spectrum, "--rate", "9/11", "--lr", "2/11"),
        ("recheck", "{folder}/proof.json", "heavy_ball", *spectrum, "--lr", "0.1", "--momentum", "0.5"),
        ("convert", "pytorch", "course", "--lr", "0.1", "--momentum", "0.9"),
        ("equivalent", "heavy_ball", "ema_momentum_zero_start"),
        ("equivalent", "heavy_ball", "gradient_descent"),
        ("diagnose", "--method", "gradient_descent", "--lr", "0.3", "--curvatures", "10,1"),
        ("diagnose", "--method", "heavy_ball", "--lr", "5e-4", "--momentum", "0.9"),
        ("verify", "--methods", "gradient_descent"),
    ):
        _ask(f"$ {' '.join(words)}", lambda words=words: terminal(*words), loose, 1e-3)


for _group in (
    _of_theory,
    _of_optima,
    _of_data,
    _of_finite_time,
    _of_proofs,
    _of_conventions,
    _of_diagnosis,
    _of_the_homework,
    _of_the_terminal,
):
    _group()


def write(*keys: str, path: Path = FILE) -> None:
    """Keep the answers of the code at hand, an answer a line: all of them, or those of these questions."""
    answers = {key: answer(key) if key in keys or not keys else old for key, old in kept(path).items()}
    answers |= {key: answer(key) for key in QUESTIONS if key not in answers}
    lines = (
        f"{json.dumps(key)}: {json.dumps(answers[key], ensure_ascii=False, separators=(',', ':'))}" for key in QUESTIONS
    )
    path.parent.mkdir(exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def kept(path: Path = FILE) -> dict[str, Any]:
    """The answers that were kept, by key."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__" and sys.argv[1:2] == ["--write"]:
    write(*sys.argv[2:])
