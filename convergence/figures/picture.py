"""A picture: a figure with its title, caption and words for a screen reader; its file is the same byte for byte."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convergence.errors import BadName
from convergence.figures.style import styled
from convergence.figures.svg import slim

FORMATS: dict[str, dict[str, str | None]] = {  # what each format would say of date and program, and is not to
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@dataclass(frozen=True)
class Picture:
    """A figure that can be drawn, and its words.

    Attributes
    ----------
    name
        That of its file.
    title, caption
        For those who can see it.
    alt
        For those who cannot, with the key numbers.
    method
        The name of the method that it belongs to; None: of the study as a whole.
    draw
        Makes a new Figure that pyplot does not know, or the axes of one.
    """

    name: str
    title: str
    alt: str
    caption: str
    method: str | None
    draw: Callable[[], Figure | Axes]

    def figure(self) -> Figure:
        """It drawn."""
        made = self.draw()
        return made if isinstance(made, Figure) else cast(Figure, made.get_figure(root=True))

    def _repr_png_(self) -> bytes:
        return render(self, "png")


def render(picture: Picture, format: str = "svg", dpi: float = 150) -> bytes:
    """The picture as the bytes of a file, the same every time: no date, no name of a program, no random identifiers.

    Parameters
    ----------
    picture
        A Picture.
    format
        "svg", "png" or "pdf".
    dpi
        That of a PNG, and of maps within the others.

    Raises
    ------
    BadName
        For another format.
    """
    if format not in FORMATS:
        raise BadName(f"a picture is written as {', '.join(FORMATS)}; got {format!r}")
    with styled(**{"svg.hashsalt": picture.name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)  # a column named in another script
        file = BytesIO()
        picture.figure().savefig(file, format=format, dpi=dpi, metadata=FORMATS[format])
    content = file.getvalue()
    return slim(content.decode(), picture.name, picture.alt).encode() if format == "svg" else content
