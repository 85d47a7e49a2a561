"""Settings carried from one library's words to another's do the same, or it is said what differs, or that none do."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from tolerances import identity

from convergence import (
    METHODS,
    BadHyperparameter,
    BadName,
    NoEquivalent,
    convert,
    datasets,
    equivalent,
    in_libraries,
    method,
    presets,
    simulate,
)
from convergence.cli import main
from convergence.methods import LINEAR

R = sp.Rational
STEPS = 120


def polyak(f, x, s, a):
    s = a["momentum"] * s + f.grad(x)
    return x - a["lr"] * s, s


def torch_sgd(f, x, s, a):
    """As its documentation writes it, with the first step's buffer the gradient."""
    g = f.grad(x) + a.get("weight_decay", 0) * x
    if a["momentum"]:
        s = g if s is None else a["momentum"] * s + (1 - a.get("dampening", 0)) * g
        g = g + a["momentum"] * s if a.get("nesterov") else s
    return x - a["lr"] * g, s


def optax_sgd(f, x, s, a):
    g = f.grad(x)
    s = g + a["momentum"] * s
    return x - a["learning_rate"] * (g + a["momentum"] * s if a.get("nesterov") else s), s


def optax_ema(f, x, s, a):
    average, beta = s
    average, power = a["decay"] * average[0] + (1 - a["decay"]) * f.grad(x), a["decay"] * average[1]
    return x - a["learning_rate"] * average / (1 - power if a.get("debias", True) else 1), ((average, power), beta)


def keras_sgd(f, x, s, a):
    g = f.grad(x)
    x = x - a["learning_rate"] * a.get("weight_decay", 0) * x
    s = a["momentum"] * s - a["learning_rate"] * g
    return x + (a["momentum"] * s - a["learning_rate"] * g if a.get("nesterov") else s), s


def optax_sgdw(f, x, s, a):
    """trace, then add_decayed_weights, then scale by the rate."""
    g = f.grad(x)
    s = g + a["momentum"] * s
    update = g + a["momentum"] * s if a.get("nesterov") else s
    return x - a["learning_rate"] * (update + a["weight_decay"] * x), s


def sklearn_sgd(f, x, s, a):
    lr, g = a["learning_rate_init"], f.grad(x)
    s = a["momentum"] * s - lr * g
    return x + (a["momentum"] * s - lr * g if a["nesterovs_momentum"] else s), s


def mxnet_sgd(f, x, s, a):
    s = a["momentum"] * s + a["learning_rate"] * (f.grad(x) + a["wd"] * x)
    return x - s, s


def mxnet_nag(f, x, s, a):
    g = f.grad(x) + a["wd"] * x
    s = a["momentum"] * s + a["learning_rate"] * g
    return x - (a["momentum"] * s + a["learning_rate"] * g), s


def mlx_sgd(f, x, s, a):
    """Dampened in the first step, too; without momentum no buffer, and no dampening."""
    g = f.grad(x) + a["weight_decay"] * x
    if a["momentum"] == 0:
        return x - a["learning_rate"] * g, s
    s = a["momentum"] * s + (1 - a["dampening"]) * g
    return x - a["learning_rate"] * (g + a["momentum"] * s if a["nesterov"] else s), s


def sgdw(f, x, s, a):
    """Loshchilov and Hutter's: the decay is not multiplied by the learning rate."""
    s = a["momentum"] * s + a["lr"] * f.grad(x)
    return x - s - a["weight_decay"] * x, s


def course(f, x, s, a):
    g = f.grad(x)
    s = (1 - a["momentum"]) * (g if s is None else s) + a["momentum"] * g
    return x - a["lr"] * s, s


def course_code(f, x, s, a):
    s = a["momentum"] * s + (1 - a["momentum"]) * f.grad(x)
    return x - a["lr"] * s, s


def sutskever(f, x, s, a):
    s = a["momentum"] * s - a["lr"] * f.grad(x + (a["momentum"] * s if a.get("nesterov") else 0))
    return x + s, s


