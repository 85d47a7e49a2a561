"""The open loop of a method on arrays: per direction its matrices, where noise enters, and where gradients are asked.

With gradients γ = λq + ξ at the points q, all of a step with one sample ξ, the error obeys s ← A·s + B·ξ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import Compiled, compiled
from convergence.errors import NotLinear
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.loop import START
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import System, system, system_in_time
from convergence.theory.trace import trace_start


@dataclass(frozen=True, eq=False)
class OpenLoop:
    """What a step does to d directions of s states each, with g gradients a step.

    Attributes
    ----------
    closed
        (d, s, s), the iteration matrices A.
    enters
        (d, s, g), B: what the noise of a gradient adds to the state.
    asked
        (d, g, s), where gradients are asked: q = asked·s.
    """

    closed: Array
    enters: Array
    asked: Array

    def carried(self, errors: Array) -> Array:
        """What a step makes of mean errors (…, d, s)."""
        return np.asarray((self.closed @ errors[..., None])[..., 0])


def open_loop(method: Method, curvatures: Array, settings: Mapping[str, Any], reading: Any = ()) -> OpenLoop:
    """The loop at these settings, and this reading of the clocks; without one, the limit that it tends to."""
    derived = system_in_time(method) if len(reading) else system(method)
    names = (*method.symbols.values(), *(derived.clock.letters if derived.clock and len(reading) else ()))
    loop = derived.loop_in_time if len(reading) else derived.loop
    P, U, R, D = (_matrix(names, part)(*settings.values(), *reading) for part in (loop.P, loop.U, loop.R, loop.D))
    gains = np.stack([_gain(gain, curvatures) for gain in loop.gains], axis=-1)[..., None]  # (d, g, 1)
    answered = np.linalg.inv(np.eye(len(loop.gains)) - gains * D)
    noisy = [k for k, gain in enumerate(loop.gains) if gain == CURVATURE]  # a Newton step has no noise of its own
    asked = np.linalg.solve(np.eye(len(loop.gains)) - D * gains.swapaxes(-1, -2), R)
    return OpenLoop(P + U @ answered @ (gains * R), (U @ answered)[..., noisy], asked[:, noisy])


def _gain(gain: sp.Expr, curvatures: Array) -> Array:
    if gain == CURVATURE:
        return curvatures
    return np.divide(1.0, curvatures, out=np.zeros_like(curvatures), where=curvatures > 0)  # as the pseudo-inverse does


def _matrix(names: tuple[sp.Symbol, ...], part: sp.ImmutableMatrix) -> Any:
    function, shape = _entries(names, part), part.shape
    return lambda *values: np.array([float(entry) for entry in function(*values)]).reshape(shape)


@cache
def _entries(names: tuple[sp.Symbol, ...], part: sp.ImmutableMatrix) -> Compiled:
    return compiled(names, tuple(part))


def require_samples(method: Method) -> None:
    """NotLinear, with the reason, unless a step is affine in the Hessian of the batch that all its gradients share."""
    derived = linear_system(method)
    loop = derived.loop
    if any(gain != CURVATURE for gain in loop.gains):
        raise _open(
            method, "solves with the Hessian: with that of a batch its step is not affine in the sampled Hessian"
        )
    if not loop.D.is_zero_matrix:
        raise _open(
            method,
            "asks for a gradient where an earlier one of the same step took it: with one batch for both the step is not "
            "affine in the sampled Hessian",
        )


def _open(method: Method, why: str) -> NotLinear:
    """That second moments under batches do not close."""
    words = f"{method.name} {why}, and second moments do not close."
    return NotLinear(
        f"{words} Look at runs (ensemble), or give noise= without a batch", f"{words} Give --noise without a batch"
    )


def linear_system(method: Method) -> System:
    """The system of a linear method. NotLinear for one that was linearised: its moments do not close."""
    derived = system_in_time(method)
    if not derived.linear:
        near = f"{method.name} is linear only near its minimiser, so its moments are no linear recursion"
        raise NotLinear(
            f"{near}; noise_floor has the floor for small noise, ensemble has runs",
            f"{near}; 'convergence noise {method.name}' has the floor for small noise",
        )
    return derived


@cache
def start_noise(method: Method) -> Array:
    """What gradient noise adds to the first state (s,), of a start that asks for gradients at the first position."""
    trace, position = trace_start(method, START), START
    if any(q.oracle != "grad" or q.asked != position for q in trace.questions):
        raise NotLinear(
            f"{method.name} starts with more than gradients at its first position; its noise is not followed"
        )
    kept = [trace.values[method.state.index(name)] for name in system_in_time(method).state]
    slopes = [[float(sp.diff(value, q.answer)) for q in trace.questions] for value in kept]
    return np.array([sum(row) for row in slopes])
