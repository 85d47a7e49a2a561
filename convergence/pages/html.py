"""HTML of a Markdown page: one file that needs nothing else, with MathML, its pictures and its font inside, and no scripts."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from convergence.notation.markup import from_latex
from convergence.pages.markdown import anchor, environment

TONES = {"✓": "good", "✗": "bad"}
"""What a quotation that begins with this sign says."""

LONG = 30
"""Letters of a formula in a line of text that has a box of its own to scroll in, as wide as the page at most."""

_TAGS = re.compile("<[^>]*>")
_FOLDS = re.compile(r"</?details>|<summary>.*?</summary>")


def html(markdown: str, pictures: Mapping[str, bytes], generator: str) -> str:
    """The page as HTML; ``pictures`` holds the SVG of each figures/NAME.svg, or whatever ending it is shown with."""
    tokens = parsed(markdown)
    headings = _headings(tokens)
    main = _Pages().render(tokens, MarkdownIt().options, {"pictures": pictures})
    return environment(autoescape=True).get_template("page.html.j2").render(
        title=next((words for level, _, words in headings if level == 1), "convergence"),
        sections=[(place, words) for level, place, words in headings if level == 2],
        main=main,
        generator=generator,
        font=b64encode((files("convergence.pages") / "templates/math.woff2").read_bytes()).decode(),
    )  # fmt: skip


def parsed(markdown: str) -> list[Token]:
    """The tokens of a page, with a place for each heading."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.use(dollarmath_plugin, allow_digits=True, double_inline=False).parse(markdown)
    seen: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            place = anchor(_plain(inline)) or "section"
            seen[place] = seen.get(place, 0) + 1
            token.attrSet("id", place if seen[place] == 1 else f"{place}-{seen[place]}")
    return tokens


def is_figure(tokens: Sequence[Token], index: int) -> bool:
    """Whether a paragraph is a picture with its caption."""
    inline = tokens[index + 1]
    return bool(inline.children) and inline.children is not None and inline.children[0].type == "image"


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _headings(tokens: Sequence[Token]) -> list[tuple[int, str, str]]:
    places = [k for k, token in enumerate(tokens) if token.type == "heading_open"]
    return [(int(tokens[k].tag[1]), str(tokens[k].attrGet("id")), _plain(tokens[k + 1])) for k in places]


class _Pages(RendererHTML):
    """Headings with anchors, tables that scroll, pictures with captions, MathML."""

    def heading_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        opened = next(token for token in reversed(tokens[:index]) if token.type == "heading_open")
        place = opened.attrGet("id")
        link = (
            f' <a class="anchor" href="#{place}" aria-label="link to this section">#</a>' if opened.tag != "h1" else ""
        )
        return f"{link}</{tokens[index].tag}>\n"

    def table_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return '<div class="scroll" role="region" aria-label="Table" tabindex="0">\n<table>\n'

    def table_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return "</table>\n</div>\n"

    def blockquote_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        said = next(token.content for token in tokens[index:] if token.type == "inline")
        return f'<blockquote class="{TONES.get(said[:1], "quiet")}">\n'

    def paragraph_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        if is_figure(tokens, index):
            image = (tokens[index + 1].children or [])[0]
            name = PurePosixPath(str(image.attrGet("src"))).stem
            return f'<figure id="figure-{name}" style="width: {_width(env["pictures"].get(name, b""))}">\n'
        return str(self.renderToken(tokens, index, options, env))

    def paragraph_close(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        if is_figure(tokens, index - 2):
            return "</figcaption></figure>\n"
        return str(self.renderToken(tokens, index, options, env))

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        source = str(tokens[index].attrGet("src"))
        picture = env["pictures"].get(PurePosixPath(source).stem)
        address = source if picture is None else f"data:image/svg+xml;base64,{b64encode(picture).decode()}"
        alt = escape("".join(child.content for child in tokens[index].children or ()))
        return f'<div class="scroll"><img src="{address}" alt="{alt}"></div><figcaption>'

    def math_inline(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        """A formula, with the comma or full stop after it: a line does not begin with that."""
        after = tokens[index + 1] if index + 1 < len(tokens) and tokens[index + 1].type == "text" else None
        formula = from_latex(tokens[index].content)
        if len(_TAGS.sub("", formula)) > LONG:
            formula = f'<span class="scroll long">{formula}</span>'
        if after is None or after.content[:1] not in tuple(",.;:)"):
            return formula
        mark, after.content = after.content[0], after.content[1:]
        return f'<span class="whole">{formula}{mark}</span>'

    def math_block(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return f'<div class="scroll formula">{from_latex(tokens[index].content.strip(), block=True)}</div>\n'

    def html_block(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return "".join(_FOLDS.findall(tokens[index].content)) + "\n"

    def html_inline(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return escape(tokens[index].content)


def _width(svg: bytes) -> str:
    """The width at which the picture's words have the size of the text's."""
    width = re.search(rb'<svg[^>]*\swidth="([\d.]+)(pt|px)?"', svg)
    return f"{width[1].decode()}{(width[2] or b'px').decode()}" if width else "100%"
