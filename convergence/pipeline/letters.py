"""Methods and their settings go in; how libraries write them, and which of them are one method, comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from convergence.conventions.classes import equivalences
from convergence.conventions.conversion import LibraryCall, calls
from convergence.conventions.equivalence import Equivalence
from convergence.pipeline.formulas import text
from convergence.results import EquivalenceResult, LibraryResult
from convergence.rule import Method

DIGITS = re.compile(r"\d+\.\d{9,}(?:e-?\d+)?")
LONG = re.compile(r"\d{7,}/\d+")


def libraries(method: Method, hyper: Mapping[str, Any]) -> tuple[LibraryResult, ...]:
    """The libraries in which these settings can be written."""
    rows = calls(method, dict(hyper))
    return tuple(LibraryResult(row.library, _short(row.call), row.same_iterates, _differs(row)) for row in rows)


def _short(call: str) -> str:
    """A call with ten digits of each number: enough beside an edge of stability, and a page can hold it."""
    return DIGITS.sub(lambda found: f"{float(found[0]):.10g}", call)


def _differs(row: LibraryCall) -> str:
    """What is different, without what all rows have in common; exact fractions of long floats as decimals."""
    words = "" if row.same_iterates else row.why.rpartition("the iterates differ; ")[2]
    return LONG.sub(lambda found: f"{float(Fraction(found[0])):.6g}", words)


def classes(methods: Sequence[Method]) -> tuple[EquivalenceResult, ...]:
    """The classes of methods that have each other's spectra, the simplest method of each first."""
    found = equivalences(methods)
    to_first = {found_map.a: found_map for found_map in found.maps}
    return tuple(_class(names, [to_first[name] for name in names[1:]]) for names in found.classes)


def _class(names: tuple[str, ...], maps: Sequence[Equivalence]) -> EquivalenceResult:
    words = tuple(_setting(found) for found in maps)
    same = tuple(found.same_iterates for found in maps)
    why = tuple("; ".join(flag.text for flag in found.flags) for found in maps)
    return EquivalenceResult(names, ("", *words), (True, *same), ("", *why))


def _setting(found: Equivalence) -> str:
    return ", ".join(f"{name} = {text(value)}" for name, value in (found.hyper or {}).items())
