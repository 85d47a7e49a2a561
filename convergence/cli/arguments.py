"""What a person typed, as methods, numbers, hyperparameters, data and spectra; or a clear error."""

from __future__ import annotations

import importlib.util
import re
from argparse import Namespace
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isinf
from pathlib import Path
from typing import Any

import sympy as sp

import convergence as cv
from convergence.crossing import exact
from convergence.errors import BadData, BadHyperparameter, BadName, BadRule, nearest
from convergence.formula_text import formula
from convergence.methods import as_method
from convergence.problem import LeastSquares, as_quadratic
from convergence.reading import prepare
from convergence.rule import Method

DATASETS = {"gaussian_2d": "the notes' 2-D Gaussian data", "longley": "Longley's regression data (NIST StRD)"}

LONGEST, ROOTS, LARGEST = 200, 4, 308
"""Of a number that a person types: its characters, the roots in it, its power of ten. Exact arithmetic on more is slow."""

READING = ("target", "columns", "drop", "missing", "na", "decimal", "separator", "header")
"""Options that say how to read a file."""

LISTED = 4
"""Curvatures that are all said."""

_DECIMAL = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")


def number(name: str, text: str) -> sp.Expr:
    """An exact number from sums, products, quotients, powers and roots of decimals. BadHyperparameter for others."""
    try:
        written = _DECIMAL.sub(_fraction, text.strip().replace("^", "**")) if len(text) <= LONGEST else ""
        value = formula(written, {})
    except (BadData, ArithmeticError):
        value = sp.nan
    if not (isinstance(value, sp.Expr) and value.is_real and value.is_finite and _is_short(value)):
        raise BadHyperparameter(f"{name} must be a number such as 0.9, 9/10 or sqrt(2)/4; got {text[:60]!r}")
    return value


def _fraction(decimal: re.Match[str]) -> str:
    value = Decimal(decimal[0])
    if abs(value.adjusted()) > LARGEST:
        raise OverflowError("out of reach")
    return "Rational({}, {})".format(*value.as_integer_ratio())


def _is_short(value: sp.Expr) -> bool:
    """Whether it is algebraic, with few roots, and no number in it is out of the range of floats."""
    roots = [power for power in value.atoms(sp.Pow) if not power.exp.is_Integer]
    short = all(max(abs(one.p), one.q) <= 10**LARGEST for one in value.atoms(sp.Rational))
    plain = not value.atoms(sp.Function, sp.NumberSymbol)
    return plain and short and len(roots) <= ROOTS and all(root.exp.is_Rational and root.exp.q <= 4 for root in roots)


def real(name: str, text: str) -> float:
    """A number as a float. BadHyperparameter where it is none, or out of the range of floats."""
    value = number(name, text)
    if isinf(float(value)) or (float(value) == 0) != (value == 0):
        raise BadHyperparameter(f"{name} is out of the range of floating point: {text[:60]}")
    return float(value)


def number_or_letter(name: str, text: str) -> Any:
    """A symbol where a letter stands for the number."""
    if text.strip().isidentifier() and text.strip().lower() not in ("nan", "inf", "infinity"):
        return sp.Symbol(text.strip(), positive=True)
    return number(name, text)


def given(options: Namespace) -> dict[str, str]:
    """The hyperparameters as they were typed. BadHyperparameter for one that was given twice, or has no value."""
    typed = {name: getattr(options, name) for name in ("lr", "momentum") if getattr(options, name) is not None}
    for pair in options.set:
        name, separator, value = pair.partition("=")
        if not separator or not name or not value:
            raise BadHyperparameter(f"--set takes NAME=VALUE, as in --set dampening=0.5; got {pair[:60]!r}")
        if name in typed:
            raise BadHyperparameter(f"{name} was given twice, as {typed[name][:60]} and as {value[:60]}: give one")
        typed[name] = value
    return typed


def hyper(options: Namespace, read: Callable[[str, str], Any] = real) -> dict[str, Any]:
    """The hyperparameters, each read as ``real``, as an exact ``number``, or as ``number_or_letter``."""
    return {name: read(name, text) for name, text in given(options).items()}


def method(name: str) -> Method:
    """A method of the catalogue, a preset, or the update rule RULE in FILE.py where the name is FILE.py:RULE."""
    file, separator, rule = name.rpartition(":")
    if not (separator and file.endswith(".py")):
        return as_method(name)
    module = _module(Path(file))
    if not hasattr(module, rule):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise BadName(f"{file} has no function {rule[:60]!r}: {nearest(rule, known)}")
    return as_method(getattr(module, rule))