LOOPS = {
    "torch.sgd": (torch_sgd, None),
    "optax.sgd": (optax_sgd, 0.0),
    "optax.ema": (optax_ema, ((0.0, 1.0), None)),
    "keras.sgd": (keras_sgd, 0.0),
    "optax.sgdw": (optax_sgdw, 0.0),
    "sklearn.sgd": (sklearn_sgd, 0.0),
    "mxnet.sgd": (mxnet_sgd, 0.0),
    "mxnet.nag": (mxnet_nag, 0.0),
    "mlx.sgd": (mlx_sgd, 0.0),
    "sgdw": (sgdw, 0.0),
    "course": (course, None),
    "course.code": (course_code, 0.0),
    "polyak": (polyak, 0.0),
    "sutskever": (sutskever, 0.0),
}
SETTINGS = {
    "torch.sgd": [
        {"lr": 2e-5},
        {"lr": 2e-5, "momentum": 0.6},
        {"lr": 2e-5, "momentum": 0.6, "dampening": 0.3},
        {"lr": 2e-5, "momentum": 0.6, "nesterov": True},
        {"lr": 2e-5, "momentum": 0.6, "weight_decay": 1.5},
        {"lr": 2e-5, "dampening": 0.3, "weight_decay": 1.5},
        {"lr": 2e-5, "momentum": 0.6, "dampening": 0.3, "weight_decay": 1.5},
        {"lr": 2e-5, "momentum": 0.6, "nesterov": True, "weight_decay": 1.5},
    ],
    "optax.sgd": [{"learning_rate": 2e-5, "momentum": 0.6, "nesterov": n} for n in (False, True)],
    "optax.ema": [{"learning_rate": 2e-5, "decay": 0.6, "debias": n} for n in (False, True)],
    "keras.sgd": [
        {"learning_rate": 2e-5, "momentum": 0.6},
        {"learning_rate": 2e-5, "momentum": 0.6, "nesterov": True},
        {"learning_rate": 2e-5, "momentum": 0.6, "weight_decay": 1.5},
        {"learning_rate": 2e-5, "momentum": 0.6, "weight_decay": 1.5, "nesterov": True},
    ],
    "optax.sgdw": [
        {"learning_rate": 2e-5, "momentum": 0.6, "weight_decay": 1.5, "nesterov": n} for n in (False, True)
    ],
    "sklearn.sgd": [
        {"learning_rate_init": 2e-5, "momentum": 0.0},
        *({"learning_rate_init": 2e-5, "momentum": 0.6, "nesterovs_momentum": n} for n in (False, True)),
    ],
    "mxnet.sgd": [{"learning_rate": 2e-5, "momentum": m, "wd": d} for m, d in ((0, 0), (0.6, 0), (0, 1.5), (0.6, 1.5))],
    "mxnet.nag": [{"learning_rate": 2e-5, "momentum": 0.6, "wd": d} for d in (0, 1.5)],
    "mlx.sgd": [
        {"learning_rate": 2e-5, **rest}
        for decay in ({}, {"weight_decay": 1.5})
        for rest in (
            {"dampening": 0.3, **decay},
            {"momentum": 0.6, **decay},
            {"momentum": 0.6, "dampening": 0.3, **decay},
            {"momentum": 0.6, "nesterov": True, **decay},
        )
    ],
    "sgdw": [{"lr": 2e-5, "momentum": 0.6, "weight_decay": 3e-5}],
    "course": [{"lr": 2e-5, "momentum": 0.4}],
    "course.code": [{"lr": 2e-5, "momentum": 0.6}],
    "polyak": [{"lr": 2e-5, "momentum": 0.6}],
    "sutskever": [{"lr": 2e-5, "momentum": 0.6, "nesterov": n} for n in (False, True)],
}


def loop(name, arguments):
    rule, state = LOOPS[name]
    f, x = datasets.gaussian_2d(), np.array([0.4, -0.7])
    full = {n: 0 if v is None else v for n, v in presets()[name].arguments.items()} | arguments
    seen = [x]
    for _ in range(STEPS):
        x, state = rule(f, x, state, full)
        seen.append(x)
    return np.array(seen)


