"""What is public is listed, is there, and costs nothing to import."""

import pickle
from inspect import isfunction

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


def test_methods_pickle():
    assert all(pickle.loads(pickle.dumps(method)) is method for method in cv.METHODS.values())


@pytest.mark.parametrize("name", ["gradient_descent", "ema_momentum", "chebyshev"])
def test_what_is_derived_from_a_method_pickles(name):
    for made in (cv.derive(name), cv.stability(name), cv.regimes(name), cv.optimum(name)):
        assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
