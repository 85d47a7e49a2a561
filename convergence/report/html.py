"""A report goes in, one HTML file comes out that needs nothing else: MathML, pictures inside, no scripts."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import assert_never
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markupsafe import Markup, escape

from convergence.report.spelling import environment, grouped
from convergence.report.tree import Emphasis, Inline, Line, Link, Mark, Maths, Mono, Number, Report, Strong
from convergence.results import Formula

_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML knows MathML without it


def write_html(report: Report, pictures: Mapping[str, bytes]) -> str:
    """The report as HTML; ``pictures`` holds each figure's SVG."""
    filters: dict[str, Callable[..., Markup]] = {"inline": inline, "cell": cell, "display": display}
    template = environment(filters, autoescape=True).get_template("report.html.j2")
    images = {name: (_data_uri(svg), _width(svg)) for name, svg in pictures.items()}
    return template.render(report=report, images=images)


def inline(line: Line) -> Markup:
    """A line of pieces."""
    return Markup().join(map(_piece, line))


def cell(line: Line) -> Markup:
    """The same in a column of formulas, where fractions have room."""
    pieces = (mathml(p.formula, 'displaystyle="true"') if isinstance(p, Maths) else _piece(p) for p in line)
    return Markup().join(pieces)


def display(formula: Formula) -> Markup:
    """A formula of its own line."""
    return mathml(formula, 'display="block"')


def _piece(piece: Inline) -> Markup:
    match piece:
        case str():
            return escape(piece)
        case Strong():
            return Markup("<strong>{}</strong>").format(piece.text)
        case Emphasis():
            return Markup("<em>{}</em>").format(piece.text)
        case Mark():
            return Markup('<strong class="{}">{}</strong>').format(piece.tone, piece.text)
        case Mono():
            return Markup("<code>{}</code>").format(piece.text)
        case Maths():
            return mathml(piece.formula)
        case Number():
            return _number(piece)
        case Link():
            return Markup('<a href="#{}">{}</a>').format(piece.anchor, piece.text)
        case _:
            assert_never(piece)


def _number(number: Number) -> Markup:
    digits = grouped(number.digits, "\u202f").replace("-", "−")
    if number.exponent is None:
        return Markup('<span class="n">{}</span>').format(digits)
    power = str(number.exponent).replace("-", "−")
    return Markup('<span class="n">{}×10<sup>{}</sup></span>').format(digits, power)


@cache
def mathml(formula: Formula, attributes: str = "") -> Markup:
    """A formula as MathML; as the text one would type where its LaTeX is not understood."""
    try:
        made = _repaired(convert(formula.latex))
    except Exception:  # the converter promises no kind of error for LaTeX that it does not know
        made = ""
    if not made or "\\" in made:
        return Markup('<code class="formula">{}</code>').format(formula.text)
    start = f"<math {attributes}>" if attributes else "<math>"
    return Markup(re.sub(r"^<math[^>]*>", start, made))


_MATRIX = re.compile(
    r"<mo[^>]*>(?:\[|&#x0005B;|&#x00028;)</mo><mtable>(.*?)</mtable><mo[^>]*>(?:\]|&#x0005D;|&#x00029;)</mo>"
)


def _repaired(made: str) -> str:
    """The converter leaves the text of \\text as it came; and few machines have a font that stretches a bracket.

    So the style sheet draws the brackets of a matrix, and lengthens those around a fraction.
    """
    made = _MATRIX.sub(r'<mtable class="matrix">\1</mtable>', made)
    made = made.replace("<mo>&#x0221E;</mo>", "<mi>&#x0221E;</mi>")
    made = re.sub(r"<mtext>(.*?)</mtext>", lambda m: f"<mtext>{escape(m[1])}</mtext>", made, flags=re.DOTALL)
    tree = ElementTree.fromstring(re.sub(r"&(?!#?\w+;)", "&amp;", made.replace(_NAMESPACE, "")))
    for row in tree.iter("mrow"):
        if row.find(".//mfrac") is not None or row.find(".//mtable") is not None:
            _lengthen([part for part in row if part.get("fence") == "true"], "tall")
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def _lengthen(brackets: Iterable[ElementTree.Element], name: str) -> None:
    for bracket in brackets:
        bracket.attrib.clear()
        bracket.attrib.update({"stretchy": "false", "class": name})


def _width(svg: bytes) -> str:
    """The width at which the picture's words have the size of the text's."""
    found = re.search(rb'<svg[^>]*\swidth="([\d.]+)(pt|px)?"', svg)
    return f"{found[1].decode()}{(found[2] or b'px').decode()}" if found else "100%"


def _data_uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
