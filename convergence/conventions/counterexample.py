"""A setting of one method whose eigenvalues no setting of another has.

Tried at a few simple fractions; that there is no match is decided by elimination, not by looking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from convergence.algebra import plain
from convergence.conventions.matching import EXTRA, SAMPLES, is_hidden, is_sound, spectra
from convergence.conventions.response import Response, fresh
from convergence.conventions.solving import Branch, Unsolved
from convergence.conventions.wording import setting
from convergence.crossing import exact
from convergence.theory.symbols import CURVATURE, Z

CURVATURES = tuple(map(sp.Integer, (1, 2, 5)))
"""How many of these are taken: the fewest that no setting of the other method matches."""


@dataclass(frozen=True, eq=False)
class Counterexample:
    """A setting of method a whose eigenvalues no setting of method b has.

    Attributes
    ----------
    a, b
        The methods' names.
    hyper
        a's setting, exactly.
    curvatures
        λ at which both are looked at.
    eigenvalues
        At each of the curvatures, those of a that its positions show; b cannot have them all.
    """

    a: str
    b: str
    hyper: dict[str, sp.Expr]
    curvatures: tuple[sp.Expr, ...]
    eigenvalues: tuple[tuple[sp.Expr, ...], ...]

    def __str__(self) -> str:
        shown = "; ".join(
            f"{', '.join(sp.sstr(value) for value in values)} at λ = {curvature}"
            for curvature, values in zip(self.curvatures, self.eigenvalues, strict=True)
        )
        return f"at {setting(self.hyper)} {self.a} has the eigenvalues {shown}, which no setting of {self.b} has"

    def __repr__(self) -> str:
        return str(self)


def counterexample(a: Response, b: Response) -> Counterexample | None:
    """The first of a few settings of a, with the fewest curvatures, that b cannot match: elimination shows it."""
    theirs = fresh(b.method)
    for values in _settings(a):
        numbers = a.at(values)
        for count in range(1, len(CURVATURES) + 1):
            if not _matched(numbers, theirs, CURVATURES[:count]):
                at = CURVATURES[:count]
                eigenvalues = tuple(_roots(numbers.core.subs(CURVATURE, value)) for value in at)
                return Counterexample(a.method.name, b.method.name, dict(numbers.hyper), at, eigenvalues)
    return None


def _settings(a: Response) -> Iterator[Branch]:
    usual = {name: exact(value) for name, value in a.method.defaults}
    for turn in range(len(SAMPLES)):
        yield {
            letter: usual.get(name, SAMPLES[(k + turn) % len(SAMPLES)])
            for k, (name, letter) in enumerate(a.hyper.items())
            if letter.is_Symbol
        }
        if not a.letters:
            return


def _matched(a: Response, b: Response, curvatures: tuple[sp.Expr, ...]) -> bool:
    """Whether some sound setting of b has these eigenvalues, or elimination cannot say."""
    try:
        branches = spectra(a, b, curvatures=curvatures)
    except Unsolved:
        return True
    return any(_possible(a, b, branch) for branch in branches)


def _possible(a: Response, b: Response, branch: Branch) -> bool:
    """Whether a branch may be a match: sound where it has numbers, its extra factor hidden or still open."""
    values = {name: plain(branch[letter]) for name, letter in b.hyper.items() if letter in branch}
    sound = all(value.free_symbols or is_sound(b.method.domains[name], value) for name, value in values.items())
    return sound and (branch[EXTRA].free_symbols != {Z} or is_hidden(a, b, branch))


def _roots(core: sp.Expr) -> tuple[sp.Expr, ...]:
    poly = sp.Poly(core, Z)
    if poly.degree() > 2:
        return tuple(poly.nroots(n=8))
    return tuple(root for root, times in sp.roots(poly).items() for _ in range(times))
