"""Whether two rules that are not linear make the same step: formula by formula, with which values of their letters.

One step of both is read on symbols, for any state and any gradient; buffers may come in another order and unit. What is
rational is matched coefficient by coefficient; a root or a sign is matched with one of the other rule whose argument is
proportional. No linearisation enters: near the minimiser Adam is a heavy ball, and elsewhere it is none. With the clocks of
bias corrections run down, a match says what both steps tend to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle, permutations

import sympy as sp

from convergence.algebra import cancelled, coefficients, lowest_terms
from convergence.conventions.solving import Branch, Unsolved, solutions
from convergence.rule import Method
from convergence.theory.clock import keeps_time
from convergence.theory.trace import Question, state_symbols, trace_rule, trace_start

Hyper = Mapping[str, sp.Expr]
Formulas = tuple[sp.Expr, ...]

MAXIMUM = sp.Function("maximum")
"""The larger of two, not evaluated: whether one of them always is, SymPy asks for seconds."""

SAMPLE = tuple(sp.Rational(*pair) for pair in ((1, 3), (1, 2), (4, 5), (2, 7)))


@dataclass(frozen=True)
class Step:
    """One step of a rule at a setting: symbols of its state, what becomes of each, its questions, and its first state."""

    state: tuple[sp.Symbol, ...]
    update: Formulas
    questions: tuple[Question, ...]
    start: Formulas
    couples: bool

    @property
    def timed(self) -> list[int]:
        """The places of states that keep time."""
        return [k for k, s in enumerate(self.state) if k and keeps_time(self.update[k], s, self.state)]

    @property
    def clocks(self) -> list[int]:
        """The places of those that run down to 0: βᵗ."""
        return [k for k in self.timed if self.update[k].subs(self.state[k], 0) == 0]

    def run_down(self) -> Step | None:
        """The step with its clocks run down; None where it has none, or remembers the first steps for ever."""
        here, found = self, False
        while clocks := here.clocks:
            found, gone = True, {here.state[k]: sp.Integer(0) for k in clocks}
            kept = [k for k, s in enumerate(here.state) if s not in gone]
            state, start = (tuple(part[k] for k in kept) for part in (here.state, here.start))
            update = tuple(here.update[k].subs(gone) for k in kept)
            here = Step(state, update, here.questions, start, here.couples)
        return here if found and here.fading else None

    @property
    def functions(self) -> set[str]:
        """Roots, signs and other functions of the state in it, by name."""
        found = set().union(*(_innermost(u, {*self.state, *(q.answer for q in self.questions)}) for u in self.update))
        return {f"root {k.exp.q}" if k.is_Pow else k.func.__name__ for k in found} | (
            {"norm"} if self.couples else set()
        )

    @property
    def fading(self) -> bool:
        """Whether each buffer loses a share of itself at every step: a sum or a maximum does not."""
        shares = [sp.diff(u, s) for u, s in zip(self.update[1:], self.state[1:], strict=True)]
        return all(not k.has(*self.state) and abs(at_sample(k)) < 1 for k in shares)


def step_of(method: Method, hyper: Hyper, mark: str = "") -> Step:
    """One step of a method at numbers or letters; its states are called otherwise with a ``mark``. NotLinear if unreadable."""
    step, values = _step(method), {method.symbols[name]: sp.sympify(value) for name, value in hyper.items()}
    swap = {s: sp.Symbol(s.name + mark, real=True) for s in step.state}
    update = tuple(formula.xreplace(values | swap) for formula in step.update)
    questions = tuple(replace(q, asked=q.asked.xreplace(values | swap)) for q in step.questions)
    return replace(step, state=tuple(swap.values()), update=update, questions=questions)


@cache
def _step(method: Method) -> Step:
    """One step of a method in its own letters."""
    rule, start = trace_rule(method), trace_start(method)
    update = tuple(map(_plain, rule.values))
    questions = tuple(replace(q, asked=_plain(q.asked)) for q in rule.questions)
    return Step(state_symbols(method), update, questions, start.values, rule.couples or start.couples)


def _plain(formula: sp.Expr) -> sp.Expr:
    larger = formula.replace(sp.Max, lambda *values: MAXIMUM(*sorted(values, key=_size)))
    return larger.replace(sp.Min, lambda *values: -MAXIMUM(*(-value for value in sorted(values, key=_size))))


def _size(formula: sp.Expr) -> tuple[int, str]:
    return int(formula.count_ops()), str(formula)


def renamings(a: Step, b: Step, unknown: Sequence[sp.Symbol], *, begun: bool = True) -> Iterator[Branch]:
    """Values of the unknown letters with which one step is the other's, its buffers in whichever order and unit.

    What only one of them has must not matter. Unless ``begun``, first states are not compared.
    """
    oracles = [[q.oracle for q in step.questions] for step in (a, b)]
    if a.couples != b.couples or oracles[0] != oracles[1]:
        return
    few, many = sorted((a, b), key=lambda step: len(step.state))
    for order in permutations(range(1, len(many.state)), len(few.state) - 1):
        pairs = list(enumerate((0, *order)))
        if begun and any(few.start[i] != many.start[j] for i, j in pairs):
            continue
        scales = {
            j: sp.Dummy("scale", real=True, nonzero=True) for i, j in pairs if i and few.start[i] == many.start[j] == 0
        }
        same = {many.state[j]: scales.get(j, sp.S.One) * few.state[i] for i, j in pairs}
        equations = [scales.get(j, 1) * few.update[i] - many.update[j].xreplace(same) for i, j in pairs]
        equations += [p.asked - q.asked.xreplace(same) for p, q in zip(few.questions, many.questions, strict=True)]
        variables = {*few.state, *many.state, *(q.answer for q in a.questions)}
        found = list(_identical(equations, variables, [*unknown, *scales.values()]))
        open_ = dict.fromkeys(scales.values(), sp.S.One)
        yield from ({letter: branch[letter].subs(open_) for letter in unknown if letter in branch} for branch in found)
        if found:
            return


def _identical(
    equations: Iterable[sp.Expr], variables: set[sp.Symbol], unknown: Sequence[sp.Symbol]
) -> Iterator[Branch]:
    """Values of the unknown letters at which each formula is 0 whatever the variables are; rational ones first."""
    kept = [formula for formula in equations if formula != 0]
    plain = [formula for formula in kept if not _innermost(formula, variables)]
    if plain:
        rest = [formula for formula in kept if formula not in plain]
        for branch in _solved(plain, variables, unknown):
            left = [u for u in unknown if u not in branch]
            for more in _identical([formula.xreplace(branch) for formula in rest], variables, left):
                yield _joined(branch, more)
        return
    if not kept:
        yield {}
        return
    yield from _by_function(kept, variables, unknown)


def _by_function(kept: Sequence[sp.Expr], variables: set[sp.Symbol], unknown: Sequence[sp.Symbol]) -> Iterator[Branch]:
    """A root or a sign is matched with another of proportional argument; where there is none, it is a variable of its own."""
    functions = sorted(set().union(*(_innermost(formula, variables) for formula in kept)), key=sp.default_sort_key)
    first = next((k for k in functions if k.has(*unknown)), functions[0])
    matched = False
    for other in functions:
        for branch, ratio in _proportional(first, other, variables, unknown) if other != first else ():
            matched = True
            formulas = [_exchanged(formula, first, ratio, other).xreplace(branch) for formula in kept]
            for more in _identical(formulas, variables, [u for u in unknown if u not in branch]):
                yield _joined(branch, more)
    if not matched:
        letter = sp.Dummy("value", positive=True)
        formulas = [_exchanged(formula, first, sp.Integer(1), letter) for formula in kept]
        yield from _identical(formulas, variables | {letter}, unknown)


def _proportional(
    one: sp.Expr, other: sp.Expr, variables: set[sp.Symbol], unknown: Sequence[sp.Symbol]
) -> Iterator[tuple[Branch, sp.Expr]]:
    """Where the argument of a function is a positive constant, which comes with it, times that of another of its kind."""
    if one.func != other.func or (one.exp.q != other.exp.q if one.is_Pow else len(one.args) > 1):
        return
    here, there = one.args[0], other.args[0]
    copy = {s: sp.Dummy(s.name, real=True) for s in variables}
    apart = here * there.xreplace(copy) - there * here.xreplace(copy)
    for branch in _solved([apart], variables | set(copy.values()), unknown):
        ratio = lowest_terms(here.subs(branch) / there.subs(branch))
        if ratio.has(*unknown, *variables) or not at_sample(ratio) > 0:
            continue
        if ratio == 1 or one.is_Pow or one.func is sp.sign:
            yield branch, ratio


def _exchanged(formula: sp.Expr, function: sp.Expr, ratio: sp.Expr, other: sp.Expr) -> sp.Expr:
    """A formula with a root, in all its powers, or another function's value replaced."""
    if not function.is_Pow:
        return formula.xreplace({function: other})
    base = other.base if other.is_Pow else other**function.exp.q
    above, below = sp.fraction(sp.factor(ratio))
    sign = 1 if at_sample(below) > 0 else -1
    powers = [p for p in formula.atoms(sp.Pow) if p.base == function.base and not p.exp.is_Integer]
    return formula.xreplace({p: (sign * above) ** p.exp * (sign * below) ** -p.exp * base**p.exp for p in powers})


