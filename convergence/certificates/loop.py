"""The rule run on exact numbers: its characteristic polynomial, what it divides by, and when its roots lie in a disc.

For the open disc of radius R, the Liénard–Chipart polynomials of p(Rz) under z = (1+s)/(1−s) are all positive (Gantmacher
1959, XV §13). For the closed one they are positive for every R + ε with small ε > 0: the first coefficient in ε that is not
identically zero decides, so double roots on the circle and roots that stay on it need no case of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import comb, prod
from typing import Any

from convergence.certificates.exact import Doubt, Poly, Ring
from convergence.certificates.quotient import Quotient
from convergence.rule import Method

Ratio = tuple[Poly, Poly]
"""Numerator and denominator of a number."""


class Pole(Doubt):
    """The rule divides by zero."""


class Restless(Doubt):
    """A state that only keeps time never comes to rest."""


@dataclass(frozen=True)
class Loop:
    """det(yI − N), monic, for the iteration matrix N/``scale``: ``characteristic`` holds its coefficients, highest first.

    ``divisors`` are the polynomials whose zeros are poles, ``clocks`` the states that only keep time, here at rest.
    """

    characteristic: tuple[Poly, ...]
    scale: Poly
    divisors: tuple[Poly, ...]
    clocks: tuple[str, ...]

    def image(self, rate: Ratio, beyond: bool = False) -> list[Poly]:
        """The half-plane coefficients, highest first, for the disc of this radius (its denominator > 0), or of that + ε."""
        above, below = rate
        radius = (above + below * above.ring.letter("ε") if beyond else above) * self.scale
        size = len(self.characteristic) - 1
        odd = self.scale if size % 2 else 1  # so that the first coefficient is positive
        scaled = [c * radius ** (size - k) * below**k * odd for k, c in enumerate(self.characteristic)]
        return [sum((a * w for w, a in zip(row, scaled, strict=True)), above * 0) for row in _mapping(size)]


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


def ring_of(method: Method, unknown: Sequence[str] = (), ground: str = "t", **field: Any) -> Ring:
    """A ring with letters for λ, ε, the states and the ``unknown`` hyperparameters."""
    return Ring(("λ", "ε", *(f"state {n}" for n in method.state), *unknown, ground), **field)


def run(method: Method, curvature: Poly, hyper: Mapping[str, Ratio]) -> Loop:
    """Run the rule on letters. Pole where it divides by zero, Doubt where it is not one linear formula."""
    ring, divisors = curvature.ring, list[Poly]()
    one = ring.constant(1)
    f = Parabola(Quotient(curvature, one, divisors))
    numbers = {n: Quotient(*ratio, divisors) for n, ratio in hyper.items()}
    letters = [f"state {n}" for n in method.state]
    state = [Quotient(ring.letter(n), one, divisors) for n in letters]
    clocks: dict[int, Quotient] = {}
    try:
        values = _values(method, f, state, numbers)
        if not all(_affine(v, letters) for v in values):
            begun = len(divisors)
            method(f, *method.start(f, state[0]), **numbers)
            divisors[:] = divisors[begun:]
            clocks = {k: _rest(v, k, letters) for k, v in enumerate(values) if k and _keeps_time(v, k, letters)}
            values = _values(method, f, [clocks.get(k, s) for k, s in enumerate(state)], numbers)
    except ZeroDivisionError:
        raise Pole("the rule divides by zero") from None
    moving = [k for k in range(len(state)) if k not in clocks]
    if not all(_affine(values[k], letters) for k in moving) or any(d.has(*letters) for d in divisors):
        raise Doubt(f"{method.name} is not linear: it cannot be run on exact numbers")
    belows = {tuple(sorted(values[k].below.terms.items())): values[k].below for k in moving}
    cofactors = {key: prod([b for other, b in belows.items() if other != key], start=one) for key in belows}
    rows = [
        [_slope(values[i], letters[j]) * cofactors[tuple(sorted(values[i].below.terms.items()))] for j in moving]
        for i in moving
    ]
    scale = prod(belows.values(), start=one)
    return Loop(_faddeev(rows, one), scale, tuple(divisors), tuple(method.state[k] for k in clocks))


def _values(method: Method, f: Parabola, state: Sequence[Quotient], hyper: Mapping[str, Any]) -> list[Quotient]:
    return [f.curvature.lifted(value) for value in method(f, *state, **hyper)]


def _affine(value: Quotient, letters: Sequence[str]) -> bool:
    places = [value.above.ring.letters.index(n) for n in letters]
    return not value.below.has(*letters) and all(sum(e[k] for k in places) <= 1 for e in value.above.terms)


def _keeps_time(value: Quotient, place: int, letters: Sequence[str]) -> bool:
    """Whether the state hears nothing but itself."""
    others = [n for n in letters if n != letters[place]]
    return _affine(value, letters) and not value.above.has("λ", *others) and not value.below.has("λ")


def _rest(value: Quotient, place: int, letters: Sequence[str]) -> Quotient:
    """Where a clock rests: b/(1 − a), of a·reading + b. Restless unless |a| < 1, where that is no question of letters."""
    constant, *slopes = value.above.by(letters[place])
    slope, ring = slopes[0] if slopes else constant * 0, constant.ring
    kept, room = value.below - slope, value.below * value.below - slope * slope
    if not kept or not (room.has(*ring.letters[:-1]) or ring.holds(room, True)):
        raise Restless(f"the clock {letters[place]} never comes to rest")
    return Quotient(constant, constant.ring.constant(1), value.divisors) / Quotient(
        kept, value.below * 0 + 1, value.divisors
    )


def _slope(value: Quotient, letter: str) -> Poly:
    parts = value.above.by(letter)
    return parts[1] if len(parts) > 1 else parts[0] * 0


def _faddeev(rows: list[list[Poly]], one: Poly) -> tuple[Poly, ...]:
    """The characteristic polynomial, by Faddeev's and LeVerrier's recurrence."""
    size = range(len(rows))
    power, result = [[one if i == j else one * 0 for j in size] for i in size], [one]
    for k in range(1, len(rows) + 1):
        product = [[sum((rows[i][m] * power[m][j] for m in size), one * 0) for j in size] for i in size]
        result.append(sum((product[i][i] for i in size), one * 0) * Fraction(-1, k))
        power = [[product[i][j] + (result[-1] if i == j else 0) for j in size] for i in size]
    return tuple(result)


@cache
def _mapping(size: int) -> tuple[tuple[int, ...], ...]:
    """The weights of the coefficients aₖ in those of Σ aₖ (1+s)ⁿ⁻ᵏ (1−s)ᵏ, highest first."""

    def weight(power: int, k: int) -> int:
        chosen = range(max(0, power - (size - k)), min(k, power) + 1)
        return sum((-1) ** j * comb(k, j) * comb(size - k, power - j) for j in chosen)

    return tuple(tuple(weight(power, k) for k in range(size + 1)) for power in range(size, -1, -1))


def decisive(image: Sequence[Poly]) -> list[Poly]:
    """Polynomials that are all positive exactly where all roots lie in the disc."""
    size = len(image) - 1
    return [image[0], *(image[k] for k in range(size, 0, -2)), *(_hurwitz(image, k) for k in range(size - 1, 0, -2))]


def necessary(image: Sequence[Poly]) -> list[Poly]:
    """All polynomials at hand that are positive where all roots lie in the disc."""
    return [*image, *(_hurwitz(image, k) for k in range(len(image) - 2, 1, -2))]


def _hurwitz(image: Sequence[Poly], order: int) -> Poly:
    """The leading Hurwitz determinant of this order."""
    zero = image[0] * 0
    places = [[2 * j - i + 1 for j in range(order)] for i in range(order)]
    return _determinant([[image[k] if 0 <= k < len(image) else zero for k in row] for row in places])


def _determinant(rows: list[list[Poly]]) -> Poly:
    """By expansion along the first row: these are small."""
    if len(rows) == 1:
        return rows[0][0]
    minors = [[[*row[:j], *row[j + 1 :]] for row in rows[1:]] for j in range(len(rows))]
    parts = [entry * _determinant(minors[j]) * (-1) ** j for j, entry in enumerate(rows[0]) if entry]
    return sum(parts, rows[0][0] * 0)


def conditions(loop: Loop, rate: Ratio, closed: bool) -> list[Poly]:
    """What decides whether all roots lie in the disc: of the closed one, the first coefficients in ε."""
    polys = decisive(loop.image(rate, closed))
    return [next((c for c in poly.by("ε") if c), poly) for poly in polys] if closed else polys
