"""The source of a rule: what it uses of the world outside it, so that a change is noticed, and its equation as text.

Results are kept by method. A rule that reads a global constant is another method once the constant has another value.
"""

from __future__ import annotations

import ast
import dis
import sys
import textwrap
from collections import ChainMap
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property, lru_cache
from inspect import getsource, isfunction, ismodule
from io import BytesIO
from pickle import Pickler
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any

import numpy as np

FIXED = {*sys.stdlib_module_names, "numpy", "scipy", "sympy", "mpmath", "convergence"}
"""Packages whose functions and classes are the same as long as a program runs."""


def surroundings(*functions: Callable[..., Any] | None) -> Hashable:
    """All that functions read from outside, by value: with equal surroundings the same functions answer the same.

    What cannot be read, as an open file, makes surroundings that equal none, so that no result is kept.
    """
    if all(function is None or _is_fixed(function) for function in functions):
        return b""
    content = BytesIO()
    try:
        _Content(content, protocol=5).dump(functions)
    except Exception:  # an object that cannot be pickled raises what it likes
        return object()
    return content.getvalue()


class _Content(Pickler):
    """Values as bytes. A pickle has functions and classes by name; here they are what they hold and read."""

    def reducer_override(self, value: Any) -> Any:
        held: Any
        match value:
            case FunctionType() | type() | ModuleType() if _is_fixed(value):
                held = getattr(value, "__module__", ""), getattr(value, "__qualname__", str(value))
            case FunctionType():
                held = value.__code__, value.__defaults__, value.__kwdefaults__, vars(value), _read(value)
            case CodeType():
                held = value.co_code, value.co_consts, value.co_names, value.co_varnames, value.co_freevars
            case type():
                held = value.__qualname__, value.__bases__, dict(_attributes(value))
            case np.ufunc(__name__=name) if value is getattr(np, str(name), None):  # pickle looks for it in all modules
                held = name
            case property() | staticmethod() | classmethod() | cached_property():
                held = [getattr(value, name, None) for name in ("fget", "__func__", "func")]
            case object(rule=rule, starts=starts):  # a Method, which may pickle by name
                held = rule, starts
            case object(__wrapped__=function):  # as functools.cache has it
                held = function
            case _:
                return NotImplemented
        return len, (), held  # any function will do: what is written is not read


def _is_fixed(value: Any) -> bool:
    """Whether a function, class or module is a library's. A function with a closure is not: it may hold another."""
    if isfunction(value):
        name = "" if value.__closure__ else value.__globals__.get("__name__")
    else:
        name = value.__name__ if ismodule(value) else getattr(value, "__module__", "")
    return str(name).partition(".")[0] in FIXED


def _read(function: FunctionType) -> dict[str, Any]:
    """The globals and closures that a function reads; of a module, the attributes that it names."""
    loaded, named = _names(function.__code__)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    places = ChainMap({name: cell.cell_contents for name, cell in cells}, function.__globals__, sys.modules)
    return {name: _named(places[name], named, ()) for name in loaded if name in places}


def _named(value: Any, names: tuple[str, ...], above: tuple[int, ...]) -> Any:
    if not ismodule(value) or id(value) in above:
        return None if ismodule(value) else value
    known = vars(value) if _is_fixed(value) else {name: getattr(value, name, None) for name in names}
    return {name: _named(known[name], names, (*above, id(value))) for name in names if name in known}


@lru_cache
def _names(code: CodeType) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables that code takes from outside, and its names of attributes, as text, too; with functions inside."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    loads = ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME")
    loaded = {step.argval for step in dis.get_instructions(code) if step.opname in loads} | {*code.co_freevars}
    named = {*code.co_names, *(constant for constant in code.co_consts if isinstance(constant, str))}
    both = loaded.union(*(one for one, _ in inner)), named.union(*(two for _, two in inner))
    return tuple(sorted(both[0])), tuple(sorted(both[1]))


def _attributes(kind: type) -> Iterator[tuple[str, Any]]:
    """What a class holds, without what Python keeps there for itself."""
    for name, value in vars(kind).items():
        if isinstance(value, GetSetDescriptorType | MemberDescriptorType) or name == "_abc_impl":
            continue
        if callable(value) or not (name.startswith("__") and name.endswith("__")):
            yield name, value


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
