"""What methods do on a function, as JSON holds it."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from convergence.landscapes.basins import Basins
from convergence.landscapes.newton import NewtonOrder
from convergence.landscapes.overview import Overview
from convergence.landscapes.points import CriticalPoint


def newton_of(point: CriticalPoint) -> NewtonOrder | None:
    """The order of Newton's method where that is derived."""
    return point.newton if point.function.dimension == 1 and point.function.expression is not None else None


def content(found: Overview) -> dict[str, Any]:
    """The same as JSON holds it."""
    points = found.critical
    rows = [
        {
            "point": [float(v) for v in point.point],
            "kind": point.kind,
            "f": point.value,
            "curvatures": [float(v) for v in point.curvatures],
            "order": point.order,
            "proof": point.proof,
            "newton": None if (order := newton_of(point)) is None else vars(order),
            "methods": [_plain(vars(row)) for row in (found.near.get(place) or found.away.get(place) or ())],
        }
        for place, point in enumerate(points)
    ]
    basins = {
        name: [_plain(vars(piece)) for piece in one.pieces]
        for name, one in found.basins.items()
        if isinstance(one, Basins)
    }
    return {
        "function": str(points.function.expression),
        "name": points.function.name,
        "complete": points.complete,
        "undecided": list(points.undecided),
        "points": rows,
        "settings": {name: dict(setting) for name, setting in found.settings.items()},
        "start": list(found.start),
        "crossings": {name: _plain(vars(one)) for name, one in found.crossings.items()},
        "basins": basins,
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: (value if isfinite(value) else None) if isinstance(value, float | np.floating) else _copied(value)
        for name, value in values.items()
    }


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
