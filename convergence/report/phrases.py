"""Values go in; the inline pieces that show them come out: rounded numbers, verdicts, lists in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import isinf, isnan

from convergence.report.tree import Emphasis, Inline, Line, Mark, Maths, Mono, Number
from convergence.results import Formula

NOTHING = "–"
IS = "\xa0=\xa0"  # an equation does not break over lines
LETTERS = {
    "lr": ("learning rate", Formula("η", r"\eta")),
    "momentum": ("momentum", Formula("β", r"\beta")),
    "dampening": ("dampening", Formula("d", "d")),
    "nu": ("share of the average", Formula("ν", r"\nu")),
    "gamma": ("look-ahead", Formula("γ", r"\gamma")),
    "kappa": ("condition number tuned for", Formula("κ", r"\kappa")),
    "weight_decay": ("weight decay", Formula("δ", r"\delta")),
}
"""How the hyperparameters are called in words and in formulas, where they have another name there."""


def number(value: float | None, digits: int = 4) -> Inline:
    """A number to so many significant digits, more where it would read as 1 and is not; whole ones stay whole."""
    if value is None or isnan(value):
        return NOTHING
    if isinf(value):
        return Number("∞" if value > 0 else "-∞")
    if value == int(value) and abs(value) < 1e6:
        return Number(str(int(value)))
    return _rounded(value, next((d for d in range(digits, 11) if abs(float(f"{value:.{d}g}")) != 1), digits))


def _rounded(value: float, digits: int) -> Number:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 < power < 6:
        fixed = f"{value:.{max(0, digits - 1 - power)}f}"
        return Number(_short(fixed, value))
    return Number(_short(mantissa, float(f"{value:.17e}".split("e")[0])), power)


def _short(digits: str, value: float) -> str:
    """Without the zeros at the end if they were not rounded: 0.5 but 0.5000 for 0.50001."""
    exact = "." in digits and abs(float(digits) - value) <= 1e-15 * abs(value)
    return digits.rstrip("0").rstrip(".") if exact else digits


def steps(count: int | None) -> Inline:
    """A number of steps; None is never."""
    return "never" if count is None else number(count)


def numbers(values: Iterable[float], digits: int = 4) -> Line:
    """Numbers in parentheses, with commas."""
    return ("(", *joined([(number(value, digits),) for value in values]), ")")


def joined(parts: Sequence[Line], between: str = ", ", last: str | None = None) -> Line:
    """Lines in a row; ``last`` stands before the last one."""
    gaps: list[Line] = [(), *([(between,)] * (len(parts) - 2)), *([(last or between,)] if len(parts) > 1 else [])]
    return tuple(piece for gap, part in zip(gaps, parts, strict=False) for piece in (*gap, *part))


def maths(formula: Formula | None) -> Line:
    """A formula in a line, or that there is none."""
    return (Maths(formula),) if formula else (NOTHING,)


def setting(name: str) -> Line:
    """A hyperparameter in words and as its letter."""
    if name not in LETTERS:
        return (Mono(name),)
    word, letter = LETTERS[name]
    return (f"{word} ", Maths(letter))


def letter(name: str) -> Inline:
    """A hyperparameter as its letter."""
    return Maths(LETTERS[name][1]) if name in LETTERS else Mono(name)


def verdict(passed: bool | None) -> Mark:
    """Of a check."""
    return {True: Mark("passed", "good"), False: Mark("FAILED", "bad"), None: Mark("not made", "quiet")}[passed]


def rejection(rejected: bool | None) -> Mark:
    """Of a control: a deliberate fault has to be rejected."""
    marks = {True: Mark("rejected", "good"), False: Mark("NOT REJECTED", "bad"), None: Mark("not made", "quiet")}
    return marks[rejected]


def counted(count: int, one: str, more: str | None = None) -> str:
    """ "1 check", "2 checks", "no checks"."""
    return f"{count or 'no'} {one if count == 1 else more or one + 's'}"


def capital(words: str) -> str:
    """As at the start of a sentence."""
    return words[:1].upper() + words[1:]


def anchor(*words: str) -> str:
    """A name for a section that every format can hold."""
    return "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)


_MARKUP = re.compile(r"``([^`]+)``|(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])")


def prose(text: str) -> Line:
    """The text of a docstring: ``names`` and *stress* become pieces."""
    pieces: list[Inline] = []
    end = 0
    for found in _MARKUP.finditer(text):
        pieces += [text[end : found.start()], Mono(found[1]) if found[1] else Emphasis(found[2])]
        end = found.end()
    return tuple(piece for piece in (*pieces, text[end:]) if piece)
