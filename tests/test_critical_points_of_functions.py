"""Near each critical point of a function the theory of its curvatures holds: points, limits, flips, orders, escapes."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from tests.tolerances import EPS, SLACK

x, y = sp.symbols("x y", real=True)
WAVE = "x*cos(pi*x)"
LOW, HILL, LOWEST = cv.local(WAVE, over=(-1, 2))


def derivatives(formula, at, orders):
    """By SymPy, at thirty digits."""
    return [float(sp.diff(formula, x, k).subs(x, sp.Float(at, 30))) for k in orders]


def test_all_critical_points_of_the_wave_solve_a_transcendental_equation():
    """cos(πx) = πx sin(πx): cot(t) = t for t = πx, whose root is 0.860333589..."""
    t = float(sp.nsolve(sp.cot(x) - x, 0.86))
    assert [p.x for p in (LOW, HILL)] == pytest.approx([-t / np.pi, t / np.pi], rel=SLACK * EPS)
    assert LOWEST.x == pytest.approx(1.0904082219467213, rel=SLACK * EPS)
    assert (LOW.value, LOWEST.value) == pytest.approx((-0.178602511, -1.046721125), abs=1e-9)
    assert [p.kind for p in (LOW, HILL, LOWEST)] == ["minimum", "maximum", "minimum"]


@pytest.mark.parametrize(
    ("formula", "over", "kinds", "complete"),
    [
        ("x**4", (-1, 2), [("degenerate", 3)], True),
        ("x**3/3 - x**2 + x", (0, 3), [("degenerate", 2)], True),
        ("x**4*(x - 1)**2*exp(x)", (-1, 2), [("degenerate", 3), ("maximum", 1), ("minimum", 1)], True),
        ("tanh(x)", (-1, 4), [], True),
        ("x**2", (0, 1), [("minimum", 1)], True),  # at an end
        ("x**4 - 4*x**3 + 6*x**2 - 4*x + 1", (0, 3), [("degenerate", 3)], True),  # (x − 1)⁴: terms cancel around it
        ("(x - 1000000)**4", (999998, 1000002), [("degenerate", 3)], True),
        (sp.Abs(x), (-1, 1), [], False),  # a kink is no critical point that a sign decides,
        (sp.Abs(x) + x**2 / 2, (-1, 2), [], False),  # nor one at which the slope jumps through 0
        (sp.Max(x, 1 - x) ** 2, (-1, 2), [], False),
        ("x + 1/x", (-2, 2), [("maximum", 1), ("minimum", 1)], False),  # the pole is undecided
    ],
)
def test_points_are_all_found_and_what_is_undecided_is_said(formula, over, kinds, complete):
    points = cv.local(formula, over=over)
    assert [(p.kind, p.order) for p in points] == kinds
    assert points.complete is complete
    assert bool(points.undecided) is not complete


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1e8, 1e200])
def test_a_function_in_other_units_has_the_same_points(scale, unit):
    """c·((x/ℓ)⁴ − (x/ℓ)²): minima at ±ℓ/√2 of curvature 4c/ℓ², a maximum at 0, and all of Newton's method in units of ℓ."""
    formula = sp.Float(scale) * ((x / sp.Float(unit)) ** 4 - (x / sp.Float(unit)) ** 2)
    points = cv.local(formula, over=(-2 * unit, 2 * unit))
    assert points.complete
    assert [point.x for point in points] == pytest.approx([-unit / np.sqrt(2), 0, unit / np.sqrt(2)], rel=SLACK * EPS, abs=0)
    assert [point.kind for point in points] == ["minimum", "maximum", "minimum"]
    assert [float(p.curvatures[0]) for p in points] == pytest.approx(
        [4 * scale / unit**2, -2 * scale / unit**2, 4 * scale / unit**2], rel=SLACK * EPS
    )
    (near,) = cv.local(formula, at=0.6 * unit)
    assert (near.x, near.certified) == (pytest.approx(unit / np.sqrt(2), rel=SLACK * EPS), True)
    assert [point.newton.order for point in points] == [2, 3, 2]
    assert [p.newton.constant for p in points] == pytest.approx([1.5 * np.sqrt(2) / unit, 4 / unit**2, 1.5 * np.sqrt(2) / unit])
    flip = near.flip()
    assert (flip.supercritical, flip.coefficient) == (True, pytest.approx(16 / unit**2))
    assert 0 < abs(near.start[0] - near.x) < 0.1 * unit


