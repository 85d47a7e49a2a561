"""The settings of one method that have the spectrum of another, or its very iterates.

Coefficients in z and λ of the two characteristic polynomials are set equal, up to factors that no position shows, and
solved for the letters of one in those of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

import sympy as sp

from convergence.algebra import (
    Root,
    cancelled,
    coefficients,
    factors,
    fraction,
    has_root,
    lowest_terms,
    numerator,
    plain,
    vanishes,
)
from convergence.conventions.response import Response, fresh, positions, rate_first
from convergence.conventions.solving import Branch, Unsolved, settle, solutions
from convergence.crossing import exact
from convergence.domain import Domain
from convergence.theory.symbols import CURVATURE, Z

Hyper = dict[str, sp.Expr]
Key = TypeVar("Key")

SAMPLES = tuple(sp.Rational(*pair) for pair in ((1, 3), (1, 2), (4, 5)))
"""Where a formula is asked for its sign: letters take these values in turn."""

EXTRA = sp.Dummy("extra")


@dataclass(frozen=True, eq=False)
class Match:
    """A setting of method b in the letters of method a that has the same spectrum.

    Attributes
    ----------
    hyper
        b's hyperparameters as formulas in a's letters.
    where
        What a's own letters must be for it; empty where it holds for all.
    extra
        The factor in z that only one of the two spectra has.
    same_iterates
        Whether every iterate is the same.
    iterates_if
        Further settings of a at which the iterates are the same, too.
    """

    hyper: Hyper
    where: Branch
    extra: sp.Expr
    same_iterates: bool
    iterates_if: tuple[Branch, ...] = ()


def matches(a: Response, b: Response, *, special: bool = False) -> list[Match]:
    """The settings of b that match a, the best first: same iterates, sound at samples of a's letters, short.

    With ``special``, a's letters may be bound too: the subfamilies of a that b contains. Raises Unsolved.
    """
    b = fresh(b.method)
    alike = spectra(a, b, special) + (spectra(a, b, special, loose=False) if a.degree != b.degree else [])
    for rooted in (False, True):  # where there is one, a formula without roots says the same, or more
        branches = (branch for branch in alike if _is_rooted(branch) == rooted)
        sound = [m for branch in branches for m in _completed(a, b, branch) if _soundness(a, b, m)]
        if sound:
            return sorted(sound, key=lambda match: _preference(a, b, match))
    return []


def _preference(a: Response, b: Response, match: Match) -> tuple[float, ...]:
    odd = match.extra not in (1, Z, Z**2, Z**3)
    length = sum(sp.count_ops(value) for value in (*match.hyper.values(), *match.where.values()))
    return not match.same_iterates, -_soundness(a, b, match), odd, _distance(a, match), int(length)


def _is_rooted(branch: Branch) -> bool:
    return any(value.has(Root) for value in branch.values())


def spectra(
    a: Response, b: Response, special: bool = False, curvatures: Iterable[sp.Expr] = (), *, loose: bool = True
) -> list[Branch]:
    """The branches on which the visible spectra agree, for all λ, or at these curvatures alone.

    A branch binds b's letters, with ``special`` a's, and EXTRA to the factor that only one of the spectra has: any free of λ,
    or a power of z if not ``loose``. Poles of b are left out.
    """
    more = b.degree - a.degree
    if more < 0 and not special:
        return []
    unknown = tuple(sp.Dummy(f"q{k}") for k in range(abs(more))) if loose else ()
    extra = Z ** abs(more) + sum(q * Z**k for k, q in enumerate(unknown))
    gap = b.core - a.core * extra if more >= 0 else a.core - b.core * extra
    at = [gap.subs(CURVATURE, value) for value in curvatures] or [gap]
    equations = chain.from_iterable(coefficients(formula, Z, CURVATURE) for formula in at)
    letters = (*unknown, *_ordered(b), *(_bindable(a) if special else ()))
    branches = solutions(equations, letters)
    poles = fraction(b.core)[1]
    return [{**branch, EXTRA: extra.xreplace(branch)} for branch in branches if not vanishes(poles.xreplace(branch))]


def _ordered(system: Response) -> tuple[sp.Symbol, ...]:
    return tuple(system.hyper[name] for name in rate_first(system.method) if system.hyper[name].is_Symbol)


def _bindable(system: Response) -> tuple[sp.Symbol, ...]:
    """A system's letters, those first that one would rather see bound: nu = momentum, and not the reverse."""
    domains = system.method.domains
    names = sorted(system.hyper, key=lambda name: (domains[name].is_rate, domains[name].is_share))
    return tuple(system.hyper[name] for name in names if system.hyper[name].is_Symbol)


def _completed(a: Response, b: Response, branch: Branch) -> Iterator[Match]:
    """The matches of one branch of equal spectra: what it leaves free is settled by the iterates, or else by defaults."""
    where = {letter: branch[letter] for letter in a.letters if letter in branch}
    hyper = {name: branch.get(letter, letter) for name, letter in b.hyper.items()}
    if not is_hidden(a, b, branch):
        return
    free = _free(b, hyper)
    usual = _settled(b, hyper, free)
    if a.responses is None or b.responses is None:
        same = _same_steps({n: v.subs(where) for n, v in a.hyper.items()}, a, usual, b)
        yield Match(_plain(usual), _plain(where), plain(branch[EXTRA]), same)
        return
    gaps = iterate_gaps(a, b, branch)
    left = [gap for gap in (g.xreplace({b.hyper[n]: usual[n] for n in free}) for g in gaps) if not vanishes(gap)]
    exactly = _solved(gaps, list(free.values())) if left else []
    for one in exactly:
        chosen = {name: lowest_terms(value.xreplace(one)) for name, value in hyper.items()}
        settled = _settled(b, chosen, _free(b, chosen))
        yield Match(_plain(settled), _plain(where), plain(branch[EXTRA].subs(one)), True)
    if not exactly:
        own = _solved(left, [letter for letter in _bindable(a) if letter not in where]) if left else []
        poles = [one for one in own if any(settle(value, one) is None for value in hyper.values())]
        when = tuple(_plain(one) for one in own if not (_is_rooted(one) or one in poles))
        yield Match(_plain(usual), _plain(where), plain(branch[EXTRA]), not left, when)


