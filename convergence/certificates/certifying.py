"""A claim goes in; its proof, or its refutation, comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convergence.certificates.claims import Claim, Formula, Optimum, Radius, Rate, Stable
from convergence.certificates.formula import formula
from convergence.certificates.interval import rate, stable
from convergence.certificates.optimum import optimum
from convergence.certificates.proof import Proof
from convergence.certificates.radius import radius

_PROVERS: dict[type, Callable[[Any], Proof]] = {
    Radius: radius,
    Stable: stable,
    Rate: rate,
    Optimum: optimum,
    Formula: formula,
}


def certified(claim: Claim) -> Proof:
    """Decide a claim. TypeError for what is none; what the kind of claim raises for numbers that cannot be used."""
    if type(claim) not in _PROVERS:
        known = ", ".join(kind.__name__ for kind in _PROVERS)
        raise TypeError(f"a claim is one of {known}; got {claim!r}")
    return _PROVERS[type(claim)](claim)
