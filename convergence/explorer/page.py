"""The explorer: one HTML file in which a point is dragged over the map of a method's rates, and all else moves with it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from convergence import __version__
from convergence.datasets import gaussian_2d
from convergence.errors import BadName, BadOutput
from convergence.explorer.formulas import axes
from convergence.explorer.problem import facts
from convergence.explorer.script import embedded, script
from convergence.methods import as_method
from convergence.problem import LeastSquares, Quadratic, as_quadratic
from convergence.rule import Method
from convergence.theory.region import region
from convergence.writing import write_file

CLASSIC = ("gradient_descent", "heavy_ball", "nesterov", "ema_momentum")
"""The methods of the page, if none are asked for."""

MATHEMATICS = ("rates.js", "noise.js", "runs.js")
"""The scripts that compute, and know nothing of the page."""

SCRIPTS = (*MATHEMATICS, "state.js", "drawing.js", "map.js", "panels.js", "words.js", "controls.js", "page.js")

NOTES = "the notes' 2-D Gaussian data"

HEIGHT = 900
"""Pixels of the cell of a notebook."""


@dataclass(frozen=True, eq=False, repr=False)
class Explorer:
    """A page in which a person moves the learning rate and the momentum of a method over its map, by hand.

    Attributes
    ----------
    problem
        Whose spectrum, start and rows it has.
    methods
        Those that the page can switch between, and set side by side.
    title
        What the page calls the data.

    >>> import convergence as cv
    >>> page = cv.explore([1.0, 100.0], "heavy_ball")
    >>> page, page.html.count("<canvas") > 4
    (Explorer of heavy_ball on 2 curvatures in [1, 100], True)
    """

    problem: Quadratic
    methods: tuple[Method, ...]
    title: str

    @cached_property
    def html(self) -> str:
        """The page: HTML that needs nothing else, no server and no network."""
        here = files("convergence.explorer")
        code = [f"const PROBLEM = {embedded(facts(self.problem, self.title))};", script(self.methods)]
        code += [(here / name).read_text(encoding="utf-8") for name in SCRIPTS]
        environment = Environment(
            loader=PackageLoader("convergence", "explorer"), autoescape=True, undefined=StrictUndefined
        )
        return environment.get_template("explorer.html").render(
            title=self.title,
            generator=f"convergence-study {__version__}",
            style=(here / "explorer.css").read_text(encoding="utf-8"),
            font=b64encode(files("convergence.pages").joinpath("templates/math.woff2").read_bytes()).decode(),
            script="\n".join(code),
        )

    def write(self, path: str | Path) -> Path:
        """Write the page to a file, whole or not at all; returns its path.

        Raises
        ------
        BadOutput
            For a path that cannot be written.
        """
        try:
            target = Path(path)
        except TypeError:
            raise BadOutput(f"expected the path of a file to write; got {path!r}") from None
        return write_file(target, self.html)

    def _repr_html_(self) -> str:
        frame = f'width="100%" height="{HEIGHT}" style="border:0" title="explorer: {escape(self.title)}"'
        return f'<iframe srcdoc="{escape(self.html)}" {frame}></iframe>'

    def __repr__(self) -> str:
        return f"Explorer of {', '.join(method.name for method in self.methods)} on {self.title}"


def explore(p: Any = None, methods: Iterable[Any] | Any = None, *, title: str | None = None) -> Explorer:
    """A page to explore methods with: drag the point over the map of rates; eigenvalues, errors and path move with it.

    The map, its boundary, the regimes, the optimum and the noise floor are drawn from the formulas that are derived
    from the rules, compiled to JavaScript. In a notebook the page stands in the cell.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures, or a density; the course notes' data, if not given.
    methods
        One method or several: Methods, names, presets, plain rules; four classic ones, if not given. The axes of the map
        are the learning rate and the first hyperparameter that is a share, as momentum is; the others have sliders.
    title
        What the page calls the data.

    Returns
    -------
    Explorer
        ``.write("page.html")`` writes one file that works offline, ``.html`` is its text.

    Raises
    ------
    NotLinear, BadRule
        As ``stability``.
    BadHyperparameter
        For a rule without a learning rate.
    BadName
        For an unknown method.
    BadData
        For what is no problem.

    >>> import convergence as cv
    >>> cv.explore(methods=["heavy_ball", "nesterov"])
    Explorer of heavy_ball, nesterov on the notes' 2-D Gaussian data
    """
    problem = as_quadratic(gaussian_2d() if p is None else p)
    one = isinstance(methods, str | Method) or callable(methods)
    given = CLASSIC if methods is None else [methods] if one else methods
    if not isinstance(given, Iterable):
        raise BadName(f"an explorer takes methods, a list of them; got {str(given)[:60]!r}")
    chosen = tuple(dict.fromkeys(map(as_method, given)))
    if not chosen:
        raise BadName("an explorer needs at least one method: its name, a Method, or a rule")
    for method in chosen:
        axes(method)
        region(method)
    if title is not None and not isinstance(title, str):
        raise BadName(f"title is text; got {str(title)[:60]!r}")
    return Explorer(problem, chosen, title or (NOTES if p is None else _named(problem)))


def _named(problem: Quadratic) -> str:
    if isinstance(problem, LeastSquares):
        return f"{problem.rows} rows of {len(problem.columns)} columns"
    count = problem.rank
    return f"{count} curvature{'s' * (count != 1)} in [{problem.mu:.6g}, {problem.L:.6g}]"
