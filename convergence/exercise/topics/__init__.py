"""The topics: each file holds templates, functions that draw numbers and return an ``Exercise``; ``TOPICS`` finds them.

A template's docstring is the exercise's heading. Its answer, and what the answer would be under another convention, come from
the package's derivations at the numbers that were drawn.
"""

from __future__ import annotations

from inspect import isfunction

from convergence.exercise.draw import Template
from convergence.exercise.topics import adaptive, conventions, homework, local, minibatches, newton, noise, schedules

TOPICS: dict[str, tuple[Template, ...]] = {
    module.__name__.rpartition(".")[2]: tuple(
        value
        for name, value in vars(module).items()
        if isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    )
    for module in (homework, conventions, noise, minibatches, schedules, adaptive, newton, local)
}
