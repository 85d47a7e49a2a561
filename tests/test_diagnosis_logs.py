"""What a log is: steps are read, columns are told by what they are, noise is no run, and error bars hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

import convergence as cv
from convergence.diagnosis.logfile import read_log


def descent(curvatures, steps, lr, momentum=0.0, start=None, minimiser=1.0):
    """Iterates (steps+1, d) of gradient descent with momentum on a diagonal quadratic, by a loop here."""
    curvatures = np.asarray(curvatures, dtype=float)
    x, v = np.arange(3.0, 3.0 + len(curvatures)) if start is None else np.asarray(start, dtype=float), 0.0
    rows = [x]
    for _ in range(steps):
        v = momentum * v + curvatures * (x - minimiser)
        x = x - lr * v
        rows.append(x)
    return np.array(rows)


@pytest.mark.finding("C1")
def test_lr_times_curvature_one_is_a_root_at_zero():
    basis = np.array([[1.0, 1.0], [1.0, -1.0]]) / 2**0.5
    rows = descent([10.0, 1.0], 60, 0.1, start=[0.5**0.5, 0.5**0.5], minimiser=0.0) @ basis
    found = cv.diagnose_run(rows)
    assert found.eigenvalues.ravel() == pytest.approx([0, 0.9], abs=1e-9)
    assert found.method == "gradient_descent"


@pytest.mark.parametrize("steps", [20, 24, 28])
def test_a_swing_that_turns_at_the_end_of_the_log_has_not_arrived(steps):
    """At ηλ = β = ½ the eigenvalues turn by 45° a step, and each fourth step stands still."""
    found = cv.diagnose_run(descent([5.0], steps, 0.1, 0.5, start=[3.1], minimiser=0.3), lr=0.1)
    assert found.steps == steps
    assert not any("arrived" in note for note in found.notes)
    assert abs(found.radius - 0.5**0.5) < 1e-9


@pytest.mark.finding("C1")
def test_nesterov_at_one_over_L_is_no_crash():
    rows = cv.simulate([10.0, 1.0], "nesterov", 60, lr=0.1, momentum=0.5, start=[3.0, 4.0]).x
    found = cv.diagnose_run(rows, method="nesterov")
    assert found.momentum == pytest.approx(0.5)
    assert 0.1 in found.lr_curvature.round(9)


@pytest.mark.finding("A6")
def test_pure_noise_is_undecided():
    for seed in range(2):
        found = cv.diagnose_run(np.random.default_rng(seed).random((50, 3)))
        assert found.verdict == "undecided"
        assert found.diagnosis is None


@pytest.mark.finding("A12")
def test_rows_of_noise_about_a_minimiser_at_zero_do_not_win():
    random = np.random.RandomState(0)
    rows = (1 - 0.6072) ** np.arange(101) + 1e-3 * random.randn(101)
    found = cv.diagnose_run(rows, method="gradient_descent")
    assert abs(found.lr_curvature[0] - 0.6072) < found.lr_curvature_error[0] < 0.02


@pytest.mark.finding("A12")
@pytest.mark.parametrize(
    ("method", "hyper", "noise"),
    [
        ("gradient_descent", {"lr": 1.2}, 1e-6),
        ("heavy_ball", {"lr": 0.5, "momentum": 0.7}, 1e-2),
        ("heavy_ball", {"lr": 0.5, "momentum": 0.7}, 1e-4),
        ("nesterov", {"lr": 0.5, "momentum": 0.7}, 1e-4),
    ],
)
def test_truth_lies_inside_the_bars_wherever_the_minimiser_is(method, hyper, noise):
    truth, inside = hyper["lr"] * np.array([1.0, 0.3]), []
    for seed in range(5):
        random = np.random.default_rng(seed)
        rows = cv.simulate([1.0, 0.3], method, 60, start=random.uniform(2, 3, 2), **hyper).x - seed % 2
        found = cv.diagnose_run(rows + noise * random.standard_normal(rows.shape), method=method)
        pairs = zip(found.lr_curvature, found.lr_curvature_error, strict=True)
        inside += [np.abs(truth - value).min() <= bar for value, bar in pairs]
        if "momentum" in hyper:
            inside.append(abs(found.momentum - hyper["momentum"]) <= found.momentum_error)
    assert np.mean(inside) >= 0.95


@pytest.mark.finding("A12")
@pytest.mark.parametrize("noise", [1e-2, 1e-5])
def test_truth_lies_inside_the_bars_where_the_steps_themselves_are_noisy(noise):
    """Noise in the gradients lives on in the run: its residuals are not independent."""
    curvatures, inside = np.array([1.0, 0.3]), []
    for seed in range(12):
        random = np.random.default_rng(seed)
        x = random.uniform(2, 3, 2)
        rows = [x]
        for _ in range(60):
            x = x - 1.2 * (curvatures * (x - 1) + noise * random.standard_normal(2))
            rows.append(x)
        found = cv.diagnose_run(np.array(rows), method="gradient_descent")
        pairs = zip(found.lr_curvature, found.lr_curvature_error, strict=True)
        inside += [np.abs(1.2 * curvatures - value).min() <= bar for value, bar in pairs]
        inside += (np.abs(found.minimiser - 1) <= found.minimiser_error).tolist()
    assert np.mean(inside) >= 0.95


@pytest.mark.parametrize("strange", [False, True])
def test_what_is_left_over_in_one_row_is_no_noise(strange):
    """A hundred rows of even noise are spread over half of themselves; one row that is off, over a hundredth."""
    rows = descent([1.0, 0.3], 100, 0.5) + 1e-6 * np.random.default_rng(0).standard_normal((101, 2))
    rows[40] += 1e-3 * strange
    found = cv.diagnose_run(rows, method="gradient_descent")
    assert any("no noise" in note for note in found.notes) is strange


@pytest.mark.parametrize("lr", [0, -0.5, np.nan, [0.1, 0.2]])
def test_a_learning_rate_that_no_run_has_is_refused(lr):
    with pytest.raises(cv.BadHyperparameter, match="positive learning rate"):
        cv.diagnose_run(descent([1.0, 0.3], 30, 0.5), lr=lr)


@pytest.mark.finding("C3")
@pytest.mark.parametrize("stride", [2, 3])
def test_rows_that_skip_steps_are_read_by_their_steps(stride):
    rows, steps = descent([60.0, 7.0], 60, 0.01, 0.9), np.arange(61)
    found = cv.diagnose_run(rows[::stride], steps=steps[::stride], lr=0.01, method="heavy_ball")
    assert found.curvatures == pytest.approx([60, 7])
    assert found.momentum == pytest.approx(0.9)
    assert any(f"row every {stride} steps" in note for note in found.notes)
    assert not any("gap(s)" in note for note in found.notes)


@pytest.mark.finding("C3")
def test_every_hundredth_step_of_a_slow_descent():
    rows = descent([10.0, 0.0557], 9000, 0.05)
    found = cv.diagnose_run(rows[::100], steps=np.arange(0, 9001, 100), lr=0.05, method="gradient_descent")
    assert found.curvatures == pytest.approx([0.0557])


@pytest.mark.finding("C3")
def test_what_died_before_the_next_row_says_no_more_than_its_bars():
    rows = descent([930.0, 0.2504], 60000, 1e-3)[::5000]
    found = cv.diagnose_run(rows, steps=np.arange(0, 60001, 5000), lr=1e-3, method="gradient_descent")
    for value, bar in zip(found.lr_curvature, found.lr_curvature_error, strict=True):
        assert np.abs(np.array([0.93, 0.2504e-3]) - value).min() <= bar
    assert found.curvatures[-1] == pytest.approx(0.2504)


@pytest.mark.finding("C3")
def test_order_gaps_and_repeats_of_steps_are_put_right_and_said():
    rows, steps = descent([60.0, 7.0], 60, 0.01, 0.9), np.arange(61)
    whole = cv.diagnose_run(rows, lr=0.01)
    keep = np.delete(steps, [7, 20, 21])
    for order, word in ((steps[::-1], "sorted"), (keep, "gap"), (np.append(steps, 60), "repeat")):
        found = cv.diagnose_run(rows[order], steps=order, lr=0.01)
        assert found.curvatures == pytest.approx(whole.curvatures)
        assert found.verdict == whole.verdict
        assert any(word in note for note in found.notes)


@pytest.mark.finding("C4")
def test_gradients_that_contradict_the_iterates_are_said():
    rows = descent([10.0, 0.0557], 500, 0.05)
    gradients = (rows - 1) * [10.0, 0.0557]
    found = cv.diagnose_run(rows[::5], gradients[::5], lr=0.05)
    assert any("logged gradients 0.0557" in note for note in found.notes)
    assert found.verdict == "undecided"
    assert "contradict" in found.advice[0]
    alone = cv.diagnose_run(rows[::5], gradients[::5])
    assert any("contradict" in note for note in alone.notes)
    assert alone.verdict == "undecided"
    right = cv.diagnose_run(rows[::5], gradients[::5], lr=0.05, steps=np.arange(0, 501, 5))
    assert not any("gradients" in note for note in right.notes)


@pytest.mark.finding("C5")
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_losses_alone_say_how_fast_the_run_is(momentum):
    rows = descent([10.0], 60, 0.02, momentum)
    found = cv.diagnose_run(losses=5 * ((rows - 1) ** 2).sum(axis=1) + 0.7)
    true = np.roots([1, -(1 + momentum - 0.2), momentum])
    assert found.radius == pytest.approx(np.abs(true).max())
    assert any("losses alone" in note for note in found.notes)
    assert found.verdict == "converges"
    assert found.advice[0].startswith("Log the weights")  # a steeper direction may have died out


def test_losses_of_two_directions():
    rows = descent([10.0, 1.0], 60, 0.05)
    losses = ((rows - 1) ** 2 * [5.0, 0.5]).sum(axis=1)
    assert cv.diagnose_run(losses=losses, method="gradient_descent").lr_curvature == pytest.approx([0.5, 0.05])


@pytest.mark.parametrize(("lr", "momentum"), [(0.25, 0.9), (0.5, 0.5), (0.3, 0.0), (1.0, 0.0)])
def test_losses_that_grow_are_those_of_a_positive_curvature(lr, momentum):
    curvatures = np.array([20.0, 7.0, 2.0])
    losses = (curvatures * (descent(curvatures, 40, lr, momentum) - 1) ** 2).sum(axis=1) / 2
    settings = {"method": "pytorch", "momentum": momentum} if momentum else {"method": "gradient_descent"}
    found = cv.diagnose_run(losses=losses, lr=lr, **settings)
    assert found.verdict == "diverges"
    assert found.curvatures[0] == pytest.approx(20, rel=1e-3)
    assert found.advice[0].startswith("Lower lr from")
    assert not any("alternates" in note for note in found.notes)  # no positive curvature grows without alternating
    assert found.headline.endswith("direction 1")


@pytest.mark.finding("C5")
def test_five_rows_that_grow_say_that_they_do():
    assert cv.diagnose_run(losses=2 * 5.8e5 ** np.arange(5)).verdict == "diverges"
    assert cv.diagnose_run(np.array([[1.0, 2.0]]) * 5.8e5 ** np.arange(5)[:, None]).verdict == "diverges"


def write(path, header, *columns):
    lines = [header, *(",".join(f"{value!r}" for value in row) for row in np.column_stack(columns).tolist())]
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_log(path)


@pytest.mark.finding("C2")
@pytest.mark.parametrize("name", ["cost", "J", "mse", "train_loss", "val_loss", "lr", "Value", "Wall time", "q"])
def test_other_columns_are_not_weights(tmp_path, name):
    rows = descent([10.0, 1.0], 40, 0.05)
    other = np.full(41, 0.05) if name == "lr" else (rows - 1) ** 2 @ [5.0, 0.5] + 0.7
    log = write(tmp_path / "log.csv", f"step,a,b,{name}", np.arange(41), rows, other)
    assert log.columns == ("a", "b")
    assert name in log.aside or (name, log.rates) == ("lr", 0.05)
    assert (log.weights == rows).all()
    assert (log.steps == np.arange(41)).all()


@pytest.mark.finding("C2")
@pytest.mark.parametrize(("name", "clock"), [("years", 1960 + np.arange(41)), ("when", 0.1 * np.arange(41))])
def test_a_column_that_moves_evenly_is_a_clock(tmp_path, name, clock):
    rows = descent([10.0, 1.0], 40, 0.05)
    log = write(tmp_path / "log.csv", f"{name},a,b", clock, rows)
    assert (log.columns, log.aside) == (("a", "b"), (name,))
    assert cv.diagnose_run(log.weights, steps=log.steps).lr_curvature == pytest.approx([0.5, 0.05])


@pytest.mark.finding("E")
@pytest.mark.parametrize(
    ("header", "separator", "end"),
    [("w0;w1", ";", ""), ("w0 w1", " ", ""), ("# by hand\nw0,w1,", ",", ","), ("w0\tw1", "\t", "")],
)
def test_logs_are_read_as_any_table(tmp_path, header, separator, end):
    rows = descent([10.0, 1.0], 40, 0.05)
    lines = [header, *(separator.join(map(repr, row)) + end for row in rows.tolist())]
    (tmp_path / "log.csv").write_text("\n".join(lines), encoding="utf-8")
    log = read_log(tmp_path / "log.csv")
    assert log.columns == ("w0", "w1")
    assert (log.weights == rows).all()


@pytest.mark.finding("E")
def test_a_log_with_decimal_commas_says_the_way_out(tmp_path):
    (tmp_path / "log.csv").write_text("step;w\n0;3,5\n1;2,5\n", encoding="utf-8")
    with pytest.raises(cv.BadData, match=r"line 2, column 'w'.*decimal point"):
        read_log(tmp_path / "log.csv")


@pytest.mark.finding("C2")
def test_gradients_are_told_by_their_names(tmp_path):
    rows = descent([10.0, 1.0], 40, 0.05)
    log = write(tmp_path / "log.csv", "w0,w1,djdw0,djdw1", rows, (rows - 1) * [10.0, 1.0])
    assert cv.diagnose_run(log.weights, log.gradients).lr == pytest.approx(0.05)


@pytest.mark.finding("C5")
@pytest.mark.parametrize(
    ("header", "before"),
    [
        ("Wall time,Step,Value", lambda k: (1.7e9 + 0.3 * k, k)),  # TensorBoard
        ("_step,_runtime,train/loss", lambda k: (k, 0.1 * k)),  # Weights & Biases
        ("epoch,accuracy,loss", lambda k: (k, 1 - 0.9**k)),  # Keras
        (",epoch,train_loss", lambda k: (k, k // 5)),  # pandas' index, Lightning
    ],
)
def test_logs_of_losses_as_libraries_write_them(tmp_path, header, before):
    losses = ((descent([1.0], 40, 0.1) - 1) ** 2).ravel()
    log = write(tmp_path / "log.csv", header, *before(np.arange(41.0)), losses)
    assert log.weights is None
    assert log.steps.tolist() == list(range(41))
    assert log.losses.tolist() == losses.tolist()


def test_losses_are_those_of_their_steps():
    losses = ((descent([1.0], 40, 0.1) - 1) ** 2).ravel()
    assert cv.diagnose_run(losses=losses, steps=np.arange(41)).radius == pytest.approx(0.9)
