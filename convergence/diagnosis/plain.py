"""A diagnosis in plain values that JSON can hold: complex numbers as [real, imaginary], what is unknown or infinite as null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

import numpy as np
import sympy as sp


def plain(result: Any) -> Any:
    """A result with all its fields, and the properties that its class lists in ``SHOWN``; SymPy's formulas are left out."""
    if is_dataclass(result):
        names = [*(field.name for field in fields(result)), *getattr(result, "SHOWN", ())]
        values = {name: getattr(result, name) for name in names}
        return {name: plain(value) for name, value in values.items() if not isinstance(value, sp.Basic)}
    if isinstance(result, Mapping):
        return {str(name): plain(value) for name, value in result.items()}
    if isinstance(result, np.ndarray):
        return plain(result.tolist())
    if isinstance(result, complex):
        return [plain(result.real), plain(result.imag)]
    if isinstance(result, float):
        return result if isfinite(result) else None
    return (
        [plain(value) for value in result] if isinstance(result, Iterable) and not isinstance(result, str) else result
    )
