"""Code of formulas: one whitelist of nodes, SymPy's printers, a function in Python, C, Julia, JavaScript or LaTeX."""

from convergence.codegen.functions import LANGUAGES, PREAMBLE, function_source
from convergence.codegen.names import identifiers
from convergence.codegen.nodes import require_code
from convergence.codegen.rounding import Bounded, Undecided, bounded

__all__ = [
    "LANGUAGES",
    "PREAMBLE",
    "Bounded",
    "Undecided",
    "bounded",
    "function_source",
    "identifiers",
    "require_code",
]
