"""CSV files of logged runs: which column counts steps, which are weights, gradients, or losses, by name and by what they are.

A log is not a data set: it may have a single column, rows that are not one step apart, and numbers that overflowed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadName, nearest

Array = NDArray[np.float64]

STEP = re.compile(r"(global|trainer|training|train|_)?[ _./]*(step|iteration|iter|epoch)s?|k|t|n|", re.IGNORECASE)
"""Columns that count the rows: step (TensorBoard), _step (Weights & Biases), epoch (Keras), pandas' index without a name."""

BESIDE = re.compile(
    r"(.*[ _./])?(time|timestamp|runtime|date|lr|learning[ _]?rate|lr-.*|epoch|acc|accuracy|seed|batch|step|iter|iteration)"
    r"s?",
    re.IGNORECASE,
)
"""Columns that stand in logs beside the weights, and are none: clocks, learning rates, other counters, accuracies."""

LOSS = re.compile(r"(.*[ _./])?(loss|cost|objective|obj|mse|rmse|sse|rss|error|value|j)([ _./].*)?", re.IGNORECASE)
"""Columns of losses: train_loss, val/loss (Lightning), cost, J, mse, and Value (TensorBoard's scalars)."""

GRADIENT = re.compile(r"grad|d(j|l|f|loss|cost)[ _/]?_?d|dw\d|db\d?$|g_", re.IGNORECASE)
"""Columns whose names begin so are gradients, in the order of the weights."""

QUADRATIC = 1e-6
"""A column that a quadratic function of the others explains to this part, and no linear one does, is their loss."""


@dataclass(frozen=True, eq=False)
class LogFile:
    """``weights`` (rows, d), or ``losses`` (rows,) in a log of these alone; ``gradients`` (rows, d) and ``steps`` (rows,).

    What a log does not have is None. ``columns`` name the weights, ``aside`` the columns that are none of these.
    """

    weights: Array | None
    gradients: Array | None
    losses: Array | None
    steps: Array | None
    columns: tuple[str, ...]
    aside: tuple[str, ...]


def read_log(path: str | Path, gradients: Sequence[str] | None = None) -> LogFile:
    """Read a log: UTF-8, a header, commas, semicolons or tabs; "inf" and "nan" may stand where the run overflowed.

    ``gradients`` names the columns with gradients; without it, those that are called so. Raises BadData with
    the line for a file that cannot be used, BadName for an unknown column.
    """
    path = Path(path)
    names, table = _table(path)
    for name in gradients or ():
        if name not in names:
            raise BadName(f"{path} has no column {name!r}: {nearest(name, names)}")
    values = {name: table[:, place] for place, name in enumerate(names)}
    given = list(gradients) if gradients else [name for name in names if GRADIENT.match(name)]
    step = next((n for n in names if STEP.fullmatch(n) and n not in given and _counts(values[n])), None)
    others = [name for name in names if name not in (*given, step)]
    aside = [name for name in others if BESIDE.fullmatch(name) or STEP.fullmatch(name)]
    losses = [name for name in others if name not in aside and LOSS.fullmatch(name)]
    weights = [name for name in others if name not in (*aside, *losses)]
    told = _losses_among(weights, values)
    losses, weights = losses + told, [name for name in weights if name not in told]
    steps = None if step is None else values[step]
    if not weights and not losses:
        raise BadData(f"{path} must have columns of weights, or of a loss; got {', '.join(names)}")
    if not weights:
        chosen = next((name for name in losses if "val" not in name.lower() or name.lower() == "value"), losses[0])
        rest = tuple(name for name in names if name not in (chosen, step))
        whole = np.isfinite(values[chosen])
        return LogFile(None, None, values[chosen][whole], None if steps is None else steps[whole], (chosen,), rest)
    if given and len(given) != len(weights):
        raise BadData(
            f"gradients must be a column for each weight ({', '.join(weights)}); got {', '.join(given)}: "
            f"name them in the order of the weights, or drop them"
        )
    x, g = (np.column_stack([values[name] for name in chosen]) if chosen else None for chosen in (weights, given))
    return LogFile(x, g, None, steps, tuple(weights), (*aside, *losses))


def _counts(column: Array) -> bool:
    """Whether a column holds whole numbers, most of them different."""
    whole = bool(np.isfinite(column).all() and (column == np.round(column)).all())
    return whole and len(np.unique(column)) > max(1, len(column) // 2)


def _losses_among(names: list[str], values: dict[str, Array]) -> list[str]:
    """The columns that are quadratic functions of the others and not linear ones: losses, whatever they are called."""
    if not 2 <= len(names) <= 9:
        return []
    finite = np.isfinite(np.column_stack([values[name] for name in names])).all(axis=1)
    losses = []
    for name in names:
        others = np.column_stack([values[n][finite] for n in names if n != name])
        linear = np.column_stack([np.ones(len(others)), others])
        places = np.triu_indices(linear.shape[1])
        square = linear[:, places[0]] * linear[:, places[1]]
        if len(square) < 2 * square.shape[1]:
            continue
        target = values[name][finite]
        if _left(square, target) < QUADRATIC < 1e3 * QUADRATIC < _left(linear, target):
            losses.append(name)
    return losses if len(losses) == 1 else []


def _left(design: Array, target: Array) -> float:
    """The part of a column's movement that a design does not explain."""
    lengths = np.linalg.norm(design, axis=0)
    solved = np.linalg.lstsq(design / np.where(lengths > 0, lengths, 1.0), target, rcond=1e-12)[0]
    missed = target - design / np.where(lengths > 0, lengths, 1.0) @ solved
    return float(np.linalg.norm(missed) / max(float(np.linalg.norm(target - target.mean())), 1e-300))


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
    if len(set(names)) != len(names) or "" in names[1:] or all(_is_number(name) for name in names if name):
        raise BadData(f"{path} must begin with a header of different column names; got {lines[0][:60]!r}")
    return names, np.array([_numbers(row, names, f"{path}, row {k}") for k, row in enumerate(rows, 1)])


def _numbers(row: list[str], names: tuple[str, ...], place: str) -> list[float]:
    if len(row) != len(names):
        raise BadData(f"{place}: {len(names)} numbers expected as in the header, got {len(row)}")
    for text, name in zip(row, names, strict=True):
        if text.strip() and not _is_number(text):
            raise BadData(f"{place}, column {name!r}: a number expected, got {text[:40]!r}")
    return [float(text) if text.strip() else float("nan") for text in row]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
