"""A method at numbers, letters or schedules, checked once, by ``method.at(...)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import float_info
from typing import TYPE_CHECKING, Any

import numpy as np

from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.rule import Method
    from convergence.schedule import Schedule


@dataclass(frozen=True)
class Setting:
    """A method with a value for each of its hyperparameters, in the order of its signature; ``Method.at`` makes it.

    Attributes
    ----------
    method
        The Method.
    hyper
        Name -> a finite real number, an array of them (broadcast, or a schedule with an entry a step: each function
        says which), a ``Schedule``, or a SymPy letter. A function of the step becomes a schedule.

    >>> import convergence as cv
    >>> cv.METHODS["heavy_ball"].at(lr=0.1, momentum=0.9).numbers
    {'lr': 0.1, 'momentum': 0.9}
    >>> cv.METHODS["heavy_ball"].at(lr=[0.1, 0.2], momentum=0.9).numbers
    Traceback (most recent call last):
    convergence.errors.BadHyperparameter: heavy_ball: lr is one number here; got shape (2,)
    """

    method: Method
    hyper: Mapping[str, Any]

    @property
    def numbers(self) -> dict[str, int | float]:
        """One number each, as a run takes them. Raises BadHyperparameter for an array or a letter."""
        for name, value in self.hyper.items():
            if _is_schedule(value) or np.ndim(value) or getattr(value, "free_symbols", None):
                raise BadHyperparameter(f"{self.method.name}: {name} is one number here; got {_said(value)}")
        return {name: _number(value) for name, value in self.hyper.items()}

    @property
    def arrays(self) -> dict[str, Any]:
        """The values where all are numbers or arrays. Raises BadHyperparameter for a letter or a schedule."""
        for name, value in self.hyper.items():
            if _is_schedule(value):
                raise BadHyperparameter(
                    f"{self.method.name}: {name} is a number here, or an array of them; got {_said(value)}. A run takes "
                    f"schedules: simulate, predict, residuals, worst_case, moments, ensemble, steps_to"
                )
            if getattr(value, "free_symbols", None):
                raise BadHyperparameter(f"{self.method.name}: {name} must be a finite real number; got {value!r}")
        return dict(self.hyper)

    @property
    def shown(self) -> dict[str, Any]:
        """Numbers as floats, and schedules as they were given: what a result keeps."""
        return {n: v if _is_schedule(v) or np.ndim(v) else _number(v) for n, v in self.hyper.items()}

    def over(self, steps: int) -> dict[str, Any]:
        """The values for so many steps: numbers, and (steps,) for each schedule; a sequence with more is cut.

        Raises BadHyperparameter for a letter, a sequence with fewer entries than steps, or a negative learning rate.
        """
        full = {n: v.values(steps) if _is_schedule(v) else v for n, v in self.hyper.items()}
        for name, value in Setting(self.method, full).arrays.items():
            if not np.ndim(value):
                full[name] = _number(value)
                continue
            entries = np.asarray(value, dtype=float)
            if entries.ndim != 1 or len(entries) < steps:
                raise BadHyperparameter(
                    f"{self.method.name}: {name} must be a number, or a schedule with an entry for each of the {steps} steps; "
                    f"got shape {entries.shape}"
                )
            if self.method.domains[name].is_rate and (entries < 0).any():
                worst = int(np.argmax(entries < 0))
                raise BadHyperparameter(
                    f"{self.method.name}: a learning rate cannot be negative; {self.hyper[name]} has {name} = "
                    f"{entries[worst]:g} at step {worst}"
                )
            full[name] = entries[:steps]
        return full


def checked(method: Method, given: Mapping[str, Any]) -> Setting:
    """The setting with defaults filled in.

    Raises BadHyperparameter for a name that is missing or unknown, and for a value that is not a finite real number (an
    array of them, a letter), or is a negative learning rate.
    """
    method.require_known(given)
    full = {**dict(method.defaults), **given}
    missing = [name for name in method.hyper if name not in full]
    if missing:
        needs = f"{method.name} needs {', '.join(method.hyper)}; missing: {', '.join(missing)}. Give"
        raise BadHyperparameter(
            f"{needs} {' and '.join(f'{name}=…' for name in missing)}",
            f"{needs} {' '.join(f'--{name} X' for name in missing)}",
        )
    for name in method.hyper:
        if _is_schedule(full[name]):
            full[name] = _as_schedule(full[name])
        else:
            _require_number(method, name, full[name])
    return Setting(method, {name: full[name] for name in method.hyper})


def varies(value: Any) -> bool:
    """Whether a hyperparameter may have another value at each step: a schedule, a function of the step, or a sequence."""
    return _is_schedule(value) or (not isinstance(value, int | float | str) and _array(value).ndim > 0)


def _array(value: Any) -> Any:
    try:
        return np.asarray(value)
    except ValueError:  # rows of unequal length
        return np.array(None)


def _number(value: Any) -> int | float:
    return value if isinstance(value, int | float) else float(value)


def _as_schedule(value: Any) -> Schedule:
    from convergence.schedule import as_schedule  # only where there is one: most questions have none

    return as_schedule(value)


def _is_schedule(value: Any) -> bool:
    return callable(value) and not hasattr(value, "free_symbols")


def _said(value: Any) -> str:
    if _is_schedule(value):
        return f"the schedule {value}"
    return f"shape {np.shape(value)}" if np.ndim(value) else f"the letter {value}"


def _require_number(method: Method, name: str, value: Any) -> None:
    if type(value) in (int, float) and 0 <= value <= float_info.max:
        return
    array = _array(value)
    if not _is_real(array, value):
        raise BadHyperparameter(f"{method.name}: {name} must be a finite real number; got {str(value)[:60]!r}")
    if method.domains[name].is_rate and not getattr(value, "free_symbols", None) and np.any(array < 0):
        raise BadHyperparameter(f"{method.name}: a learning rate cannot be negative; got {name}={value!r}")


def _is_real(array: Any, value: Any) -> bool:
    if array.dtype == object and hasattr(value, "free_symbols"):
        return value.is_real is not False and value.is_finite is not False and not getattr(value, "is_Boolean", False)
    try:
        return array.dtype != bool and array.dtype.kind in "iufO" and bool(np.isfinite(array.astype(float)).all())
    except (TypeError, ValueError, OverflowError):
        return False
