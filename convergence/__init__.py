"""Convergence studies of optimisers on quadratic least squares: from an update rule to a checked stability report.

>>> import convergence as cv
>>> cv.stability("heavy_ball").lr_max
(2*beta + 2)/lambda

Glossary, for code and formulas alike:

lr (η), momentum (β)
    learning rate and momentum coefficient, in the convention that the method's docstring states
curvature (λ), singular_values (σ)
    eigenvalues of the Hessian and singular values of X: with loss (c/2)‖Xw−y‖², λ = cσ²
mu, L, kappa (μ, L, κ)
    smallest positive and largest curvature, and their ratio L/μ
direction
    a right singular vector of X; errors are written in that basis: e = Vᵀ(w − w*)
radius, rate (ρ)
    spectral radius of the iteration matrix; for a spectrum, its largest. Asymptotic, per step
stable
    ρ < 1, strictly
x, z, s
    the position and state of a method; the variable of a characteristic polynomial; that of its half-plane image

Nothing heavy is imported before it is used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "api.core": (
        "derive",
        "stability",
        "regimes",
        "optimum",
        "spectral_radius",
        "simulate",
        "predict",
        "rate",
        "identify",
        "verify",
        "study",
    ),
    "api.finite": (
        "worst_case",
        "residual_polynomial",
        "residuals",
        "steps_to",
        "steps_across",
        "horizon_optimum",
        "transient",
        "transient_growth",
        "lower_bound",
        "chebyshev_steps",
        "product_peaks",
        "chebyshev_recurrence",
        "krylov_bound",
        "fraction_of_limit",
        "average_case",
        "MarchenkoPastur",
        "PowerLaw",
    ),
    "api.certificates": (
        "certify",
        "certify_formula",
        "certify_optimum",
        "certify_radius",
        "certify_rate",
        "certify_stable",
        "read_certificate",
        "recheck",
    ),
    "api.conventions": ("convert", "equivalences", "equivalent", "in_libraries", "presets"),
    "api.diagnosis": ("diagnose", "diagnose_run"),
    "api.coursework": ("audit", "course"),
    "auditing.claim": ("Finding",),
    "problem": ("LeastSquares", "Direction"),
    "reading": ("read_problem",),
    "rule": ("Method", "method"),
    "methods": ("METHODS",),
    "document": ("Study",),
    "errors": (
        "ConvergenceError",
        "BadData",
        "BadHyperparameter",
        "BadName",
        "BadOutput",
        "BadRule",
        "NoEquivalent",
        "NoStableLearningRate",
        "NotLinear",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("datasets", "methods", "figures", "report")
_COMMANDS = ("terminal",)

__all__ = [
    "METHODS",
    "BadData",
    "BadHyperparameter",
    "BadName",
    "BadOutput",
    "BadRule",
    "ConvergenceError",
    "Direction",
    "Finding",
    "LeastSquares",
    "MarchenkoPastur",
    "Method",
    "NoEquivalent",
    "NoStableLearningRate",
    "NotLinear",
    "PowerLaw",
    "Study",
    "__version__",
    "audit",
    "average_case",
    "certify",
    "certify_formula",
    "certify_optimum",
    "certify_radius",
    "certify_rate",
    "certify_stable",
    "chebyshev_recurrence",
    "chebyshev_steps",
    "convert",
    "course",
    "datasets",
    "derive",
    "diagnose",
    "diagnose_run",
    "equivalences",
    "equivalent",
    "figures",
    "fraction_of_limit",
    "horizon_optimum",
    "identify",
    "in_libraries",
    "krylov_bound",
    "lower_bound",
    "method",
    "methods",
    "optimum",
    "predict",
    "presets",
    "product_peaks",
    "rate",
    "read_certificate",
    "read_problem",
    "recheck",
    "regimes",
    "report",
    "residual_polynomial",
    "residuals",
    "simulate",
    "spectral_radius",
    "stability",
    "steps_across",
    "steps_to",
    "study",
    "terminal",
    "transient",
    "transient_growth",
    "verify",
    "worst_case",
]

if TYPE_CHECKING:
    from convergence import datasets, figures, methods, report, terminal
    from convergence.api.certificates import (
        certify,
        certify_formula,
        certify_optimum,
        certify_radius,
        certify_rate,
        certify_stable,
        read_certificate,
        recheck,
    )
    from convergence.api.conventions import convert, equivalences, equivalent, in_libraries, presets
    from convergence.api.core import (
        derive,
        identify,
        optimum,
        predict,
        rate,
        regimes,
        simulate,
        spectral_radius,
        stability,
        study,
        verify,
    )
    from convergence.api.coursework import audit, course
    from convergence.api.diagnosis import diagnose, diagnose_run
    from convergence.api.finite import (
        MarchenkoPastur,
        PowerLaw,
        average_case,
        chebyshev_recurrence,
        chebyshev_steps,
        fraction_of_limit,
        horizon_optimum,
        krylov_bound,
        lower_bound,
        product_peaks,
        residual_polynomial,
        residuals,
        steps_across,
        steps_to,
        transient,
        transient_growth,
        worst_case,
    )
    from convergence.auditing.claim import Finding
    from convergence.document import Study
    from convergence.errors import (
        BadData,
        BadHyperparameter,
        BadName,
        BadOutput,
        BadRule,
        ConvergenceError,
        NoEquivalent,
        NoStableLearningRate,
        NotLinear,
    )
    from convergence.methods import METHODS
    from convergence.problem import Direction, LeastSquares
    from convergence.reading import read_problem
    from convergence.rule import Method, method


def __getattr__(name: str) -> Any:
    if name in (*_MODULES, *_COMMANDS):
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
