"""The source of a rule: what it uses of the world outside it, so that a change is noticed, and its equation as text.

Results are kept by method. A rule that reads a global constant is another method once the constant has another value.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Iterator
from inspect import getclosurevars, getsource, isfunction
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


def equation(rule: Callable[..., Any]) -> str:
    """A rule as it is written, without decorator, docstring and annotations; empty where there is no source."""
    try:
        (function,) = ast.parse(textwrap.dedent(getsource(rule))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return ""
    return ast.unparse(_Bare().visit(function)) if isinstance(function, ast.FunctionDef) else ""


class _Bare(ast.NodeTransformer):
    """A function without what is not its equation."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list, node.returns = [], None
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        return node
