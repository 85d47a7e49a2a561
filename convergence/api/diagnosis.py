"""The public functions for a run that diverges or crawls: each hands its method to the layer that knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convergence.diagnosis import run as _run
from convergence.diagnosis.diagnosis import Diagnosis
from convergence.diagnosis.diagnosis import diagnose as _diagnose
from convergence.diagnosis.run_result import RunDiagnosis
from convergence.diagnosis.spectrum import spectrum
from convergence.errors import BadHyperparameter
from convergence.methods import as_method

__all__ = ["Diagnosis", "RunDiagnosis", "diagnose", "diagnose_run"]


def diagnose(
    X: Any = None,
    y: Any = None,
    /,
    *,
    method: Any,
    curvatures: Any = None,
    loss: str | None = None,
    columns: Sequence[str] | None = None,
    **hyper: Any,
) -> Diagnosis:
    """Why a method with these settings diverges or crawls, which direction does, and what to set instead.

    ``X`` (n, d) and ``y`` (n,) are data, with ``loss`` their scaling ("sum" by default) and ``columns`` the names of X's
    columns; or X is a LeastSquares problem, alone; or ``curvatures`` (m,) is the spectrum of a Hessian, alone. ``method`` is
    a Method, a name in METHODS, or an update rule, and ``hyper`` all of its settings. The result is truthy when every
    direction contracts. A flat direction (λ = 0) is one like the others where weight decay moves the weights along it; else it
    is only counted. What is advised is stable as it is printed, with the steps of just that.
    Stability: Schur–Cohn (Jury 1964), exact at the boundary; best settings are over all of [μ, L].

    Raises BadData for data or a spectrum that cannot be used (negative curvature included), BadHyperparameter for settings
    that are missing, unknown or no numbers, BadName for an unknown method or loss, NotLinear for a rule without an
    iteration matrix.
    """
    found = spectrum(X, y, curvatures=curvatures, loss=loss, columns=columns)
    return _diagnose(found, as_method(method), hyper)


def diagnose_run(
    iterates: Any,
    /,
    gradients: Any = None,
    *,
    method: Any = None,
    lr: Any = None,
    curvatures: Any = None,
    columns: Sequence[str] | None = None,
    **hyper: Any,
) -> RunDiagnosis:
    """Identify eigenvalues, momentum, lr·λ and the minimiser of a run from its log alone, with error bars, and judge it.

    ``iterates`` is (steps+1, d) weights, a row a step, or a single weight's series (steps+1,), or a Run; not a series of
    losses, whose roots are products. ``gradients`` are those at the iterates, of the same shape (the last row may be
    missing); with them, or with the known ``lr``, or known ``curvatures`` (one for each direction or more), lr and λ are
    told apart. ``method`` names the rule; without it gradient descent, heavy ball and Nesterov are tried, then any two
    roots a direction. ``hyper`` are its other known settings (a known momentum, a dampening). ``columns`` names the weights.

    In each direction the log obeys a recurrence of two steps, in directions at right angles (Prony 1795; here all
    directions at once, the minimiser unknown). Error bars are 99.7 % ones, for noise or rounding in the log or in the run.

    Where the log leaves the slowest direction open (its radius' error bar reaches 1 or is half of 1 − radius; it has hardly
    moved; it lies below the noise), a note says so and what to log; no steps and no best settings are told then.

    Raises BadData for a log with a NaN inside, or that is too short (with the steps that it needs), or that does
    not move, or of another shape;
    BadHyperparameter for a method with more than two states, or unknown or missing settings.
    """
    chosen = None if method is None else as_method(method)
    if chosen is None and hyper:
        raise BadHyperparameter(f"{', '.join(hyper)}: settings belong to a method; name it with method=…")
    return _run.diagnose_run(iterates, gradients, chosen, lr, curvatures, columns, hyper)
