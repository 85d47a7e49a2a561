"""Parsed options go in; the command that they name runs here, and prints. A file a group of commands."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from convergence.terminal import certificates, conventions, coursework, diagnosis, finite, study, theory

COMMANDS: dict[str, Callable[[Namespace], int]] = {
    **study.COMMANDS,
    **theory.COMMANDS,
    **finite.COMMANDS,
    **certificates.COMMANDS,
    **conventions.COMMANDS,
    **diagnosis.COMMANDS,
    **coursework.COMMANDS,
}


def run(options: Namespace) -> int:
    """Run the command; 0 when all checks that it made passed, else 1."""
    return COMMANDS[options.command](options)
