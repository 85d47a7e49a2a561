"""What may be said on the command line: the parser, put together from a file a group of commands. Nothing heavy is imported."""

from __future__ import annotations

import argparse

from convergence import __version__
from convergence.grammar import certificates, conventions, coursework, diagnosis, finite, study, theory

EPILOG = """\
Without --data, a command runs on the course notes' 2-D Gaussian data; without --methods, on the whole catalogue.
A METHOD is a name that 'convergence methods' lists, or FILE.py:FUNCTION, an update rule of your own.
"""

COMMANDS = {
    **study.COMMANDS,
    **theory.COMMANDS,
    **finite.COMMANDS,
    **certificates.COMMANDS,
    **conventions.COMMANDS,
    **diagnosis.COMMANDS,
    **coursework.COMMANDS,
}
"""Command -> its help in a line, and the function that adds its options to a parser."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; ``command`` is the name of the command chosen."""
    whole = argparse.ArgumentParser(
        prog="convergence",
        description="Convergence studies of optimisers on quadratic least squares: derive, run, check, report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"convergence-study {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (words, add_options) in COMMANDS.items():
        add_options(commands.add_parser(name, help=words))
    return whole


def of_command(name: str) -> argparse.ArgumentParser:
    """The parser of one command, for messages with its own usage."""
    alone = argparse.ArgumentParser(prog=f"convergence {name}")
    COMMANDS[name][1](alone)
    return alone
