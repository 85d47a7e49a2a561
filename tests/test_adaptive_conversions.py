"""Adaptive settings carried between libraries make the same iterates, or late steps; else the reason is said."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from tolerances import identity

import convergence as cv

STEPS, START = 200, (1.5, -0.75)
TURN = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
X = np.diag([2.0, np.sqrt(0.5)]) @ TURN.T
PROBLEM = cv.LeastSquares(X, X @ np.array([0.25, 0.5]), loss="half")


def run(preset, given, **other):
    same = cv.convert(preset, preset, **given)
    return cv.simulate(PROBLEM, same.method, STEPS, START, **{**same.hyper, **other}).x


EXACT = [
    ("torch.adam", "optax.adam", {"lr": 0.05, "betas": (0.5, 0.9), "eps": 0.1}),
    ("optax.adam", "torch.adam", {"learning_rate": 0.05, "b2": 0.9}),
    ("torch.adamw", "optax.adam", {"lr": 0.05, "weight_decay": 0}),
    ("torch.adam", "torch.adamw", {"lr": 0.05, "weight_decay": 0.3, "decoupled_weight_decay": True}),
    ("optax.rmsprop", "torch.adam", {"learning_rate": 0.05, "eps_in_sqrt": False, "bias_correction": True}),
    ("optax.adagrad", "torch.adagrad", {"learning_rate": 0.05}),
    ("torch.adagrad", "keras.adagrad", {"eps": 0, "initial_accumulator_value": 0.2}),
    ("torch.rmsprop", "optax.rmsprop", {"lr": 0.05, "momentum": 0.5}),
    ("optax.rmsprop", "keras.rmsprop", {"learning_rate": 0.05, "momentum": 0.5, "eps": 0.1}),
    ("torch.nadam", "keras.nadam", {"lr": 0.05, "momentum_decay": 1}),
    ("optax.signum", "keras.lion", {"learning_rate": 0.05}),
    ("optax.sign_sgd", "optax.signum", {"learning_rate": 0.05}),
]


@pytest.mark.parametrize(("src", "dst", "given"), EXACT, ids=lambda part: part if isinstance(part, str) else "")
def test_the_same_iterates(src, dst, given):
    found = cv.convert(src, dst, **given)
    assert found.same_iterates
    assert not found.flags
    one, other = run(src, given), run(dst, found)
    assert np.abs(one - other).max() <= identity(STEPS, 2.0)
    assert np.abs(one - run(dst, found, lr=1.01 * found.hyper["lr"])).max() > 1e-4


LATE = [
    ("adam", "adam_epsilon_hat", {"lr": 0.05, "beta1": 0.5, "beta2": 0.75, "eps": 0.1}),
    ("adam_constant_correction", "adam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.75, "eps": 0.1}),
    ("adam", "adam_constant_correction", {"lr": 0.05, "beta1": 0.5, "beta2": 0.75, "eps": 0.1}),
    ("torch_nadam", "nadam", {"lr": 0.05, "beta1": 0.5, "beta2": 0.75, "eps": 0.1, "warmup": 0.5}),
    ("adamw", "adamw_epsilon_hat", {"lr": 0.05, "beta1": 0.5, "beta2": 0.75, "eps": 0.1, "weight_decay": 0.3}),
]
CLOCKS = ("p", "q", "c")


@pytest.mark.parametrize(("a", "b", "hyper"), LATE)
def test_late_steps_are_the_same_and_early_ones_are_not(a, b, hyper):
    """From one state and with the clocks run down, 0.75²⁰⁰ = 1e-25, one step of each; and one with the clocks wound up."""
    found = cv.convert(a, b, **hyper)
    assert not found.same_iterates
    assert {flag.kind for flag in found.flags} == {"clock"}
    one, other = cv.methods.as_method(a), cv.methods.as_method(b)
    for reading, differs in ((0.0, False), (0.75**3, True)):
        values = {"x": np.array(START), "m": np.array([0.4, -0.1]), "v": np.array([0.3, 0.05])}
        values |= dict.fromkeys(CLOCKS, np.full(2, reading))
        steps = [
            method(PROBLEM, *(values[name] for name in method.state), **settings)[0]
            for method, settings in ((one, hyper), (other, found.hyper))
        ]
        apart = np.abs(steps[0] - steps[1]).max()
        assert apart > 1e-4 if differs else apart <= identity(1, 2.0)


def test_the_constant_correction_is_adam_at_another_rate_and_epsilon():
    """x − η(m/(1−β₁))/(√v/√(1−β₂) + ε) is x − η√(1−β₂)/(1−β₁)·m/(√v + ε√(1−β₂))."""
    eta, beta1, beta2, eps = cv.METHODS["adam"].symbols.values()
    found = cv.equivalent("adam_constant_correction", "adam")
    root = sp.sqrt(1 - beta2)
    expected = {"lr": eta * root / (1 - beta1), "beta1": beta1, "beta2": beta2, "eps": eps * root}
    assert {name: sp.simplify(value - expected[name]) for name, value in found.hyper.items()} == dict.fromkeys(
        expected, 0
    )


REFUSED = [
    ("torch.adagrad", "optax.adagrad", {"lr": 0.1}, "outside the root.*inside"),
    ("torch.rmsprop", "keras.rmsprop", {"lr": 0.1}, "outside the root.*inside"),
    ("torch.adam", "optax.amsgrad", {"lr": 0.1, "amsgrad": True}, "corrects the largest square.*largest corrected square"),
    ("torch.adam", "torch.adamw", {"lr": 0.1, "weight_decay": 0.1}, "where weight_decay = 0"),
    ("torch.adam", "pytorch", {"lr": 0.1}, "linear in the gradients.*is no map"),
    ("pytorch", "torch.adam", {"lr": 0.1, "momentum": 0.9}, "linear in the gradients.*is no map"),
    ("torch.nadam", "keras.nadam", {}, "warmup = 24/25"),
    ("adagrad_norm", "adagrad", {"lr": 0.1}, "one norm of all coordinates"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("src", "dst", "given", "why"), REFUSED, ids=lambda part: part if isinstance(part, str) else ""
)
def test_what_has_no_match_is_refused_with_the_reason(src, dst, given, why):
    with pytest.raises(cv.NoEquivalent, match=why):
        cv.convert(src, dst, **given)


def test_arguments_that_no_rule_has_are_refused_with_the_reason():
    for preset, given, why in (
        ("optax.rmsprop", {"learning_rate": 0.1, "initial_scale": 1.0}, "start at v = 0"),
        ("torch.rmsprop", {"centered": True}, "√"),
        ("torch.adagrad", {"lr_decay": 0.1}, "schedule"),
        ("optax.normalized", {"learning_rate": 0.1}, "eps=0"),
        ("torch.adam", {"betas": 0.9}, r"betas is \(beta1, beta2\)"),
        ("torch.adam", {"betas": (0.9, 0.99, 0.999)}, r"betas is \(beta1, beta2\)"),
        ("torch.adam", {"beta": 0.9}, "did you mean"),
        ("torch.adamw", {"betas": (0.9, 1.5)}, "takes beta2 from 0 to 1"),
        ("torch.adam", {"betas": (0.9, 0.99), "beta1": 0.9}, "in two ways"),
    ):
        with pytest.raises(cv.BadHyperparameter, match=why):
            cv.convert(preset, "optax.adam", **given)


@pytest.mark.parametrize(
    ("name", "linear"), [*((name, "heavy_ball") for name in sorted(cv.methods.ADAPTIVE)), ("adam", "frozen_adam")]
)
def test_a_linearisation_is_no_map(name, linear):
    """At the minimiser Adam has the spectrum of a heavy ball with lr(1−β₁)/ε; elsewhere it is none."""
    for pair in ((name, linear), (linear, name)):
        found = cv.equivalent(*pair)
        assert found.hyper is None
        assert not found.same_iterates
        assert found.condition is None
        assert "no map" in found.why


def test_letters_and_buffers_may_be_called_otherwise():
    @cv.method(start=lambda f, x: (x, x * 0 + 1, x * 0, x * 0 + 1, x * 0))
    def mine(f, x, b, second, a, first, *, pace: cv.Rate, held: cv.Share, stored: cv.Share, small: cv.Offset):
        slope = f.grad(x)
        first, second = held * first + (1 - held) * slope, stored * second + (1 - stored) * slope**2
        a, b = a * held, b * stored
        return x - pace * first / (1 - a) / (small + (second / (1 - b)) ** 0.5), b, second, a, first

    found = cv.equivalent("adam", mine)
    assert found.same_iterates
    assert list(map(str, found.hyper.values())) == ["eta", "beta1", "beta2", "epsilon"]
    assert cv.equivalences(["adam", mine, "heavy_ball"]).classes == (("adam", "mine"), ("heavy_ball",))


@cv.method
def sums(f, x, v, *, lr, decay: cv.Share, eps):
    """RMSProp by a sum that forgets, in place of an average."""
    g = f.grad(x)
    v = decay * v + g * g
    return x - lr * g / (np.sqrt(v) + eps), v


@cv.method
def rate_inside(f, x, b, v, *, lr, decay: cv.Share, momentum, eps):
    """RMSProp under momentum as Keras writes it: the rate in the buffer."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * g * g
    b = momentum * b - lr * g / np.sqrt(v + eps)
    return x + b, b, v


