"""The Schur–Cohn (Jury) conditions of a polynomial are positive exactly where all its roots have modulus below one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from convergence.theory.schur import scaled_conditions, stable_conditions

z = sp.Symbol("z")
SHELL = 1e-6


def generic(degree):
    letters = sp.symbols(f"a1:{degree + 1}", real=True)
    return letters, stable_conditions(sp.Poly([1, *letters], z))


def random_roots(rng, degree):
    """Real and conjugate roots in random numbers, near the circle more often than not."""
    pairs = rng.integers(0, degree // 2 + 1)
    size = np.where(rng.random(degree) < 0.7, rng.uniform(0.8, 1.08, degree), rng.uniform(0, 0.9, degree))
    bent = size[:pairs] * np.exp(1j * rng.uniform(0, np.pi, pairs))
    straight = size[2 * pairs :] * rng.choice([-1, 1], degree - 2 * pairs)
    return np.concatenate([bent, bent.conj(), straight])


@pytest.mark.parametrize("degree", range(1, 6))
def test_conditions_agree_with_roots(degree):
    letters, conditions = generic(degree)
    positive = sp.lambdify(letters, [c + 0 * letters[0] for c in conditions], "numpy")
    rng = np.random.default_rng(degree)
    drawn = [random_roots(rng, degree) for _ in range(1500)]
    top = np.array([np.abs(roots).max() for roots in drawn])
    stable = np.min(positive(*np.array([np.poly(roots).real[1:] for roots in drawn]).T), axis=0) > 0
    clear = np.abs(top - 1) > SHELL
    assert (stable == (top < 1))[clear].all()
    assert 0 < stable.sum() < 1500


@pytest.mark.parametrize("degree", range(2, 7))
def test_roots_on_the_circle_are_not_stable_exactly(degree):
    """(z²−(6/5)z+1): modulus one in rationals; and z = ±1."""
    _, conditions = generic(degree)
    for edge in ([1, Fraction(-6, 5), 1], [1, -1], [1, 1]):
        coefficients = edge
        for k in range(degree + 1 - len(edge)):
            coefficients = product(coefficients, [1, Fraction(-1, k + 3)])
        values = sp.Poly([sp.Rational(c.numerator, c.denominator) for c in map(Fraction, coefficients)], z)
        exact = stable_conditions(values)
        assert not all(value > 0 for value in exact)
        assert min(exact) == 0
    assert len(conditions) <= degree + 1 + degree // 2


def product(one, other):
    result = [Fraction(0)] * (len(one) + len(other) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            result[i + j] += a * b
    return result


@pytest.mark.parametrize("degree", range(1, 5))
def test_a_disc_of_another_radius(degree):
    radius = sp.Symbol("r", positive=True)
    letters = sp.symbols(f"a1:{degree + 1}", real=True)
    positive = sp.lambdify((radius, *letters), scaled_conditions(sp.Poly([1, *letters], z), radius), "numpy")
    rng = np.random.default_rng(10 + degree)
    for _ in range(300):
        roots, size = random_roots(rng, degree), rng.uniform(0.5, 1.2)
        top = np.abs(roots).max()
        if abs(top - size) > SHELL:
            assert (min(positive(size, *np.poly(roots).real[1:])) > 0) == (top < size)
