"""Tables in text files: which sign separates the fields, which line is the header, and where a number is none."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadName, nearest

Array = NDArray[np.float64]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", " ": "blank"}

SAMPLE = 20
"""Rows after the header that must have as many fields as it, for a separator to be believed."""

MISSING = ("", "?", "na", "nan", "n/a", "null", "none", "-")
"""What usually stands in the place of a missing number."""


@dataclass(frozen=True, eq=False)
class Table:
    """The fields of a file as they are written, ``rows`` with their ``lines``, below the ``names`` of the columns."""

    path: Path
    names: tuple[str, ...]
    rows: list[list[str]]
    lines: list[int]

    def place(self, name: str) -> int:
        """Where a column stands. BadName for one that is not there, with the nearest that is."""
        if name not in self.names:
            raise BadName(f"{self.path} has no column {name!r}; {nearest(name, self.names)}")
        return self.names.index(name)

    def numbers(self, read: Callable[[str], float], places: Sequence[int], missing: Sequence[str] = ()) -> Array:
        """The numbers (rows, places) that ``read`` makes of the fields, nan where one is a sign of the ``missing``.

        BadData, with line and column, for a field of which ``read`` raises ValueError.
        """
        signs = {sign.strip().lower() for sign in missing}
        table = [
            [float("nan") if row[k].strip().lower() in signs else self._number(read, line, k, row[k]) for k in places]
            for line, row in zip(self.lines, self.rows, strict=True)
        ]
        return np.array(table, dtype=float).reshape(len(table), len(places))

    def _number(self, read: Callable[[str], float], line: int, place: int, text: str) -> float:
        try:
            return read(text)
        except ValueError as error:
            raise BadData(f"{self.path}, line {line}, column {self.names[place]!r}: {error}") from None

    def counting(self, place: int) -> bool:
        """Whether a column counts the rows, from 0 or 1 on."""
        return any(
            all(row[place].strip() == str(k) for k, row in enumerate(self.rows, first)) and len(self.rows) > 0
            for first in (0, 1)
        )


def read_table(
    raw: bytes, path: Path, separator: str | None = None, header: bool = True, *, decimal: str = "."
) -> Table:
    """The table in the bytes of a file: UTF-8, its lines that begin with # left out.

    The separator is the one with which the header and the rows have equally many fields, unless it is given or the file
    says ``sep=``. A ``header`` that ``numpy.savetxt`` marked as a comment is one; without any, columns are x1, x2, … What a
    separator at the end of each line leaves is no column.

    Raises BadData, with the line, for what is no such table.
    """
    _require_text(raw, path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadData(
            f"{path}, line {line}: UTF-8 expected, got the byte 0x{raw[error.start]:02x}; save it as CSV UTF-8"
        ) from None
    lines = _uncommented(StringIO(text, newline=None).read().split("\n"), header)
    told = next((re.fullmatch(r"sep=(.)", line) for line in lines if line), None)
    if told:
        lines[lines.index(told.string)] = ""
    sign = separator or (told[1] if told else _separator(lines, decimal))
    try:
        records = _records(lines, sign)
    except csv.Error as error:
        raise BadData(f"{path} must be well-formed CSV: {error}; is a quotation mark left open?") from None
    (_, first), *rest = records
    names, rows = _trimmed(first, [row for _, row in rest])
    if header:
        return _checked(Table(path, _names(names, rows, path), rows, [line for line, _ in rest]))
    named = tuple(f"x{k + 1}" for k in range(len(first)))
    return _checked(Table(path, named, [first, *(row for _, row in rest)], [line for line, _ in records]))


def number(text: str) -> float | None:
    """The number as Python reads it and people do: 1_000 is none."""
    try:
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def is_number(text: str) -> bool:
    """Whether a field is a number."""
    return number(text) is not None


def _checked(table: Table) -> Table:
    for line, row in zip(table.lines, table.rows, strict=True):
        if len(row) != len(table.names):
            raise BadData(
                f"{table.path}, line {line}: {len(table.names)} fields expected as in the header, got {len(row)}; "
                f"complete or drop it"
            )
    return table


def _require_text(raw: bytes, path: Path) -> None:
    if not raw or raw.isspace():
        raise BadData(f"{path} must hold a header and rows of numbers, and is empty")
    if raw.startswith(b"PK\x03\x04"):
        raise BadData(f"{path} must be CSV, got a zip archive (a spreadsheet?); save it as CSV, or arrays as .npz")
    if raw.startswith(b"\x93NUMPY"):
        raise BadData(f"{path} must be CSV, got one array of NumPy; save X and y together: numpy.savez(…, X=X, y=y)")
    if b"\0" in raw[:4096]:
        raise BadData(f"{path} must be CSV in UTF-8, got binary data or UTF-16; save it as CSV UTF-8")


def _uncommented(lines: list[str], header: bool) -> list[str]:
    """Comment lines emptied, so that lines keep their numbers; the last one before a line of numbers is the header."""
    marked = [k for k, line in enumerate(lines) if line.lstrip().startswith("#")]
    first = next((k for k, line in enumerate(lines) if line.strip() and k not in marked), len(lines))
    heads = [k for k in marked if k < first]
    numbers = all(is_number(field) for field in re.split(r"[,;\s]+", lines[first].strip())) if heads else False
    kept = heads[-1] if header and numbers else -1
    return [line.lstrip("# \t") if k == kept else "" if k in marked else line for k, line in enumerate(lines)]


def _records(lines: list[str], sign: str, strict: bool = True, most: int | None = None) -> list[tuple[int, list[str]]]:
    """The fields of each line that is not blank, with its number."""
    reader = csv.reader(
        (f"{line.strip(' ') if sign == ' ' else line}\n" for line in lines),
        delimiter=sign,
        strict=strict,
        skipinitialspace=True,
    )
    records = []
    for row in reader:
        if len(row) > 1 or "".join(row).strip():
            records.append((reader.line_num, row))
        if most is not None and len(records) > most:
            break
    return records


def _separator(lines: list[str], decimal: str) -> str:
    """The sign with which the header and the rows after it have the same number of fields; of several, not the blank."""

    def fit(sign: str) -> tuple[bool, bool, int]:
        (_, header), *rows = _records(lines, sign, strict=False, most=SAMPLE)
        return len(header) > 1 and {len(row) for _, row in rows} <= {len(header)}, sign != " ", len(header)

    return max((sign for sign in SEPARATORS if sign != decimal), key=fit)


def _trimmed(header: list[str], rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Without last columns that have nothing in them and no name."""
    while rows and all(len(row) > 1 and not row[-1].strip() for row in rows):
        if len(header) >= len(rows[0]) and header[-1].strip():
            break
        header, rows = header[: len(rows[0]) - 1], [row[:-1] for row in rows]
    return header, rows


def _names(header: list[str], rows: list[list[str]], path: Path) -> tuple[str, ...]:
    names = tuple(field.strip() for field in header)
    if all(is_number(name) for name in names if name):
        words = rows and not all(is_number(field) for field in rows[0])
        way = "delete it, for names come after it" if words else "add names, or say that there is none (--no-header)"
        raise BadData(f"{path} must begin with a header of column names, its first line is all numbers; {way}")
    if "" in names[1:]:
        raise BadData(f"{path}: column {names.index('', 1) + 1} has no name in the header; name it or drop it")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{path} must have different column names, more than once: {', '.join(twice)}; rename them")
    return names
