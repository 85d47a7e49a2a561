"""The 2-cycles of an odd rule, F(Ss) = S F(s) with signs S, as fixed points of S∘F: one step is solved, not two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import sympy as sp

from convergence.algebra import cancelled
from convergence.errors import NotLinear
from convergence.theory.letters import Letters, sign_of

AMPLITUDE = sp.Dummy("a", positive=True)
KINKS = (sp.sign, sp.Abs, sp.Max, sp.Min)
SAMPLES = tuple(
    tuple(sp.Rational(k, 20) for k in row) for row in ((14, -26, 9, 42, -7, 34, 11), (38, 16, 23, -12, 11, 5, 29))
)
"""Where an identity of formulas is tried before it is proved; exact, or rounding would refute it."""

MOST_KINKS = 4


@dataclass(frozen=True)
class Branch:
    """A fixed point of S∘F, its position a: ``amplitude``. ``state`` is in the letter AMPLITUDE, in which squares leave roots.

    ``update`` is the rule near it, its kinks resolved; ``conditions`` are to be positive.
    """

    amplitude: sp.Expr
    state: tuple[sp.Expr, ...]
    update: tuple[sp.Expr, ...]
    conditions: tuple[sp.Expr, ...]


def sign_pattern(state: Sequence[sp.Symbol], update: Sequence[sp.Expr]) -> tuple[int, ...] | None:
    """Signs S with F(Ss) = S F(s), the position's −1; None where there are none. The first of several: more states odd."""
    for rest in product((-1, 1), repeat=len(state) - 1):
        signs = (-1, *rest)
        turned = {s: sign * s for s, sign in zip(state, signs, strict=True)}
        if all(same(u.xreplace(turned), sign * u) for u, sign in zip(update, signs, strict=True)):
            return signs
    return None


def same(one: sp.Expr, other: sp.Expr) -> bool:
    """Whether two formulas are one: refuted at a point, or proved by simplification."""
    if one == other:
        return True
    letters = sorted((one - other).free_symbols, key=str)
    for sample in SAMPLES:
        values = {
            s: abs(v) if not s.is_real or s.is_nonnegative else v for s, v in zip(letters, sample * 4, strict=False)
        }
        gap = (one - other).subs(values).evalf(30)
        if gap.is_number and gap.is_finite and abs(gap) > sp.Float("1e-20"):
            return False
    if sp.expand(one - other) == 0 or lowest_terms(_smooth(one) - _smooth(other)) == 0:
        return True
    return bool(sp.simplify(one - other) == 0)


def _smooth(formula: sp.Expr) -> sp.Expr:
    """Maxima as |·|, and what is in |·| and sign in factors, so that a positive one leaves it."""
    plain = formula.replace(sp.Max, lambda *a: _larger(a, 1)).replace(sp.Min, lambda *a: _larger(a, -1))
    return plain.replace(lambda p: isinstance(p, sp.Abs | sp.sign), lambda p: p.func(sp.factor(p.args[0])))


def _larger(values: Sequence[sp.Expr], sign: int) -> sp.Expr:
    first, *rest = values
    if not rest:
        return first
    other = _larger(rest, sign)
    return (first + other + sign * sp.Abs(sp.factor(first - other))) / 2


def branches(
    name: str, state: Sequence[sp.Symbol], update: Sequence[sp.Expr], signs: Sequence[int], letters: Letters
) -> Iterator[Branch]:
    """The isolated fixed points of S∘F with a positive position, one branch of each kink at a time."""
    yield from _resolved(name, tuple(state), tuple(update), tuple(signs), letters, ())


