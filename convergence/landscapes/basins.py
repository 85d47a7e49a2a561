"""Basins in one variable: from which starts a method comes to which minimum, with the ends of the intervals.

For a method whose only state is its position, x ← g(x), a basin ends at barriers (fixed points and 2-cycles that repel, poles
of the step), at their preimages under g, and at those of the interval's ends, beyond which runs leave it. These are solved for,
one after the other, as long as they part runs of two kinds; what lies between two of them is tried by runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled, exact
from convergence.errors import BadData
from convergence.landscapes.roots import zeros
from convergence.landscapes.rounding import half_of_digits, rounding
from convergence.landscapes.step_map import function_map
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

STEPS, BLOCKS = 50, 80
"""Steps between two looks at the runs that try a piece, and looks."""

BESIDE = 64
"""How far from an end its two sides are tried, in units of what is not told apart."""

TRIED = np.array([0.03, 0.31, 0.5, 0.77, 0.97])
"""Where a piece between two ends is tried, in parts of it."""

Label = tuple[float, str]

LEAVES, MIXED = "leaves the interval", "not resolved"
WANDERS = f"not settled in {STEPS * BLOCKS} steps"


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
        low, high = self.pieces[0].low, self.pieces[-1].high
        reached = [p.high - p.low for p in self.pieces if abs(p.to - x) <= _apart(low, high)]
        return float(sum(reached) / (high - low))

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
    x, settings = function.variables[0], method.at(**hyper).numbers
    along = function_map(function, method, {name: exact(value) for name, value in settings.items()})
    if len(along.state) > 1:
        raise BadData(
            f"{method.name} has buffers ({', '.join(along.names[1:])}), so a start is a point of more than one number, and its "
            f"basins have no ends on the line: see basin_map for the picture"
        )
    line = _Line(along.update[0].xreplace({along.state[0]: x}), x, *function.domain[0])
    barriers = line.barriers()
    ends, found_all = line.ends(barriers)
    cuts = [line.low, *ends, line.high]
    pieces = line.pieces(cuts)
    mixed = [piece for piece in pieces if piece.how == MIXED]
    complete = found_all and not line.poles and not mixed
    if mixed:
        pieces = line.pieces(sorted({*cuts, *(end for piece in mixed for end in line.searched(piece))}))
    return Basins(critical, method.name, settings, _merged(pieces), tuple(barriers), complete)


def _apart(low: float, high: float) -> float:
    """How near two points of an interval are one."""
    return half_of_digits(high - low) + rounding(low, high)


@dataclass(frozen=True)
class _Line:
    """A step x ← g(x) on an interval: ``step``, the formula of g."""

    step: sp.Expr
    x: sp.Symbol
    low: float
    high: float

    @property
    def near(self) -> float:
        """How near two points are one."""
        return _apart(self.low, self.high)

    def zeros(self, formula: sp.Expr) -> list[float]:
        """Where a quotient vanishes; nowhere, where it is constant."""
        top = sp.fraction(sp.together(formula))[0]
        return [zero.x for zero in zeros(top, self.x, self.low, self.high)] if top.has(self.x) else []

    @cached_property
    def poles(self) -> list[float]:
        return self.zeros(sp.fraction(sp.together(self.step))[1])

    @cached_property
    def fixed(self) -> list[float]:
        return self.zeros(self.step - self.x)

    def slopes(self, formula: sp.Expr, points: Sequence[float]) -> list[float]:
        """The size of the derivative at points."""
        slope = compiled((self.x,), (sp.diff(formula, self.x),))
        with np.errstate(all="ignore"):
            return [abs(float(slope(p)[0])) for p in points]

    @cached_property
    def cycles(self) -> list[float]:
        """Points of 2-cycles, and fixed points. Near a pole a step goes anywhere, and they are without number: none."""
        return [] if self.poles else self.zeros(self.step.subs(self.x, self.step) - self.x)

    def barriers(self) -> list[float]:
        """Poles, and fixed points and 2-cycles that do not attract."""
        twice = self.step.subs(self.x, self.step)
        slopes = [*self.slopes(self.step, self.fixed), *self.slopes(twice, self.cycles)]
        return self.distinct(
            [*self.poles, *(p for p, s in zip([*self.fixed, *self.cycles], slopes, strict=True) if not s < 1)]
        )

    @cached_property
    def traps(self) -> list[tuple[float, float]]:
        """Fixed points with a distance within which |g′| < 1, so that runs come ever nearer."""
        walls = [self.low, self.high, *self.poles, *self.zeros(sp.diff(self.step, self.x) ** 2 - 1)]
        inner = zip(self.fixed, self.slopes(self.step, self.fixed), strict=True)
        return [(p, min(abs(p - wall) for wall in walls)) for p, slope in inner if slope < 1]

    def distinct(self, points: Sequence[float]) -> list[float]:
        """Each once, in order."""
        kept: list[float] = []
        for point in sorted(points):
            if not kept or point - kept[-1] > self.near:
                kept.append(point)
        return kept

    def ends(self, barriers: Sequence[float]) -> tuple[list[float], bool]:
        """Where runs from either side settle at different places: barriers, their preimages, …; and whether these are all."""
        ends, frontier = self.apart(barriers), [self.low, self.high]
        frontier += ends
        for _ in range(DEPTH):
            found = self.distinct([p for q in frontier for p in self.zeros(self.step - sp.Rational(q))])
            new = self.apart([p for p in found if min((abs(p - q) for q in ends), default=np.inf) > self.near])
            if not new:
                return ends, True
            ends, frontier = self.distinct([*ends, *new]), new
            if len(ends) > MOST:
                break
        return ends, False

    def apart(self, points: Sequence[float]) -> list[float]:
        """Those of the points that have runs of two kinds beside them."""
        room = BESIDE * self.near
        inner = [p for p in points if self.low + room < p < self.high - room]
        if not inner:
            return []
        sides = self.labels(np.array([[p - room, p + room] for p in inner]))
        return [p for p, (one, other) in zip(inner, sides, strict=True) if one[1] != other[1]]

    def pieces(self, cuts: Sequence[float]) -> list[Piece]:
        """What lies between neighbours, tried by runs."""
        labels = self.labels(np.array([[a + share * (b - a) for share in TRIED] for a, b in pairwise(cuts)]))
        common = [row[0] if len({how for _, how in row}) == 1 else (nan, MIXED) for row in labels]
        return [Piece(a, b, *label) for (a, b), label in zip(pairwise(cuts), common, strict=True)]

    def searched(self, piece: Piece) -> list[float]:
        """Ends within a piece that no equation gave: by halving between starts on a grid whose runs settle apart."""
        grid = np.linspace(piece.low, piece.high, GRID + 2)[1:-1]
        labels = [label for (label,) in self.labels(grid[:, None])]
        changes = [k for k, (one, other) in enumerate(pairwise(labels)) if one[1] != other[1]]
        left, right = grid[changes], grid[[k + 1 for k in changes]]
        for _ in range(HALVINGS if changes else 0):
            middle = (left + right) / 2
            same = [label[1] == labels[k][1] for (label,), k in zip(self.labels(middle[:, None]), changes, strict=True)]
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
                caught = ~((here >= self.low) & (here <= self.high))
                for p, radius in self.traps:
                    caught |= np.abs(here - p) < radius
                if caught.all():
                    break
            once = after(here)
            twice = after(once)
        rows = zip(here, once, twice, strict=True)
        return [[self._label(*point) for point in zip(*row, strict=True)] for row in rows]

    def _label(self, here: float, once: float, twice: float) -> Label:
        if not self.low <= here <= self.high:
            return nan, LEAVES
        for p, radius in (*self.traps, *((p, self.near) for p in self.fixed)):
            if abs(here - p) < radius:
                return p, f"to {p:.10g}"
        if abs(twice - here) <= self.near < abs(once - here):
            one, other = sorted(min(self.cycles, key=lambda p: abs(p - x), default=x) for x in (here, once))
            return nan, f"to the 2-cycle {one:.10g}, {other:.10g}"
        return nan, WANDERS


def _merged(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Neighbours whose runs go to the same place as one."""
    merged = [pieces[0]]
    for piece in pieces[1:]:
        last = merged[-1]
        if piece.how == last.how:
            merged[-1] = replace(last, high=piece.high)
        else:
            merged.append(piece)
    return tuple(merged)
