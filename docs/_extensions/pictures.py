"""The gallery's pictures: drawn in the look of the package's figures, and kept as SVG, the same bytes from the same numbers."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from sphinx_gallery.scrapers import matplotlib_scraper

from convergence.figures.style import HEIGHT, RC, WIDTH


def scrape(block: Any, variables: Any, conf: Any) -> str:
    return matplotlib_scraper(block, variables, conf, format="svg", metadata={"Date": None, "Creator": None})


def look(conf: Any, script: str) -> None:
    """The settings under which each script begins."""
    mpl.rcdefaults()
    mpl.rcParams.update(RC)
    own = {"figure.figsize": (WIDTH, HEIGHT), "figure.constrained_layout.use": True, "svg.hashsalt": Path(script).stem}
    mpl.rcParams.update(own)
