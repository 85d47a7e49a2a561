"""A study goes in; all its pictures come out by name, in the order of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convergence.figures.findings import comparison, data, descent, finite, runs, spectrum, stability, words
from convergence.figures.picture import Picture
from convergence.results import Findings, MethodResult

NOTES = ("gradient_descent", "ema_momentum")  # the methods that the course notes run


def figures(study: Findings) -> dict[str, Picture]:
    """The pictures of a study by name: those of the whole first, then each method's ("stability-heavy_ball").

    What a study does not have is left out: no map without momentum, no landscape with one column.
    """
    pictures = [*_of_study(study), *(picture for m in study.methods for picture in _of_method(study, m))]
    return {picture.name: picture for picture in pictures}


def _of_study(study: Findings) -> Iterator[Picture]:
    if study.data.sample_columns is not None:
        yield Picture("data", *words.data(study.data), None, _single(data.scatter, study.data))
    if study.landscape is not None:
        yield Picture("landscape", *words.landscape(study), None, _single(data.landscape, study))
    yield Picture("losses", *words.losses(study), None, _single(runs.losses, study))
    yield Picture("comparison", *words.comparison(study), None, _single(comparison.optimal_rates, study))
    yield Picture("worst", *words.worst_cases(study), None, _single(finite.worst_cases, study))
    noted = [m for name in NOTES for m in study.methods if m.name == name]
    if len(noted) == 2:
        one, other = noted
        pair = words.descent_pair(one, other)
        yield Picture("descent", *pair, None, lambda: descent.descent_pair(one, other, study.data))


def _of_method(study: Findings, m: MethodResult) -> Iterator[Picture]:
    if m.map is not None:
        yield Picture(f"stability-{m.name}", *words.stability(m), m.name, _single(stability.radius_map, m))
    yield Picture(f"radius-{m.name}", *words.radius(m), m.name, _single(stability.radius_curve, m, study.data))
    if m.damping is not None:
        yield Picture(f"damping-{m.name}", *words.damping(m), m.name, _single(stability.damping, m, study.data))
    if m.roots:
        yield Picture(f"spectrum-{m.name}", *words.spectrum(m), m.name, lambda: spectrum.spectrum(m))
    yield Picture(f"error-{m.name}", *words.errors(m), m.name, _single(runs.errors, m, study.data))
    if m.name in NOTES:
        yield Picture(f"descent-{m.name}", *words.descent(m), m.name, lambda: descent.descent(m, study.data))


def _single(draw: Callable[..., Axes], *results: Any) -> Callable[[], Figure]:
    """The figure of a single panel that makes its own."""

    def figure() -> Figure:
        found = draw(*results).get_figure(root=True)
        assert isinstance(found, Figure)
        return found

    return figure
