"""What a terminal shows: tables, formulas, JSON, progress. The only folder that prints."""

from __future__ import annotations

import json
import sys
import webbrowser
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from convergence.notation import latex, pretty

__all__ = ["Table", "Text"]

OUT = Console(highlight=False, markup=False)
ERR = Console(stderr=True, highlight=False, markup=False)


@contextmanager
def working(options: Namespace, words: str) -> Iterator[None]:
    """A word of what is being done, while a person watches."""
    if options.quiet or not ERR.is_terminal:
        yield
        return
    with ERR.status(words):
        yield


def show(*lines: Any, wrap: bool = True) -> None:
    """Lines of plain text (brackets are brackets), or tables, which fit the terminal; formulas and paths do not ``wrap``."""
    for line in lines:
        OUT.print(line, soft_wrap=not wrap)


def table(
    headings: Sequence[str], rows: Sequence[Sequence[Any]] = (), left: Sequence[int] = (0,), title: str = ""
) -> Table:
    """A table under its title; columns are set flush right but for those in ``left``. Words break, and are never cut."""
    if title:
        show(title)
    made = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for place, heading in enumerate(headings):
        made.add_column(heading, justify="left" if place in left else "right", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return made


def formulas(title: str, shown: Sequence[tuple[str, Any]], as_latex: bool) -> None:
    """Formulas as a terminal shows them, or as LaTeX: a line of words, then the formula."""
    show(Text(title, "bold"))
    for words, value in shown:
        written = latex(value) if as_latex else pretty(value, OUT.width)
        show(f"\n{words}:", "\n".join("    " + line for line in written.splitlines()), wrap=False)


def as_json(content: Any) -> None:
    """Content as JSON, not wrapped: infinities and exact numbers as text, arrays as lists."""
    sys.stdout.write(json.dumps(plain(content), indent=1, ensure_ascii=False) + "\n")


def plain(content: Any) -> Any:
    """What JSON can hold."""
    if isinstance(content, dict):
        return {str(name): plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple | np.ndarray):
        return [plain(value) for value in content]
    if content is None or isinstance(content, bool | str | int):
        return content
    if isinstance(content, float | np.floating):
        return float(content) if isfinite(content) else str(content)
    return str(content)


def written(options: Namespace, what: str, page: Path) -> None:
    """Say where a page was written, and open it where that was asked for."""
    show(f"{what}: {page}", wrap=False)
    if getattr(options, "open", False):
        webbrowser.open(page.resolve().as_uri())


def in_line(hyper: dict[str, Any]) -> str:
    """A setting in a line."""
    return ", ".join(f"{name}={value:.6g}" for name, value in hyper.items())
