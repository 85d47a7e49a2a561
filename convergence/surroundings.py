"""What a rule uses of the world outside it: the values of its globals and closures, so that a changed one is noticed.

Results are kept by method. A rule that reads a global constant is another method once the constant has another value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import getclosurevars, isfunction
from typing import Any

import numpy as np

Surroundings = tuple[tuple[str, Any], ...]

DEPTH = 3
"""Functions that a rule calls are looked into, and those that they call, so deep."""


def surroundings(*functions: Callable[..., Any] | None) -> Surroundings:
    """The names that functions read from outside, with the values of numbers, texts, arrays and collections of them."""
    return tuple(sorted(pair for function in functions for pair in _outside(function, DEPTH)))


def _outside(function: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if not isfunction(function) or not depth:
        return
    used = getclosurevars(function)
    for name, value in {**used.globals, **used.nonlocals}.items():
        if isfunction(value):
            yield from ((f"{name}.{inner}", kept) for inner, kept in _outside(value, depth - 1))
        elif isinstance(value, int | float | complex | str | np.generic | np.ndarray | tuple | list | dict):
            yield name, repr(value.tolist()) if isinstance(value, np.ndarray) else repr(value)
