"""A page says the same in Markdown, HTML and LaTeX; text never becomes mark-up; HTML needs nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
import sympy as sp

from convergence.errors import BadName
from convergence.pages import page_files, require_formats
from convergence.pages.html import html
from convergence.pages.latex import latex
from convergence.pages.markdown import Markdown, display, escaped, joined, listing, maths, prose, shown

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="374pt" viewBox="0 0 9 9"><circle r="4"/></svg>'
NASTY = "a&b<c>%d_e$f|g`h~i^j#k{l}m\\n*o[p]q\"r' \\end{Verbatim} </code></pre><script>alert(1)</script> [x](javascript:y) ![z]"
VOID = {"meta", "img", "br", "hr", "link", "input"}
PAGE = rf"""# A title with $\kappa$

Some {escaped(NASTY)} and $1 - \eta\lambda$, **loud** and *stressed*, `code|x`, [a link](#second-part).

## Second part

> ✓ **All is well:** {escaped(NASTY)}

| name | formula | size |
| --- | :-- | --: |
| {escaped(NASTY)} | {maths(sp.Abs(sp.Symbol("beta")) < 1)} | 3×10⁻⁷ |
| `a` | $\left[\begin{{matrix}}1 & \frac{{a}}{{b}}\\ 2 & 3\end{{matrix}}\right]$ | 12 |

{display(sp.Piecewise((sp.Symbol("x"), sp.Symbol("x") < 1), (2, True)))}

<details>
<summary>Checks: 2 of 2</summary>

- one
- two

</details>

{listing(NASTY + chr(10) + "```", "python")}

![what {escaped(NASTY)} shows](figures/map.svg)
*Figure 1. The map.* Its caption, $\rho < 1$.

## Second part
"""


class Balanced(HTMLParser):
    """Opens and closes every element in order, and remembers what it saw."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.words = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert [self.open.pop()] == [tag], f"</{tag}> at {self.getpos()}"

    def handle_data(self, data):
        self.words += data


def seen(page):
    parser = Balanced()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


@pytest.fixture(scope="module")
def page():
    return html(PAGE, {"map": SVG}, "convergence 0")


def test_html_is_balanced_and_needs_nothing(page):
    found = seen(page)
    assert page.startswith("<!DOCTYPE html>")
    assert "//" not in re.sub(r"base64,[\w+/=]+", "", page)
    assert {tag for tag, _ in found.seen}.isdisjoint({"script", "link", "iframe", "object"})
    (image,) = [attributes for tag, attributes in found.seen if tag == "img"]
    assert image["alt"].startswith("what a&b<c>")
    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert "ConvergenceMath" in page


def test_text_stays_text(page):
    assert NASTY in " ".join(seen(page).words.split())
    assert "<script" not in page


def test_headings_have_places_of_their_own_and_links_lead_to_them(page):
    found = seen(page).seen
    places = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(places) == len(set(places))
    assert {"second-part", "second-part-2", "figure-map"} <= set(places)
    assert {attributes["href"][1:] for tag, attributes in found if tag == "a"} <= set(places)


@pytest.mark.finding("D3")
def test_formulas_are_mathml_and_no_entity_is_shown(page):
    assert page.count("</math>") == 6
    assert "&amp;#" not in page.replace("&amp;#124;", "")
    assert 'class="formula">\\' not in page


def test_the_same_page_gives_the_same_bytes(page):
    assert html(PAGE, {"map": SVG}, "convergence 0") == page


@pytest.mark.finding("D3")
def test_latex_is_balanced_and_has_only_pictures_that_were_written():
    source = latex(PAGE, {}, "convergence 0")
    assert "includegraphics[width" in source
    assert r"\reportpicture{figures" not in source
    assert r"\reportpicture{figures/map.pdf}" in latex(PAGE, {"map": "figures/map.pdf"}, "convergence 0")
    assert source.count(r"\begin{Verbatim}") == source.count(r"\end{Verbatim}") == 1
    bare = re.sub(r"(?s)\\begin\{Verbatim\}.*?\\end\{Verbatim\}", "", source)
    bare = re.sub(r"(?m)(?<!\\)%.*$", "", bare)
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", bare):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0


def test_latex_knows_each_of_its_characters():
    source = latex(PAGE, {}, "convergence 0")
    declared = set(re.findall(r"\\newunicodechar\{(.)\}", source))
    assert {c for c in source if ord(c) >= 0x250 and not 0x2010 <= ord(c) <= 0x203A} <= declared


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX here")
@pytest.mark.finding("D3")
def test_latex_compiles(tmp_path):
    (tmp_path / "page.tex").write_text(latex(PAGE, {}, "convergence 0"))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_page_files_shows_the_pictures_that_are_there():
    files = page_files("page", PAGE, ("md", "tex"), {}, ["figures/map.png"], "convergence 0")
    assert set(files) == {"page.md", "page.tex"}
    assert "(figures/map.png)" in files["page.md"]
    assert r"\reportpicture{figures/map.png}" in files["page.tex"]
    with pytest.raises(BadName, match="did you mean 'html'"):
        require_formats(["htlm"], ("md", "html", "tex"))


def test_values_are_shown_by_kind():
    assert shown(Markdown("**a**")) == "**a**"
    assert shown("**a**") == r"\*\*a\*\*"
    assert shown(None) == "–"
    assert shown((1.0, 0.25)) == "(1, 0.25)"
    assert shown(sp.Symbol("beta") / 2) == r"$\frac{\beta}{2}$"
    assert shown("- a") == r"\- a"
    assert prose("``x|y`` and *z* <") == r"`x\|y` and *z* &lt;"
    assert joined(["a", 1, sp.Symbol("z")]) == "a, 1 and $z$"


def test_a_long_formula_in_a_line_scrolls_in_a_box_and_a_single_operator_is_upright():
    long = "$" + "+".join(["x"] * 30) + "$"
    page = html(f"# A\n\nHere {long}, and $x$; $\\mathrm{{E}}\\, x^2$.\n", {}, "test")
    assert page.count('<span class="scroll long">') == 1
    assert "<mtext>E</mtext>" in page
    assert "<mi>E</mi>" not in page


def test_no_line_begins_with_a_comma():
    made = html("| a |\n| --- |\n| $x = 1$, $y = 2$ |\n\nAs $z$ grows.\n", {}, "x")
    assert made.count('class="whole"') == 1
    assert "</math>,</span> <math>" in made
