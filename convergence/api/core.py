"""The public functions: each takes a method (or its name, or a plain update rule) and hands it to the layer that knows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from convergence.evidence import verification as _verification
from convergence.methods import as_method
from convergence.numerics import identification as _identification
from convergence.numerics import prediction as _prediction
from convergence.numerics import radius as _radius
from convergence.numerics import trajectory as _trajectory
from convergence.problem import as_quadratic
from convergence.theory.optimum import optimum as optimum
from convergence.theory.regimes import regimes as regimes
from convergence.theory.region import stability as stability
from convergence.theory.system import derive as derive

AnyMethod = Any
"""A Method, the name of one in METHODS, or an update rule that was not made a Method yet."""


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
