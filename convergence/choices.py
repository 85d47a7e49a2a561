"""What a person chose on the command line goes in; methods, hyperparameters and a problem come out, or a clear error."""

from __future__ import annotations

import importlib.util
from argparse import Namespace
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp

from convergence.datasets import gaussian_2d, longley
from convergence.errors import BadHyperparameter, BadName, BadRule, nearest
from convergence.methods import METHODS, as_method
from convergence.problem import LeastSquares
from convergence.reading import prepare, read_problem
from convergence.rule import Method

DATASETS = {"gaussian_2d": "the notes' 2-D Gaussian data", "longley": "Longley's regression data (NIST StRD)"}


def problem(options: Namespace) -> tuple[LeastSquares, str]:
    """The data that were asked for, and what to call them."""
    if options.data and options.dataset:
        raise BadName("--data names a file and --dataset a data set that ships: give one of them")
    if options.data:
        chosen = {"intercept": options.intercept, "standardize": options.standardize}
        return read_problem(options.data, options.target, loss=options.loss, **chosen), Path(options.data).name
    name = options.dataset or "gaussian_2d"
    if name not in DATASETS:
        raise BadName(f"there is no data set {name!r}: {nearest(name, DATASETS)}")
    if options.target:
        raise BadName("--target names a column of --data; the data sets that ship have theirs")
    return _shipped(name, options), DATASETS[name]


def _shipped(name: str, options: Namespace) -> LeastSquares:
    if name == "longley":
        return longley(loss=options.loss, intercept=True, standardize=options.standardize)
    plain = gaussian_2d(loss=options.loss)
    if not (options.intercept or options.standardize):
        return plain
    return prepare(plain.X, plain.y, plain.columns, options.loss, options.intercept, options.standardize)


def chosen_methods(names: list[str] | None) -> list[Method]:
    """The methods named, or the whole catalogue."""
    return list(METHODS.values()) if names is None else [chosen_method(name) for name in names]


def chosen_method(name: str) -> Method:
    """A method of the catalogue, or the update rule FUNCTION in FILE.py where the name is FILE.py:FUNCTION."""
    file, separator, function = name.rpartition(":")
    if separator and file.endswith(".py"):
        return _own(Path(file), function)
    return as_method(name)


def _own(file: Path, function: str) -> Method:
    if not file.is_file():
        raise BadRule(f"expected a Python file with an update rule; there is none at {file}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise BadRule(f"{file} cannot be read as a Python module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BadRule(f"{file} could not be run: {type(error).__name__}: {error}") from error
    known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    if not hasattr(module, function):
        raise BadName(f"{file} has no function {function!r}: {nearest(function, known)}")
    return as_method(getattr(module, function))


def given_hyper(options: Namespace) -> dict[str, Any]:
    """The hyperparameters given, as exact numbers, or as symbols where a letter stands for one."""
    given = {name: getattr(options, name) for name in ("lr", "momentum") if getattr(options, name) is not None}
    for pair in options.set:
        name, separator, value = pair.partition("=")
        if not separator or not name or not value:
            raise BadHyperparameter(f"--set takes NAME=VALUE, as in --set dampening=0.5; got {pair!r}")
        given[name] = value
    return {name: _number_or_letter(name, text) for name, text in given.items()}


def numeric_hyper(options: Namespace) -> dict[str, float]:
    """The hyperparameters given, which must be numbers here."""
    given = given_hyper(options)
    for name, value in given.items():
        if isinstance(value, sp.Symbol):
            raise BadHyperparameter(f"{name} must be a number to run the method; got {value}")
    return {name: float(value) for name, value in given.items()}


def _number_or_letter(name: str, text: str) -> Any:
    try:
        return sp.Rational(Fraction(text.strip()))
    except (ValueError, ZeroDivisionError):
        pass
    if text.strip().isidentifier() and text.strip().lower() not in ("nan", "inf", "infinity"):
        return sp.Symbol(text.strip(), positive=True)
    raise BadHyperparameter(f"{name} must be a number such as 0.9 or 9/10 (or a letter, for formulas); got {text!r}")
