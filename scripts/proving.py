"""Benchmarks of what is proven: worst cases against PEPit's semidefinite programs, and certificates in seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from subprocess import run
from timeit import timeit
from typing import Any

import sympy as sp
from measuring import Result, medians, versus

import convergence as cv

STEPS, MU, L = 10, 0.01, 1.0
_COLD = """
import sys
from time import perf_counter
import convergence as cv
cv.derive("gradient_descent")
begin = perf_counter()
assert cv.certify_stable("heavy_ball", mu=1, L=100, lr=0.03, momentum=0.8)
print(perf_counter() - begin)
"""


def solved(method: str, hyper: dict[str, float]) -> float:
    """The worst ‖e_k‖/‖e_0‖ by PEPit, over its class of quadratics."""
    from PEPit import PEP
    from PEPit.functions import SmoothStronglyConvexQuadraticFunction

    problem = PEP()
    f = problem.declare_function(SmoothStronglyConvexQuadraticFunction, mu=MU, L=L)
    target, start = f.stationary_point(), problem.set_initial_point()
    before, x = start, start
    for _ in range(STEPS):
        ahead = x - hyper["lr"] * f.gradient(x) + hyper.get("momentum", 0.0) * (x - before)
        before, x = x, ahead
    problem.set_initial_condition((start - target) ** 2 <= 1)
    problem.set_performance_metric((x - target) ** 2)
    return float(problem.solve(verbose=0)) ** 0.5


def worst_cases() -> Iterator[Result]:
    """``worst_case`` at k = 10, against PEPit's solve of the same question, and both against the exact value."""
    try:
        import PEPit  # noqa: F401
    except ImportError:
        yield Result("PEPit is not installed: nothing to compare with", 0.0)
        return
    for method in ("gradient_descent", "heavy_ball"):
        hyper = cv.optimum(method).at(mu=MU, L=L).hyper
        ours = partial(cv.worst_case, method, STEPS, mu=MU, L=L, **hyper)
        quick = min(timeit(ours, number=50) / 50 for _ in range(5))
        slow, _ = medians(3, partial(solved, method, hyper), ours)
        yield Result(f"worst case, k = {STEPS}, {method}", slow / quick, "×", "≥ 1000", versus(quick, slow, "PEPit"))
        yield from accuracy(method, hyper, ours().value)


def accuracy(method: str, hyper: dict[str, float], ours: float) -> Iterator[Result]:
    """How far both are from the exact value, the largest |p_k| at exact curvatures."""
    letter = sp.Symbol("lambda", positive=True)
    numbers = {name: sp.Rational(str(value)) for name, value in hyper.items()}
    polynomial = cv.residual_polynomial(method, STEPS, **numbers).as_expr()
    slopes = sp.Poly(sp.diff(polynomial, letter), letter).sqf_part().nroots(n=40, maxsteps=500)
    inside = [sp.re(root) for root in slopes if abs(sp.im(root)) < 1e-25 and MU <= sp.re(root) <= L]
    points = [sp.Rational(str(MU)), sp.Rational(str(L)), *inside]
    exact = max(abs(polynomial.subs(letter, point).evalf(30)) for point in points)
    error, theirs = (float(abs(sp.Float(value, 30) / exact - 1)) for value in (ours, solved(method, hyper)))
    yield Result(f"its relative error, {method}", error, "", f"≤ {max(theirs, 1e-15):.2g}", f"PEPit's: {theirs:.2g}")


def certificates() -> Iterator[Result]:
    """Proofs: stability of a two-step method for all λ, and the global optimum at κ = 100 to 1e-6."""
    stable = partial(cv.certify_stable, "heavy_ball", mu=1, L=100, lr=0.03, momentum=0.8)
    (time,) = medians(21, stable)
    yield Result("stable for all λ, heavy_ball", time * 1e3, "ms", "≤ 50", "derived before")
    cold = run([sys.executable, "-c", _COLD], capture_output=True, text=True, check=True)
    yield Result("the same in a new process", float(cold.stdout) * 1e3, "ms", "", "the derivation included")
    for method in ("gradient_descent", "heavy_ball", "ema_momentum", "nesterov"):
        yield _optimum(method)


def _optimum(method: str) -> Result:
    held: dict[str, Any] = {}

    def work() -> None:
        held["proof"] = cv.certify_optimum(method, mu=1, L=100, epsilon=1e-6)

    (time,) = medians(3, work)
    gap = float(held["proof"].upper - held["proof"].lower) if held["proof"] else float("inf")
    return Result(f"global optimum to 1e-6, {method}", time, "s", "≤ 10", f"gap {gap:.1e}")
