"""A report goes in, the source of a LaTeX article comes out; figures/NAME.pdf are its pictures where they exist.

Unicode stands in it as it is: the preamble gives every mathematical character that occurs its command, so that
pdfLaTeX, XeLaTeX and LuaLaTeX read the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from convergence.report.characters import characters
from convergence.report.spelling import environment, grouped
from convergence.report.tree import Column, Emphasis, Inline, Line, Link, Mark, Maths, Mono, Number, Report, Strong

_ESCAPES = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"}
    | {"[": "{[}", "]": "{]}", "*": "{*}", "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}"}
    | {'"': r"\textquotedbl{}", "\n": " ", "\r": " "}
)


def write_latex(report: Report, pictures: str = "figures/{}.pdf") -> str:
    """The report as LaTeX; ``pictures`` is where a figure of a name lies."""
    filters: dict[str, Callable[..., str]] = {
        "inline": inline,
        "cell": cell,
        "text": text,
        "listing": listing,
        "columns": columns,
    }
    syntax = {"block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "<<"}
    syntax |= {"variable_end_string": ">>", "comment_start_string": "<#", "comment_end_string": "#>"}
    templates = environment(filters, **syntax)
    content = templates.get_template("body.tex.j2").render(report=report, picture=pictures.format)
    used = characters(content + text(report.title))
    return templates.get_template("report.tex.j2").render(report=report, content=content, characters=used)


def text(plain: str) -> str:
    """Plain text with all that LaTeX would read escaped."""
    return plain.translate(_ESCAPES)


def listing(code: str) -> str:
    """Program text for a verbatim environment, which it may not end."""
    return code.replace(r"\end{Verbatim}", r"\end {Verbatim}")


def inline(line: Line) -> str:
    """A line of pieces."""
    return "".join(map(_piece, line))


def cell(line: Line) -> str:
    """The same in a column of formulas, where fractions have room."""
    return "".join(rf"$\displaystyle {p.formula.latex}$" if isinstance(p, Maths) else _piece(p) for p in line)


def _piece(piece: Inline) -> str:
    match piece:
        case str():
            return text(piece)
        case Strong():
            return rf"\textbf{{{text(piece.text)}}}"
        case Emphasis():
            return rf"\emph{{{text(piece.text)}}}"
        case Mark():
            return rf"\textcolor{{{piece.tone}}}{{{text(piece.text)}}}" if piece.tone != "bad" else _loud(piece.text)
        case Mono():
            return rf"\texttt{{{text(piece.text)}}}"
        case Maths():
            return f"${piece.formula.latex}$"
        case Number():
            return _number(piece)
        case Link():
            return rf"\hyperref[sec:{piece.anchor}]{{{text(piece.text)}}}"
        case _:
            assert_never(piece)


def _loud(words: str) -> str:
    return rf"\textcolor{{bad}}{{\textbf{{{text(words)}}}}}"


def _number(number: Number) -> str:
    digits = grouped(number.digits, r"\,").replace("∞", r"\infty")
    return f"${digits}$" if number.exponent is None else rf"${digits}\times10^{{{number.exponent}}}$"


def columns(heads: tuple[Column, ...]) -> str:
    """A column for each head: numbers to the right, formulas on one line, text in paragraphs that share the rest."""
    wrapped = sum(head.kind == "text" for head in heads)
    share = max(0.08, (0.95 - 0.11 * (len(heads) - wrapped)) / max(wrapped, 1))
    paragraph = rf">{{\raggedright\arraybackslash}}p{{{share:.3f}\linewidth}}"
    kinds = {"number": "r", "formula": "l", "word": "l", "text": paragraph}
    return "".join(kinds[head.kind] for head in heads)
