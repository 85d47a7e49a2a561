"""The former names of ``convergence.theory.system``, for the rooms that still use them."""

from convergence.rule import Method
from convergence.theory.rest import rest_of
from convergence.theory.system import System as Dynamics
from convergence.theory.system import require_rational, sigma_curvature, sigma_symbols
from convergence.theory.system import system as dynamics
from convergence.theory.trace import Formulas

__all__ = ["Dynamics", "dynamics", "require_rational", "resting", "sigma_curvature", "sigma_symbols"]


def resting(method: Method) -> tuple[Formulas, bool, Formulas]:
    rest = rest_of(method)
    return rest.update, rest.linear, rest.state
