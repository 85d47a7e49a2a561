"""The command for the shell: completion."""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction

import convergence as cv
from convergence.cli.command import Answer, command, option, parser
from convergence.cli.modules import Lazy, console

shtab = Lazy("shtab")


@command(
    "completion",
    "print a script with which the shell completes commands, options and methods",
    option("shell", choices=("bash", "zsh", "fish", "tcsh"), help="bash, zsh, fish or tcsh"),
    example='eval "$(convergence completion bash)"',
)
def completion(options: Namespace) -> Answer:
    whole = parser()
    (commands,) = (action for action in whole._actions if isinstance(action, _SubParsersAction))
    for action in (action for alone in commands.choices.values() for action in alone._actions):
        if action.metavar in ("METHOD", "SRC", "DST", "A", "B"):
            action.choices = [*cv.METHODS, *cv.methods.LIBRARY_RULES, *cv.presets()]
        elif "FILE" in str(action.metavar):
            action.complete = shtab.FILE
    script = shtab.complete(whole, options.shell)
    return Answer({"shell": options.shell, "script": script}, (console.unwrapped(script),))
