"""The letters of the formulas in claims."""

from __future__ import annotations

import sympy as sp

from convergence.methods import METHODS
from convergence.theory import symbols

ETA, BETA = (METHODS["heavy_ball"].symbols[name] for name in ("lr", "momentum"))
LAMBDA, LARGEST, MU, Z = symbols.CURVATURE, symbols.LARGEST, symbols.MU, symbols.Z
HALF = sp.Rational(1, 2)
KAPPA = sp.Symbol("k", positive=True)
"""√κ: it keeps rates rational."""
