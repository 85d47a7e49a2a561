"""Data files: CSV and NPZ as least-squares problems that say how their data were prepared."""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from itertools import chain, islice
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

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", " ": "blank"}
_SAMPLE = 20
"""Rows after the header that must have as many fields as it, for a separator to be believed."""


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
    missing: Sequence[str] = (),
    decimal: str = ".",
    header: bool = True,
) -> LeastSquares:
    """The problem in a file: predict the column ``target`` from all the others, or from ``columns``.

    Parameters
    ----------
    path
        CSV in UTF-8, its fields separated by commas, semicolons, tabs or blanks, lines that begin with # left out; or, by
        its ending, NPZ with arrays ``X`` (n, d) and ``target`` (n,), "y" when it is not given.
    target, columns, drop
        The column to predict; the columns to predict it from (default: all others), and those to leave out.
    missing
        What stands for a missing value, as in ``("NA", "?", "")``: rows that have one are left out, and counted in a note.
    decimal, header
        The decimal point, "." or ","; and whether the first line names the columns (else they are x1, x2, …).
    loss, intercept, standardize
        As in ``prepare``.

    Raises ``BadData`` with the line and the column for a file that cannot be used, ``BadName`` for an unknown column.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "houses.csv"
    ...     _ = file.write_text("area;city;price\\n70,5;Rome;210\\n95;Oslo;?\\n120;Bern;345\\n")
    ...     read_problem(file, "price", intercept=True, drop=["city"], missing=["?"], decimal=",").columns
    ('intercept', 'area')
    """
    path = Path(path)
    raw = _bytes(path)
    if path.suffix.lower() == ".npz":
        X, y = _read_npz(raw, path, target or "y")
        return prepare(X, y, None, loss, intercept, standardize)
    if decimal not in (".", ","):
        raise BadData(f"decimal must be '.' or ',', got {decimal!r}")
    form = _Form(tuple(missing), decimal, header)
    names, read = _opened(raw, path, form)
    chosen = _columns(names, target, columns, drop, path)
    table, left_out = read(chosen)
    notes = (f"{left_out} rows with missing values left out",) if left_out else ()
    kept = tuple(names[k] for k in chosen[:-1])
    return prepare(table[:, :-1], np.ascontiguousarray(table[:, -1]), kept, loss, intercept, standardize, notes)


def _columns(
    names: tuple[str, ...], target: str | None, columns: Sequence[str] | None, drop: Sequence[str], path: Path
) -> list[int]:
    """The places of the columns to predict from, and last that of the target."""
    at = _target_index(names, target, path)
    for name in (*(columns or ()), *drop):
        _target_index(names, name, path)
    wanted = names if columns is None else tuple(columns)
    kept = [names.index(name) for name in wanted if name != target and name not in drop]
    if not kept:
        raise BadData(f"{path}: no column is left to predict {target!r} from; use or drop others")
    return [*kept, at]


