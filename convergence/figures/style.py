"""The look of every figure: palette, line styles, fonts, ticks, and the panel that a drawing function draws on.

Nothing global is touched: ``styled`` is a context, and figures are made without pyplot unless ``result.plot()`` asks.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

import numpy as np
from matplotlib import rc_params_from_file, style, ticker
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D

WIDTH, HEIGHT = 5.6, 3.5
"""Inches; a page shows a figure some 640 pixels wide, and letters of 10 points as letters of 16 pixels."""

LETTERS, ACROSS = 58, 0.775 * WIDTH
"""Letters that fit beside each other in a title over axes so many inches wide, or in a legend."""

HALF = 27
"""Letters in one of two columns of a legend."""

BESIDE = 0.8
"""Inches that the labels of an axis, or the sample of a legend, take beside the words."""

ENTRY, LINE = 0.2, 0.165
"""Inches: an entry of a legend, and each further line of it."""

BLACK, EDGE, GREY, PAPER = "#000000", "#777777", "#d0d0d0", "#fdfdfb"
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"  # Okabe and Ito's
PURPLE, SKY, ORANGE = "#CC79A7", "#56B4E9", "#E69F00"
MAP = "cividis"

RC: Any = rc_params_from_file(str(files("convergence.figures") / "figures.mplstyle"), use_default_template=False)


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

_new_figure: ContextVar[Callable[..., Figure]] = ContextVar("_new_figure", default=Figure)


@contextmanager
def styled(**more: Any) -> Iterator[None]:
    """The figures' settings, whatever the user's own are; those come back afterwards."""
    with style.context(["default", RC, more]):
        yield


@contextmanager
def of_pyplot() -> Iterator[None]:
    """Figures that are made here are pyplot's: a notebook shows them, and so does ``pyplot.show()``."""
    from matplotlib import pyplot

    before = _new_figure.set(pyplot.figure)
    try:
        yield
    finally:
        _new_figure.reset(before)


@contextmanager
def panel(ax: Axes | None, title: str = "", x: str = "", y: str = "", height: float = HEIGHT) -> Iterator[Axes]:
    """The axes given, or new ones in a figure of their own, which grows by the height of its legend; and their words."""
    with styled():
        figure, (axes,) = blank(height=height) if ax is None else (None, [ax])
        describe(axes, title, x, y)
        yield axes
        if figure is not None:
            grow(figure)


def blank(rows: int = 1, columns: int = 1, height: float = HEIGHT, **more: Any) -> tuple[Figure, list[Axes]]:
    """A new figure and its axes in reading order."""
    figure = _new_figure.get()(figsize=(WIDTH, height), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False, **more).flat)
    for axis in (axis for ax in axes for axis in (ax.xaxis, ax.yaxis)):
        axis.set_major_formatter(PlainNumbers())
    return figure, axes


def grow(figure: Figure) -> None:
    """Make the figure higher by its legend and by titles of several lines, so that the axes keep their height."""
    below = sum(_height(legend) for legend in figure.legends)
    above = sum(ax.get_title(loc="left").count("\n") for ax in figure.axes)
    figure.set_figheight(figure.get_figheight() + below + LINE * above)


def _height(legend: Legend) -> float:
    """In inches: that of the highest column."""
    breaks = [text.get_text().count("\n") for text in legend.get_texts()]
    rows = -(-len(breaks) // legend._ncols)  # type: ignore[attr-defined]
    columns = [breaks[i : i + rows] for i in range(0, len(breaks), rows)]
    return max((ENTRY * len(column) + LINE * sum(column) for column in columns), default=0.0)


def describe(ax: Axes, title: str, x: str, y: str) -> None:
    """Title and axis labels, in plain words; whatever stands in them is text and not mathematics."""
    width = ax.get_position().width * cast(Figure, ax.get_figure(root=True)).get_figwidth()
    ax.set_title(wrapped(title[:1].upper() + title[1:], _letters(width, ACROSS)), loc="left")
    ax.set_xlabel(plain(x))
    ax.set_ylabel(plain(y))


def _letters(width: float, usual: float) -> int:
    """How many fit beside each other in so many inches, of which labels and samples take their part."""
    return max(10, round(LETTERS * (width - BESIDE) / (usual - BESIDE)))


def legend(ax: Axes, notes: Sequence[str] = (), handles: Sequence[Any] | None = None) -> None:
    """A legend below the figure of these axes, where it hides nothing; ``notes`` follow without a sample.

    On axes among others of the user's, it stands within them.
    """
    listed = [
        *(samples(ax) if handles is None else handles),
        *(Line2D([], [], linestyle="none", label=wrapped(note)) for note in notes),
    ]
    figure = cast(Figure, ax.get_figure(root=True))
    own = (len(figure.axes) == 1 or handles is not None) and figure.get_layout_engine() is not None
    if listed and own:
        width = figure.get_figwidth()
        many = len(listed) > 5 and width >= WIDTH
        short = len(listed) > 3 and max(len(str(handle.get_label())) for handle in listed) <= 30
        below = figure.legend(handles=listed, loc="outside lower left", ncols=2 if short or many else 1)
        for words in below.get_texts() if width < WIDTH or (many and not short) else ():
            words.set_text(textwrap.fill(words.get_text(), HALF if many else _letters(width, WIDTH)))
    elif listed:
        ax.legend(handles=listed, loc="best")


def samples(ax: Axes) -> list[Any]:
    """What the axes show under a name, for a legend."""
    return list(ax.get_legend_handles_labels()[0])


def note(
    ax: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], side: str = "left", **more: Any
) -> None:
    """A few words beside a point, on paper of their own: they can be read on every ground."""
    box = {"boxstyle": "round,pad=0.2", "facecolor": PAPER, "edgecolor": "none", "alpha": 0.88}
    look: dict[str, Any] = {"ha": side, "va": "center", "fontsize": 9, "bbox": box, "zorder": 7, **more}
    ax.annotate(plain(text), at, offset, textcoords="offset points", **look)


