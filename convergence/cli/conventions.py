"""Commands about conventions: equivalent, convert."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, lazily, option
from convergence.cli.options import LATEX, hyper
from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.conventions.equivalence import Equivalence

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
methods = lazily("convergence.methods")
notation = lazily("convergence.notation")
sp = lazily("sympy")

FLAGS = {"true": True, "false": False, "none": None}


@command(
    "equivalent",
    "print the map between the hyperparameters of two methods, or why there is none",
    option("a", metavar="A", nargs="?", help="a method or preset; without it, the classes of the catalogue"),
    option("b", metavar="B", nargs="?", help="the method whose settings are to follow from those of A"),
    LATEX,
    example="convergence equivalent torch_sgd_nesterov nesterov",
)
def equivalent(options: Namespace) -> Answer:
    if options.a is None:
        return _classes(options)
    if options.b is None:
        raise BadHyperparameter(
            f"equivalent takes two methods, or none for the whole table; got only {options.a[:60]!r}"
        )
    found = cv.equivalent(arguments.method(options.a), arguments.method(options.b))
    shown: list[tuple[str, Any]] = list((found.hyper or {}).items())
    for part in found.subfamilies:
        shown += [("where", part.condition), *part.hyper.items()]
    title = f"{found.a} → {found.b}"
    title = title if found.hyper is not None else f"{title}: no map for every setting"
    return Answer(_content(found), [*console.formulas(title, shown, options.latex), f"\n{found.why}."])


def _classes(options: Namespace) -> Answer:
    with console.working(options, "comparing methods"):
        found = cv.equivalences()
        twins = _twins(found.classes)
    inside = [", ".join(str(j + 1) for i, j in found.holds if i == k) for k in range(len(found.classes))]
    rows = [(k + 1, ", ".join(names), inside[k]) for k, names in enumerate(found.classes)]
    maps = [(one.a, one.b, _in_line(one)) for one in found.maps]
    named = {"classes": found.classes, "holds": found.holds, "same_iterates": twins}
    lines = (
        "methods that are one in other letters",
        console.table(("class", "methods", "every setting also in class"), rows, left=(0, 1, 2)),
        console.table(("method", "is", "at"), maps, left=(0, 1, 2), whole=(0, 1)),
        *(f"the very same iterates, from the same start: {', '.join(names)}" for names in twins),
    )
    return Answer({**named, "maps": [_content(one) for one in found.maps]}, lines)


def _twins(classes: Sequence[Sequence[str]]) -> list[list[str]]:
    """Methods that have the very same iterates in other letters."""
    groups: list[list[str]] = []
    for names in classes:
        own: list[list[str]] = []
        for name in names:
            same = next((group for group in own if cv.equivalent(name, group[0]).same_iterates), None)
            own.append([name]) if same is None else same.append(name)
        groups += [group for group in own if len(group) > 1]
    return groups


def _in_line(found: Equivalence) -> str:
    return ", ".join(f"{name} = {notation.text(value)}" for name, value in (found.hyper or {}).items())


def _content(found: Equivalence) -> dict[str, Any]:
    hyper = None
    if found.hyper is not None:
        hyper = {n: {"text": notation.text(v), "latex": notation.latex(v)} for n, v in found.hyper.items()}
    return {
        "a": found.a,
        "b": found.b,
        "hyper": hyper,
        "same_iterates": found.same_iterates,
        "condition": None if found.condition is None else notation.text(found.condition),
        "flags": [{"kind": flag.kind, "text": flag.text} for flag in found.flags],
        "counterexample": None if found.counterexample is None else str(found.counterexample),
        "why": found.why,
    }


@command(
    "convert",
    "print a setting of one library in the words of another",
    option("src", metavar="SRC", help="a preset (pytorch, optax, keras, course, …) or a method"),
    option("dst", metavar="DST", help="the preset or method whose settings are wanted"),
    hyper("a number of SRC, or a letter for a formula"),
    example="convergence convert pytorch course --lr 0.1 --momentum 0.9",
)
def convert(options: Namespace) -> Answer:
    source, target = _named(options.src), _named(options.dst)
    found = cv.convert(source, target, **_renamed(source, _typed(options)))
    rows = [(name, _shown(value), _decimal(value)) for name, value in found.items()]
    title = f"{options.src} → {options.dst} ({found.method})"
    content = {
        "hyper": {name: _value(value) for name, value in found.items()},
        "same_iterates": found.same_iterates,
        "method": found.method,
        "flags": [{"kind": flag.kind, "text": flag.text} for flag in found.flags],
        "why": found.why,
    }
    table = console.table(("argument", "value", "decimal"), rows, left=(0, 1), title=title)
    return Answer(content, (table, f"{found.why}."))


def _named(name: str) -> Any:
    """The name of a preset or method as it is; FILE.py:FUNCTION as a Method."""
    return arguments.method(name) if ".py:" in name else name


def _typed(options: Namespace) -> dict[str, Any]:
    """The hyperparameters as numbers, letters, or the flags True, False and None in any case."""
    flags = {n: FLAGS[text.lower()] for n, text in arguments.given(options).items() if text.lower() in FLAGS}
    kept = [pair for pair in options.set if pair.partition("=")[0] not in flags]
    return {**arguments.numbers_or_letters(Namespace(**{**vars(options), "set": kept})), **flags}


def _renamed(source: Any, typed: dict[str, Any]) -> dict[str, Any]:
    """--lr stands for learning_rate and --momentum for decay where a library calls them so."""
    preset = methods.as_preset(source)
    others = {to: name for variant in preset.variants for name, to in variant.names.items()}
    renamed = {name if name in preset.arguments else others.get(name, name): value for name, value in typed.items()}
    if len(renamed) < len(typed):
        raise BadHyperparameter(f"{preset.name}: one argument was given twice, under two names")
    return renamed


def _shown(value: Any) -> str:
    return str(notation.text(value)) if isinstance(value, sp.Basic) else str(value)


def _decimal(value: Any) -> str:
    return f"{float(value):.10g}" if isinstance(value, sp.Expr) and value.is_number else ""


def _value(value: Any) -> Any:
    if isinstance(value, sp.Expr):
        return float(value) if value.is_number else notation.text(value)
    return value
