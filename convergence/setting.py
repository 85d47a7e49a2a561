"""A method at numbers, letters or sequences, checked once, by ``method.at(...)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import float_info
from typing import TYPE_CHECKING, Any

import numpy as np

from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.rule import Method


@dataclass(frozen=True)
class Setting:
    """A method with a value for each of its hyperparameters, in the order of its signature; ``Method.at`` makes it.

    Attributes
    ----------
    method
        The Method.
    hyper
        Name -> a finite real number, an array of them (broadcast, or a schedule with an entry a step: each function
        says which), or a SymPy letter.

    >>> import convergence as cv
    >>> cv.METHODS["heavy_ball"].at(lr=0.1, momentum=0.9).numbers
    {'lr': 0.1, 'momentum': 0.9}
    >>> cv.METHODS["heavy_ball"].at(lr=[0.1, 0.2], momentum=0.9).numbers
    Traceback (most recent call last):
    convergence.errors.BadHyperparameter: heavy_ball: a run takes one lr, a number; got shape (2,)
    """

    method: Method
    hyper: Mapping[str, Any]

    @property
    def numbers(self) -> dict[str, int | float]:
        """One number each, as a run takes them. Raises BadHyperparameter for an array or a letter."""
        for name, value in self.hyper.items():
            if np.ndim(value) or getattr(value, "free_symbols", None):
                came = f"shape {np.shape(value)}" if np.ndim(value) else f"the letter {value}"
                raise BadHyperparameter(f"{self.method.name}: a run takes one {name}, a number; got {came}")
        return {name: value if isinstance(value, int | float) else float(value) for name, value in self.hyper.items()}

    @property
    def arrays(self) -> dict[str, Any]:
        """The values where all are numbers or arrays. Raises BadHyperparameter for a letter."""
        for name, value in self.hyper.items():
            if getattr(value, "free_symbols", None):
                raise BadHyperparameter(f"{self.method.name}: {name} must be a finite real number; got {value!r}")
        return dict(self.hyper)


def checked(method: Method, given: Mapping[str, Any]) -> Setting:
    """The setting with defaults filled in.

    Raises BadHyperparameter for a name that is missing or unknown, and for a value that is not a finite real number (an
    array of them, a letter), or is a negative learning rate.
    """
    method.require_known(given)
    full = {**dict(method.defaults), **given}
    missing = [name for name in method.hyper if name not in full]
    if missing:
        raise BadHyperparameter(
            f"{method.name} needs {', '.join(method.hyper)}; missing: {', '.join(missing)}. "
            f"Give {'it' if len(missing) == 1 else 'them'} as keyword arguments."
        )
    for name in method.hyper:
        _require_number(method, name, full[name])
    return Setting(method, {name: full[name] for name in method.hyper})


def _require_number(method: Method, name: str, value: Any) -> None:
    if type(value) in (int, float) and 0 <= value <= float_info.max:
        return
    try:
        array = np.asarray(value)
    except ValueError:  # rows of unequal length
        array = np.array(None)
    if not _is_real(array, value):
        raise BadHyperparameter(f"{method.name}: {name} must be a finite real number; got {str(value)[:60]!r}")
    if method.domains[name].is_rate and not getattr(value, "free_symbols", None) and np.any(array < 0):
        raise BadHyperparameter(f"{method.name}: a learning rate cannot be negative; got {name}={value!r}")


def _is_real(array: Any, value: Any) -> bool:
    if array.dtype == object and hasattr(value, "free_symbols"):
        return value.is_real is not False and value.is_finite is not False and not getattr(value, "is_Boolean", False)
    return array.dtype != bool and array.dtype.kind in "iufO" and _is_finite(array)


def _is_finite(array: Any) -> bool:
    try:
        return bool(np.isfinite(array.astype(float)).all())
    except (TypeError, ValueError, OverflowError):
        return False
