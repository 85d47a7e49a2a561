"""Maps between methods are derived: each is held on runs of both, on the published identities, and broken on purpose."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from tolerances import double_eigenvalue, identity
from user_rules import extragradient, polyak_at_rest, two_buffers

from convergence import METHODS, datasets, derive, equivalences, equivalent, method, simulate
from convergence.methods import LINEAR

SYMBOLS = {name: letter for method in LINEAR.values() for name, letter in method.symbols.items()}
lr, b, d, nu = (SYMBOLS[name] for name in ("lr", "momentum", "dampening", "nu"))
ADAPTIVE = ("chebyshev", "frozen_adam", "frozen_nadam")
STEPS = 120
NUMBERS = {
    "lr": sp.Rational(1, 50000),
    "momentum": sp.Rational(5, 8),
    "dampening": sp.Rational(1, 4),
    "nu": sp.Rational(3, 8),
    "gamma": sp.Rational(1, 4),
    "contraction": sp.Rational(5, 8),
    "kappa": sp.Rational(10),
    "weight_decay": sp.Rational(3),
}

TABLE = {
    ("ema_momentum", "heavy_ball"): ({"lr": lr * b, "momentum": 1 - b}, False),
    ("heavy_ball", "ema_momentum"): ({"lr": lr / (1 - b), "momentum": 1 - b}, False),
    ("ema_momentum_zero_start", "heavy_ball"): ({"lr": lr * (1 - b), "momentum": b}, True),
    ("heavy_ball", "momentum_rate_inside"): ({"lr": lr, "momentum": b}, True),
    ("heavy_ball", "torch_sgd"): ({"lr": lr, "momentum": b, "dampening": 0}, True),
    ("torch_sgd", "heavy_ball"): ({"lr": lr * (1 - d), "momentum": b}, False),
    ("torch_sgd", "ema_momentum"): ({"lr": lr * (1 - d) / (1 - b), "momentum": 1 - b}, False),
    ("ema_momentum", "torch_sgd"): ({"lr": lr, "momentum": 1 - b, "dampening": 1 - b}, True),
    ("nesterov", "torch_sgd_nesterov"): ({"lr": lr, "momentum": b}, False),
    ("nesterov", "qhm"): ({"lr": lr / (1 - b), "momentum": b, "nu": b}, False),
    ("torch_sgd_nesterov", "qhm"): ({"lr": lr / (1 - b), "momentum": b, "nu": b}, True),
    ("heavy_ball", "qhm"): ({"lr": lr / (1 - b), "momentum": b, "nu": 1}, True),
    ("heavy_ball", "triple_momentum"): ({"lr": lr, "momentum": b, "gamma": 0}, True),
    ("nesterov", "triple_momentum"): ({"lr": lr, "momentum": b, "gamma": b}, True),
    ("gradient_descent", "heavy_ball"): ({"lr": lr, "momentum": 0}, True),
    ("gradient_descent", "ema_momentum"): ({"lr": lr, "momentum": 1}, True),
    ("heavy_ball", "weight_decay_coupled"): ({"lr": lr, "momentum": b, "weight_decay": 0}, True),
    ("chebyshev", "heavy_ball"): ({"lr": lr * (1 + b), "momentum": b}, False),
    ("frozen_adam", "ema_momentum_zero_start"): ({"lr": lr, "momentum": b}, False),
}


@pytest.mark.parametrize(("pair", "known"), TABLE.items(), ids=map("-".join, TABLE))
def test_published_identities_are_derived(pair, known):
    found = equivalent(*pair)
    assert {n: sp.simplify(v - known[0][n]) for n, v in found.hyper.items()} == dict.fromkeys(known[0], 0)
    assert found.same_iterates == known[1]
    assert bool(found.flags) != found.same_iterates


def numbers(found, a):
    given = {name: NUMBERS[name] for name in METHODS[a].hyper}
    values = {SYMBOLS[name]: value for name, value in given.items()}
    return given, {name: sp.sympify(value).subs(values) for name, value in found.hyper.items()}


def iterates(problem, name, hyper):
    return simulate(problem, name, STEPS, (0.4, -0.7), **{n: float(v) for n, v in hyper.items()}).x


@pytest.mark.parametrize("b", ["torch_sgd", "qhm", "triple_momentum", "weight_decay_decoupled"])
@pytest.mark.parametrize("a", LINEAR)
def test_runs_agree_where_the_map_says_so_and_spectra_everywhere(a, b):
    found = equivalent(a, b)
    if found.hyper is None:
        assert found.counterexample is not None
        return
    given, mapped = numbers(found, a)
    problem = datasets.gaussian_2d()
    one, other = iterates(problem, a, given), iterates(problem, b, mapped)
    gap = np.abs(one - other).max()
    assert (gap <= identity(STEPS, max(1.0, np.abs(one).max()))) == found.same_iterates, gap
    for curvature in (problem.mu, problem.L):
        assert np.allclose(shown(a, given, curvature), shown(b, mapped, curvature), atol=double_eigenvalue(1.0))


def shown(name, hyper, curvature):
    """The two largest eigenvalues, by NumPy from the matrix."""
    derived = derive(name)
    values = {derived.symbols[n]: v for n, v in hyper.items()} | {
        derived.symbols["curvature"]: sp.Rational(str(curvature))
    }
    eigenvalues = np.linalg.eigvals(np.array(derived.matrix.subs(values), dtype=float))
    filled = np.concatenate([eigenvalues, np.zeros(2)])
    return np.sort_complex(filled[np.argsort(-np.abs(filled))][:2])


def test_a_map_that_is_off_by_a_percent_is_seen():
    found = equivalent("ema_momentum_zero_start", "heavy_ball")
    given, mapped = numbers(found, "ema_momentum_zero_start")
    problem = datasets.gaussian_2d()
    right, wrong = mapped, {**mapped, "lr": mapped["lr"] * sp.Rational(101, 100)}
    one = iterates(problem, "ema_momentum_zero_start", given)
    assert np.abs(one - iterates(problem, "heavy_ball", right)).max() <= identity(STEPS, 1.0)
    assert np.abs(one - iterates(problem, "heavy_ball", wrong)).max() > 1e-4


@pytest.mark.parametrize(
    ("a", "b"), [("nesterov", "torch_sgd_nesterov"), ("qhm", "triple_momentum"), ("heavy_ball", "ema_momentum")]
)
def test_the_look_ahead_that_is_flagged_is_where_the_other_runs(a, b):
    """The flag names points x + c·v; c is read off a run here, and must be one number at all steps and directions."""
    found = equivalent(a, b)
    flag = next(flag for flag in found.flags if flag.kind == "look-ahead" and f"of {a}" in flag.text)
    given, mapped = numbers(found, a)
    problem = datasets.gaussian_2d()
    run = simulate(problem, a, STEPS, (0.4, -0.7), **{n: float(v) for n, v in given.items()})
    ahead = iterates(problem, b, mapped) - run.x
    buffer = run.state[:, 1]
    weight = (ahead * buffer).sum() / (buffer * buffer).sum()
    assert np.abs(ahead - weight * buffer).max() <= identity(STEPS, np.abs(buffer).max())
    assert ("points x −" in flag.text) == (weight < 0)


def test_the_start_that_is_flagged_makes_the_iterates_the_same():
    text = next(flag.text for flag in equivalent("ema_momentum", "heavy_ball").flags if flag.kind == "start")
    assert "v = (1/momentum)·∇f(x₀) and not 0" in text
    warm = method(start=lambda f, x: (x, f.grad(x) / 0.625), name="warm")(METHODS["heavy_ball"].rule)
    problem = datasets.gaussian_2d()
    one = iterates(problem, "ema_momentum", {"lr": 2e-5, "momentum": 0.625})
    assert np.abs(one - iterates(problem, warm, {"lr": 2e-5 * 0.625, "momentum": 0.375})).max() <= identity(STEPS, 1.0)


def test_clocks_are_flagged():
    assert [flag.kind for flag in equivalent("frozen_adam", "ema_momentum_zero_start").flags] == ["clock"]


@pytest.mark.parametrize(
    ("a", "b"), [("newton", "gradient_descent"), ("gradient_descent", "newton"), ("nesterov", "heavy_ball")]
)
def test_a_counterexample_is_one(a, b):
    """Its eigenvalues are a's, by NumPy; and a search over b's settings comes nowhere near all of them."""
    found = equivalent(a, b).counterexample
    wanted = [np.sort_complex(np.array(values, dtype=complex)) for values in found.eigenvalues]
    for curvature, values in zip(found.curvatures, wanted, strict=True):
        assert np.allclose(shown(a, found.hyper, curvature)[-len(values) :], values)
    rates, momenta = np.linspace(0.01, 2, 60), (np.linspace(0, 1, 41) if "momentum" in METHODS[b].hyper else [None])
    best = min(
        sum(np.abs(padded(b, hyper, c) - fill(v)).sum() for c, v in zip(found.curvatures, wanted, strict=True))
        for rate in rates
        for m in momenta
        for hyper in [{"lr": rate} if m is None else {"lr": rate, "momentum": m}]
    )
    assert best > 0.02


def padded(name, hyper, curvature):
    eta, lam = hyper["lr"], float(curvature)
    if name == "heavy_ball":
        return np.sort_complex(np.roots([1, eta * lam - 1 - hyper["momentum"], hyper["momentum"]]))
    return fill(np.array([1 - eta * lam if name == "gradient_descent" else 1 - eta]))


def fill(values):
    return np.sort_complex(np.concatenate([values, np.zeros(2 - len(values))]).astype(complex))


def test_only_a_subfamily_of_qhm_is_nesterov():
    found = equivalent("qhm", "nesterov")
    assert found.hyper is None
    assert sp.Eq(nu, b) in found.condition.args
    part = next(part for part in found.subfamilies if part.where == {nu: b})
    assert part.hyper == {"lr": lr * (1 - b), "momentum": b}
    assert equivalent("heavy_ball", "gradient_descent").condition == sp.Eq(b, 0)


def test_iterates_agree_on_the_subfamily_named():
    assert {d: b} in equivalent("torch_sgd", "ema_momentum").iterates_if
    assert equivalent("torch_sgd", "heavy_ball").iterates_if == ({d: 0},)


def users_qhm(f, x, v, *, lr, momentum, nu):
    """Ma and Yarats 2019 with the buffer's minus sign inside."""
    v = momentum * v - (1 - momentum) * f.grad(x)
    return x - lr * (1 - nu) * f.grad(x) + lr * nu * v, v


