"""A hyperparameter may have any name that no public function has for an argument of its own, and no other."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest

import convergence as cv
from convergence.domain import CONVENTIONAL
from convergence.rule import RESERVED

LR = {"lr"}
"""What ``bifurcation`` and ``diagnose_run`` take for the learning rate of any method."""

LETTERS = {"sigma"}
"""σ stands beside the hyperparameters' letters in what ``derive(m, sigma=True)`` answers."""


def public_functions():
    """Functions by name, and the methods of every class that a result may be."""
    for name in cv.__all__:
        yield name, getattr(cv, name)
    for room in (cv.landscapes, cv.schedules):
        yield from ((name, getattr(room, name)) for name in dir(room))
    for info in pkgutil.walk_packages(cv.__path__, "convergence."):
        if info.name.startswith(("convergence.coursework", "convergence.__main__")):
            continue
        for kind in vars(import_module(info.name)).values():
            if inspect.isclass(kind) and kind.__module__ == info.name and not kind.__name__.startswith("_"):
                methods = ((name, value) for name, value in vars(kind).items() if not name.startswith("_"))
                yield from ((f"{kind.__name__}.{name}", value) for name, value in methods)


def beside_hyperparameters(function):
    """The arguments that have a name, of a function that takes a method's hyperparameters by name as well."""
    named = inspect.signature(function).parameters.values()
    if all(one.kind is not one.VAR_KEYWORD for one in named):
        return set()
    return {one.name for one in named if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)} - {"self"}


def test_the_reserved_words_are_those_of_the_public_functions():
    functions = [value for _, value in public_functions() if inspect.isfunction(value)]
    assert set().union(*map(beside_hyperparameters, functions)) - LR | LETTERS == RESERVED


def test_no_usual_name_of_a_hyperparameter_is_reserved():
    assert not RESERVED & {*CONVENTIONAL, *(name for m in cv.METHODS.values() for name in m.hyper)}


@pytest.mark.parametrize("word", ["problem", "lrs", "target", "rate", "epsilon", "minimiser", "sigma"])
def test_a_reserved_word_is_refused_where_the_rule_is_read(word):
    scope = {}
    exec(f"def rule(f, x, *, {word}):\n    return x - {word} * f.grad(x)", scope)
    with pytest.raises(cv.BadRule, match=f"cannot be called '{word}'"):
        cv.method(scope["rule"])


@pytest.mark.parametrize("word", ["m", "p", "eps", "a"])
def test_any_other_is_free(word):
    scope = {}
    exec(f"def rule(f, x, *, {word}: cv.Rate):\n    return x - {word} * f.grad(x)", {"cv": cv}, scope)
    rule = cv.method(scope["rule"])
    assert cv.worst_case(rule, 3, mu=1, L=2, **{word: 0.1}).value == pytest.approx(0.9**3)
    assert cv.effective_batch(rule, "equal_lr", curvature=1.0, **{word: 0.1}) == 1
    assert cv.compare_schedules([1.0, 2.0], 4, [cv.schedules.constant(0.1)], method=rule)
