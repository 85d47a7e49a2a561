"""How far two right computations of one number may lie apart. Each is a function of ε, size and conditioning; none is a
number that happened to pass. The factor SLACK covers the constants that rounding-error analysis leaves out.
"""

from __future__ import annotations

import numpy as np

EPS = float(np.finfo(float).eps)
SLACK = 16.0


def singular_values(X):
    """Backward stable: the values of a matrix within a few ε of X (Weyl), so absolute in the largest of them."""
    return SLACK * EPS * np.sqrt(min(X.shape)) * np.linalg.norm(X, 2)


def gradient(X, y, w, scale=2.0):
    """Two products with X: each rounds relative to the size of its terms, before they cancel."""
    size = np.linalg.norm(X, 2)
    return SLACK * EPS * scale * X.shape[1] * size * (size * np.linalg.norm(w) + np.linalg.norm(y))


def loss(X, y, w, scale=2.0):
    """The residual rounds relative to its terms, and is squared."""
    return SLACK * EPS * scale * X.shape[1] * (np.linalg.norm(X, 2) * np.linalg.norm(w) + np.linalg.norm(y)) ** 2


def minimizer(X, y):
    """Wedin (1973): κ(X) times the solution, and κ(X)² times the part of the target that cannot be fitted."""
    sigma = np.linalg.svd(X, compute_uv=False)
    smallest = sigma[sigma > max(X.shape) * EPS * sigma[0]][-1]
    w = np.linalg.pinv(X, rcond=max(X.shape) * EPS) @ y
    misfit = np.linalg.norm(X @ w - y) + EPS * np.linalg.norm(y)
    kappa = sigma[0] / smallest
    return SLACK * EPS * np.sqrt(X.shape[1]) * kappa * (np.linalg.norm(w) + kappa * misfit / sigma[0])


def inverse(kappa, size):
    """Solving with a matrix of condition number κ loses a factor κ."""
    return SLACK * EPS * kappa * size


def spectrum_made(kappa):
    """A matrix stored in doubles holds σ to ε·σ_max, so λ = cσ² relatively to 2ε·√κ at the small end."""
    return SLACK * EPS * np.sqrt(kappa)


def double_eigenvalue(kappa):
    """A double eigenvalue splits by the square root of the backward error: √ε, times how far the block is from normal."""
    return SLACK * np.sqrt(EPS) * (1 + np.log10(kappa))


def run(X, y, x, lr, momentum, scale=2.0):
    """Every step rounds by lr times the gradient's error; momentum adds it up to 1/(1−β) times, over all steps."""
    reach = np.abs(x).max() * np.sqrt(x.shape[1])
    return len(x) * lr / (1 - momentum) * gradient(X, y, np.full(1, reach), scale) + len(x) * EPS * reach


def newton_run(X, y, x):
    """A Newton step made from the gradient loses κ(X)² of it (the gradient's rounding, divided by μ)."""
    sigma = np.linalg.svd(X, compute_uv=False)
    kappa = sigma[0] / sigma[sigma > max(X.shape) * EPS * sigma[0]][-1]
    return SLACK * EPS * len(x) * X.shape[1] * kappa**2 * (np.abs(x).max() + np.linalg.norm(y) / sigma[0])


def library(steps):
    """Two programs for one recurrence, relative: a rounding a step, and a stable run forgets old ones."""
    return 2 * EPS * steps


def prediction(problem, states, buffers=True):
    """Every step rounds the state relative to the largest it held so far, buffers through gradients of size L·|x|.

    Errors made early are carried by the same powers as the state itself, so the largest state so far bounds them. Where a
    step moves x by a bounded part of itself (``buffers=False``), positions round relative to positions alone.
    """
    with np.errstate(over="ignore"):
        size = np.abs(states if buffers else states[:, :1]).max(axis=(1, 2))
        largest = np.maximum.accumulate(size + np.abs(problem.minimizer).max()) * (max(1.0, problem.L) if buffers else 1.0)
        return SLACK**2 * EPS * (np.arange(len(states)) + 1.0) * len(problem.curvatures) * largest


def identity(steps, size):
    """Two ways to write one recurrence round differently at each of their steps, and stable runs do not magnify it."""
    return SLACK * EPS * steps * size


def rounded_once():
    """A formula evaluated with fifty digits, and an exact number, round to a double once; a product of two rounds thrice."""
    return 4 * EPS


def spectral(kappa):
    """A simple root of a small polynomial moves by the rounding of its coefficients, which are of size lr·L, over its slope."""
    return SLACK * EPS * (10 + kappa)


def closed_optimum(kappa):
    """Closed forms in √μ and √L; where two of them end in one difference, a factor κ of it is lost."""
    return SLACK * EPS * (1 + kappa)


def described(kappa):
    """Curvatures are squares of singular values (√κ each, twice), the minimiser is the solution of a system in X."""
    return SLACK**2 * EPS * kappa


def identified():
    """Two roots from sixty noiseless iterates: a Hankel system, whose condition is the square of the roots' distance."""
    return SLACK * np.sqrt(EPS)


def bracket(epsilon):
    """Two brackets of one number, each no wider than ``epsilon``, lie this near."""
    return 2 * epsilon
