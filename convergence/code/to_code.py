"""Results as code that people paste into theirs: a function, where it comes from, and values to test it by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from convergence.code.languages import LAYOUTS
from convergence.code.program import Program, merged
from convergence.code.programs import of_floor, of_formula, of_optimum, of_product, of_region, of_schedule
from convergence.code.steps import of_method
from convergence.errors import BadName, BadRule, nearest
from convergence.methods import as_method
from convergence.numerics.products import Product
from convergence.rule import Method
from convergence.schedule import Schedule
from convergence.theory.noise import NoiseFloor
from convergence.theory.optimum import Optimum
from convergence.theory.region import Region


def to_code(thing: Any, language: str, name: str | None = None) -> str:
    """A result as a self-contained file of another language: functions, units and source in a comment, and a self-test.

    Parameters
    ----------
    thing
        A ``Region`` (the largest stable learning rate, and whether a setting is stable), an ``Optimum`` (the best
        hyperparameters and their rate, of μ and L), a ``NoiseFloor`` (variance and loss, of λ and the noise's standard
        deviation), a ``Schedule`` (the value at step k), a ``Product`` (of K steps, where it is closed), a formula of SymPy, as
        ``rate`` gives one, or several by name; or a method, its name or a rule: its step on arrays, with the gradient as a
        function. A list of these is one file.
    language
        "python", "c", "julia", "javascript" or "latex".
    name
        Of the function; of a region and a method what the names begin with.

    Returns
    -------
    The text of a file. Run as a program it evaluates its functions at five points, where the values are known to 50 digits,
    and exits with status 1 where one is not within the bound of rounding errors. LaTeX has the formulas alone.

    Raises
    ------
    NoCode
        For a formula that other languages cannot evaluate (a root of a polynomial, a sum, Γ), and for a result without a
        formula; the message says what to do.
    BadName
        For a language or a name that cannot be.
    BadRule, NotLinear
        For what is none of these, and for a rule that cannot be read on symbols.

    The tolerances are running error bounds (Higham 2002, §3.3).

    >>> import convergence as cv
    >>> source = to_code(cv.stability("heavy_ball"), "python")
    >>> room = {}
    >>> exec(source, room)
    >>> room["heavy_ball_lr_max"](10.0, 0.9), room["self_test"]()
    10 of 10 values as expected
    (0.38, 0)
    """
    return source(program(thing, name), language)


def source(program: Program, language: str) -> str:
    """A program as a file of a language. BadName for another."""
    if not isinstance(language, str) or language not in LAYOUTS:
        raise BadName(f"there is no language {str(language)[:60]!r}: {nearest(str(language), LAYOUTS)}")
    return LAYOUTS[language].source(program)


def program(thing: Any, name: str | None) -> Program:
    """The program of a thing. Raises what ``to_code`` raises."""
    require_name(name)
    match thing:
        case Region():
            return of_region(thing, name)
        case Optimum():
            return of_optimum(thing, name)
        case NoiseFloor():
            return of_floor(thing, name)
        case Schedule():
            return of_schedule(thing, name)
        case Product():
            return of_product(thing, name)
        case list() | tuple() if thing:
            return merged([program(one, name) for one in thing])
        case sp.Basic():
            return of_formula(thing, name)
        case Mapping() if thing and all(_is_entry(*one) for one in thing.items()):
            return of_formula(thing, name)
    if not callable(thing) and not isinstance(thing, str | Method):
        raise BadRule(
            f"there is code of a region, an optimum, a noise floor, a schedule, a product, a formula of SymPy, several by "
            f"name, a method, and a list of these; got {str(thing)[:60]!r}"
        )
    return of_method(as_method(thing), name)


def require_name(name: str | None) -> None:
    """BadName for what cannot be the name of a function in each of the languages."""
    if name is not None and not (isinstance(name, str) and name.isidentifier() and name.isascii()):
        raise BadName(
            f"a function's name has letters, digits and underlines, as in heavy_ball_rate; got {str(name)[:60]!r}"
        )


def _is_entry(name: Any, formula: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and isinstance(formula, sp.Basic)
