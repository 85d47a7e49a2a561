"""Where two documents in JSON say different things, numbers compared with a stated rounding."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose, isfinite
from typing import Any

RELATIVE = 1e-4
"""Four digits are what reports show. Eigenvalues at critical damping are known to √ε, far better than that."""

ABSOLUTE = 1e-6
"""In parts of the largest number beside it: an error that has fallen a million times may be rounding."""

MEASURED = ("error", "tolerance", "observed", "evidence", "numbers", "package_version")
"""What may be pure rounding, or words with such numbers: there only the verdict beside it must agree."""


def differences(one: Any, other: Any, place: str = "", most: int = 20) -> list[str]:
    """The first differences, each with its place."""
    return [line for line, _ in zip(_walk(one, other, place, 0.0), range(most), strict=False)]


def _walk(one: Any, other: Any, place: str, scale: float) -> Iterator[str]:
    if type(one) is not type(other) and not (_number(one) and _number(other)):
        yield f"{place}: {one!r:.60} became {other!r:.60}"
    elif isinstance(one, dict):
        if list(one) != list(other):
            yield f"{place}: the entries {list(one)!r:.60} became {list(other)!r:.60}"
            return
        for name in one:
            if name not in MEASURED:
                yield from _walk(one[name], other[name], f"{place}.{name}", 0.0)
    elif isinstance(one, list):
        if len(one) != len(other):
            yield f"{place}: {len(one)} entries became {len(other)}"
            return
        largest = max((abs(v) for v in one if _number(v) and isfinite(v)), default=scale)
        for k, (a, b) in enumerate(zip(one, other, strict=True)):
            yield from _walk(a, b, f"{place}[{k}]", largest)
    elif not _same(one, other, scale):
        yield f"{place}: {one!r:.60} became {other!r:.60}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any, scale: float) -> bool:
    if _number(one) and isfinite(one) and isfinite(other):
        return isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE * max(scale, 1e-300))
    return bool(one == other)
