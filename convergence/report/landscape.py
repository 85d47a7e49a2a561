"""The page on a function that is not quadratic: Markdown, HTML, LaTeX and JSON, with its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from convergence import figures
from convergence.evidence.verification import Verification, verify
from convergence.figures.picture import Picture
from convergence.landscapes.basins import Basins
from convergence.landscapes.content import content, newton_of
from convergence.landscapes.overview import Overview
from convergence.landscapes.points import LocalQuadratic
from convergence.methods import as_method
from convergence.notation import text
from convergence.pages import rendered
from convergence.report.files import FORMATS, files_of
from convergence.rule import title_of
from convergence.theory.system import system

BEYOND = "Dots are runs; lines are solved for, dashed where they repel; dotted is the law of the normal form."

Checks = Mapping[tuple[int, str], Verification]
"""By minimum and method."""


def landscape_files(
    found: Overview, checks: Checks, formats: Sequence[str] = FORMATS, figure_formats: Sequence[str] = ("svg",)
) -> dict[str, str | bytes]:
    """The files of the page by name: landscape.md, …, figures/NAME.svg, …. BadName for an unknown format."""
    every = pictures(found)
    write = partial(rendered, "landscape.md.j2", found=found, checks=checks, newton_of=newton_of, title_of=title_of)
    said = {**content(found), "checks": _said(checks)}
    return files_of("landscape", lambda shown: write(pictures=shown), every, lambda: said, formats, figure_formats)


def verified(found: Overview) -> dict[tuple[int, str], Verification]:
    """Each linear method held against runs near each minimum, at the setting of its ways."""
    return {
        (place, name): verify(point, name, **dict[str, Any](setting))
        for place, point in enumerate(found.critical)
        if isinstance(point, LocalQuadratic)
        for name, setting in found.settings.items()
        if system(as_method(name)).linear and point.rate(name, **setting) < 1
    }


def pictures(found: Overview) -> dict[str, Picture]:
    """The pictures by name, with their words."""
    points = found.critical
    paths = {title_of(name): path for name, path in found.paths.items()}
    name = points.function.name
    kinds = (
        ", ".join(f"{p.kind} at {', '.join(text(float(v), 5) for v in p.point)}" for p in points)
        or "no critical points"
    )
    made = [
        Picture(
            "function",
            "The function, its critical points, and the ways of the methods",
            f"{name} with {kinds}; ways of {', '.join(paths) or 'no method'}.",
            "Markers stand on some of the iterates.",
            None,
            partial(figures.critical, points, paths),
        )
    ]
    for method, basins in found.basins.items():
        ends, how = "", "Found by runs, on a grid."
        if isinstance(basins, Basins):
            ends = f"; ends at {', '.join(text(end, 6) for end in basins.ends[:8])}" if basins.ends else ""
            how = "Ends are solved for." if basins.complete else how
        title = f"Where runs of {title_of(method)} settle"
        alt = f"Starts by where their runs settle{ends}."
        made.append(Picture(f"basins-{method}", title, alt, how, method, basins.plot))
    for (place, method), one in found.doublings.items():
        title = f"Beyond the limit of {title_of(method)} at {text(one.point.x, 6)}"
        alt, name = f"Last iterates over the learning rate. {one!r}.", f"beyond-{method}-{place + 1}"
        made.append(Picture(name, title, alt, BEYOND, method, one.plot))
    return {picture.name: picture for picture in made}


def _said(checks: Checks) -> list[dict[str, Any]]:
    return [
        {"point": place, "method": method, "passed": bool(one), "said": repr(one)}
        for (place, method), one in checks.items()
    ]
