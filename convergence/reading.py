"""In: a CSV or NPZ file, or arrays with names. Out: a ``LeastSquares`` that says how its data were prepared."""

from __future__ import annotations

import csv
import zipfile
import zlib
from collections.abc import Sequence
from io import BytesIO, TextIOWrapper
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convergence.errors import BadData, BadName, nearest
from convergence.problem import LeastSquares

if TYPE_CHECKING:
    from _csv import Reader

Array = NDArray[np.float64]

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def read_problem(
    path: str | Path,
    target: str | None = None,
    loss: str = "sum",
    intercept: bool = False,
    standardize: bool = False,
) -> LeastSquares:
    """The problem in a file: predict the column ``target`` from all the others.

    CSV: UTF-8, with a header; commas, semicolons or tabs; every entry a finite number. NPZ (by its ending): arrays
    ``X`` (n, d) and ``target`` (n,), "y" when it is not given. ``intercept`` and ``standardize`` as in ``prepare``.

    Raises ``BadData`` with the line and the column for a file that cannot be used, ``BadName`` for an unknown target.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "houses.csv"
    ...     _ = file.write_text("area,rooms,price\\n70,3,210\\n95,4,300\\n120,4,345\\n")
    ...     read_problem(file, "price", intercept=True).columns
    ('intercept', 'area', 'rooms')
    """
    path = Path(path)
    raw = _bytes(path)
    if path.suffix.lower() == ".npz":
        X, y = _read_npz(raw, path, target or "y")
        return prepare(X, y, None, loss, intercept, standardize)
    names, table = _read_csv(raw, path)
    at = _target_index(names, target, path)
    y = np.ascontiguousarray(table[:, at])
    return prepare(np.delete(table, at, axis=1), y, names[:at] + names[at + 1 :], loss, intercept, standardize)


def prepare(
    X: ArrayLike,
    y: ArrayLike,
    columns: Sequence[str] | None = None,
    loss: str = "sum",
    intercept: bool = False,
    standardize: bool = False,
) -> LeastSquares:
    """The problem of X (n, d) and y (n,), with the usual preparations, each noted with what it did to κ = L/μ.

    ``standardize`` centres each column and divides it by its standard deviation (of the n rows, not n−1); the target
    stays as it is. ``intercept`` then puts a column of ones first. Raises ``BadData`` where that cannot be done.
    """
    problem = LeastSquares(X, y, loss, columns=columns)
    if standardize:
        problem = _standardized(problem)
    return _with_intercept(problem) if intercept else problem


def _standardized(problem: LeastSquares) -> LeastSquares:
    X = problem.X - problem.X.mean(axis=0)
    spread = X.std(axis=0)
    constant = spread <= 8 * np.finfo(float).eps * np.abs(problem.X).max(axis=0)  # what rounding leaves of a constant
    if constant.any():
        names = ", ".join(name for name, flag in zip(problem.columns, constant, strict=True) if flag)
        raise BadData(f"standardising needs columns that vary, constant: {names}; drop them, or take an intercept")
    return _step(problem, X / spread, problem.columns, "each column centred and scaled to unit standard deviation")


def _with_intercept(problem: LeastSquares) -> LeastSquares:
    if "intercept" in problem.columns:
        raise BadData("an intercept needs its name free, and a column 'intercept' exists; drop one of the two")
    X = np.column_stack((np.ones(problem.rows), problem.X))
    return _step(problem, X, ("intercept", *problem.columns), "a column of ones put first as the intercept")


def _step(before: LeastSquares, X: Array, columns: tuple[str, ...], what: str) -> LeastSquares:
    after = LeastSquares(X, before.y, before.loss_name, columns=columns, preparation=before.preparation)
    return after.noted(f"{what}: κ {_written(before.kappa)} → {_written(after.kappa)}")


def _written(number: float) -> str:
    """Three significant digits, as one writes them: 12 200, 2.08×10¹¹."""
    mantissa, _, power = f"{number:.2e}".partition("e")
    if int(power) < 6:
        return f"{float(f'{number:.3g}'):,g}".replace(",", " ")
    return f"{mantissa}×10{str(int(power)).translate(RAISED)}"


def _bytes(path: Path) -> bytes:
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


