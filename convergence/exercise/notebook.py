"""A notebook of exercises: JSON of nbformat 4, with a check after each question that needs nothing but Python."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from inspect import getsource
from typing import Any

from convergence.exercise import hashed
from convergence.exercise.exercise import DIGITS, RIGHT, WRONG, Exercise
from convergence.exercise.hashed import mark, near

CHECK = """
POINTS = {points}
KNOWN = {known}
verdict = None if answer is ... else judged(answer, POINTS, {tolerance}, "{salt}", KNOWN)
assert answer is not ..., "not answered yet"
assert verdict == "{right}", verdict or "{wrong}"
print(verdict)
"""
PLACEHOLDER = 'answer = ...  # a number, or a formula as text: 0.35, 7/20, "2/λ"\n'


def notebook(exercises: Iterable[Exercise], variant: str) -> str:
    """The notebook. Questions and hints are Markdown, checks are locked cells as nbgrader knows them."""
    heading = f"# Exercises, variant {variant}\n\n{DIGITS} Write each answer in the place of `...`, and run the cell after it."
    cells = [_cell("heading", "markdown", heading)]
    for number, one in enumerate(exercises, 1):
        place = f"{number}-{one.name}".replace("_", "-")
        hints = "".join(
            f"\n\n<details><summary>Hint {k}</summary>\n\n{hint}\n\n</details>" for k, hint in enumerate(one.hints, 1)
        )
        cells += [
            _cell(f"question-{place}", "markdown", f"## {number}. {one.title}\n\n{one.question}{hints}"),
            _cell(f"answer-{place}", "code", PLACEHOLDER, solution=True),
            _cell(f"check-{place}", "code", check_cell(one, f"{variant}/{number}"), grade=True, locked=True, points=1),
        ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def check_cell(exercise: Exercise, name: str) -> str:
    """Python that judges ``answer`` from hashes: of the right cells of the grid, and of those of each known slip."""
    salt = sha256(name.encode()).hexdigest()[:16]
    known = [
        (said, [sorted(mark(cell, f"{salt}/{k}") for cell in near(c or 0)) for k, c in enumerate(cells)])
        for said, cells in exercise.known.items()
    ]
    lines = "[\n" + "".join(f"    {entry!r},\n" for entry in known) + "]"
    data = CHECK.format(
        points=list(exercise.points), known=lines, tolerance=exercise.tolerance, salt=salt, right=RIGHT, wrong=WRONG
    )
    return getsource(hashed) + data


def _cell(place: str, kind: str, source: str, **grader: Any) -> dict[str, Any]:
    usual = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3, "grade_id": place}
    cell = {"id": place[:64], "cell_type": kind, "metadata": {"nbgrader": usual | grader} if grader else {}}
    cell["source"] = source.splitlines(keepends=True)
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}
