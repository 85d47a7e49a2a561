"""The command line: ``convergence COMMAND …``. Each file declares a group of commands, options beside handlers.

Exit status: 0 where all holds; 1 where a check failed, a claim was refuted or a run diverges; 2 for input that cannot be
used, said in one message on standard error; 130 interrupted.
"""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Sequence

from convergence.cli.command import parse
from convergence.cli.modules import console
from convergence.errors import ConvergenceError

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. No traceback for input that cannot be used, on any terminal."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a pipe on Windows speaks cp1252, which has no η
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return _answered(parse(arguments))
    except KeyboardInterrupt:
        sys.stderr.write("convergence: interrupted; no file was left half-written\n")
        sys.stderr.flush()
        return INTERRUPTED
    except ConvergenceError as error:
        return _refused(error.terminal)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        return _refused(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except MemoryError:
        return _refused("this does not fit into memory; give fewer rows, columns or steps")


def _answered(options: Namespace) -> int:
    try:
        answer = options.handler(options)
    except SystemExit:  # not argparse's, but of a rule in a file
        return _refused("the rule ends the program (sys.exit); a rule returns its next state")
    console.say(options, answer)
    return 0 if answer.holds else FAILED


def _refused(message: str) -> int:
    """One message; a name of hundreds of letters is cut."""
    short = re.sub(r"(\S{60})\S{140,}", r"\1…", message)
    sys.stderr.write(f"convergence: error: {short}\n")
    return UNUSABLE
