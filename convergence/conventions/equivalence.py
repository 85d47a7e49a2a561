"""The map from the hyperparameters of one method to those of another that does the same, or why there is none.

Linear rules are matched by their spectra, others by their formulas (``nonlinear``). The same spectrum does not mean the
same iterates: first states, look-ahead points and bias corrections differ, and each is a flag. A map is stated only where it
has been checked by substitution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from convergence.algebra import has_root
from convergence.conventions import nonlinear
from convergence.conventions.counterexample import Counterexample, counterexample
from convergence.conventions.flags import Flag, begun_otherwise, flags
from convergence.conventions.matching import Hyper, Match, matches
from convergence.conventions.nonlinear import is_linear, reason, renamed
from convergence.conventions.response import Response, response
from convergence.conventions.solving import Branch, Unsolved
from convergence.conventions.wording import conditions, setting
from convergence.methods import as_method
from convergence.notation import latex
from convergence.rule import Method
from convergence.theory.radicals import short


@dataclass(frozen=True, eq=False)
class Subfamily:
    """Some settings of method a, and what b does the same with.

    Attributes
    ----------
    where
        a's letters that are bound -> formula.
    hyper
        b's hyperparameters as formulas in a's letters.
    same_iterates
        Whether all iterates are the same, too.
    """

    where: Branch
    hyper: Hyper
    same_iterates: bool

    @property
    def condition(self) -> sp.Basic:
        """``where`` as a relation."""
        return sp.And(*(sp.Eq(letter, value) for letter, value in self.where.items()))

    def __repr__(self) -> str:
        return f"where {conditions(self.where)}: {setting(self.hyper)}"


@dataclass(frozen=True, eq=False)
class Equivalence:
    """How the settings of method ``b`` that do what method ``a`` does follow from a's.

    Under the map the eigenvalues that positions show are the same at every curvature.

    Attributes
    ----------
    a, b
        The methods' names.
    hyper
        Each hyperparameter of b -> a formula in a's letters; None where not every setting of a has a match.
    same_iterates
        Whether all iterates are the same, from one start, from step 0 on.
    why
        All of it in words.
    flags
        The reasons why iterates differ.
    iterates_if
        At which settings of a the iterates are the same nevertheless.
    extra
        The factor in z by which the characteristic polynomials differ.
    subfamilies
        Without a map: the settings of a that have a match all the same.
    counterexample
        Without a map: a setting of a that has none.
    """

    a: str
    b: str
    hyper: Mapping[str, sp.Expr] | None
    same_iterates: bool
    why: str
    flags: tuple[Flag, ...] = ()
    iterates_if: tuple[Branch, ...] = ()
    extra: sp.Expr = sp.S.One
    subfamilies: tuple[Subfamily, ...] = ()
    counterexample: Counterexample | None = None

    @property
    def condition(self) -> sp.Basic | None:
        """Where a map exists although not everywhere: a relation between a's letters; None with a map, or without any."""
        return sp.Or(*(part.condition for part in self.subfamilies)) if self.subfamilies else None

    def __bool__(self) -> bool:
        return self.hyper is not None

    def __repr__(self) -> str:
        head = f"{self.a} → {self.b}: "
        return head + (f"{setting(self.hyper)}; {self.why}" if self.hyper is not None else self.why)

    def _repr_latex_(self) -> str:
        if self.hyper is None:
            return rf"$$\text{{no map from {self.a} to {self.b}}}$$".replace("_", r"\_")
        rows = (rf"\mathrm{{{name}}} = ".replace("_", r"\_") + latex(value) for name, value in self.hyper.items())
        return "$$" + r",\quad ".join(rows) + "$$"


def equivalent(a: Any, b: Any, /) -> Equivalence:
    """Derive how the hyperparameters of method b follow from those of method a so that b does what a does.

    Characteristic polynomials are matched in z and λ, without powers of z and factors that no position shows;
    iterates are compared as generating functions, so at all steps; of a rule that keeps time, the first ones at one
    setting. What the match leaves open is set so that iterates agree, else to its default, else to 0.

    Where one of them is not linear, their steps are compared as formulas, for any state and gradient: no linearisation
    enters. If bias corrections alone differ, the map is of what both steps tend to, and ``.same_iterates`` is False.

    Parameters
    ----------
    a, b
        Methods, their names, presets or plain rules.

    Returns
    -------
    Equivalence
        ``.hyper`` maps each hyperparameter of b to a formula in a's letters, or is None, with a ``.counterexample``;
        then ``.condition`` says where a map exists. ``.same_iterates`` tells whether all iterates are the same from
        one start, and ``.flags`` why not.

    Raises
    ------
    NotLinear
        For a rule without a rational iteration matrix.
    BadName, BadRule
        For what is no method.

    >>> equivalent("heavy_ball", "momentum_rate_inside").hyper
    {'lr': eta, 'momentum': beta}
    >>> equivalent("nesterov", "heavy_ball").condition
    Eq(beta, 0)
    >>> equivalent("signum", "lion").hyper
    {'lr': eta, 'beta1': beta, 'beta2': beta}
    >>> print(equivalent("adam", "heavy_ball").hyper)
    None
    """
    return equivalence(as_method(a), as_method(b))


