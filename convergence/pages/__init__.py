"""Pages: one Markdown template each, and the HTML and LaTeX that are made from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from convergence.errors import require_formats
from convergence.pages.html import html
from convergence.pages.latex import latex
from convergence.pages.markdown import Markdown, anchor, rendered

__all__ = ["FORMATS", "Markdown", "anchor", "html", "latex", "page_files", "rendered", "require_formats"]

FORMATS = ("md", "html", "tex")


def page_files(
    name: str, markdown: str, formats: Collection[str], pictures: Mapping[str, bytes], written: Collection[str], by: str
) -> dict[str, str]:
    """The files name.md, name.html, name.tex of a page, those of them that are asked for.

    ``markdown`` shows its figures as figures/NAME.svg; ``pictures`` holds their SVG by name, which HTML takes in.
    ``written`` are the paths of the picture files that will lie beside the page: Markdown shows those where they are no
    SVG, and LaTeX includes those in PDF or PNG. ``by`` names the program.
    """
    files = {"md": lambda: _shown(markdown, written), "html": lambda: html(markdown, pictures, by)}
    files["tex"] = lambda: latex(markdown, _includable(written), by)
    return {f"{name}.{ending}": files[ending]() for ending in FORMATS if ending in formats}


def _shown(markdown: str, written: Collection[str]) -> str:
    endings = {PurePosixPath(path).suffix for path in written}
    if ".svg" in endings or not endings:
        return markdown
    return markdown.replace(".svg)", f"{'.png' if '.png' in endings else min(endings)})")


def _includable(written: Collection[str]) -> dict[str, str]:
    paths: dict[str, str] = {}
    for ending in (".png", ".pdf"):
        paths |= {PurePosixPath(path).stem: path for path in written if path.endswith(ending)}
    return paths
