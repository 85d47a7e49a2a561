"""The command line, interrupted at an event of Python's: at a time, a slow machine would not have begun.

``python -m interrupted EVENT OF COMMAND …``
"""

import signal
import sys

from convergence.__main__ import run


def interrupt(event, given):
    """An interrupt at the first such event, within an exec(), as when a dataclass is made."""
    if awaited and event == awaited[0] and awaited[1] in str(given[0]):
        awaited.clear()
        exec("signal.raise_signal(signal.SIGINT)")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's children in the background, and theirs, ignore it
    awaited = [sys.argv.pop(1), sys.argv.pop(1)]
    sys.addaudithook(interrupt)
    run()