@cache
def equivalence(a: Method, b: Method) -> Equivalence:
    """Derive the map from a's settings to b's by matching characteristic polynomials, and then all iterates.

    Raises NotLinear where one of them has no iteration matrix, or none that is rational in its hyperparameters.
    """
    try:
        match = general(a, b)
    except Unsolved as reason:
        why = f"no closed form: elimination ends at {reason}; with numbers it may be solved"
        return Equivalence(a.name, b.name, None, False, why)
    if not (is_linear(a) and is_linear(b)):
        return _of_rules(a, b, match)
    ours, theirs = response(a), response(b)
    return _mapped(ours, theirs, match) if match else _missing(ours, theirs)


@cache
def general(a: Method, b: Method) -> Match | None:
    """The best match of all settings of a; None where some have none. Raises Unsolved."""
    if not (is_linear(a) and is_linear(b)):
        found = renamed(a, a.symbols, b)
    elif a is b:
        return Match(dict(a.symbols), {}, sp.Integer(1), True)
    else:
        found = matches(response(a), response(b))
    return found[0] if found else None


@cache
def subfamilies(a: Method, b: Method) -> tuple[Subfamily, ...]:
    """Where not every setting of a has a match in b: those that have one, some of a's letters bound."""
    try:
        if general(a, b):
            return ()
        if not (is_linear(a) and is_linear(b)):
            return _widest([match for match in renamed(a, a.symbols, b, special=True) if match.where])
        special = matches(response(a), response(b), special=True)
    except Unsolved:
        return ()
    return _widest([match for match in special if match.where and _is_proper(match)])


def _of_rules(a: Method, b: Method, match: Match | None) -> Equivalence:
    """The map between rules that are not both linear, by their formulas."""
    if match:
        flags, words = nonlinear.verdict(a, b, match)
        return Equivalence(a.name, b.name, match.hyper, match.same_iterates, words, flags)
    special = subfamilies(a, b)
    why = [reason(a, b), *(f"there is one {part}" for part in special)]
    return Equivalence(a.name, b.name, None, False, "; ".join(why), subfamilies=special)


def _mapped(a: Response, b: Response, match: Match) -> Equivalence:
    hyper, (differences, words) = {name: _written(value) for name, value in match.hyper.items()}, verdict(a, b, match)
    names = a.method.name, b.method.name
    return Equivalence(*names, hyper, match.same_iterates, words, differences, match.iterates_if, match.extra)


def verdict(a: Response, b: Response, match: Match) -> tuple[tuple[Flag, ...], str]:
    """The flags of a match whose iterates differ, found by elimination where the map is rational; and all of it in words."""
    parts = ["the eigenvalues that positions show are the same at every curvature"]
    if match.extra != 1:
        extra = f"{b.method.name} has more, of ({sp.sstr(match.extra)}), which no position shows after a few steps"
        parts.append(extra)
    steady = a.steady and b.steady
    if match.same_iterates:
        proof = "and all iterates" if steady else "and the first iterates, compared exactly at one setting,"
        return (), "; ".join([*parts, f"{proof} are the same from the same start"])
    parts.append("the iterates differ")
    if match.iterates_if:
        parts.append(f"they are the same where {' or '.join(map(conditions, match.iterates_if))}")
    differences: tuple[Flag, ...] = (begun_otherwise(b),)
    if not steady or not any(map(has_root, match.hyper.values())):
        differences = flags(a, b.at({b.hyper[name]: value for name, value in match.hyper.items()}))
    return differences, "; ".join([*parts, *(flag.text for flag in differences)])


def _missing(a: Response, b: Response) -> Equivalence:
    parts, against = subfamilies(a.method, b.method), counterexample(a, b)
    words = [f"not every setting of {a.method.name} has a match in {b.method.name}"]
    words += [str(against)] if against else []
    words += [f"there is one {part}" for part in parts]
    return Equivalence(
        a.method.name, b.method.name, None, False, "; ".join(words), subfamilies=parts, counterexample=against
    )


def _widest(matched: Sequence[Match]) -> tuple[Subfamily, ...]:
    wide = [m for m in matched if not any(_narrower(m, other) for other in matched if other is not m)]
    return tuple(Subfamily(m.where, {n: _written(v) for n, v in m.hyper.items()}, m.same_iterates) for m in wide)


def _is_proper(match: Match) -> bool:
    """Whether a's letters alone say everything: nothing of b is left without a value."""
    return not any(letter.name.endswith("'") for value in match.hyper.values() for letter in value.free_symbols)


def _narrower(one: Match, other: Match) -> bool:
    """Whether the settings of one are among those of another, or the same and the other came first."""
    return set(other.where.items()) < set(one.where.items())


def _written(value: sp.Expr) -> sp.Expr:
    return value if has_root(value) else short(value)
