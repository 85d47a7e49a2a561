"""Parsed options go in; the method, spectrum and settings that were asked for come out, and the looks that commands share."""

from __future__ import annotations

from argparse import Namespace
from math import isfinite
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

import convergence as core
from convergence.choices import chosen_method, problem
from convergence.errors import BadHyperparameter
from convergence.problem import LeastSquares
from convergence.rule import Method
from convergence.terminal.console import OUT


def asked(options: Namespace) -> tuple[Method, tuple[float, float], LeastSquares | None]:
    return chosen_method(options.method), *spectrum(options)


def spectrum(options: Namespace) -> tuple[tuple[float, float], LeastSquares | None]:
    """The interval given, or that of the data, and the data."""
    if options.mu is None and options.L is None:
        data, _ = problem(options)
        return (data.mu, data.L), data
    if options.mu is None or options.L is None:
        raise BadHyperparameter("a spectrum needs both ends: give --mu and --L, or data")
    if options.data or options.dataset:
        raise BadHyperparameter("give --mu and --L, or data, not both")
    return (options.mu, options.L), None


def best_settings(method: Method, given: dict[str, float], mu: float, L: float) -> dict[str, float]:
    """The hyperparameters given, and the best for the rest."""
    method.require_known(given)
    if all(n in given for n in method.hyper if n not in dict(method.defaults)) and method.rate in (*given, None):
        return {n: float(v) for n, v in method.settings(given).items()}
    found = core.optimum(method, **given)
    free = {n: v for n, v in method.defaults if n not in (*found.fixed, *found.determined)}
    return dict(found.at(mu=mu, L=L, **free).hyper)


def settings(hyper: dict[str, float]) -> str:
    return ", ".join(f"{name}={value:.6g}" for name, value in hyper.items())


def percent(share: float) -> str:
    """A share of the limit; less than none is worse than standing still."""
    if not isfinite(share):
        return "exact" if share > 0 else "—"
    return f"{100 * share:.1f} %" if share > -5e-4 else "grows"


def new_table(title: str, headings: tuple[str, ...]) -> Table:
    """A table under its title, which may be wider than the table and so is printed here."""
    if title:
        OUT.print(title)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    return table


def plain(content: Any) -> Any:
    """What JSON can hold: infinities and exact numbers as text, arrays as lists."""
    if isinstance(content, dict):
        return {name: plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple | np.ndarray):
        return [plain(value) for value in content]
    if content is None or isinstance(content, bool | str | int):
        return content
    if isinstance(content, float | np.floating):
        return float(content) if isfinite(content) else str(content)
    return str(content)
