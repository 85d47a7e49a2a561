"""Where two documents in JSON say different things, numbers compared with a stated rounding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from math import isclose, isfinite
from typing import Any

RELATIVE = 1e-4
"""Four digits are what reports show. Eigenvalues at critical damping are known to √ε, far better than that."""

ABSOLUTE = 1e-6
"""In parts of the largest number beside it: an error that has fallen a million times may be rounding."""

MEASURED = ("error", "disagreement", "tolerance", "observed", "evidence", "numbers", "package_version")
"""What may be pure rounding, or words with such numbers: there only the verdict beside it must agree."""

WHERE = ("predicted", "why")
"""Of iterates against a closed form, also which of them is farthest off: rounding decides it."""

NUMERAL = re.compile(r"(?<![\w.])(-?\d+(?:/\d+|(?:\.\d+)?(?:[eE][+-]?\d+)?))")
"""A decimal number or a fraction in a text, such as a certificate."""


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
        ignored = MEASURED + (WHERE if one.get("kind") == "iterates" else ())
        for name in one:
            if name not in ignored:
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
    return bool(one == other) or (isinstance(one, str) and _same_text(one, other))


def _same_text(one: str, other: str) -> bool:
    """Whether two texts have the same words and whole numbers, and fractions and decimals that are alike when rounded."""
    (words, numerals), (others, numbers) = ((part[::2], part[1::2]) for part in map(NUMERAL.split, (one, other)))
    return words == others and all(a == b or _alike(a, b) for a, b in zip(numerals, numbers, strict=True))


def _alike(one: str, other: str) -> bool:
    a, b = Fraction(one), Fraction(other)
    return not (one.lstrip("-").isdigit() and other.lstrip("-").isdigit()) and abs(a - b) <= RELATIVE * max(
        abs(a), abs(b)
    )
