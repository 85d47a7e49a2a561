"""A report goes in, Markdown comes out: GitHub's tables, and mathematics that GitHub, VS Code and Jupyter all read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import assert_never

from convergence.report.spelling import environment, grouped
from convergence.report.tree import Emphasis, Inline, Line, Link, Mark, Maths, Mono, Number, Report, Strong

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
_ESCAPES = str.maketrans(_ENTITIES | {c: f"\\{c}" for c in "\\`*_[]~#"} | {"\n": " ", "\r": " ", "\xa0": " "})
_MATHS = {r"\|": r"\Vert ", "|": r"\vert ", "<": r"\lt ", ">": r"\gt "}


def write_markdown(report: Report, pictures: str = "figures/{}.svg") -> str:
    """The report as Markdown; ``pictures`` is where a figure of a name lies."""
    filters: dict[str, Callable[..., str]] = {
        "inline": inline,
        "cell": cell,
        "escape_text": text,
        "maths": maths,
        "fence": fence,
    }
    return environment(filters).get_template("report.md.j2").render(report=report, picture=pictures.format)


def text(plain: str) -> str:
    """Plain text with all that Markdown or a table would read escaped."""
    escaped = plain.translate(_ESCAPES)
    return re.sub(r"^(\s*)([-+]|\d+[.)])(?=\s)", lambda m: m[1] + m[2][:-1] + "\\" + m[2][-1], escaped)


def maths(latex: str) -> str:
    """LaTeX without the characters that a table or HTML would take for its own."""
    return re.sub(r"\\\||[|<>]", lambda found: _MATHS[found[0]], latex).strip()


def fence(code: str) -> str:
    """More backticks than the code has in a row."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))


def inline(line: Line) -> str:
    """A line of pieces."""
    return "".join(map(_piece, line))


def cell(line: Line) -> str:
    """The same within a table: what is left of pipes stands in code, where only a backslash helps."""
    return inline(line).replace("|", r"\|")


def _piece(piece: Inline) -> str:
    match piece:
        case str():
            return text(piece)
        case Strong():
            return _around("**", piece.text)
        case Emphasis():
            return _around("*", piece.text)
        case Mark():
            return _around("**", piece.text) if piece.tone == "bad" else text(piece.text)
        case Mono():
            return _code(piece.text)
        case Maths():
            return f"${maths(piece.formula.latex)}$"
        case Number():
            return _number(piece)
        case Link():
            return f"[{text(piece.text)}](#{piece.anchor})"
        case _:
            assert_never(piece)


def _around(stars: str, words: str) -> str:
    """Stress holds only where no blank stands inside the stars."""
    return f"{stars}{text(words.strip())}{stars}" + " " * (words != words.rstrip())


def _code(code: str) -> str:
    ticks = fence(code) if "`" in code else "`"
    blank = " " if "`" in code else ""
    return f"{ticks}{blank}{' '.join(code.split()) or ' '}{blank}{ticks}"


def _number(number: Number) -> str:
    digits = grouped(number.digits, "\u202f").replace("-", "−")
    power = str(number.exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return digits if number.exponent is None else f"{digits}×10{power}"
