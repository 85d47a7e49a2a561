"""Powers of the derived matrix are the iterates of the run: for random rules, spectra and settings, also hard ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tolerances import prediction
from user_rules import USERS, linear_rule, polyak, polyak_at_rest
from usual_settings import usual

from convergence import METHODS, LeastSquares, datasets, predict, simulate
from convergence.methods import LINEAR

eighths = st.integers(-9, 9).map(lambda k: k / 8)
spectra = st.lists(st.sampled_from([0.0, 1e-6, 0.01, 0.5, 1.0, 1.0, 2.0, 7.0]), min_size=1, max_size=4).filter(any)


@st.composite
def rules(draw):
    size = draw(st.integers(0, 2))
    numbers = lambda count: draw(st.lists(eighths, min_size=count, max_size=count))  # noqa: E731
    return linear_rule(np.reshape(numbers(size * size), (size, size)), numbers(size), numbers(size), numbers(size))[0]


def agree(problem, method, steps, start=None, **hyper):
    run, closed = (how(problem, method, steps, start, **hyper) for how in (simulate, predict))
    shared = min(len(run.x), len(closed.x))
    assert shared == max(len(run.x), len(closed.x)) or abs(len(run.x) - len(closed.x)) <= 2
    worse = problem.kappa if method is METHODS["newton"] else 1.0
    grown = growth(problem, method, steps, start, run, **hyper)[:shared] * np.arange(1, shared + 1)
    gap, allowed = apart(run, closed, shared), prediction(problem, run.state[:shared]) * worse
    allowed = np.maximum(allowed, allowed[0] * grown)
    assert (gap <= allowed).all(), (gap / allowed).max()
    if method in LINEAR.values():
        positions = prediction(problem, run.state[:shared], buffers=False) * worse
        positions = np.maximum(positions, positions[0] * grown)
        assert (apart(run, closed, shared, 1) <= positions).all(), (apart(run, closed, shared, 1) / positions).max()
    assert np.isfinite(closed.x).all()
    return run, closed


def growth(problem, method, steps, start, run, **hyper):
    """How far a rounding of 1 in all directions is carried at each step: the first state may lie in others."""
    first = np.zeros(len(problem.columns)) if start is None else start
    with np.errstate(all="ignore"):
        moved = simulate(problem, method, steps, first + problem.directions.sum(axis=1), **hyper)
        shared = min(len(moved.state), len(run.state))
        way = np.abs(moved.state[:shared] - run.state[:shared]).max(axis=(1, 2))
    return np.pad(np.maximum.accumulate(np.nan_to_num(way)), (0, len(run.state) - shared), mode="edge")


def apart(run, closed, shared, states=None):
    """How far two runs are apart at each step, in the first states or in all."""
    return np.abs(run.state[:shared, :states] - closed.state[:shared, :states]).max(axis=(1, 2))


@settings(max_examples=25, deadline=None)
@given(rule=rules(), spectrum=spectra, lr=st.sampled_from([0.01, 0.1, 0.25, 0.5, 1.0]), seed=st.integers(0, 50))
def test_random_rules(rule, spectrum, lr, seed):
    problem = datasets.with_spectrum(spectrum, rows=6, rng=seed, noise=0.1)
    agree(problem, rule, 60, np.linspace(-1, 2, len(spectrum)), lr=lr)


@settings(max_examples=50, deadline=None)
@given(
    name=st.sampled_from(sorted(LINEAR)),
    spectrum=spectra,
    share=st.floats(0.05, 1.5),
    momentum=st.floats(0, 1),
    loss=st.sampled_from(["sum", "half", "mean", "half_mean"]),
)
@example(name="ema_momentum_zero_start", spectrum=[1e-6, 1.0, 1e-6, 1.0], share=1.5, momentum=0.0, loss="sum")
def test_the_catalogue_at_random_settings(name, spectrum, share, momentum, loss):
    problem = datasets.with_spectrum(spectrum, rows=7, rng=3, noise=0.5, loss=loss)
    rest = usual(METHODS[name], momentum=momentum, weight_decay=momentum / 4)
    agree(problem, METHODS[name], 80, lr=share if name == "newton" else share * 2 / problem.L, **rest)


MATRICES = {
    "notes": lambda rng: datasets.gaussian_2d(),
    "one row": lambda rng: LeastSquares(rng.standard_normal((1, 3)), [1.0]),
    "one column": lambda rng: LeastSquares(rng.standard_normal((9, 1)), rng.standard_normal(9)),
    "fewer rows than columns": lambda rng: LeastSquares(rng.standard_normal((3, 5)), rng.standard_normal(3)),
    "rank deficient": lambda rng: LeastSquares(np.outer([1, 2, 3, 4.0], [1, -1, 2.0]), rng.standard_normal(4)),
    "kappa one": lambda rng: LeastSquares(np.eye(3), rng.standard_normal(3)),
    "equal singular values": lambda rng: datasets.with_spectrum([2, 2, 1, 1], 8, 1),
    "kappa 1e12": lambda rng: datasets.with_spectrum([1, 1e-6, 1e-12], 8, 2),
    "a zero column": lambda rng: LeastSquares(np.c_[rng.standard_normal((6, 2)), np.zeros(6)], rng.standard_normal(6)),
}


@pytest.mark.parametrize("made", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("name", LINEAR)
def test_hard_data(name, made):
    problem = made(np.random.default_rng(0))
    rest = usual(METHODS[name], momentum=0.8, dampening=0.5)
    lr = 0.7 if name == "newton" else 1 / problem.L
    start = np.linspace(1, 2, len(problem.columns))
    run, closed = agree(problem, METHODS[name], 100, start, lr=lr, **rest)
    assert np.allclose(run.loss, closed.loss, rtol=1e-9, atol=1e-10)
    flat = problem.directions[:, problem.rank :]
    stays = start @ flat * (decaying(name, lr, **rest)[:, None] if "weight_decay" in rest else 1)
    assert np.abs(run.x @ flat - stays).max(initial=0) <= prediction(problem, run.state).max() * problem.kappa


def decaying(name, lr, momentum, weight_decay, dampening=0.0):
    """What weight decay alone makes of 1, by hand: where the data say nothing it pulls to zero."""
    x, v, seen = 1.0, None, [1.0]
    for _ in range(100):
        g = weight_decay * x
        v = g if v is None else momentum * v + (1 - dampening) * g
        x = x - lr * (g if "decoupled" in name else g + momentum * v if "nesterov" in name else v)
        seen.append(x)
    return np.array(seen)


@pytest.mark.parametrize("beta", [0.25, 0.5625, 0.81])
@pytest.mark.parametrize("curvature", [1.0, 2.0, 3.0])
def test_critical_damping_is_a_defective_block(beta, curvature):
    """√β is exact, lr = (1−√β)²/λ: a double eigenvalue √β with one eigenvector, so k·√β^k."""
    problem = LeastSquares(np.diag([np.sqrt(curvature), np.sqrt(curvature)]), [1.0, -1.0], loss="half")
    run, _ = agree(problem, METHODS["heavy_ball"], 150, lr=(1 - beta**0.5) ** 2 / curvature, momentum=beta)
    k = np.arange(151)
    root = beta**0.5
    expected = run.error[0, 0] * (1 + (1 - root) * k) * root**k
    assert np.abs(run.error[:, 0] - expected).max() <= 1e-11 * abs(run.error[0, 0]) * np.sqrt(curvature)


@pytest.mark.parametrize("method", USERS, ids=lambda m: m.name)
def test_users_rules(method):
    rest = {n: (a + b) / 3 for n, (a, b) in USERS[method][1].items()}
    agree(datasets.gaussian_2d(), method, 120, (0.3, -0.2), lr=2e-5, **rest)


@pytest.mark.parametrize("name", LINEAR)
def test_divergence_is_recorded_and_predicted(name):
    problem = datasets.with_spectrum([1.0, 4.0], 5, 0)
    rest = usual(METHODS[name], momentum=0.5, dampening=0.0)
    run, closed = agree(problem, METHODS[name], 3000, lr=40.0, **rest)
    assert run.diverged is not None
    assert closed.diverged is not None
    assert abs(run.diverged - closed.diverged) <= 1
    assert run.steps == run.diverged - 1


def test_a_run_without_steps():
    for how in (simulate, predict):
        run = how(datasets.gaussian_2d(), METHODS["heavy_ball"], 0, lr=0.1, momentum=0.5)
        assert run.x.shape == (1, 2)
        assert run.diverged is None


def test_a_start_at_the_minimiser_stays():
    problem = datasets.with_spectrum([1.0, 4.0], 5, 0)
    for method in (*LINEAR.values(), polyak_at_rest):
        run, _ = agree(problem, method, 50, problem.minimizer, lr=0.1, **usual(method))
        moved = "weight_decay" in method.hyper
        assert (np.abs(run.x - problem.minimizer).max() > 1e-3) if moved else np.abs(run.error).max() <= 1e-14


def test_the_previous_position_without_a_start_is_zero():
    problem = datasets.with_spectrum([1.0, 4.0], 5, 0)
    run, _ = agree(problem, polyak, 1, (1.0, 1.0), lr=0.1, momentum=0.5)
    assert np.allclose(run.x[1], run.x[0] - 0.1 * run.grad[0] + 0.5 * run.x[0])


def test_a_wrong_matrix_is_noticed():
    problem = datasets.gaussian_2d()
    run = simulate(problem, METHODS["heavy_ball"], 60, lr=2e-5, momentum=0.5)
    closed = predict(problem, METHODS["heavy_ball"], 60, lr=2e-5, momentum=0.5 * (1 + 1e-9))
    assert (apart(run, closed, 61, 1) > prediction(problem, run.state, buffers=False)).any()
