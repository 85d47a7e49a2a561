"""What a double calls zero may come back: runs of rules that know no scale, against numbers of any size."""

import matplotlib
import numpy as np
import pytest

import convergence as cv

matplotlib.use("Agg")


@pytest.mark.parametrize(("decay", "step", "least"), [(0.9, 1091, -21.743), (0.99, 2167, -213.61)])
def test_rmsprop_passes_far_below_its_step_and_comes_back_to_half_of_it(decay, step, least):
    run = cv.log_run("rmsprop", 1.0, step + 6000, 1.0, lr=1e-3, decay=decay, eps=0)
    assert run.smallest[0] == step
    assert abs(run.smallest[1] - least) < 5e-3
    assert run.regrew
    assert abs(run.log10[-1] - np.log10(1e-3 / 2)) < 1e-9


def test_it_passes_where_a_double_is_zero():
    """10^(−2139.06), on the way to which doubles are 0, and stay there."""
    run = cv.log_run("rmsprop", 1.0, 13000, 1.0, lr=1e-3, decay=0.999, eps=0)
    assert abs(run.smallest[1] + 2139.06) < 5e-3
    assert "where a double is 0" in repr(run)
    assert run.regrew
    doubles = cv.simulate([1.0], "rmsprop", 13000, start=[2.0], lr=1e-3, decay=0.999, eps=0).error[:, 0]
    assert doubles[-1] == 0  # the control: "converged"
    run.plot()


def test_it_is_the_run_of_simulate_as_long_as_doubles_suffice():
    ours = cv.log_run("adam", 4.0, 50, -1.0, lr=0.1)
    theirs = cv.simulate([4.0], "adam", 50, lr=0.1).error[:, 0]
    assert np.allclose(ours.sign * 10**ours.log10, theirs, rtol=1e-10)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "nadam"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda n: cv.verify([4.0, 1.0], n, lr=1e-3, eps=0),
        lambda n: cv.diagnose(curvatures=[4.0, 1.0], method=n, lr=1e-3, eps=0),
    ],
)
def test_without_epsilon_nothing_is_claimed_at_the_minimiser(name, ask):
    with pytest.raises(cv.NotLinear, match="log_run"):
        ask(name)
