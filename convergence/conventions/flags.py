"""Why the iterates of two methods with one spectrum differ still, and how one is found from the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from convergence.algebra import coefficients, lowest_terms, vanishes
from convergence.conventions.response import Response
from convergence.conventions.solving import solutions
from convergence.conventions.wording import named
from convergence.theory.symbols import CURVATURE, Z, factored
from convergence.theory.system import system

SMALL = sp.Rational(1, 100)
"""Where a weight is asked for its sign: hyperparameters are small numbers."""


@dataclass(frozen=True)
class Flag:
    """A reason why iterates differ under one spectrum.

    Attributes
    ----------
    kind
        "start" (the buffer's first value), "look-ahead" (the point of the gradient), "clock" (a bias correction), or
        "rest" (weight decay).
    text
        In words, and how the one is had from the other.
    """

    kind: str
    text: str

    def __repr__(self) -> str:
        return f"{self.kind}: {self.text}"


def flags(a: Response, b: Response) -> tuple[Flag, ...]:
    """Why the iterates of a and of b, set to a's spectrum, are not the same."""
    if a.responses is None or b.responses is None:
        return tuple(flag for one in (a, b) if not one.steady for flag in _unsteady(one))
    return (*_rests(a, b), *_looks(a, b), *_looks(b, a), *_starts(a, b)) or (begun_otherwise(b),)


def begun_otherwise(b: Response) -> Flag:
    """The reason that is always there: positions that show the same eigenvalues obey one recurrence."""
    return Flag("start", f"the positions of both obey one recurrence, which {b.method.name} begins otherwise")


def _unsteady(of: Response) -> Iterator[Flag]:
    clock = system(of.method).clock
    if clock is not None:
        words = f"{of.method.name} keeps time ({', '.join(clock.names)}): its early steps differ, and tend to those of the map"
        yield Flag("clock", words)


def _rests(a: Response, b: Response) -> Iterator[Flag]:
    """Whether they end at one point: both eigenvalue polynomials and both drives decide it."""
    one, other = (_rest(system) for system in (a, b))
    if not vanishes(one - other):
        yield Flag(
            "rest",
            f"{a.method.name} comes to rest at {named(one)} of the minimiser, {b.method.name} at {named(other)}",
        )


def _rest(system: Response) -> sp.Expr:
    assert system.responses is not None
    return lowest_terms((system.responses[1] / system.characteristic).subs(Z, 1))


def _looks(a: Response, b: Response) -> Iterator[Flag]:
    """Whether the positions of b are a fixed combination of a's state: a point that looks ahead along its buffers."""
    matrix, first, _ = a.loop
    weights = tuple(sp.Dummy(f"c{k}", real=True) for k in range(1, matrix.rows))
    if not weights:
        return
    assert b.responses is not None
    shown = ((Z * sp.eye(matrix.rows) - matrix).adjugate() * first).T * sp.Matrix([1, *weights])
    gap = shown[0] * b.characteristic - b.responses[0] * a.characteristic
    for branch in solutions(coefficients(gap, Z, CURVATURE), weights):
        terms = [
            (branch.get(weight, sp.Integer(0)), state)
            for weight, state in zip(weights, a.method.state[1:], strict=True)
        ]
        point = a.method.state[0] + "".join(_term(c, state) for c, state in terms if c != 0)
        yield Flag("look-ahead", f"the positions of {b.method.name} are the points {point} of {a.method.name}")
        return


def _term(weight: sp.Expr, state: str) -> str:
    nice = factored(weight)
    minus = nice.subs(dict.fromkeys(nice.free_symbols, SMALL)) < 0
    return f" {'−' if minus else '+'} {_times(factored(-weight) if minus else nice, state, ' ')}"


def _times(factor: sp.Expr, what: str, loose: str = " /") -> str:
    """A multiple in words; a factor with one of the ``loose`` signs stands in brackets."""
    size = named(factor)
    if size in ("0", "1"):
        return what if size == "1" else "0"
    return f"({size})·{what}" if any(sign in size for sign in loose) else f"{size}·{what}"


def _starts(a: Response, b: Response) -> Iterator[Flag]:
    """The first buffer with which b would make a's iterates, where that is a multiple of the first gradient."""
    (matrix, ours, _), (other, first, _) = a.loop, b.loop
    unknown = tuple(sp.Dummy(f"s{k}", real=True) for k in range(1, other.rows))
    theirs, gaps = sp.Matrix([1, *unknown]), []
    for _ in range(matrix.rows + other.rows):
        ours, theirs = matrix * ours, other * theirs
        gaps.append(ours[0] - theirs[0])
    for branch in solutions(gaps, unknown):
        names = b.method.state[1:]
        needed = [lowest_terms(branch.get(s, sp.Integer(0)) / CURVATURE) for s in unknown]
        own = [lowest_terms(value / CURVATURE) for value in first[1:]]
        if any(value.has(CURVATURE) for value in needed):
            continue
        text = ", ".join(
            f"{name} = {_gradients(value)} and not {_gradients(begun)}"
            for name, value, begun in zip(names, needed, own, strict=True)
            if value != begun
        )
        if text:
            yield Flag("start", f"{b.method.name} would make the iterates of {a.method.name} if it began with {text}")
        return


def _gradients(multiple: sp.Expr) -> str:
    return _times(factored(multiple), "∇f(x₀)")