def test_every_preset_of_a_linear_method_has_a_loop():
    assert set(LOOPS) == set(SETTINGS) == {name for name, preset in presets().items() if preset.main.method in LINEAR}


@pytest.mark.parametrize("src", SETTINGS)
def test_a_preset_is_the_method_it_names(src):
    for given in SETTINGS[src]:
        same = convert(src, src, **given)
        assert same.same_iterates
        seen = loop(src, given)
        run = simulate(datasets.gaussian_2d(), same.method, STEPS, (0.4, -0.7), **same.hyper)
        assert np.abs(run.x - seen).max() <= identity(STEPS, 10.0)


NAMES = list(SETTINGS)
PAIRS = [pair for a, b in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True) for pair in ((a, b), (b, a))]
OTHERS = ("optax.ema", "keras.sgd", "course", "polyak")
PAIRS += [pair for name in OTHERS for pair in (("torch.sgd", name), (name, "torch.sgd"))]
"""Each with its neighbours and with PyTorch's, both ways: conversions of the others go through these."""


@pytest.mark.parametrize(("src", "dst"), PAIRS, ids=lambda name: name)
def test_pairs_of_presets_by_loops_of_their_own(src, dst):
    """Same iterates where that is said; elsewhere they differ, and end alike: the spectrum is the same."""
    for given in SETTINGS[src]:
        try:
            found = convert(src, dst, **given)
        except NoEquivalent:
            assert {"nesterov", "nesterovs_momentum", "weight_decay", "wd"} & set(given) or "mxnet.nag" in (src, dst), given
            continue
        one, other = loop(src, given), loop(dst, found)
        gap = np.abs(one - other).max()
        assert (gap <= identity(STEPS, 10.0)) == found.same_iterates, (given, dict(found), gap)
        assert bool(found.flags) != found.same_iterates
        assert np.abs(one[-1] - other[-1]).max() < 0.1 * np.abs(one[0] - one[-1]).max()


def test_a_converted_rate_that_is_off_by_a_percent_is_seen():
    found = convert("course", "pytorch", lr=2e-5, momentum=0.4)
    one = loop("course", {"lr": 2e-5, "momentum": 0.4})
    assert np.abs(one - loop("torch.sgd", found)).max() <= identity(STEPS, 10.0)
    assert np.abs(one - loop("torch.sgd", {**found, "lr": 1.01 * found["lr"]})).max() > 1e-5


def test_exact_numbers_stay_exact_and_floats_floats():
    exactly = convert("pytorch", "course", lr=R(1, 10), momentum=R(9, 10), dampening=R(1, 2))
    assert exactly == {"lr": R(1, 2), "momentum": R(1, 10)}
    assert all(isinstance(v, sp.Rational) for v in exactly.values())
    floats = convert("pytorch", "course", lr=0.1, momentum=0.9, dampening=0.5)
    assert floats == {"lr": 0.5, "momentum": 0.1}
    assert all(type(v) is float for v in floats.values())
    eta = sp.Symbol("a", positive=True)
    assert convert("course", "pytorch", lr=eta, momentum=R(1, 10))["lr"] == eta


def test_the_first_step_decides_which_dampening():
    assert convert("course", "pytorch", lr=R(1, 10), momentum=R(1, 10)) == {
        "lr": R(1, 10), "momentum": R(9, 10), "dampening": R(9, 10)}  # fmt: skip
    back = convert("pytorch", "course", lr=R(1, 10), momentum=R(9, 10), dampening=R(9, 10))
    assert back == {"lr": R(1, 10), "momentum": R(1, 10)}
    assert back.same_iterates
    assert not convert("pytorch", "course", lr=R(1, 10), momentum=R(9, 10)).same_iterates


def test_special_settings_have_matches_that_others_have_not():
    found = convert("qhm", "pytorch", lr=R(1, 10), momentum=R(9, 10), nu=R(9, 10))
    assert found == {"lr": R(1, 100), "momentum": R(9, 10), "nesterov": True}
    assert found.same_iterates
    with pytest.raises(NoEquivalent, match=r"eigenvalues.*nu = momentum"):
        convert("qhm", "pytorch", lr=R(1, 10), momentum=R(9, 10), nu=R(7, 10))
    with pytest.raises(NoEquivalent, match="eigenvalues 9/10 at λ = 1; 9/10 at λ = 2"):
        convert("newton", "pytorch", lr=R(1, 10))