def test_thirty_two_points_of_a_fast_oscillation_are_counted():
    """sin(1/x) turns where 1/x = π/2 + kπ: on [0.01, 1] for k = 0, …, 31."""
    points = cv.local("sin(1/x)", over=(0.01, 1))
    k = np.arange(31, -1, -1)
    assert points.complete
    assert [p.x for p in points] == pytest.approx((1 / (np.pi / 2 + k * np.pi)).tolist(), rel=SLACK * EPS)


def test_all_nine_critical_points_of_himmelblaus_function_are_certified():
    """Four minima of value 0 (one at (3, 2)), a maximum and four saddles: their indices sum to 1, as of a bowl (Morse)."""
    points = cv.local("(x**2 + y - 11)**2 + (x + y**2 - 7)**2", over=((-5, 5), (-5, 5)))
    kinds = [point.kind for point in points]
    assert points.complete
    assert {kind: kinds.count(kind) for kind in kinds} == {"minimum": 4, "saddle": 4, "maximum": 1}
    assert any(np.array_equal(point.x, [3.0, 2.0]) for point in points.minima)
    for point in points:
        assert np.abs(point.function.grad(point.point)).max() < 1e4 * EPS
        assert point.certified


def test_a_lattice_of_critical_points_is_counted():
    """sin x cos y: the gradient vanishes at (π/2 + mπ, nπ) and (mπ, π/2 + nπ)."""
    points = cv.local("sin(x)*cos(y)", over=((-4, 4), (-4, 4)))
    lattice = {(a, b) for a in (-1, 1) for b in (-2, 0, 2)} | {(a, b) for a in (-2, 0, 2) for b in (-1, 1)}
    assert points.complete
    assert {tuple(np.rint(point.point / (np.pi / 2)).astype(int).tolist()) for point in points} == lattice


@pytest.mark.parametrize(
    ("formula", "kinds"),
    [
        (x**2 + y**2 / 10**12, ["minimum"]),
        (x**2 - y**2 / 10**12, ["saddle"]),
        (-(x**2) - y**2 / 10**12, ["maximum"]),
        ((x**2 - sp.Rational(1, 10**12)) ** 2 + y**2, ["minimum", "saddle", "minimum"]),
        (((x**2 - 1) ** 2 + y**2) * sp.Float("1e-200"), ["minimum", "saddle", "minimum"]),
        ((x + y) ** 2 / 10**12 + (x - y) ** 2, ["minimum"]),
    ],
)
def test_a_small_curvature_is_not_none(formula, kinds):
    """What is certified to be alone has a regular Hessian, however different its curvatures are."""
    points = cv.local(formula, over=((-1.5, 1.5), (-1, 1)))
    assert points.complete
    assert [point.kind for point in points] == kinds
    assert cv.local(formula, at=points[0].point + 1e-9)[0].kind == kinds[0]


@pytest.mark.parametrize("formula", [x**2 + y**4, (x - y) ** 2 + y**4, x**2 + y**3])
def test_a_point_that_is_regular_in_one_direction_only_is_not_certified(formula):
    points = cv.local(formula, over=((-1, 1), (-1, 1)))
    assert not points.complete
    assert not any(point.certified for point in points)


def test_a_newton_step_where_the_hessian_is_singular_is_the_shortest():
    """(x − y)²: from (1, 0) to the line of minima, and straight to it."""
    (point,) = cv.local((x - y) ** 2, at=(1.0, 0.0))
    assert point.function.path("newton", 1, (1.0, 0.0), lr=1)[1] == pytest.approx([0.5, 0.5], abs=SLACK * EPS)


def test_a_curve_of_critical_points_is_undecided():
    points = cv.local(cv.landscapes.product)
    assert not points.complete
    assert all(abs(u * v - 1) < 0.1 for u, v in points.undecided)
    assert [(point.kind, point.certified) for point in points] == [("saddle", True), ("degenerate", False)]


