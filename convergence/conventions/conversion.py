"""Settings in one library's words, in the words of another; or the reason why it cannot do the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from convergence.conventions.counterexample import counterexample
from convergence.conventions.equivalence import equivalence, explanation, reasons
from convergence.conventions.flags import Flag
from convergence.conventions.matching import Match, matches
from convergence.conventions.response import Response, at_values, fresh
from convergence.conventions.solving import Unsolved
from convergence.conventions.wording import conditions, setting
from convergence.crossing import exact
from convergence.domain import CONVENTIONAL, NUMBER
from convergence.errors import BadHyperparameter, NoEquivalent, nearest
from convergence.methods import METHODS, as_method, as_preset
from convergence.methods.presets import LIBRARIES, PRESETS, Preset, Variant
from convergence.rule import Method


class Converted(dict[str, Any]):
    """Arguments of the other library, as a dict; with them the eigenvalues are the same at every curvature.

    Attributes
    ----------
    method
        The catalogue's name for what the library then runs.
    same_iterates
        Whether all iterates are the same, too, from step 0 on.
    flags, why
        The reasons why not, as ``Flag`` each, and in words.
    """

    def __init__(
        self, arguments: Mapping[str, Any], method: str, same: bool, why: str, flags: tuple[Flag, ...]
    ) -> None:
        super().__init__(arguments)
        self.method, self.same_iterates, self.why, self.flags = method, same, why, flags


@dataclass(frozen=True)
class LibraryCall:
    """How one library is called for a setting.

    Attributes
    ----------
    library
        The preset's name: "torch.sgd", "optax.sgd", "keras.sgd".
    call
        Python; empty where ``why`` says that it cannot.
    same_iterates
        Whether all iterates are the same, or the spectrum alone.
    why
        What differs, or why there is no such call.
    """

    library: str
    call: str
    same_iterates: bool
    why: str


@dataclass(frozen=True, eq=False)
class _Candidate:
    variant: Variant
    match: Match
    arguments: dict[str, Any]


def presets() -> Mapping[str, Preset]:
    """The presets by name: library, version checked, source, arguments with defaults, and the methods they stand for.

    Returns
    -------
    A read-only mapping: name -> Preset.

    >>> presets()["torch.sgd"].version
    '2.13.0'
    >>> presets()["torch.sgd"].arguments["dampening"]
    0
    """
    return PRESETS


def convert(src: Any, dst: Any, /, **hyper: Any) -> Converted:
    """The arguments of ``dst`` with which it does what ``src`` does with these: a dict in dst's own argument names.

    Where several settings would do, those with the same iterates come first.

    Parameters
    ----------
    src, dst
        Names of presets ("torch.sgd", "optax.sgd", "keras.sgd", "course", …; "pytorch", "optax", "keras" for short)
        or of methods, or Methods, or plain rules.
    hyper
        src's arguments by its own names; those left out have src's defaults. Exact numbers give exact ones, floats
        floats, letters formulas.

    Returns
    -------
    Converted
        ``.same_iterates``, ``.flags`` and ``.why`` say whether more than the spectrum agrees: the first step, a bias
        correction, the point of the gradient may differ though the rate is the same.

    Raises
    ------
    NoEquivalent
        With a counterexample, where dst cannot do it.
    BadName, BadHyperparameter
        For wrong input.

    >>> convert("pytorch", "course", lr=0.1, momentum=0.9)
    {'lr': 1.0, 'momentum': 0.1}
    >>> convert("pytorch", "course", lr=0.1, momentum=0.9).flags[0].kind
    'start'
    """
    return _convert(
        src if isinstance(src, str) else as_method(src), dst if isinstance(dst, str) else as_method(dst), hyper
    )


def _convert(src: Any, dst: Any, hyper: Mapping[str, Any]) -> Converted:
    source, target = as_preset(src), as_preset(dst)
    variant, values = _understood(source, hyper, src)
    ours = at_values(_method(variant, src), values)
    converted = _converted(ours, target, dst, hyper)
    if converted is None:
        raise NoEquivalent(_refusal(source, target, ours, dst))
    return converted


def _converted(ours: Response, target: Preset, dst: Any, hyper: Mapping[str, Any]) -> Converted | None:
    """The best arguments of the target for what ``ours`` does; None where there are none."""
    best: _Candidate | None = None
    for one in _candidates(ours, target, dst):
        best = one if best is None or one.match.same_iterates else best
        if one.match.same_iterates:
            break
    if best is None:
        return None
    theirs = fresh(_method(best.variant, dst))
    differences = () if best.match.same_iterates else reasons(ours, theirs, best.match)
    arguments = {name: _like(hyper.values(), value) for name, value in best.arguments.items()}
    why = explanation(ours, theirs, best.match, differences)
    return Converted(arguments, best.variant.method, best.match.same_iterates, why, differences)


def in_libraries(m: Any, /, **hyper: Any) -> tuple[LibraryCall, ...]:
    """How a setting of a method is written in PyTorch, optax and Keras.

    Parameters
    ----------
    m
        A Method, its name, a preset or a plain rule.
    hyper
        One number each; those with a default may be left out.

    Returns
    -------
    A ``LibraryCall`` for each library: ``.call`` is empty where it has no such setting.

    Raises
    ------
    BadHyperparameter
        For missing or unknown names.

    >>> in_libraries("heavy_ball", lr=0.1, momentum=0.9)[0].call
    'torch.optim.SGD(params, lr=0.1, momentum=0.9, dampening=0.0)'
    """
    method = as_method(m)
    settings = method.settings(hyper)
    return tuple(_called(method, settings, as_preset(name)) for name in LIBRARIES)


def _called(method: Any, hyper: Mapping[str, Any], preset: Preset) -> LibraryCall:
    try:
        return _call(preset, _convert(method, preset.name, hyper))
    except NoEquivalent as reason:
        return LibraryCall(preset.name, "", False, str(reason))


def _call(preset: Preset, converted: Converted) -> LibraryCall:
    written = {name: _python(value) for name, value in converted.items()}
    listed = ", ".join(f"{name}={value}" for name, value in written.items())
    full = {name: str(value) for name, value in preset.arguments.items()} | written
    return LibraryCall(
        preset.name, preset.call.format(arguments=listed, **full), converted.same_iterates, converted.why
    )


def _python(value: Any) -> str:
    return str(value) if isinstance(value, bool) else repr(float(value))


def _method(variant: Variant, given: Any) -> Method:
    """The method of a variant; a Method that is in no catalogue was given itself."""
    return given if isinstance(given, Method) else METHODS[variant.method]


def _understood(preset: Preset, hyper: Mapping[str, Any], given: Any) -> tuple[Variant, dict[str, sp.Expr]]:
    """The variant that these arguments choose, and the exact hyperparameters of its method."""
    for name in hyper:
        if name not in preset.arguments:
            raise BadHyperparameter(f"{preset.name} has no argument {name!r}: {nearest(name, preset.arguments)}")
    full = {**preset.arguments, **{name: 0 if value is None else value for name, value in hyper.items()}}
    missing = [name for name, value in full.items() if value is None]
    if missing:
        raise BadHyperparameter(f"{preset.name} needs {', '.join(missing)} too; give it as a keyword argument")
    for variant in preset.variants:
        if all(full[name] == value for name, value in variant.given.items()):
            values = {to: _number(preset, name, full[name]) for name, to in variant.names.items()}
            _require_accepted(preset, variant, _method(variant, given), full)
            return variant, values
    raise BadHyperparameter(f"{preset.name} with {setting_of(full)} is no method of the catalogue")


def setting_of(arguments: Mapping[str, Any]) -> str:
    """Arguments as one would write them."""
    return ", ".join(f"{name}={value}" for name, value in arguments.items())


def _number(preset: Preset, name: str, value: Any) -> sp.Expr:
    try:
        number = exact(value)
    except TypeError:
        number = sp.nan
    if (
        isinstance(value, bool)
        or number is sp.nan
        or not (number.is_finite is not False and number.is_real is not False)
    ):
        raise BadHyperparameter(f"{preset.name}: {name} must be a finite real number; got {value!r}")
    return number


def _require_accepted(preset: Preset, variant: Variant, method: Method, full: Mapping[str, Any]) -> None:
    for name, to in variant.names.items():
        value = _number(preset, name, full[name])
        low, high = preset.bounds.get(name, (-float("inf"), float("inf")))
        if value.is_number and not (low <= value <= high):
            raise BadHyperparameter(f"{preset.name} takes {name} from {low:g} to {high:g}; got {full[name]}")
        if method.domains[to].is_rate and value.is_number and not value > 0:
            raise BadHyperparameter(f"{preset.name}: a learning rate must be positive; got {name}={full[name]}")


def _candidates(ours: Response, preset: Preset, given: Any) -> Iterator[_Candidate]:
    """The settings of each variant of a preset that match a method at its values."""
    for variant in preset.variants:
        theirs = _method(variant, given)
        for match in _matches(ours, theirs):
            arguments = {name: match.hyper[to] for name, to in variant.names.items()}
            if all(_accepts(preset, variant, name, value) for name, value in arguments.items()):
                yield _Candidate(variant, match, _complete(preset, variant, arguments))


def _matches(ours: Response, theirs: Method) -> list[Match]:
    if ours.method is theirs:
        return [Match(dict(ours.hyper), {}, sp.Integer(1), True)]
    try:
        return matches(ours, fresh(theirs))
    except Unsolved:
        return []


def _accepts(preset: Preset, variant: Variant, name: str, value: sp.Expr) -> bool:
    low, high = preset.bounds.get(name, (-float("inf"), float("inf")))
    if value == 0 and name in variant.positive:
        return False
    return not value.is_number or bool(low <= value <= high)


def _complete(preset: Preset, variant: Variant, arguments: dict[str, sp.Expr]) -> dict[str, Any]:
    """With the arguments that choose the variant, where they are not at their defaults; momentum always."""
    fixed = {n: v for n, v in variant.given.items() if v != preset.arguments[n] or CONVENTIONAL.get(n, NUMBER).is_share}
    full = {**arguments, **{n: v if isinstance(v, bool) else sp.Integer(v) for n, v in fixed.items()}}
    return {name: full[name] for name in preset.arguments if name in full}


def _like(given: Iterable[Any], value: Any) -> Any:
    """A number as a float where a float was given."""
    floats = any(isinstance(one, float | np.floating | sp.Float) for one in given)
    return float(value) if floats and isinstance(value, sp.Expr) and value.is_number else value


def _refusal(source: Preset, target: Preset, ours: Response, given: Any) -> str:
    """Why nothing matches: eigenvalues that no setting has, and the settings of the source's method that would do."""
    against = counterexample(ours, fresh(_method(target.main, given)))
    near = [part for v in target.variants for part in equivalence(ours.method, _method(v, given)).subfamilies]
    could = dict.fromkeys(conditions(part.where) for part in near)
    words = [str(against)] if against else []
    words += [f"it could take {ours.method.name} where {' or where '.join(could)}"] if could else []
    why = "; ".join(words) or "its own bounds forbid what would match"
    return f"no setting of {target.name} does what {source.name} does at {setting(ours.hyper)}: {why}"
