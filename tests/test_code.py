"""Code of a result passes its own test in every language, agrees with NumPy, and fails that test once it is altered."""

from __future__ import annotations

import contextlib
import io
import math
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence.methods import ADAPTIVE, LINEAR, as_method
from tests.tolerances import EPS

THINGS = {
    "region": cv.stability,
    "rate": cv.rate,
    "optimum": cv.optimum,
    "floor": cv.noise_floor,
    "step": lambda name: name,
}
UNTUNED = {"robust_momentum", "nesterov_decay_decoupled"}
"""Methods whose optimum has no closed form."""

COUPLED = {"normalized_gradient", "adagrad_norm", "rmsprop_scalar"}
"""Those that divide by one norm for all coordinates."""

LETTERS = {"momentum_rate_inside", "ema_momentum_zero_start", "torch_sgd_nesterov", "torch_sgd_decay"}
"""Methods whose floor and optimum are those of another one in other letters."""

PAIRS = [(name, thing) for name in LINEAR for thing in ("region", "rate", "step")]
PAIRS += [(name, "floor") for name in LINEAR if name not in LETTERS]
PAIRS += [(name, "optimum") for name in LINEAR if name not in LETTERS | UNTUNED]
PAIRS += [(name, "step") for name in ADAPTIVE if name not in COUPLED]
SCHEDULES = {
    "cosine": cv.schedules.cosine(0.1, 50, restarts=1),
    "one_cycle": cv.schedules.one_cycle(0.5, 20),
    "staircase": cv.schedules.staircase(1.0, 0.5, 3),
    "inverse_sqrt": cv.schedules.warmup(4) * cv.schedules.inverse_sqrt(0.3),
    "wsd": cv.schedules.wsd(0.2, 30, 5, 10),
}
NEEDS = {"c": "gcc", "javascript": "node", "julia": "julia", "latex": "pdflatex"}


def needs(language: str) -> Any:
    skipped = pytest.mark.skipif(not shutil.which(NEEDS[language]), reason=f"no {NEEDS[language]}")
    return pytest.param(language, marks=skipped)


@cache
def derived(method: str, thing: str) -> Any:
    return THINGS[thing](method)


@cache
def sources(language: str) -> dict[str, str]:
    """The file of each thing of each method, and of schedules and a product."""
    files = {f"{m}_{thing}": cv.to_code(derived(m, thing), language, f"{m}_{thing}") for m, thing in PAIRS}
    files |= {f"s_{name}": cv.to_code(schedule, language, f"s_{name}") for name, schedule in SCHEDULES.items()}
    return files | {"p_constant": cv.to_code(cv.product(0.3, 12), language, "p_constant")}