@pytest.mark.parametrize(
    ("a", "b", "hyper"),
    [
        (sums, "rmsprop", {"lr": 0.05, "decay": 0.75, "eps": 0.1}),
        ("rmsprop", sums, {"lr": 0.05, "decay": 0.75, "eps": 0.1}),
        ("rmsprop_inside_momentum", rate_inside, {"lr": 0.05, "decay": 0.75, "momentum": 0.5, "eps": 0.1}),
    ],
    ids=["sum", "average", "rate inside"],
)
def test_buffers_may_be_in_another_unit(a, b, hyper):
    """v of the sum is 1/(1−γ) times that of the average, and lr and ε are √ of that."""
    found = cv.convert(a, b, **hyper)
    assert found.same_iterates
    one = cv.simulate(PROBLEM, a, STEPS, START, **hyper).x
    assert np.abs(one - cv.simulate(PROBLEM, b, STEPS, START, **found).x).max() <= identity(STEPS, 2.0)
    wrong = {**found, "eps": 1.1 * found["eps"]}
    assert np.abs(one - cv.simulate(PROBLEM, b, STEPS, START, **wrong).x).max() > 1e-3
    if b != rate_inside:
        assert found["eps"] == pytest.approx(0.1 * (0.5 if a is sums else 2))


def test_another_first_accumulator_is_another_rule():
    """Of Adagrad it is another ε; of RMSProp it fades, and the early steps differ."""

    @cv.method(start=lambda f, x: (x, x * 0 + 0.1))
    def begun(f, x, v, *, lr, decay: cv.Share, eps):
        v = decay * v + (1 - decay) * f.grad(x) ** 2
        return x - lr * f.grad(x) / (v**0.5 + eps), v

    @cv.method(start=lambda f, x: (x, x * 0 + 0.1))
    def tenth(f, x, v, *, lr, decay: cv.Share, eps):
        g = f.grad(x)
        v = decay * v + (1 - decay) * g**2
        return x - lr * g / (v**0.5 + eps), v

    found = cv.equivalent("rmsprop", tenth)
    assert found.hyper is None
    assert "begins with v = 1/10, and rmsprop with v = 0" in found.why
    assert cv.equivalent("rmsprop", begun).hyper is None


