"""The command for the shell: completion."""

from __future__ import annotations

from argparse import Action, Namespace, _SubParsersAction
from collections.abc import Iterable

import convergence as cv
from convergence.cli.command import Answer, command, option, parser
from convergence.cli.modules import Lazy, arguments, batches, console
from convergence.cli.schedules import naming

shtab, layouts, landscapes = Lazy("shtab"), Lazy("convergence.code.languages"), Lazy("convergence.landscapes")
presets, topics, sheet = (
    Lazy(f"convergence.{name}") for name in ("methods.presets", "exercise.topics", "exercise.sheet")
)
squares, worst = Lazy("convergence.problem.least_squares"), Lazy("convergence.numerics.worst_cases")
semi_iteration = Lazy("convergence.numerics.semi_iteration")

METHODS = "METHOD", "SRC", "DST", "A", "B"
"""How the options call methods."""


@command(
    "completion",
    "print a script with which the shell completes commands, options and methods",
    option("shell", choices=("bash", "zsh", "fish", "tcsh"), help="bash, zsh, fish or tcsh"),
    example='eval "$(convergence completion bash)"',
)
def completion(options: Namespace) -> Answer:
    whole, values = parser(), _values()
    (commands,) = (action for action in whole._actions if isinstance(action, _SubParsersAction))
    for name, alone in commands.choices.items():
        for action in alone._actions:
            if "FILE" in str(action.metavar):
                action.complete = shtab.FILE
            elif action.choices is None:
                action.choices = _choices(name, action, values)
    script = shtab.complete(whole, options.shell)
    return Answer({"shell": options.shell, "script": script}, (console.unwrapped(script),))


def _choices(command: str, action: Action, values: dict[str, Iterable[str]]) -> list[str] | None:
    """The words that an option may have, or the first of a list of such."""
    known = getattr(getattr(action, "check", None), "keywords", {}).get("known")  # endings of files
    names = [flag for flag in (*action.option_strings, f"{command} {action.dest}") if flag in values]
    if (action.metavar in METHODS and not action.option_strings) or names:
        return list(values[names[0]] if names else values["--methods"])
    return known


def _values() -> dict[str, Iterable[str]]:
    """Flags, and positions of commands, with the words that may stand there."""
    methods = [*cv.METHODS, *cv.methods.LIBRARY_RULES, *cv.methods.AVERAGES, *cv.presets(), *presets.ALIASES]
    schedules = [*naming.families()]
    return {
        "--methods": methods,
        "--method": methods,
        "--loss": squares.LOSSES,
        "--dataset": arguments.DATASETS,
        "--sampling": batches.SAMPLINGS,
        "--schedule": schedules,
        "schedule names": schedules,
        "--measure": worst.POWERS,
        "--order": semi_iteration.ORDERS,
        "--language": layouts.LAYOUTS,
        "--landscape": landscapes.LANDSCAPES,
        "--topic": topics.TOPICS,
        "--format": sheet.FORMATS,
    }
