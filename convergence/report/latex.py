"""A report goes in, the source of a LaTeX article comes out; figures/NAME.pdf are its pictures where they exist.

Unicode stands in it as it is: the preamble gives every mathematical character that occurs its command, so that pdfLaTeX,
XeLaTeX and LuaLaTeX read the same file.
"""

from __future__ import annotations

import re
import unicodedata
from typing import assert_never

from convergence.report.spelling import environment, grouped
from convergence.report.tree import Column, Emphasis, Inline, Line, Link, Mark, Maths, Mono, Number, Report, Strong

_ESCAPES = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"}
    | {"[": "{[}", "]": "{]}", "*": "{*}", "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}"}
    | {'"': r"\textquotedbl{}", "\n": " ", "\r": " "}
)
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega"
_NAMED = {
    **{unicodedata.lookup(f"GREEK SMALL LETTER {n.replace('lambda', 'lamda').upper()}"): f"\\{n}" for n in _GREEK.split()},
    **dict(zip("ΓΔΘΛΞΠΣΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), strict=True)),
}
_SYMBOLS = {
    **{character: command if command.startswith("\\") else f"\\{command}" for character, command in _NAMED.items()},
    **{"ε": r"\varepsilon", "←": r"\leftarrow", "→": r"\rightarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow"},
    **{"∇": r"\nabla", "∂": r"\partial", "√": r"\surd", "∞": r"\infty", "∈": r"\in", "‖": r"\Vert", "∅": r"\emptyset"},
    **{"≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≪": r"\ll", "≫": r"\gg", "∝": r"\propto"},
    **{"−": "-", "×": r"\times", "·": r"\cdot", "±": r"\pm", "∓": r"\mp", "∘": r"\circ", "ℓ": r"\ell", "½": r"\tfrac12"},
    **{"∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∧": r"\wedge", "∨": r"\vee", "ℝ": r"\mathbf{R}", "⊥": r"\perp"},
    **{"°": r"^\circ", "✓": r"\surd", "✗": r"\times", "∗": r"\ast", "⊤": r"\top", "¹": "^1", "²": "^2", "³": "^3"},
    **{c: f"^{{{plain}}}" for c, plain in zip("⁰⁴⁵⁶⁷⁸⁹⁺⁻ᵀⁿᵏ", [*"0456789+-", r"\top", "n", "k"], strict=True)},
    **{c: f"_{{{plain}}}" for c, plain in zip("₀₁₂₃₄₅₆₇₈₉₊₋ₖᵢⱼₙ", "0123456789+-kijn", strict=True)},
}
"""What each character is called in mathematics."""
_SPACES = {"\u202f": r"\,", "\u2009": r"\,", "\xa0": "~", "…": r"\ldots{}", "–": "--", "—": "---"}


def write_latex(report: Report, pictures: str = "figures/{}.pdf") -> str:
    """The report as LaTeX; ``pictures`` is where a figure of a name lies."""
    filters = {"inline": inline, "cell": cell, "text": text, "listing": listing, "columns": columns}
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


def characters(written: str) -> list[tuple[str, str]]:
    """Each character that occurs and LaTeX does not know by itself, with the command for it; "" if there is none."""
    return [(c, _command(c)) for c in sorted(set(written)) if not _known(c)]


def _known(character: str) -> bool:
    """ASCII, Latin letters, quotation marks: what every LaTeX reads as it is."""
    plain = ord(character) < 0x250 or 0x2010 <= ord(character) <= 0x203A
    return plain and character not in _SYMBOLS and character not in _SPACES


def _command(character: str) -> str:
    if character in _SYMBOLS:
        above = _SYMBOLS[character].startswith(("^", "_"))
        return rf"\ensuremath{{{'{}' if above else ''}{_SYMBOLS[character]}}}"
    return _SPACES.get(character, "")


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
    """A column for each head: numbers to the right, formulas on one line, text in paragraphs that share what is left."""
    wrapped = sum(head.kind == "text" for head in heads)
    share = max(0.08, (0.95 - 0.11 * (len(heads) - wrapped)) / max(wrapped, 1))
    kinds = {"number": "r", "formula": "l", "word": "l", "text": rf">{{\raggedright\arraybackslash}}p{{{share:.3f}\linewidth}}"}
    return "".join(kinds[head.kind] for head in heads)
