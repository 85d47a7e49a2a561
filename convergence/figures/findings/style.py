"""The look of every figure: palette, line styles, fonts, and the panel that a drawing function draws on.

Nothing global is touched: ``styled`` is a context, and figures are made without pyplot, so that none stays open.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import offset_copy

from convergence.figures.findings.ticks import PlainNumbers, plain_numbers

WIDTH = 5.2  # inches; at 360 pixels 10 points are still 9.6 pixels
HEIGHT = 3.3
ENTRY, LINE = 0.222, 0.165  # inches: an entry of a legend, each further line of it
LETTERS = 46  # that fit beside each other in a title or a legend

BLACK, EDGE, GREY, PAPER = "#000000", "#777777", "#d0d0d0", "#fdfdfb"
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito's
PURPLE, SKY, ORANGE = "#CC79A7", "#56B4E9", "#E69F00"
MAP = "cividis"

RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # ships with matplotlib: the same letters everywhere
    "font.size": 10.0,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.labelsize": 10.0,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.0,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "savefig.transparent": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.limits": (-2, 4),
    "axes.formatter.useoffset": False,
    "axes.grid": False,
    "grid.color": "#e4e4e0",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.0,
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class Look:
    """How one line of several is told from the others, also without colour."""

    color: str
    linestyle: Any
    marker: str

    @property
    def line(self) -> dict[str, Any]:
        return {"color": self.color, "linestyle": self.linestyle}

    @property
    def marked(self) -> dict[str, Any]:
        return {**self.line, "marker": self.marker}


LOOKS = (
    Look(BLUE, "-", "o"),
    Look(VERMILLION, (0, (5, 1.5)), "s"),
    Look(GREEN, (0, (6, 1.5, 1, 1.5)), "^"),
    Look(PURPLE, (0, (1.2, 1.2)), "D"),
    Look(ORANGE, (0, (8, 2, 1, 1.5, 1, 1.5)), "v"),
    Look(SKY, (0, (3, 1)), "P"),
)
MOST = len(LOOKS)


@contextmanager
def styled(**more: Any) -> Iterator[None]:
    """The figures' settings, whatever the user's own are; those come back afterwards."""
    with style.context(["default", {**RC, **more}]):
        yield


@contextmanager
def panel(ax: Axes | None, height: float = HEIGHT) -> Iterator[Axes]:
    """The axes given, or new ones in a figure of their own, which grows by the height of its legend."""
    with styled():
        if ax is not None:
            yield ax
            return
        figure, (axes,) = blank(height=height)
        yield axes
        _make_room(figure, axes)


def blank(rows: int = 1, columns: int = 1, height: float = HEIGHT, **more: Any) -> tuple[Figure, list[Axes]]:
    """A new figure that pyplot does not know, and its axes in reading order."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, **more).flat)
    for axis in (axis for ax in axes for axis in (ax.xaxis, ax.yaxis)):
        plain_numbers(axis)
    return figure, axes


def grow(figure: Figure) -> None:
    """Make the figure higher by its legend and by titles of several lines, so that the axes keep their height."""
    below = sum(_height(legend) for legend in figure.legends)
    above = sum(ax.get_title(loc="left").count("\n") for ax in figure.axes)
    figure.set_figheight(figure.get_figheight() + below + LINE * above)


def _make_room(figure: Figure, ax: Axes) -> None:
    """A strip for the legend of the axes at the foot; the layout takes the rest, so that a colour bar stays near."""
    grow(figure)
    legend = ax.get_legend()
    if legend is None:
        return
    foot = _height(legend) + 0.08
    height = figure.get_figheight() + foot
    figure.set_figheight(height)
    legend.set_in_layout(False)
    cast(ConstrainedLayoutEngine, figure.get_layout_engine()).set(rect=(0, foot / height, 1, 1 - foot / height))


