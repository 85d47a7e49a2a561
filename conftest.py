"""Tests run in processes side by side: each has one BLAS thread, set before NumPy is loaded, and draws without a screen."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("SYMPY_CACHE_SIZE", "None")  # read when SymPy is imported: of a thousand entries most are made anew

gc.set_threshold(50_000, 20, 20)  # what lives long is SymPy's cache: to look through it often is a tenth of all time


@pytest.fixture(autouse=True)
def figures_closed() -> Iterator[None]:
    """No figure of pyplot's stays open after a test or an example."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(autouse=True, scope="session")
def one_process() -> Iterator[None]:
    """A command tried here starts no processes of its own, each of which would import and derive everything anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convergence.cli.study.WORKERS", 1)
        yield
