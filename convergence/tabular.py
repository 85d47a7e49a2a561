"""What has a table: a result that names its columns, as a pandas DataFrame and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import import_module
from typing import Any

from convergence.notation import text

ROWS = 20
"""That a notebook shows, the first and the last half."""


class Tabular:
    """A result with a table: ``table`` gives its columns by name, all of one length."""

    def table(self) -> Mapping[str, Any]:
        """The columns by name."""
        raise NotImplementedError

    def to_dataframe(self) -> Any:
        """The table as a ``pandas.DataFrame``. ImportError where pandas is not installed: nothing else here needs it."""
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise ImportError("to_dataframe needs pandas, which is not installed: pip install pandas") from None
        return pandas.DataFrame(dict(self.table()))

    def _repr_html_(self) -> str | None:
        """The table; None, which a notebook passes over, where there is a formula or a text of the result's own.

        Of several forms a notebook shows the HTML: the formula of a schedule stood behind its table, never seen.
        """
        own = getattr(self, "_repr_latex_", None) or getattr(self, "_repr_markdown_", None)
        if own is not None and own() is not None:
            return None
        columns = {name: list(column) for name, column in self.table().items()}
        rows = list(zip(*columns.values(), strict=True))
        gap = [("…",) * len(columns)] if len(rows) > ROWS else []
        shown = [*rows[: ROWS // 2], *gap, *rows[-ROWS // 2 :]] if gap else rows
        return f"<table>{_row('th', columns)}{''.join(_row('td', map(_cell, row)) for row in shown)}</table>"


def _row(kind: str, cells: Any) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(str(cell))}</{kind}>' for cell in cells)}</tr>"


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {text(one)}" for name, one in value.items())
    return str(value) if isinstance(value, bool) else text(value)
