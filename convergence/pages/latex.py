"""LaTeX of a Markdown page: the source of an article that pdfLaTeX, XeLaTeX and LuaLaTeX compile.

Unicode stands in it as it is: the preamble gives each mathematical character that occurs its command. Pictures that were
not written beside the source are left out, with their captions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath

from jinja2 import Template
from markdown_it.tree import SyntaxTreeNode

from convergence.pages.characters import characters
from convergence.pages.html import TONES, parsed
from convergence.pages.markdown import environment

_ESCAPES = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"}
    | {"[": "{[}", "]": "{]}", "*": "{*}", "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}"}
    | {'"': r"\textquotedbl{}", "\n": " ", "\r": " "}
)
FIXED = {"softbreak": "\n", "hardbreak": r"\\ ", "hr": r"\bigskip"}
PLAIN = {"text": "%s", "code_inline": r"\texttt{%s}"}
MATHS = {"math_inline": "$%s$", "math_block": r"\reportformula{%s}"}
AROUND = {"strong": r"\textbf{%s}", "em": r"\emph{%s}"}
"""What stands for a node, or around its content."""

LEVELS = {"h2": "section", "h3": "subsection", "h4": "subsubsection"}
WIDE = 60
"""A table whose cells hold longer text than this sets it in paragraphs."""

LETTER, GAP = 0.0088, 0.02
"""The width of a small letter, and of the space between columns, in parts of a line."""


def latex(markdown: str, pictures: Mapping[str, str], generator: str) -> str:
    """The page as LaTeX; ``pictures`` names the file of each picture that LaTeX can include."""
    tree = SyntaxTreeNode(parsed(markdown))
    writer = _Writer(pictures)
    title = next((writer.inside(node) for node in tree.children if node.tag == "h1"), "")
    plain = text(next((_words(node) for node in tree.children if node.tag == "h1"), ""))
    content = "\n\n".join(filter(None, (writer.block(node) for node in tree.children if node.tag != "h1")))
    used = characters(content + title + plain)
    return _template().render(title=title, plain=plain, content=content, characters=used, generator=generator)


class _Writer:
    """Nodes of a page, one by one."""

    def __init__(self, pictures: Mapping[str, str]) -> None:
        self.pictures = pictures

    def block(self, node: SyntaxTreeNode) -> str:
        """A paragraph, a list, a table, or what stands in a line."""
        if node.type in FIXED:
            return FIXED[node.type]
        if node.type in PLAIN:
            return PLAIN[node.type] % text(node.content)
        if node.type in MATHS:
            return MATHS[node.type] % node.content.strip()
        write = getattr(self, node.type, None)
        return str(write(node)) if write else AROUND.get(node.type, "%s") % self.inside(node)

    def inside(self, node: SyntaxTreeNode) -> str:
        """What stands within a node."""
        return "".join(self.block(child) for child in node.children)

    def heading(self, node: SyntaxTreeNode) -> str:
        return f"\\{LEVELS[node.tag]}{{{self.inside(node)}}}\\label{{sec:{node.attrs['id']}}}"

    def paragraph(self, node: SyntaxTreeNode) -> str:
        first = node.children[0].children[0] if node.children and node.children[0].children else None
        return self._figure(node.children[0]) if first is not None and first.type == "image" else self.inside(node)

    def _figure(self, inline: SyntaxTreeNode) -> str:
        image, *caption = inline.children
        name = PurePosixPath(str(image.attrs["src"])).stem
        if name not in self.pictures:
            return ""
        words = "".join(map(self.block, caption)).strip()
        return rf"\reportpicture{{{self.pictures[name]}}}{{{words}}}\label{{fig:{name}}}"

    def blockquote(self, node: SyntaxTreeNode) -> str:
        first = next((inner.content[:1] for inner in node.walk() if inner.type == "text"), "")
        words = "\n\n".join(map(self.block, node.children))
        return rf"\reportnotice{{{TONES.get(first, 'quiet')}}}{{{words}}}"

    def bullet_list(self, node: SyntaxTreeNode) -> str:
        items = "\n".join(rf"\item {' '.join(map(self.block, item.children))}" for item in node.children)
        return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"

    def fence(self, node: SyntaxTreeNode) -> str:
        code = node.content.rstrip().replace(r"\end{Verbatim}", r"\end {Verbatim}")
        options = r"breaklines,fontsize=\small,frame=single,rulecolor=\color{quiet}"
        return f"\\begin{{Verbatim}}[{options}]\n{code}\n\\end{{Verbatim}}"

    def table(self, node: SyntaxTreeNode) -> str:
        rows = [row.children for part in node.children for row in part.children]
        first, *others = (" & ".join(map(self.inside, row)) + r" \\" for row in rows)
        lines = "\n".join((r"\toprule", first, r"\midrule", *others, r"\bottomrule"))
        long = [any(_is_text(row[k]) for row in rows) for k in range(len(rows[0]))]
        if any(long):
            return f"{{\\footnotesize\n\\begin{{longtable}}{{{_columns(rows, long)}}}\n{lines}\n\\end{{longtable}}}}"
        return f"\\reporttable{{\\begin{{tabular}}{{{_columns(rows, long)}}}\n{lines}\n\\end{{tabular}}}}"

    def html_block(self, node: SyntaxTreeNode) -> str:
        return "".join(rf"\textbf{{{text(words)}}}" for words in re.findall("<summary>(.*?)</summary>", node.content))

    def link(self, node: SyntaxTreeNode) -> str:
        target = str(node.attrs["href"])
        command = rf"\hyperref[sec:{target[1:]}]" if target[0] == "#" else rf"\href{{{text(target)}}}"
        return rf"{command}{{{self.inside(node)}}}"


def text(plain: str) -> str:
    """Plain text with all that LaTeX would read escaped."""
    return plain.translate(_ESCAPES)


def _words(node: SyntaxTreeNode) -> str:
    return "".join(inner.content for inner in node.walk() if inner.type in ("text", "code_inline"))


def _letters(cell: SyntaxTreeNode) -> float:
    """About how many letters wide a cell is; LaTeX is three times as long as what it shows."""
    return len(_words(cell)) + sum(len(inner.content) for inner in cell.walk() if inner.type == "math_inline") / 3


def _is_text(cell: SyntaxTreeNode) -> bool:
    return len(_words(cell)) > WIDE


def _columns(rows: list[list[SyntaxTreeNode]], long: list[bool]) -> str:
    """Numbers to the right, short cells on one line, long ones in paragraphs that share the rest."""
    short = sum(max(_letters(row[k]) for row in rows) for k, wide in enumerate(long) if not wide)
    share = max(0.14, (0.97 - LETTER * short - GAP * len(long)) / max(1, sum(long)))
    paragraph = rf">{{\raggedright\arraybackslash}}p{{{share:.3f}\linewidth}}"
    kinds = ["r" if "right" in str(cell.attrs.get("style")) else "l" for cell in rows[0]]
    return "".join(paragraph if wide else kind for wide, kind in zip(long, kinds, strict=True))


@cache
def _template() -> Template:
    marks = {"block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "<<"}
    marks |= {"variable_end_string": ">>", "comment_start_string": "<#", "comment_end_string": "#>"}
    tex = environment(keep_trailing_newline=True, **marks)
    tex.filters["ord"] = ord
    return tex.get_template("page.tex.j2")
