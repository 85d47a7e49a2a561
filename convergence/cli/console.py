"""What a terminal shows: tables, formulas, JSON, progress. The only folder that prints."""

from __future__ import annotations

import json
import sys
import webbrowser
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from textwrap import indent
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from convergence.cli.command import Answer
from convergence.notation import latex, pretty, significant, text
from convergence.rule import Method

__all__ = ["Text", "significant", "text"]

OUT = Console(highlight=False, markup=False)
ERR = Console(stderr=True, highlight=False, markup=False)

INDENT = 4
ENDLESS = 10**6
"""Columns in which no formula is broken."""


def say(options: Namespace, answer: Answer) -> None:
    """Print an answer, its notes on standard error; open the page where that was asked for."""
    for words in () if options.quiet else options.notes:
        ERR.print(words, style="dim")
    if options.json:
        sys.stdout.write(json_text(answer.content))
    else:
        for line in answer.shown:
            OUT.print(line, crop=False, soft_wrap=bool(getattr(line, "no_wrap", False)))
        if answer.page is not None:
            OUT.print(f"{options.command}: {answer.page}", soft_wrap=True)
    if answer.page is not None and options.open:
        webbrowser.open(answer.page.resolve().as_uri())


@contextmanager
def working(options: Namespace, words: str) -> Iterator[None]:
    """A word of what is being done, while a person watches."""
    if options.quiet or not ERR.is_terminal:
        yield
        return
    with ERR.status(words):
        yield


@contextmanager
def progress(options: Namespace, words: str) -> Iterator[Callable[..., None]]:
    """A bar that fills, while a person watches, as it is told (done, total), and what is being done if that changes."""
    columns = TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=ERR, transient=True, disable=options.quiet or not ERR.is_terminal) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total, now=words: bar.update(task, description=now, completed=done, total=total)


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[Any]],
    left: Sequence[int] = (0,),
    title: str = "",
    whole: Sequence[int] = (),
) -> Group:
    """A table under its title; columns are set flush right but for those in ``left``. Those in ``whole`` do not break."""
    grid = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        grid.add_column(heading, justify="left" if place in left else "right", overflow="fold", no_wrap=place in whole)
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    _narrow(grid, whole)
    return Group(Text(title), grid) if title else Group(grid)


def _narrow(grid: Table, whole: Sequence[int]) -> None:
    """Where a table is too wide, its widest columns are narrowed, and stand closer: no word is cut as long as all fit."""
    words = [[str(cell) for cell in (column.header, *column.cells)] for column in grid.columns]
    natural = [max(len(line) for text in texts for line in text.splitlines() or [""]) for texts in words]
    least = [n if k in whole else max(map(len, " ".join(words[k]).split()), default=0) for k, n in enumerate(natural)]
    if _room(grid, natural) >= sum(natural):
        return
    if _room(grid, natural) < sum(least):
        grid.padding = (0, 0, 0, 0)
    room = _room(grid, natural)
    if room < sum(least):
        return
    widths = [max(min(n, room), m) for n, m in zip(natural, least, strict=True)]
    while sum(widths) > room:
        widths[max((k for k, m in enumerate(least) if widths[k] > m), key=widths.__getitem__)] -= 1
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width


def _room(grid: Table, natural: Sequence[int]) -> int:
    """How wide all cells of a line may be together, what stands between them left aside."""
    return OUT.width - Measurement.get(OUT, OUT.options.update(width=ENDLESS), grid).maximum + sum(natural)


def pairs(rows: Sequence[tuple[str, str]]) -> Table:
    """What, and its value, in two columns without a heading."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for what, value in rows:
        grid.add_row(Text(what, "dim"), Text(value))
    return grid


def formulas(title: str, shown: Sequence[tuple[str, Any]], as_latex: bool) -> list[Any]:
    """Formulas as a terminal shows them, or as LaTeX, which is not wrapped: a line of words, then the formula."""
    lines: list[Any] = [Text(title, "bold")]
    for words, value in shown:
        lines.append(f"\n{words}:")
        written = latex(value) if as_latex else pretty(value, ENDLESS)
        if as_latex or max(map(len, written.splitlines())) <= OUT.width - INDENT:
            lines.append(unwrapped(indent(written, " " * INDENT)))
        else:
            lines.append(Padding(Text(text(value)), (0, 0, 0, INDENT)))  # a large one is better read in one line
    return lines


def unwrapped(words: str) -> Text:
    """Text that keeps its lines, however long, for another program to read."""
    return Text(words, no_wrap=True)


def json_text(content: Any) -> str:
    """Content as JSON: infinities and exact numbers as text, arrays as lists."""
    return json.dumps(_plain(content), indent=1, ensure_ascii=False) + "\n"


def _plain(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple | np.ndarray):
        return [_plain(value) for value in content]
    if content is None or isinstance(content, bool | str | int):
        return content
    return float(content) if isinstance(content, float | np.floating) and isfinite(content) else str(content)


def formula(value: Any) -> dict[str, str]:
    """A formula as JSON holds it."""
    return {"text": text(value), "latex": latex(value)}


def where_tried(words: str, decided: bool) -> str:
    """The words for a formula, and that it was not decided everywhere, where it was not."""
    return words if decided else f"{words} (holds where tried)"


def spelled(value: Any) -> Any:
    """A formula as JSON holds it; floats, words, verdicts and None as they are."""
    return value if isinstance(value, float | str) or value in (True, False, None) else formula(value)


def hidden(count: int, what: str) -> str:
    """The remark on the rows that a table leaves out, if it does."""
    return f"{count} {what} are not shown (--json has all)" if count else ""


def in_line(hyper: Mapping[str, Any]) -> str:
    """A setting in a line."""
    return ", ".join(f"{n}={v if callable(v) else significant(v)}" for n, v in hyper.items())


def titled(method: Method, hyper: Mapping[str, Any]) -> str:
    """A method with its setting, as in "heavy ball (lr=0.1, momentum=0.9)"."""
    return f"{method.title} ({in_line(hyper)})" if hyper else method.title
