"""Functions that are not quadratic, as data: those of the course notes, Rosenbrock's, and ½(uv − 1)².

>>> import convergence as cv
>>> cv.landscapes.names()
('x_cos_pi_x', 'saddle', 'tanh', 'cosh', 'rosenbrock', 'product')
>>> cv.landscapes.tanh.source
'Optimizers-from-Scratch, the plateau'
"""

from __future__ import annotations

import sympy as sp

from convergence.errors import BadName, nearest
from convergence.landscapes.function import Landscape as Landscape

_x, _y, _u, _v = sp.symbols("x y u v", real=True)
_NOTES = "Optimizers-from-Scratch"


def _made() -> dict[str, Landscape]:
    rosenbrock = "H. H. Rosenbrock, Computer Journal 3 (1960), 175–184"
    product = "the product of two scalars; L. Chen and J. Bruna, ICML 2023"
    table = (
        Landscape(
            "x_cos_pi_x", _x * sp.cos(sp.pi * _x), (_x,), ((-1.0, 2.0),), f"{_NOTES}, local and global minimum", (0.5,)
        ),
        Landscape("saddle", _x**2 - _y**2, (_x, _y), ((-1.0, 1.0),) * 2, f"{_NOTES}, the saddle", (0.0, 1e-6)),
        Landscape("tanh", sp.tanh(_x), (_x,), ((-2.0, 5.0),), f"{_NOTES}, the plateau", (4.0,)),
        Landscape("cosh", sp.cosh(_x / 2), (_x,), ((-12.0, 12.0),), f"{_NOTES}, Newton's method, c = ½", (10.0,)),
        Landscape(
            "rosenbrock",
            (1 - _x) ** 2 + 100 * (_y - _x**2) ** 2,
            (_x, _y),
            ((-2.0, 2.0), (-1.0, 3.0)),
            rosenbrock,
            (-1.2, 1.0),
        ),
        Landscape("product", (_u * _v - 1) ** 2 / 2, (_u, _v), ((-2.0, 2.0),) * 2, product, (1.2, 0.9)),
    )
    return {one.name: one for one in table}


LANDSCAPES = _made()


def names() -> tuple[str, ...]:
    """The names of the functions."""
    return tuple(LANDSCAPES)


def named(name: str) -> Landscape:
    """The function of this name. BadName for another."""
    if name not in LANDSCAPES:
        raise BadName(f"there is no landscape {name[:60]!r}: {nearest(name, LANDSCAPES)}")
    return LANDSCAPES[name]


def __getattr__(name: str) -> Landscape:
    if name in LANDSCAPES:
        return LANDSCAPES[name]
    raise AttributeError(f"module {__name__!r} has no landscape {name!r}")


def __dir__() -> list[str]:
    return ["names", *LANDSCAPES]
