"""The public functions on the course's material: the audit of its claims, and the answers to its homework."""

from __future__ import annotations

from convergence.pipeline import coursework as _coursework


def course() -> _coursework.Course:
    """The model solution to the homework of notes 004, questions (a)–(h), every formula derived from the rule in the call.

    ``.formulas`` ``.plateau`` (question g) ``.data`` (question h) ``.checks`` by letter; ``.save(folder)`` writes
    course.md, course.html, course.tex, course.json and the figures. Truthy when every check passed.
    """
    return _coursework.course()
