"""A quadratic that was read from a file: all but its rows, of which a sample was kept."""

from __future__ import annotations

from typing import Any, ClassVar

from convergence.problem.quadratic import Quadratic


class Kept(Quadratic):
    """Spectrum, directions, minimiser, and at most ``SAMPLE`` rows."""

    FIELDS = (
        *("columns", "preparation", "scale", "loss_name", "singular_values", "curvatures", "directions", "rank"),
        *("minimizer", "minimum", "X", "y", "rows"),
    )
    SAMPLE: ClassVar[int] = 500

    def __init__(self, **values: Any) -> None:
        self._rows = values.pop("rows")
        self._set(**values)

    @property
    def rows(self) -> int:
        """The number of rows of the data, of which a sample is kept."""
        return int(self._rows)
