"""Parsed options go in; maps between methods, and settings in another library's words, come out."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import sympy as sp
from rich.table import Column, Table

import convergence as api
from convergence.choices import chosen_method, given_hyper
from convergence.conventions.equivalence import Equivalence
from convergence.errors import BadHyperparameter
from convergence.methods import as_preset
from convergence.methods.presets import ALIASES, PRESETS
from convergence.notation import latex, text
from convergence.terminal.console import OUT, print_formulas, print_json

WORDS = {"True": True, "False": False, "None": None}


def equivalent(options: Namespace) -> int:
    """Print the map from A's settings to B's; without methods, the classes of the catalogue."""
    if options.b is None:
        if options.a is not None:
            raise BadHyperparameter(
                f"equivalent takes two methods, or none for the whole table; got only {options.a!r}"
            )
        return _table(options)
    found = api.equivalent(_given(options.a), _given(options.b))
    if options.json:
        print_json(_content(found))
        return 0
    title = f"{found.a} → {found.b}"
    shown = [(name, value) for name, value in (found.hyper or {}).items()]
    for part in found.subfamilies:
        shown += [("where", part.condition), *((name, value) for name, value in part.hyper.items())]
    print_formulas(title if found.hyper is not None else f"{title}: no map for every setting", shown, options.latex)
    OUT.print(f"\n{found.why}.")
    return 0


def convert(options: Namespace) -> int:
    """Print a setting of SRC in the arguments of DST."""
    given = _renamed(options.src, _flagged(options))
    found = api.convert(_given(options.src), _given(options.dst), **given)
    if options.json:
        values = {name: _plain(value) for name, value in found.items()}
        seen = [{"kind": flag.kind, "text": flag.text} for flag in found.flags]
        print_json(
            {
                "hyper": values,
                "same_iterates": found.same_iterates,
                "method": found.method,
                "flags": seen,
                "why": found.why,
            }
        )
        return 0
    table = Table("argument", "value", "decimal", title=f"{options.src} → {options.dst} ({found.method})")
    for name, value in found.items():
        table.add_row(name, _shown(value), _decimal(value))
    OUT.print(table)
    OUT.print(f"{found.why}.")
    return 0


def _given(name: str) -> Any:
    """A preset's or method's name as it is; FILE.py:FUNCTION as a Method."""
    return name if name in PRESETS or name in ALIASES else chosen_method(name) if ".py:" in name else name


def _flagged(options: Namespace) -> dict[str, Any]:
    """The hyperparameters, where --set may give True and False, too."""
    flags = {n: WORDS[v] for n, _, v in (pair.partition("=") for pair in options.set) if v in WORDS}
    numbers = [pair for pair in options.set if pair.partition("=")[2] not in WORDS]
    return given_hyper(Namespace(**{**vars(options), "set": numbers})) | flags


def _renamed(src: str, given: dict[str, Any]) -> dict[str, Any]:
    """--lr stands for learning_rate and --momentum for decay where a library calls them so."""
    preset = as_preset(_given(src))
    others = {to: name for variant in preset.variants for name, to in variant.names.items()}
    renamed = {name if name in preset.arguments else others.get(name, name): value for name, value in given.items()}
    if len(renamed) < len(given):
        raise BadHyperparameter(f"{preset.name}: one argument was given twice, under two names")
    return renamed


def _table(options: Namespace) -> int:
    found = api.equivalences()
    if options.json:
        print_json({"classes": found.classes, "holds": found.holds, "maps": [_content(one) for one in found.maps]})
        return 0
    table = Table("class", "methods", "every setting also in class", title="methods that are one in other letters")
    for k, names in enumerate(found.classes):
        inside = ", ".join(str(j + 1) for i, j in found.holds if i == k)
        table.add_row(str(k + 1), ", ".join(names), inside)
    OUT.print(table)
    maps = Table(*(Column(name, overflow="fold") for name in ("method", "is", "at", "same iterates")))
    for one in found.maps:
        values = ", ".join(f"{name} = {text(value)}" for name, value in (one.hyper or {}).items())
        maps.add_row(one.a, one.b, values, "yes" if one.same_iterates else "no")
    OUT.print(maps)
    return 0


def _content(found: Equivalence) -> dict[str, Any]:
    hyper = found.hyper
    return {
        "a": found.a,
        "b": found.b,
        "hyper": None if hyper is None else {n: {"text": text(v), "latex": latex(v)} for n, v in hyper.items()},
        "same_iterates": found.same_iterates,
        "condition": None if found.condition is None else text(found.condition),
        "flags": [{"kind": flag.kind, "text": flag.text} for flag in found.flags],
        "counterexample": None if found.counterexample is None else str(found.counterexample),
        "why": found.why,
    }


def _shown(value: Any) -> str:
    return text(value) if isinstance(value, sp.Basic) else str(value)


def _decimal(value: Any) -> str:
    return f"{float(value):.10g}" if isinstance(value, sp.Expr) and value.is_number else ""


def _plain(value: Any) -> Any:
    if isinstance(value, sp.Expr):
        return float(value) if value.is_number else text(value)
    return value


COMMANDS = {"equivalent": equivalent, "convert": convert}