class Within(ticker.Locator):
    """The ticks of another locator that lie on the scale; a scale of bands would draw the others at its end."""

    def __init__(self, locator: ticker.Locator) -> None:
        self.locator = locator

    def set_axis(self, axis: Any) -> None:
        super().set_axis(axis)
        self.locator.set_axis(axis)

    def __call__(self) -> list[float]:
        low, high = sorted(self.axis.get_view_interval())  # type: ignore[union-attr]
        return [tick for tick in self.locator() if low <= tick <= high]


def colorbar(ax: Axes, drawn: Any, label: str, **more: Any) -> Colorbar:
    """The scale of a map, beside it; a map of many colours is kept as pixels."""
    drawn.set_rasterized(True)
    return cast(Figure, ax.get_figure(root=True)).colorbar(drawn, ax=ax, label=label, format=PlainNumbers(), **more)


def wrapped(text: str, letters: int = LETTERS) -> str:
    """The text in lines that fit, with nothing in it read as mathematics."""
    return plain("\n".join(textwrap.wrap(text, letters)))


def plain(text: str) -> str:
    """A text that matplotlib shows as it is: a dollar sign begins no formula."""
    return text.replace("$", r"\$")


def short(name: str, letters: int = 24) -> str:
    """A name from the data, cut where it is too long for a legend."""
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def left_out(count: int, noun: str) -> list[str]:
    """The remark on what a figure does not show, if it leaves something out."""
    return [f"{count} more {noun}{'s are' if count > 1 else ' is'} not shown"] if count > 0 else []


RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PlainPowers(ticker.LogFormatterSciNotation):
    """10⁻³ and 2×10⁻³, or 0.5 and 20 on a short axis.

    In plain text: setting each label of an axis as mathematics is half of a figure's time.
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        low, high = self.axis.get_view_interval()  # type: ignore[union-attr]
        if low >= 1e-2 and high <= 1e3 and super().__call__(x, pos):
            return f"{x:g}"
        label = str(super().__call__(x, pos)).strip("$").replace(r"\mathdefault", "").replace(r"\times", "×")
        raised = re.sub(r"\^\{(.*?)\}", lambda power: power[1].translate(RAISED), label)
        return raised.replace("{", "").replace("}", "")


class PlainNumbers(ticker.ScalarFormatter):
    """Numbers, with a common power of ten beside the axis written ×10⁻⁴."""

    def get_offset(self) -> str:
        return re.sub(r"^1e(.+)$", lambda power: "×10" + power[1].translate(RAISED), super().get_offset())


def log_scale(axis: Axis, **scale: Any) -> None:
    """A logarithmic axis with labels in plain text; minor ticks only where it spans less than a decade."""
    axis._set_axes_scale("log", **scale)  # type: ignore[attr-defined]
    axis.set_major_formatter(PlainPowers())
    axis.set_minor_locator(ticker.LogLocator(subs=(2, 5)))
    axis.set_minor_formatter(PlainPowers(labelOnlyBase=False, minor_thresholds=(1, 0.4)))


def linear_ticks(*axes: Any) -> None:
    """Few ticks, so that long numbers do not touch."""
    for axis in axes:
        axis.set_major_locator(Within(ticker.MaxNLocator(5, steps=[1, 2, 2.5, 5, 10])))


def crowded_ticks(axis: Axis, values: Any) -> None:
    """Where values crowd towards 0 or 1, show them by their distance from it: 0, 0.9, 0.99, 0.999."""
    steps = np.diff(values)
    if np.allclose(steps[[0, -1]], steps[1]):
        return
    if steps[0] < steps[-1]:
        log_scale(axis)
        return
    axis._set_axes_scale("function", functions=(_digits, lambda digits: 1 - 10.0**-digits))  # type: ignore[attr-defined]
    last = int(_digits(values[-1]))
    axis.set_major_locator(ticker.FixedLocator([1 - 10.0**-k for k in range(0, last + 1, 1 + last // 5)]))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: nines(value)))
    axis.set_minor_locator(ticker.NullLocator())


def _digits(value: Any) -> Any:
    return -np.log10(np.maximum(1 - np.asarray(value), 1e-12))


def nines(value: float) -> str:
    """0.99, and 1−10⁻⁵ where there would be more digits than one counts."""
    if not 0 < 1 - value < 0.9e-3:
        return f"{value:.10g}"
    digits, power = f"{1 - value:.1e}".split("e")
    return f"1−{'' if digits == '1.0' else digits.removesuffix('.0') + '·'}10{str(int(power)).translate(RAISED)}"
