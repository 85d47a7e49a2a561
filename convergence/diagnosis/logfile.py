"""CSV files of logged runs: which column counts steps, which are weights, gradients, or losses, by name and by what they are.

A log is not a data set: it may have a single column, rows that are not one step apart, and numbers that overflowed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convergence.delimited import is_number, read_table
from convergence.errors import BadData
from convergence.reading import file_bytes

Array = NDArray[np.float64]

STEP = re.compile(r"(global|trainer|training|train|_)?[ _./]*(step|iteration|iter|epoch)s?|k|t|n|", re.IGNORECASE)
"""Columns that count the rows: step (TensorBoard), _step (Weights & Biases), epoch (Keras), pandas' index without a name."""

RATE = re.compile(r"(.*[ _./])?(lr|learning[ _]?rate|lr-.*)", re.IGNORECASE)
"""Columns of learning rates: lr (Keras), lr-SGD (Lightning), train/learning_rate (Transformers)."""

BESIDE = re.compile(
    r"(.*[ _./])?(time|timestamp|runtime|date|year|lr|learning[ _]?rate|lr-.*|epoch|acc|accuracy|seed|batch|step|iter"
    r"|iteration)s?",
    re.IGNORECASE,
)
"""Columns that stand in logs beside the weights, and are none: clocks, learning rates, other counters, accuracies."""

LOSS = re.compile(r"(.*[ _./])?(loss|cost|objective|obj|mse|rmse|sse|rss|error|value|j)([ _./].*)?", re.IGNORECASE)
"""Columns of losses: train_loss, val/loss (Lightning), cost, J, mse, and Value (TensorBoard's scalars)."""

GRADIENT = re.compile(r"grad|d(j|l|f|loss|cost)[ _/]?_?d|dw\d|db\d?$|g_", re.IGNORECASE)
"""Columns whose names begin so are gradients, in the order of the weights."""

QUADRATIC = 1e-6
"""A column that a quadratic function of the others explains to this part, and no linear one does, is their loss."""

EVEN = 64 * float(np.finfo(float).eps)
"""A column that moves by the same amount from row to row, but for so much of its size, is a clock: no weight does."""


@dataclass(frozen=True, eq=False)
class LogFile:
    """``weights`` (rows, d), or ``losses`` (rows,) in a log of these alone; ``gradients`` (rows, d) and ``steps`` (rows,).

    ``rates``: the learning rate, one number, or that of each step from 0 on: the rate of a row is that of the step after it.
    What a log does not have is None. ``columns`` name the weights, ``aside`` the columns that are none of these.
    """

    weights: Array | None
    gradients: Array | None
    losses: Array | None
    steps: Array | None
    rates: Array | float | None
    columns: tuple[str, ...]
    aside: tuple[str, ...]

    @property
    def last(self) -> int:
        """The last step."""
        rows = self.weights if self.losses is None else self.losses
        return int(self.steps[-1]) if self.steps is not None else 0 if rows is None else len(rows) - 1