@pytest.mark.parametrize("method", ["gradient_descent", "heavy_ball", "nesterov", "torch_sgd"])
def test_the_limit_is_that_of_the_curvature(method):
    others = {n: 0.5 for n in cv.METHODS[method].hyper if n != "lr"}
    assert LOWEST.lr_max(method, **others) == cv.stability(method).largest_lr(float(LOWEST.curvatures[0]), **others)
    edge = LOWEST.lr_max(method, **others)
    near = [
        np.abs(cv.simulate(LOWEST, method, 400, lr=share * edge, **others).error[-1, 0]) for share in (0.97, 1.03)
    ]
    assert near[0] < 1e-5 < 1e-2 < near[1]


def test_flips_of_the_wave_are_supercritical():
    """3f‴² − f″f⁗ by SymPy; the 2-cycle one per cent above the limit, by leading order and by runs, has the amplitudes
    of the published figures of this function."""
    for point, criterion, leading, run in (
        (LOW, 1224.264, 0.0453658359, 0.0453066446),
        (LOWEST, 2730.196, 0.0562911463, 0.0562826823),
    ):
        flip = point.flip("gradient_descent")
        second, third, fourth = derivatives(x * sp.cos(sp.pi * x), point.x, (2, 3, 4))
        lr = 1.01 * flip.lr
        assert flip.lr == pytest.approx(2 / second, rel=SLACK * EPS)
        assert round(flip.criterion, 3) == criterion
        assert flip.coefficient == pytest.approx((3 * third**2 - second * fourth) / (3 * second**2), rel=1e-10)
        assert np.sqrt(0.04 / ((lr * third) ** 2 / 2 - lr * fourth / 3)) == pytest.approx(leading, abs=1e-9)
        (cycle,) = point.cycles("gradient_descent", lr=lr)
        assert (cycle.amplitude, cycle.attracting) == (pytest.approx(run, abs=1e-10), True)
        assert cycle.proof == "interval Newton"
        by_hand = point.x + 0.05
        for _ in range(4000):
            by_hand -= lr * float(point.function.grad([by_hand])[0])
        after = by_hand - lr * float(point.function.grad([by_hand])[0])
        assert abs(after - by_hand) / 2 == pytest.approx(cycle.amplitude, abs=1e-12)


@pytest.mark.parametrize(("method", "others"), [("heavy_ball", {"momentum": 0.9}), ("nesterov", {"momentum": 0.5})])
def test_the_amplitude_is_of_leading_order(method, others):
    """Its relative error falls in proportion to the distance from the limit."""
    flip = LOWEST.flip(method, **others)
    off = []
    for share in (1e-2, 1e-3):
        lr = flip.lr * (1 + share)
        (cycle,) = LOWEST.cycles(method, lr=lr, **others)
        off.append(abs(flip.amplitude(lr) / cycle.amplitude - 1))
    assert 5 < off[0] / off[1] < 20
    assert np.isnan(flip.amplitude(0.99 * flip.lr))


@pytest.mark.parametrize("method", ["ema_momentum", "torch_sgd_nesterov", "qhm", "frozen_nadam"])
def test_linear_methods_have_the_2_cycles_of_gradient_descent(method):
    """Their mean gradient is 0, and the alternating part is that of a curvature at the limit, whatever the method is.

    So where gradients are asked at the position, the positions are the same at the same part of the limit.
    """
    others = {n: 0.9 if n == "momentum" else 0.4 for n in cv.METHODS[method].hyper if n != "lr"}
    plain, flip = LOW.flip("gradient_descent"), LOW.flip(method, **others)
    one, other = LOW.cycles("gradient_descent", lr=1.05 * plain.lr), LOW.cycles(method, lr=1.05 * flip.lr, **others)
    assert one[0].amplitude == pytest.approx(other[0].amplitude, rel=1e-12)
    assert flip.supercritical


def test_nesterovs_2_cycle_is_that_in_its_look_ahead():
    """At x − βm; and not in its positions."""
    plain, flip = LOW.flip("gradient_descent"), LOW.flip("nesterov", momentum=0.5)
    (one,) = LOW.cycles("gradient_descent", lr=1.05 * plain.lr)
    (other,) = LOW.cycles("nesterov", lr=1.05 * flip.lr, momentum=0.5)
    ahead = [x - 0.5 * m for x, m in other.points]
    assert np.ptp(ahead) / 2 == pytest.approx(one.amplitude, rel=1e-12)
    assert other.amplitude < 0.9 * one.amplitude


