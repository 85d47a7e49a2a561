"""A rule that is not linear has the rate of its linearisation only where that is proved, and nothing felt is left out."""

import numpy as np
import pytest

import convergence as cv


@cv.method
def fed(f, x, v, *, lr, beta=0.9):
    """The buffer gathers gradients, and its square moves the position."""
    g = f.grad(x)
    v = beta * v + (1 - beta) * g
    return x - lr * g + v * v, v


@cv.method
def squares(f, x, v, *, lr, beta=0.9):
    """The buffer gathers squares, and its square moves the position."""
    g = f.grad(x)
    v = beta * v + (1 - beta) * g * g
    return x - lr * g + v * v, v


@cv.method
def power(f, x, v, *, lr, beta=0.9):
    """As ``squares``, with v√v: a root that has a derivative."""
    g = f.grad(x)
    v = beta * v + (1 - beta) * g * g
    return x - lr * g + v * np.sqrt(v), v


@cv.method
def scaled(f, x, v, *, lr, beta=0.9):
    """The buffer only scales the gradient, with an infinite slope at rest."""
    g = f.grad(x)
    v = beta * v + (1 - beta) * g * g
    return x - lr * g * (1 + np.sqrt(v)), v


@cv.method
def growing(f, x, v, *, lr):
    """What scales the gradient doubles by itself."""
    g = f.grad(x)
    v = 2 * v + g * g
    return x - lr * g * (1 + np.sqrt(v)), v


@cv.method
def mutual(f, x, v, u, *, lr, beta=0.9):
    """Two buffers that each forget, and feed each other."""
    g = f.grad(x)
    v, u = beta * v + (1 - beta) * g * g + u, beta * u + v
    return x - lr * g * (1 + np.sqrt(v)), v, u


@cv.method
def triple(f, x, m, u, *, lr, beta=0.9):
    """|gmu|^⅓ has the slope 0 along every axis and every diagonal of two, and no derivative."""
    g = f.grad(x)
    return x - lr * g - np.cbrt(np.abs(g * m * u)) / 10, beta * m + g, beta * u + m


@cv.method
def clipped(f, x, m, *, lr, beta=0.9):
    """A kink away from the rest is none at it."""
    m = beta * m + (1 - beta) * np.clip(f.grad(x), -1, 1)
    return x - lr * m, m


@pytest.mark.parametrize("rule", [fed, squares, power])
def test_a_buffer_that_moves_the_resting_position_is_kept_and_a_run_shows_its_factor(rule):
    assert cv.derive(rule).state == ("x", "v")
    assert cv.spectral_radius(rule, 1.0, lr=0.9) == pytest.approx(0.9)
    late = np.abs(cv.simulate([1.0], rule, 40, [1.3], lr=0.9).error[[20, 40], 0])
    assert (late[1] / late[0]) ** (1 / 20) > 0.7  # |1 − ηλ| = 0.1 is what is left where v is left out


def test_a_buffer_that_only_scales_the_step_is_left_out_and_a_run_shrinks_without_its_factor():
    assert cv.derive(scaled).state == ("x",)
    run = cv.simulate([1.0], scaled, 60, [1 + 1e-8], lr=0.1)
    assert run.error[60, 0] / run.error[50, 0] == pytest.approx(0.9**10, rel=1e-6)


@pytest.mark.parametrize(("rule", "radius"), [(growing, 2.0), (mutual, 1.9)])
def test_a_buffer_that_only_scales_the_step_is_kept_where_it_does_not_fade(rule, radius):
    assert cv.derive(rule).state == rule.state
    assert cv.spectral_radius(rule, 1.0, lr=0.1) == pytest.approx(radius)
    assert abs(cv.simulate([1.0], rule, 200, [1 + 1e-8], lr=0.1).error[-1, 0]) > 1  # though |1 − ηλ| = 0.9


def test_slopes_that_agree_along_axes_and_diagonals_are_no_proof_of_a_derivative():
    with pytest.raises(cv.NotLinear, match="no proof of a derivative"):
        cv.stability(triple)


def test_a_kink_away_from_the_rest_is_none_at_it():
    assert cv.derive(clipped).matrix.shape == (2, 2)
    assert str(cv.stability(clipped).lr_max) == "2*(beta + 1)/(lambda*(1 - beta))"