def _height(legend: Legend) -> float:
    """In inches: that of the highest column."""
    texts = [text.get_text().count("\n") + 1 for text in legend.get_texts()]
    rows = -(-len(texts) // legend._ncols)  # type: ignore[attr-defined]
    columns = [texts[i : i + rows] for i in range(0, len(texts), rows)]
    return max((ENTRY * len(column) + LINE * (sum(column) - len(column)) for column in columns), default=0.0)


def describe(ax: Axes, title: str, x: str, y: str) -> None:
    """Title and axis labels, in plain words; whatever stands in them is text and not mathematics."""
    entitle(ax, title)
    ax.set_xlabel(plain(x))
    ax.set_ylabel(plain(y))


def entitle(ax: Axes, title: str) -> None:
    """The title, begun with a capital letter."""
    ax.set_title(wrapped(title[:1].upper() + title[1:]), loc="left")


def linear_ticks(*axes: Any) -> None:
    """Few ticks, so that long numbers do not touch."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def legend(ax: Axes, notes: Sequence[str] = (), columns: int = 1, handles: Sequence[Any] | None = None) -> Legend:
    """A legend below the axes' label, where it hides nothing; ``notes`` follow without a sample."""
    listed = [*(ax.get_legend_handles_labels()[0] if handles is None else handles), *(remark(note) for note in notes)]
    where = offset_copy(ax.transAxes, ax.get_figure(root=True), y=-42, units="points")
    return ax.legend(handles=listed, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=where, ncols=columns)


def legend_of(figure: Figure, handles: Sequence[Any], notes: Sequence[str] = (), columns: int = 1) -> Legend:
    """One legend for all panels of a figure, below them."""
    return figure.legend(
        handles=[*handles, *(remark(note) for note in notes)],
        loc="outside lower left",
        borderaxespad=0.4,
        ncols=columns,
    )


def star(ax: Axes, x: float, y: float, label: str) -> None:
    """The one point that matters, white with a black edge: it shows on every ground. After the limits are set."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    outside = not (left <= x <= right and low <= y <= high)
    look: dict[str, Any] = {"color": "white", "markeredgecolor": BLACK, "markersize": 14, "linestyle": "none"}
    ax.plot([x], [y], "*", **look, zorder=5, label=label, clip_on=outside)
    ax.set(xlim=(left, right), ylim=(low, high))


def colorbar(ax: Axes, drawn: Any, label: str, **more: Any) -> Colorbar:
    """The scale of a map, beside it."""
    return cast(Figure, ax.get_figure(root=True)).colorbar(drawn, ax=ax, label=label, format=PlainNumbers(), **more)


def remark(text: str) -> Line2D:
    """A line of a legend that says something and shows nothing."""
    return Line2D([], [], linestyle="none", label=wrapped(text))


def wrapped(text: str, letters: int = LETTERS) -> str:
    """The text in lines that fit, with nothing in it read as mathematics."""
    return plain("\n".join(textwrap.wrap(text, letters)))


def plain(text: str) -> str:
    """A text that matplotlib shows as it is: a dollar sign begins no formula."""
    return text.replace("$", r"\$")


def number(value: float) -> str:
    """A number for reading, three digits: 0.625, 1.1·10⁻⁴."""
    small = 0 < abs(value) < 1e-3
    mantissa, _, exponent = (
        (f"{value:.2e}" if small else f"{value:.3g}").replace("-", "−").replace("inf", "∞").partition("e")
    )
    if not exponent:
        return mantissa
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    power = str(int(exponent.replace("−", "-"))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{power}" if mantissa == "1" else f"{mantissa}·10{power}"


def short(name: str, letters: int = 24) -> str:
    """A name from the data, cut where it is too long for a legend."""
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def left_out(count: int, noun: str) -> list[str]:
    """The remark on what a figure does not show, if it leaves something out."""
    return [f"{count} more {noun}{'s are' if count > 1 else ' is'} not shown"] if count > 0 else []