def test_a_special_setting_is_found():
    found = cv.equivalent("lion", "signum")
    beta1, beta2 = (cv.METHODS["lion"].symbols[name] for name in ("beta1", "beta2"))
    assert found.hyper is None
    assert found.condition == sp.Eq(beta2, beta1)
    assert cv.convert("lion", "signum", lr=0.1, beta1=0.8, beta2=0.8) == {"lr": 0.1, "momentum": 0.8}
    with pytest.raises(cv.NoEquivalent, match="beta2 = beta1"):
        cv.convert("lion", "signum", lr=0.1, beta1=0.8, beta2=0.9)


def test_epsilon_outside_is_within_a_root_of_two_of_its_square_inside():
    v = np.geomspace(1e-12, 1e4, 4001)
    ratio = (np.sqrt(v) + 1e-3) / np.sqrt(v + 1e-6)
    assert ratio.max() <= np.sqrt(2) * (1 + 1e-12)
    assert v[ratio.argmax()] == pytest.approx(1e-6, rel=1e-2)
    assert ratio[[0, -1]] == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adagrad", "normalized_gradient"])
def test_calls_of_libraries_are_the_rule_or_say_what_differs(name):
    rows = {row.library.split(".")[0]: row for row in cv.in_libraries(name, lr=0.05)}
    assert list(rows) == ["torch", "optax", "keras"]
    for row in rows.values():
        assert bool(row.call) or row.why.startswith("no setting of")
        assert row.same_iterates == row.why.startswith("one step is the same formula")
    expected = {
        "adam": "torch.optim.Adam(params, lr=0.05, betas=(0.9, 0.999), eps=1e-08)",
        "rmsprop": "torch.optim.RMSprop(params, lr=0.05, alpha=0.9, eps=1e-08)",
        "adagrad": "torch.optim.Adagrad(params, lr=0.05, eps=1e-10)",
        "normalized_gradient": "",
    }
    assert rows["torch"].call == expected[name]


