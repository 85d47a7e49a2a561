"""Commands and their options: what ``@command`` declares, the parser made of it, the answer. Nothing heavy is imported."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, HelpFormatter, Namespace
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from convergence import __version__
from convergence.errors import BadName

GROUPS = (
    "study",
    "explorer",
    "theory",
    "finite",
    "average",
    "noise",
    "minibatches",
    "schedules",
    "cycles",
    "rests",
    "proof",
    "code",
    "conventions",
    "diagnosis",
    "landscapes",
    "coursework",
    "exercises",
    "shell",
)
"""The files that declare commands, in the order of the help."""

EXAMPLE = "example: "
EPILOG = """\
Without --data, a command runs on the course notes' 2-D Gaussian data. A METHOD is a name that 'convergence methods'
lists, a preset such as pytorch, or FILE.py:RULE, an update rule of your own. 'convergence COMMAND --help' has an example.
"""


@dataclass(frozen=True)
class Answer:
    """What a command found.

    ``content`` is what --json prints, ``shown`` what a terminal shows: lines of text, and tables. ``holds`` is the exit
    status, 0 or 1; ``page`` the page that was written, which --open opens.
    """

    content: Any
    shown: Iterable[Any] = ()
    holds: bool = True
    page: Path | None = None


Option = Callable[[Any], Any]
Handler = Callable[[Namespace], Answer]


@dataclass(frozen=True)
class Command:
    """A command: its ``name``, ``help`` in a line, ``options``, an ``example`` that runs, and its ``handler``."""

    name: str
    help: str
    options: tuple[Option, ...]
    example: str
    handler: Handler


COMMANDS: dict[str, Command] = {}


def command(name: str, help: str, *options: Option, example: str) -> Callable[[Handler], Handler]:
    """Declare the command that a function handles: it takes the parsed options and returns the answer."""

    def declare(handler: Handler) -> Handler:
        COMMANDS[name] = Command(name, help, options, example, handler)
        return handler

    return declare


def option(*names: str, check: Callable[[Any], None] | None = None, **settings: Any) -> Option:
    """An option, as argparse's ``add_argument`` takes it; ``check`` refuses values, before the handler does any work."""

    def add(parser: ArgumentParser) -> None:
        parser.add_argument(*names, **settings).check = check  # type: ignore[attr-defined]

    return add


def group(title: str, *options: Option) -> Option:
    """Options under a title of their own in the help."""

    def add(parser: ArgumentParser) -> None:
        under = parser.add_argument_group(title)
        for one in options:
            one(under)

    return add


class _Help(HelpFormatter):
    """Names of commands and options beside what they mean, in eighty columns; an example is lines that a shell can read."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)
        self._action_max_length = 14  # argparse forgets by how much commands are indented

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return shell_lines(text, width) if text.startswith(EXAMPLE) else super()._fill_text(text, width, indent)


def shell_lines(words: str, width: int) -> str:
    """A command on lines of at most this width, each but the last with a backslash at its end; options keep their values."""
    lines = [""]
    for part in re.split(r" (?=--|-\w\b)", words):
        if lines[-1] and len(lines[-1]) + len(part) + 3 > width:
            lines[-1] += " \\"
            lines.append(f"    {part}")
        else:
            lines[-1] += f" {part}" if lines[-1] else part
    return "\n".join(lines)


EVERYWHERE = (
    option("--json", action="store_true", help="print JSON for a program to read"),
    option("--quiet", "-q", action="store_true", help="no progress, no notes"),
)


def parser(words: Collection[str] | None = None) -> ArgumentParser:
    """The parser of the whole command line, or of these words: other commands are then known by their names alone.

    ``handler`` is the function of the command chosen.
    """
    whole = ArgumentParser(
        prog="convergence",
        description="Convergence studies of optimisers on quadratic least squares: derive, run, check, report.",
        epilog=EPILOG,
        formatter_class=_Help,
    )
    whole.add_argument("--version", action="version", version=f"convergence-study {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, one in declared().items():
        asked = words is None or name in words
        alone = commands.add_parser(
            name,
            help=one.help,
            description=f"{one.help[:1].upper()}{one.help[1:]}.",
            epilog=f"{EXAMPLE}{one.example}",
            formatter_class=_Help,
            add_help=asked,
            allow_abbrev=False,  # a rule may have a hyperparameter that begins like an option
        )
        for add in (*one.options, *EVERYWHERE) if asked else ():
            add(alone)
        alone.set_defaults(handler=one.handler, alone=alone, notes=[])
    return whole


def declared() -> dict[str, Command]:
    """Every command, file by file."""
    modules = [import_module(f"convergence.cli.{name}").__name__ for name in GROUPS]
    return dict(sorted(COMMANDS.items(), key=lambda item: modules.index(item[1].handler.__module__)))


def parse(given: Sequence[str] | None) -> Namespace:
    """The options. What no command knows is a hyperparameter where the command takes any: ``--dampening 0.1``, or a flag."""
    words = sys.argv[1:] if given is None else given
    options, rest = parser(words).parse_known_args(words)
    while rest and hasattr(options, "set") and rest[0].startswith("--"):
        name, separator, value = rest[0][2:].partition("=")
        name = name.replace("-", "_")
        if not name.isidentifier():
            break
        rest.pop(0)
        if not separator:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "True"
        _require_meant(name, value, options)
        options.set = [*options.set, f"{name}={value}"]
    if rest:
        options.alone.error(f"unrecognized arguments: {' '.join(rest)[:200]}")
    for text in vars(options).values():
        if isinstance(text, str) and "\0" in text:
            raise BadName(f"a name cannot hold a NUL byte: {text[:60]!r}")
    for action in options.alone._actions:
        asked = getattr(options, action.dest, None)
        if asked is not None and getattr(action, "check", None):
            action.check(asked)
    return options


def _require_meant(name: str, value: str, options: Namespace) -> None:
    """BadName for a misspelt option: it has a word for a value, or none, and the name is nearly that of an option."""
    close = get_close_matches(name, vars(options), n=1, cutoff=0.8)
    if close and not value[:1].isdigit() and value[:1] not in "-+.(":
        raise BadName(
            f"unrecognized --{name}; did you mean --{close[0]}? (a hyperparameter: --set {name}={value[:60]})"
        )
