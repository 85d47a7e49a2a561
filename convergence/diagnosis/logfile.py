"""A CSV file in which somebody logged a run goes in; weights and gradients as arrays come out.

A log is not a data set: it may have a single column, a column that counts the steps, and numbers that overflowed.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadName, nearest

Array = NDArray[np.float64]

BESIDE = ("step", "steps", "iteration", "iter", "epoch", "k", "t", "time", "loss")
"""Columns that stand in logs beside the weights, and are none."""

GRADIENT = "grad"
"""Columns whose names begin so are gradients, in the order of the weights."""


@dataclass(frozen=True, eq=False)
class LogFile:
    """``weights`` (rows, d), ``gradients`` likewise or None, the names of the weights, and of columns left aside."""

    weights: Array
    gradients: Array | None
    columns: tuple[str, ...]
    aside: tuple[str, ...]


def read_log(path: str | Path, gradients: Sequence[str] | None = None) -> LogFile:
    """Read a log: UTF-8, a header, commas, semicolons or tabs; "inf" and "nan" may stand where the run overflowed.

    ``gradients`` names the columns with gradients; without it, those whose names begin with "grad". Raises BadData with
    the line for a file that cannot be used, BadName for an unknown column.
    """
    path = Path(path)
    names, table = _table(path)
    for name in gradients or ():
        if name not in names:
            raise BadName(f"{path} has no column {name!r}: {nearest(name, names)}")
    given = list(gradients) if gradients else [name for name in names if name.lower().startswith(GRADIENT)]
    aside = tuple(name for name in names if name.lower() in BESIDE and name not in given)
    weights = tuple(name for name in names if name not in (*given, *aside))
    if not weights:
        raise BadData(f"{path} must have columns of weights; got {', '.join(names)}")
    if given and len(given) != len(weights):
        raise BadData(
            f"gradients must be a column for each weight ({', '.join(weights)}); got {', '.join(given)}: "
            f"name them in the order of the weights, or drop them"
        )
    places = {name: place for place, name in enumerate(names)}
    x, g = (table[:, [places[name] for name in chosen]] for chosen in (weights, given))
    return LogFile(x, g if given else None, weights, aside)


def _table(path: Path) -> tuple[tuple[str, ...], Array]:
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise BadData(f"{path} must be a CSV file in UTF-8") from None
    except (OSError, ValueError) as error:
        raise BadData(f"{path} must be a file to read: {getattr(error, 'strerror', None) or error}") from None
    if len(lines) < 2:
        raise BadData(f"{path} must hold a header and a row of numbers for each step; it has {len(lines)} line(s)")
    separator = max(",;\t", key=lines[0].count)
    header, *rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    names = tuple(name.strip().removeprefix("# ") for name in header)
    if len(set(names)) != len(names) or "" in names or all(_is_number(name) for name in names):
        raise BadData(f"{path} must begin with a header of different column names; got {lines[0][:60]!r}")
    return names, np.array([_numbers(row, names, f"{path}, row {k}") for k, row in enumerate(rows, 1)])


def _numbers(row: list[str], names: tuple[str, ...], place: str) -> list[float]:
    if len(row) != len(names):
        raise BadData(f"{place}: {len(names)} numbers expected as in the header, got {len(row)}")
    for text, name in zip(row, names, strict=True):
        if not _is_number(text):
            raise BadData(f"{place}, column {name!r}: a number expected, got {text[:40]!r}")
    return [float(text) for text in row]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