def test_the_command(capsys):
    from convergence.cli import main

    assert main(["convert", "torch.adam", "keras.adam", "--learning-rate", "0.001", "--betas", "0.8,0.99"]) == 0
    printed = capsys.readouterr().out
    assert "beta_1" in printed
    assert "4/5" in printed
    assert "bias corrections run down" in " ".join(printed.split())
    assert main(["convert", "optax.adam", "torch.adam", "--lr", "0.001", "--json"]) == 0
    assert '"betas"' in capsys.readouterr().out
    assert main(["convert", "torch.rmsprop", "keras.rmsprop", "--lr", "0.01"]) == 2
    assert "inside" in capsys.readouterr().err


def test_a_sum_of_squares_does_not_forget_its_first_steps():
    """With a bias correction that runs down, and without: but what the early gradients left in the sum stays there."""

    def begun(f, x):
        return x, x * 0, x * 0, x * 0 + 1

    @cv.method(start=begun)
    def corrected(f, x, m, s, p, *, lr, beta1, eps):
        g = f.grad(x)
        m, s, p = beta1 * m + (1 - beta1) * g, s + g * g, beta1 * p
        return x - lr * (m / (1 - p)) / (np.sqrt(s) + eps), m, s, p

    @cv.method
    def plain(f, x, m, s, *, lr, beta1, eps):
        g = f.grad(x)
        m, s = beta1 * m + (1 - beta1) * g, s + g * g
        return x - lr * m / (np.sqrt(s) + eps), m, s

    found = cv.equivalent(corrected, plain)
    assert found.hyper is None
    assert sp.Eq(corrected.symbols["beta1"], 0) == found.condition


def test_an_average_that_never_changes_is_no_special_case():
    """NAdam at β₁ = 0 is Adam; at β₁ = 1, which no share may be, it stands still, as Adam does."""
    assert sp.Eq(cv.METHODS["nadam"].symbols["beta1"], 0) == cv.equivalent("nadam", "adam").condition