def test_a_subcritical_flip_has_a_repelling_2_cycle_below_its_limit():
    """½x² + x⁴/24 under gradient descent: x ↦ −x where 2 = η(1 + x²/6), so that the amplitude is √(6(2/η − 1))."""
    (bowl,) = cv.local("x**2/2 + x**4/24", at=0.5)
    flip = bowl.flip()
    assert not flip.supercritical
    (cycle,) = bowl.cycles(lr=1.9)
    assert cycle.amplitude == pytest.approx(np.sqrt(6 * (2 / 1.9 - 1)), rel=1e-12)
    assert cycle.attracting is False
    assert flip.amplitude(1.9) == pytest.approx(cycle.amplitude, rel=0.05)
    assert np.isnan(flip.amplitude(2.1))


@pytest.mark.parametrize("formula", ["x**2/2", "0.7*x**2/2 + 0.3*x**3/6 + 0.27/0.7*x**4/24", "x**2/2 + x**6"])
@pytest.mark.parametrize("others", [{}, {"momentum": 0.9}], ids=["plain", "momentum"])
def test_a_flip_whose_cubic_term_vanishes_is_not_called_one_or_the_other(formula, others):
    """3f‴² = f″f⁗: the terms of fifth order decide; on ½x² every start flips for ever at the limit, and none beyond."""
    (bowl,) = cv.local(formula, at=0.1)
    flip = bowl.flip("heavy_ball" if others else "gradient_descent", **others)
    assert (flip.coefficient, flip.supercritical) == (0.0, None)
    assert "degenerate" in repr(flip)
    assert np.isnan(flip.amplitude(1.1 * flip.lr))
    assert not len(bowl.period_doubling("gradient_descent").cycle_lr)


def test_the_coefficient_grows_as_1_over_1_less_the_momentum_while_one_multiplier_alone_flips():
    (bowl,) = cv.local("x**4 - x**2", over=(0.1, 2))
    for momentum in (0.9, 0.999):
        coefficient = bowl.flip("heavy_ball", momentum=momentum).coefficient
        assert coefficient * (1 - momentum) / (1 + momentum) == pytest.approx(16, rel=1e3 * EPS / (1 - momentum) ** 2)
    with pytest.raises(cv.NotLinear, match="just one multiplier"):
        bowl.flip("heavy_ball", momentum=1 - 1e-9)


def test_a_rule_without_a_third_derivative_has_no_normal_form():
    @cv.method
    def rmsprop(f, x, v, *, lr: cv.Rate, decay: cv.Share, eps: cv.Offset):
        g = f.grad(x)
        v = decay * v + (1 - decay) * g**2
        return x - lr * g / (np.sqrt(v) + eps), v

    with pytest.raises(cv.NotLinear, match="third derivative"):
        LOWEST.flip(rmsprop, decay=0.9, eps=0.01)


def test_the_product_of_two_scalars_beyond_its_limit():
    """½(uv − 1)²: sharpness u² + v² ≥ 2; balanced (u = v) at lr = 1.1 the 2-cycle has xy = 1/η, x² + y² = 1 + 1/η."""
    product = cv.landscapes.product
    (flattest,) = cv.local(product, at=(1.0, 1.0))
    assert flattest.curvatures == pytest.approx([2.0, 0.0], abs=SLACK * EPS)
    assert flattest.lr_max("gradient_descent") == pytest.approx(1.0, rel=SLACK * EPS)
    (steeper,) = cv.local(product, at=(1.5, 0.6))
    assert steeper.curvatures[0] > 2
    assert steeper.rate("gradient_descent", lr=1.01 * steeper.lr_max("gradient_descent")) > 1
    lr, u = 1.1, np.array([1.1, 1.1])
    for _ in range(2000):
        u = u - lr * product.grad(u)
    other = u - lr * product.grad(u)
    assert u[0] * other[0] == pytest.approx(1 / lr, rel=1e-12)
    assert u[0] ** 2 + other[0] ** 2 == pytest.approx(1 + 1 / lr, rel=1e-12)
    assert sorted([u[0] ** 2, other[0] ** 2]) == pytest.approx([0.663494352844, 1.24559655625], abs=1e-11)


