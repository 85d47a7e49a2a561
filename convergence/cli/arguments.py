"""What a person typed, as methods, numbers, hyperparameters, data and spectra; or a clear error."""

from __future__ import annotations

import ast
import importlib.util
import operator
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sympy as sp

import convergence as cv
from convergence.cli.console import show
from convergence.crossing import exact
from convergence.errors import BadHyperparameter, BadName, BadRule, nearest
from convergence.methods import as_method
from convergence.problem import LeastSquares
from convergence.reading import prepare
from convergence.rule import Method

DATASETS = {"gaussian_2d": "the notes' 2-D Gaussian data", "longley": "Longley's regression data (NIST StRD)"}

LONGEST = 200
"""Characters of a number; longer ones are no numbers that a person types."""

ROOTS = 6
"""Square roots in a number, and its largest power of ten: beyond, exact arithmetic takes for ever."""
LARGEST = 400

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def number(name: str, text: str) -> sp.Expr:
    """An exact number from sums, products, quotients, powers and square roots of decimals. BadHyperparameter for others."""
    written = text.strip().replace("^", "**")
    try:
        if len(written) > LONGEST or written.count("sqrt") > ROOTS:
            raise ValueError("a number that nobody types")
        value = _evaluated(ast.parse(written, mode="eval").body, written)
    except (
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        ZeroDivisionError,
        RecursionError,
        OverflowError,
        MemoryError,
    ):
        value = sp.nan
    if not value.is_finite or not value.is_real:
        raise BadHyperparameter(f"{name} must be a number such as 0.9, 9/10 or sqrt(2)/4; got {text[:60]!r}")
    return value


def _evaluated(node: ast.AST, text: str) -> sp.Expr:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        if node.value in (float("inf"), float("-inf")):
            raise ValueError("out of reach")
        return sp.Rational(ast.get_source_segment(text, node) or str(node.value))
    if isinstance(node, ast.UnaryOp):
        return _OPERATORS[type(node.op)](_evaluated(node.operand, text))
    if isinstance(node, ast.BinOp):
        left, right = _evaluated(node.left, text), _evaluated(node.right, text)
        if isinstance(node.op, ast.Pow) and not (right.is_Rational and abs(right) < 100 and abs(left) < 10**LARGEST):
            raise ValueError("a power out of reach")
        return _OPERATORS[type(node.op)](left, right)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "sqrt"
        and len(node.args) == 1
    ):
        return sp.sqrt(_evaluated(node.args[0], text))
    raise ValueError("not an arithmetic expression")


def given(options: Namespace) -> dict[str, str]:
    """The hyperparameters as they were typed. BadHyperparameter for one that was given twice, or has no value."""
    pairs = [(name, getattr(options, name)) for name in ("lr", "momentum") if getattr(options, name) is not None]
    for pair in options.set:
        name, separator, value = pair.partition("=")
        if not separator or not name or not value:
            raise BadHyperparameter(f"--set takes NAME=VALUE, as in --set dampening=0.5; got {pair[:60]!r}")
        pairs.append((name, value))
    twice = [name for name in dict(pairs) if sum(other == name for other, _ in pairs) > 1]
    if twice:
        raise BadHyperparameter(f"{twice[0]} was given twice: once is enough")
    return dict(pairs)


def numbers_or_letters(options: Namespace) -> dict[str, Any]:
    """The hyperparameters as exact numbers, or as symbols where a letter stands for one."""
    return {name: _number_or_letter(name, text) for name, text in given(options).items()}


def exact_numbers(options: Namespace) -> dict[str, sp.Expr]:
    """The hyperparameters as exact numbers."""
    return {name: number(name, text) for name, text in given(options).items()}


def numbers(options: Namespace) -> dict[str, float]:
    """The hyperparameters as floats."""
    return {name: _float(name, value) for name, value in exact_numbers(options).items()}


def _number_or_letter(name: str, text: str) -> Any:
    if text.strip().isidentifier() and text.strip().lower() not in ("nan", "inf", "infinity"):
        return sp.Symbol(text.strip(), positive=True)
    return number(name, text)


def _float(name: str, value: sp.Expr) -> float:
    result = float(value)
    if abs(result) == float("inf") or (result == 0) != (value == 0):
        raise BadHyperparameter(f"{name} is out of the range of floating point: {str(value)[:40]}")
    return result


