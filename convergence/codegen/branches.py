"""Common subexpressions, computed once and only where they have a value: what a case needs is not computed outside of it.

A square root within a case is real there by the case's condition; a negative number under it can only come from rounding
at the edge of the case (a double eigenvalue), and is taken for 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp

from convergence.codegen.nodes import is_partial

Assignments = list[tuple[sp.Symbol, sp.Basic]]


def shared(formulas: Sequence[sp.Basic], names: Iterator[sp.Symbol]) -> tuple[Assignments, list[sp.Basic]]:
    """Common subexpressions in order, each with its name, and the formulas in them.

    >>> x = sp.Symbol("x", real=True)
    >>> shared([sp.Piecewise((sp.sqrt(x), x > 0), (sp.sqrt(x) + 1, x > -1), (0, True))], sp.numbered_symbols("t"))[0]
    []
    """
    replaced, results = sp.cse(formulas, symbols=sp.numbered_symbols(cls=sp.Dummy, real=True), order="canonical")
    kept, results = _guarded(replaced, list(results))
    words = {old: next(names) for old, _ in kept}
    return [(words[old], value.xreplace(words)) for old, value in kept], [result.xreplace(words) for result in results]


def clamped(formula: sp.Basic) -> sp.Basic:
    """The formula with max(0, ·) under the square roots of its cases, where it is not known to be positive."""
    return formula.replace(lambda part: isinstance(part, sp.Piecewise), lambda cases: _roots_clamped(cases))


def _roots_clamped(cases: sp.Piecewise) -> sp.Piecewise:
    return sp.Piecewise(*((_real(value), condition) for value, condition in cases.args), evaluate=False)


def _real(value: sp.Expr) -> sp.Expr:
    return value.replace(
        lambda part: part.is_Pow and part.exp.is_Rational and part.exp.q == 2 and not part.base.is_nonnegative,
        lambda root: sp.Pow(sp.Max(0, root.base, evaluate=False), root.exp),
    )


def _guarded(assignments: Assignments, results: list[sp.Basic]) -> tuple[Assignments, list[sp.Basic]]:
    """Without those that may have no value where they are not needed: these are put back where they came from."""
    partial: set[sp.Basic] = set()
    for name, value in assignments:
        if is_partial(value) or value.free_symbols & partial:
            partial.add(name)
    needed = set().union(*map(_always, results))
    for name, value in reversed(assignments):
        if name in needed:
            needed |= _always(value)
    put_back = {name for name in partial if name not in needed}
    kept: Assignments = []
    inner: dict[sp.Basic, sp.Basic] = {}
    for name, value in assignments:
        value = value.xreplace(inner)
        if name in put_back:
            inner[name] = value
        else:
            kept.append((name, value))
    return kept, [result.xreplace(inner) for result in results]


def _always(formula: sp.Basic) -> set[sp.Basic]:
    """The letters that are evaluated whatever their values: not those in a case, but for the first condition."""
    if formula.is_Symbol:
        return {formula}
    if isinstance(formula, sp.Piecewise):
        return _always(formula.args[0].cond)
    if isinstance(formula, sp.And | sp.Or):
        return set()
    return set().union(*map(_always, formula.args))
