"""Settings in one library's words, in the words of another; or the reason why it cannot do the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from convergence.conventions.arguments import arguments, chosen
from convergence.conventions.counterexample import counterexample
from convergence.conventions.equivalence import equivalence, explanation, reasons
from convergence.conventions.flags import Flag
from convergence.conventions.matching import Match, matches
from convergence.conventions.response import Response, at_values, fresh
from convergence.conventions.solving import Unsolved
from convergence.conventions.wording import conditions, setting
from convergence.errors import NoEquivalent
from convergence.methods import as_method, as_preset
from convergence.methods.presets import LIBRARIES, PRESETS, Preset
from convergence.rule import Method


class Converted(dict[str, Any]):
    """Arguments of the other library, as a dict; with them the eigenvalues are the same at every curvature.

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
    return _convert(as_preset(src), as_preset(dst), hyper)


def _convert(source: Preset, target: Preset, given: Mapping[str, Any]) -> Converted:
    variant, hyper = chosen(source, given)
    ours, best = at_values(as_method(variant.method), hyper), None
    floats = any(isinstance(value, float | np.floating | sp.Float) for value in given.values())
    for method, match, words in _candidates(ours, target):
        if best is None or match.same_iterates:
            best = method, match, words
        if match.same_iterates:
            break
    if best is None:
        raise NoEquivalent(_refusal(source, target, ours))
    method, match, words = best
    theirs = fresh(method)
    flags = () if match.same_iterates else reasons(ours, theirs, match)
    return Converted(
        {name: _like(floats, value) for name, value in words.items()},
        method=method.name,
        hyper={name: _like(floats, value) for name, value in match.hyper.items()},
        same_iterates=match.same_iterates,
        flags=flags,
        why=explanation(ours, theirs, match, flags),
    )


def _candidates(ours: Response, preset: Preset) -> Iterator[tuple[Method, Match, dict[str, Any]]]:
    """The settings of each variant of a preset that match a method at its values, and the arguments for them."""
    for variant in preset.variants:
        method = as_method(variant.method)
        for match in _matches(ours, method):
            words = arguments(preset, variant, match.hyper)
            if words is not None:
                yield method, match, words


def _matches(ours: Response, theirs: Method) -> list[Match]:
    if ours.method is theirs:
        return [Match(dict(ours.hyper), {}, sp.Integer(1), True)]
    try:
        return matches(ours, fresh(theirs))
    except Unsolved:
        return []


def _like(floats: bool, value: Any) -> Any:
    """A number as a float where a float was given."""
    return float(value) if floats and isinstance(value, sp.Expr) and value.is_number else value


def _refusal(source: Preset, target: Preset, ours: Response) -> str:
    """Why nothing matches: eigenvalues that no setting has, and the settings of the source's method that would do."""
    against = counterexample(ours, fresh(as_method(target.main.method)))
    methods = dict.fromkeys(as_method(variant.method) for variant in target.variants)
    near = [part for method in methods for part in equivalence(ours.method, method).subfamilies]
    could = dict.fromkeys(conditions(part.where) for part in near)
    words = [str(against)] if against else []
    words += [f"it could take {ours.method.name} where {' or where '.join(could)}"] if could else []
    why = "; ".join(words) or "its own bounds forbid what would match"
    return f"no setting of {target.name} does what {source.name} does at {setting(ours.hyper)}: {why}"


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
    settings, own = method.settings(hyper), as_preset(method)
    return tuple(_called(own, as_preset(name), settings) for name in LIBRARIES)


def _called(own: Preset, library: Preset, hyper: Mapping[str, Any]) -> LibraryCall:
    try:
        converted = _convert(own, library, hyper)
    except NoEquivalent as reason:
        return LibraryCall(library.name, "", False, str(reason))
    written = {name: str(v) if isinstance(v, bool) else repr(float(v)) for name, v in converted.items()}
    listed = ", ".join(f"{name}={value}" for name, value in written.items())
    full = {name: str(value) for name, value in library.arguments.items()} | written
    call = library.call.format(arguments=listed, **full)
    return LibraryCall(library.name, call, converted.same_iterates, converted.why)
