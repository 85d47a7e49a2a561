"""What a person typed, as methods, numbers, hyperparameters, data and spectra; or a clear error."""

from __future__ import annotations

import ast
import importlib.util
import operator
import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import sympy as sp

import convergence as cv
from convergence.crossing import exact
from convergence.errors import BadHyperparameter, BadName, BadRule, nearest
from convergence.methods import as_method
from convergence.problem import LeastSquares
from convergence.reading import prepare
from convergence.rule import Method

DATASETS = {"gaussian_2d": "the notes' 2-D Gaussian data", "longley": "Longley's regression data (NIST StRD)"}

LONGEST = 200
"""Characters of a number; longer ones are no numbers that a person types."""

DEEPEST = 3
"""Square roots within one another, and the largest power of ten: beyond, exact arithmetic takes for ever."""
LARGEST = 308

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}

_NO_NUMBER = (SyntaxError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError)


def number(name: str, text: str) -> sp.Expr:
    """An exact number from sums, products, quotients, powers and square roots of decimals. BadHyperparameter for others."""
    written = text.strip().replace("^", "**")
    try:
        value = _evaluated(ast.parse(written, mode="eval").body, written) if len(written) <= LONGEST else sp.nan
    except _NO_NUMBER:
        value = sp.nan
    if not value.is_finite or not value.is_real:
        raise BadHyperparameter(f"{name} must be a number such as 0.9, 9/10 or sqrt(2)/4; got {text[:60]!r}")
    return value


def _evaluated(node: ast.AST, text: str, depth: int = 0) -> sp.Expr:
    match node:
        case ast.Constant(value=int() | float()):
            source = ast.get_source_segment(text, node) or ""
            if abs(Decimal(source).adjusted()) > LARGEST:
                raise ValueError("out of reach")
            return sp.Rational(source)
        case ast.UnaryOp():
            return _OPERATORS[type(node.op)](_evaluated(node.operand, text, depth))
        case ast.BinOp(op=ast.Pow()):
            return _power(_evaluated(node.left, text, depth), _evaluated(node.right, text, depth))
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_evaluated(node.left, text, depth), _evaluated(node.right, text, depth))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]) if depth < DEEPEST:
            return sp.sqrt(_evaluated(argument, text, depth + 1))
    raise ValueError("not an arithmetic expression")


def _power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    if not (exponent.is_Rational and abs(exponent) < 100 and exponent.q <= 4 and abs(base) < 10**LARGEST):
        raise ValueError("a power out of reach")
    value = base**exponent
    if value.is_Rational and max(abs(value.p), value.q) > 10**LARGEST:
        raise ValueError("a power out of reach")
    return value


def real(name: str, text: str) -> float:
    """A number as a float. BadHyperparameter where it is none, or out of the range of floats."""
    value = number(name, text)
    result = float(value)
    if abs(result) == float("inf") or (result == 0) != (value == 0):
        raise BadHyperparameter(f"{name} is out of the range of floating point: {text[:60]}")
    return result


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


def numbers_or_letters(options: Namespace) -> dict[str, Any]:
    """The hyperparameters as exact numbers, or as symbols where a letter stands for one."""
    return {name: _number_or_letter(name, text) for name, text in given(options).items()}


def _number_or_letter(name: str, text: str) -> Any:
    if text.strip().isidentifier() and text.strip().lower() not in ("nan", "inf", "infinity"):
        return sp.Symbol(text.strip(), positive=True)
    return number(name, text)


def exact_numbers(options: Namespace) -> dict[str, sp.Expr]:
    """The hyperparameters as exact numbers."""
    return {name: number(name, text) for name, text in given(options).items()}


def numbers(options: Namespace) -> dict[str, float]:
    """The hyperparameters as floats."""
    return {name: real(name, text) for name, text in given(options).items()}


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
        return list(cv.METHODS.values())
    if not options.methods:
        raise BadName("--methods names methods, as in --methods heavy_ball,nesterov; got none")
    return [method(name) for name in options.methods]


def problem(options: Namespace) -> tuple[LeastSquares, str]:
    """The data that were asked for, and what to call them."""
    if options.data and options.dataset:
        raise BadName("--data names a file and --dataset a data set that ships: give one of them")
    prepared = {name: getattr(options, name) for name in ("loss", "intercept", "standardize")}
    read = {name: getattr(options, name) for name in ("target", "columns", "drop", "missing", "decimal", "header")}
    if options.data:
        return cv.read_problem(options.data, **read, **prepared), Path(options.data).name
    if read != {"target": None, "columns": None, "drop": [], "missing": [], "decimal": ".", "header": True}:
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


def require_folder(path: str) -> None:
    """BadOutput, before any work is done, where a file stands in the place of the folder to write to."""
    if os.path.lexists(path) and not Path(path).is_dir():
        raise cv.BadOutput(f"{path} must be a folder to write to, and is a file; move it or name another folder")


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
    return float(mu), float(L), data


def settings(chosen: Method, held: Mapping[str, float], mu: float, L: float) -> dict[str, float]:
    """The hyperparameters given, and the best for the rest."""
    chosen.require_known(held)
    if all(n in held for n in chosen.hyper if n not in dict(chosen.defaults)) and chosen.rate in (*held, None):
        return {n: float(v) for n, v in chosen.settings(held).items()}
    best = cv.optimum(chosen, **held)
    free = {n: v for n, v in chosen.defaults if n not in (*best.fixed, *best.determined)}
    return dict(best.at(mu=mu, L=L, **free).hyper)
