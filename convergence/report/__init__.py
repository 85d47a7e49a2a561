"""A study goes in; its report comes out as Markdown, HTML, JSON and LaTeX, with its pictures. It computes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from convergence.errors import BadName, nearest
from convergence.figures import Picture, drawn, figures, render
from convergence.report.content import report
from convergence.report.html import write_html
from convergence.report.latex import write_latex
from convergence.report.markdown import write_markdown
from convergence.report.tree import Report
from convergence.results import Findings
from convergence.serialization import to_json

FORMATS = ("md", "html", "json", "tex")
FIGURE_FORMATS = ("svg", "png", "pdf")

__all__ = ["FIGURE_FORMATS", "FORMATS", "report", "report_files"]


def report_files(
    study: Findings, formats: Sequence[str] = FORMATS, figure_formats: Sequence[str] = ("svg",), workers: int = 1
) -> dict[str, bytes | str]:
    """The files of a report, by their names relative to its folder: report.md, …, figures/NAME.svg, ….

    Markdown shows the figures in SVG if they are written, else in the first format that is; LaTeX takes them in PDF,
    and puts words in the place of those that are not there. The same study gives the same bytes, whatever the number of
    ``workers`` (processes that draw; see ``convergence.figures.drawn``). Raises ``BadName`` for
    an unknown format.
    """
    _require("format", formats, FORMATS)
    _require("figure format", figure_formats, FIGURE_FORMATS)
    pictures = figures(study)
    made = drawn(study, figure_formats, workers)
    files: dict[str, bytes | str] = {f"figures/{name}.{ending}": content for (name, ending), content in made.items()}
    content = report(study, pictures.values())
    writers: dict[str, Callable[[], str]] = {
        "md": lambda: _markdown(content, figure_formats),
        "html": lambda: write_html(content, _vectors(pictures, files)),
        "json": lambda: to_json(study),
        "tex": lambda: write_latex(content),
    }
    return {f"report.{name}": writers[name]() for name in FORMATS if name in formats} | files


def _vectors(pictures: dict[str, Picture], files: dict[str, bytes | str]) -> dict[str, bytes]:
    """Each picture as SVG, drawn only if it is not among the files already."""
    found = {name: files.get(f"figures/{name}.svg") for name in pictures}
    return {name: svg if isinstance(svg, bytes) else render(pictures[name], "svg") for name, svg in found.items()}


def _markdown(content: Report, figure_formats: Sequence[str]) -> str:
    ending = "svg" if "svg" in figure_formats or not figure_formats else figure_formats[0]
    return write_markdown(content, f"figures/{{}}.{ending}")


def _require(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise BadName(f"there is no {what} {name!r}; {nearest(name, known)}")
