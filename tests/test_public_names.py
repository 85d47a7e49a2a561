"""What is public is listed, is there, and costs nothing to import."""

import pickle
import tomllib
from dataclasses import replace
from inspect import getsource, isfunction
from pathlib import Path

import pytest

import convergence as cv

CONTRACT = [
    "LeastSquares",
    "Direction",
    "datasets",
    "METHODS",
    "methods",
    "method",
    "Method",
    "derive",
    "stability",
    "regimes",
    "optimum",
    "spectral_radius",
    "simulate",
    "predict",
    "identify",
    "verify",
    "study",
    "Study",
]


def test_the_contract_is_public():
    assert set(CONTRACT) <= set(cv.__all__)


@pytest.mark.parametrize("name", cv.__all__)
def test_every_public_name_is_there(name):
    assert getattr(cv, name) is not None
    assert name in dir(cv)


def test_every_public_function_is_documented():
    for name in cv.__all__:
        value = getattr(cv, name)
        assert not callable(value) or (value.__doc__ or "").strip(), name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="optimun"):
        cv.optimun  # noqa: B018


@pytest.mark.finding("F")
def test_every_public_function_has_an_example():
    """The examples are run as doctests of their modules."""
    functions = {n for n in cv.__all__ if isfunction(getattr(cv, n))}
    assert not {n for n in functions if ">>> " not in (getattr(cv, n).__doc__ or "")}


NEVER_RAISE = {"course", "presets"}
"""They take no arguments."""


def test_every_public_function_says_what_it_raises():
    own = {name: getattr(cv, name) for name in {*cv.__all__} - NEVER_RAISE}
    own |= {name: getattr(cv.schedules, name) for name in cv.schedules.__all__}
    drawn = {name: getattr(cv.figures, name) for name in cv.figures.__all__}
    refusing = ("raise ", "**hyper: Any")
    own |= {name: f for name, f in drawn.items() if isfunction(f) and any(words in getsource(f) for words in refusing)}
    functions = {name: f for name, f in own.items() if isfunction(f)}
    assert not {name for name, f in functions.items() if "Raises" not in (f.__doc__ or "")}


def test_methods_pickle():
    assert all(pickle.loads(pickle.dumps(method)) is method for method in cv.METHODS.values())


@pytest.mark.parametrize("name", ["gradient_descent", "ema_momentum", "chebyshev"])
def test_what_is_derived_from_a_method_pickles(name):
    for made in (cv.derive(name), cv.stability(name), cv.regimes(name), cv.optimum(name)):
        assert repr(pickle.loads(pickle.dumps(made))) == repr(made)


@pytest.mark.finding("F")
def test_what_was_not_checked_is_not_true():
    found = cv.verify([1.0, 10.0], "gradient_descent")
    assert found
    assert not replace(found, checks=tuple(replace(check, passed=None) for check in found.checks))


@pytest.mark.finding("F")
def test_the_least_version_of_flint_is_one_that_works():
    """0.6 fails on import, 0.7 in ``certify_radius``; CI tries the least versions out."""
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (flint,) = (name for name in project["dependencies"] if name.startswith("python-flint"))
    assert tuple(map(int, flint.partition(">=")[2].split("."))) >= (0, 8)
