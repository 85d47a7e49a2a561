"""A method at exact settings and one curvature goes in; an enclosure of its spectral radius comes out, with proof.

Balls around the roots of the exact characteristic polynomial, multiple ones found as such, give the enclosure; two disc
tests in exact arithmetic prove it. A radius that is rational is found exactly.
"""

from __future__ import annotations

from typing import Any

from flint import arb, ctx, fmpq, fmpq_poly

from convergence.certificates.characteristic import Characteristic, Setting, one_number, setting
from convergence.certificates.claims import Radius
from convergence.certificates.discs import conditions
from convergence.certificates.facts import characteristic_step, decimal, defined, disc_steps
from convergence.certificates.field import Scalar, as_data, sign
from convergence.certificates.places import sympy_rational
from convergence.certificates.proof import Proof, Step, shown

WIDTH = fmpq(1, 10**30)
"""An enclosure is not wider than this, in parts of 1 + radius, where the radius is no rational number."""

SHORT = 10**12
"""A radius with a denominator up to this is recognised as rational."""

PRECISION = 256


def radius(claim: Radius) -> Proof:
    """Enclose the radius. The claim that it lies in the enclosure then holds; it fails where there is no matrix."""
    curvature = one_number("curvature", claim.curvature)
    found = setting(claim.method, claim.hyper, [curvature])
    (at,) = found.others
    here = found.characteristic.at(at)
    begin = characteristic_step(found)
    where = f"the spectral radius of {found.method.name} at λ = {shown(curvature)}"
    undefined = defined(found.characteristic.at(at), at, at)[2]
    if undefined is not None:
        return _nowhere(found, curvature, at, undefined)
    lower, upper = _enclosure(here)
    inside, place, _ = disc_steps(found.characteristic, upper, at, at, True)
    outside = disc_steps(found.characteristic, lower, at, at, False)[2] if lower > 0 else None
    steps = (begin, *inside, *([outside] if outside else []))
    if place is not None or (lower > 0 and outside is None):
        raise ArithmeticError(f"the enclosure [{lower}, {upper}] was not confirmed")
    statement = {
        "kind": "radius",
        **{n: as_data(v) for n, v in (("curvature", at), ("lower", lower), ("upper", upper))},
    }
    said = (
        f"{where} is {decimal(lower)}"
        if lower == upper
        else f"{where} lies in [{float(lower):.17g}, {float(upper):.17g}]"
    )
    ends = sympy_rational(lower), sympy_rational(upper)
    return Proof(said, True, "", steps, statement, lower=ends[0], upper=ends[1], method=found.method)


def _nowhere(found: Setting, curvature: Any, at: Scalar, undefined: Step) -> Proof:
    """The rule divides by zero: there is no radius."""
    said = f"{found.method.name} has a spectral radius at λ = {shown(curvature)}"
    why = "the method has no iteration matrix there"
    statement = {"kind": "radius", "curvature": as_data(at)}
    steps = (characteristic_step(found), undefined)
    return Proof(said, False, why, steps, statement, counterexample=curvature, method=found.method)


def _enclosure(here: Characteristic) -> tuple[fmpq, fmpq]:
    low, high = _by_balls(here) if here.field is None else _by_bisection(here)
    guess = simplest(low, high)
    if guess.q <= SHORT and _within(here, guess) and not _strictly_within(here, guess):
        return guess, guess
    return low, high


def _by_balls(here: Characteristic) -> tuple[fmpq, fmpq]:
    poly = fmpq_poly([c[0] for c in reversed(here.coefficients)])
    with ctx.workprec(PRECISION):
        found: list[Any] = poly.complex_roots()
        sizes = [abs(root) for root, _ in found]
        top = sizes[0]
        for size in sizes[1:]:
            top = top.max(size)
        return max(_fraction(top.lower()), fmpq(0)), _fraction(top.upper())


def _fraction(end: arb) -> fmpq:
    mantissa, power = end.man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(power)


def _by_bisection(here: Characteristic) -> tuple[fmpq, fmpq]:
    """By disc tests alone: the roots of a polynomial over a number field are not at hand as balls."""
    low, high = fmpq(0), fmpq(1)
    while not _within(here, high):
        low, high = high, 2 * high
    while high - low > WIDTH * (1 + high):
        middle = (low + high) / 2
        low, high = (low, middle) if _within(here, middle) else (middle, high)
    return low, high


def _within(here: Characteristic, radius: fmpq) -> bool:
    return all(sign(c.poly[0] if c.poly else fmpq(0)) > 0 for c in conditions(here, radius, True))


def _strictly_within(here: Characteristic, radius: fmpq) -> bool:
    return all(sign(c.poly[0] if c.poly else fmpq(0)) > 0 for c in conditions(here, radius, False))


def simplest(low: fmpq, high: fmpq) -> fmpq:
    """The fraction with the smallest denominator in [low, high], by Stern's and Brocot's tree."""
    whole = -((-low).floor()) if hasattr(low, "floor") else low
    if whole <= high:
        return fmpq(whole)
    below = low.floor()
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))
