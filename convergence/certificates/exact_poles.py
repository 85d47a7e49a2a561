"""The sceptic's part: an update rule goes in and is run on fractions of polynomials; what it divides by comes out.

Nothing is cancelled: a zero of such a divisor is a place where the rule, run on numbers, divides by zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from convergence.certificates.exact_certificates import Doubt
from convergence.certificates.exact_discs import ONE
from convergence.certificates.exact_numbers import Number
from convergence.certificates.exact_polynomials import Terms, plus, times
from convergence.certificates.exact_rule import Parabola
from convergence.certificates.exact_signs import Coefficients, cut, positive
from convergence.rule import Method

NOT_WATCHED = "that the rule nowhere divides by zero was taken as derived: it cannot be run on polynomials"

_CANNOT = (TypeError, AttributeError, ValueError, NotImplementedError)


class Quotient:
    """A fraction of polynomials, as it came about; ``divisors`` keeps the numerators of all that was divided by."""

    def __init__(self, above: Terms, below: Terms, divisors: list[Terms]) -> None:
        self.above = {e: c for e, c in above.items() if c}
        self.below = below
        self.divisors = divisors

    def _made(self, above: Terms, below: Terms) -> Quotient:
        return Quotient(above, below, self.divisors)

    def _read(self, other: Any) -> Quotient:
        if isinstance(other, Quotient):
            return other
        origin = (0,) * len(next(iter(self.below)))
        exact: Any = ONE * other
        return self._made({origin: exact}, {origin: Fraction(1)})

    def __add__(self, other: Any) -> Quotient:
        there = self._read(other)
        crossed = times(there.above, self.below)
        return self._made(plus(times(self.above, there.below), crossed, Fraction(1)), times(self.below, there.below))

    def __mul__(self, other: Any) -> Quotient:
        there = self._read(other)
        return self._made(times(self.above, there.above), times(self.below, there.below))

    def __truediv__(self, other: Any) -> Quotient:
        there = self._read(other)
        if not there.above:
            raise ZeroDivisionError("the rule divides by zero for every curvature")
        self.divisors.append(there.above)
        return self._made(times(self.above, there.below), times(self.below, there.above))

    def __rtruediv__(self, other: Any) -> Quotient:
        return self._read(other) / self

    def __neg__(self) -> Quotient:
        return self * -1

    def __sub__(self, other: Any) -> Quotient:
        return self + -self._read(other)

    def __rsub__(self, other: Any) -> Quotient:
        return self._read(other) + -self

    def __pow__(self, power: int) -> Quotient:
        result = self._read(1)
        for _ in range(abs(power)):
            result = result * self
        return result if power >= 0 else self._read(1) / result

    __radd__ = __add__
    __rmul__ = __mul__


class _Watched(Parabola):
    """½λx², with a letter for λ."""

    def __init__(self, curvature: Quotient) -> None:
        self.curvature: Any = curvature


def divisors(method: Method, inputs: Callable[[list[Terms]], Mapping[str, Quotient]]) -> list[Terms] | None:
    """What the rule divides by; None where it cannot be run so, or where that hangs on the state.

    ``inputs`` are quotients that share the list given to it: "curvature" and each hyperparameter.
    """
    runs = []
    for shift in (2, 5):
        kept: list[Terms] = []
        numbers = dict(inputs(kept))
        curvature = numbers.pop("curvature")
        try:
            method(_Watched(curvature), *(curvature._read(k + shift) for k in range(len(method.state))), **numbers)
        except _CANNOT:
            return None
        runs.append(kept)
    same = len(runs[0]) == len(runs[1]) and not any(
        any(plus(one, other, Fraction(-1)).values()) for one, other in zip(*runs, strict=True)
    )
    return runs[0] if same else None


def in_curvature(method: Method, hyper: Mapping[str, Number]) -> list[Coefficients] | None:
    """What the rule divides by at these hyperparameters, polynomials in λ."""

    def inputs(kept: list[Terms]) -> dict[str, Quotient]:
        one: Terms = {(0,): Fraction(1)}
        held: Any = {name: {(0,): number} for name, number in hyper.items()}
        numbers = {name: Quotient(above, one, kept) for name, above in held.items()}
        return {**numbers, "curvature": Quotient({(1,): Fraction(1)}, one, kept)}

    found = divisors(method, inputs)
    return None if found is None else [_coefficients(poly) for poly in found]


def _coefficients(poly: Terms) -> Coefficients:
    size = 1 + max((e for (e,) in poly), default=-1)
    held: Any = [poly.get((k,), Fraction(0)) for k in range(size)]
    return cut([ONE * c for c in held])


def plain(number: Any) -> Fraction:
    """A rational coefficient as a fraction."""
    return (number.parts or (Fraction(0),))[0] if isinstance(number, Number) else Fraction(number)


def nowhere_zero(
    method: Method | None, hyper: Mapping[str, Number], low: Number, high: Number, notes: list[str]
) -> None:
    """Doubt where the rule divides by zero for some curvature in [low, high]; a note where that was not found out."""
    found = None if method is None else in_curvature(method, hyper)
    if found is None:
        notes += [NOT_WATCHED] if method else []
        return
    for poly in found:
        if not poly or not (positive(poly, low, high) or positive([-c for c in poly], low, high)):
            raise Doubt("the rule divides by zero somewhere in the interval")


def stops(method: Method, hyper: Mapping[str, Number], curvature: Number) -> bool:
    """Whether the rule, run on numbers at this curvature, divides by zero; from its first state, or from another."""
    f = Parabola(curvature)
    starts: list[Callable[[], Any]] = [
        lambda: [ONE * (k + 2) for k in range(len(method.state))],
        lambda: method.start(f, ONE),
    ]
    for start in starts:
        try:
            method(f, *start(), **hyper)
        except ZeroDivisionError:
            return True
        except _CANNOT:
            continue
    return False
