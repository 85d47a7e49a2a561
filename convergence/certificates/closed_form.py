"""The prover of closed forms: that a formula is the best rate for every condition number κ > 1 at once, or a κ where not.

In a parameter t that makes it rational (κ = t² takes √κ out, κ = (t² − 1)/3 takes √(3κ + 1) out) the closed form is reached if
certain polynomials in λ and t are not negative for 1 ≤ λ ≤ κ(t); and nothing is faster if a combination of products of the
inequalities at μ and L, with multipliers that are polynomials in t, vanishes identically. That μ = 1 is enough is a fact
about exponents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import sympy as sp

from convergence.certificates import interval
from convergence.certificates.attained import ANY
from convergence.certificates.certificate import Beyond, Certificate, Formula, Identity, Number, Ratio, Sign
from convergence.certificates.check import stated, values_at
from convergence.certificates.exact import Doubt, Ring, at
from convergence.certificates.loop import ring_of, run
from convergence.certificates.lower_bound import UNPROVEN, inequalities, not_negative, scale_free
from convergence.certificates.numbers import T
from convergence.certificates.optimum import optimum, undecided
from convergence.certificates.products import refuting
from convergence.certificates.proof import Proof
from convergence.certificates.subdivision import signs
from convergence.crossing import exact, fraction
from convergence.errors import BadHyperparameter
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.symbols import LARGEST, MU

EPSILON = Fraction(1, 10**6)
"""How well the best rate at one κ is known."""

SAMPLES = tuple(map(Fraction, ("3/2", "1", "4", "9", "1/3", "30")))
"""Distances of t from its start at which a linear program is solved."""

NARROW = sp.Rational(1, 2**20)
"""How well the zeros of a formula are isolated, between which it is tried."""

SPOTS = tuple(map(Fraction, ("2", "1/2", "1/8", "1/100", "8", "100", "10000")))
"""Distances at which a formula is tried where no proof was found."""


def closed_form(method: Method, rate: Any = None, hyper: Mapping[str, Any] | None = None) -> Proof:
    """Prove the closed form for all κ > 1: that it is reached, and that nothing is faster; the counterexample is a κ."""
    derived = best(method, {})
    if hyper is not None and (not isinstance(hyper, Mapping) or set(hyper) != set(derived.hyper)):
        raise BadHyperparameter(
            f"hyper holds a formula for each of {', '.join(derived.hyper) or 'no hyperparameters'}; got {str(hyper)[:60]}"
        )
    hyper, rate = dict(hyper or derived.hyper), derived.rate if rate is None else exact(rate)
    about = f"the best rate of {method.name} over [μ, L] is {rate}, for all L > μ > 0"
    if not hyper or rate is None:
        return undecided(method, about, "the optimum has no closed form")
    carried = {method.symbols[n]: exact(dict(method.defaults).get(n, ANY)) for n in method.hyper}
    inner = rationalised([*(exact(v).subs(carried) for v in hyper.values()), rate])
    if inner is None or any(v.free_symbols for v in derived.fixed.values()):
        return undecided(method, about, "the closed form is not rational in one square root of a linear function of κ")
    kappa, start, (*values, last) = inner
    claimed = Formula(
        method=method.name,
        kind="formula",
        holds=True,
        ground=Beyond(start=str(start)),
        held={n: str(v) for n, v in derived.fixed.items()},
        hyper=dict(zip(hyper, map(_ratio, values), strict=True)),
        mu=("1",),
        L=_parts(kappa),
        rate=_ratio(last),
    )
    ring = ring_of(method, [n for n in method.hyper if n not in claimed.held], low=fraction(start))
    try:
        units = _powers_of_a_unit(method, ring, claimed.held)
    except Doubt as doubt:
        return undecided(method, about, str(doubt))
    shown = {"units": units, "below": _nothing_faster(method, claimed, ring), "signs": _reached(method, claimed, ring)}
    proof = Proof(claimed.model_copy(update=shown), method)
    why = proof.recheck().failed
    if not why:
        return proof
    refutation = _refuted(method, claimed)
    return (
        _as_far_as_known(method, about, claimed, why[0]) if refutation is None else refutation
    )  # a refutation is falsy


def rationalised(formulas: Sequence[sp.Expr]) -> tuple[sp.Expr, sp.Rational, list[sp.Expr]] | None:
    """κ, which grows from 1 at the start, the start, and the formulas, in t, with μ = 1.

    None where one square root of a linear function of κ is not enough.
    """
    kappa = sp.Symbol("kappa", positive=True)
    at = {MU: sp.Integer(1), LARGEST: kappa}
    formulas = [sp.powdenest(sp.expand_power_base(v.subs(at), force=True), force=True) for v in formulas]
    bases = {p.base for f in formulas for p in f.atoms(sp.Pow) if p.exp.is_Rational and not p.exp.is_Integer}
    bases = {b for b in bases if b.has(kappa)}
    if len(bases) > 1 or any(sp.degree(b, kappa) != 1 or not b.is_polynomial(kappa) for b in bases):
        return None
    inverse, start = T, sp.Integer(1)
    if bases:
        (base,) = bases
        slope, constant = sp.Poly(base, kappa).all_coeffs()
        inverse, start = sp.expand((T**2 - constant) / slope), sp.sqrt(slope + constant)
        if not (start.is_Rational and slope > 0):
            return None
        formulas = [f.subs(sp.sqrt(base), T).subs(1 / sp.sqrt(base), 1 / T) for f in formulas]
    rational_in_t = [sp.cancel(f.subs(kappa, inverse)) for f in formulas]
    if not all(f.is_rational_function(T) and not f.free_symbols - {T} for f in rational_in_t):
        return None
    return inverse, start, rational_in_t


def _parts(poly: sp.Expr) -> Number:
    return tuple(str(c) for c in reversed(sp.Poly(poly, T).all_coeffs()))


def _ratio(formula: sp.Expr) -> Ratio:
    """Numerator and denominator, the denominator positive for large t."""
    above, below = sp.fraction(sp.cancel(formula))
    sign = 1 if sp.Poly(below, T).LC() > 0 else -1
    return _parts(sign * above), _parts(sign * below)


def _nothing_faster(method: Method, claimed: Formula, ring: Ring) -> Identity | None:
    """The identity by which no radius at μ and L is below the rate; None where none was found, or needed."""
    unknown = [n for n in method.hyper if n not in claimed.held]
    places, (above, below) = (claimed.mu, claimed.L), map(ring.number, claimed.rate)
    with suppress(Doubt, ZeroDivisionError, OverflowError):  # a rate of one's own may be no float
        start = Fraction(claimed.ground.start)
        values = {start + d: values_at(claimed, start + d)[1] for d in SAMPLES}
        samples = [(t, [abs(float(value[n])) or 1.0 for n in unknown]) for t, value in values.items()]
        strict = inequalities(method, claimed.held, [*map(ring.number, places)], (above, below))
        products = refuting(strict, not_negative(method, ring, unknown), unknown, samples) if above else None
        return Identity(curvatures=places, products=products) if products else None
    return None


def _powers_of_a_unit(method: Method, ring: Ring, held: Mapping[str, str]) -> dict[str, int]:
    """The powers of a unit of curvature in which the unknown are measured. Doubt where there are none."""
    unknown = [n for n in method.hyper if n not in held]
    for powers in product((0, -1, 1), repeat=len(unknown)):
        with suppress(Doubt):
            units = {n: power for n, power in zip(unknown, powers, strict=True) if power}
            scale_free(method, ring, held, units)
            return units
    raise Doubt("the rule has a scale of its own: μ = 1 is a restriction")


def _reached(method: Method, claimed: Formula, ring: Ring) -> tuple[Sign, ...]:
    """What shows that the rate is reached; nothing where it could not be shown."""
    with suppress(Doubt, ZeroDivisionError):
        hyper, rate, mu, L = stated(claimed, ring)
        return signs(run(method, ring.letter("λ"), hyper), rate, mu, L, closed=True)
    return ()


def _refuted(method: Method, claimed: Formula) -> Proof | None:
    """A κ at which the rate is not reached, or at which others are faster."""
    start = Fraction(claimed.ground.start)
    spots = [start + distance for distance in (*SPOTS, *_beyond_zeros(claimed, start))]
    places = ((t, by) for t in spots for by in _slower(method, claimed, t))
    kappa, better = _best_at(method, claimed, spots[0])
    faster = [interval.rate(method, better.upper, 1, kappa, better.hyper).certificate] if better.hyper else []
    for t, by in (*places, *((spots[0], by) for by in faster)):
        proof = Proof(claimed.model_copy(update={"holds": False, "at": str(t), "by": by}), method)
        if proof.recheck():
            return proof
    return None


def _slower(method: Method, claimed: Formula, t: Fraction) -> Iterator[Certificate | None]:
    """Nothing, and the counterexample to the rate at one t."""
    yield None
    with suppress(ZeroDivisionError, BadHyperparameter):
        kappa, values = values_at(claimed, t)
        bound = values.pop("the rate")
        yield interval.rate(method, bound, 1, kappa, values).certificate


def _best_at(method: Method, claimed: Formula, t: Fraction) -> tuple[Fraction, Proof]:
    """κ at one t, and the best rate there."""
    kappa = at([*map(Fraction, claimed.L)], t)
    return kappa, optimum(method, 1, kappa, EPSILON, {n: Fraction(v) for n, v in claimed.held.items()})


def _beyond_zeros(claimed: Formula, start: Fraction) -> list[Fraction]:
    """Distances between which numerators and denominators, and what is to be positive, change their signs."""
    polys = [sp.Poly([*map(sp.Rational, part[::-1])], T) for v in (*claimed.hyper.values(), claimed.rate) for part in v]
    polys.append(polys[-1] - polys[-2])
    ends = {fraction(end) for p in polys if p.degree() > 0 for pair, _ in p.intervals(eps=NARROW) for end in pair}
    cuts = sorted({start, *(end for end in ends if end > start)})
    return [(a + b) / 2 - start for a, b in pairwise((*cuts, cuts[-1] + 10**6))]


def _as_far_as_known(method: Method, about: str, claimed: Formula, why: str) -> Proof:
    """What is known where neither a proof nor a counterexample was found."""
    if why == UNPROVEN:
        kappa, here = _best_at(method, claimed, Fraction(claimed.ground.start) + SPOTS[0])
        gap = None if here.upper is None or here.lower is None else sp.N(here.upper - here.lower, 3)
        near = "" if gap is None else f"; at κ = {kappa} it is within {gap} of the best"
        why = f"attained for all κ > 1; that nothing is faster was not shown for all κ{near}"
    return undecided(method, about, why)
