"""Quotients of polynomials with the operations of a number: what an update rule is run on."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convergence.certificates.exact import Poly

LARGEST_POWER = 100
"""A power of a number beyond this is not formed."""


class Quotient:
    """A quotient of polynomials with the operations of a number: what an update rule is run on.

    ``divisors`` keeps the numerators of all that is divided by, before anything cancels: their zeros are the rule's poles.
    """

    def __init__(self, above: Poly, below: Poly, divisors: list[Poly]) -> None:
        quotient = None if below.is_constant else above.divided(below)
        one = above.ring.constant(1)
        if quotient is not None:
            above, below = quotient, one
        elif below.is_constant:
            above, below = above * (1 / below.value), one
        self.above, self.below, self.divisors = above, below, divisors

    def lifted(self, other: Any) -> Quotient:
        """A number as a quotient, floats as the decimals they print as. TypeError for anything else."""
        if isinstance(other, Quotient):
            return other
        if hasattr(other, "item"):
            other = other.item()
        if isinstance(other, bool) or not isinstance(other, int | float | Fraction):
            raise TypeError(f"{type(other).__name__} is no exact number")
        number = Fraction(repr(other)) if isinstance(other, float) else Fraction(other)
        ring = self.above.ring
        return Quotient(ring.constant(number), ring.constant(1), self.divisors)

    def __add__(self, other: Any) -> Quotient:
        more = self.lifted(other)
        if self.below.terms == more.below.terms:
            return Quotient(self.above + more.above, self.below, self.divisors)
        above = self.above * more.below + more.above * self.below
        return Quotient(above, self.below * more.below, self.divisors)

    def __mul__(self, other: Any) -> Quotient:
        more = self.lifted(other)
        one, two = (Quotient(a, b, self.divisors) for a, b in ((self.above, more.below), (more.above, self.below)))
        return Quotient(one.above * two.above, one.below * two.below, self.divisors)

    def __truediv__(self, other: Any) -> Quotient:
        by = self.lifted(other)
        if not by.above:
            raise ZeroDivisionError("the rule divides by zero")
        if not by.above.is_constant:
            self.divisors.append(by.above)
        return self * Quotient(by.below, by.above, self.divisors)

    def __neg__(self) -> Quotient:
        return Quotient(-self.above, self.below, self.divisors)

    def __pow__(self, power: int) -> Quotient:
        if not isinstance(power, int) or abs(power) > LARGEST_POWER:
            raise TypeError("a power that is no small integer")
        result = self.lifted(1)
        for _ in range(abs(power)):
            result = result * self
        return result if power >= 0 else 1 / result

    def __pos__(self) -> Quotient:
        return self

    def __sub__(self, other: Any) -> Quotient:
        return self + -self.lifted(other)

    def __rsub__(self, other: Any) -> Quotient:
        return self.lifted(other) + -self

    def __rtruediv__(self, other: Any) -> Quotient:
        return self.lifted(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        raise TypeError("a rule that compares its numbers is not one formula")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return self == 0
