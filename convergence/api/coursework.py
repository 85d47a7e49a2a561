"""The public functions on the course's material: the audit of its claims, and the answers to its homework."""

from __future__ import annotations

from convergence.auditing import judging as _judging
from convergence.auditing.claim import Finding
from convergence.pipeline import coursework as _coursework


def audit(*sources: str) -> list[Finding]:
    """Decide the claims of the course notes and of published papers by computation, all of them or those of ``sources``.

    Sources are the notes "004", "001", "003", "002", "000" and papers such as "goh-2017". Each ``Finding`` has ``.source``
    ``.claim`` ``.verdict`` ("proved", "confirmed", "refuted", "open") ``.evidence`` and, where refuted, the ``.correction``,
    which was computed too (``.checked``). Everything is decided anew in each call. Raises BadName for an unknown source.
    """
    return _judging.findings(sources or None)


def course() -> _coursework.Course:
    """The model solution to the homework of notes 004, questions (a)–(h), every formula derived from the rule in the call.

    ``.formulas`` ``.plateau`` (question g) ``.data`` (question h) ``.checks`` by letter; ``.save(folder)`` writes
    course.md, course.html, course.tex, course.json and the figures. Truthy when every check passed.
    """
    return _coursework.course()