def _innermost(formula: sp.Expr, variables: set[sp.Symbol]) -> set[sp.Expr]:
    """The innermost roots and functions of the variables in a formula."""
    found = {
        k for k in formula.atoms(sp.Pow, sp.Function)
        if k.free_symbols & variables and not (k.is_Pow and k.exp.is_Integer)
    }  # fmt: skip
    return {k for k in found if not any(other != k and k.has(other) for other in found)}


def _solved(equations: Iterable[sp.Expr], variables: set[sp.Symbol], unknown: Sequence[sp.Symbol]) -> list[Branch]:
    """Branches on which rational formulas vanish whatever the variables are. Constant roots are letters of their own."""
    roots: dict[sp.Expr, sp.Symbol] = {}
    needed: list[sp.Expr] = []
    for formula in equations:
        powers = [p for p in formula.atoms(sp.Pow) if not p.exp.is_Integer]
        roots |= {root: sp.Dummy("root", positive=True) for p in powers if (root := _root(p)) not in roots}
        swapped = formula.xreplace({p: roots[_root(p)] ** p.exp.p for p in powers})
        inside = [s for s in variables if swapped.has(s)]
        needed += coefficients(swapped, *inside) if inside else [swapped]
    back = {letter: root for root, letter in roots.items()}
    try:
        return [{u: value.xreplace(back) for u, value in branch.items()} for branch in solutions(needed, unknown)]
    except Unsolved:
        return []


def _root(power: sp.Expr) -> sp.Expr:
    return power.base ** sp.Rational(1, power.exp.q)


def _joined(branch: Branch, more: Branch) -> Branch:
    return {**{letter: value.subs(more) for letter, value in branch.items()}, **more}


def affine_in(formula: sp.Expr, moving: Sequence[sp.Symbol]) -> bool:
    """Whether a formula is of degree one in these letters."""
    return not _innermost(formula, set(moving)) and not any(cancelled(sp.diff(formula, s)).has(*moving) for s in moving)


def at_sample(formula: sp.Expr) -> sp.Expr:
    """A formula at small fractions for its letters."""
    return formula.subs(small_fractions(formula.free_symbols))


def small_fractions(letters: Iterable[sp.Symbol]) -> dict[sp.Symbol, sp.Rational]:
    """A value for each letter, below 1."""
    return dict(zip(sorted(letters, key=str), cycle(SAMPLE), strict=False))
