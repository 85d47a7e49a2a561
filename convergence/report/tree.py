"""The content of a report, as a tree that knows no format: inline pieces, blocks, sections. Writers make it text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convergence.results import Formula

Tone = Literal["good", "bad", "quiet"]
Kind = Literal["text", "word", "number", "formula"]  # text wraps, the others stand on one line


@dataclass(frozen=True)
class Strong:
    """Words that must not be overlooked."""

    text: str


@dataclass(frozen=True)
class Emphasis:
    """Words that are stressed."""

    text: str


@dataclass(frozen=True)
class Mono:
    """A name as one types it in a program."""

    text: str


@dataclass(frozen=True)
class Maths:
    """A formula within a line."""

    formula: Formula


@dataclass(frozen=True)
class Number:
    """A rounded number: its decimal digits, with a point and a sign, and the power of ten beside them, if any."""

    digits: str
    exponent: int | None = None


@dataclass(frozen=True)
class Mark:
    """A verdict: "passed", "FAILED", "not made"."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Link:
    """A pointer to a section of the same report."""

    text: str
    anchor: str


Inline = str | Strong | Emphasis | Mono | Maths | Number | Mark | Link
Line = tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    line: Line


@dataclass(frozen=True)
class Notice:
    """What a reader must see first: all is well, or what is not."""

    line: Line
    tone: Tone


@dataclass(frozen=True)
class Display:
    """Formulas of their own line each, with a word that names them."""

    label: Line
    formulas: tuple[Formula, ...]


@dataclass(frozen=True)
class Listing:
    """Program text."""

    text: str
    language: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Line, ...]


@dataclass(frozen=True)
class Definitions:
    """Words and what they mean."""

    items: tuple[tuple[Line, Line], ...]


@dataclass(frozen=True)
class Figure:
    """A picture by its name, numbered through the report."""

    number: int
    name: str
    title: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Column:
    """The head of a table's column, and what stands under it."""

    title: Line
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table; ``folded`` where a format that can may show its caption only, until the reader asks."""

    caption: Line
    columns: tuple[Column, ...]
    rows: tuple[tuple[Line, ...], ...]
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, further sections among it."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections right under this one."""
        return tuple(block for block in self.blocks if isinstance(block, Section))


Block = Paragraph | Notice | Display | Listing | Bullets | Definitions | Figure | Table | Section


@dataclass(frozen=True)
class Report:
    """The whole of it."""

    title: str
    subtitle: Line
    generator: str
    sections: tuple[Section, ...]
