"""With what it divides by held, an adaptive rule is linear: its edge of stability on P⁻¹H, and its floor under noise."""

import numpy as np
import pytest
import sympy as sp
from scipy.sparse.linalg import LinearOperator, aslinearoperator
from tolerances import EPS, SLACK

import convergence as cv

ETA, DELTA, B1 = (
    sp.Symbol("eta", positive=True),
    sp.Symbol("delta", nonnegative=True),
    sp.Symbol("beta1", nonnegative=True),
)
HEAVY = (1 + B1) / (1 - B1)
EDGES = {
    "rmsprop": 2 / ETA,
    "rmsprop_inside": 2 / ETA,
    "adagrad": 2 / ETA,
    "adam": 2 * HEAVY / ETA,
    "amsgrad": 2 * HEAVY / ETA,
    "adamw": HEAVY * (2 - ETA * DELTA) / ETA,
    "nadam": 2 * HEAVY / (1 + 2 * B1) / ETA,
}


@pytest.mark.parametrize("name", EDGES)
def test_the_edge_follows_from_the_rule(name):
    assert sp.simplify(cv.preconditioned_edge(name) - EDGES[name]) == 0


def test_the_published_edge_of_adam_is_thirty_eight_over_the_rate():
    """Cohen et al. (2022), at β₁ = 0.9."""
    assert cv.preconditioned_edge("adam", lr=1, beta1=0.9) == 38
    assert abs(0.01 * cv.preconditioned_edge("adamw", lr=0.01, beta1=0.9, weight_decay=0.5) - 37.905) < SLACK * EPS * 38


def test_frozen_by_the_trace_is_the_linear_rule_that_the_catalogue_writes_by_hand():
    ours = cv.simulate([4.0, 1.0], cv.frozen("nadam"), 30, lr=0.2, beta1=0.9, preconditioner=2.0)
    by_hand = cv.simulate([4.0, 1.0], "frozen_nadam", 30, lr=0.1, momentum=0.9)
    assert np.abs(ours.x - by_hand.x).max() < 30 * SLACK * EPS
    assert cv.frozen("adam") is cv.frozen("adam")


@pytest.mark.parametrize("name", ["adam", "rmsprop", "nadam", "adamw"])
def test_a_run_whose_second_moment_hardly_moves_diverges_beyond_the_edge_and_not_below_it(name):
    method, rest = cv.METHODS[name], {"weight_decay": 0.5} if name == "adamw" else {}
    edge = cv.preconditioned_edge(name, lr=0.01, **({} if name == "rmsprop" else {"beta1": 0.9}), **rest)
    slow = {"decay" if name == "rmsprop" else "beta2": 1.0 - 1e-12}

    class Objective:
        def grad(self, x):
            return 1.0 * x

    for share, grows in ((0.98, False), (1.02, True)):
        state = list(method.start(Objective(), np.array([1e-20])))
        state[method.state.index("v")] = np.array([1 / (share * edge) ** 2])
        if "q" in method.state:
            state[-1], state[-2] = 0.0, 0.0
        full = method.at(lr=0.01, eps=0.0, **slow, **rest).numbers
        for _ in range(600):
            state = method(Objective(), *state, **full)
        assert (abs(state[0][0]) > 1e-20) == grows


@pytest.mark.parametrize("name", ["lion", "signum", "sign_descent", "gradient_descent"])
def test_what_divides_by_nothing_has_no_edge(name):
    with pytest.raises(cv.NotLinear, match="divides by nothing"):
        cv.preconditioned_edge(name)


def test_the_eigenvalues_are_those_of_the_unsymmetric_product():
    rng = np.random.default_rng(3)
    X, v = rng.normal(size=(30, 5)), rng.uniform(0.1, 9, 5)
    problem = cv.LeastSquares(X, rng.normal(size=30), loss="mean")
    P = np.sqrt(v) + 0.1
    expected = np.sort(np.linalg.eigvals(problem.hessian / P[:, None]).real)[::-1]
    assert np.allclose(cv.preconditioned(problem, v, eps=0.1).curvatures, expected, rtol=1e-10)
    assert np.allclose(cv.preconditioned_sharpness(problem.hessian, v, eps=0.1, count=5), expected, rtol=1e-10)
    wrong = np.linalg.eigvalsh(problem.hessian / P[:, None])  # the trap: a symmetric solver on P⁻¹H
    assert not np.allclose(wrong[::-1], expected, rtol=1e-2)


def test_products_alone_are_enough_and_the_hessian_may_be_indefinite():
    rng = np.random.default_rng(4)
    A = rng.normal(size=(80, 80))
    H, v = A + A.T, rng.uniform(0.5, 4, 80)
    expected = np.sort(np.linalg.eigvals(H / np.sqrt(v)[:, None]).real)[::-1][:3]
    for given in (H, aslinearoperator(H), LinearOperator((80, 80), matvec=lambda u: H @ u), lambda u: H @ u):
        assert np.allclose(cv.preconditioned_sharpness(given, v, count=3), expected, rtol=1e-9)


def test_a_networks_products_by_automatic_differentiation():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    x, y = torch.randn(20, 3, dtype=torch.float64), torch.randn(20, 1, dtype=torch.float64)
    shapes = [(4, 3), (4,), (1, 4)]
    w = torch.randn(sum(int(np.prod(s)) for s in shapes), dtype=torch.float64)

    def loss(w):
        W, b, V = (part.reshape(s) for part, s in zip(w.split([int(np.prod(s)) for s in shapes]), shapes, strict=True))
        return ((torch.tanh(x @ W.T + b) @ V.T - y) ** 2).mean()

    def product(u):
        return torch.autograd.functional.hvp(loss, w, torch.tensor(u))[1].numpy()

    v = np.linspace(0.5, 3, len(w))
    H = torch.autograd.functional.hessian(loss, w).numpy()
    expected = np.linalg.eigvals(H / (np.sqrt(v) + 0.01)[:, None]).real.max()
    assert abs(cv.preconditioned_sharpness(product, v, eps=0.01)[0] / expected - 1) < 1e-9


FLOORS = {"rmsprop": 0.0101010101, "adam": 0.0100052659}


@pytest.mark.parametrize("name", FLOORS)
def test_the_frozen_floor_is_that_of_a_long_run_under_noise(name):
    """Noise σ = 1 fills the second moment: P = σ. Monte Carlo, with its standard error."""
    at = {} if name == "rmsprop" else {"beta1": 0.9}
    floor = cv.noise_floor(cv.frozen(name)).at(curvature=1.0, lr=0.02, preconditioner=1.0, **at).variance
    assert abs(floor - FLOORS[name]) < 1e-10
    rng, method, runs, steps = np.random.default_rng(5), cv.METHODS[name], 1000, 3000

    class Noisy:
        def grad(self, x):
            return x + rng.normal(size=x.shape)

    state = list(method.start(Noisy(), np.zeros(runs)))
    if name == "rmsprop":
        state[1] = np.ones(runs)  # else it takes 1/(1−γ) steps to fill
    full = method.at(lr=0.02, **({"decay": 0.99} if name == "rmsprop" else {})).numbers
    squares = []
    for k in range(steps):
        state = method(Noisy(), *state, **full)
        if k >= steps // 2:
            squares.append(state[0] ** 2)
    each = np.mean(squares, axis=0)
    error = each.std() / np.sqrt(runs)
    assert abs(each.mean() - floor) < 4 * error + 0.02 * floor  # P fluctuates about σ by √((1−γ)/2) = 2 %
    assert abs(each.mean() - 2 * floor) > 4 * error  # the control
