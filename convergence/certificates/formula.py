"""A method goes in; a proof comes out that its derived optimum is one, for every condition number κ > 1 at once.

In a parameter t that makes it rational, the closed form is attained if certain polynomials in λ and t are not negative on
1 ≤ λ ≤ κ(t): their Bernstein coefficients in λ are polynomials in t, which Sturm's theorem decides. And nothing is faster if
a combination of products of the inequalities, with multipliers that are polynomials in t, vanishes identically.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from convergence.certificates.attained import ANY
from convergence.certificates.claims import Formula, Optimum
from convergence.certificates.everywhere import Gap, attained_steps, domain_steps
from convergence.certificates.lower import formula_step
from convergence.certificates.nowhere import lower_steps
from convergence.certificates.optimum import optimum
from convergence.certificates.proof import Proof, Step
from convergence.certificates.rationalised import Rationalised, T, rationalised, scale_free
from convergence.crossing import exact
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.symbols import symbol

SPOT = sp.Integer(2)
"""How far from its start the t lies at which a formula is held against a certified optimum, where no proof was found."""


def formula(claim: Formula) -> Proof:
    """Prove the closed form of the optimum for all κ > 1: that it is attained, and that nothing is faster.

    ``holds`` is None where one of the two could not be shown; ``why`` says which one was. The counterexample is a κ.
    """
    method = claim.method
    found = best(method, {})
    hyper, rate = dict(claim.hyper or found.hyper), found.rate if claim.rate is None else exact(claim.rate)
    text = f"the best rate of {method.name} over [μ, L] is {rate}, for all L > μ > 0"
    if not hyper or rate is None:
        return _undecided(text, "the optimum has no closed form")
    hyper = {n: exact(v).subs(_carried(method)) for n, v in hyper.items()}
    inner = rationalised(hyper, rate)
    if inner is None or any(v.free_symbols for v in found.fixed.values()):
        return _undecided(text, "the closed form is not rational in one square root of a linear function of κ")
    if not scale_free(method):
        return _undecided(text, "the rule has a scale of its own: the optimum is not a function of κ alone")
    return _decided(_Work(method, inner, text, dict(found.fixed), dict(hyper), rate))


@dataclass(frozen=True)
class _Work:
    """A closed form and what is to be shown of it."""

    method: Method
    inner: Rationalised
    text: str
    held: Mapping[str, sp.Expr]
    hyper: Mapping[str, sp.Expr]
    rate: sp.Expr

    @property
    def statement(self) -> dict[str, Any]:
        return {
            "kind": "formula",
            "hyper": {n: _ratio(f) for n, f in self.inner.hyper.items()},
            "formulas": {**{n: str(v) for n, v in self.hyper.items()}, "rate": str(self.rate)},
            "held": {n: str(v) for n, v in self.held.items()},
            "rate": _ratio(self.inner.rate),
            "kappa": _ratio(self.inner.kappa),
            "start": str(self.inner.start),
        }


def _ratio(formula: sp.Expr) -> list[list[str]]:
    """A rational function of t: the coefficients of numerator and denominator, lowest first."""
    return [[str(c) for c in reversed(sp.Poly(part, T).all_coeffs())] for part in sp.fraction(formula)]


def _carried(method: Method) -> dict[sp.Symbol, Any]:
    """Numbers for hyperparameters that the optimum leaves open: the default, or any."""
    return {symbol(n): exact(dict(method.defaults).get(n, ANY)) for n in method.hyper}


def _decided(work: _Work) -> Proof:
    steps = [formula_step(work.method)]
    try:
        steps += [*domain_steps(work.method, work.inner), *attained_steps(work.method, work.inner)]
    except Gap as gap:
        return _gap(work, gap)
    below = lower_steps(work.method, work.inner, dict(work.held))
    if below is not None:
        return Proof(work.text, True, "", (*steps, *below), work.statement, method=work.method)
    return _spot(work, steps)


def _gap(work: _Work, gap: Gap) -> Proof:
    if gap.kappa is None:
        refuted = None if gap.t is None else _beaten(work, gap.t)[1]
        return _undecided(work.text, str(gap)) if refuted is None else refuted  # a refutation is falsy
    why = f"{gap} at κ = {gap.kappa}"
    return Proof(
        work.text, False, why, (formula_step(work.method), gap.step), work.statement, gap.kappa, method=work.method
    )


def _spot(work: _Work, steps: list[Step]) -> Proof:
    """No proof that nothing is faster: at one κ a certified optimum may refute it, or confirm it there."""
    t = work.inner.start + SPOT
    here, refuted = _beaten(work, t)
    if refuted is not None:
        return refuted
    kappa = work.inner.kappa.subs(T, t)
    gap = None if here.upper is None or here.lower is None else sp.N(here.upper - here.lower, 3)
    known = "" if gap is None else f"; at κ = {kappa} it is within {gap} of the best"
    why = f"attained for all κ > 1; that nothing is faster was not shown for all κ{known}"
    return Proof(work.text, None, why, tuple(steps), work.statement, method=work.method)


def _beaten(work: _Work, t: sp.Rational) -> tuple[Proof, Proof | None]:
    """The certified optimum at one κ, and the refutation where it is below the claimed rate."""
    kappa, claimed = work.inner.kappa.subs(T, t), work.inner.rate.subs(T, t)
    here = optimum(Optimum(work.method, 1, kappa, sp.Rational(1, 10**6), dict(work.held)))
    beaten = here.upper is not None and claimed > here.upper
    return here, _faster(work, here, t, kappa) if beaten else None


def _faster(work: _Work, here: Proof, t: sp.Rational, kappa: sp.Rational) -> Proof:
    """Refuted: other hyperparameters are faster at this κ."""
    why = f"at κ = {kappa} there are faster hyperparameters: {here.claim}"
    held = {n: str(v) for n, v in (here.hyper or {}).items()}
    content = {**here.to_dict(), "t": str(t)}
    faster = Step("faster", f"{held} have a radius of at most {sp.N(here.upper, 12)} at κ = {kappa}", content)
    return Proof(work.text, False, why, (formula_step(work.method), faster), work.statement, kappa, method=work.method)


def _undecided(text: str, why: str) -> Proof:
    return Proof(text, None, why, (), {"kind": "formula"})
