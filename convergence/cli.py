"""Words on the command line go in; what they ask for is run by ``terminal``, and an exit status comes out.

0: every check passed. 1: one failed. 2: input that cannot be used, said in one line on standard error. 130: interrupted.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module

import convergence as cv
from convergence.grammar import of_command, parser

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Prints no traceback for input that cannot be used."""
    options = _understood(arguments)
    try:
        return int(import_module("convergence.terminal").run(options))
    except cv.ConvergenceError as error:
        return _refused(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        return _refused(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except MemoryError:
        return _refused("the data do not fit into memory; give fewer rows, or columns")
    except KeyboardInterrupt:
        sys.stderr.write("convergence: interrupted; no file was left half-written\n")
        return INTERRUPTED


def _understood(arguments: Sequence[str] | None) -> Namespace:
    """The options. What no command knows is a hyperparameter where the command takes any: --dampening 0.1, or a flag."""
    options, rest = parser().parse_known_args(arguments)
    while rest and hasattr(options, "set") and rest[0].startswith("--") and rest[0][2:].isidentifier():
        value = rest[1] if len(rest) > 1 and not rest[1].startswith("--") else "True"
        options.set.append(f"{rest[0][2:]}={value}")
        rest = rest[1 if value == "True" else 2 :]
    if rest:
        of_command(options.command).error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _refused(message: str) -> int:
    sys.stderr.write(f"convergence: error: {message}\n")
    return UNUSABLE
