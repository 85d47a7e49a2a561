"""Commands about conventions: equivalent, convert."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import arguments, console, methods, notation, sp
from convergence.cli.options import LATEX, hyper
from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.conventions.equivalence import Equivalence

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
        raise BadHyperparameter(f"equivalent takes two methods, or none for the whole table; got {options.a[:60]!r}")
    pair = cv.equivalent(arguments.method(options.a), arguments.method(options.b))
    shown: list[tuple[str, Any]] = list((pair.hyper or {}).items())
    for part in pair.subfamilies:
        shown += [("where", part.condition), *part.hyper.items()]
    title = f"{pair.a} → {pair.b}{'' if pair.hyper is not None else ': no map for every setting'}"
    return Answer(_content(pair), [*console.formulas(title, shown, options.latex), f"\n{pair.why}."])


def _classes(options: Namespace) -> Answer:
    with console.working(options, "comparing methods"):
        whole = cv.equivalences()
    inside = [", ".join(str(j + 1) for i, j in whole.holds if i == k) for k in range(len(whole.classes))]
    rows = [(k + 1, ", ".join(names), inside[k]) for k, names in enumerate(whole.classes)]
    maps = [(m.a, m.b, ", ".join(f"{n} = {notation.text(v)}" for n, v in (m.hyper or {}).items())) for m in whole.maps]
    content = {"classes": whole.classes, "holds": whole.holds, "same_iterates": whole.same_iterates}
    lines = (
        "methods that are one in other letters",
        console.table(("class", "methods", "every setting also in class"), rows, left=(0, 1, 2)),
        console.table(("method", "is", "at"), maps, left=(0, 1, 2), whole=(0, 1)),
        *(f"the very same iterates, from the same start: {', '.join(names)}" for names in whole.same_iterates),
    )
    return Answer({**content, "maps": [_content(one) for one in whole.maps]}, lines)


def _content(pair: Equivalence) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        "hyper": None if pair.hyper is None else {n: console.formula(v) for n, v in pair.hyper.items()},
        "same_iterates": pair.same_iterates,
        "condition": None if pair.condition is None else notation.text(pair.condition),
        "flags": [{"kind": flag.kind, "text": flag.text} for flag in pair.flags],
        "counterexample": None if pair.counterexample is None else str(pair.counterexample),
        "why": pair.why,
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
    source, target = (arguments.method(name) if ".py:" in name else name for name in (options.src, options.dst))
    result = cv.convert(source, target, **_renamed(source, arguments.hyper(options, _flag_number_or_letter)))
    rows = [(name, _text(value), _decimal(value)) for name, value in result.items()]
    content = {
        "hyper": {name: _plain(value) for name, value in result.items()},
        "same_iterates": result.same_iterates,
        "method": result.method,
        "flags": [{"kind": flag.kind, "text": flag.text} for flag in result.flags],
        "why": result.why,
    }
    title = f"{options.src} → {options.dst} ({result.method})"
    table = console.table(("argument", "value", "decimal"), rows, left=(0, 1), title=title)
    return Answer(content, (table, f"{result.why}."))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return notation.text(value) if isinstance(value, sp.Basic) else str(value)


def _decimal(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_decimal, value))
    return f"{float(value):.10g}" if isinstance(value, sp.Expr) and value.is_number else ""


def _plain(value: Any) -> Any:
    """As JSON has it: numbers as floats, formulas as text, flags as they are."""
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value if not isinstance(value, sp.Expr) else float(value) if value.is_number else _text(value)


def _flag_number_or_letter(name: str, text: str) -> Any:
    """A number, a letter, several with commas between them, or one of the flags True, False and None in any case."""
    if "," in text:
        return tuple(_flag_number_or_letter(name, part) for part in text.strip("() ").split(","))
    return FLAGS[text.lower()] if text.lower() in FLAGS else arguments.number_or_letter(name, text)


def _renamed(source: Any, typed: dict[str, Any]) -> dict[str, Any]:
    """--lr stands for learning_rate and --momentum for decay where a library calls them so, and the reverse."""
    preset = methods.as_preset(source)
    others = {to: name for variant in preset.variants for name, to in variant.names.items()}
    others |= {"learning_rate": others["lr"]} if "lr" in others else {}
    renamed = {name if name in preset.arguments else others.get(name, name): value for name, value in typed.items()}
    if len(renamed) < len(typed):
        raise BadHyperparameter(f"{preset.name}: one argument was given twice, under two names")
    return renamed
