"""A logged run alone gives back momentum, lr·λ, eigenvalues and minimiser, within error bars that hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import convergence as cv
from convergence import diagnose_run
from convergence.diagnosis import recurrence as recurrence_module

SHARP = 1e-9
"""Error bars of a run that is logged in full double precision are smaller than this (double roots: its square root)."""

COVERED = 0.96
"""The part of the true values that must lie inside bars of 99.7 %: a hundred of them may lose three."""


def logged(method, curvatures, steps, seed=0, noise=0.0, dtype=float, **hyper):
    """A run in rotated coordinates by a loop here: iterates, gradients, minimiser, and the directions."""
    random = np.random.default_rng(seed)
    size = len(curvatures)
    basis = np.linalg.qr(random.standard_normal((size, size)))[0]
    hessian, minimiser = basis * np.asarray(curvatures) @ basis.T, 3 * random.standard_normal(size)

    class Quadratic:
        grad = staticmethod(lambda x: hessian @ (x - minimiser))

    rule = cv.METHODS[method]
    amplitude = random.choice([-1, 1], size) * random.uniform(0.5, 2, size)
    state = rule.start(Quadratic, minimiser + basis @ amplitude)
    x = [state[0]]
    for _ in range(steps):
        state = rule(Quadratic, *state, **hyper)
        x.append(state[0])
    x = np.array(x)
    noisy = (x + noise * random.standard_normal(x.shape)).astype(dtype)
    return noisy, (x - minimiser) @ hessian, minimiser, basis


def roots_of(method, curvature, **hyper):
    """The true eigenvalues, from the rule itself run on unit states."""
    rule = cv.METHODS[method]

    class Parabola:
        grad = staticmethod(lambda x: curvature * x)

    size = len(rule.state)
    return np.linalg.eigvals(np.array([rule(Parabola, *unit, **hyper) for unit in np.eye(size)]).T)


def assert_inside(value, truth, error):
    assert np.all(np.abs(np.asarray(value) - truth) <= error), (value, truth, error)


@pytest.mark.parametrize(
    ("method", "curvatures", "steps", "hyper"),
    [
        ("gradient_descent", [1.0], 20, {"lr": 1.7}),  # a negative eigenvalue
        ("gradient_descent", [1.0, 0.3], 30, {"lr": 1.9}),
        ("gradient_descent", [1.0, 0.5, 0.2], 40, {"lr": 2.2}),  # grows, by a negative one
        ("gradient_descent", [1.0, 0.7, 0.4, 0.2, 0.1], 60, {"lr": 1.5}),
        ("heavy_ball", [1.0], 30, {"lr": 0.3, "momentum": 0.8}),  # complex
        ("heavy_ball", [1.0], 40, {"lr": 0.01, "momentum": 0.5}),  # real
        ("heavy_ball", [1.0, 0.3, 0.05], 60, {"lr": 0.5, "momentum": 0.8}),
        ("heavy_ball", [1.0, 0.3], 50, {"lr": 5.0, "momentum": 0.8}),  # grows
        ("heavy_ball", [1.0, 0.3], 60, {"lr": 0.3, "momentum": 1.05}),  # grows in all directions
        ("nesterov", [1.0, 0.3, 0.1], 60, {"lr": 0.5, "momentum": 0.9}),
    ],
)
def test_a_run_gives_back_what_made_it(method, curvatures, steps, hyper):
    x, gradients, minimiser, basis = logged(method, curvatures, steps, **hyper)
    found = diagnose_run(x, gradients)
    assert found.method == method
    assert_inside(found.lr_curvature, hyper["lr"] * np.array(curvatures), found.lr_curvature_error)
    assert_inside(found.curvatures, curvatures, found.curvatures_error)
    assert_inside(found.lr, hyper["lr"], found.lr_error)
    assert_inside(found.momentum, hyper.get("momentum", 0.0), found.momentum_error or 0.0)
    assert_inside(found.minimiser, minimiser, found.minimiser_error)
    assert max(found.lr_curvature_error.max(), found.lr_error) < SHARP
    for k, curvature in enumerate(curvatures):
        true = roots_of(method, curvature, **hyper)
        gaps = np.abs(found.eigenvalues[k][:, None] - true)
        assert (gaps.min(axis=1) <= found.error[k]).all()
        assert (gaps.min(axis=0) <= found.error[k].max()).all()
        assert abs(found.vectors[:, k] @ basis[:, k]) == pytest.approx(1, abs=1e-6)


def test_critical_damping_is_a_double_eigenvalue_with_honest_bars():
    momentum = 0.64
    x, *_ = logged("heavy_ball", [1.0], 40, lr=(1 - momentum**0.5) ** 2, momentum=momentum)
    found = diagnose_run(x, method="heavy_ball", lr=(1 - momentum**0.5) ** 2)
    assert_inside(found.eigenvalues[0], 0.8, found.error[0])
    assert_inside(found.momentum, momentum, found.momentum_error)
    assert found.momentum_error < SHARP < found.error[0].max() < SHARP**0.5


def test_the_direction_that_diverges_is_named_with_its_limit():
    x, *_ = logged("heavy_ball", [1.0, 0.3, 0.05], 60, lr=4.0, momentum=0.8)
    found = diagnose_run(x, lr=4.0)
    assert found.verdict == "diverges"
    assert not found
    assert found.direction == 0
    assert "lr < 2(1 + β)/λ = 3.6, you have 4" in found.limit
    assert found.diagnosis.nearest_rate.edge == pytest.approx(3.6, rel=1e-9)
    assert found.advice[0].startswith("Lower lr from 4")


def test_without_gradients_only_the_product_is_known_and_it_says_so():
    x, gradients, *_ = logged("heavy_ball", [1.0, 0.3], 60, lr=0.5, momentum=0.8)
    alone = diagnose_run(x)
    assert alone.lr is None
    assert alone.curvatures is None
    assert "gradients" in alone.reasons["lr"]
    by_rate, by_gradients = diagnose_run(x, lr=0.5), diagnose_run(x, gradients[:-1])
    by_curvatures = diagnose_run(x, curvatures=[0.3, 17.0, 1.0])
    for found in (by_rate, by_gradients, by_curvatures):
        assert found.lr == pytest.approx(0.5)
        assert found.curvatures == pytest.approx([1.0, 0.3])


def test_a_wrong_momentum_formula_is_rejected(monkeypatch):
    """Deliberately: a product of the roots of β² in the place of β gives a momentum far outside its bars."""
    honest = recurrence_module._formula

    def wrong(method, fixed, momentum):
        order, right = honest(method, fixed, momentum)
        return order, lambda shared, own: (right(shared, own)[0], right(shared, own)[1] ** 2)

    x, *_ = logged("heavy_ball", [1.0, 0.3], 60, lr=0.5, momentum=0.8)
    assert abs(diagnose_run(x, method="heavy_ball").momentum - 0.8) < SHARP
    monkeypatch.setattr(recurrence_module, "_formula", wrong)
    found = diagnose_run(x, method="heavy_ball")
    assert abs(found.momentum - 0.8) > found.momentum_error or found.noise > 1e-6


def test_bars_without_their_covariance_do_not_hold():
    """Deliberately: bars a thousand times too small lose the truth, so the coverage below can fail."""
    x, _, _, _ = logged("heavy_ball", [1.0, 0.3], 60, noise=1e-3, lr=0.5, momentum=0.8)
    found = diagnose_run(x)
    assert abs(found.momentum - 0.8) > found.momentum_error / 1000


@pytest.mark.parametrize(
    ("method", "curvatures", "steps", "how", "hyper"),
    [
        ("gradient_descent", [1.0, 0.3], 40, {"noise": 1e-3}, {"lr": 1.5}),
        ("gradient_descent", [1.0, 0.3], 30, {"noise": 1e-2}, {"lr": 2.1}),
        ("heavy_ball", [1.0, 0.3], 60, {"noise": 1e-3}, {"lr": 0.5, "momentum": 0.8}),
        ("heavy_ball", [1.0, 0.3], 60, {"dtype": np.float32}, {"lr": 0.5, "momentum": 0.8}),
        ("heavy_ball", [1.0], 40, {"noise": 1e-2}, {"lr": 3.9, "momentum": 0.9}),
    ],
)
def test_error_bars_cover_the_truth(method, curvatures, steps, how, hyper):
    inside, relative = [], []
    for seed in range(5):
        x, gradients, minimiser, _ = logged(method, curvatures, steps, seed=seed, **how, **hyper)
        found = diagnose_run(x, gradients, method=method)
        misses = np.abs(found.lr_curvature - hyper["lr"] * np.array(curvatures))
        inside += [*(misses <= found.lr_curvature_error), abs(found.lr - hyper["lr"]) <= found.lr_error]
        inside += list(np.abs(found.minimiser - minimiser) <= found.minimiser_error)
        relative += list(misses / found.lr_curvature_error)
        if "momentum" in hyper:
            inside.append(abs(found.momentum - hyper["momentum"]) <= found.momentum_error)
    assert np.mean(inside) >= COVERED
    assert np.median(relative) > 0.01  # and are not wide for safety's sake


def test_lr_is_known_as_well_as_in_the_direction_that_shows_it_best():
    x, gradients, *_ = logged("gradient_descent", [1.0, 0.02], 40, noise=1e-6, lr=0.5)
    found = diagnose_run(x, gradients, method="gradient_descent")
    bars = np.hypot(found.lr_curvature_error / found.lr_curvature, found.curvatures_error / found.curvatures)
    assert bars.max() > 20 * bars.min()
    assert found.lr_error / found.lr < 1.1 * bars.min()
    assert_inside(found.lr, 0.5, found.lr_error)


def test_more_weights_than_directions_that_move():
    """Forty weights, two modes: the others stand still, and are said to."""
    x, _, _, _ = logged("heavy_ball", [1.0, 0.3], 60, lr=0.5, momentum=0.8)
    lift = np.linalg.qr(np.random.default_rng(1).standard_normal((40, 40)))[0]
    found = diagnose_run(np.hstack([x, np.ones((61, 38))]) @ lift)
    assert len(found.eigenvalues) == 2
    assert_inside(found.momentum, 0.8, found.momentum_error)
    assert any("38 directions of 40 not seen" in note for note in found.notes)


def test_equal_curvatures_are_two_directions_of_one_kind():
    x, *_ = logged("gradient_descent", [1.0, 1.0, 0.3], 30, lr=0.5)
    found = diagnose_run(x)
    assert found.lr_curvature[0] == pytest.approx(0.5)
    assert found.lr_curvature[-1] == pytest.approx(0.15)


@pytest.mark.parametrize(("method", "hyper"), [("ema_momentum", {"lr": 0.5, "momentum": 0.2})])
def test_momentum_is_in_the_convention_of_the_method_named(method, hyper):
    x, *_ = logged(method, [1.0, 0.3], 60, **hyper)
    named, unnamed = diagnose_run(x, method=method), diagnose_run(x)
    assert named.momentum == pytest.approx(0.2)
    assert named.lr_curvature == pytest.approx([0.5, 0.15])
    assert (unnamed.method, unnamed.momentum) == ("heavy_ball", pytest.approx(0.8))
    assert unnamed.lr_curvature == pytest.approx([0.1, 0.03])


def test_a_first_step_by_another_convention_changes_nothing():
    plain, *_ = logged("heavy_ball", [1.0, 0.3], 60, lr=0.5, momentum=0.8)
    dampened, *_ = logged("torch_sgd", [1.0, 0.3], 60, lr=1.0, momentum=0.8, dampening=0.5)
    assert not np.allclose(plain[1], dampened[1])
    found, other = diagnose_run(dampened), diagnose_run(plain)
    assert found.momentum == pytest.approx(other.momentum)
    assert found.lr_curvature == pytest.approx(other.lr_curvature)


def test_one_weight_cannot_tell_heavy_ball_from_nesterov_and_says_so():
    x, *_ = logged("nesterov", [1.0], 40, lr=0.2, momentum=0.8)
    found = diagnose_run(x[:, 0])
    assert found.method == "heavy_ball"
    assert any("nesterov" in note for note in found.notes)
    assert found.eigenvalues[0] == pytest.approx(np.sort_complex(roots_of("nesterov", 1.0, lr=0.2, momentum=0.8))[::-1])


def test_a_run_whose_settings_changed_is_not_taken_for_noise():
    x, *_ = logged("gradient_descent", [1.0, 0.3], 20, lr=0.2)
    other, *_ = logged("gradient_descent", [1.0, 0.3], 20, lr=1.7)
    found = diagnose_run(np.vstack([x, x[-1] + other - other[0]]))
    assert any("no noise" in note for note in found.notes)


def test_a_run_on_the_edge_is_undecided():
    x, *_ = logged("gradient_descent", [1.0, 0.3], 40, noise=1e-3, lr=2.0)
    assert diagnose_run(x).verdict in ("undecided", "stalls")


def test_a_run_object_and_its_overflow():
    p = cv.datasets.gaussian_2d()
    found = diagnose_run(cv.simulate(p, "heavy_ball", 400, lr=1e-3, momentum=0.9))
    assert found.verdict == "diverges"
    assert_inside(found.curvatures[0], p.L, np.maximum(found.curvatures_error[0], 1e-9 * p.L))
    assert_inside(found.momentum, 0.9, found.momentum_error)


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (np.ones((10, 2)), "moves"),
        (np.random.default_rng(0).standard_normal((3, 1)), "at least 4 steps"),
        (np.random.default_rng(0).standard_normal((5, 6)), "at least 9 steps"),
        (np.zeros((3, 3, 3)), "shape|a row a step"),
        (np.array([[np.nan], [1.0]]), "finite"),
        ("text", "numbers"),
    ],
)
def test_a_log_that_says_too_little_says_what_is_needed(log, words):
    with pytest.raises(cv.BadData, match=words):
        diagnose_run(log)


def test_methods_and_settings_that_do_not_fit_are_refused():
    x, *_ = logged("gradient_descent", [1.0], 20, lr=0.5)
    with pytest.raises(cv.BadHyperparameter, match=r"lr·λ alone"):
        diagnose_run(x, method="newton")
    with pytest.raises(cv.BadHyperparameter, match="name it with method"):
        diagnose_run(x, momentum=0.9)
    with pytest.raises(cv.BadHyperparameter, match="positive"):
        diagnose_run(x, lr=-1.0)
    with pytest.raises(cv.BadData, match="positive"):
        diagnose_run(x, curvatures=[-1.0])


def test_rotating_the_log_does_not_move_the_answer():
    x, *_ = logged("heavy_ball", [1.0, 0.3, 0.1], 60, lr=0.5, momentum=0.8)
    turn = np.linalg.qr(np.random.default_rng(9).standard_normal((3, 3)))[0]
    found = diagnose_run(x)
    for other in (x @ turn, 1e6 * x):
        assert diagnose_run(other).lr_curvature == pytest.approx(found.lr_curvature)


def test_results_read_as_text():
    x, *_ = logged("heavy_ball", [1.0, 0.3], 60, lr=0.5, momentum=0.8)
    found = diagnose_run(x, columns=["slope", "height"])
    assert "slope" in repr(found) or "height" in repr(found)
    assert found._repr_markdown_().startswith("**")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.lr = 1.0


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("how", [{"noise": 1e-6}, {"dtype": np.float32}, {}])
def test_a_direction_that_the_log_leaves_open_has_no_steps(how, seed):
    curvatures = np.geomspace(5.28, 2.7e-6, 6)
    x, gradients, *_ = logged("heavy_ball", curvatures, 60, seed=seed, **how, lr=0.05, momentum=0.9)
    for found in (diagnose_run(x), diagnose_run(x, gradients)):
        assert found.verdict in ("undecided", "converges")
        assert found.verdict == "undecided" or found.unseen or found.unresolved
        assert found.steps_to_go is None
        assert found.diagnosis is None
        assert any("double precision" in note for note in found.notes)
        assert not any("Raise" in sentence or "Best" in sentence for sentence in found.advice)


def test_a_slow_direction_that_is_resolved_keeps_its_steps():
    x, *_ = logged("heavy_ball", [1.0, 0.3], 60, lr=0.5, momentum=0.8)
    found = diagnose_run(x)
    assert (found.unresolved, found.unseen) == ((), 0)
    assert found.steps_to_go == found.diagnosis.steps


def test_what_surely_diverges_diverges_beside_what_is_left_open():
    x, *_ = logged("heavy_ball", [1.0, 0.3, 1e-5], 40, noise=1e-6, lr=4.0, momentum=0.8)
    found = diagnose_run(x, lr=4.0)
    assert found.verdict == "diverges"
    assert found.unresolved or found.unseen
    assert (found.diagnosis.best, found.diagnosis.nearest_rate.safe_steps, found.steps_to_go) == (None, None, None)
    assert found.diagnosis.nearest_rate.edge == pytest.approx(3.6, rel=1e-4)
    assert found.advice[0].startswith("Lower lr from 4")
    assert not any("steps" in sentence for sentence in found.advice)


def test_a_missing_number_is_named_with_its_row_and_overflow_is_not():
    x, gradients, *_ = logged("gradient_descent", [1.0, 0.3], 20, lr=0.5)
    for place, name, lost in ((0, "iterates", "nan"), (1, "gradients", "nan"), (0, "iterates", "inf"), (1, "gradients", "inf")):
        broken = [x.copy(), gradients.copy()]
        broken[place][7, 1] = float(lost)
        with pytest.raises(cv.BadData, match=f"{name}.* row 8 has {lost} .in column 2"):
            diagnose_run(*broken)
    grown, *_ = logged("gradient_descent", [1.0], 20, lr=2.5)
    grown[15:] = np.nan
    assert diagnose_run(grown).verdict == "diverges"
