"""What is public is listed, is there, and costs nothing to import."""

import pickle
import subprocess
import sys

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


def test_importing_loads_nothing_heavy():
    heavy = "[m for m in ('numpy', 'sympy', 'scipy', 'matplotlib', 'rich', 'pydantic') if m in sys.modules]"
    code = f"import sys, convergence, convergence.cli; print({heavy})"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@pytest.mark.parametrize("name", list(cv.METHODS))
def test_methods_and_what_is_derived_from_them_pickle(name):
    method = cv.METHODS[name]
    assert pickle.loads(pickle.dumps(method)) is method
    for made in (cv.derive(method), cv.stability(method), cv.regimes(method), cv.optimum(method)):
        assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
