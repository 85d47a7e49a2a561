"""What a certificate claims, in words made of its numbers: nothing of a file is repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction
from typing import Any

from convergence.certificates.certificate import (
    Beyond,
    Certificate,
    Formula,
    MeanSquare,
    Number,
    OnInterval,
    Optimum,
    Ratio,
    Theta,
    Undecided,
)
from convergence.certificates.exact import at

WIDTH = Fraction(1, 10**20)
"""Where θ is enclosed so narrowly, the digits of a number of its field are printed."""


def claim(certificate: Certificate) -> str:
    """The claim in words, from its numbers."""
    if isinstance(certificate, Undecided):
        return certificate.about
    if isinstance(certificate, MeanSquare):
        return _mean_square(certificate)
    return _on_interval(certificate) if isinstance(certificate, OnInterval) else _best(certificate)


def _best(c: Optimum | Formula) -> str:
    best = f"the best rate of {c.method}{f' with {listed(c.held)}' if c.held else ''}"
    if isinstance(c, Optimum):
        mu, L, lower, rate = map(shown, (c.mu[0], c.L[0], c.lower, ratio(c.rate)))
        return f"{best} over [{mu}, {L}] lies in [{lower}, {rate}]"
    hyper = ", ".join(f"{n} = {_in_t(v)}" for n, v in c.hyper.items())
    where = f"where L/μ = {_poly(c.L)} for any t > {shown(c.ground.start)}"
    return f"{best} over [μ, L] is {_in_t(c.rate)}, {where}, at {hyper}, for μ = 1"


def _on_interval(c: OnInterval) -> str:
    setting = f"{c.method}({', '.join(f'{n}={_quotient(v, c.ground)}' for n, v in c.hyper.items())})"
    mu, L = (decimal(v, c.ground) for v in (c.mu, c.L))
    if c.kind == "radius":
        where, rate = f"the spectral radius of {setting} at λ = {mu}", _quotient(c.rate, c.ground, 17)
        if not c.holds or c.lower is None:
            return f"there is {where}"
        return f"{where} {f'is {rate}' if c.lower == ratio(c.rate) else f'lies in [{shown(c.lower, 17)}, {rate}]'}"
    said = "is stable" if c.kind == "stable" else f"has a radius of at most {_quotient(c.rate, c.ground)}"
    return f"{setting} {said} for all λ in [{mu}, {L}]"


def _mean_square(c: MeanSquare) -> str:
    drawn = "with replacement" if c.sampling == "replacement" else "distinct within a step"
    data = f"these {len(c.rows)} rows of {len(c.rows[0])} numbers, a row's Hessian {shown(c.weight)}·xxᵀ"
    return f"{c.method}({listed(c.hyper)}) is stable in mean square on batches of {c.batch}, {drawn}, of {data}"


def listed(numbers: Mapping[str, str]) -> str:
    """Hyperparameters and their values."""
    return ", ".join(f"{n}={shown(v)}" for n, v in numbers.items())


def shown(number: str, digits: int = 12) -> str:
    """A fraction as it is where it is short; else its first digits, cut off: rounded, a bound would claim too much."""
    if len(number) <= 16:
        return number
    exact = Fraction(number)
    context = Context(prec=digits, rounding=ROUND_DOWN)
    return f"{context.divide(Decimal(exact.numerator), Decimal(exact.denominator))}…"


def ratio(parts: Ratio) -> str:
    """A quotient of two fractions; "nan" where there is none."""
    (above, *_), (below, *_) = parts
    return str(Fraction(above) / Fraction(below)) if Fraction(below) else "nan"


def _quotient(parts: Ratio, ground: Theta | None, digits: int = 12) -> str:
    above, below = (decimal(part, ground, digits) for part in parts)
    return shown(ratio(parts), digits) if ground is None else above if below == "1" else f"({above})/({below})"


def decimal(number: Number, ground: Theta | None, digits: int = 12) -> str:
    """A number of a field: its first digits, where it is no fraction."""
    if len(number) == 1 or not isinstance(ground, Theta):
        return shown(number[0], digits)
    low, high = Fraction(ground.low), Fraction(ground.high)
    return shown(str(at([*map(Fraction, number)], low)), digits) if abs(high - low) < WIDTH else _poly(number, "θ")


def grounded(ground: Theta | Beyond | None) -> dict[str, Any]:
    """What a ring needs of θ, or of t."""
    if ground is None or isinstance(ground, Beyond):
        return {} if ground is None else {"low": Fraction(ground.start)}
    return {"modulus": tuple(map(Fraction, ground.modulus)), "low": Fraction(ground.low), "high": Fraction(ground.high)}


def _poly(coefficients: Sequence[str], letter: str = "t") -> str:
    powers = [_term(c, letter, k) for k, c in enumerate(coefficients) if Fraction(c)]
    return " + ".join(reversed(powers)).replace("+ -", "− ") or "0"


def _term(coefficient: str, letter: str, power: int) -> str:
    if not power:
        return coefficient
    times = {"1": "", "-1": "-"}.get(coefficient, f"{coefficient}·")
    return f"{times}{letter}{f'^{power}' if power > 1 else ''}"


def _in_t(parts: Ratio) -> str:
    above, below = map(_poly, parts)
    return above if below == "1" else f"({above})/({below})"
