"""What a function cannot say of a method that is not linear it refuses in words that name the function that can."""

import pytest

import convergence as cv

P = [4.0, 1.0]
ASKED = {
    "predict": lambda n: cv.predict(P, n, 10, lr=0.01),
    "worst_case": lambda n: cv.worst_case(n, 5, mu=1, L=4, lr=0.01),
    "steps_to": lambda n: cv.steps_to(n, 1e-3, mu=1, L=4, lr=0.01),
    "horizon_optimum": lambda n: cv.horizon_optimum(n, 2, mu=1, L=4),
    "moments": lambda n: cv.moments(P, n, 5, noise=0.1, lr=0.01),
}
TO = "frozen|simulate|rests|cycles|noise_floor"


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", ["adam", "lion", "adagrad", "adamw"])
def test_it_is_refused_with_the_way_out(name, asked):
    with pytest.raises(cv.NotLinear, match=TO):
        ASKED[asked](name)


@pytest.mark.parametrize("name", ["adagrad", "amsgrad"])
@pytest.mark.parametrize(
    "ask", [cv.optimum, cv.regimes, cv.stability, lambda n: cv.diagnose(curvatures=P, method=n, lr=0.01)]
)
def test_a_line_of_rests_is_not_called_divergence(name, ask):
    with pytest.raises(cv.NotLinear, match="rests"):
        ask(name)


@pytest.mark.parametrize("name", ["lion", "amsgrad", "sign_descent"])
def test_what_has_no_exact_numbers_is_not_certified(name):
    with pytest.raises(cv.NotLinear):
        cv.certify_stable(name, mu=1, L=4, lr=0.01)


def test_a_prediction_near_the_rest_is_made():
    near = cv.predict([1.0], "rmsprop", 20, start=[1 + 1e-9], lr=1e-3, eps=0.01)
    assert abs(near.error[-1, 0] / 1e-9 - (1 - 0.1) ** 20) < 1e-4


@pytest.mark.parametrize(
    ("m", "made"),
    [("adam", {"eigenvalues"}), ("rmsprop", {"steps"}), ("rmsprop_inside", {"steps"})],
)
def test_a_linearised_rule_is_verified_near_its_rest_or_the_check_is_not_made(m, made):
    """A second moment has an eigenvalue that errors do not show; first steps are those of the bias correction."""
    eps = 0.01 if m == "rmsprop_inside" else 0.1
    result = cv.verify([12.0], m, lr=1e-3, eps=eps)
    assert bool(result)
    assert made <= {check.kind for check in result.checks if check.passed}
    assert all(control.rejected for control in result.controls if control.rejected is not None)
    assert {control.kind for control in result.controls if control.rejected} >= made
