"""What a log leaves open: directions whose error bars reach the edge, that hardly moved, or that its noise may hide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OPEN = 0.5
"""An error bar larger than this part of 1 − radius leaves the number of steps open by a factor of two."""

MOVED = 0.1
"""(1 − radius)·steps below this: the direction has hardly moved yet, and its steps would be an extrapolation."""

REMEDY = "log more steps, in double precision, with the gradients"
"""What resolves a slow direction."""


@dataclass(frozen=True, eq=False)
class Resolution:
    """``eigenvalues`` (m, order) with their ``error``, seen in so many ``steps``.

    ``hidden`` counts directions that may move below the noise; ``idle``: the whole log is not told from noise about a point
    at rest.
    """

    eigenvalues: NDArray[np.complex128]
    error: Array
    steps: int
    hidden: int
    idle: bool

    @cached_property
    def leading(self) -> tuple[Array, Array]:
        """The radius (m,) of each direction, and its error bar."""
        sizes = np.abs(self.eigenvalues)
        place = sizes.argmax(axis=1)[:, None]
        return np.take_along_axis(sizes, place, axis=1)[:, 0], np.take_along_axis(self.error, place, axis=1)[:, 0]

    @property
    def grows(self) -> bool:
        """Whether some direction surely grows."""
        return not self.idle and bool((np.abs(self.eigenvalues) - self.error > 1).any())

    @property
    def decided(self) -> bool:
        """Whether each direction is known to grow or to shrink."""
        return self.grows or not (self.idle or (np.abs(self.eigenvalues) + self.error >= 1).any())

    @cached_property
    def open(self) -> dict[int, str]:
        """The directions whose number of steps the log leaves open, each with the reason; none that surely grows."""
        reasons = {k: self._reason(*pair) for k, pair in enumerate(zip(*self.leading, strict=True))}
        return {k: reason for k, reason in reasons.items() if reason}

    def _reason(self, radius: float, bar: float) -> str:
        gap = 1 - radius
        if self.idle:
            return "the log is not told from noise about a point at rest"
        if radius - bar > 1:
            return ""
        if not bar < gap:
            return f"its radius is {radius:.6g} ± {bar:.1e}, on either side of 1"
        if bar > OPEN * gap:
            return f"1 − radius is {gap:.1e} ± {bar:.1e}"
        if gap * self.steps < MOVED:
            return f"in {self.steps} steps it went {gap * self.steps:.1e} of its way; all beyond is extrapolated"
        return ""

    @property
    def kept(self) -> NDArray[np.intp]:
        """The directions that are not left open."""
        return np.array([k for k in range(len(self.eigenvalues)) if k not in self.open], dtype=int)

    @property
    def decisive(self) -> int:
        """The direction of the largest radius: of those that surely grow, else of those left open, else of all."""
        radius, bar = self.leading
        among = radius - bar > 1
        if not among.any():
            among = np.isin(np.arange(len(radius)), list(self.open)) if self.open else radius >= 0
        return int(np.where(among, radius, -1.0).argmax())

    @property
    def notes(self) -> Iterator[str]:
        """What is left open, and what to log instead."""
        for k, why in self.open.items():
            yield f"the log does not resolve direction {k + 1}: {why}; {REMEDY}"
        if self.hidden and not self.idle:
            yield (
                f"a direction that is not seen may be slower than all that are ({self.hidden} may): no steps and no best "
                f"settings are told; {REMEDY}"
            )
