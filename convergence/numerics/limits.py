"""The largest stable learning rate along each direction of a spectrum, and the direction that sets it.

For most methods the steepest direction sets it; with weight decay, or for a rule whose stable set is a union, another
may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import evaluate
from convergence.problem import Direction, Quadratic
from convergence.rule import Method
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE

Array = NDArray[np.float64]

NEAR = 1e-9
"""A formula's bound is taken where it is stable this near below it, and not above; elsewhere roots are computed."""


def bounds(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Array:
    """The supremum of the stable learning rates for each curvature (m,), other settings as they are: 0 where none is."""
    if method.rate is None:
        return np.full(len(curvatures), np.inf)
    others = {name: value for name, value in settings.items() if name != method.rate}
    stable = region(method)
    top = _closed_form(method, curvatures, others)
    if top is None:
        return np.array([stable.largest_lr(float(c), **others) for c in curvatures])
    edges = [np.where(np.isfinite(top) & (top > 0), top * (1 + side * NEAR), 1.0) for side in (-1, 1)]
    below, above = (stable.contains(curvatures, **{**others, str(method.rate): edge}) for edge in edges)
    right = below & (~above | np.isinf(top))
    return np.array(
        [t if r else stable.largest_lr(float(c), **others) for t, r, c in zip(top, right, curvatures, strict=True)]
    )


def binding(problem: Quadratic, method: Method, settings: Mapping[str, Any]) -> tuple[Direction | None, float]:
    """The direction that sets the largest stable learning rate (None: all do alike), and that rate (∞: no bound)."""
    limits = bounds(method, problem.curvatures[: problem.rank], settings)
    place = int(limits.argmin())
    alike = len(limits) > 1 and bool((limits == limits[place]).all())
    return None if alike else problem.named_directions[place], float(limits[place])


def _closed_form(method: Method, curvatures: Array, others: Mapping[str, Any]) -> Array | None:
    formula = region(method).lr_max
    if formula is None:
        return None
    names = list(others)
    with np.errstate(all="ignore"):
        (value,) = evaluate(
            [CURVATURE, *(method.symbols[n] for n in names)],
            [formula],
            [curvatures, *(float(others[n]) for n in names)],
        )
    return np.broadcast_to(np.asarray(value, dtype=float), curvatures.shape)