def test_a_cubic_is_solved_where_letters_have_no_formula():
    found = convert("triple_momentum", "robust_momentum", lr=0.1, momentum=0.5, gamma=0.2)
    rho, kappa = found["contraction"], found["kappa"]
    assert found.same_iterates
    assert np.isclose(kappa * rho**3 / (kappa - 1), 0.5)
    assert np.isclose(kappa * (1 - rho) ** 2 * (1 + rho) * found["lr"], 0.1)


def test_wrong_input_is_named():
    with pytest.raises(BadHyperparameter, match="did you mean 'momentum'"):
        convert("pytorch", "course", lr=0.1, momentm=0.9)
    with pytest.raises(BadName, match="did you mean 'qhm'"):
        convert("pytorch", "qmh", lr=0.1)
    with pytest.raises(BadHyperparameter, match="must be positive"):
        convert("pytorch", "course", lr=0, momentum=0.9)
    with pytest.raises(BadHyperparameter, match="takes momentum from 0"):
        convert("pytorch", "course", lr=0.1, momentum=-0.9)
    with pytest.raises(BadHyperparameter, match="needs momentum"):
        convert("course", "pytorch", lr=0.1)
    with pytest.raises(BadHyperparameter, match="is no method of the catalogue"):
        convert("pytorch", "course", lr=0.1, momentum=0.9, nesterov=True, dampening=0.1)
    with pytest.raises(BadHyperparameter, match="is no method of the catalogue"):
        convert("pytorch", "course", lr=0.1, nesterov=True)  # PyTorch refuses Nesterov without momentum
    assert convert("keras", "keras", momentum=1)["momentum"] == 1  # the ends belong to what a library takes
    with pytest.raises(BadHyperparameter, match=r"takes momentum from 0 to 1; got 1\.5"):
        convert("keras", "pytorch", momentum=1.5)
    with pytest.raises(NoEquivalent):
        convert("weight_decay_coupled", "optax", lr=0.1, momentum=0.5)
    with pytest.raises(BadHyperparameter, match="nesterov is True or False; got 'maybe'"):
        convert("pytorch", "course", lr=0.1, momentum=0.9, nesterov="maybe")
    with pytest.raises(BadHyperparameter, match="needs momentum"):
        convert("course", "pytorch", lr=0.1, momentum=None)


D13 = pytest.mark.finding("D13")


@D13
@pytest.mark.parametrize("nesterov", [True, "true", "TRUE", "True", 1])
def test_pytorchs_usual_setting_with_nesterov_and_weight_decay(nesterov):
    found = convert("pytorch", "mxnet.nag", lr=R(1, 10), momentum=R(9, 10), weight_decay=R(1, 2000), nesterov=nesterov)
    assert found == {"learning_rate": R(1, 10), "momentum": R(9, 10), "wd": R(1, 2000)}
    assert found.same_iterates
    back = convert("mxnet.nag", "pytorch", **found)
    assert back == {"lr": R(1, 10), "momentum": R(9, 10), "weight_decay": R(1, 2000), "nesterov": True}


@D13
def test_decay_with_and_without_the_learning_rate_in_it():
    """SGDW's own λ is η·δ of those libraries that multiply by the rate."""
    keras = convert("sgdw", "keras", lr=R(1, 10), momentum=R(9, 10), weight_decay=R(1, 1000))
    assert keras == {"learning_rate": R(1, 10), "momentum": R(9, 10), "weight_decay": R(1, 100)}
    assert convert("keras", "sgdw", **keras) == {"lr": R(1, 10), "momentum": R(9, 10), "weight_decay": R(1, 1000)}
    assert keras.same_iterates
    with pytest.raises(NoEquivalent):
        convert("keras", "sgdw", nesterov="true", **keras)


