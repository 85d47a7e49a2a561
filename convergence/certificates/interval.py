"""A claim about all curvatures in [μ, L] at given settings goes in: stable, or no slower than a rate. Its proof comes out."""

from __future__ import annotations

from typing import Any

from flint import fmpq

from convergence.certificates.characteristic import Setting, interval, one_number, setting
from convergence.certificates.claims import Rate, Stable
from convergence.certificates.facts import characteristic_step, disc_steps
from convergence.certificates.field import Scalar, as_data
from convergence.certificates.places import curvature_at
from convergence.certificates.proof import Proof, Step, shown
from convergence.errors import BadHyperparameter


def stable(claim: Stable) -> Proof:
    """Whether the radius is below 1 for every λ in [mu, L]; the counterexample is a λ where it is not."""
    mu, L = interval(claim.mu, claim.L)
    found = setting(claim.method, claim.hyper, [mu, L])
    low, high = found.others
    text = f"{_method(found)} is stable for all λ in [{shown(mu)}, {shown(L)}]"
    return _decided(found, text, "stable", fmpq(1), low, high, closed=False)


def rate(claim: Rate) -> Proof:
    """Whether the radius is at most the rate for every λ in [mu, L]; the counterexample is a λ where it is larger."""
    mu, L = interval(claim.mu, claim.L)
    bound = one_number("rate", claim.rate)
    if bound.is_negative:
        raise BadHyperparameter(f"a rate is a spectral radius, so not negative; got {claim.rate!r}")
    found = setting(claim.method, claim.hyper, [mu, L, bound])
    low, high, radius = found.others
    text = f"{_method(found)} has a radius of at most {shown(bound)} for all λ in [{shown(mu)}, {shown(L)}]"
    return _decided(found, text, "rate", radius, low, high, closed=True)


def _decided(found: Setting, text: str, kind: str, radius: Scalar, low: Scalar, high: Scalar, *, closed: bool) -> Proof:
    steps, place, against = disc_steps(found.characteristic, radius, low, high, closed)
    statement: dict[str, Any] = {
        "kind": kind,
        "mu": as_data(low),
        "L": as_data(high),
        "radius": as_data(radius),
    }
    begin = characteristic_step(found)
    if against is None:
        return Proof(text, True, "", (begin, *steps), statement, method=found.method)
    at = curvature_at(place, found.characteristic.field)
    return Proof(text, False, _why(kind, against), (begin, against), statement, counterexample=at, method=found.method)


def _why(kind: str, against: Step) -> str:
    if against.kind == "undefined":
        return "the method has no iteration matrix there"
    return "the radius is not below 1 there" if kind == "stable" else "the radius is larger there"


def _method(found: Setting) -> str:
    named = ", ".join(f"{name}={shown(value)}" for name, value in found.hyper.items())
    return f"{found.method.name}({named})"
