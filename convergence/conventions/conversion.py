"""Settings in one library's words, in the words of another; or the reason why it cannot do the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from convergence.conventions import nonlinear
from convergence.conventions.arguments import arguments, chosen, in_tuples
from convergence.conventions.counterexample import counterexample
from convergence.conventions.equivalence import subfamilies, verdict
from convergence.conventions.flags import Flag
from convergence.conventions.matching import Match, matches
from convergence.conventions.nonlinear import is_linear, reason, renamed
from convergence.conventions.response import at_values, fresh
from convergence.conventions.solving import Unsolved
from convergence.conventions.wording import conditions, setting
from convergence.errors import NoEquivalent
from convergence.methods import as_method, as_preset
from convergence.methods.presets import PRESETS, Preset, Variant
from convergence.rule import Method

Hyper = Mapping[str, sp.Expr]


class Converted(dict[str, Any]):
    """Arguments of the other library, as a dict; with them the eigenvalues are the same at every curvature.

    Of methods that are not linear it is the step itself, or what both steps tend to when bias corrections have run down.

    Attributes
    ----------
    method
        The catalogue's name for what the library then runs.
    hyper
        That method's hyperparameters: name -> value.
    same_iterates
        Whether all iterates are the same, too, from step 0 on.
    flags, why
        The reasons why not, as ``Flag`` each, and in words.
    """

    method: str
    hyper: dict[str, Any]
    same_iterates: bool
    flags: tuple[Flag, ...]
    why: str

    def __init__(self, arguments: Mapping[str, Any], **said: Any) -> None:
        super().__init__(arguments)
        vars(self).update(said)


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
        Names of presets ("torch.sgd", "optax.adam", "keras.sgd", "course", …; "pytorch", "optax", "keras" for SGD)
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
    >>> convert("optax.adagrad", "torch.adagrad", learning_rate=0.1)
    {'lr': 0.1, 'initial_accumulator_value': 0.1000001, 'eps': 0.0}
    """
    return converted(as_preset(src), as_preset(dst), hyper)


def converted(source: Preset, target: Preset, given: Mapping[str, Any]) -> Converted:
    """The arguments of ``target`` for those of ``source``. NoEquivalent, with the reason, where there are none."""
    found = found_setting(source, target, given)
    if found is None:
        variant, hyper = chosen(source, given)
        raise NoEquivalent(_refusal(source, target, as_method(variant.method), hyper))
    return found


def found_setting(source: Preset, target: Preset, given: Mapping[str, Any]) -> Converted | None:
    """The arguments of ``target`` for those of ``source``, or None: the reason takes longer to find."""
    variant, hyper = chosen(source, given)
    ours, best = as_method(variant.method), None
    floats = any(isinstance(value, float | np.floating | sp.Float) for value in _entries(given.values()))
    for method, match, words in _candidates(ours, hyper, target):
        if best is None or match.same_iterates:
            best = method, match, words
        if match.same_iterates:
            break
    if best is None:
        return None
    method, match, words = best
    if is_linear(ours) and is_linear(method):
        flags, why = verdict(at_values(ours, hyper), fresh(method), match)
    else:
        flags, why = nonlinear.verdict(ours, method, match)
    return Converted(
        in_tuples(target, {name: _like(floats, value) for name, value in words.items()}),
        method=method.name,
        hyper={name: _like(floats, value) for name, value in match.hyper.items()},
        same_iterates=match.same_iterates,
        flags=flags,
        why=why,
    )


def _entries(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, tuple | list) else (value,)


def _candidates(ours: Method, hyper: Hyper, preset: Preset) -> Iterator[tuple[Method, Match, dict[str, Any]]]:
    """The settings of each variant of a preset that match a method at its values, and the arguments for them."""
    for variant in sorted(preset.variants, key=lambda variant: as_method(variant.method) is not ours):
        method = as_method(variant.method)
        for match in _matches(ours, hyper, method):
            words = arguments(preset, variant, match.hyper)
            if words is not None:
                yield method, match, words


def _matches(ours: Method, hyper: Hyper, theirs: Method) -> list[Match]:
    if ours is theirs:
        return [Match(dict(hyper), {}, sp.Integer(1), True)]
    if not (is_linear(ours) and is_linear(theirs)):
        return renamed(ours, hyper, theirs)
    try:
        return matches(at_values(ours, hyper), fresh(theirs))
    except Unsolved:
        return []


def _like(floats: bool, value: Any) -> Any:
    """A number as a float where a float was given."""
    return float(value) if floats and isinstance(value, sp.Expr) and value.is_number else value


def _refusal(source: Preset, target: Preset, ours: Method, hyper: Hyper) -> str:
    """Why nothing matches: eigenvalues that no setting has, and the settings of the source's method that would do."""
    main = as_method(target.main.method)
    methods = {as_method(variant.method): variant for variant in reversed(target.variants)}
    if not (is_linear(ours) and is_linear(main)):
        words = [reason(ours, main)] if ours not in methods else _fixed(target, methods[ours])
        methods = {main: target.main}
    else:
        against = counterexample(at_values(ours, hyper), fresh(main))
        words = [str(against)] if against else []
    near = [part for method in methods for part in subfamilies(ours, method)]
    could = dict.fromkeys(conditions(part.where) for part in near)
    words += [f"it could take {ours.name} where {' or where '.join(could)}"] if could else []
    why = "; ".join(words) or "its own bounds forbid what would match"
    return f"no setting of {target.name} does what {source.name} does at {setting(hyper)}: {why}"


def _fixed(target: Preset, variant: Variant) -> list[str]:
    """What a library does not let one choose."""
    fixed = {to: formula for to, formula in variant.formulas.items() if to not in variant.names.values()}
    return [f"{target.name} has {', '.join(f'{to} = {formula}' for to, formula in fixed.items())}"] if fixed else []
