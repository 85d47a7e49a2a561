"""Data files: CSV and NPZ as least-squares problems that say how their data were prepared."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convergence.delimited import MISSING, SEPARATORS, Table, is_number, number, read_table
from convergence.errors import BadData, BadName, nearest
from convergence.problem import LeastSquares

Array = NDArray[np.float64]

POLICIES = ("error", "drop", "mean")
"""What may become of missing values."""

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def read_problem(
    path: str | Path,
    target: str | None = None,
    loss: str = "sum",
    intercept: bool = False,
    standardize: bool = False,
    *,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] = (),
    missing: str = "error",
    na: Sequence[str] = MISSING,
    decimal: str = ".",
    separator: str | None = None,
    header: bool = True,
) -> LeastSquares:
    """The problem in a file: predict the column ``target`` from all the others, or from ``columns``.

    Parameters
    ----------
    path
        CSV in UTF-8, lines that begin with # left out; or, by its ending, NPZ with arrays ``X`` (n, d) and ``target`` (n,),
        "y" when it is not given.
    target, columns, drop
        The column to predict; the columns to predict it from (default: all others), and those to leave out. A first
        column without a name that counts the rows (the index of a data frame) is left out.
    missing, na
        What becomes of missing values: an "error"; "drop" leaves out their rows; "mean" puts the mean of the column in their
        place, and leaves out rows without a target. A note counts them. ``na`` are the signs of one, in small letters or
        large: by default those of most programs, ``NA``, ``?``, ``-``, ``null``, or nothing.
    decimal, separator, header
        The decimal point, "." or ","; what separates the fields (default: found out, of comma, semicolon, tab and blanks);
        and whether the first line names the columns (else they are x1, x2, …).
    loss, intercept, standardize
        As in ``prepare``.

    Raises ``BadData`` with the line and the column for a file that cannot be used, ``BadName`` for an unknown column.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "houses.csv"
    ...     _ = file.write_text("area;city;price\\n70,5;Rome;210\\n95;Oslo;?\\n120;Bern;345\\n")
    ...     read_problem(file, "price", intercept=True, drop=["city"], missing="drop", decimal=",").columns
    ('intercept', 'area')
    """
    if not isinstance(path, str | Path):
        raise BadData(f"a problem is read from the path of a file; got {str(path)[:60]!r}")
    path = Path(path)
    raw = file_bytes(path)
    if path.suffix.lower() == ".npz":
        X, y = _read_npz(raw, path, target or "y")
        return prepare(X, y, None, loss, intercept, standardize)
    if missing not in POLICIES:
        raise BadData(f"missing says what becomes of missing values: {', '.join(POLICIES)}; got {str(missing)[:60]!r}")
    if decimal not in (".", ",") or (separator is not None and (len(separator) != 1 or separator == decimal)):
        raise BadData(f"decimal must be '.' or ',', and separator another sign; got {decimal!r} and {separator!r}")
    table = read_table(raw, path, separator, header, decimal=decimal)
    chosen, notes = _columns(table, target, columns, drop)
    if not table.rows:
        raise BadData(f"{path} must have rows of numbers, got a header only")
    names = [table.names[k] for k in chosen[:-1]]
    numbers = table.numbers(_number(decimal), chosen, () if missing == "error" else na)
    if missing == "mean":
        numbers, replaced = _filled(numbers, names, path)
        notes += replaced
    known = ~np.isnan(numbers).any(axis=1)
    if not known.any():
        raise BadData(f"{path} must have rows of numbers, and a value is missing in each of its {len(table.rows)}")
    notes += [] if known.all() else [f"{(~known).sum()} rows with missing values left out"]
    numbers = numbers[known]
    return prepare(numbers[:, :-1], np.ascontiguousarray(numbers[:, -1]), names, loss, intercept, standardize, notes)


def _filled(numbers: Array, names: Sequence[str], path: Path) -> tuple[Array, list[str]]:
    """The means of columns in the places of their missing values, and what is to be said of it; the last column stays."""
    gaps = np.isnan(numbers[:, :-1])
    empty = [name for name, gap in zip(names, gaps.T, strict=True) if gap.all()]
    if empty:
        raise BadData(f"{path}: column {empty[0]!r} has no value to take the mean of; drop it")
    means = np.where(gaps, 0.0, numbers[:, :-1]).sum(axis=0) / (~gaps).sum(axis=0)
    filled = np.column_stack((np.where(gaps, means, numbers[:, :-1]), numbers[:, -1]))
    where = ", ".join(name for name, some in zip(names, gaps.T, strict=True) if some.any())
    return filled, [f"{gaps.sum()} missing values replaced by the mean of their column: {where}"] if where else []


def _columns(
    table: Table, target: str | None, columns: Sequence[str] | None, drop: Sequence[str]
) -> tuple[list[int], list[str]]:
    """The places of the columns to predict from, and last that of the target; and what is to be said of them."""
    if len(table.names) < 2:
        known = ", ".join(SEPARATORS.values())
        raise BadData(
            f"{table.path} must have two columns at least (a target and another), got one; separators: {known}"
        )
    notes = []
    if table.names[0] == "":
        if not table.counting(0):
            raise BadData(f"{table.path}: column 1 has no name in the header; name it or drop it")
        notes, drop = ["the first column has no name and counts the rows: left out"], (*drop, "")
    if target is None:
        raise BadName(f"the target must name the column of {table.path} to predict; columns: {', '.join(table.names)}")
    at, wanted = table.place(target), table.names if columns is None else tuple(columns)
    left = {table.place(name) for name in drop}
    kept = [place for place in map(table.place, wanted) if place != at and place not in left]
    if not kept:
        raise BadData(f"{table.path}: no column is left to predict {target!r} from; use or drop others")
    counting = [table.names[k] for k in kept if len(table.rows) > 2 and table.counting(k)]
    notes += [f"{name} counts the rows: drop it, unless their order means something" for name in counting]
    return [*kept, at], notes


def prepare(
    X: ArrayLike,
    y: ArrayLike,
    columns: Sequence[str] | None = None,
    loss: str = "sum",
    intercept: bool = False,
    standardize: bool = False,
    notes: Sequence[str] = (),
) -> LeastSquares:
    """The problem of X (n, d) and y (n,), with the usual preparations, each noted with what it did to κ = L/μ.

    ``standardize`` centres each column and divides it by its standard deviation (of the n rows, not n−1); the target
    stays as it is. ``intercept`` then puts a column of ones first, in the place of columns that are constant where these
    cannot be standardised. Raises ``BadData`` where that cannot be done.
    """
    problem = LeastSquares(X, y, loss, columns=columns, preparation=notes)
    if intercept and "intercept" in problem.columns:
        raise BadData("an intercept needs its name free, and a column 'intercept' exists; drop one of the two")
    if standardize:
        problem = _standardized(problem, intercept)
    if not intercept:
        return problem
    X = np.column_stack((np.ones(problem.rows), problem.X))
    return _step(problem, X, ("intercept", *problem.columns), "a column of ones put first as the intercept")


def _standardized(problem: LeastSquares, intercept: bool) -> LeastSquares:
    X = problem.X - problem.X.mean(axis=0)
    spread = X.std(axis=0)
    varies = spread > 8 * np.finfo(float).eps * np.abs(problem.X).max(axis=0)  # what rounding leaves of a constant
    constant = ", ".join(name for name, moves in zip(problem.columns, varies, strict=True) if not moves)
    if constant and not (intercept and varies.any()):
        raise BadData(f"standardising needs columns that vary, constant: {constant}; drop them, or take an intercept")
    names = tuple(name for name, moves in zip(problem.columns, varies, strict=True) if moves)
    left = f", but {constant}, which the intercept stands for" if constant else ""
    what = f"each column centred and scaled to unit standard deviation{left}"
    return _step(problem, X[:, varies] / spread[varies], names, what)


def _step(before: LeastSquares, X: Array, columns: tuple[str, ...], what: str) -> LeastSquares:
    after = LeastSquares(X, before.y, before.loss_name, columns=columns, preparation=before.preparation)
    return after.noted(f"{what}: κ {_written(before.kappa)} → {_written(after.kappa)}")


def _written(value: float) -> str:
    """Three significant digits, as one writes them: 12 200, 2.08×10¹¹."""
    mantissa, _, power = f"{value:.2e}".partition("e")
    if int(power) < 6:
        return f"{float(f'{value:.3g}'):,g}".replace(",", " ")
    return f"{mantissa}×10{str(int(power)).translate(RAISED)}"


def file_bytes(path: Path) -> bytes:
    """What a file holds. BadData where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadData(f"{path} must be a file to read, and does not exist; check the path") from None
    except IsADirectoryError:
        raise BadData(f"{path} must be a file to read, and is a folder; name a file in it") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        raise BadData(f"{path} must be a file to read: {getattr(error, 'strerror', None) or error}") from None


