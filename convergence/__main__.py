"""``python -m convergence`` is the command line."""

from __future__ import annotations

import atexit
import os
import sys

from convergence.cli import INTERRUPTED, main


def run() -> None:
    """Run the command line and end the process with its exit status."""
    status = main()
    if status != INTERRUPTED:
        sys.exit(status)
    # Interrupted within an exec(), as that of a dataclass, Python would end as if killed, although it was caught.
    atexit._run_exitfuncs()
    os._exit(status)


if __name__ == "__main__":  # a process that draws figures imports this module, too
    run()