def test_the_gentler_of_two_roots_is_taken():
    """Coupled decay in the decoupled form is one of two settings; the one with nearly the same momentum is meant."""
    given, mapped = numbers(equivalent("weight_decay_coupled", "weight_decay_decoupled"), "weight_decay_coupled")
    assert abs(mapped["momentum"] - given["momentum"]) < 0.01
    assert abs(mapped["weight_decay"] * (1 - mapped["momentum"]) - given["weight_decay"]) < 1e-9


def test_users_rules():
    assert equivalent(polyak_at_rest, "heavy_ball").same_iterates
    assert equivalent(users_qhm, "qhm").hyper == {"lr": lr, "momentum": b, "nu": nu}
    assert equivalent(extragradient, "gradient_descent").hyper is None
    assert equivalent(two_buffers, "heavy_ball").hyper is None
    assert equivalent("gradient_descent", two_buffers).same_iterates


def ascent(f, x, *, lr):
    return x + lr * f.grad(x)


def turned(f, x, *, lr, momentum):
    return x - lr * (momentum - 1) * f.grad(x)


def repelled(f, x, v, *, lr, momentum):
    v = (momentum - 1) * v + f.grad(x)
    return x - lr * v, v


@pytest.mark.parametrize(
    ("rule", "target"), [(ascent, "gradient_descent"), (turned, "gradient_descent"), (repelled, "heavy_ball")]
)
def test_a_map_to_a_rate_or_a_memory_that_is_negative_is_none(rule, target):
    """Ascent is descent at −η, a share β−1 of memory is negative for every momentum: no setting of the target."""
    assert equivalent(rule, target).hyper is None