def _read_csv(raw: bytes, path: Path) -> tuple[tuple[str, ...], Array]:
    _require_text(raw, path)
    try:
        separator = _separator(raw, path)
        names = _names(_open(raw, separator)[2], path)
        table = _fast(raw, separator, len(names))
        return names, _slow(raw, separator, names, path) if table is None else table
    except UnicodeDecodeError:
        raise BadData(f"{path}, {_undecodable(raw)}; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise BadData(f"{path} must be well-formed CSV: {error}; is a quotation mark left open?") from None


def _require_text(raw: bytes, path: Path) -> None:
    if not raw or raw.isspace():
        raise BadData(f"{path} must hold a header and rows of numbers, and is empty")
    if raw.startswith(b"PK\x03\x04"):
        raise BadData(f"{path} must be CSV, got a zip archive (a spreadsheet?); save it as CSV, or arrays as .npz")
    if b"\0" in raw[:4096]:
        raise BadData(f"{path} must be CSV in UTF-8, got binary data or UTF-16; save it as CSV UTF-8")


def _open(raw: bytes, separator: str, strict: bool = True) -> tuple[TextIOWrapper, Reader, list[str]]:
    """The text after its header, a reader at the same place, and the header: the first line that is not blank."""
    lines = TextIOWrapper(BytesIO(raw), encoding="utf-8-sig")
    reader = csv.reader(lines, delimiter=separator, strict=strict, skipinitialspace=True)
    return lines, reader, next(row for row in reader if not _blank(row))


def _blank(row: list[str]) -> bool:
    return len(row) < 2 and not "".join(row).strip()


def _separator(raw: bytes, path: Path) -> str:
    widths = {separator: len(_open(raw, separator, strict=False)[2]) for separator in _SEPARATORS}
    best = max(widths, key=lambda separator: widths[separator])
    if widths[best] == 1:
        known = ", ".join(_SEPARATORS.values())
        raise BadData(f"{path} must have two columns at least (a target and another), got one; separators: {known}")
    return best


def _names(header: list[str], path: Path) -> tuple[str, ...]:
    names = tuple(field.strip().removeprefix("# ") for field in header)  # numpy.savetxt puts "# " before a header
    if all(_is_number(name) for name in names):
        raise BadData(f"{path} must begin with a header of column names, its first line is all numbers; add one")
    if "" in names:
        raise BadData(f"{path}: column {names.index('') + 1} has no name in the header; name it or drop it")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadData(f"{path} must have different column names, more than once: {', '.join(twice)}; rename them")
    return names


def _target_index(names: tuple[str, ...], target: str | None, path: Path) -> int:
    if target is None:
        raise BadName(f"the target must name the column of {path} to predict; columns: {', '.join(names)}")
    if target not in names:
        raise BadName(f"{path} has no column {target!r}; {nearest(target, names)}")
    return names.index(target)


def _fast(raw: bytes, separator: str, width: int) -> Array | None:
    """The table by NumPy's own reader, or None where the careful one should look."""
    lines, _, _ = _open(raw, separator)
    first = lines.readline()
    if not first.strip():
        return None
    try:
        table = np.loadtxt(chain([first], lines), delimiter=separator, quotechar='"', comments=None, ndmin=2)
    except ValueError:
        return None
    return table if table.shape[1] == width and np.isfinite(table).all() else None


def _slow(raw: bytes, separator: str, names: tuple[str, ...], path: Path) -> Array:
    _, reader, _ = _open(raw, separator)
    rows = [_numbers(row, names, f"{path}, line {reader.line_num}") for row in reader if not _blank(row)]
    if not rows:
        raise BadData(f"{path} must have rows of numbers, got a header only")
    return np.array(rows)


def _numbers(row: list[str], names: tuple[str, ...], place: str) -> list[float]:
    if len(row) != len(names):
        raise BadData(f"{place}: {len(names)} fields expected as in the header, got {len(row)}; complete or drop it")
    return [_number(text, f"{place}, column {name!r}") for text, name in zip(row, names, strict=True)]


def _number(text: str, place: str) -> float:
    if not _is_number(text):
        hint = "write a decimal point" if _is_number(text.replace(",", ".")) else "drop the line or the column"
        raise BadData(f"{place}: a number expected, got {text[:40]!r}; {hint}")
    if not isfinite(float(text)):
        raise BadData(f"{place}: a finite number expected, got {text!r}; fill it in or drop the line")
    return float(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # Python reads 1_000, data files do not mean it


def _undecodable(raw: bytes) -> str:
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return f"line {line}: UTF-8 expected, got the byte 0x{raw[error.start]:02x}"
    return "UTF-8 expected"
