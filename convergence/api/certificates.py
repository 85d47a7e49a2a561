"""Claims about a method go in, and are handed to the layer that proves or refutes them; proofs come out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from convergence.certificates.certifying import certified as _certified
from convergence.certificates.claims import Claim, Formula, Optimum, Radius, Rate, Stable
from convergence.certificates.proof import Proof
from convergence.certificates.sceptic import Recheck
from convergence.methods import METHODS, as_method
from convergence.rule import Method

AnyMethod = Any
"""A Method, the name of one in METHODS, or an update rule that was not made a Method yet."""

__all__ = [
    "Formula",
    "Optimum",
    "Proof",
    "Radius",
    "Rate",
    "Recheck",
    "Stable",
    "certify",
    "certify_formula",
    "certify_optimum",
    "certify_radius",
    "certify_rate",
    "certify_stable",
    "read_certificate",
    "recheck",
]


def certify(claim: Claim) -> Proof:
    """Prove or refute a claim: a Radius, Stable, Rate, Optimum or Formula of ``convergence.certificates.claims``.

    The proof is truthy where the claim was proven; ``.holds`` is None where it is undecided, and ``.why`` says so. Its
    ``.steps`` are elementary facts, which ``.recheck()`` goes through again without the prover's arithmetic. Numbers are
    read exactly, floats as the decimals they print as. Raises TypeError for what is no claim.

    >>> from convergence.certificates.claims import Stable
    >>> certify(Stable("gradient_descent", 1, 4, {"lr": 0.25}))
    proven: gradient_descent(lr=1/4) is stable for all λ in [1, 4]
    """
    known = replace(claim, method=as_method(claim.method)) if hasattr(claim, "method") else claim
    return _certified(known)


def certify_radius(m: AnyMethod, /, curvature: Any, **hyper: Any) -> Proof:
    """Enclose the spectral radius at one curvature: ``.lower`` ≤ ρ ≤ ``.upper``, equal where the radius is a short fraction.

    Refuted, with the curvature as ``.counterexample``, where the rule divides by zero: there is no radius.
    Exact rational numbers, at most 1e-30 apart (relative to 1 + ρ); double eigenvalues are no exception. Raises
    BadHyperparameter for hyperparameters that are missing, unknown or no numbers, NotLinear where there is no matrix.

    >>> certify_radius("heavy_ball", 1, lr=0.25, momentum=0.25).upper
    1/2
    """
    return _certified(Radius(as_method(m), curvature, hyper))


def certify_stable(m: AnyMethod, /, *, mu: Any, L: Any, **hyper: Any) -> Proof:
    """Prove that the method is stable, ρ < 1, for *all* curvatures in [mu, L]; or find ``.counterexample``, a λ where ρ ≥ 1.

    A λ where the rule divides by zero is a counterexample too, also if that cancels in its characteristic polynomial.
    Schur–Cohn polynomials in λ (Liénard and Chipart 1914) and the roots they have in the interval (Sturm 1829): exact, also
    at the boundary, which is not stable. Raises what ``certify_radius`` raises; 0 < mu ≤ L must be finite.

    >>> certify_stable("gradient_descent", mu=1, L=4, lr=0.5)
    refuted: gradient_descent(lr=1/2) is stable for all λ in [1, 4]; counterexample 4 (the radius is not below 1 there)
    """
    return _certified(Stable(as_method(m), mu, L, hyper))


def certify_rate(m: AnyMethod, /, rate: Any, *, mu: Any, L: Any, **hyper: Any) -> Proof:
    """Prove ρ ≤ ``rate`` for all curvatures in [mu, L], equality allowed; or find a λ where ρ is larger.

    Numbers may be SymPy's algebraic ones, as (sqrt(kappa)−1)/(sqrt(kappa)+1): the decision is exact. Raises what
    ``certify_stable`` raises, and BadHyperparameter for a negative rate.

    >>> bool(certify_rate("gradient_descent", 0.6, mu=1, L=4, lr=0.4))
    True
    """
    return _certified(Rate(as_method(m), rate, mu, L, hyper))


def certify_optimum(m: AnyMethod, /, *, mu: Any, L: Any, epsilon: Any = 1e-6, **fixed: Any) -> Proof:
    """Enclose the best rate over [mu, L]: ``.upper`` is reached by the exact ``.hyper``, nothing is below ``.lower``.

    Over all hyperparameters (lr and momentum not negative) but the ``fixed`` ones and those with a default, which keep it
    as in ``optimum``. At most ``epsilon`` apart, or undecided, with the gap reached. By an identity of polynomials where
    one is found (Farkas 1902, Handelman 1988), else by branch and bound. mu, L and what is fixed must be rational.
    Raises what ``optimum`` raises.

    >>> certify_optimum("gradient_descent", mu=1, L=4).upper
    3/5
    """
    return _certified(Optimum(as_method(m), mu, L, epsilon, fixed))


def certify_formula(m: AnyMethod, /, *, rate: Any = None, hyper: Any = None) -> Proof:
    """Prove the derived closed form of the optimum for all κ = L/μ > 1: it is attained, and no hyperparameters do better.

    ``rate`` and ``hyper`` put formulas of one's own (in SymPy's positive symbols mu and L) in the place of the derived
    ones. Undecided where only one half of it could be shown (``.why`` says which); the counterexample is a κ.

    >>> bool(certify_formula("gradient_descent"))
    True
    """
    return _certified(Formula(as_method(m), rate, hyper))


def read_certificate(text: str) -> Proof:
    """The certificate that ``Proof.to_json`` wrote; nothing in it is believed before ``recheck``. BadData for other text.

    >>> kept = certify_stable("gradient_descent", mu=1, L=4, lr=0.25).to_json()
    >>> read_certificate(kept)
    proven: gradient_descent(lr=1/4) is stable for all λ in [1, 4]
    """
    return Proof.from_json(text)


def recheck(proof: Proof, m: AnyMethod | None = None) -> Recheck:
    """Recheck each fact of a certificate; with the rule ``m``, or the one in METHODS that it names, run on exact numbers.

    >>> bool(recheck(certify_stable("gradient_descent", mu=1, L=4, lr=0.25)))
    True
    """
    return proof.recheck(_rule(proof) if m is None else as_method(m))


def _rule(proof: Proof) -> Method | None:
    names = (step.data.get("method") for step in proof.steps)
    return proof.method or next((METHODS[n] for n in names if isinstance(n, str) and n in METHODS), None)