def test_a_buffer_without_effect_is_not_seen():
    def idle(f, x, v, *, lr):
        return x - lr * f.grad(x), v / 2

    assert equivalent(idle, "gradient_descent").same_iterates
    assert equivalent("gradient_descent", idle).same_iterates


def test_the_same_course_from_every_start_to_another_rest_is_not_the_same():
    """Asked at s·x and divided by s, the gradient of ½λ(x − w)² is λ(x − w/s): all eigenvalues are those of descent."""

    def scaled(f, x, *, lr, weight_decay):
        return x - lr * f.grad((1 + weight_decay) * x) / (1 + weight_decay)

    found = equivalent(scaled, "gradient_descent")
    assert found.hyper == {"lr": lr}
    assert not found.same_iterates
    assert [flag.kind for flag in found.flags] == ["rest"]
    assert [list(one.values()) for one in found.iterates_if] == [[0]]
    assert equivalent("gradient_descent", scaled).same_iterates


def test_classes_of_the_catalogue():
    found = equivalences()
    homes = {name: found.class_of(name) for name in LINEAR}
    assert (
        len({homes[n] for n in ("ema_momentum", "heavy_ball", "momentum_rate_inside", "torch_sgd", "frozen_adam")}) == 1
    )
    assert len({homes[n] for n in ("nesterov", "torch_sgd_nesterov", "frozen_nadam")}) == 1
    assert homes["qhm"] == homes["triple_momentum"] != homes["nesterov"]
    assert found.has_map("nesterov", "triple_momentum")
    assert not found.has_map("triple_momentum", "nesterov")
    assert not any("newton" in names and len(names) > 1 for names in found.classes)


def test_two_methods_of_the_very_same_iterates_are_a_group_and_others_are_not():
    pair = ("heavy_ball", "momentum_rate_inside")
    assert equivalences(list(pair)).same_iterates == (pair,)
    assert equivalences(["ema_momentum", "heavy_ball"]).same_iterates == ()
