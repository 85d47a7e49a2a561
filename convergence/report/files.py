"""The files of a page with pictures: Markdown, HTML, LaTeX and JSON, and the pictures beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from convergence import __version__
from convergence.figures.picture import Picture, render
from convergence.pages import page_files, require_formats
from convergence.workers import spread

FORMATS = ("md", "html", "json", "tex")
FIGURE_FORMATS = ("svg", "png", "pdf")


def files_of(
    name: str,
    page: Callable[[Mapping[str, Picture]], str],
    pictures: Mapping[str, Picture],
    content: Callable[[], Any],
    formats: Collection[str],
    figure_formats: Sequence[str] = (),
    workers: int = 1,
) -> dict[str, str | bytes]:
    """The files of a page by their names relative to its folder: name.md, …, name.json, figures/PICTURE.svg, ….

    ``page`` writes the Markdown with the pictures that could be drawn; ``content`` is what the JSON holds, or its text.
    BadName for an unknown format.
    """
    require_formats(formats, FORMATS)
    require_formats(figure_formats, FIGURE_FORMATS)
    kinds = tuple(dict.fromkeys((*figure_formats, *(["svg"] if "html" in formats else []))))
    contents = drawn(pictures, kinds, workers)
    files: dict[str, str | bytes] = {
        f"figures/{name}.{ending}": content for (name, ending), content in contents.items() if ending in figure_formats
    }
    text = page({key: one for key, one in pictures.items() if not kinds or (key, kinds[0]) in contents})
    inside = {key: content for (key, ending), content in contents.items() if ending == "svg"}
    pages = page_files(name, text, formats, inside, list(files), f"convergence {__version__}")
    if "json" in formats:
        held = content()
        pages[f"{name}.json"] = held if isinstance(held, str) else json.dumps(held, indent=1, ensure_ascii=False) + "\n"
    return {**pages, **files}


def drawn(every: Mapping[str, Picture], formats: Sequence[str], workers: int = 1) -> dict[tuple[str, str], bytes]:
    """Each picture as the bytes of each format, the same whatever the number of workers; those that fail are left out."""
    jobs = [(picture, ending) for picture in every.values() for ending in formats]
    contents = zip(jobs, spread(_rendered, jobs, workers), strict=True)
    return {(picture.name, ending): content for (picture, ending), content in contents if content}


def _rendered(job: tuple[Picture, str]) -> bytes:
    try:
        return render(*job)
    except Exception:  # a rule that fails at some setting has no map; the page stands without it
        return b""