def _solved(equations: list[sp.Expr], letters: list[sp.Symbol]) -> list[Branch]:
    try:
        return solutions(equations, letters) if letters else []
    except Unsolved:
        return []


def iterate_gaps(a: Response, b: Response, branch: Branch) -> list[sp.Expr]:
    """Formulas that all vanish exactly where two linear rules have the same iterates, from every start to every minimiser."""
    assert a.responses is not None
    assert b.responses is not None
    (p, *n), (q, *m) = ([f.xreplace(branch) for f in (s.characteristic, *s.responses)] for s in (a, b))  # type: ignore[misc]
    gaps = [one * q - other * p for one, other in zip(n, m, strict=True)]
    return [above for gap in gaps for c in coefficients(gap, Z, CURVATURE) if (above := numerator(c)) != 0]


def is_hidden(a: Response, b: Response, branch: Branch) -> bool:
    """Whether the positions of the system that has the extra factor show no root of it but zero."""
    shown = [factor for factor in factors(fraction(branch[EXTRA])[0]) if factor.has(Z) and factor != Z]
    if not shown:
        return True
    rich = b if b.degree >= a.degree else a
    rich = rich.at({letter: branch[letter] for letter in rich.letters if letter in branch})
    return all(sp.rem(rich.hidden, factor, Z) == 0 for factor in shown)


def _free(b: Response, hyper: Mapping[str, sp.Expr]) -> dict[str, sp.Symbol]:
    """b's hyperparameters that a branch left open."""
    return {name: letter for name, letter in b.hyper.items() if hyper[name] == letter}


def _settled(b: Response, hyper: Mapping[str, sp.Expr], free: Mapping[str, sp.Symbol]) -> Hyper:
    """What was left open so that the others have their defaults, else at its own, at 0, or a letter with a prime."""
    defaults = {name: exact(value) for name, value in b.method.defaults}
    bound = [v - defaults[n] for n, v in hyper.items() if n in defaults and n not in free and v.has(*free.values())]
    for one in solutions(bound, tuple(free.values())) if bound else []:
        hyper = {name: lowest_terms(value.xreplace(one)) for name, value in hyper.items()}
        break
    settled = dict(hyper)
    for name, letter in _free(b, hyper).items():
        for value in (*([defaults[name]] if name in defaults else []), sp.Integer(0), sp.Symbol(f"{name}'")):
            tried = {n: settle(f, {letter: value}) for n, f in settled.items()}
            if all(v is not None and not (v == 0 and b.method.domains[n].is_rate) for n, v in tried.items()):
                settled = tried
                break
    return settled


def _same_steps(ours: Hyper, a: Response, theirs: Hyper, b: Response) -> bool:
    """Whether first positions agree where a rule is not linear, so that no series says it: exactly, at one setting.

    Unequal ones are a proof; equal ones are none.
    """
    ours, theirs = _plain(ours), _plain(theirs)
    letters = sorted(set().union(*(v.free_symbols for v in (*ours.values(), *theirs.values()))), key=str)
    values = {letter: SAMPLES[k % 3] for k, letter in enumerate(letters)}
    one, other = ({name: value.subs(values) for name, value in setting.items()} for setting in (ours, theirs))
    runs = positions(a.method, one), positions(b.method, other)
    steps = range(2 * (a.loop[0].rows + b.loop[0].rows) + 1)
    return all(cancelled(first - second) == 0 for _, first, second in zip(steps, *runs, strict=False))


def _plain(setting: Mapping[Key, sp.Expr]) -> dict[Key, sp.Expr]:
    return {name: plain(value) for name, value in setting.items()}


def _soundness(a: Response, b: Response, match: Match) -> int:
    """At how many samples of a's letters the setting is real, its rate positive, its momentum not negative."""
    domains = b.method.domains
    return sum(
        all(is_sound(domains[name], value.subs(turn)) for name, value in match.hyper.items())
        for turn in samples(a, match)
    )


def _distance(a: Response, match: Match) -> float:
    """How far hyperparameters of one name lie apart at a sample: of two roots, the one that changes least is meant."""
    turn = samples(a, match)[0]
    shared = [(a.hyper[name], value) for name, value in match.hyper.items() if name in a.hyper]
    if not any(has_root(value) for _, value in shared):
        return 0.0
    return float(sum(abs(sp.re((one - other).subs(turn).evalf())) for one, other in shared))


def samples(a: Response, match: Match) -> list[dict[sp.Symbol, sp.Expr]]:
    """Three settings for the letters in a match: small numbers, or a's defaults."""
    usual = {a.hyper[name]: exact(value) for name, value in a.method.defaults}
    letters = sorted(set().union(*(value.free_symbols for value in match.hyper.values())), key=str)
    return [{x: usual.get(x, SAMPLES[(k + turn) % 3] / (1 + k)) for k, x in enumerate(letters)} for turn in range(3)]


def is_sound(domain: Domain, value: sp.Expr) -> bool:
    """Whether a number may be such a hyperparameter: real, a rate positive, a momentum not negative."""
    if not value.is_real:
        return False
    return bool(value > 0) if domain.is_rate else bool(value >= 0) if domain.is_share else True
