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


@cache
def from_latex(latex: str, *, block: bool = False) -> str:
    """A formula as a ``<math>`` element; as program text where its LaTeX is not understood."""
    try:
        made = _mended(convert(_ROW_END.sub(r"\\\\", latex).replace("\u202f", r"\,")))
    except Exception:  # the converter promises no kind of error for LaTeX that it does not know
        made = ""
    if not made or "\\" in made:
        return f'<code class="formula">{escape(latex)}</code>'
    return re.sub("^<math[^>]*>", '<math display="block">' if block else "<math>", made)


def _mended(made: str) -> str:
    """Words upright and in one piece, no-break spaces as characters, infinity a letter, ± an operator; XML that parses."""
    made = _UPRIGHT.sub(lambda run: f"<mi>{re.sub('<[^>]*>', '', run[0])}</mi>", made.replace(_NAMESPACE, ""))
    made = re.sub(r"<mtext>(.*?)</mtext>", lambda m: f"<mtext>{escape(unescape(m[1]))}</mtext>", made, flags=re.DOTALL)
    made = made.replace("<mo>&#x0221E;</mo>", "<mi>&#x0221E;</mi>").replace("<mi>&#x000B1;</mi>", "<mo>&#x000B1;</mo>")
    tree = ElementTree.fromstring(made)
    for row in tree.iter("mrow"):
        flat = all(part.tag in ("mi", "mn", "mo") for part in row)
        for bracket in row.findall("mo[@fence]"):
            bracket.attrib.update({"lspace": "0em", "rspace": "0em"} | ({"stretchy": "false"} if flat else {}))
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)