def run_python(source: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
        exec(source, {"__name__": "__main__"})
    return int(ended.value.code or 0), out.getvalue()


def run_c(source: str, folder: Path) -> tuple[int, str]:
    (folder / "all.c").write_text(f"#define SELF_TEST\n{source}", encoding="utf-8")
    compiler = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", folder / "all", folder / "all.c", "-lm"]
    subprocess.run(compiler, check=True)
    done = subprocess.run([folder / "all"], capture_output=True, text=True)
    return done.returncode, done.stdout


def run_file(command: str, source: str, file: Path) -> tuple[int, str]:
    file.write_text(source, encoding="utf-8")
    done = subprocess.run([command, file], capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout


def run(language: str, source: str, folder: Path) -> tuple[int, str]:
    if language == "c":
        return run_c(source, folder)
    return run_python(source) if language == "python" else run_file(NEEDS[language], source, folder / f"all.{language}")


def together(language: str, files: dict[str, str]) -> str:
    """Many files as one program, whose status is the number of those that fail."""
    if language == "c":
        private = ("main", "check", "grad_of_parabola", "solve_of_parabola")
        parts = []
        for name, source in files.items():
            parts += [*(f"#undef {word}\n#define {word} {word}_{name}" for word in private), source]
        return "\n".join([*parts, "#undef main", f"int main(void) {{ return {' + '.join(f'main_{n}()' for n in files)}; }}"])
    if language == "javascript":
        parts = [f"(() => {{ const module = 0; {source}\nwrong += selfTest(); }})();" for source in files.values()]
        return "\n".join(["let wrong = 0;", *parts, "process.exitCode = wrong;"])
    libraries = (source.partition("\nif abspath")[0] for source in files.values())
    parts = [f"module M{k}\n{source}\nend\nwrong += M{k}.self_test()" for k, source in enumerate(libraries)]
    return "\n".join(["wrong = 0", *parts, "exit(wrong)"])


def test_python_passes_its_test() -> None:
    for name, source in sources("python").items():
        status, said = run_python(source)
        assert (status, said.split()[0]) == (0, said.split()[2]), (name, said)


@pytest.mark.parametrize("language", [needs("c"), needs("javascript"), needs("julia")])
def test_every_language_passes_its_test(language: str, tmp_path: Path) -> None:
    files = sources(language)
    status, said = run(language, together(language, files), tmp_path)
    assert status == 0, said
    assert said.count("values as expected") == len(files)


ALTERED = [(r"momentum \+ 1(\.0)?\)", "momentum + 1.000000000001)"), (r"g0 ?\* ?lr", "g0 * lr * 1.000000000001")]


@pytest.mark.parametrize("language", ["python", needs("c"), needs("javascript"), needs("julia")])
def test_an_altered_coefficient_fails_the_test(language: str, tmp_path: Path) -> None:
    """By one part in 10¹²: the tolerances are a few roundings wide."""
    files = [cv.to_code(cv.stability("heavy_ball"), language), cv.to_code("nesterov", language)]
    for source, (right, wrong) in zip(files, ALTERED, strict=True):
        altered, times = re.subn(right, wrong, source, count=1)
        status, said = run(language, altered, tmp_path)
        assert times == 1
        assert status == 1
        assert "within" in said


def executed(source: str) -> dict[str, Any]:
    room: dict[str, Any] = {}
    exec(source, room)
    return room


@cache
def functions(method: str, thing: str) -> dict[str, Any]:
    return executed(sources("python")[f"{method}_{thing}"])


def drawn(method: str, count: int = 30) -> list[tuple[float, dict[str, float]]]:
    rng = np.random.default_rng(7)
    usual = dict(cv.METHODS[method].defaults)
    return [
        (float(rng.uniform(0.1, 2)), {n: usual.get(n) or float(rng.uniform(0.05, 0.95)) for n in cv.METHODS[method].hyper})
        for _ in range(count)
    ]


@pytest.mark.parametrize("method", LINEAR)
def test_rate_and_region_are_those_of_numpy(method: str) -> None:
    """The eigenvalues of the iteration matrix: √ε off where two of them nearly meet."""
    room, region = functions(method, "region"), cv.stability(method)
    letters = {str(symbol): name for name, symbol in region.symbols.items()}
    rate = functions(method, "rate")[f"{method}_rate"]
    order = sorted(map(str, cv.rate(method).free_symbols))
    for curvature, hyper in drawn(method):
        values = {"curvature": curvature, **hyper}
        radius = float(cv.spectral_radius(method, curvature, **hyper))
        got = rate(*(values[letters[one]] for one in order))
        assert math.isclose(got, radius, rel_tol=20 * math.sqrt(EPS), abs_tol=math.sqrt(EPS))
        assert room[f"{method}_region_stable"](curvature, *hyper.values()) == region.contains(curvature, **hyper)
        if f"{method}_region_lr_max" in room and hyper.get("momentum", 0) < 1:
            others = [value for name, value in hyper.items() if name != "lr"]
            edge = region.largest_lr(curvature, **{n: v for n, v in hyper.items() if n != "lr"})
            assert not edge or math.isclose(room[f"{method}_region_lr_max"](curvature, *others), edge, rel_tol=1e4 * EPS)


@pytest.mark.parametrize("method", ["gradient_descent", "heavy_ball", "nesterov", "qhm", "frozen_adam"])
def test_floor_and_optimum_are_those_of_numpy(method: str) -> None:
    floor, best = functions(method, "floor")[f"{method}_floor"], functions(method, "optimum")[f"{method}_optimum"]
    for curvature, hyper in drawn(method):
        wanted = cv.noise_floor(method).at(curvature=curvature, noise=0.3, **hyper)
        got = floor(curvature, 0.3, *hyper.values())
        assert math.isclose(got["variance"], wanted.variance, rel_tol=1e6 * EPS)
        assert math.isclose(got["loss"], wanted.loss, rel_tol=1e6 * EPS)
    tuned = cv.optimum(method).at(mu=0.5, L=40)
    got = best(0.5, 40)
    assert math.isclose(got["rate"], tuned.rate, rel_tol=1e3 * EPS)
    assert all(math.isclose(got[name], value, rel_tol=1e3 * EPS) for name, value in tuned.hyper.items())


@pytest.mark.parametrize("method", sorted({*cv.METHODS, "averaged_sgd", "schedule_free_sgd"} - COUPLED))
def test_steps_are_those_of_a_simulation(method: str) -> None:
    """On data with two directions, along the axes; a step rounds a few times."""
    room = executed(cv.to_code(method, "python"))
    problem = cv.LeastSquares(np.diag([1.0, 0.5]), [0.0, 0.0], loss="half")
    chosen = as_method(method)
    hyper = {name: dict(chosen.defaults).get(name) or (0.3 if name == "lr" else 0.6) for name in chosen.hyper}
    x = [1.0, -2.0]
    gradient = [1.0, -0.5]
    answers = room[f"{method}_start"].__code__.co_argcount - 1
    rows = [room[f"{method}_start"](*pair[: 1 + answers]) for pair in zip(x, gradient, strict=True)]
    state = [[row[name] for row in rows] for name in chosen.state]
    oracles = [lambda at: [at[0], 0.25 * at[1]]]
    if "f.solve" in chosen.code:
        oracles.append(lambda g: [g[0], 4 * g[1]])
    for wanted in cv.simulate(problem, method, 20, start=x, **hyper).x[1:]:
        state = list(room[f"{method}_step"](*oracles, *state, *hyper.values()))
        np.testing.assert_allclose(state[0], wanted, rtol=0, atol=2000 * EPS)


def test_a_schedule_is_its_values() -> None:
    for name, schedule in SCHEDULES.items():
        values = executed(sources("python")[f"s_{name}"])[f"s_{name}"]
        np.testing.assert_allclose([values(float(k)) for k in range(120)], schedule.values(120), atol=100 * EPS)


def test_a_product_is_its_value() -> None:
    constant = executed(sources("python")["p_constant"])["p_constant"]
    assert math.isclose(constant(12.0, 0.7), cv.product(0.3, 12, 0.7).value, rel_tol=100 * EPS)


def passing(rule: Any, folder: Path) -> list[str]:
    """The step of a rule in the languages that can be run here; each passes its own test."""
    languages = ["python", *(name for name in ("c", "javascript") if shutil.which(NEEDS[name]))]
    files = {name: cv.to_code(rule, name) for name in languages}
    for language, source in files.items():
        status, said = run(language, source, folder)
        assert status == 0, said
    return list(files.values())


def test_a_rule_that_is_not_linear_has_a_step_too(tmp_path: Path) -> None:
    def clipped(f, x, lambda_, *, lr, long):
        lambda_ = long * lambda_ + np.sign(f.grad(x)) * np.minimum(np.abs(f.grad(x)), 0.5)
        return x - lr * lambda_ / np.sqrt(1 + lambda_**2), lambda_

    assert all(passing(clipped, tmp_path))


def test_a_rate_out_of_the_domain_is_not_stable() -> None:
    """The conditions keep what the letters' signs would make true."""
    stable = functions("heavy_ball", "region")["heavy_ball_region_stable"]
    assert stable(1.0, 0.1, 0.5)
    assert not stable(1.0, -0.1, 0.5)
    assert not stable(1.0, 0.1, 1.5)


def test_what_has_no_formula_is_refused_with_the_way_out() -> None:
    x = sp.Symbol("x", positive=True)
    for thing, words in (
        *((name, "takes a norm of all coordinates") for name in COUPLED),
        (cv.optimum("robust_momentum", seconds=0.01), r"optimum\('robust_momentum'\)\.at"),
        (cv.stability("heavy_ball", sigma=True), r"stability\(m\)"),
        (cv.Schedule("table", function=float), r"schedule\.values"),
        (cv.product([0.1, 0.2], 2), "multiply in a loop"),
        (cv.product(cv.schedules.exponential(0.5, 0.9), 10), "QPochhammer"),
        (sp.gamma(x), "gamma"),
        (sp.CRootOf(sp.Symbol("z") ** 5 - sp.Symbol("z") - 1, 0) * x, "CRootOf"),
        (sp.log(-1 - x**2), "no real value"),
    ):
        with pytest.raises(cv.NoCode, match=words):
            cv.to_code(thing, "c")
    with pytest.raises(cv.BadName, match="did you mean 'julia'"):
        cv.to_code("heavy_ball", "julie")
    with pytest.raises(cv.BadName, match="letters, digits and underlines"):
        cv.to_code("heavy_ball", "c", "a b")


def test_the_comment_has_source_units_and_version() -> None:
    source = cv.to_code(cv.stability("weight_decay_coupled"), "c")
    for words in ("v ← βv", "x - lr * v", "in units of 1/curvature", "in units of the curvature", cv.__version__, "Jury 1964"):
        assert words in source


@pytest.mark.parametrize("language", [needs("latex")])
def test_latex_compiles(language: str, tmp_path: Path) -> None:
    body = "\n".join(sources(language).values())
    (tmp_path / "a.tex").write_text(rf"\documentclass{{article}}\usepackage{{amsmath}}\begin{{document}}{body}\end{{document}}")
    subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"], cwd=tmp_path, check=True)


def test_letters_of_other_alphabets_and_endings_of_lines_stay_code(tmp_path: Path) -> None:
    def path(f, x, θ, double, g0, *, lr, β):
        """Ends in a backslash \\
        */ #endif return 0; %
        """
        return x - lr * θ, β * θ + f.grad(x), double, g0 + 1

    assert all("theta" in source for source in passing(path, tmp_path))
