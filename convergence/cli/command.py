"""Commands and their options: what ``@command`` declares, and the parser made of it. Nothing heavy is imported."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from convergence import __version__

Option = Callable[[ArgumentParser], Any]
Handler = Callable[[Namespace], int]

GROUPS = ("study", "theory", "finite", "proof", "conventions", "diagnosis", "coursework", "shell")
"""The files that declare commands, in the order of the help."""

EPILOG = """\
Without --data, a command runs on the course notes' 2-D Gaussian data. A METHOD is a name that 'convergence methods'
lists, a preset such as pytorch, or FILE.py:FUNCTION, an update rule of your own. 'convergence COMMAND --help' has an example.
"""


@dataclass(frozen=True)
class Command:
    """A command: its ``name``, ``help`` in a line, ``options``, an ``example`` that runs, and its ``handler``."""

    name: str
    help: str
    options: tuple[Option, ...]
    example: str
    handler: Handler


COMMANDS: dict[str, Command] = {}


class Lazy:
    """A module that is imported when something of it is first used."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)


def lazily(module: str) -> Any:
    """A module to come: options stand beside handlers, and --help must not wait for what handlers need."""
    return Lazy(module)


def command(name: str, help: str, *options: Option, example: str) -> Callable[[Handler], Handler]:
    """Declare the command that a function handles: it takes the parsed options and returns the exit status."""

    def declared(handler: Handler) -> Handler:
        COMMANDS[name] = Command(name, help, options, example, handler)
        return handler

    return declared


def option(*names: str, **settings: Any) -> Option:
    """An option, as argparse's ``add_argument`` takes it."""
    return lambda parser: parser.add_argument(*names, **settings)


def group(title: str, *options: Option) -> Option:
    """Options under a title of their own in the help."""

    def add(parser: ArgumentParser) -> None:
        under: Any = parser.add_argument_group(title)
        for one in options:
            one(under)

    return add


def names(text: str) -> list[str]:
    """A list of names, separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def parser() -> ArgumentParser:
    """The parser of the whole command line; ``handler`` is the function of the command chosen."""
    for name in GROUPS:
        import_module(f"convergence.cli.{name}")
    whole = ArgumentParser(
        prog="convergence",
        description="Convergence studies of optimisers on quadratic least squares: derive, run, check, report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"convergence-study {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for one in COMMANDS.values():
        _added(commands.add_parser(one.name, help=one.help, description=f"{one.help[:1].upper()}{one.help[1:]}."), one)
    return whole


def _added(parser: ArgumentParser, one: Command) -> ArgumentParser:
    parser.epilog, parser.formatter_class = f"example: {one.example}", argparse.RawDescriptionHelpFormatter
    parser.allow_abbrev = False
    for add in (*one.options, option("--quiet", "-q", action="store_true", help="no progress, no notes")):
        add(parser)
    parser.set_defaults(handler=one.handler)
    return parser


def parse(arguments: Sequence[str] | None) -> Namespace:
    """The options. What no command knows is a hyperparameter where the command takes any: ``--dampening 0.1``, or a flag."""
    options, rest = parser().parse_known_args(arguments)
    while (
        rest and hasattr(options, "set") and rest[0].startswith("--") and rest[0][2:].partition("=")[0].isidentifier()
    ):
        name, separator, value = rest.pop(0)[2:].partition("=")
        if not separator:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "True"
        options.set = [*options.set, f"{name}={value}"]
    if rest:
        alone = _added(ArgumentParser(prog=f"convergence {options.command}"), COMMANDS[options.command])
        alone.error(f"unrecognized arguments: {' '.join(rest)[:200]}")
    return options
