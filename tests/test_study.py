"""A study is complete, plain, read back equal, and the same twice."""

import json
import re

import numpy as np
import pytest

import convergence as cv
from convergence.figures import figures, render
from convergence.pipeline.kappa import best_rates
from convergence.serialization import SCHEMA_VERSION


@pytest.fixture(scope="module")
def study():
    return cv.study(
        cv.datasets.gaussian_2d(), ["gradient_descent", "ema_momentum", "nesterov"], title="the notes' data"
    )


def test_it_answers_for_every_method(study):
    assert study
    assert [m.name for m in study.methods] == ["gradient_descent", "ema_momentum", "nesterov"]
    for m in study.methods:
        assert m.tuning.steps_predicted == m.tuning.steps_counted
        assert m.tuning.binding == "direction 1"
        assert m.theory.optimum
        assert all(m.controls)


def test_steps_are_what_a_plain_loop_counts(study):
    X, y = cv.datasets.gaussian_2d()
    (lr,) = study.methods[0].tuning.hyper.values()
    w, best, count = np.zeros(2), np.linalg.lstsq(X, y)[0], 0
    while np.linalg.norm(w - best) > 1e-3 * np.linalg.norm(best):
        w, count = w - lr * 2 * X.T @ (X @ w - y), count + 1
    assert study.methods[0].tuning.steps_counted == count


def test_json_reads_back_into_an_equal_study(study, tmp_path):
    assert cv.Study.from_json(study.to_json()) == study
    study.save(tmp_path / "out", formats=["json"], figures=[])
    assert cv.Study.load(tmp_path / "out") == study
    assert json.loads(study.to_json())["schema_version"] == SCHEMA_VERSION


def test_the_same_input_gives_the_same_bytes(study):
    again = cv.study(
        cv.datasets.gaussian_2d(), ["gradient_descent", "ema_momentum", "nesterov"], title="the notes' data"
    )
    assert again.to_json() == study.to_json()
    picture, other = figures(study)["stability-nesterov"], figures(again)["stability-nesterov"]
    assert render(picture) == render(other)


def test_save_writes_every_file_that_the_page_names(study, tmp_path):
    names = {path.relative_to(tmp_path).as_posix() for path in study.save(tmp_path)}
    assert {"report.md", "report.html", "report.json", "report.tex"} <= names
    page = (tmp_path / "report.md").read_text()
    assert all(f"({name})" in page for name in names if name.endswith(".svg"))


def test_fixed_hyperparameters_go_to_the_methods_that_have_them():
    found = cv.study(cv.datasets.gaussian_2d(), ["gradient_descent", "heavy_ball"], hyper={"momentum": 0.9})
    assert found.methods[1].tuning.hyper["momentum"] == 0.9
    low, high = found.methods[1].tuning.plateau
    assert low < found.methods[1].tuning.hyper["lr"] < high
    assert abs(found.methods[1].tuning.rate - 0.9**0.5) < 1e-12


def test_a_diverging_setting_is_shown_and_not_refused():
    found = cv.study(cv.datasets.gaussian_2d(), ["heavy_ball"], hyper={"lr": 0.01})
    tuning = found.methods[0].tuning
    assert tuning.rate > 1
    assert tuning.steps_predicted is None
    assert found.methods[0].run.diverged is not None
    assert tuning.lr_max < 0.01


def test_an_unknown_hyperparameter_is_refused_with_the_nearest():
    with pytest.raises(cv.BadHyperparameter, match="did you mean 'momentum'"):
        cv.study(cv.datasets.gaussian_2d(), ["heavy_ball"], hyper={"momentun": 0.9})


@pytest.mark.parametrize("columns", [1, 25])
def test_one_column_and_many_stay_readable(columns):
    rng = np.random.default_rng(columns)
    problem = cv.LeastSquares(rng.normal(size=(60, columns)), rng.normal(size=60))
    found = cv.study(problem, ["gradient_descent", "heavy_ball"])
    assert found
    assert len(found.data.directions) == min(columns, 6)
    assert found.data.hidden == max(columns - 6, 0)
    assert len(figures(found))


def test_workers_change_nothing():
    data = cv.datasets.gaussian_2d()
    one, two = (cv.study(data, ["gradient_descent", "heavy_ball"], workers=n).to_json() for n in (1, 2))
    assert one == two


def test_finite_time_limits_and_proofs_are_in_the_study():
    data = cv.datasets.gaussian_2d()
    found = cv.study(data, ["gradient_descent", "chebyshev", "weight_decay_decoupled"])
    plain, best, decay = found.methods
    ends = {"mu": data.mu, "L": data.L}
    assert plain.finite.horizons[0].worst == cv.worst_case("gradient_descent", 10, **ends, **plain.tuning.hyper).value
    assert plain.finite.horizons[0].limit == cv.lower_bound(10, **ends)
    assert plain.finite.steps == cv.steps_to("gradient_descent", 1e-3, **ends, **plain.tuning.hyper)
    kappa, root = data.kappa, data.kappa**0.5
    long_run = np.log((kappa - 1) / (kappa + 1)) / np.log((root - 1) / (root + 1))
    assert plain.finite.share == pytest.approx(long_run, rel=1e-9)
    assert best.finite.curve == pytest.approx(found.limit.bound, rel=1e-8)
    assert decay.finite is None
    assert [c.holds for c in plain.certificates] == [True, True, True]
    assert "torch.optim.SGD" in plain.libraries[0].call
    assert all(len(digits) <= 16 for m in found.methods for call in m.libraries for digits in re.findall(r"[\d.]+", call.call))


def test_settings_that_diverge_are_refuted_and_diagnosed():
    (ball,) = cv.study(cv.datasets.gaussian_2d(), ["heavy_ball"], hyper={"lr": 1.0, "momentum": 0.5}).methods
    assert ball.certificates[0].holds is False
    assert ball.diagnosis.verdict == "diverges"
    assert ball.finite.steps is None


def test_the_best_rate_never_falls_with_the_condition_number():
    for name in ("robust_momentum", "nesterov"):
        rates = np.array(best_rates(cv.METHODS[name], 10.0))
        assert (np.diff(rates) >= -1e-9).all()