def _resolved(
    name: str,
    state: tuple[sp.Symbol, ...],
    update: tuple[sp.Expr, ...],
    signs: tuple[int, ...],
    letters: Letters,
    assumed: tuple[sp.Expr, ...],
) -> Iterator[Branch]:
    """Kinks are resolved once the buffers that do not hear of them are known: that mostly decides their signs."""
    known = buffers(state, update, signs)
    kinks = [k for u in update for k in u.atoms(*KINKS) if not any(a.has(*KINKS) for a in k.args)]
    if kinks:
        kink = min(kinks, key=lambda k: (len(k.free_symbols & (set(state) - set(known))), str(k)))
        if len(assumed) >= MOST_KINKS:
            raise NotLinear(f"{name} has too many kinks (sign, |·|, max) for its cycles to be solved for on symbols")
        for value, condition in _cases(kink):
            sign = sign_of(lowest_terms(condition.xreplace(known)))
            if sign is None or sign > 0:
                fresh = () if sign == 1 else (condition,)
                replaced = tuple(u.xreplace({kink: value}) for u in update)
                yield from _resolved(name, state, replaced, signs, letters, (*assumed, *fresh))
        return
    yield from _solved(name, state, update, signs, known, assumed)


def _cases(kink: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """The smooth pieces of a kink, each with what is positive there."""
    if isinstance(kink, sp.sign | sp.Abs):
        inner = kink.args[0]
        pieces = (sp.Integer(1), sp.Integer(-1)) if isinstance(kink, sp.sign) else (inner, -inner)
        return [(pieces[0], inner), (pieces[1], -inner)]
    first, rest = kink.args[0], kink.func(*kink.args[1:])
    gap = first - rest if isinstance(kink, sp.Max) else rest - first
    return [(first, gap), (rest, -gap)]


def buffers(
    state: tuple[sp.Symbol, ...], update: tuple[sp.Expr, ...], signs: tuple[int, ...]
) -> dict[sp.Symbol, sp.Expr]:
    """The position's letter, and each buffer whose own equation is affine in it, solved one after another."""
    known: dict[sp.Symbol, sp.Expr] = {state[0]: AMPLITUDE}
    progress = True
    while progress:
        progress = False
        for s, u, sign in zip(state, update, signs, strict=True):
            value = None if s in known else _alone(s, lowest_terms((u - sign * s).xreplace(known)), state)
            if value is not None:
                known[s], progress = value, True
    return known


def _alone(letter: sp.Symbol, equation: sp.Expr, state: Sequence[sp.Symbol]) -> sp.Expr | None:
    """The letter by an equation that is affine in it and holds no other of the state; None for another equation."""
    if equation.free_symbols & (set(state) - {letter}) or equation.has(*KINKS) or not equation.is_polynomial(letter):
        return None
    slope = sp.diff(equation, letter)
    return None if slope.has(letter) or lowest_terms(slope) == 0 else lowest_terms(-equation.subs(letter, 0) / slope)


def _solved(
    name: str,
    state: tuple[sp.Symbol, ...],
    update: tuple[sp.Expr, ...],
    signs: tuple[int, ...],
    known: dict[sp.Symbol, sp.Expr],
    assumed: tuple[sp.Expr, ...],
) -> Iterator[Branch]:
    missing = [s for s in state if s not in known]
    if missing:
        together = [
            lowest_terms((u - sign * s).xreplace(known))
            for u, sign, s in zip(update, signs, state, strict=True)
            if s in missing
        ]
        if any(e == 0 for e in together):
            return  # a line of fixed points: none is isolated
        if any(not e.free_symbols & set(state) and sign_of(e) for e in together):
            return  # what only grows comes back nowhere
        raise NotLinear(f"{name}: its buffers at a 2-cycle solve no linear equation; give numbers and no letters")
    equation = lowest_terms((update[0] - signs[0] * state[0]).xreplace(known))
    for amplitude, extra in _amplitudes(name, equation):
        at = {AMPLITUDE: amplitude}
        conditions = tuple(lowest_terms(lowest_terms(c.xreplace(known)).xreplace(at)) for c in assumed)
        size = (amplitude,) if sign_of(amplitude) != 1 else ()
        if any(sign_of(c) in (0, -1) for c in (*size, *extra)):
            continue
        yield Branch(amplitude, tuple(known[s] for s in state), update, (*map(_under_root, size), *extra, *conditions))


def _amplitudes(name: str, equation: sp.Expr) -> Iterator[tuple[sp.Expr, tuple[sp.Expr, ...]]]:
    """The positive roots of the position's equation, each with what has to be positive for it to be one, not of its square."""
    numerator = sp.numer(sp.together(equation))
    roots = sorted({p.base for p in numerator.atoms(sp.Pow) if not p.exp.is_Integer and p.has(AMPLITUDE)}, key=str)
    if any((2 * p.exp).is_integer is not True for p in numerator.atoms(sp.Pow) if p.has(AMPLITUDE)):
        raise NotLinear(f"{name}: the equation of its 2-cycles is not algebraic; give numbers and no letters")
    letters = [sp.Dummy(f"u{k}", positive=True) for k in range(len(roots))]
    swapped = numerator.replace(
        lambda p: p.is_Pow and not p.exp.is_Integer and p.base in roots,
        lambda p: letters[roots.index(p.base)] ** (2 * p.exp),
    )
    swapped = sp.numer(sp.together(swapped))
    single = swapped
    for letter, base in zip(letters, roots, strict=True):
        above, below = sp.fraction(sp.together(base))
        single = sp.resultant(single, below * letter**2 - above, letter)
    for factor, _ in sp.factor_list(sp.expand(single), AMPLITUDE)[1]:
        polynomial = sp.Poly(factor, AMPLITUDE)
        if polynomial.degree() == 0 or factor == AMPLITUDE:
            continue
        for root in _positive_roots(name, polynomial):
            at = {AMPLITUDE: root}
            if not letters:
                yield root, ()
            elif len(letters) == 1 and sp.degree(swapped, letters[0]) == 1:
                slope = sp.diff(swapped, letters[0])  # affine in its one root: the root's value by it is to be positive
                value = lowest_terms((-swapped.subs(letters[0], 0) / slope).subs(at))
                yield root, () if sign_of(value) == 1 else (value,)
            elif equation.subs(at).free_symbols:
                raise NotLinear(f"{name}: several roots decide where its 2-cycles are; give numbers and no letters")
            elif abs(equation.subs(at).evalf(30)) < sp.Float("1e-15"):
                yield root, ()


def _positive_roots(name: str, polynomial: sp.Poly) -> list[sp.Expr]:
    """Roots that may be positive: of degree one, and quadratics in a or in a²; at numbers, of any degree."""
    if polynomial.degree() == 1:
        return [cancelled(-polynomial.coeff_monomial(1) / polynomial.LC())]
    if not polynomial.as_expr().free_symbols - {AMPLITUDE}:
        roots = sp.real_roots(sp.Poly(polynomial.as_expr(), AMPLITUDE, extension=True))
        return [sp.sympify(r) for r in roots if r > 0]
    even = all(power % 2 == 0 for (power,) in polynomial.monoms())
    if even and polynomial.degree() == 2:
        return [sp.sqrt(sp.factor(cancelled(-polynomial.coeff_monomial(1) / polynomial.LC())))]
    if polynomial.degree() == 2:
        return list(sp.roots(polynomial))
    if even and polynomial.degree() == 4:
        square = sp.Dummy("q")
        inner = sp.Poly(sum(c * square ** (k // 2) for (k,), c in polynomial.terms()), square)
        return [sp.sqrt(r) for r in sp.roots(inner)]
    raise NotLinear(
        f"{name}: the amplitude of its 2-cycles is a root of degree {polynomial.degree()}, which has no formula to read; "
        f"give numbers and no letters"
    )


def _under_root(amplitude: sp.Expr) -> sp.Expr:
    """A product with √r is positive where that with r is."""
    return sp.Mul(*(p.base if p.is_Pow and p.exp == sp.S.Half else p for p in sp.Mul.make_args(amplitude)))


def lowest_terms(formula: sp.Expr) -> sp.Expr:
    """In lowest terms, what is under roots in factors, so that positive squares leave them."""
    formula = sp.sympify(formula)
    rooted = formula.replace(
        lambda p: p.is_Pow and not p.exp.is_Integer, lambda p: sp.factor(cancelled(sp.together(p.base))) ** p.exp
    )
    if rooted.has(*KINKS):
        return rooted
    return cancelled(sp.together(rooted))
