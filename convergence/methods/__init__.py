"""The catalogue: each file of this folder holds a family of update rules; ``METHODS`` finds them, simplest first.

``LINEAR`` are those whose step is linear in the gradients, ``ADAPTIVE`` the others: what holds for these is a linearisation, or
a cycle. Called by name as well are ``LIBRARY_RULES``, what libraries run where it is not the source's, and ``AVERAGES``, which
have no rate: they are asked for a number of steps.

Each docstring has the rule in the letters η = lr and β = momentum, says what β weighs, and names the source. Buffers
begin at zero unless the rule says otherwise.

>>> import convergence as cv
>>> list(cv.METHODS)[:3]
['gradient_descent', 'newton', 'ema_momentum']
>>> cv.METHODS["heavy_ball"].doc
"Polyak's heavy ball (1964), momentum in the velocity form: v ← βv + ∇f(x), x ← x − ηv."
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from convergence.errors import BadName, BadRule, nearest
from convergence.methods.presets import ALIASES, PRESETS, Preset, Variant
from convergence.rule import Method, method
from convergence.surroundings import surroundings

APART = {"AVERAGES": "iterate_averages", "LIBRARY_RULES": "library_rules"}
"""The files of those that are not of the catalogue: without a rate, or adaptive once more."""

NOT_LINEAR = ("adaptive", "signs")
"""The files of those that divide by a root of gradients, or take a sign of them."""


A_SLIP = 0.85
"""Names so much alike differ by a letter or two of ten: another was not meant. "momentum" and "ema_momentum" have 0.8."""


def _collected(names: Iterable[str]) -> dict[str, Method]:
    modules = [import_module(f"{__name__}.{name}") for name in names]
    rules = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Method)}
    return dict(sorted(rules.items(), key=lambda item: (len(item[1].state), len(item[1].hyper), item[0])))


ADAPTIVE: dict[str, Method] = _collected(NOT_LINEAR)
LINEAR: dict[str, Method] = _collected(
    info.name for info in iter_modules(__path__) if info.name not in (*APART.values(), *NOT_LINEAR)
)
METHODS: dict[str, Method] = LINEAR | ADAPTIVE
__all__ = ["ADAPTIVE", "LINEAR", "METHODS", "as_method", "as_preset"]


@cache
def apart(name: str) -> dict[str, Method]:
    """``AVERAGES`` or ``LIBRARY_RULES``, read when they are asked for."""
    return _collected([APART[name]])


def _all() -> dict[str, Method]:
    return METHODS | apart("LIBRARY_RULES") | apart("AVERAGES")


def as_method(given: Any) -> Method:
    """A Method from a Method, the name of one or of a preset ("pytorch"), or a plain update rule.

    What the rule reads from outside is looked at anew: after a global that it uses has changed, it is another method.
    Raises BadName for an unknown name, BadRule for what is no update rule.
    """
    if isinstance(given, str):
        if given in METHODS:
            return METHODS[given]
        name = ALIASES.get(given, given)
        if name in PRESETS:
            return as_method(PRESETS[name].main.method)
        if given not in _all():
            raise BadName(f"there is no method {given[:60]!r}: {_suggestion(given)}")
        return _all()[given]
    if isinstance(given, Method):
        now = surroundings(given.rule, given.starts)
        return given if now == given.surroundings else replace(given, surroundings=now)
    if not callable(given):
        raise BadRule(
            f"a method is a Method, a name or an update rule (f, x, ..., *, lr, ...); got {str(given)[:60]!r}"
        )
    return method(given)


def as_preset(given: Any) -> Preset:
    """The preset of this name or alias; a Method, or the name of one in METHODS, is a preset of its own arguments.

    Raises BadName, with the nearest name, for another.
    """
    if isinstance(given, str):
        name = ALIASES.get(given, given)
        if name in PRESETS:
            return PRESETS[name]
        if name not in METHODS and name not in _all():
            raise BadName(f"there is no preset or method {given[:60]!r}: {_suggestion(given)}")
    own = as_method(given)
    arguments = {name: dict(own.defaults).get(name) for name in own.hyper}
    source = (own.doc or own.name).splitlines()[0]
    return Preset(own.name, "the catalogue", source, arguments, (Variant(own, {name: name for name in own.hyper}),))


def _suggestion(word: str) -> str:
    """The nearest names; where the word is ambiguous ("momentum"), what each of those it may mean does."""
    known = (*_all(), *PRESETS, *ALIASES)
    if slips := get_close_matches(word.lower(), known, n=1, cutoff=A_SLIP):
        return nearest(slips[0], METHODS, known)
    meant = [
        METHODS[name] for name in METHODS if len(word) > 3 and word.lower() in f"{name} {METHODS[name].doc}".lower()
    ]
    meant.sort(key=lambda m: (not m.name.startswith(word.lower()), word.lower() not in m.name))
    if len(meant) > 1:
        lines = (f"{m.name} ({m.doc.splitlines()[0].rsplit(': ', 1)[-1].rstrip('.')})" for m in meant[:6])
        return f"name the one that you mean: {'; '.join(lines)}"
    return nearest(word, METHODS, known)


def __getattr__(name: str) -> Any:
    if name in APART:
        return apart(name)
    if name in _all():
        return _all()[name]
    raise AttributeError(f"module {__name__!r} has no method {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *_all()]
