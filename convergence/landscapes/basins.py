"""Basins in one variable: from which starts a method comes to which minimum, with the ends of the intervals.

For a method whose only state is its position, x ← g(x), a basin ends at barriers (fixed points and 2-cycles that repel, poles
of the step), at their preimages under g, and at those of the interval's ends, beyond which runs leave it. These are solved for,
one after the other, as long as they part runs of two kinds; what lies between two of them is tried by runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled, exact
from convergence.errors import BadData
from convergence.landscapes.roots import zeros
from convergence.landscapes.step_map import step_map
from convergence.methods import as_method
from convergence.plotting import Plotted
from convergence.tabular import Tabular

if TYPE_CHECKING:
    from convergence.landscapes.critical import Critical

Array = NDArray[np.float64]

GRID, HALVINGS = 300, 50
"""Starts between which ends are searched for that no equation gives, and how often their distance is halved."""

DEPTH, MOST = 12, 120
"""How often preimages of preimages are taken, and how many ends there may be."""

STEPS, BLOCKS, SETTLED = 500, 8, 1e-7
"""Steps between two looks at the runs that try a piece, looks, and how near its rest a run has to be."""

BESIDE = 1e-6
"""How near an end its two sides are tried, in parts of the interval."""

TRIED = np.array([0.03, 0.31, 0.5, 0.77, 0.97])
"""Where a piece between two ends is tried, in parts of it."""

Label = tuple[float, str]

LEAVES, WANDERS, MIXED = "leaves the interval", "does not settle", "not resolved"


@dataclass(frozen=True)
class Piece:
    """Starts between ``low`` and ``high``: ``to`` is where their runs settle, nan where they do not; ``how``, in words."""

    low: float
    high: float
    to: float
    how: str


@dataclass(frozen=True, eq=False)
class Basins(Plotted, Tabular, figure="basins"):
    """From which starts on an interval a method comes to which critical point.

    Attributes
    ----------
    critical
        The critical points and the interval.
    method, hyper
        The method's name, and its settings.
    pieces
        The interval from left to right.
    barriers
        The repelling fixed points, 2-cycles and poles of the step; those that part two basins are ends, and so are their
        preimages.
    complete
        Whether all ends were solved for: no more preimages, no poles. Else some are found by runs on a grid, to rounding, and
        pieces may be "not resolved".

    >>> import convergence as cv
    >>> cv.local("x*cos(pi*x)", over=(-1, 2)).basins("gradient_descent", lr=0.1)
    Basins of gradient_descent(lr=0.1) on [-1, 2]:
      -1 to 0.2738526868: to -0.2738526868
      0.2738526868 to 2: to 1.090408222
    """

    critical: Critical
    method: str
    hyper: Mapping[str, Any]
    pieces: tuple[Piece, ...]
    barriers: tuple[float, ...]
    complete: bool

    @property
    def ends(self) -> tuple[float, ...]:
        """Where one piece ends and the next begins."""
        return tuple(piece.low for piece in self.pieces[1:])

    def share(self, x: float) -> float:
        """The share of the interval from which runs settle at this point."""
        reached = [p.high - p.low for p in self.pieces if abs(p.to - x) <= SETTLED * max(abs(x), 1.0)]
        return float(sum(reached) / (self.pieces[-1].high - self.pieces[0].low))

    def table(self) -> Mapping[str, Any]:
        """A row for each piece."""
        return {name: [getattr(piece, name) for piece in self.pieces] for name in ("low", "high", "to", "how")}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value:g}" for name, value in self.hyper.items())
        more = "" if self.complete else "; some ends are found by runs, and there may be more"
        rows = "".join(f"\n  {p.low:.10g} to {p.high:.10g}: {p.how}" for p in self.pieces)
        return f"Basins of {self.method}({settings}) on [{self.pieces[0].low:g}, {self.pieces[-1].high:g}]{more}:{rows}"


def basins(critical: Critical, m: Any, hyper: Mapping[str, Any]) -> Basins:
    """The basins on the interval of ``critical``. BadData for a method with buffers, two variables, or no interval."""
    method, function = as_method(m), critical.function
    if function.dimension > 1 or not function.domain or function.expression is None:
        raise BadData(
            "basins with their ends are those of a formula in one variable on over=(a, b); else see basin_map"
        )
    slope, bend = function.derivative(1), function.derivative(2)
    x = function.variables[0]
    numbers = {name: exact(value) for name, value in method.at(**hyper).numbers.items()}
    along = step_map(method, numbers, lambda e: slope.subs(x, e), lambda e: bend.subs(x, e))
    if len(along.state) > 1:
        raise BadData(
            f"{method.name} has buffers ({', '.join(along.names[1:])}), so a start is a point of more than one number, and its "
            f"basins have no ends on the line: see basin_map for the picture"
        )
    line = _Line(along.update[0].xreplace({along.state[0]: x}), x, *function.domain[0])
    barriers, poles = line.barriers()
    ends, found_all = line.ends(barriers)
    cuts = [line.low, *ends, line.high]
    pieces = line.pieces(cuts)
    mixed = [piece for piece in pieces if piece.how == MIXED]
    complete = found_all and not poles and not mixed
    if mixed:
        pieces = line.pieces(sorted({*cuts, *(end for piece in mixed for end in line.searched(piece))}))
    numbers_shown = method.at(**hyper).numbers
    return Basins(critical, method.name, numbers_shown, _merged(pieces), tuple(barriers), complete)


@dataclass(frozen=True)
class _Line:
    """A step x ← g(x) on an interval: ``step``, the formula of g."""

    step: sp.Expr
    x: sp.Symbol
    low: float
    high: float

    def zeros(self, formula: sp.Expr) -> list[float]:
        """Where a quotient vanishes."""
        return [zero.x for zero in zeros(sp.fraction(sp.together(formula))[0], self.x, self.low, self.high)]

    def barriers(self) -> tuple[list[float], bool]:
        """Poles, and fixed points and 2-cycles that do not attract; and whether there are poles.

        Near a pole a step goes anywhere, and 2-cycles are without number: they are not looked for.
        """
        denominator = sp.fraction(sp.together(self.step))[1]
        poles = [zero.x for zero in zeros(denominator, self.x, self.low, self.high)] if denominator.has(self.x) else []
        found = list(poles)
        for formula in (self.step,) if poles else (self.step, self.step.subs(self.x, self.step)):
            slope = compiled((self.x,), (sp.diff(formula, self.x),))
            with np.errstate(all="ignore"):
                found += [p for p in self.zeros(formula - self.x) if not abs(float(slope(p)[0])) < 1]
        return _distinct(found), bool(poles)

    def ends(self, barriers: Sequence[float]) -> tuple[list[float], bool]:
        """Where runs from either side settle at different places: barriers, their preimages, …; and whether these are all."""
        ends, frontier = self.apart(barriers), [self.low, self.high]
        frontier += ends
        for _ in range(DEPTH):
            found = _distinct([p for q in frontier for p in self.zeros(self.step - sp.Rational(q))])
            new = self.apart([p for p in found if min((abs(p - q) for q in ends), default=1.0) > SETTLED])
            if not new:
                return ends, True
            ends, frontier = _distinct([*ends, *new]), new
            if len(ends) > MOST:
                break
        return ends, False

    def apart(self, points: Sequence[float]) -> list[float]:
        """Those of the points that have runs of two kinds beside them."""
        room = BESIDE * (self.high - self.low)
        inner = [p for p in points if self.low + room < p < self.high - room]
        if not inner:
            return []
        sides = self.labels(np.array([[p - room, p + room] for p in inner]))
        return [p for p, (one, other) in zip(inner, sides, strict=True) if not _alike(one, other)]

    def pieces(self, cuts: Sequence[float]) -> list[Piece]:
        """What lies between neighbours, tried by runs."""
        labels = self.labels(np.array([[a + share * (b - a) for share in TRIED] for a, b in pairwise(cuts)]))
        return [Piece(a, b, *_common(row)) for (a, b), row in zip(pairwise(cuts), labels, strict=True)]

    def searched(self, piece: Piece) -> list[float]:
        """Ends within a piece that no equation gave: by halving between starts on a grid whose runs settle apart."""
        grid = np.linspace(piece.low, piece.high, GRID + 2)[1:-1]
        labels = [label for (label,) in self.labels(grid[:, None])]
        changes = [k for k, (one, other) in enumerate(pairwise(labels)) if not _alike(one, other)]
        left, right = grid[changes], grid[[k + 1 for k in changes]]
        for _ in range(HALVINGS if changes else 0):
            middle = (left + right) / 2
            same = [_alike(label, labels[k]) for (label,), k in zip(self.labels(middle[:, None]), changes, strict=True)]
            left, right = np.where(same, middle, left), np.where(same, right, middle)
        return [float(end) for end in (left + right) / 2]

    def labels(self, starts: Array) -> list[list[Label]]:
        """Where runs settle, and in words, for starts (n, m)."""
        function, here = compiled((self.x,), (self.step,)), starts.copy()

        def after(x: Array) -> Array:
            return np.broadcast_to(np.asarray(function(x)[0], dtype=float), x.shape)

        with np.errstate(all="ignore"):
            for _ in range(BLOCKS):
                for _ in range(STEPS):
                    here = np.where((here >= self.low) & (here <= self.high), after(here), here)
                inside, once = (here >= self.low) & (here <= self.high), after(here)
                if (~inside | (np.abs(once - here) <= SETTLED * 1e-2)).all():
                    break
            twice = after(once)
        rows = zip(here, once, twice, strict=True)
        return [[self._label(*point) for point in zip(*row, strict=True)] for row in rows]

    def _label(self, here: float, once: float, twice: float) -> Label:
        if not self.low <= here <= self.high:
            return nan, LEAVES
        if abs(once - here) <= SETTLED:
            return float(here), f"to {here:.10g}"
        if abs(twice - here) <= SETTLED:
            return nan, f"to the 2-cycle {min(here, once):.6g}, {max(here, once):.6g}"
        return nan, WANDERS


def _distinct(points: Sequence[float]) -> list[float]:
    kept: list[float] = []
    for point in sorted(points):
        if not kept or point - kept[-1] > SETTLED:
            kept.append(point)
    return kept


def _alike(one: Label, other: Label) -> bool:
    return one[1] == other[1] or abs(one[0] - other[0]) <= SETTLED


def _common(row: Sequence[Label]) -> Label:
    """The label of a piece: that of all its runs."""
    return row[2] if all(_alike(label, row[0]) for label in row) else (nan, MIXED)


def _merged(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbours whose runs go to the same place as one."""
    merged = [pieces[0]]
    for piece in pieces[1:]:
        last = merged[-1]
        if _alike((piece.to, piece.how), (last.to, last.how)):
            merged[-1] = replace(last, high=piece.high)
        else:
            merged.append(piece)
    return tuple(merged)
