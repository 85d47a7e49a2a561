"""Claims proven or refuted, certificates read and rechecked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convergence.certificates.check import Recheck
from convergence.certificates.claims import Claim, Formula, MeanSquare, Optimum, Radius, Rate, Stable
from convergence.certificates.closed_form import closed_form
from convergence.certificates.interval import radius, rate, stable
from convergence.certificates.mean_square import mean_square
from convergence.certificates.optimum import optimum
from convergence.certificates.proof import Proof
from convergence.errors import BadData, BadRule
from convergence.methods import as_method

_PROVERS: dict[type, Callable[..., Proof]] = {
    Radius: radius,
    Stable: stable,
    Rate: rate,
    Optimum: optimum,
    Formula: closed_form,
    MeanSquare: mean_square,
}


def certify(claim: Claim) -> Proof:
    """Prove or refute a claim.

    Parameters
    ----------
    claim
        A Radius, Stable, Rate, Optimum, Formula or MeanSquare of ``convergence.certificates.claims``. Numbers are read
        exactly, floats as the decimals they print as.

    Returns a Proof, truthy where the claim was proven; ``.holds`` is None where it is undecided, and ``.why`` says so. Raises
    BadRule for what is no claim, and what the kind of claim raises for numbers that cannot be used.

    >>> from convergence.certificates.claims import Stable
    >>> bool(certify(Stable("heavy_ball", 1, 100, {"lr": 0.01, "momentum": 0.5})))
    True
    """
    if type(claim) not in _PROVERS:
        known = ", ".join(kind.__name__ for kind in _PROVERS)
        raise BadRule(f"a claim is one of {known}; got {claim!r}")
    _, *given = vars(claim).values()
    return _PROVERS[type(claim)](as_method(claim.method), *given)


def certify_radius(m: Any, /, curvature: Any, **hyper: Any) -> Proof:
    """Enclose the spectral radius at one curvature: ``.lower`` ≤ ρ ≤ ``.upper``.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    curvature, hyper
        Real algebraic numbers: floats, fractions, SymPy's square roots.

    The ends are rational, equal where the radius is a short fraction, and at most 2e-31 apart (relative to 1 + ρ) elsewhere;
    double eigenvalues are no exception. Refuted where the rule divides by zero: there is no radius. Raises BadHyperparameter
    for what is missing, unknown or no such number, NotLinear where there is no matrix.

    >>> certify_radius("heavy_ball", 1, lr=0.25, momentum=0.25).upper
    1/2
    """
    return radius(as_method(m), curvature, hyper)


def certify_stable(m: Any, /, *, mu: Any, L: Any, **hyper: Any) -> Proof:
    """Prove that the method is stable, ρ < 1, for *all* curvatures in [mu, L]; or find ``.counterexample``, a λ where ρ ≥ 1.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    mu, L, hyper
        Real algebraic numbers, 0 < mu ≤ L.

    A λ where the rule divides by zero is a counterexample too, also if that cancels in its characteristic polynomial. The
    Liénard–Chipart polynomials (1914) in λ, and their signs: exact, also at the boundary, which is not stable. Raises what
    ``certify_radius`` raises.

    >>> certify_stable("heavy_ball", mu=1, L=100, lr=0.03, momentum=0.5).counterexample
    100
    """
    return stable(as_method(m), mu, L, hyper)


def certify_rate(m: Any, /, rate: Any, *, mu: Any, L: Any, **hyper: Any) -> Proof:
    """Prove ρ ≤ ``rate`` for all curvatures in [mu, L], equality allowed; or find a λ where ρ is larger.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    rate, mu, L, hyper
        Real algebraic numbers, as (sqrt(kappa)−1)/(sqrt(kappa)+1) in SymPy: the decision is exact.

    Raises what ``certify_stable`` raises, and BadHyperparameter for a negative rate.

    >>> from fractions import Fraction
    >>> bool(certify_rate("gradient_descent", Fraction(9, 11), mu=1, L=10, lr=Fraction(2, 11)))
    True
    """
    return _PROVERS[Rate](as_method(m), rate, mu, L, hyper)


def certify_optimum(m: Any, /, *, mu: Any, L: Any, epsilon: Any = 1e-6, **fixed: Any) -> Proof:
    """Enclose the best rate over [mu, L]: ``.upper`` is reached by the exact ``.hyper``, nothing is below ``.lower``.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    mu, L
        Rational numbers, 0 < mu ≤ L.
    epsilon
        How far apart the ends may be; undecided, with the gap reached, where they are not so near.
    fixed
        Hyperparameters that are held; those with a default keep it, as in ``optimum``. Over all others, no less than their
        domains' lower ends (``lr`` and ``momentum`` not negative).

    By an identity of polynomials where one is found (Farkas 1902, Handelman 1988), else by branch and bound. Raises what
    ``optimum`` raises, and BadHyperparameter for irrational numbers.

    >>> proof = certify_optimum("gradient_descent", mu=1, L=10)
    >>> proof.upper, proof.hyper
    (9/11, {'lr': 2/11})
    """
    return optimum(as_method(m), mu, L, epsilon, fixed)


def certify_formula(m: Any, /, *, rate: Any = None, hyper: Any = None) -> Proof:
    """Prove the closed form of the optimum for all κ = L/μ > 1: it is reached, and no hyperparameters do better.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    rate, hyper
        Formulas of one's own, in SymPy's positive symbols mu and L, in the place of the derived ones.

    Undecided where only one half of it could be shown (``.why`` says which), or for an optimum without a closed form in one
    square root; the counterexample is a κ.

    Raises
    ------
    BadHyperparameter
        For a rate that is no formula, or hyperparameters that are not those of the optimum.
    NotLinear
        For a rule without an iteration matrix.
    BadName, BadRule
        For what is no method.

    >>> bool(certify_formula("gradient_descent"))
    True
    """
    return closed_form(as_method(m), rate, hyper)


def certify_mean_square(p: Any, m: Any, /, batch: int, *, sampling: str = "replacement", **hyper: Any) -> Proof:
    """Prove that second moments tend to zero under minibatches of the data's rows, or that they do not.

    Parameters
    ----------
    p
        A LeastSquares or (X, y), in few directions: numbers are read exactly, floats as the decimals they print as.
    m
        A Method, its name in ``METHODS``, a preset ("pytorch"), or a plain update rule.
    batch
        Rows of a batch, B.
    sampling
        "replacement" or "step" (distinct rows within a step).
    hyper
        Rational numbers.

    It is about the errors alone: noise that is left at the rest (residuals, weight decay) adds a constant, so that second
    moments stay bounded. The witness is a matrix that a step of second moments makes smaller, positive definite or not.
    It is found in fractions: no rounding leaves a side of the limit open. Raises BadData for a list of curvatures, data
    without full column rank or with many columns, NotLinear for a rule whose step is not affine in the sampled Hessian,
    BadHyperparameter for a wrong batch or setting.

    >>> rows = ([[1.0, 0.5], [-0.5, 1.0], [1.0, 1.0]], [0.0, 1.0, 0.0])
    >>> bool(certify_mean_square(rows, "gradient_descent", 1, lr=0.15))
    True
    >>> certify_mean_square(rows, "gradient_descent", 1, lr=0.4).why
    'second moments do not tend to zero'
    """
    return mean_square(as_method(m), p, batch, sampling, hyper)


def read_certificate(text: str | bytes) -> Proof:
    """The certificate that ``Proof.to_json`` wrote. Nothing in it is believed before ``recheck``.

    Raises BadData for text that is no certificate: other JSON, entries that no check reads, numbers of thousands of digits.

    >>> read_certificate(certify_stable("gradient_descent", mu=1, L=10, lr=0.1).to_json()).recheck()
    2 facts hold
    """
    return Proof.from_json(text)


def recheck(proof: Proof, m: Any = None) -> Recheck:
    """Verify each fact of a certificate, with the rule run on exact numbers, in Python's fractions alone.

    Parameters
    ----------
    proof
        From a prover, or from ``read_certificate``.
    m
        The rule that it is about; by default its own, or the one in ``METHODS`` that it names.

    Truthy where the certificate proves (or refutes) its claim, which is ``proof.claim``, made of the numbers that are checked:
    ``.passed`` says what was verified, ``.failed`` what was not so. Nothing is confirmed without the rule, of one that is
    not linear, or of another one: that is a failed fact, and no error.

    Raises
    ------
    BadData
        For what is no certificate.
    BadName, BadRule
        For what is no method.

    >>> recheck(certify_stable("gradient_descent", mu=1, L=10, lr=0.1)).passed[0]
    'Liénard–Chipart polynomial 1, of degree 1 in λ, is > 0 for all λ'
    """
    if not isinstance(proof, Proof):
        raise BadData(f"a certificate is from a prover or read_certificate; got {str(proof)[:60]!r}")
    return proof.recheck(None if m is None else as_method(m))