def method(name: str) -> Method:
    """A method of the catalogue, a preset, or the update rule FUNCTION in FILE.py where the name is FILE.py:FUNCTION."""
    file, separator, function = name.rpartition(":")
    if not (separator and file.endswith(".py")):
        return as_method(name)
    module = _module(Path(file))
    if not hasattr(module, function):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise BadName(f"{file} has no function {function[:60]!r}: {nearest(function, known)}")
    return as_method(getattr(module, function))


def _module(file: Path) -> Any:
    if "\0" in str(file) or not file.is_file():
        raise BadRule(f"expected a Python file with an update rule; there is none at {str(file)[:200]!r}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise BadRule(f"{file} cannot be read as a Python module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise BadRule(f"{file} could not be run: {type(error).__name__}: {error}") from error
    return module


def methods(options: Namespace) -> list[Method]:
    """The methods named, or the whole catalogue. BadName where none is left of an empty list."""
    if options.methods is None:
        return list(cv.METHODS.values())
    if not options.methods:
        raise BadName("--methods names methods, as in --methods heavy_ball,nesterov; got none")
    return [method(name) for name in options.methods]


def problem(options: Namespace) -> tuple[LeastSquares, str]:
    """The data that were asked for, and what to call them."""
    if options.data and options.dataset:
        raise BadName("--data names a file and --dataset a data set that ships: give one of them")
    if options.data:
        path = folder(options.data)
        chosen = {"intercept": options.intercept, "standardize": options.standardize}
        return cv.read_problem(path, options.target, loss=options.loss, **chosen), path.name
    name = options.dataset or "gaussian_2d"
    if name not in DATASETS:
        raise BadName(f"there is no data set {name[:60]!r}: {nearest(name, DATASETS)}")
    if options.target:
        raise BadName("--target names a column of --data; the data sets that ship have theirs")
    if not options.dataset:
        note(options, f"on {DATASETS[name]}; --data FILE --target COLUMN takes yours")
    if name == "longley":
        return cv.datasets.longley(loss=options.loss, intercept=True, standardize=options.standardize), DATASETS[name]
    plain = cv.datasets.gaussian_2d(loss=options.loss)
    if options.intercept or options.standardize:
        plain = prepare(plain.X, plain.y, plain.columns, options.loss, options.intercept, options.standardize)
    return plain, DATASETS[name]


def note(options: Namespace, words: str) -> None:
    """A word before the answer, unless --quiet or a program reads along."""
    if not options.quiet and not getattr(options, "json", False):
        show(f"({words})")


def folder(text: str) -> Path:
    """A path that the system can take."""
    if "\0" in text or len(text) > 4000:
        raise cv.BadOutput(f"this is no name of a file or folder: {text[:60]!r}")
    return Path(text)


def ends(options: Namespace) -> tuple[sp.Expr, sp.Expr, LeastSquares | None]:
    """The interval given, exactly, or that of the data, whose floats are the decimals they print as; and the data."""
    if options.mu is None and options.L is None:
        data, _ = problem(options)
        return exact(float(data.mu)), exact(float(data.L)), data
    if options.mu is None or options.L is None:
        raise BadHyperparameter("a spectrum needs both ends: give --mu and --L, or data")
    if options.data or options.dataset:
        raise BadHyperparameter("give --mu and --L, or data, not both")
    return number("mu", options.mu), number("L", options.L), None


def spectrum(options: Namespace) -> tuple[float, float, LeastSquares | None]:
    """The interval in floats, and the data that it is of."""
    mu, L, data = ends(options)
    return _float("mu", mu), _float("L", L), data


def settings(chosen: Method, held: Mapping[str, float], mu: float, L: float) -> dict[str, float]:
    """The hyperparameters given, and the best for the rest."""
    chosen.require_known(held)
    if all(n in held for n in chosen.hyper if n not in dict(chosen.defaults)) and chosen.rate in (*held, None):
        return {n: float(v) for n, v in chosen.settings(held).items()}
    best = cv.optimum(chosen, **held)
    free = {n: v for n, v in chosen.defaults if n not in (*best.fixed, *best.determined)}
    return dict(best.at(mu=mu, L=L, **free).hyper)
