"""What a certificate claims, in words made of its numbers: nothing of a file is repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction

from convergence.certificates.certificate import Best, Certificate, ClosedForm, Enclosure, Theta, Undecided
from convergence.certificates.exact import Doubt, Ring, at


def claim(certificate: Certificate) -> str:
    """The claim in words, from its numbers."""
    if isinstance(certificate, Undecided):
        return certificate.about
    c, name = certificate, certificate.method
    if isinstance(c, Best):
        held = f" with {listed(c.held)}" if c.held else ""
        mu, L, lower, upper = map(shown, (c.mu, c.L, c.lower, c.upper))
        return f"the best rate of {name}{held} over [{mu}, {L}] lies in [{lower}, {upper}]"
    if isinstance(c, ClosedForm):
        hyper = ", ".join(f"{n} = {_ratio_text(v)}" for n, v in c.hyper.items())
        held = f" with {listed(c.held)}" if c.held else ""
        where = f"where L/μ = {_poly_text(c.kappa)} for any t > {shown(c.start)}"
        return f"the best rate of {name}{held} over [μ, L] is {_ratio_text(c.rate)}, {where}, at {hyper}, for μ = 1"
    hyper = ", ".join(f"{n}={decimal(v, c.field)}" for n, v in c.hyper.items())
    if isinstance(c, Enclosure):
        where = f"the spectral radius of {name}({hyper}) at λ = {decimal(c.curvature, c.field)}"
        if c.lower is None or c.upper is None:
            return f"there is {where}"
        return (
            f"{where} is {shown(c.lower)}"
            if c.lower == c.upper
            else f"{where} lies in [{shown(c.lower, 17)}, {shown(c.upper, 17)}]"
        )
    said = "is stable" if c.kind == "stable" else f"has a radius of at most {decimal(c.rate, c.field)}"
    return f"{name}({hyper}) {said} for all λ in [{decimal(c.mu, c.field)}, {decimal(c.L, c.field)}]"


def listed(numbers: Mapping[str, str]) -> str:
    return ", ".join(f"{n}={shown(v)}" for n, v in numbers.items())


def shown(number: str, digits: int = 12) -> str:
    """A fraction as it is where it is short; else its first digits, cut off: rounded, a bound would claim too much."""
    above, _, below = number.partition("/")
    if len(number) <= 16:
        return number
    context = Context(prec=digits, rounding=ROUND_DOWN)
    return f"{context.divide(Decimal(above), Decimal(below or 1))}…"


def decimal(number: Sequence[str], field: Theta | None) -> str:
    if len(number) == 1 or field is None:
        return shown(number[0])
    try:
        ring = Ring(("θ",), *theta_of(field))
        poly = ring.number([Fraction(c) for c in number])
        while ring.high - ring.low > Fraction(1, 10**20):
            ring.halve()
    except Doubt:  # of a file that will not be confirmed
        return " + ".join(f"{shown(c)}·θ^{k}" for k, c in enumerate(number)).replace("·θ^0", "")
    return shown(str(at([c.value for c in poly.by("θ")], ring.low)))


def theta_of(field: Theta) -> tuple[tuple[Fraction, ...], Fraction, Fraction]:
    return tuple(map(Fraction, field.modulus)), Fraction(field.low), Fraction(field.high)


def _poly_text(coefficients: Sequence[str]) -> str:
    powers = [f"{c}{'·t' if k else ''}{f'^{k}' if k > 1 else ''}" for k, c in enumerate(coefficients) if Fraction(c)]
    return " + ".join(reversed(powers)).replace("+ -", "− ").replace("1·t", "t") or "0"


def _ratio_text(ratio: tuple[Sequence[str], Sequence[str]]) -> str:
    above, below = map(_poly_text, ratio)
    return above if below == "1" else f"({above})/({below})"
