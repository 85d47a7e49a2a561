"""Convergence studies of optimisers on quadratic least squares: from an update rule to a checked stability report.

>>> import convergence as cv
>>> cv.stability("heavy_ball").lr_max
2*(beta + 1)/lambda

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

The public names stand in ``__init__.pyi``, once; nothing is imported before it is used (PEP 562, SPEC 1).
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
