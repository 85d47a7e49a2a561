"""Formulas, JSON and progress go in; what a terminal shows comes out. With ``cli``, the only folder that prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from convergence.notation import latex, pretty

OUT = Console(highlight=False, soft_wrap=False)
ERR = Console(stderr=True, highlight=False)


@contextmanager
def working(words: str) -> Iterator[None]:
    if not ERR.is_terminal:
        yield
        return
    with ERR.status(words):
        yield


def print_formulas(title: str, shown: list[tuple[str, Any]], as_latex: bool) -> None:
    """Formulas as a terminal shows them, or as LaTeX: a line of words, then the formula."""
    OUT.print(Text(title, "bold"))
    for words, value in shown:
        formula = latex(value) if as_latex else pretty(value, OUT.width)
        OUT.print(f"\n{words}:")
        OUT.print(Text("\n".join("    " + line for line in formula.splitlines())), soft_wrap=True)


def print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
