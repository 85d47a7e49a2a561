"""What has a picture: a result that names the figure which draws it, so that ``result.plot()`` shows it in a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Plotted:
    """A result with a picture: ``class Region(Plotted, figure="region")`` is drawn by ``convergence.figures.region``.

    Figures stand above all that they draw, and Matplotlib takes a third of a second to load: so the function is looked
    up by its name, when it is called. (This is the one import of the package that points up.)
    """

    drawn_by: ClassVar[str] = ""

    def __init_subclass__(cls, figure: str = "", **rest: Any) -> None:
        super().__init_subclass__(**rest)
        cls.drawn_by = figure or cls.drawn_by

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw this result on ``ax``, or on a new figure of pyplot's, which a notebook shows; return the axes.

        ``options`` are those of the function of ``convergence.figures`` that draws it; hyperparameters that the result
        leaves open are among them. Nothing is shown or saved, and no setting of Matplotlib's is left changed.
        """
        figures = import_module("convergence.figures")
        axes: Axes = figures.plot(self, ax, **options)
        return axes
