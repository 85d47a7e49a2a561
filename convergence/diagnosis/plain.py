"""A diagnosis goes in; the same in plain values that JSON can hold comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from math import isfinite
from typing import Any

import numpy as np

from convergence.diagnosis.diagnosis import Diagnosis
from convergence.diagnosis.limit import Limit
from convergence.diagnosis.run_result import RunDiagnosis


def plain(found: Diagnosis) -> dict[str, Any]:
    """What ``diagnose`` found; complex numbers as [real, imaginary], what is infinite or unknown as null."""
    shown = (
        "method",
        "verdict",
        "headline",
        "converges",
        "radius",
        "curvature",
        "kappa",
        "steps",
        "ratio",
        "flat",
        "advice",
    )
    parts = (
        "hyper",
        "direction",
        "limit",
        "nearest_rate",
        "nearest_joint",
        "best",
        "best_rate",
        "scaling",
        "directions",
    )
    return {name: _value(getattr(found, name)) for name in (*shown, *parts)}


def plain_run(found: RunDiagnosis) -> dict[str, Any]:
    """What ``diagnose_run`` found, likewise."""
    names = [name for name in found.__dataclass_fields__ if name != "diagnosis"]
    shown = {
        name: _value(getattr(found, name)) for name in (*names, "headline", "converges", "radius", "limit", "advice")
    }
    return shown | {"diagnosis": None if found.diagnosis is None else plain(found.diagnosis)}


def _value(value: Any) -> Any:
    if isinstance(value, Limit):
        return {"text": value.text, "name": value.name, "bound": _value(value.bound)} | {
            "value": _value(value.value),
            "broken": value.broken,
        }
    if is_dataclass(value) and not isinstance(value, type):
        return _value(asdict(value))
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(name): _value(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return _value(value.tolist())
    if isinstance(value, complex):
        return [_value(value.real), _value(value.imag)]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return [_value(entry) for entry in value] if isinstance(value, Iterable) and not isinstance(value, str) else value
