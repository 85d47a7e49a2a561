"""What the explorer computes with: the derived formulas of a method, with their arguments, to be compiled to JavaScript.

Along a direction of curvature λ: the iteration matrix, the first state, the characteristic polynomial, the Schur–Cohn
conditions, the discriminant, the noise floor; for a spectrum the optimum; and the arguments of other libraries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sympy as sp

from convergence.conventions.conversion import convert
from convergence.errors import BadHyperparameter, ConvergenceError, NotLinear
from convergence.rule import Method
from convergence.schedule import STEP
from convergence.schedules import cosine, exponential, inverse_sqrt, linear, warmup
from convergence.stochastic.loops import require_samples
from convergence.theory.gradient_noise import entering
from convergence.theory.noise import BOTH, cross_gain, floor_of
from convergence.theory.optimum import best
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, LARGEST, MU
from convergence.theory.system import system, system_in_time

SECONDS = 5.0
"""The time limit of the derivation of an optimum."""

LIBRARIES = ("torch.sgd", "optax.sgd", "keras.sgd")

HORIZON = sp.Symbol("K", positive=True)
"""The number of steps of a schedule."""

LENGTH, WARM = 1000, 10
"""The steps with which a schedule is made, before its clock is stretched to ``HORIZON``; and those of a warm-up."""


@dataclass(frozen=True)
class Formulas:
    """Formulas (n,) and their ``arguments``; the function made of them returns an array of n numbers."""

    arguments: tuple[sp.Symbol, ...]
    values: tuple[sp.Expr, ...]


def formulas_of(method: Method) -> dict[str, Formulas]:
    """The formulas of a method by name, those that it has; "holds" are truth values, one for each condition.

    >>> from convergence.methods import as_method
    >>> formulas_of(as_method("gradient_descent"))["variance"]
    Formulas(arguments=(lambda, eta), values=(eta/(lambda*(-eta*lambda + 2)),))
    """
    derived, stable = system(method), region(method)
    letters = tuple(method.symbols[name] for name in method.hyper)
    along = (CURVATURE, *letters)
    return {
        **_run(method, letters),
        "characteristic": Formulas(along, tuple(c for f, _ in derived.factors for c in f.all_coeffs()[1:])),
        "conditions": Formulas(along, (*stable.polynomials, *(pole**2 for pole in stable.poles))),
        **({"holds": Formulas(along, stable.conditions)} if stable.conditions else {}),
        "discriminant": Formulas(along, (derived.discriminant,)),
        **({} if stable.lr_max is None else {"lr_max": Formulas(along, (stable.lr_max,))}),
        **_noise(method, letters),
        **_optimum(method, letters),
    }


def _run(method: Method, letters: tuple[sp.Symbol, ...]) -> dict[str, Formulas]:
    """The matrix at each reading of the clocks, the first state for x₀ = 1 and for x* = 1, and where the position rests."""
    derived = system_in_time(method)
    along, clock = (CURVATURE, *letters), derived.clock
    timed = along if clock is None else (*along, *clock.letters)
    start = (*derived.first, *(derived.first_by_minimiser - sp.Matrix(derived.rest)))
    made = {
        "matrix": Formulas(timed, tuple(derived.matrix if clock is None else clock.matrix)),
        "start": Formulas(along, start),
        "offset": Formulas(along, (derived.rest[0] - 1,)),
    }
    return made if clock is None else made | {"clock": Formulas((*letters, *clock.letters), clock.update)}


def _noise(method: Method, letters: tuple[sp.Symbol, ...]) -> dict[str, Formulas]:
    """E x² for unit noise; where a step asks for one gradient, how noise enters, the cross gain, and the point asked."""
    along = (CURVATURE, *letters)
    try:
        variance = Formulas(along, (floor_of(method).variance,))
    except NotLinear:
        return {}
    derived = system_in_time(method)
    if not samples_close(method):
        return {"variance": variance}
    clock = () if derived.clock is None else derived.clock.letters
    loop = derived.loop_in_time
    return {
        "variance": variance,
        "enters": Formulas((*along, *clock), tuple(entering(loop, False))),
        "asked": Formulas((*along, *clock), tuple(loop.R)),
        "gain": Formulas((*BOTH, *letters), tuple(cross_gain(method))),
    }


def samples_close(method: Method) -> bool:
    """Whether second moments under minibatches close on those of the points of a single gradient a step."""
    try:
        require_samples(method)
    except NotLinear:
        return False
    return len(system(method).loop.gains) == 1


def axes(method: Method) -> tuple[str, str | None]:
    """The hyperparameters of the map: the learning rate, and the first share, if there is one.

    Raises BadHyperparameter for a rule that has no learning rate.
    """
    if method.rate is None:
        raise BadHyperparameter(f"{method.name} has no learning rate to explore")
    return method.rate, next((name for name in method.hyper if method.domains[name].is_share), None)


def _optimum(method: Method, letters: tuple[sp.Symbol, ...]) -> dict[str, Formulas]:
    """The best values of the axes for [μ, L] and their rate, the other hyperparameters held; where there is a closed form."""
    formulas = optimum_of(method)
    return {} if formulas is None else {"optimum": Formulas((MU, LARGEST, *letters), tuple(formulas.values()))}


@cache
def optimum_of(method: Method) -> dict[str, sp.Expr] | None:
    """The best value of each axis of the map, and "rate", as formulas in μ, L and the other letters."""
    rate, share = axes(method)
    held = {name: method.symbols[name] for name in method.hyper if name not in (rate, share)}
    try:
        found = best(method, held, SECONDS)
    except ConvergenceError:
        return None
    if not found.exact:
        return None
    return {name: found.hyper[name] for name in (rate, share) if name} | {"rate": found.rate}


@dataclass(frozen=True)
class Call:
    """How a library's optimiser is called: its ``preset``, the names of its ``arguments`` and their formulas; or why not."""

    preset: str
    arguments: Mapping[str, sp.Expr | bool]
    same_iterates: bool
    why: str


@cache
def calls_of(method: Method) -> tuple[Call, ...]:
    """The call of each library as formulas in the method's letters."""
    return tuple(_call(method, name) for name in LIBRARIES)


def _call(method: Method, preset: str) -> Call:
    try:
        found = convert(method, preset, **{name: method.symbols[name] for name in method.hyper})
    except ConvergenceError as error:
        return Call(preset, {}, False, re.split(r":| at ", str(error))[0])
    return Call(preset, dict(found), found.same_iterates, found.why)


def schedules() -> dict[str, Formulas]:
    """The value of the usual schedules at step k of K, as a part of their base."""
    step, warm = sp.Symbol("k", nonnegative=True), warmup(WARM)
    end = sp.Rational(1, 100) ** sp.Rational(1, LENGTH)
    stretched = {"cosine": cosine(1, LENGTH), "linear": linear(1, LENGTH), "exponential, to 1/100": exponential(1, end)}
    formulas = {name: sp.sympify(one.formula).subs(STEP, step * LENGTH / HORIZON) for name, one in stretched.items()}
    rising = sp.sympify(warm.formula).subs(STEP, sp.Min(STEP, warm.last))
    formulas[f"warm-up of {WARM} steps, then cosine"] = rising * formulas["cosine"]
    formulas["inverse square root"] = sp.sympify(inverse_sqrt(1).formula)
    all_of = {"constant": sp.Integer(1), **formulas}
    return {name: Formulas((step, HORIZON), (formula.subs(STEP, step),)) for name, formula in all_of.items()}
