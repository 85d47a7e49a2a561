"""A library's arguments and the hyperparameters of the method that they choose: from the one to the other, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from sys import float_info
from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter, nearest
from convergence.methods import as_method
from convergence.methods.presets import Preset, Variant

FLAGS = {"true": True, "false": False}


def chosen(preset: Preset, given: Mapping[str, Any]) -> tuple[Variant, dict[str, sp.Expr]]:
    """The variant that these arguments choose, and the exact hyperparameters of its method.

    Raises BadHyperparameter for unknown, missing and impossible arguments, and for a combination that no variant has.
    """
    full = _completed(preset, given)
    variant = next((one for one in preset.variants if _chooses(preset, one, full)), None)
    if variant is None:
        words = ", ".join(f"{name}={_written(value)}" for name, value in full.items())
        unusual = [name for name in preset.refused if full[name] != _value(preset, name, preset.arguments[name])]
        why = "".join(f"; {name}: {preset.refused[name]}" for name in unusual or preset.refused)
        raise BadHyperparameter(f"{preset.name} with {words} is no method of the catalogue{why}")
    letters = {sp.Symbol(name): value for name, value in full.items()}
    computed = {to: sp.sympify(formula).subs(letters) for to, formula in variant.formulas.items()}
    hyper = {to: full[name] for name, to in variant.names.items()} | computed
    domains = as_method(variant.method).domains
    for name, to in variant.names.items():
        if not _within(preset, name, full[name]):
            low, high = preset.bounds[name]
            raise BadHyperparameter(f"{preset.name} takes {name} from {low:g} to {high:g}; got {_written(full[name])}")
        if domains[to].is_rate and hyper[to].is_number and not hyper[to] > 0:
            raise BadHyperparameter(
                f"{preset.name}: a learning rate must be positive; got {name}={_written(full[name])}"
            )
    return variant, hyper


def arguments(preset: Preset, variant: Variant, hyper: Mapping[str, sp.Expr]) -> dict[str, Any] | None:
    """The arguments that choose a variant at these hyperparameters of its method; None where the library has none."""
    values: dict[str, Any] = {}
    for name, to in variant.names.items():
        values[name] = hyper[to]
        if to in variant.formulas:
            known = {
                sp.Symbol(n): exact(v) for n, v in {**preset.arguments, **values}.items() if _is_number(v) and n != name
            }
            roots = sp.solve(sp.sympify(variant.formulas[to]).subs(known) - hyper[to], sp.Symbol(name))
            if len(roots) != 1:
                return None
            values[name] = roots[0]
    fixed = {to: formula for to, formula in variant.formulas.items() if to not in variant.names.values()}
    if any(hyper[to] != sp.sympify(formula) for to, formula in fixed.items()):
        return None
    if any(values[name] == 0 for name in variant.positive) or not all(_within(preset, *one) for one in values.items()):
        return None
    values |= {name: v if isinstance(v, bool) else sp.Integer(v) for name, v in variant.given.items()}
    return {name: values[name] for name in preset.arguments if name in values}


def in_tuples(preset: Preset, values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as the library takes them: betas=(β₁, β₂)."""
    inside = {name: whole for whole, names in preset.tuples.items() for name in names}
    made = {inside.get(name, name): value for name, value in values.items()}
    return made | {
        whole: tuple(values[name] for name in preset.tuples[whole]) for whole in made if whole in preset.tuples
    }


def _apart(preset: Preset, given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments, the entries of tuples each by its name."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        names = preset.tuples.get(name, (name,))
        entries = (value,) if name not in preset.tuples else value
        if not isinstance(entries, Sequence) or isinstance(entries, str) or len(entries) != len(names):
            raise BadHyperparameter(f"{preset.name}: {name} is ({', '.join(names)}); got {str(value)[:60]!r}")
        if not values.keys().isdisjoint(names):
            raise BadHyperparameter(f"{preset.name}: {name} was given in two ways; give one")
        values |= dict(zip(names, entries, strict=True))
    return values


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, bool)


def _completed(preset: Preset, given: Mapping[str, Any]) -> dict[str, Any]:
    """All arguments: flags as they are, numbers exact. None is what a library calls 0."""
    given = _apart(preset, given)
    for name in given:
        if name not in preset.arguments:
            raise BadHyperparameter(
                f"{preset.name} has no argument {name!r}: {nearest(name, (*preset.arguments, *preset.tuples))}"
            )
    full = {**preset.arguments, **given}
    missing = [name for name, value in full.items() if value is None and preset.arguments[name] is None]
    if missing:
        raise BadHyperparameter(
            f"{preset.name} needs {', '.join(missing)} too; give {' and '.join(f'{name}=…' for name in missing)}",
            f"{preset.name} needs {', '.join(missing)} too; give {' '.join(f'--{name} X' for name in missing)}",
        )
    return {name: _value(preset, name, value) for name, value in full.items()}


def _value(preset: Preset, name: str, value: Any) -> Any:
    default = preset.arguments[name]
    if isinstance(default, bool):
        flag = FLAGS.get(value.lower()) if isinstance(value, str) else value
        if isinstance(flag, int) and flag in (True, False):
            return bool(flag)
        raise BadHyperparameter(f"{preset.name}: {name} is True or False; got {str(value)[:60]!r}")
    try:
        number = exact(0 if value is None and default == 0 else value)
    except TypeError:
        number = sp.nan
    if isinstance(value, bool) or number is sp.nan or not _is_real(number):
        raise BadHyperparameter(f"{preset.name}: {name} must be a finite real number; got {str(value)[:60]!r}")
    return number


def _is_real(number: sp.Basic) -> bool:
    """Whether it is a number that a double can hold, or a formula that may be one."""
    if not isinstance(number, sp.Expr) or number.is_real is False or number.is_finite is False:
        return False
    return not number.is_number or bool(abs(number) <= float_info.max)


def _chooses(preset: Preset, variant: Variant, full: Mapping[str, Any]) -> bool:
    others = {n: v for n, v in preset.arguments.items() if n not in variant.names and n not in variant.free}
    fits = all(full[name] == value for name, value in {**others, **variant.given}.items())
    return fits and all(full[name] != 0 for name in variant.positive)


def _within(preset: Preset, name: str, value: sp.Expr) -> bool:
    low, high = preset.bounds.get(name, (-inf, inf))
    return not value.is_number or bool(low <= value <= high)


def _written(value: Any) -> str:
    return (
        f"{float(value):g}" if isinstance(value, sp.Expr) and value.is_number and not value.is_Integer else str(value)
    )
