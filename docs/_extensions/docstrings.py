"""Docstrings as numpydoc wants them: closing prose and session under headings; bars and stars that are no markup escaped."""

import re

from sphinx.application import Sphinx

MARKUP = re.compile(r"``.*?``|`[^`]*`|(?<!\w)\*\w(?:[^*]*?\w)?\*(?!\w)|([*|])")
HEADING = re.compile(r"-{3,}\s*")


def headed(lines: list[str]) -> list[str]:
    """The docstring with its closing prose and session in sections of their own."""
    underlines = [k for k, line in enumerate(lines) if HEADING.fullmatch(line)]
    session = next((k for k, line in enumerate(lines) if line.startswith(">>> ")), len(lines))
    start = next((k for k in range(max(underlines, default=0) + 1, session) if _prose(lines, k)), session)
    if not underlines:
        start = session
    parts = [plain(lines[:start])]
    if start < session:
        parts.append(["Notes", "-----", *plain(lines[start:session])])
    if session < len(lines):
        parts.append(["Examples", "--------", *lines[session:]])
    return [line for part in parts for line in [*part, ""]]


def plain(lines: list[str]) -> list[str]:
    """The lines with |x| and w* as what they are."""
    return [MARKUP.sub(lambda found: f"\\{found[1]}" if found[1] else found[0], line) for line in lines]


def _prose(lines: list[str], k: int) -> bool:
    """Whether a paragraph begins here that is no entry of a section: an entry has an indented line below it."""
    after_blank = not lines[k - 1].strip()
    below = lines[k + 1] if k + 1 < len(lines) else ""
    return after_blank and lines[k][:1] not in ("", " ") and not below.startswith(" ")


def process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    if what != "module":
        lines[:] = headed(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", process, priority=400)  # before numpydoc
    return {"parallel_read_safe": True, "parallel_write_safe": True}
