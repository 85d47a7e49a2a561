"""Classes of methods that are one method in other letters, and which class holds which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from convergence.conventions.equivalence import Equivalence, equivalence
from convergence.conventions.matching import matches
from convergence.conventions.nonlinear import is_linear
from convergence.conventions.response import response
from convergence.conventions.solving import Unsolved
from convergence.errors import BadName
from convergence.methods import LINEAR, as_method
from convergence.rule import Method
from convergence.tabular import Tabular


@dataclass(frozen=True, eq=False)
class Equivalences(Tabular):
    """The classes of some methods: two are in one class where each has a map to the other.

    Attributes
    ----------
    classes
        Names, the simplest method of each class first.
    holds
        Pairs (i, j) of classes: every setting of class i has a match in class j, but not the other way round.
    maps
        The map from each method to the first of its class.
    same_iterates
        Names of methods of one class that have the very same iterates from one start, where there are several.

    >>> equivalences(["heavy_ball", "nesterov", "pytorch"]).class_of("torch_sgd")
    0
    """

    classes: tuple[tuple[str, ...], ...]
    holds: tuple[tuple[int, int], ...]
    maps: tuple[Equivalence, ...]
    same_iterates: tuple[tuple[str, ...], ...]

    def class_of(self, name: str) -> int:
        """The index of the class that a method is in."""
        return next(k for k, names in enumerate(self.classes) if name in names)

    def has_map(self, a: str, b: str) -> bool:
        """Whether every setting of method a has a match in method b."""
        one, other = self.class_of(a), self.class_of(b)
        return one == other or (one, other) in self.holds

    def table(self) -> dict[str, Any]:
        """A row for each method: the simplest of its class, and the settings with which that one does the same."""
        rows = [(name, names[0]) for names in self.classes for name in names]
        maps = {one.a: one.hyper for one in self.maps}
        return {
            "method": [name for name, _ in rows],
            "same as": [first for _, first in rows],
            "settings": [maps.get(name) for name, _ in rows],
        }

    def __repr__(self) -> str:
        return "Equivalences: " + " | ".join(" = ".join(names) for names in self.classes)


def equivalences(methods: Iterable[Any] | None = None) -> Equivalences:
    """The classes of methods that are one method in other letters, as far as the spectrum goes.

    Methods that are not linear are in one class where their iterates are the same.

    Parameters
    ----------
    methods
        Methods, names, presets or plain rules; the catalogue, if not given.

    Returns
    -------
    Equivalences

    Raises
    ------
    NotLinear
        As ``equivalent``.

    >>> equivalences(["heavy_ball", "nesterov", "pytorch"])
    Equivalences: heavy_ball = torch_sgd | nesterov
    """
    if not isinstance(methods, Iterable | None) or isinstance(methods, str):
        raise BadName(f"equivalences takes methods, a list of them; got {str(methods)[:60]!r}")
    return _classified(tuple(dict.fromkeys(as_method(m) for m in (LINEAR if methods is None else methods))))


@cache
def _classified(methods: tuple[Method, ...]) -> Equivalences:
    classes: list[list[Method]] = []
    for method in methods:
        same = next((one for one in classes if has_map(method, one[0]) and has_map(one[0], method)), None)
        if same is None:
            classes.append([method])
        else:
            same.append(method)
    pairs = [(i, j) for i, a in enumerate(classes) for j, b in enumerate(classes) if i != j and has_map(a[0], b[0])]
    maps = tuple(equivalence(method, one[0]) for one in classes for method in one[1:])
    twins = tuple(group for one in classes for group in _same_iterates(one))
    return Equivalences(tuple(tuple(m.name for m in one) for one in classes), tuple(pairs), maps, twins)


def _same_iterates(methods: list[Method]) -> list[tuple[str, ...]]:
    """Methods of a class that have the very same iterates, from the same start."""
    groups: list[list[Method]] = []
    for method in methods:
        same = next((group for group in groups if equivalence(method, group[0]).same_iterates), None)
        groups.append([method]) if same is None else same.append(method)
    return [tuple(method.name for method in group) for group in groups if len(group) > 1]


@cache
def has_map(a: Method, b: Method) -> bool:
    """Whether every setting of a has a match in b; False, too, where elimination finds no formula for it."""
    if not (is_linear(a) and is_linear(b)):
        return a is b or equivalence(a, b).same_iterates
    try:
        return a is b or bool(matches(response(a), response(b)))
    except Unsolved:
        return False
