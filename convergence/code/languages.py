"""The languages, each with its layout."""

from convergence.code.c import C
from convergence.code.javascript import Javascript
from convergence.code.julia import Julia
from convergence.code.layout import Layout
from convergence.code.python import Python
from convergence.code.tex import Latex

LAYOUTS: dict[str, Layout] = {
    "python": Python(),
    "c": C(),
    "julia": Julia(),
    "javascript": Javascript(),
    "latex": Latex(),
}
