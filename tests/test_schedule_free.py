"""Averages of iterates, whose clock c ← c/(1+c) never runs down: Schedule-Free SGD and Polyak and Ruppert's."""

from __future__ import annotations

import numpy as np
import pytest

import convergence as cv
from convergence.methods import AVERAGES

P = cv.datasets.gaussian_2d(loss="mean")
START = np.array([1.0, -2.0])
ROUNDING = 1e-12
SETTINGS = {"schedule_free_sgd": {"momentum": 0.9}, "averaged_sgd": {}}


def by_the_paper(lr, momentum, steps):
    """Defazio et al. 2024, eq. 3-5, its weights counted, and all iterates."""
    z = x = START
    positions, iterates = [x], [z]
    for t in range(steps):
        y = (1 - momentum) * z + momentum * x
        z = z - lr * P.grad(y)
        x = (1 - 1 / (t + 1)) * x + z / (t + 1)
        positions.append(x)
        iterates.append(z)
    return np.array(positions), np.array(iterates)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 1.0])
def test_schedule_free_is_the_papers_formula(momentum):
    run = cv.simulate(P, "schedule_free_sgd", 40, START, lr=0.05, momentum=momentum)
    positions, iterates = by_the_paper(0.05, momentum, 40)
    assert run.x == pytest.approx(positions, rel=ROUNDING, abs=ROUNDING)
    assert run.state[:, 1] == pytest.approx(iterates, rel=ROUNDING, abs=ROUNDING)
    assert run.state[1:, 2, 0] == pytest.approx(1 / np.arange(2, 42), rel=ROUNDING)


def test_schedule_free_is_that_of_its_authors_package():
    torch, schedulefree = (pytest.importorskip(name) for name in ("torch", "schedulefree"))
    w = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    X, y = (torch.tensor(part, dtype=torch.float64) for part in (P.X, P.y))
    optimizer = schedulefree.SGDScheduleFree([w], lr=0.05, momentum=0.9)
    positions = []
    for _ in range(30):
        optimizer.train()
        optimizer.zero_grad()
        (P.scale / 2 * ((X @ w - y) ** 2).sum()).backward()
        optimizer.step()
        optimizer.eval()
        positions.append(w.detach().numpy().copy())
    run = cv.simulate(P, "schedule_free_sgd", 30, START, lr=0.05, momentum=0.9)
    assert run.x[1:] == pytest.approx(np.array(positions), rel=1e-9, abs=1e-9)


def test_the_average_is_that_of_gradient_descents_iterates():
    average, plain = (cv.simulate(P, name, 30, START, lr=0.05).x for name in ("averaged_sgd", "gradient_descent"))
    assert average[1:] == pytest.approx(np.cumsum(plain[1:], axis=0) / np.arange(1, 31)[:, None], rel=ROUNDING)
    same = cv.simulate(P, "schedule_free_sgd", 30, START, lr=0.05, momentum=0.0).x
    assert same == pytest.approx(average, rel=ROUNDING, abs=ROUNDING)