@dataclass(frozen=True)
class _Form:
    """How a CSV file writes its numbers."""

    missing: tuple[str, ...]
    decimal: str
    header: bool

    @property
    def plain(self) -> bool:
        return not self.missing and self.decimal == "."


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
    stays as it is. ``intercept`` then puts a column of ones first. Raises ``BadData`` where that cannot be done.
    """
    problem = LeastSquares(X, y, loss, columns=columns, preparation=notes)
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


def _opened(raw: bytes, path: Path, form: _Form) -> tuple[tuple[str, ...], Callable[[list[int]], tuple[Array, int]]]:
    """The names of the columns, and a function of places that reads those, with the number of rows left out."""
    _require_text(raw, path)
    raw = _without_comments(raw)
    try:
        separator = _separator(raw, path, form)
        first = _open(raw, separator)[2]
        names = _names(first, path) if form.header else tuple(f"x{k + 1}" for k in range(len(first)))
    except UnicodeDecodeError:
        raise BadData(f"{path}, {_undecodable(raw)}; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise BadData(f"{path} must be well-formed CSV: {error}; is a quotation mark left open?") from None
    if not form.header:
        raw = f"{separator.join(names)}\n".encode() + raw.removeprefix(b"\xef\xbb\xbf")

    def read(chosen: list[int]) -> tuple[Array, int]:
        try:
            table = _fast(raw, separator, len(names), chosen) if form.plain else None
            return (table, 0) if table is not None else _slow(raw, separator, names, chosen, path, form)
        except UnicodeDecodeError:
            raise BadData(f"{path}, {_undecodable(raw)}; save it as CSV UTF-8") from None
        except csv.Error as error:
            raise BadData(f"{path} must be well-formed CSV: {error}; is a quotation mark left open?") from None

    return names, read


def _without_comments(raw: bytes) -> bytes:
    """Comment lines emptied, so that lines keep their numbers; a header that numpy.savetxt marked as one is kept."""
    lines = raw.split(b"\n")
    marked = [k for k, line in enumerate(lines) if line.lstrip(b"\xef\xbb\xbf \t").startswith(b"#")]
    after = next((k for k, line in enumerate(lines) if line.strip() and k not in set(marked)), 0)
    numbers = all(
        _is_number(f.strip()) for f in re.split(rb"[,;\t ]+", lines[after].strip()) for f in [f.decode("latin-1")]
    )
    heads = [k for k in marked if k < after]
    keep = heads[-1] if heads and numbers else -1
    return (
        b"\n".join(b"" if k in set(marked) and k != keep else line for k, line in enumerate(lines)) if marked else raw
    )


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


def _separator(raw: bytes, path: Path, form: _Form) -> str:
    """The separator with which the header and the rows after it have the same number of fields, the largest."""
    known = {sign: name for sign, name in _SEPARATORS.items() if sign != form.decimal}
    fits: dict[str, tuple[bool, int]] = {}
    for sign in known:
        _, reader, header = _open(raw, sign, strict=False)
        widths = {len(row) for row in islice((row for row in reader if not _blank(row)), _SAMPLE)}
        fits[sign] = (len(header) > 1 and widths <= {len(header)}, len(header) if sign != " " else min(len(header), 2))
    best = max(fits, key=lambda sign: fits[sign])
    if fits[best][1] == 1:
        raise BadData(
            f"{path} must have two columns at least (a target and another), got one; separators: {', '.join(known.values())}"
        )
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


def _fast(raw: bytes, separator: str, width: int, chosen: list[int]) -> Array | None:
    """The table by NumPy's own reader, or None where the careful one should look."""
    lines, _, _ = _open(raw, separator)
    first = lines.readline()
    if not first.strip():
        return None
    try:
        split = None if separator == " " else separator
        table = np.loadtxt(chain([first], lines), delimiter=split, quotechar='"', comments=None, ndmin=2)
    except ValueError:
        return None
    return table[:, chosen] if table.shape[1] == width and np.isfinite(table).all() else None


def _slow(
    raw: bytes, separator: str, names: tuple[str, ...], chosen: list[int], path: Path, form: _Form
) -> tuple[Array, int]:
    _, reader, _ = _open(raw, separator)
    rows, left_out = list[list[float]](), 0
    for row in reader:
        if _blank(row):
            continue
        place = f"{path}, line {reader.line_num}"
        if len(row) != len(names):
            raise BadData(
                f"{place}: {len(names)} fields expected as in the header, got {len(row)}; complete or drop it"
            )
        if any(row[k].strip() in form.missing for k in chosen):
            left_out += 1
        else:
            rows.append([_number(row[k], f"{place}, column {names[k]!r}", form.decimal) for k in chosen])
    if not rows:
        raise BadData(f"{path} must have rows of numbers, got a header only")
    return np.array(rows), left_out


def _number(text: str, place: str, decimal: str) -> float:
    plain = text.replace(".", "").replace(",", ".") if decimal == "," else text
    if not _is_number(plain):
        if decimal == "." and _is_number(text.replace(".", "").replace(",", ".")):
            hint = "write a decimal point, or say decimal=','"
        elif text.strip().lower() in ("", "?", "na", "nan", "n/a", "null", "none", "-"):
            hint = f"name it as missing ({text.strip()!r}), and its rows are left out"
        else:
            hint = "drop the line, or the column (drop=…)"
        raise BadData(f"{place}: a number expected, got {text[:40]!r}; {hint}")
    if not isfinite(float(plain)):
        raise BadData(
            f"{place}: a finite number expected, got {text!r}; fill it in, name it as missing, or drop the line"
        )
    return float(plain)


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
