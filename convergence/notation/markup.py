"""MathML of LaTeX: latex2mathml's, with what browsers need mended."""

from __future__ import annotations

import re
from functools import cache
from html import escape, unescape
from xml.etree import ElementTree

from latex2mathml.converter import convert

_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML knows MathML without it
_UPRIGHT = re.compile(r'(?:<mi mathvariant="normal">[^<&]</mi>){2,}')
_ROW_END = re.compile(r"\\\\\s+")
_LETTER = re.compile(r"\\mathrm\{(\w)\}")  # which the converter sets in italics


@cache
def from_latex(latex: str, *, block: bool = False) -> str:
    """A formula as a ``<math>`` element; as program text where its LaTeX is not understood."""
    try:
        upright = _LETTER.sub(r"\\text{\1}", latex)
        math = _mended(convert(_ROW_END.sub(r"\\\\", upright).replace("\u202f", r"\,")))
    except Exception:  # the converter promises no kind of error for LaTeX that it does not know
        math = ""
    if not math or "\\" in math:
        return f'<code class="formula">{escape(latex)}</code>'
    return re.sub("^<math[^>]*>", '<math display="block">' if block else "<math>", math)


def _mended(math: str) -> str:
    """Words upright and in one piece, no-break spaces as characters, infinity a letter, ± an operator; XML that parses."""
    math = _UPRIGHT.sub(lambda run: f"<mi>{re.sub('<[^>]*>', '', run[0])}</mi>", math.replace(_NAMESPACE, ""))
    math = re.sub(r"<mtext>(.*?)</mtext>", lambda m: f"<mtext>{escape(unescape(m[1]))}</mtext>", math, flags=re.DOTALL)
    math = math.replace("<mo>&#x0221E;</mo>", "<mi>&#x0221E;</mi>").replace("<mi>&#x000B1;</mi>", "<mo>&#x000B1;</mo>")
    tree = ElementTree.fromstring(math)
    for row in tree.iter("mrow"):
        flat = all(part.tag in ("mi", "mn", "mo") for part in row)
        for bracket in row.findall("mo[@fence]"):
            bracket.attrib.update({"lspace": "0em", "rspace": "0em"} | ({"stretchy": "false"} if flat else {}))
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)