@pytest.mark.parametrize("lr", [0.05, cv.schedules.linear(0.05, 25)])
@pytest.mark.parametrize("name", SETTINGS)
def test_given_a_number_of_steps_all_is_predicted(name, lr):
    hyper = {"lr": lr, **SETTINGS[name]}
    run, said = (f(P, name, 25, START, **hyper) for f in (cv.simulate, cv.predict))
    assert said.x == pytest.approx(run.x, rel=ROUNDING, abs=ROUNDING)
    assert said.state == pytest.approx(run.state, rel=ROUNDING, abs=ROUNDING)
    polynomials = cv.residuals(name, 25, P, **hyper)
    assert run.error == pytest.approx(polynomials * run.error[0], rel=ROUNDING, abs=ROUNDING)
    worst = cv.worst_case(name, 25, problem=P, **hyper)
    assert worst.value >= np.abs(polynomials[-1]).max() * (1 - ROUNDING)
    assert cv.moments(P, name, 25, noise=0.0, start=START, **hyper).loss == pytest.approx(
        run.loss - P.minimum, rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_moments_are_sums_over_what_each_step_adds(name):
    """The noise of step j reaches the average by the run that it starts alone."""
    momentum, steps, lr = SETTINGS[name].get("momentum", 0.0), 12, 0.3
    variance = np.zeros(2)
    for j in range(steps):
        x, z = np.zeros(2), np.zeros(2)
        for t in range(j, steps):
            y = (1 - momentum) * z + momentum * x
            z = z - lr * (np.array([2.0, 1.0]) * y + (t == j))
            x = (1 - 1 / (t + 1)) * x + z / (t + 1)
        variance += x**2
    exact = cv.moments([2.0, 1.0], name, steps, noise=1.0, lr=lr, **SETTINGS[name])
    assert np.diag(exact.covariance[-1]) == pytest.approx(variance, rel=ROUNDING)
    runs = cv.ensemble(P, name, 15, 400, batch=3, lr=0.01, **SETTINGS[name])
    loss = cv.moments(P, name, 15, batch=3, lr=0.01, **SETTINGS[name]).loss[-1]
    assert abs(runs.mean[-1] - loss) <= 5 * runs.standard_error[-1]


@pytest.mark.parametrize(("momentum", "exponent"), [(0.5, 2.0), (0.75, 4.0), (0.9, 10.0)])
def test_errors_fall_as_a_power_of_the_steps(momentum, exponent):
    """|x| ~ t^(−1/(1−β))."""
    p = np.abs(cv.residuals("schedule_free_sgd", 20000, [1.0], lr=0.5, momentum=momentum)[[5000, 20000], 0])
    assert np.log(p[0] / p[1]) / np.log(4) == pytest.approx(exponent, rel=0.02)  # and β = 0.9 comes near it slowly


@pytest.mark.parametrize(("momentum", "lr"), [(0.0, 0.5), (0.5, 0.5), (0.5, 0.1), (0.9, 0.5)])
def test_variance_falls_to_one_over_the_steps(momentum, lr):
    """T·E x² → σ²/(λ²(1−β²)) at any learning rate: β = 0, Polyak and Ruppert's, has the least there is."""
    curvature, steps = 2.0, 2000
    last = cv.moments([curvature], "schedule_free_sgd", steps, noise=1.0, lr=lr, momentum=momentum).covariance[-1, 0, 0]
    assert steps * last == pytest.approx(1 / (curvature**2 * (1 - momentum**2)), rel=0.01)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
def test_the_largest_rate_is_two_over_one_less_momentum(momentum):
    edge = 2 / (1 - momentum)
    inside, outside = (
        np.abs(cv.residuals("schedule_free_sgd", 4000, [1.0], lr=part * edge, momentum=momentum)[-1, 0])
        for part in (0.95, 1.05)
    )
    assert inside < 1e-3
    assert outside > 1e3


LIMITS = {
    "stability": lambda name, hyper: cv.stability(name),
    "rate": lambda name, hyper: cv.rate(name),
    "optimum": lambda name, hyper: cv.optimum(name),
    "noise_floor": lambda name, hyper: cv.noise_floor(name),
    "filter_of": lambda name, hyper: cv.filter_of(name),
    "spectral_radius": lambda name, hyper: cv.spectral_radius(name, [1.0, 2.0], **hyper),
    "steps_to": lambda name, hyper: cv.steps_to(name, 1e-3, mu=1, L=2, **hyper),
    "transient": lambda name, hyper: cv.transient(name, 2.0, **hyper),
    "stationary": lambda name, hyper: cv.stationary([1.0, 2.0], name, noise=0.1, **hyper),
    "verify": lambda name, hyper: cv.verify([1.0, 2.0], name, **hyper),
    "certify_stable": lambda name, hyper: cv.certify_stable(name, mu=1, L=2, **hyper),
    "equivalent": lambda name, hyper: cv.equivalent(name, "heavy_ball"),
}


@pytest.mark.parametrize("question", LIMITS)
@pytest.mark.parametrize("name", AVERAGES)
def test_what_asks_for_a_limit_is_refused_in_words(name, question):
    with pytest.raises(cv.NotLinear, match="has no rate: its clock c"):
        LIMITS[question](name, {"lr": 0.1, **SETTINGS[name]})


def test_they_are_called_by_name_and_stand_apart():
    assert set(AVERAGES) == set(SETTINGS)
    assert not set(AVERAGES) & set(cv.methods.LINEAR)
    assert cv.methods.averaged_sgd is AVERAGES["averaged_sgd"]
    with pytest.raises(cv.BadName, match="schedule_free_sgd"):
        cv.simulate(P, "schedule_fre_sgd", 3, lr=0.1)


def averaged_by(tick, first):
    def start(f, x):
        return x, x, x * 0 + first

    def rule(f, x, z, c, *, lr):
        z = z - lr * f.grad(z)
        return (1 - c) * x + c * z, z, tick(c)

    return cv.method(start=start, name="averaged")(rule)


@pytest.mark.parametrize(
    ("tick", "first"), [(lambda c: c / (1 + 2 * c), 1), (lambda c: (1 + c) / (3 - c), 0), (lambda c: 1 / (2 - c), 0.5)]
)
def test_a_users_fading_clock_is_followed(tick, first):
    """1/(c − rest) grows by a constant: to 0, and to 1."""
    m = averaged_by(tick, first)
    run, said = (f(P, m, 30, START, lr=0.05) for f in (cv.simulate, cv.predict))
    assert cv.derive(m).clock.fades
    assert said.x == pytest.approx(run.x, rel=ROUNDING, abs=ROUNDING)


@pytest.mark.parametrize("tick", [lambda c: 1 / (1 + c), lambda c: c / (1 + c * c), lambda c: -c / (1 + c)])
def test_other_maps_are_no_clocks(tick):
    """One with two fixed points, one of higher degree, one that turns about."""
    with pytest.raises(cv.NotLinear, match="no iteration matrix"):
        cv.derive(averaged_by(tick, 1))


def test_a_clock_that_would_go_by_way_of_infinity_is_none():
    derived = cv.derive(averaged_by(lambda c: c / (1 + c), -0.3))
    assert derived.clock is None
    assert not derived.linear