def test_newtons_method_has_order_three_on_cosh_and_two_on_the_wave():
    """tanh(cx)/c = x − c²x³/3 + …; on the wave |N″/2| = |f‴/(2f″)|."""
    newton = cv.local(cv.landscapes.cosh)[0].newton
    assert (newton.order, newton.constant) == (3, pytest.approx(1 / 12, rel=SLACK * EPS))
    second, third = derivatives(x * sp.cos(sp.pi * x), LOWEST.x, (2, 3))
    assert (LOWEST.newton.order, LOWEST.newton.constant) == (2, pytest.approx(abs(third / second) / 2, rel=1e-10))
    errors = np.abs(cv.simulate(LOWEST, "newton", 2, [LOWEST.x + 1e-3], lr=1).error[:, 0])
    assert errors[1] / errors[0] ** 2 == pytest.approx(LOWEST.newton.constant, rel=1e-2)
    assert (cv.local("x**4", over=(-1, 1))[0].newton.constant) == pytest.approx(2 / 3)
    bent = cv.local("x**2/2 + 1e-12*x**3", at=0.5)[0].newton
    assert (bent.order, bent.constant) == (2, pytest.approx(3e-12))  # small is not none
    assert cv.local("x**2/2", at=0.5)[0].newton.constant == 0


def test_newtons_method_on_cosh_from_ten_walks_before_it_converges():
    """A step is tanh(x/2)/(1/2), hardly less than 2 while x is large."""
    run = cv.simulate(cv.local(cv.landscapes.cosh)[0], "newton", 10, cv.landscapes.cosh.start, lr=1)
    by_hand = [10.0]
    for _ in range(10):
        by_hand.append(by_hand[-1] - 2 * np.tanh(by_hand[-1] / 2))
    assert run.x[:, 0] == pytest.approx(by_hand, abs=SLACK * EPS * 10)
    assert np.diff(run.x[:4, 0]) == pytest.approx([-2.0] * 3, abs=0.02)


def test_saddles_are_left_at_the_derived_rate():
    """x² − y² from 1e-6 to 1 at lr 0.01: 698 steps of gradient descent, 140 of heavy ball."""
    (saddle,) = cv.local(cv.landscapes.saddle)
    plain = saddle.escape("gradient_descent", lr=0.01)
    heavy = saddle.escape("heavy_ball", lr=0.01, momentum=0.9)
    assert (plain.steps, heavy.steps) == (698, 140)
    assert plain.estimate == pytest.approx(np.log(1e6) / np.log(1.02), rel=1e-12)
    assert heavy.growth == pytest.approx(1.10696938457, abs=1e-11)
    assert saddle.escape("newton", lr=1).steps == -1
    with pytest.raises(cv.BadData, match="saddle"):
        LOWEST.escape("gradient_descent", lr=0.01)


@pytest.mark.parametrize(
    ("point", "method", "hyper"),
    [
        (lambda: LOW, "gradient_descent", {"lr": 0.1}),
        (lambda: LOWEST, "heavy_ball", {"lr": 0.1, "momentum": 0.9}),
        (lambda: LOWEST, "newton", {"lr": 0.5}),
        (lambda: cv.local(cv.landscapes.rosenbrock)[0], "nesterov", {}),
        (lambda: cv.local(cv.landscapes.product)[1], "heavy_ball", {}),
    ],
)
def test_runs_near_a_minimum_follow_the_linear_theory(point, method, hyper):
    """And not that of a curvature that is off by one per cent."""
    result = cv.verify(point(), method, **hyper)
    assert result
    assert {c.kind for c in result.checks} >= {"departure", "multipliers", "far away"}
    tried = [c for c in result.controls if c.kind in ("departure", "multipliers") and c.rejected is not None]
    assert tried
    assert all(c.rejected for c in tried)
    (far,) = (c for c in result.checks if c.kind == "far away")
    assert far.passed is None
    assert "nothing is claimed" in far.why


def test_the_wrong_curvature_is_rejected():
    """The same runs, and a problem that claims another second derivative."""

    def wrong(w):
        return np.array([[1.02 * float(LOWEST.curvatures[0])]])

    f = LOWEST.function
    (claimed,) = cv.local(
        lambda w: float(f.loss(w)), at=LOWEST.x, gradient=lambda w: f.grad(w), hessian=wrong
    )
    result = cv.verify(claimed, "gradient_descent", lr=0.1)
    assert not result
    assert {c.kind for c in result.failed} == {"departure", "multipliers"}


