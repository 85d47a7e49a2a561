"""The program of a region, a rate, an optimum, a noise floor, a schedule, a product of steps, or any formula."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import cleandoc

import sympy as sp

from convergence.code.program import (
    Argument,
    Program,
    between,
    curvature,
    ends,
    function,
    hyper,
    letter,
    named,
    unsigned,
)
from convergence.codegen import require_code
from convergence.errors import NoCode
from convergence.notation import text
from convergence.numerics.products import Product
from convergence.rule import Method
from convergence.schedule import STEP, Schedule
from convergence.theory.noise import NoiseFloor
from convergence.theory.optimum import Optimum
from convergence.theory.products import COUNT
from convergence.theory.rate import radius
from convergence.theory.region import Region, region
from convergence.theory.symbols import CURVATURE, LARGEST, MU
from convergence.theory.system import system

DEVIATION = sp.Symbol("sigma", real=True)


def rule_lines(method: Method) -> tuple[str, ...]:
    """The rule that a formula is derived from: its docstring's first paragraph, its equation."""
    first = cleandoc(method.doc).split("\n\n")[0].splitlines()
    return (*first, *(f"    {line}" for line in method.code.splitlines()))


def of_region(result: Region, name: str | None) -> Program:
    """Whether a setting is stable, and the largest stable learning rate where that is a formula."""
    if "curvature" not in result.symbols:
        raise NoCode("a region in singular values has no code; give the one in curvatures: stability(m)")
    method = result.method
    base, arguments = name or named(method), tuple(map(unsigned, (curvature(), *hyper(method))))
    bound, note = _bound(result)
    functions = []
    if bound is not None:
        others = tuple(a for a in arguments if a.word != method.rate)
        says = f"The supremum of the stable learning rates{note}."
        functions.append(function(f"{base}_lr_max", says, others, bound.xreplace(_real(method))))
    says = f"Whether the spectral radius is below 1; the edge is not stable{'' if bound is not None else note}."
    functions.append(function(f"{base}_stable", says, arguments, _stable(result)))
    top = (
        f"The stable region of {method.name} along a direction of curvature λ: spectral radius below 1.",
        f"Derived from the rule{_linearised(method)} by the Schur-Cohn conditions (Jury 1964, ch. 3).",
    )
    return Program(top, tuple(functions), rule_lines(method))


def _linearised(method: Method) -> str:
    return "" if system(method).linear else ", linearised at its minimiser,"


def _real(method: Method) -> dict[sp.Symbol, sp.Symbol]:
    """The letters of a method, each as one of which no sign is known."""
    return {one.letter: unsigned(one).letter for one in (curvature(), *hyper(method))}


def _stable(result: Region) -> sp.Basic:
    """The conditions in letters of which nothing is known: none may be left out, as for a learning rate below 0."""
    real = _real(result.method)
    positive = (p.xreplace(real) > 0 for p in result.polynomials)
    return sp.And(*positive, *(sp.Ne(pole.xreplace(real), 0) for pole in result.poles))


def _bound(result: Region) -> tuple[sp.Expr | None, str]:
    if result.lr_max is None:
        return None, "; the largest stable learning rate has no short formula"
    try:
        require_code(result.lr_max)
    except NoCode:
        return None, "; the largest stable learning rate has no formula in floats, and can be found by bisection"
    where = "" if result.decided else ", and holds where it was tried"
    return result.lr_max, f", for other hyperparameters between 0 and 1 that can be stable at all{where}"


def of_rate(method: Method, name: str | None) -> Program:
    """The spectral radius along a direction."""
    try:
        formula = radius(system(method))
    except NotImplementedError as error:
        raise NoCode(f"the rate of {method.name} has no code: {error}; spectral_radius has numbers") from None
    says = (
        f"The rate of {method.name}: the spectral radius of a step along a direction of curvature λ.",
        f"Derived from the rule{_linearised(method).rstrip(',')}: the larger of two real eigenvalues, or the modulus of a "
        "complex pair.",
    )
    told = function(
        name or f"{named(method)}_rate",
        "The factor of the error per step, in the long run.",
        (curvature(), *hyper(method)),
        formula,
    )
    return Program(says, (told,), rule_lines(method))


