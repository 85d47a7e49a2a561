"""A problem, a method and its settings go in; what was certified of them comes out, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil, floor, log10
from typing import Any

from convergence.certificates.certifying import certified
from convergence.certificates.claims import Formula, Rate, Stable
from convergence.certificates.proof import Proof
from convergence.problem import LeastSquares
from convergence.results import CertificateResult
from convergence.rule import Method
from convergence.theory.dynamics import Dynamics, dynamics

DIGITS = 4
"""The rate is certified rounded up in this digit of its distance from 1: the one in floats is off in its last digit."""


def proofs(
    problem: LeastSquares, method: Method, hyper: Mapping[str, Any], rate: float
) -> tuple[CertificateResult, ...]:
    """Stability and rate of the settings on all of [μ, L], and the closed form of the optimum.

    Settings and curvatures are read as the decimals that they print as.
    """
    mu, L = problem.mu, problem.L
    stable = certified(Stable(method, mu, L, dict(hyper)))
    made = [_said("the settings are stable for every curvature in [μ, L]", stable)]
    if rate < 1:
        bound = rounded_up(rate)
        words = f"the radius is at most {bound:.{_shown(bound)}g} for every curvature in [μ, L]"
        made.append(_said(words, certified(Rate(method, bound, mu, L, dict(hyper)))))
    return (*made, _formula(_Same(method, dynamics(method))))


def rounded_up(rate: float) -> float:
    """A little above the rate: by a unit in the fourth digit of what is left to 1."""
    unit = 10.0 ** (floor(log10(1 - rate)) - DIGITS + 1)
    return min(float(f"{ceil(rate / unit) * unit + unit:.15g}"), 1.0)


def _shown(bound: float) -> int:
    return len(f"{bound:.15g}".lstrip("0.")) or 1


@dataclass(frozen=True, eq=False)
class _Same:
    """A method, equal to another with the same characteristic polynomial: they have one optimum, and one proof."""

    method: Method
    dynamics: Dynamics

    @property
    def _key(self) -> tuple[Any, ...]:
        return self.dynamics.characteristic, tuple(self.dynamics.symbols.items()), self.method.defaults

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@cache
def _formula(same: _Same) -> CertificateResult:
    words = "the closed form of the best rate holds for every κ > 1, and nothing does better"
    return _said(words, certified(Formula(same.method)))


def _said(claim: str, proof: Proof) -> CertificateResult:
    if proof.holds is None:
        return CertificateResult(claim, None, proof.why)
    facts = f"{len(proof.steps)} facts that can be rechecked"
    against = "" if proof.counterexample is None else f"; counterexample {float(proof.counterexample):.6g}"
    assumed = "" if not proof.assumptions else f"; assuming {', '.join(proof.assumptions)}"
    return CertificateResult(claim, proof.holds, f"{facts}{against}{assumed}")