def _module(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise BadRule(f"expected a Python file with an update rule; there is none at {file}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise BadRule(f"{file} could not be run: {type(error).__name__}: {error}") from error
    return module


def methods(options: Namespace) -> list[Method]:
    """The methods named, or the whole catalogue. BadName where none is left of an empty list."""
    if options.methods is None:
        return list(cv.methods.LINEAR.values())
    if not options.methods:
        raise BadName("--methods names methods, as in --methods heavy_ball,nesterov; got none")
    return [method(name) for name in options.methods]


def problem(options: Namespace) -> tuple[LeastSquares, str]:
    """The data that were asked for, and what to call them."""
    if options.data and options.dataset:
        raise BadName("--data names a file and --dataset a data set that ships: give one of them")
    prepared = {name: getattr(options, name) for name in ("loss", "intercept", "standardize")}
    if options.data:
        read = {name: getattr(options, name) for name in READING}
        data = cv.read_problem(options.data, **{name: v for name, v in read.items() if v is not None}, **prepared)
        options.notes += data.preparation
        return data, Path(options.data).name
    if _says_how_to_read(options):
        raise BadName("--target and what says how to read a file need --data FILE; the data sets that ship need none")
    name = options.dataset or "gaussian_2d"
    if name not in DATASETS:
        raise BadName(f"there is no data set {name[:60]!r}: {nearest(name, DATASETS)}")
    if name == "longley":
        return cv.datasets.longley(**{**prepared, "intercept": True}), DATASETS[name]
    plain = cv.datasets.gaussian_2d(loss=options.loss)
    if not options.dataset:
        options.notes.append(f"on {DATASETS[name]} (--data FILE --target COLUMN for yours)")
    if options.intercept or options.standardize:
        plain = prepare(plain.X, plain.y, plain.columns, **prepared)
    return plain, DATASETS[name]


def about_data(options: Namespace) -> bool:
    """Whether options are about data: their file or name, or how to read a file, for which ``problem`` then wants one."""
    return bool(options.data or options.dataset) or _says_how_to_read(options)


def _says_how_to_read(options: Namespace) -> bool:
    return any(getattr(options, name) != options.alone.get_default(name) for name in READING)


def added_noise(options: Namespace) -> float | cv.LabelNoise | None:
    """The noise that --noise or --label-noise adds to each gradient. BadHyperparameter for both."""
    if options.noise is not None and options.label_noise is not None:
        raise BadHyperparameter("--noise and --label-noise are two laws of the noise: give one of them")
    if options.label_noise is not None:
        return cv.LabelNoise(real("--label-noise", options.label_noise))
    return deviation(options)


def deviation(options: Namespace) -> float | None:
    """That of --noise, if it is given."""
    size = None if options.noise is None else real("--noise", options.noise)
    if size is not None and size < 0:
        raise BadHyperparameter(f"--noise is a standard deviation, 0 or more; got {options.noise[:60]}")
    return size


def law(options: Namespace) -> dict[str, Any]:
    """What is random in each step: ``batch``, ``sampling`` and ``noise``."""
    return {"batch": options.batch, "sampling": options.sampling, "noise": added_noise(options)}


def counts(flag: str, text: str) -> list[int]:
    """Whole numbers from 1 on, separated by commas. BadHyperparameter for others."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) <= 12 and int(part) for part in parts):
        raise BadHyperparameter(f"{flag} takes whole numbers from 1 on, as in 1,8,32; got {text[:60]!r}")
    return [int(part) for part in parts]


def ends_of(data: LeastSquares) -> dict[str, float]:
    """The ends of the spectrum of the data."""
    return {"mu": float(data.mu), "L": float(data.L)}


def curvatures(options: Namespace) -> list[float]:
    """Those of --curvatures. BadData where there are none."""
    if not options.curvatures:
        raise BadData("--curvatures must be numbers, as in --curvatures 1,10,100; got none")
    return [real("--curvatures", text) for text in options.curvatures]


def quadratic(options: Namespace) -> tuple[LeastSquares | list[float], dict[str, float], str]:
    """The data, or the curvatures of --curvatures or --mu and --L; the ends of the spectrum, and what to call it."""
    bounded = options.mu is not None or options.L is not None
    if options.curvatures is not None and (bounded or about_data(options)):
        raise BadData("--curvatures stand for the data: give one of the two")
    if options.curvatures is not None:
        known = curvatures(options)
    elif bounded:
        known = list(spectrum(options)[0].values())
        if not known[0]:
            raise BadData(f"expected 0 < mu ≤ L; got mu = 0, L = {options.L[:60]}")
    else:
        data, name = problem(options)
        return data, ends_of(data), name
    as_quadratic(known)
    known = sorted(set(known), reverse=True)
    shown = [f"{value:.6g}" for value in known]
    listed = shown if len(shown) <= LISTED else [*shown[:2], "…", shown[-1]]
    return known, {"mu": known[-1], "L": known[0]}, f"curvatures {', '.join(listed)}"


def exact_ends(options: Namespace) -> tuple[dict[str, sp.Expr], LeastSquares | None]:
    """mu and L as given, exactly, or those of the data, whose floats are the decimals they print as; and the data."""
    if options.mu is None and options.L is None:
        data, _ = problem(options)
        return {name: exact(end) for name, end in ends_of(data).items()}, data
    if options.mu is None or options.L is None:
        raise BadHyperparameter("a spectrum needs both ends: give --mu and --L, or data")
    if about_data(options):
        raise BadHyperparameter("give --mu and --L, or data, not both")
    ends = {"mu": number("mu", options.mu), "L": number("L", options.L)}
    if not 0 <= ends["mu"] <= ends["L"]:
        raise BadData(f"expected 0 < mu ≤ L; got mu = {options.mu[:60]}, L = {options.L[:60]}")
    return ends, None


def spectrum(options: Namespace) -> tuple[dict[str, float], LeastSquares | None]:
    """mu and L in floats, and the data that they are of."""
    ends, data = exact_ends(options)
    return {name: float(end) for name, end in ends.items()}, data


def tuned(options: Namespace) -> tuple[Method, dict[str, float], dict[str, float]]:
    """The method, its hyperparameters (those not given at their best), and the ends of the spectrum by name."""
    chosen, (ends, _) = method(options.method), spectrum(options)
    return chosen, settings(chosen, hyper(options), ends), ends


def settings(chosen: Method, given: Mapping[str, float], ends: Mapping[str, float]) -> dict[str, float]:
    """The hyperparameters given, and the best for the rest between the ends mu and L of the spectrum."""
    chosen.require_known(given)
    if all(n in given for n in chosen.hyper if n not in dict(chosen.defaults)) and chosen.rate in (*given, None):
        return {n: float(v) for n, v in chosen.settings(given).items()}
    best = cv.optimum(chosen, **given)
    free = {n: v for n, v in chosen.defaults if n not in (*best.fixed, *best.determined)}
    return dict(best.at(**ends, **free).hyper)