def of_optimum(result: Optimum, name: str | None) -> Program:
    """The best hyperparameters over a spectrum, and their rate."""
    method = result.method
    if not result.exact or result.rate is None:
        raise NoCode(
            f"the optimum of {method.name} has no closed form ({result.note}), and so no code; numbers for a spectrum: "
            f"optimum({method.name!r}).at(mu=…, L=…)"
        )
    open_letters = {value for name, value in result.hyper.items() if value.is_Symbol}
    formulas = {n: v for n, v in result.hyper.items() if v not in open_letters} | {"rate": result.rate}
    known = {argument.letter: argument for argument in hyper(method)}
    used = set().union(*(f.free_symbols for f in formulas.values())) - {MU, LARGEST}
    others = [known.get(s) or letter(s, "held at this value") for s in sorted(used, key=str)]
    tried = ["Found and tried at sample spectra (certify_formula proves it)."] if result.determined else []
    says = (
        f"The hyperparameters of {method.name} that minimise its largest spectral radius over all curvatures in [μ, L].",
        *([f"Note: {result.note}."] if result.note else []),
        *tried,
    )
    told = function(
        name or f"{named(method)}_optimum",
        "The hyperparameters, and the rate that they give.",
        (*ends(), *others),
        formulas,
    )
    return Program(says, (told,), rule_lines(method))


def of_floor(result: NoiseFloor, name: str | None) -> Program:
    """The stationary variance under gradient noise: infinite where the method is not stable."""
    method = result.method
    stable, real = _stable(region(method)), _real(method)
    deviation = Argument(
        DEVIATION, "noise", "the standard deviation of the gradient's noise along the direction", between(0.1, 2)
    )
    formulas = {
        key: sp.Piecewise((DEVIATION**2 * value.xreplace(real), stable), (sp.oo, True))
        for key, value in (("variance", result.variance), ("loss", result.loss), ("long_run", result.long_run))
    }
    says = (
        f"What gradient noise leaves of the error of {method.name}, stationary, along a direction of curvature λ:",
        "variance: E x²; loss: λ/2·E x²; long_run: T·E x̄² of the mean of T iterates, T → ∞. Infinite where it is not stable.",
        "The noise is white from step to step"
        + ("." if result.linear else "; to first order in it, for the rule is not linear."),
        "Derived from the rule by its Lyapunov equation.",
    )
    arguments = tuple(map(unsigned, (curvature(), deviation, *hyper(method))))
    return Program(
        says, (function(name or f"{named(method)}_floor", "Per direction.", arguments, formulas),), rule_lines(method)
    )


def of_schedule(schedule: Schedule, name: str | None) -> Program:
    """The value at a step."""
    if schedule.formula is None:
        raise NoCode(
            f"{schedule} is a table or a function of Python, and has no formula to write in code; its numbers are "
            f"schedule.values(steps)"
        )
    formula = schedule.formula if schedule.last is None else schedule.formula.subs(STEP, sp.Min(STEP, schedule.last))
    far = 40 if schedule.last is None else schedule.last + 3
    step = Argument(STEP, "k", f"the step: {schedule.clock}", lambda random: float(random.randint(0, far)))
    others = [letter(s) for s in sorted(formula.free_symbols - {STEP}, key=str)]
    says = (f"The schedule {schedule}: the value at step k.", text(schedule.formula))
    return Program(says, (function(name or "schedule", "The value at step k.", (step, *others), formula),))


def of_product(product: Product, name: str | None) -> Program:
    """What a number of steps leaves of an error, where that is a closed formula."""
    if product.formula is None:
        raise NoCode(
            f"{product.steps} steps of {product.schedule} have no closed form; write to_code(schedule), and multiply in a loop"
        )
    counted = Argument(
        COUNT, "K", "the number of steps", lambda random: float(random.randint(0, max(product.steps, 1)))
    )
    others = [
        curvature() if s == CURVATURE else letter(s) for s in sorted(product.formula.free_symbols - {COUNT}, key=str)
    ]
    size = "" if product.curvature is None else f" at λ = {product.curvature:g}"
    says = (
        f"What K steps of gradient descent under {product.schedule} leave of an error{size}: the product of 1 − λη(k), k < K.",
        text(product.formula),
    )
    return Program(
        says,
        (function(name or "product", "The product of K factors.", (counted, *others), product.formula),),
    )


def of_formula(formula: sp.Basic | Mapping[str, sp.Basic], name: str | None) -> Program:
    """Any formula, or several by name."""
    keyed = formula if isinstance(formula, Mapping) else {"": formula}
    for one in keyed.values():
        require_code(one)
    known = {
        CURVATURE: curvature(),
        **dict(zip((MU, LARGEST), ends(), strict=True)),
        STEP: letter(STEP, "the step, from 0"),
        COUNT: letter(COUNT, "the number of steps"),
    }
    letters = sorted(set().union(*(one.free_symbols for one in keyed.values())), key=str)
    arguments = [known[s] if s in known else letter(s) for s in letters]
    says = tuple(text(one) if not key else f"{key}: {text(one)}" for key, one in keyed.items())
    return Program(says, (function(name or "formula", "The value of the formula.", arguments, formula),))