def read_log(path: str | Path, gradients: Sequence[str] | None = None) -> LogFile:
    """Read a log as any table; "inf" and "nan" may stand where the run overflowed, and nothing where it was not logged.

    ``gradients`` names the columns with gradients; without it, those that are called so. Raises BadData with
    the line for a file that cannot be used, BadName for an unknown column.
    """
    path = Path(path)
    table = read_table(file_bytes(path), path)
    if not table.rows:
        raise BadData(f"{path} must hold a row of numbers for each step, and has a header only")
    given = [table.names[table.place(name)] for name in gradients or filter(GRADIENT.match, table.names)]
    values = dict(zip(table.names, table.numbers(_number, range(len(table.names))).T, strict=True))
    step = next((n for n in values if STEP.fullmatch(n) and n not in given and _counts(values[n])), None)
    steps = None if step is None else values[step]
    others = [name for name in values if name not in (*given, step)]
    beside = [n for n in others if BESIDE.fullmatch(n) or STEP.fullmatch(n) or _is_clock(values[n])]
    losses = [name for name in others if name not in beside and LOSS.fullmatch(name)]
    weights = [name for name in others if name not in (*beside, *losses)]
    losses += _losses_among(weights, values)
    weights = [name for name in weights if name not in losses]
    if not weights and not losses:
        raise BadData(f"{path} must have columns of weights, or of a loss; got {', '.join(table.names)}")
    rate = next((name for name in beside if RATE.fullmatch(name)), None)
    if not weights:
        loss = next((name for name in losses if "val" not in name.lower() or name.lower() == "value"), losses[0])
        logged = np.isfinite(values[loss])
        steps = None if steps is None else steps[logged]
        rates = None if rate is None else _rates(values[rate][logged], steps)
        rest = tuple(name for name in values if name not in (loss, step, rate if rates is not None else None))
        return LogFile(None, None, values[loss][logged], steps, rates, (loss,), rest)
    if given and len(given) != len(weights):
        raise BadData(
            f"gradients must be a column for each weight ({', '.join(weights)}); got {', '.join(given)}: "
            f"name them in the order of the weights, or drop them"
        )
    x, g = (np.column_stack([values[name] for name in some]) if some else None for some in (weights, given))
    rates = None if rate is None else _rates(values[rate], steps)
    aside = [name for name in beside if rates is None or name != rate]
    return LogFile(x, g, None, steps, rates, tuple(weights), (*aside, *losses))


def _number(text: str) -> float:
    if text.strip() and not is_number(text):
        comma = "; write a decimal point" if is_number(text.replace(",", ".")) else ""
        raise ValueError(f"a number expected, got {text[:40]!r}{comma}")
    return float(text) if text.strip() else float("nan")


def _rates(column: Array, steps: Array | None) -> Array | float | None:
    """The learning rate of a column: a number, or one for each step from 0 on, the last row's of none; or None."""
    used = column if np.isfinite(column[-1]) else column[:-1]
    if not (np.isfinite(used).all() and used.size and used.min() >= 0 and used.max() > 0):
        return None
    if np.ptp(used) == 0:
        return float(used[0])
    first = 0 if steps is None else int(steps[0])
    in_turn = steps is None or (np.diff(steps) == 1).all()
    return np.append(np.full(first, used[0]), used) if in_turn and first >= 0 else None


def _counts(column: Array) -> bool:
    """Whether a column holds whole numbers, most of them different."""
    whole = bool(np.isfinite(column).all() and (column == np.round(column)).all())
    return whole and len(np.unique(column)) > max(1, len(column) // 2)


def _is_clock(column: Array) -> bool:
    """Whether a column moves, and by the same amount from row to row."""
    if len(column) < 5 or not np.isfinite(column).all():
        return False
    moves = np.diff(column)
    return bool(np.abs(moves).min() > 0 and np.ptp(moves) <= EVEN * np.abs(column).max())


def _losses_among(names: list[str], values: dict[str, Array]) -> list[str]:
    """The column that is a quadratic function of the others and no linear one: a loss, whatever it is called."""
    if not 2 <= len(names) <= 9:
        return []
    table = np.column_stack([values[name] for name in names])
    table, losses = table[np.isfinite(table).all(axis=1)], []
    for place, name in enumerate(names):
        linear = np.column_stack([np.ones(len(table)), np.delete(table, place, axis=1)])
        first, second = np.triu_indices(linear.shape[1])
        square = linear[:, first] * linear[:, second]
        if len(square) < 2 * square.shape[1]:
            continue
        if _left(square, table[:, place]) < QUADRATIC < 1e3 * QUADRATIC < _left(linear, table[:, place]):
            losses.append(name)
    return losses if len(losses) == 1 else []


def _left(design: Array, target: Array) -> float:
    """The part of a column's movement that a design does not explain."""
    lengths = np.linalg.norm(design, axis=0)
    design = design / np.where(lengths > 0, lengths, 1.0)
    missed = target - design @ np.linalg.lstsq(design, target, rcond=1e-12)[0]
    return float(np.linalg.norm(missed) / max(float(np.linalg.norm(target - target.mean())), 1e-300))
