"""Methods as linear filters: the transfer function from the gradients to a buffer, the position or the step.

Written for the output after a step: T(z) = Σ wₖz⁻ᵏ, where wₖ is the weight of the gradient of k steps ago. Open loop the
gradients are an input, T = z·c(zI − P)⁻¹U summed over the gradients of a step; closed, along a direction of curvature λ,
the input is the noise in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import sympy as sp

from convergence.algebra import cancelled
from convergence.crossing import exact
from convergence.errors import BadHyperparameter, BadName, NotLinear, nearest
from convergence.methods import as_method
from convergence.notation import latex
from convergence.plotting import Plotted
from convergence.rule import Method
from convergence.theory.gradient_noise import heard, noisy
from convergence.theory.inequality import numbers
from convergence.theory.loop import Loop
from convergence.theory.lyapunov import written
from convergence.theory.rational import lettered
from convergence.theory.symbols import CURVATURE, Z, rewritten
from convergence.theory.system import System, system
from convergence.theory.trace import MINIMISER, trace_rule, trace_start
from convergence.theory.transfer import coloured, correlation_of, dc_gain, energy, unrolled
from convergence.theory.weighting import Realisation, Weights

STEP_OUTPUT = "step"
"""The output that is no state: x before a step less x after it."""


@dataclass(frozen=True)
class Filter(Plotted, figure="filter_response"):
    """The transfer function from the gradients to an output of a method, as a formula; of one with a clock, the limit.

    ``variance_gain`` and ``window`` hold where the filter forgets (all its poles inside the unit circle); ``at`` says ∞
    where it does not.

    Attributes
    ----------
    output
        The state, by its name, or "step": x before the step less x after it.
    closed
        Whether it is that of the noise in the gradients at curvature λ, not that of the gradients themselves.
    numerator, denominator
        Polynomials in z, in lowest terms; ``formula`` is their quotient.
    symbols
        As those of ``derive``.
    linear
        False where the rule was linearised at its rest.

    >>> import convergence as cv
    >>> average = cv.filter_of("ema_momentum_zero_start")
    >>> average.formula, average.unrolled
    (z*(1 - beta)/(-beta + z), beta**k*(1 - beta))
    >>> average.variance_gain, average.window
    ((1 - beta)/(beta + 1), (beta + 1)/(1 - beta))
    """

    method: Method
    output: str
    closed: bool
    numerator: sp.Expr
    denominator: sp.Expr
    symbols: Mapping[str, sp.Symbol] = field(hash=False)
    linear: bool

    @property
    def formula(self) -> sp.Expr:
        """The transfer function T(z)."""
        return self.numerator / self.denominator

    @cached_property
    def dc_gain(self) -> sp.Expr:
        """The sum of all weights, T(1): what constant gradients of 1 lead to; ∞ where that grows without end."""
        return dc_gain(self.numerator, self.denominator)

    @cached_property
    def variance_gain(self) -> sp.Expr:
        """The sum of the squared weights: the output's variance for gradients that are white noise of variance 1.

        ∞ where the filter never forgets.
        """
        return energy(self.numerator, self.denominator)

    @cached_property
    def window(self) -> sp.Expr | None:
        """The number of gradients whose plain mean has the output's variance, its weights made to sum to 1.

        dc_gain²/variance_gain; None where either has no end.
        """
        dc, variance = self.dc_gain, self.variance_gain
        return None if dc.is_infinite or variance.is_infinite or variance == 0 else written(dc**2 / variance)

    @cached_property
    def unrolled(self) -> sp.Expr | None:
        """The weight of the gradient of k steps ago, a formula in k; None where a pole has none that one could read."""
        return unrolled(self.numerator, self.denominator)

    def variance_gain_for(self, correlation: Any) -> sp.Expr:
        """The output's variance for gradients of variance 1 of which each two in a row have this ``correlation`` (AR(1)).

        A number or a letter. Raises BadHyperparameter for what is none, or is not inside (−1, 1).

        >>> filter_of("ema_momentum_zero_start").variance_gain_for(sp.Symbol("r"))
        (1 - beta)*(beta*r + 1)/((beta + 1)*(-beta*r + 1))
        """
        r = correlation_of(correlation)
        return coloured(self.numerator, self.denominator, r)

    def at(self, *, curvature: Any = None, **hyper: Any) -> Weights:
        """The filter at numbers: frequency response, half-life, window, and the exact weights step by step.

        Parameters
        ----------
        curvature, hyper
            One number each; what stands neither in the formula nor in a clock may be left out.

        Raises
        ------
        BadHyperparameter
            For wrong names or values.

        >>> average = filter_of("ema_momentum_zero_start").at(momentum=0.9)
        >>> round(average.window, 6), round(average.time_constant, 6), round(average.half_life, 4)
        (19.0, 10.0, 6.5788)
        """
        values = {self.method.symbols[n]: exact(v) for n, v in self._settings(hyper).items()}
        if self.closed or self.formula.has(CURVATURE):
            array = numbers("curvature", curvature)
            if array.ndim or not array > 0:
                raise BadHyperparameter(
                    f"this filter takes one curvature, a positive number; got {str(curvature)[:60]!r}"
                )
            values[CURVATURE] = exact(array)
        return Weights.of(self.formula.subs(values), realised(self.method, self.output, self.closed), values)

    def _settings(self, hyper: Mapping[str, Any]) -> dict[str, int | float]:
        """All hyperparameters: one that the filter does not have (the learning rate of a buffer) has any value."""
        derived, heard_of = system(self.method), self.formula.free_symbols
        free = {} if derived.clock else {n: 1.0 for n, s in self.method.symbols.items() if s not in heard_of}
        return self.method.scalars({**free, **dict(self.method.defaults), **hyper})

    def _repr_latex_(self) -> str:
        return f"$$T(z) = {latex(self.formula)}$$"

    def __repr__(self) -> str:
        kind = f"closed at {CURVATURE}" if self.closed else "open"
        return f"Filter of {self.method.name} to {self.output} ({kind}): {self.formula}"


def filter_of(m: Any, output: str | None = None, *, closed: bool = False) -> Filter:
    """Derive the filter that a method is, from the gradients to any of its states, or to its step.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset, or a plain update rule. Several gradients of a step are one input.
    output
        The name of a state, or "step" (x before the step less x after it). Without one, the first buffer (a state that
        does not rest where the position does), or the step where there is none.
    closed
        The gradients are λ(x − x*) and noise, and the filter is that of the noise; else they are any numbers.

    Returns
    -------
    Filter
        ``.at(…)`` has it at numbers. A weight decay is a part of the filter, not of the gradients.

    Raises
    ------
    BadName
        For an output that is no state, and as ``derive``.
    NotLinear, BadRule
        As ``derive``.

    >>> filter_of("nesterov", "step").formula
    eta*z/(-beta + z)
    >>> filter_of("heavy_ball", "x", closed=True).variance_gain
    eta*(beta + 1)/(lambda*(1 - beta)*(2*beta - eta*lambda + 2))
    """
    if not isinstance(closed, bool):
        raise BadHyperparameter(f"closed is True or False; got {str(closed)[:60]!r}")
    method = as_method(m)
    derived = system(method)
    outputs = (*derived.state, STEP_OUTPUT)
    if output is None:
        buffers = (name for name, rest in zip(derived.state, derived.rest, strict=True) if rest != derived.rest[0])
        output = next(buffers, STEP_OUTPUT)
    if not isinstance(output, str) or output not in outputs:
        keeps = derived.clock is not None and output in derived.clock.names
        why = (
            f"{output} keeps time, and hears nothing of the gradients" if keeps else nearest(str(output)[:60], outputs)
        )
        raise BadName(f"{method.name} has no output {str(output)[:60]!r}: {why}")
    return _filter(method, output, closed)


@cache
def _filter(method: Method, output: str, closed: bool) -> Filter:
    derived = system(method)
    whole, roots = lettered(derived, sp.Matrix.hstack(*driven(derived.loop, closed)))
    P, U = whole[:, :-1], whole[:, -1]
    read = sp.zeros(1, P.rows)
    read[0, derived.state.index(output) if output in derived.state else 0] = 1
    after = (read * (Z * sp.eye(P.rows) - P).LUsolve(U))[0]
    above, below = sp.fraction(cancelled(after * (Z if output in derived.state else 1 - Z)))
    lead = sp.Poly(below, Z).LC()
    above, below = (written(cancelled(sp.Poly(part, Z).as_expr() / lead)) for part in (above, below))
    result = Filter(method, output, closed, above, below, derived.symbols, derived.linear)
    return rewritten(result, roots, "numerator", "denominator")


def driven(loop: Loop, closed: bool) -> tuple[sp.Matrix, sp.Matrix]:
    """The state's recursion s ← Ps + Uu with one input: all gradients of a step, or if ``closed`` the noise in them.

    Open, a Newton step's answer is still that of the parabola: 1/λ times what it is asked.
    """
    gradients = () if closed else heard(loop)
    gains = tuple(sp.Integer(0) if k in gradients else gain for k, gain in enumerate(loop.gains))
    return loop.driven(gains, noisy(loop))


@cache
def realised(method: Method, output: str, closed: bool) -> Realisation:
    """The state's recursion with the readings of clocks as letters, what the start puts into it, and the output's place."""
    derived = system(method)
    matrix, column = driven(derived.loop_in_time, closed)
    parts = sp.ImmutableMatrix(matrix), sp.ImmutableMatrix(column), _start(derived)
    place = derived.state.index(output) if output in derived.state else None
    return Realisation(*parts, place, derived.clock, _asks_anew(method))


def _start(derived: System) -> sp.ImmutableMatrix:
    """What a gradient of 1 asked by the start puts into each state."""
    trace, names = trace_start(derived.method), derived.state
    if any(question.oracle != "grad" for question in trace.questions):
        raise NotLinear(f"{derived.name} has no weights: its start asks for a Newton step, not for gradients alone")
    values = [trace.values[derived.method.state.index(name)] for name in names]
    answers = [question.answer for question in trace.questions]
    slopes = [sum((sp.diff(value, answer) for answer in answers), sp.Integer(0)) for value in values]
    return sp.ImmutableMatrix([cancelled(slope.subs(dict.fromkeys([*answers, MINIMISER], 0))) for slope in slopes])


def _asks_anew(method: Method) -> bool:
    """Whether the start asks for a gradient somewhere else than the first step does: then it is one more."""
    start, rule = trace_start(method), trace_rule(method)
    if not start.questions or not rule.questions:
        return bool(start.questions)
    first = rule.questions[0].asked.xreplace(dict(zip(rule.inputs, start.values, strict=True)))
    return bool(sp.expand(first - start.questions[0].asked) != 0)
