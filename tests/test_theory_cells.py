"""Between the roots of their projection some polynomials keep the number and the order of their positive roots."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from convergence.algebra import projection

X, B = sp.symbols("x b")


def order(polynomials, b):
    """Whose the positive roots are, from small to large."""
    found = [
        (root, k)
        for k, p in enumerate(polynomials)
        for root in sp.Poly(p.subs(B, b), X).real_roots(multiple=True)
        if root > 0
    ]
    return [k for _, k in sorted(found, key=lambda pair: sp.N(pair[0], 30))]


def gaps(polynomials):
    """Three points in each interval between the real roots of the projection, in [−3, 3]."""
    edges = {float(r.evalf(30)) for p in projection(polynomials, X, (sp.S.Zero,)) for r in sp.Poly(p, B).real_roots()}
    ends = sorted({*(edge for edge in edges if -3 < edge < 3), -3.0, 3.0})
    return [[sp.Rational(a + (b - a) * t) for t in (0.01, 0.5, 0.99)] for a, b in pairwise(ends) if b - a > 1e-6]


ONE_BY_ONE = {
    "a root goes to infinity": [B * X - 1],
    "two roots meet": [(X - 1) ** 2 - B],
    "the roots of two meet": [X - 1, X - 1 - B],
    "a root becomes negative": [X - B],
}


@pytest.mark.parametrize("what", ONE_BY_ONE)
def test_what_changes_the_roots_is_an_edge(what):
    """The control: at b = 0 each of these changes, and but for that edge nothing would be cut there."""
    polynomials = ONE_BY_ONE[what]
    assert order(polynomials, sp.Rational(-1, 10)) != order(polynomials, sp.Rational(1, 10))
    assert B in {sp.factor(p) for p in projection(polynomials, X, (sp.S.Zero,))}


@pytest.mark.parametrize("seed", range(6))
def test_no_root_comes_goes_or_changes_place_inside_a_cell(seed):
    rng = np.random.default_rng(seed)
    polynomials = [
        sum(int(c) * X**i * B**j for (i, j), c in np.ndenumerate(rng.integers(-3, 4, (3, 2)))) for _ in range(2)
    ]
    polynomials = [sp.expand(p) for p in polynomials if sp.degree(p, X) > 0]
    cells = gaps(polynomials)
    orders = [[order(polynomials, b) for b in cell] for cell in cells]
    assert all(cell[0] == cell[1] == cell[2] for cell in orders)
    assert len({str(cell[0]) for cell in orders}) > 1
