"""Numbers times a power of two, as runs of many steps leave them: as a float, and as a logarithm, which does not underflow."""

from __future__ import annotations

from math import inf, ldexp, log2, log10


def sized(number: float, exponent: int, power: int = 1) -> float:
    """(number·2^exponent)^power; 0 or infinite where that is no float."""
    try:
        return ldexp(number**power, exponent * power)
    except OverflowError:
        return inf


def logarithm(number: float, exponent: int) -> float:
    """The decimal logarithm of number·2^exponent, for a number that is not negative."""
    if number in (0, inf):
        return inf if number else -inf
    return log10(number) + exponent / log2(10)
