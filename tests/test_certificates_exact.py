"""The checker's arithmetic: polynomials agree with SymPy's, signs with their roots, discs with eigenvalues."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from user_rules import two_buffers

import convergence as cv
from convergence.certificates.exact import Doubt, Poly, Ring, at, bernstein
from convergence.certificates.interval import looped
from convergence.certificates.loop import Quotient, ring_of, run
from convergence.certificates.lower_bound import covered
from convergence.certificates.subdivision import subdivided

WHOLE = st.integers(-9, 9)
POLYS = st.lists(WHOLE, min_size=1, max_size=6)
ROOT_TWO = {"modulus": (Fraction(-2), Fraction(0), Fraction(1)), "low": Fraction(1), "high": Fraction(2)}


def signed(c, strict):
    return c > 0 if strict else c >= 0


@settings(deadline=None)
@given(POLYS, st.booleans())
def test_a_violation_is_one_and_where_there_is_none_there_is_none(coefficients, strict):
    fractions = [Fraction(c) for c in coefficients]
    x = sp.Symbol("x")
    try:
        place = subdivided(bernstein(fractions, Fraction(0), Fraction(1)), signed, strict)
    except Doubt:
        assert sp.Poly(coefficients[::-1], x).sqf_part().count_roots(0, 1)  # a multiple root inside
        return
    if isinstance(place, Fraction):
        assert 0 <= place <= 1
        assert not signed(at(fractions, place), strict)
        return
    for low, high in pairwise((0, *map(Fraction, place), 1)):
        assert all(c >= 0 for c in bernstein(fractions, Fraction(low), Fraction(high - low)))
    values = [at(fractions, Fraction(k, 97)) for k in range(98)]
    assert all(signed(v, strict) for v in values)


@pytest.mark.finding("I")
@settings(deadline=None)
@given(st.lists(st.fractions(-3, 3, max_denominator=9), min_size=1, max_size=5), st.integers(1, 4))
def test_the_sign_of_a_number_of_a_field_is_that_of_its_value(parts, place):
    """θ is a root of x⁴ − 5x³ + 5x² + 5x − 6 + 1/100, near 1, 2 or 3."""
    modulus = (Fraction(-599, 100), Fraction(5), Fraction(5), Fraction(-5), Fraction(1))
    low, high = [(0, Fraction(3, 2)), (Fraction(3, 2), Fraction(5, 2)), (Fraction(5, 2), 4), (-2, 0)][place - 1]
    roots = sp.Poly([sp.Rational(c.numerator, c.denominator) for c in modulus[::-1]], sp.Symbol("x")).nroots(n=40)
    (theta,) = (r for r in roots if low < r < high)
    near = Fraction(str(theta))
    narrow = Ring(("x", "θ"), modulus, near - Fraction(1, 10**30), near + Fraction(1, 10**30))
    wide = Ring(("x", "θ"), modulus, Fraction(low), Fraction(high))
    exact = sum(sp.Rational(c.numerator, c.denominator) * theta**k for k, c in enumerate(parts))
    sign = 0 if not any(parts) else int(sp.sign(exact))
    for strict in (True, False):
        assert narrow.holds(narrow.number(parts), strict) == (sign >= strict)
        assert not wide.holds(wide.number(parts), strict) or sign >= strict


@settings(deadline=None)
@given(
    st.lists(WHOLE, min_size=9, max_size=9),
    st.fractions(-1, 1, max_denominator=8),
    st.fractions(0, 1, max_denominator=8),
)
def test_a_box_that_is_covered_has_no_positive_value(coefficients, low, width):
    ring = Ring(("x", "y", "t"))
    poly = Poly(ring, {(k // 3, k % 3, 0): Fraction(c) for k, c in enumerate(coefficients)})
    box = {"x": (low, low + width), "y": (Fraction(-1, 2), Fraction(1, 3))}
    try:
        covered([[(0, 1)]], box, [poly])
    except Doubt:
        assume(False)
    for i in range(4):
        for j in range(4):
            x, y = (a + (b - a) * Fraction(k, 3) for (a, b), k in zip(box.values(), (i, j), strict=True))
            assert sum(c * x**e * y**f for (e, f, _), c in poly.terms.items()) <= 0


def test_the_parts_of_a_box_are_counted():
    """−1 is not positive on [0, 1], as a whole or in halves; what is printed of them is their number."""
    ring = Ring(("x", "t"))
    poly = Poly(ring, {(0, 0): Fraction(-1)})
    box = {"x": (Fraction(0), Fraction(1))}
    assert covered([[(0, 1)]], box, [poly]) == 1
    assert covered([0, [(0, 1)], [(0, 1)]], box, [poly]) == 2


def test_numbers_of_a_field():
    low = Fraction("1.4142135623730950488016887")
    ring = Ring(("x", "θ"), ROOT_TWO["modulus"], low, low + Fraction(1, 10**25))
    one = ring.number([Fraction(-1), Fraction(1)])  # √2 − 1
    assert ring.holds(one)
    assert ring.holds(one - Fraction(41421356237309504880, 10**20))
    assert ring.holds(Fraction(41421356237309504881, 10**20) - one)
    assert not ring.holds(one - Fraction(41421356237309504881, 10**20), strict=False)
    assert not (one + 1) * (one + 1) - 2
    assert ring.holds(one - one, strict=False)
    assert not ring.holds(one - one, strict=True)


@pytest.mark.parametrize(
    "field",
    [
        ROOT_TWO | {"low": Fraction(-2)},
        ROOT_TWO | {"low": Fraction(3), "high": Fraction(4)},
        ROOT_TWO | {"low": Fraction(2), "high": Fraction(1)},
        ROOT_TWO | {"modulus": (Fraction(-4), Fraction(0), Fraction(2))},
        ROOT_TWO | {"modulus": (Fraction(-2), Fraction(1))},
        ROOT_TWO | {"modulus": (Fraction(2), Fraction(-2), Fraction(-1), Fraction(1))},  # one more root at the end 1
        ROOT_TWO | {"low": None},
    ],
)
def test_theta_must_be_a_root_of_a_monic_polynomial(field):
    with pytest.raises(Doubt):
        Ring(("θ",), **field)


def test_what_holds_holds_at_every_root_that_theta_may_be():
    """θ is 1, 2 or 3."""
    ring = Ring(("θ",), tuple(map(Fraction, (-6, 11, -6, 1))), Fraction(1, 2), Fraction(7, 2))
    assert ring.holds(ring.letter("θ"))
    for below in (1, 2, 3):
        assert not ring.holds(ring.letter("θ") - below, strict=False)


def test_a_number_that_is_zero_only_at_theta_is_not_decided():
    """With a reducible modulus the polynomial θ² − 2 is not zero in the ring, though it is at θ."""
    modulus = (Fraction(-6), Fraction(-2), Fraction(3), Fraction(1))
    ring = Ring(("θ",), modulus, Fraction("1.41421356"), Fraction("1.41421357"))
    number = ring.number([Fraction(-2), Fraction(0), Fraction(1)])
    for strict in (True, False):
        assert not ring.holds(number, strict)
        assert not ring.holds(-number, strict)


def test_a_number_of_no_field_has_one_part():
    with pytest.raises(Doubt):
        Ring(("θ",)).number(["1", "1"])


def test_polynomials_in_t_hold_beyond_the_start_only():
    ring = Ring(("λ", "t"), low=Fraction(1))
    t = ring.letter("t")
    assert ring.holds(t - 1, True)
    assert ring.holds((t - 1) * (t - 1) * (t + 3), True)
    assert not ring.holds(t - 2, False)
    assert not ring.holds(3 - t, False)
    assert not ring.holds(t * 0, True)
    assert ring.holds(t * 0, False)


def test_two_letters_of_one_name_are_refused():
    with pytest.raises(Doubt):
        Ring(("λ", "t", "t"))


def test_quotients_keep_what_they_are_divided_by_though_it_cancels():
    ring = Ring(("x", "t"))
    divisors = []
    x = Quotient(ring.letter("x"), ring.constant(1), divisors)
    assert (x / x).below.is_constant
    assert [d.terms for d in divisors] == [ring.letter("x").terms]
    assert ((x * x - 1) / (x - 1)).above.terms == (x + 1).above.terms
    assert (1.5 * x - x * Fraction(3, 2)).above.terms == {}
    with pytest.raises(ZeroDivisionError):
        1 / (x - x)
    for wrong in ("1", True, None, 1j):
        with pytest.raises(TypeError):
            x + wrong


@pytest.mark.parametrize("name", [*cv.methods.LINEAR, "two_buffers"])
def test_the_rule_that_is_run_has_the_derived_characteristic_polynomial(name):
    rule = two_buffers if name == "two_buffers" else cv.METHODS[name]
    hyper = {n: Fraction(k + 2, 7) for k, n in enumerate(rule.hyper)}
    ring = ring_of(rule)
    one = ring.constant(1)
    loop = run(rule, one * 3, {n: (one * v, one) for n, v in hyper.items()})
    derived = cv.derive(rule)
    at_numbers = {derived.symbols[n]: sp.Rational(v.numerator, v.denominator) for n, v in hyper.items()} | {
        derived.symbols["curvature"]: 3
    }
    expected = derived.characteristic.as_expr().subs(at_numbers)
    coefficients = sp.Poly(expected, *derived.characteristic.gens).monic().all_coeffs()
    found = [c.value / loop.characteristic[0].value for c in loop.characteristic]
    assert found == [Fraction(int(c.p), int(c.q)) for c in coefficients]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fractions(-2, 2, max_denominator=6), min_size=9, max_size=9), st.fractions(0, 2, max_denominator=10))
def test_the_conditions_of_a_disc_agree_with_eigenvalues(entries, rate):
    rows = [entries[k : k + 3] for k in (0, 3, 6)]

    def rule(f, x, v, w, *, lr):
        return tuple(sum(c * s for c, s in zip(row, (x, v, w), strict=True)) for row in rows)

    ring = ring_of(three := cv.method(name="three")(rule))
    one = ring.constant(1)
    loop = run(three, one, {"lr": (one, one)})
    largest_size = np.abs(np.linalg.eigvals(np.array(rows, dtype=float))).max()
    if abs(largest_size - float(rate)) > 1e-3:
        for closed in (True, False):
            inside = all(ring.holds(poly, True) for poly in loop.conditions((one * rate, one), closed))
            assert inside == (largest_size < float(rate))


def test_a_rule_that_is_linear_at_the_minimiser_only_is_proven_and_not_confirmed():
    @cv.method
    def bent(f, x, *, lr):
        return x - lr * f.grad(x) - f.grad(x) ** 2

    with pytest.raises(Doubt):
        run(bent, (ring := ring_of(bent)).letter("λ"), {"lr": (ring.constant(1), ring.constant(1))})
    assert looped(bent, ring.letter("λ"), {"lr": (ring.constant(1), ring.constant(1))}).characteristic
    proof = cv.certify_stable(bent, mu=1, L=2, lr=0.1)
    assert proof
    assert not proof.recheck()
