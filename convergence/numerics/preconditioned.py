"""The preconditioned Hessian P⁻¹H and its edge of stability: the largest eigenvalue that an adaptive method stands."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import Any

import numpy as np
import sympy as sp
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from convergence.crossing import exact
from convergence.errors import BadData, NotLinear
from convergence.methods import as_method
from convergence.problem import LeastSquares, as_quadratic
from convergence.problem.arrays import Array, floats, is_whole, one_number, short
from convergence.theory.frozen import NAME, frozen_of
from convergence.theory.letters import letters_of
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, factored

DENSE = 40
"""Up to this size an operator's matrix is formed: ARPACK needs more coordinates than eigenvalues."""


def preconditioned_edge(m: Any, /, **hyper: Any) -> Any:
    """The largest stable eigenvalue of P⁻¹H, P being what the method divides by: 2/η for RMSProp, 38/η for Adam at β₁ = 0.9.

    Training tends to hover there (Cohen et al. 2022), with P = diag(√v + ε) of the moment. It follows from the linear method
    that the rule is with P held (``frozen``), decoupled weight decay included: (1+β₁)(2−ηδ)/((1−β₁)η) for AdamW.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    hyper
        Numbers or letters; what is left out is a letter.

    Returns
    -------
    A formula, or a float where all that it holds are numbers.

    Raises
    ------
    NotLinear
        For a rule that divides by nothing of its state, as Lion.
    BadHyperparameter
        For wrong names or values.

    >>> preconditioned_edge("rmsprop")
    2/eta
    >>> preconditioned_edge("adam", lr=0.01, beta1=0.9)
    3800.0
    >>> preconditioned_edge("adamw", lr=0.01, beta1=0.9, weight_decay=0.5) * 0.01
    37.905
    """
    method = as_method(m)
    letters_of(method, hyper)
    held = frozen_of(method)
    stable = region(held)
    bound = stable.lr_max if stable.decided else None
    rate = held.symbols[held.rate or ""]
    if bound is None or not bound.has(CURVATURE):
        raise NotLinear(f"{held.name} has no edge as a formula: its largest learning rate is {bound}")
    edges = sp.solve(sp.numer(sp.together(bound.subs(held.symbols[NAME], 1) - rate)), CURVATURE)
    if len(edges) != 1:
        raise NotLinear(f"{held.name} has no one edge: its largest learning rate is {bound}")
    edge = factored(edges[0]).subs({method.symbols[name]: exact(value) for name, value in hyper.items()})
    return float(edge) if edge.is_number else edge


def preconditioned(p: Any, v: Any, /, *, eps: float = 0.0) -> LeastSquares:
    """The problem in coordinates in which P = diag(√v + ε) is the identity: its curvatures are the eigenvalues of P⁻¹H.

    They are those of the symmetric P^(−½)HP^(−½), the Hessian of the data with columns divided by √P; w becomes √P·w.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), or a list of curvatures.
    v
        (d,), the second moment (bias-corrected, where the method does that), not negative.
    eps
        ε outside the root, 0 or more.

    Raises
    ------
    BadData
        For another shape, or a P that is not positive.

    >>> import numpy as np
    >>> scaled = preconditioned((np.diag([10.0, 1.0]), [0.0, 0.0]), [10000.0, 1.0])
    >>> scaled.curvatures, scaled.kappa
    (array([2., 2.]), 1.0)
    """
    problem = as_quadratic(p)
    P = _divisor(v, eps, len(problem.columns))
    return LeastSquares(problem.X / np.sqrt(P), problem.y, problem.loss_name, columns=problem.columns)


def preconditioned_sharpness(H: Any, v: Any, /, *, eps: float = 0.0, count: int = 1) -> Array:
    """The largest eigenvalues of P⁻¹H, P = diag(√v + ε), of a matrix, a linear operator, or Hessian-vector products.

    Compare the first to ``preconditioned_edge``. It is computed by Lanczos's method on the symmetric P^(−½)HP^(−½): a symmetric
    solver does not work on P⁻¹H itself. H may be indefinite, as that of a network is.

    Parameters
    ----------
    H
        A (d, d) array, a ``scipy.sparse.linalg.LinearOperator``, or a function u (d,) -> Hu (d,), as automatic
        differentiation gives it.
    v, eps
        As for ``preconditioned``.
    count
        How many, largest first.

    Raises
    ------
    BadData
        For shapes that do not fit, products that are not finite, or where the iteration does not converge.

    >>> import numpy as np
    >>> preconditioned_sharpness(np.array([[2.0, 1.0], [1.0, 3.0]]), [4.0, 1.0], count=2).round(6)
    array([3.224745, 0.775255])
    """
    moment = floats(v)
    size = moment.size
    root = 1 / np.sqrt(_divisor(v, eps, size))
    if not is_whole(count, 1, size):
        raise BadData(f"count must be a whole number from 1 to {size}, the number of coordinates; got {short(count)}")
    product = _product(H, size)
    operator = LinearOperator((size, size), matvec=lambda u: root * product(root * np.ravel(u)), dtype=float)
    if size <= max(DENSE, count):
        matrix = np.column_stack([operator.matvec(unit) for unit in np.eye(size)])
        return np.asarray(eigh((matrix + matrix.T) / 2, eigvals_only=True)[::-1][:count])
    try:
        start = np.ones(size)  # its own is random
        return np.sort(eigsh(operator, k=int(count), which="LA", v0=start, return_eigenvectors=False))[::-1]
    except ArpackNoConvergence as error:
        raise BadData(
            f"the eigenvalues of P⁻¹H did not converge; ask for fewer, or a smoother operator: {error}"
        ) from None


def _divisor(v: Any, eps: Any, size: int) -> Array:
    moment, offset = floats(v), one_number(eps)
    if moment.shape != (size,) or not size or isnan(offset):
        raise BadData(
            f"v must be {size} numbers, one a coordinate, and eps one number; got {short(v)} and {short(eps)}"
        )
    P = np.sqrt(np.where(moment >= 0, moment, np.nan)) + (offset if offset >= 0 else np.nan)
    if not np.isfinite(P).all() or not (P > 0).all():
        raise BadData(f"√v + ε must be positive and finite in each coordinate; got v = {short(v)}, eps = {short(eps)}")
    return np.asarray(P)


def _product(H: Any, size: int) -> Callable[[Array], Array]:
    """u -> Hu, in floats, checked."""
    if isinstance(H, LinearOperator):
        if H.shape != (size, size):
            raise BadData(f"H must be ({size}, {size}), as v has {size} numbers; got {H.shape}")
        apply: Callable[[Array], Any] = H.matvec
    elif callable(H):
        apply = H
    else:
        matrix = floats(H)
        if matrix.shape != (size, size) or not np.array_equal(matrix, matrix.T):
            raise BadData(
                f"H must be a symmetric ({size}, {size}) array, an operator, or a function u -> Hu; got {short(H)}"
            )
        apply = matrix.__matmul__

    def checked(u: Array) -> Array:
        result = floats(apply(u))
        if result.shape != (size,) or not np.isfinite(result).all():
            raise BadData(f"Hu must be {size} finite numbers; got {short(result)}")
        return result

    return checked
