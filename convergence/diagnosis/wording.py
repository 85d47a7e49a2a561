"""Numbers, settings and eigenvalues as one writes them in a sentence, and results that read as text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

DIGITS, FINE = 4, 6
"""Significant digits of a number in a sentence, and of the best settings."""


def number(value: float) -> str:
    """Four significant digits."""
    return f"{value:.4g}"


def settings_text(hyper: Mapping[str, Any]) -> str:
    """Settings with the digits that they have, as one writes them in a call."""
    return ", ".join(f"{name}={value:.15g}" for name, value in hyper.items())


def near_one(value: float) -> str:
    """A rate in six digits; one that these do not tell from 1, by its distance."""
    return f"1 − {1 - value:.2g}" if 0 < 1 - value < 1e-5 else f"{value:.6g}"


def rounded(value: float, digits: int, side: float = 0.0) -> float:
    """The number with so many significant digits: the nearest one, or down (side −1), or up (+1)."""
    if value == 0:
        return 0.0
    exact = Decimal(repr(float(value)))
    unit = Decimal(1).scaleb(exact.adjusted() + 1 - digits)
    way = ROUND_HALF_EVEN if side == 0 else ROUND_FLOOR if side < 0 else ROUND_CEILING
    return float((exact / unit).quantize(Decimal(1), rounding=way) * unit)


def times_best(ratio: float) -> str:
    """How many times the best possible number of steps; within the three digits that are shown, the best."""
    return "the best there is" if f"{ratio:.3g}" == "1" else f"{ratio:.3g} × the best"


def steps(count: int | None) -> str:
    """A number of steps, digits in groups of three; in words what None means."""
    if count is None:
        return "more steps than can be counted"
    return f"{count:.2g} steps" if count >= 10**9 else f"{count:,} step{'s' * (count != 1)}".replace(",", "\u202f")


def counted(count: int, noun: str) -> str:
    """A number of things: 1 direction, 2 directions."""
    return f"{count} {noun}{'s' * (count != 1)}"


def root(value: complex) -> str:
    """An eigenvalue: real where it is, else a ± bi as it stands."""
    if value.imag == 0:
        return number(value.real)
    return f"{number(value.real)} {'+' if value.imag > 0 else '-'} {number(abs(value.imag))}i"


def roots(values: tuple[complex, ...]) -> str:
    """Eigenvalues, a conjugate pair in one piece."""
    if len(values) == 2 and values[0].imag and values[0] == values[1].conjugate():
        return f"{number(values[0].real)} ± {number(abs(values[0].imag))}i"
    return ", ".join(root(value) for value in values)


class Readable:
    """A result that reads as text: a ``headline``, ``findings`` as pairs (what, value in words), ``notes`` and ``advice``."""

    def __repr__(self: Any) -> str:
        lines = [f"{type(self).__name__}: {self.headline}", *(f"  {what}: {value}" for what, value in self.findings)]
        return "\n".join(
            [
                *lines,
                *(f"  note: {note}" for note in getattr(self, "notes", ())),
                *(f"  → {words}" for words in self.advice),
            ]
        )

    def _repr_markdown_(self: Any) -> str:
        rows = [f"| {what} | {value.replace('|', chr(92) + '|')} |" for what, value in self.findings]
        todo = [f"{k}. {sentence}" for k, sentence in enumerate(self.advice, 1)]
        return "\n".join([f"**{self.headline}**", "", "| | |", "|---|---|", *rows, "", *todo])