def _read_npz(raw: bytes, path: Path, target: str) -> tuple[Array, Array]:
    try:
        with np.load(BytesIO(raw), allow_pickle=False) as archive:
            if "X" not in archive.files:
                raise BadData(f"{path} must hold an array X, got {', '.join(archive.files) or 'none'}; save it as X")
            if target not in archive.files or target == "X":
                raise BadName(f"{path} has no target array {target!r}; {nearest(target, set(archive.files) - {'X'})}")
            return archive["X"], archive[target]
    except (BadData, BadName):
        raise
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise BadData(f"{path} must be an archive of plain arrays (numpy.savez), and cannot be read: {error}") from None


def _number(decimal: str) -> Callable[[str], float]:
    """A reader of finite numbers; its ValueError says what was expected, what came, and the way out."""

    def read(text: str) -> float:
        plain = text.replace(".", "").replace(",", ".") if decimal == "," else text
        value = number(plain)
        if value is None:
            raise ValueError(f"a number expected, got {text[:40]!r}; {_way_out(text, decimal)}")
        if not isfinite(value):
            raise ValueError(
                f"a finite number expected, got {text!r}; fill it in, drop the line, or say missing='drop' or 'mean'"
            )
        return value

    return read


def _way_out(text: str, decimal: str) -> str:
    if decimal == "." and is_number(text.replace(".", "").replace(",", ".")):
        return "write a decimal point, or say decimal=','"
    if text.strip().lower() in MISSING:
        return "say what becomes of missing values: missing='drop' or 'mean'"
    return "drop the line, or the column (drop=…)"
