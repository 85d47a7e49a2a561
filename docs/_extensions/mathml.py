"""Formulas as MathML, which a browser shows without a script and without a network."""

from docutils.nodes import SkipNode, math, math_block
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from convergence.notation.markup import from_latex


def inline(writer: HTML5Translator, node: math) -> None:
    writer.body.append(from_latex(node.astext()))
    raise SkipNode


def displayed(writer: HTML5Translator, node: math_block) -> None:
    writer.body.append(f'<div class="math">{from_latex(node.astext(), block=True)}</div>\n')
    raise SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
