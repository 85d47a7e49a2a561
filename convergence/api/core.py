"""The public functions: each takes a method (or its name, or a plain update rule) and hands it to the layer that knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence import pipeline as _pipeline
from convergence.crossing import exact
from convergence.document import Study
from convergence.evidence import verification as _verification
from convergence.methods import METHODS, as_method
from convergence.numerics import identification as _identification
from convergence.numerics import prediction as _prediction
from convergence.numerics import radius as _radius
from convergence.numerics import trajectory as _trajectory
from convergence.problem import as_quadratic
from convergence.rule import Method
from convergence.theory import dynamics as _dynamics
from convergence.theory import optimum as _optimum
from convergence.theory import rate as _rate
from convergence.theory import regimes as _regimes
from convergence.theory import stability as _stability
from convergence.theory.symbols import symbol

AnyMethod = Any
"""A Method, the name of one in METHODS, or an update rule that was not made a Method yet."""


def derive(m: AnyMethod, *, sigma: bool = False, loss: str = "sum") -> _dynamics.Dynamics:
    """Derive the dynamics of a method per singular direction: iteration matrix, characteristic polynomial, eigenvalues.

    In the curvature λ, or with ``sigma=True`` in the singular value σ for a named scaling of the ``loss`` (λ = cσ²).
    Raises NotLinear, with the reason, for a rule that has no derivative at the minimiser or does not rest there.
    """
    derived = _dynamics.dynamics(as_method(m))
    return derived.in_sigma(loss) if sigma else derived


def stability(m: AnyMethod, *, sigma: bool = False, loss: str = "sum") -> _stability.Region:
    """Derive the stable region (Schur–Cohn): inequalities, the largest stable ``lr``, and membership on arrays.

    Formulas in λ, or in σ as for ``derive``. Raises what ``derive`` raises.
    """
    region = _stability.region(as_method(m))
    return _stability.in_sigma(region, loss) if sigma else region


def regimes(m: AnyMethod, *, sigma: bool = False, loss: str = "sum") -> _regimes.Regimes:
    """Derive for which ``lr`` the eigenvalues are real, repeated, complex, and the largest stable ``lr`` of each kind.

    Formulas in λ, or in σ as for ``derive``. Raises what ``derive`` raises.
    """
    found = _regimes.damping(as_method(m))
    return _regimes.in_sigma(found, loss) if sigma else found


def optimum(m: AnyMethod, /, **fixed: Any) -> _optimum.Optimum:
    """Derive the hyperparameters that minimise the largest spectral radius over all curvatures in [μ, L].

    A hyperparameter given as a number or a SymPy symbol is held there, and the optimum comes in pieces. Raises
    BadHyperparameter for unknown names, NoStableLearningRate where nothing converges, and what ``derive`` raises.
    """
    return _optimum.best(as_method(m), fixed)


def rate(m: AnyMethod, /, **hyper: Any) -> sp.Expr:
    """The spectral radius along a direction of curvature λ as a formula, piecewise by the sign of the discriminant.

    Hyperparameters may be given as numbers (exact or decimal) or symbols; the others stay letters. Over all curvatures in
    [μ, L], it is ``optimum`` with every hyperparameter given. Raises BadHyperparameter for unknown names, and
    NotImplementedError where an eigenvalue has no short formula (``spectral_radius`` has numbers).
    """
    method = as_method(m)
    method.require_known(hyper)
    return _rate.radius(_dynamics.dynamics(method)).subs({symbol(name): exact(value) for name, value in hyper.items()})


def spectral_radius(
    m: AnyMethod, /, curvature: Any, *, over: Literal["spectrum"] | None = None, **hyper: Any
) -> NDArray[np.float64]:
    """The spectral radius on arrays, broadcast; with ``over="spectrum"`` the largest over the last axis of ``curvature``."""
    return _radius.spectral_radius(as_method(m), curvature, over=over, **hyper)


def simulate(p: Any, m: AnyMethod, /, steps: int, start: Any = None, **hyper: Any) -> _trajectory.Run:
    """Run the method on the data: every iterate, state, gradient, loss and error per direction. See ``Run``.

    The problem ``p`` is a LeastSquares, (X, y), a list of curvatures or a density (see ``convergence.problem.as_quadratic``).
    """
    return _trajectory.simulate(as_quadratic(p), as_method(m), steps, start, **hyper)


def predict(p: Any, m: AnyMethod, /, steps: int, start: Any = None, **hyper: Any) -> _trajectory.Run:
    """The run that ``simulate`` makes, from the iteration matrix alone: powers of it per direction, no data touched."""
    return _prediction.predict(as_quadratic(p), as_method(m), steps, start, **hyper)


def identify(run: Any, *, order: int | None = None) -> _identification.Identification:
    """Recover the eigenvalues of each direction from the iterates of a run, with no knowledge of the method.

    ``run`` is a Run, or an array of errors (steps+1, d). ``order`` is the number of eigenvalues, found if not given.
    """
    return _identification.identify(run, order=order)


def verify(p: Any, m: AnyMethod, /, **hyper: Any) -> _verification.Verification:
    """Hold theory against runs on this data, claim by claim, with deliberate faults as controls.

    Hyperparameters that are not given are those of the optimum (with the given ones fixed). Truthy when all pass.
    """
    return _verification.verify(as_quadratic(p), as_method(m), **hyper)


def study(p: Any, methods: Iterable[AnyMethod] | None = None, **options: Any) -> Study:
    """Derive, run, check and collect, for each method (default: the whole catalogue).

    Options: ``hyper`` (hyperparameters to fix, by name), ``steps`` (length of the runs shown), ``title`` (of the data),
    ``progress`` (called with a text, a number and a total), ``workers`` (processes that share the methods). Raises what
    deriving and checking raise.
    """
    chosen: list[Method] = [as_method(m) for m in (METHODS if methods is None else methods)]
    problem: Any = as_quadratic(p)
    return _pipeline.study(problem, list(dict.fromkeys(chosen)), **options)