def test_callables_formulas_and_objects_give_the_same_point():
    class Bowl:
        def __call__(self, w):
            return float(np.cosh(w[0]) + w[1] ** 2)

        def grad(self, w):
            return np.array([np.sinh(w[0]), 2 * w[1]])

        def hess(self, w):
            return np.diag([np.cosh(w[0]), 2.0])

    (own,), (formula,) = cv.local(Bowl(), at=(0.5, 0.3)), cv.local("cosh(x) + y**2", at=(0.5, 0.3))
    assert own.curvatures == pytest.approx(formula.curvatures, rel=SLACK * EPS)
    assert (own.certified, formula.certified) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((("x*z*y",), {"at": (1, 2)}), "one or two variables"),
        ((("x**2",), {}), "over="),
        ((("x**2",), {"over": (2, 1)}), "a < b"),
        ((("__import__('os')",), {"over": (0, 1)}), "formula"),
        (((lambda w: w,), {"at": 1.0}), "gradient"),
        ((("log(x)",), {"over": (-2, -1), "at": 1}), "give over"),
        ((("sqrt(x)",), {"over": (-1, 1)}), "no real value"),
        ((("exp(x)",), {"at": 0.0}), "another start"),
        ((("tanh(x)",), {"at": 2.0}), "another start"),  # its slope rounds to 0 at 19
        ((("x**2 + y",), {"at": (1e9, 0.2)}), "another start"),
        ((("3",), {"over": (0, 1)}), "one or two variables"),
    ],
)
def test_what_is_no_function_is_refused_in_words(arguments, said):
    positional, named = arguments
    with pytest.raises(cv.BadData, match=said):
        cv.local(*positional, **named)


def test_a_maximum_has_no_largest_learning_rate():
    with pytest.raises(cv.BadData, match="no minimum"):
        HILL.lr_max("gradient_descent")
    with pytest.raises(cv.BadData, match="a problem is"):
        cv.simulate(HILL, "gradient_descent", 3, lr=0.1)
    assert HILL.rate("gradient_descent", lr=0.1) > 1
    (saddle,) = cv.local("x**2 - 0.1*y**2", at=(0.3, 0.2))
    assert saddle.rate("gradient_descent", lr=0.5) == pytest.approx(1.1)  # the larger of 0 and 1.1
    (bowl,) = cv.local("2*x**2 + y**2/2", at=(0.3, 0.2))
    assert bowl.lr_max("gradient_descent") == pytest.approx(0.5)


@pytest.mark.parametrize("method", ["rmsprop", "rmsprop_inside"])
def test_adaptive_rules_follow_their_linearisation_nearer_still(method):
    """Only where √v is far below ε is the rule linear, too."""
    result = cv.verify(LOWEST, method, lr=1e-3, eps=0.1)
    assert result
    (departure,) = (c for c in result.checks if c.kind == "departure")
    assert departure.passed
    assert departure.observed == pytest.approx(4, rel=0.1)


def test_the_2_cycle_of_rmsprop_tends_to_that_on_a_parabola():
    """η/2 − ε/λ there; the third derivative changes it by a part that falls as η."""
    off = []
    for lr in (0.02, 0.01):
        (cycle,) = LOWEST.cycles("rmsprop", lr=lr, eps=1e-4)
        off.append(abs(cycle.amplitude - (lr / 2 - 1e-4 / float(LOWEST.curvatures[0]))) / lr)
    assert off[1] < off[0] / 1.9 < 1e-6


def test_a_method_that_rests_elsewhere_is_refused():
    for ask in (LOWEST.lr_max, LOWEST.rate, LOWEST.flip, LOWEST.optimum):
        with pytest.raises(cv.NotLinear, match="does not rest"):
            ask("weight_decay_coupled", momentum=0.5, weight_decay=0.1)
    with pytest.raises(cv.NotLinear, match="does not rest"):
        cv.verify(LOWEST, "weight_decay_coupled", lr=0.01, momentum=0.5, weight_decay=0.1)
