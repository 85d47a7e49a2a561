"""Markdown made of a template: GitHub's dialect, with mathematics between dollars.

What a template prints is escaped unless it is ``Markdown`` already: text cannot become mark-up by accident. Numbers and
formulas are printed by ``notation``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from convergence import notation
from convergence.notation.decimals import is_number

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}
_ESCAPES = str.maketrans(_ENTITIES | {c: f"\\{c}" for c in "\\`*_[]~#"} | {"\n": " ", "\r": " "})
_MATHS = {r"\|": r"\Vert ", "|": r"\vert ", "<": r"\lt ", ">": r"\gt "}
_MARKUP = re.compile(r"``([^`]+)``|(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])")


class Markdown(Markup):
    """Text that is Markdown already, and not escaped any more; what a macro returns is such."""

    __slots__ = ()


def rendered(template: str, **context: Any) -> str:
    """The template filled in: Markdown with at most one empty line in a row, and none at its ends."""
    page = _markdown().get_template(template).render(**context)
    return re.sub(r"\n{3,}", "\n\n", page).strip() + "\n"


def shown(value: Any, digits: int = 4) -> Markdown:
    """A value as Markdown: text escaped, numbers rounded, formulas between dollars, nothing as a dash."""
    if isinstance(value, Markup):
        return Markdown(value)
    if isinstance(value, str):
        return escaped(value)
    if value is None or is_number(value):
        return Markdown(notation.text(value, digits))
    if isinstance(value, tuple | list) and all(map(is_number, value)):
        return Markdown(f"({', '.join(notation.text(v, digits) for v in value)})")
    return maths(value, digits)


def escaped(plain: str) -> Markdown:
    """Plain text with all that Markdown or a table would read escaped."""
    lines = plain.translate(_ESCAPES)
    return Markdown(re.sub(r"^(\s*)([-+]|\d+[.)])(?=\s)", lambda m: f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", lines))


def maths(value: Any, digits: int = 4) -> Markdown:
    """A formula in a line. A string is LaTeX."""
    return Markdown(f"${_source(value, digits)}$")


def equals(letter: Any, value: Any, digits: int = 4) -> Markdown:
    """An equation in a line, which does not break."""
    return maths(f"{_source(letter, digits)} = {_source(value, digits)}")


def display(value: Any, digits: int = 4) -> Markdown:
    """A formula on lines of its own."""
    return Markdown(f"$$\n{_source(value, digits)}\n$$")


def _source(value: Any, digits: int) -> str:
    source = value if isinstance(value, str) else notation.latex(value, digits)
    return re.sub(r"\\\||[|<>]", lambda sign: _MATHS[sign[0]], source).strip()


def code(text: str) -> Markdown:
    """A name as one types it in a program; what is left of pipes is escaped, as a table needs."""
    ticks = _fence(text) if "`" in text else "`"
    blank = " " if "`" in text else ""
    return Markdown(f"{ticks}{blank}{' '.join(text.split()) or ' '}{blank}{ticks}".replace("|", r"\|"))


def listing(text: str, language: str = "") -> Markdown:
    """Program text."""
    fence = _fence(text)
    return Markdown(f"{fence}{language}\n{text.rstrip()}\n{fence}")


def _fence(text: str) -> str:
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))


def prose(text: str) -> Markdown:
    """The text of a docstring: ``names`` and *stress* are marked up, the rest is escaped."""
    pieces, end = [], 0
    for marked in _MARKUP.finditer(text):
        pieces += [escaped(text[end : marked.start()]), code(marked[1]) if marked[1] else f"*{escaped(marked[2])}*"]
        end = marked.end()
    return Markdown("".join((*pieces, escaped(text[end:]))))


def joined(values: Iterable[Any], last: str = " and ") -> Markdown:
    """Values in a row, with commas and a word before the last."""
    *first, end = map(shown, values)
    return Markdown(", ".join(first) + (last if first else "") + end)


def percent(share: float | None) -> Markdown:
    """A share in per cent."""
    return shown(None) if share is None else Markdown(f"{100 * share:.3g} %")


def capital(words: str) -> str:
    """As at the start of a sentence."""
    return words[:1].upper() + words[1:]


def decimals(words: str, digits: int = 10) -> str:
    """Words in which decimals of more digits are rounded: enough beside an edge of stability, and a page can hold it."""
    return re.sub(r"\d+\.\d{9,}(?:e-?\d+)?", lambda number: f"{float(number[0]):.{digits}g}", words)


def anchor(*words: str) -> str:
    """A name for a place in a page that every format can hold."""
    return "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)


def counted(count: int, one: str, more: str = "") -> Markdown:
    """ "1 check", "2 checks", "no checks"."""
    return escaped(f"{count or 'no'} {one if count == 1 else more or one + 's'}")


def environment(**more: Any) -> Environment:
    """Where the templates of pages are."""
    loader = PackageLoader("convergence.pages")
    return Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, **more)


@cache
def _markdown() -> Environment:
    whole = environment(autoescape=True, finalize=shown)
    filters = (capital, decimals, equals, shown, maths, display, code, listing, prose, joined, percent, anchor)
    whole.filters.update({one.__name__: one for one in filters}, text=lambda x, n=4: Markdown(notation.text(x, n)))
    whole.filters["md"] = Markdown
    whole.globals.update(md=Markdown, counted=counted)
    return whole