@D13
def test_a_dampened_first_step_or_not():
    """MLX dampens every step, PyTorch spares the first: one spectrum, other iterates; MLX's dampening is in the rate."""
    found = convert("mlx", "pytorch", learning_rate=R(1, 10), momentum=R(1, 2), dampening=R(1, 4), weight_decay=R(1, 8))
    assert found.same_iterates
    assert found == {"lr": R(3, 40), "momentum": R(1, 2), "weight_decay": R(1, 8)}
    back = convert("pytorch", "mlx", lr=R(1, 10), momentum=R(1, 2), dampening=R(1, 4), weight_decay=R(1, 8))
    assert not back.same_iterates
    assert back["learning_rate"] == R(3, 40)


@D13
def test_scikit_learns_nesterov_is_the_default_one():
    given = {"learning_rate_init": R(1, 10), "momentum": R(9, 10)}
    assert convert("scikit-learn", "pytorch", **given) == {"lr": R(1, 10), "momentum": R(9, 10), "nesterov": True}
    assert convert("pytorch", "sklearn", lr=R(1, 10), momentum=R(9, 10)) == {**given, "nesterovs_momentum": False}
    assert equivalent("sklearn", "torch_sgd_nesterov").same_iterates


def test_pytorch_is_not_told_nesterov_without_momentum():
    """SGD(momentum=0, nesterov=True) raises ValueError."""
    assert convert("torch_sgd_nesterov", "torch.sgd", lr=0.1, momentum=0) == {"lr": 0.1, "momentum": 0.0}
    assert convert("torch_sgd_nesterov", "torch.sgd", lr=0.1, momentum=0.5)["nesterov"] is True


@D13
def test_none_is_what_a_library_calls_zero():
    assert convert("optax", "pytorch", learning_rate=R(1, 10), momentum=None) == {"lr": R(1, 10), "momentum": 0}


def test_users_rules_and_libraries():
    @method
    def own(f, x, v, *, lr, momentum):
        v = momentum * v - lr * f.grad(x)
        return x + v, v

    calls = {row.library: row for row in in_libraries(own, lr=0.1, momentum=0.9)}
    assert calls["torch.sgd"].call == "torch.optim.SGD(params, lr=0.1, momentum=0.9, dampening=0.0)"
    assert calls["keras.sgd"].same_iterates
    assert all(row.call == "" and "eigenvalues" in row.why for row in in_libraries("newton", lr=0.1))
    assert convert("optax", own, learning_rate=R(1, 10), momentum=R(1, 2)) == {"lr": R(1, 10), "momentum": R(1, 2)}


def printed(capsys, *words):
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_commands(capsys):
    setting = ("--lr", "0.1", "--momentum", "0.9")
    assert "1/2" in printed(capsys, "convert", "pytorch", "course", *setting, "--set", "dampening=0.5")
    assert '"lr": 0.01' in printed(capsys, "convert", "optax", "course", "--lr=.001", "--momentum=9/10", "--json")
    assert '"nu": 0.9' in printed(capsys, "convert", "torch", "qhm", *setting, "--set", "nesterov=True", "--json")
    resnet = ("--set", "nesterov=true", "--set", "weight_decay=0.0005")
    assert '"wd": 0.0005' in printed(capsys, "convert", "torch", "mxnet.nag", *setting, *resnet, "--json")
    assert "look" not in printed(capsys, "equivalent", "heavy_ball", "qhm")
    assert r"\frac{\eta}" in printed(capsys, "equivalent", "heavy_ball", "qhm", "--latex")
    assert '"condition"' in printed(capsys, "equivalent", "qhm", "nesterov", "--json")
    assert max(map(len, printed(capsys, "equivalent").splitlines())) <= 80


@pytest.mark.parametrize("name", LINEAR)
def test_every_method_is_a_preset_of_itself(name):
    given = {n: R(10) if n == "kappa" else R(1, 3) for n in METHODS[name].hyper}
    assert convert(name, name, **given) == given


@pytest.mark.parametrize("lr", ["x", float("nan"), None])
def test_what_is_no_number_is_refused(lr):
    with pytest.raises(BadHyperparameter):
        convert("pytorch", "course", lr=lr, momentum=0.9)
