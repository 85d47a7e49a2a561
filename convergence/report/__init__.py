"""The report of a study: Markdown, HTML, LaTeX and JSON, with its pictures. It computes nothing but what pictures draw.

>>> import convergence as cv
>>> study = cv.study([1.0, 10.0], "gradient_descent", parts=["region", "answer"])
>>> list(cv.report.report_files(study, formats=["md"], figure_formats=[]))
['report.md']
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convergence import __version__, notation
from convergence.figures.picture import Picture
from convergence.pages import Markdown, rendered
from convergence.pages.markdown import escaped
from convergence.report.files import FIGURE_FORMATS, FORMATS, files_of
from convergence.report.pictures import pictures
from convergence.report.summary import Summary, direction_name

if TYPE_CHECKING:
    from convergence.document import Study

__all__ = ["FIGURE_FORMATS", "FORMATS", "page", "pictures", "report_files"]

OURS = re.compile(
    r"(data|landscape|losses|comparison|worst|descent|(ends|attraction|stability|radius|damping|spectrum|error|descent|floor|rates|risk|left)-\w+)"
    r"\.(svg|png|pdf)"
)
"""Names of figures that reports write."""

LOSSES = {
    "sum": r"\lVert Xw - y \rVert^2",
    "half": r"\tfrac12 \lVert Xw - y \rVert^2",
    "mean": r"\tfrac1n \lVert Xw - y \rVert^2",
    "half_mean": r"\tfrac1{2n} \lVert Xw - y \rVert^2",
}


def report_files(
    study: Study, formats: Sequence[str] = FORMATS, figure_formats: Sequence[str] = ("svg",), workers: int = 1
) -> dict[str, bytes | str]:
    """The files of a report, by their names relative to its folder: report.md, …, figures/NAME.svg, ….

    Markdown shows the figures in SVG if they are written, else in the first format that is; LaTeX includes those in PDF
    or PNG. The same study gives the same bytes, whatever the number of workers.

    Parameters
    ----------
    study
        A Study.
    formats
        Of the page: "md", "html", "json", "tex".
    figure_formats
        Of the figures: "svg", "png", "pdf".
    workers
        Processes that draw.

    Raises
    ------
    BadName
        For an unknown format.
    """
    write = partial(page, study)
    return files_of("report", write, pictures(study), study.to_json, formats, figure_formats, workers)


def earlier_figures(folder: Path) -> list[str]:
    """The figures that an earlier report left in a folder, by their names relative to it; other files are not ours."""
    return [f"figures/{file.name}" for file in sorted((folder / "figures").glob("*")) if OURS.fullmatch(file.name)]


def page(study: Study, shown: Mapping[str, Picture]) -> str:
    """The page of a study, with these pictures."""
    numbers = count(1)

    def figure(name: str) -> Markdown:
        """A picture where it is made, with the next number."""
        if name not in shown:
            return Markdown("")
        picture = shown[name]
        words = f"*Figure {next(numbers)}. {escaped(picture.title)}.* {escaped(picture.caption)}"
        return Markdown(f"![{escaped(picture.alt)}](figures/{name}.svg)\n{words}")

    return rendered(
        "study.md.j2",
        study=study,
        problem=study.problem,
        s=Summary(study),
        figure=figure,
        loss=LOSSES[study.problem.loss_name],
        direction_name=direction_name,
        notation=notation,
        version=__version__,
        letter=_letter,
    )


def _letter(method: Any, name: str) -> str:
    """The letter of a hyperparameter, as LaTeX."""
    return notation.latex(method.symbols[name])
