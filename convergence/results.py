"""A formula as text and LaTeX side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Formula:
    """A formula as one types it (``text``, Unicode, one line) and as LaTeX."""

    text: str
    latex: str
