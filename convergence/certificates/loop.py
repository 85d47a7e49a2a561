"""The rule run on exact numbers: its characteristic polynomial, what it divides by, and when its roots lie in a disc.

For the open disc of radius R, the Liénard–Chipart polynomials of p(Rz) under z = (1+s)/(1−s) are all positive (Gantmacher
1959, XV §13). For the closed one they are positive for every R + ε with small ε > 0: the first coefficient in ε that is not
identically zero decides, so double roots on the circle and roots that stay on it need no case of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod
from typing import TYPE_CHECKING, Any

from convergence.certificates.exact import Arithmetic, Doubt, Poly, Ring, require

if TYPE_CHECKING:
    from convergence.rule import Method

LARGEST_POWER = 100
"""A power of a number beyond this is not formed."""

Ratio = tuple[Poly, Poly]
"""Numerator and denominator of a number."""


class Pole(Doubt):
    """The rule divides by zero."""


class Restless(Doubt):
    """A state that only keeps time never comes to rest."""


class Quotient(Arithmetic):
    """A quotient of polynomials with the operations of a number: what an update rule is run on.

    ``divisors`` keeps the numerators of all that is divided by, before anything cancels: their zeros are the rule's poles.
    """

    def __init__(self, above: Poly, below: Poly, divisors: list[Poly]) -> None:
        quotient = above * (1 / below.value) if below.is_constant else above.divided(below)
        self.above, self.below = (above, below) if quotient is None else (quotient, above.ring.constant(1))
        self.divisors = divisors

    def refused(self, why: str) -> TypeError:
        """The error to raise. A divisor that is zero stays behind: a rule that catches the error proves nothing."""
        self.divisors.append(self.above * 0)
        return TypeError(why)

    def lifted(self, other: Any) -> Quotient:
        """A number as a quotient, floats as the decimals they print as. TypeError for anything else."""
        if isinstance(other, Quotient):
            return other
        if hasattr(other, "item"):
            other = other.item()
        if isinstance(other, bool) or not isinstance(other, int | float | Fraction):
            raise self.refused(f"{type(other).__name__} is no exact number")
        constant = self.above.ring.constant
        return Quotient(constant(Fraction(str(other))), constant(1), self.divisors)

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

    def __pow__(self, power: int) -> Quotient:
        if not isinstance(power, int) or abs(power) > LARGEST_POWER:
            raise self.refused("a power that is no small integer")
        result: Quotient = prod([self] * abs(power), start=self.lifted(1))
        return result if power >= 0 else self.lifted(1) / result

    def __pos__(self) -> Quotient:
        return self

    def __rtruediv__(self, other: Any) -> Quotient:
        return self.lifted(other) / self

    def __eq__(self, other: object) -> bool:
        raise self.refused("a rule that compares its numbers is not one formula")

    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return self == 0


class Parabola:
    """½λx²: the oracles that a rule may ask."""

    def __init__(self, curvature: Quotient) -> None:
        self.curvature = curvature

    def grad(self, x: Any, /) -> Any:
        """λx."""
        return self.curvature * x

    def solve(self, g: Any, /) -> Any:
        """g/λ."""
        return g / self.curvature


@dataclass(frozen=True)
class Loop:
    """det(zB − N) for the iteration matrix B⁻¹N: ``characteristic`` holds its coefficients, highest first; the first is det B.

    ``rows`` are N and ``belows`` the diagonal of B, ``divisors`` the polynomials whose zeros are poles, det B among them;
    ``clocks`` are the states that only keep time, here at rest.
    """

    characteristic: tuple[Poly, ...]
    divisors: tuple[Poly, ...]
    clocks: tuple[str, ...] = ()
    rows: tuple[list[Poly], ...] = ()
    belows: tuple[Poly, ...] = ()

    def image(self, rate: Ratio, beyond: bool = False) -> list[Poly]:
        """The half-plane coefficients, highest first, for the disc of this radius (its denominator > 0), or of that + ε."""
        above, below = rate
        radius = above + below * above.ring.letter("ε") if beyond else above
        n, first = (
            len(self.characteristic) - 1,
            self.characteristic[0],
        )  # with its square the first coefficient is positive
        scaled = [c * radius ** (n - k) * below**k * first for k, c in enumerate(self.characteristic)]
        return [sum((a * _weight(n, k, p) for k, a in enumerate(scaled)), above * 0) for p in range(n, -1, -1)]

    def necessary(self, rate: Ratio) -> list[Poly]:
        """All polynomials at hand that are positive where all roots lie in the open disc."""
        image = self.image(rate)
        return [*image, *(_hurwitz(image, k) for k in range(len(image) - 2, 1, -2))]

    def conditions(self, rate: Ratio, closed: bool) -> list[Poly]:
        """What is positive exactly where all roots lie in the disc: of the closed one, the first coefficients in ε."""
        image = self.image(rate, closed)
        n = len(image) - 1
        polys = [image[0], *image[n:0:-2], *(_hurwitz(image, k) for k in range(n - 1, 0, -2))]
        return [next((c for c in poly.by("ε") if c), poly) for poly in polys]


def _weight(n: int, k: int, power: int) -> int:
    """The coefficient of this power of s in (1+s)ⁿ⁻ᵏ (1−s)ᵏ."""
    return sum((-1) ** j * comb(k, j) * comb(n - k, power - j) for j in range(min(k, power) + 1))


def _hurwitz(image: Sequence[Poly], order: int) -> Poly:
    """The leading Hurwitz determinant of this order."""
    places = [[2 * j - i + 1 for j in range(order)] for i in range(order)]
    return determinant([[image[k] if 0 <= k < len(image) else image[0] * 0 for k in row] for row in places])


def determinant(rows: Sequence[Sequence[Poly]]) -> Poly:
    """By expansion along the first row: these are small."""
    if len(rows) == 1:
        return rows[0][0]
    minors = [[[*row[:j], *row[j + 1 :]] for row in rows[1:]] for j in range(len(rows))]
    parts = [entry * determinant(minors[j]) * (-1) ** j for j, entry in enumerate(rows[0]) if entry]
    return sum(parts, rows[0][0] * 0)


def ring_of(method: Method, unknown: Sequence[str] = (), ground: str = "t", **field: Any) -> Ring:
    """A ring with letters for λ, ε, roots z, the states and the ``unknown`` hyperparameters."""
    return Ring(("λ", "ε", "z", *(f"state {n}" for n in method.state), *unknown, ground), **field)


def run(method: Method, curvature: Poly, hyper: Mapping[str, Ratio]) -> Loop:
    """Run the rule on letters. Pole where it divides by zero, Doubt where it is not one linear formula."""
    ring, divisors, clocks = curvature.ring, list[Poly](), dict[int, Quotient]()
    one, z, letters = ring.constant(1), ring.letter("z"), [f"state {n}" for n in method.state]
    f = Parabola(Quotient(curvature, one, divisors))
    numbers = {n: Quotient(*ratio, divisors) for n, ratio in hyper.items()}
    state = [Quotient(ring.letter(n), one, divisors) for n in letters]

    def stepped() -> list[Quotient]:
        return [f.curvature.lifted(v) for v in method(f, *(clocks.get(k, s) for k, s in enumerate(state)), **numbers)]

    try:
        values = stepped()
        if not all(_affine(v, letters) for v in values):
            divisors.clear()
            method(f, *method.start(f, state[0]), **numbers)
            timed = [k for k, v in enumerate(values) if k and _keeps_time(v, letters[k], letters)]
            clocks |= {k: _rest(values[k], letters[k]) for k in timed}
            values = stepped()
    except ZeroDivisionError:
        raise Pole("the rule divides by zero") from None
    except TypeError as error:  # a root, a sign or a maximum has no exact formula
        raise Doubt(f"{method.name} cannot be run on exact numbers: {error}") from None
    moving = [k for k in range(len(state)) if k not in clocks]
    linear = all(_affine(values[k], letters) for k in moving) and not any(d.has(*letters) for d in divisors)
    require(linear, f"{method.name} is not linear: it cannot be run on exact numbers")
    rows = tuple([sum(values[k].above.by(letters[j])[1:], one * 0) for j in moving] for k in moving)
    belows = tuple(values[k].below for k in moving)
    shifted = [[belows[i] * z * (i == j) - entry for j, entry in enumerate(row)] for i, row in enumerate(rows)]
    characteristic = tuple(reversed(determinant(shifted).by("z")))
    return Loop(characteristic, (characteristic[0], *divisors), tuple(method.state[k] for k in clocks), rows, belows)


def _affine(value: Quotient, letters: Sequence[str]) -> bool:
    places = [value.above.ring.letters.index(n) for n in letters]
    return not value.below.has(*letters) and all(sum(e[k] for k in places) <= 1 for e in value.above.terms)


def _keeps_time(value: Quotient, own: str, letters: Sequence[str]) -> bool:
    """Whether the state hears nothing but itself."""
    others = ["λ", *(n for n in letters if n != own)]
    return _affine(value, letters) and not value.above.has(*others) and not value.below.has("λ")


def _rest(value: Quotient, own: str) -> Quotient:
    """Where a clock rests: b/(1 − a), of a·reading + b. Restless unless |a| < 1, where that is no question of letters."""
    constant, *slopes = value.above.by(own)
    slope, ring = sum(slopes, constant * 0), constant.ring
    kept, room = value.below - slope, value.below * value.below - slope * slope
    if not kept or not (room.has(*ring.letters[:-1]) or ring.holds(room)):
        raise Restless(f"the clock {own} never comes to rest")
    return Quotient(constant, ring.constant(1), value.divisors) / Quotient(kept, ring.constant(1), value.divisors)
