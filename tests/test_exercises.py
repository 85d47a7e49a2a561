"""Every exercise accepts its derived answer, names each slip, refuses other numbers; hand-written formulas and loops agree."""

from __future__ import annotations

import itertools
import json
import math
import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from random import Random

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence.cli import main
from convergence.exercise import conventions
from convergence.exercise.notebook import check_cell
from convergence.exercise.topics import TOPICS

SEEDS = range(12)
NAMES = [template.__name__ for group in TOPICS.values() for template in group]
SHEETS = {}


def variants(name, seeds=SEEDS):
    """The exercise of each seed."""
    for seed in seeds:
        if seed not in SHEETS:
            SHEETS[seed] = {one.name: one for one in cv.exercises(seed)}
        yield SHEETS[seed][name]


def edges(sigma, beta):
    """Both learning rates with a repeated eigenvalue: (2 − β − 2ηβσ²)² = 4(1 − β), by hand."""
    return sorted((2 - beta + sign * 2 * math.sqrt(1 - beta)) / (2 * beta * sigma**2) for sign in (1, -1))


def course_loop(sigma, beta, lr, x, full=True):
    z = 2 * sigma**2 * x if full else 0.0
    for _ in range(2):
        z = (1 - beta) * z + beta * 2 * sigma**2 * x
        x -= lr * z
    return x


def steps_until(error, factor, within):
    count = 0
    while error > within * (1 + 1e-12):
        error, count = error * factor, count + 1
    return count


def best_descent(smallest, largest, within=1e-3):
    low, high = 2 * smallest**2, 2 * largest**2
    return steps_until(1.0, (high - low) / (high + low), within)


def batches_enumerated(rows, batch, s):
    """The variance of a mean of distinct rows by the covariance of two of them, −s²/(n−1)."""
    return math.sqrt((s**2 - (batch - 1) * s**2 / (rows - 1)) / batch)


def rmsprop_loop(lr, eps, lam, inside=False):
    x, v = 0.7 * lr, 0.0
    for _ in range(4000):
        g = lam * x
        v = 0.5 * v + 0.5 * g * g
        x -= lr * g / (math.sqrt(v + eps) if inside else math.sqrt(v) + eps)
    return abs(x)


def noisy_loop(lam, lr, s, beta, weight=1.0):
    """E of the loss by iterating the covariance of (x, v), entry by entry; a gradient of another weight is a longer step."""
    lr = lr * weight
    xx = xv = vv = 0.0
    for _ in range(4000):
        a, b = 1 - lr * lam, -lr * beta  # x ← ax + bv − ηξ, v ← βv + λx + ξ
        xx, xv, vv = (
            a * a * xx + 2 * a * b * xv + b * b * vv + (lr * s) ** 2,
            a * lam * xx + (a * beta + b * lam) * xv + b * beta * vv - lr * s * s,
            lam * lam * xx + 2 * lam * beta * xv + beta * beta * vv + s * s,
        )
    return lam / 2 * xx


BY_HAND = {
    "two_steps": course_loop,
    "trace": lambda eta, beta, sigma: (1 - beta) + (1 - 2 * eta * beta * sigma**2),
    "modulus": lambda beta: math.sqrt(1 - beta),
    "repeated": lambda sigma, beta: edges(sigma, beta)[1],
    "real_bound": lambda sigma, beta: (4 - 2 * beta) / (2 * beta * sigma**2),
    "complex_from": lambda sigma, beta: edges(sigma, beta)[0],
    "descent_lr": lambda smallest, largest: 1 / (smallest**2 + largest**2),
    "descent_steps": best_descent,
    "momentum_rate": lambda smallest, largest: (largest - smallest) / (largest + smallest),
    "slower_direction": lambda smallest, largest, lr: max(abs(1 - 2 * lr * s**2) for s in (smallest, largest)),
    "into_heavy_ball": lambda lr, beta, memory: lr * (1 - memory),
    "into_half_mean": lambda lr, rows: 2 * rows * lr,
    "floor_of_descent": lambda lam, lr, s: lr**2 * s**2 / (1 - (1 - lr * lam) ** 2),
    "floor_of_momentum": noisy_loop,
    "averaged_gradients": lambda beta: 1 / sum(((1 - beta) * beta**k) ** 2 for k in range(3000)),
    "speed_of_the_floor": lambda lam, lr, s: (1 - lr * lam) ** 2,
    "deviation_of_a_batch": batches_enumerated,
    "limit_in_mean_square": lambda lam, batch: 2 * lam / (lam**2 * (1 + 2 / batch)),
    "factor_of_an_epoch": lambda batch, steps, lam, lr, rows: (1 - lr * lam) ** (rows / batch),
    "rate_of_a_step": lambda base, factor, length, step, epochs: base * factor**epochs,
    "time_to_fall": lambda c, share: math.log(share) / c,
    "half_by_inverse_time": lambda c, length: length / c,
    "left_by_linear_decay": lambda base, lam, steps: math.prod(
        1 - base * (1 - k / steps) * lam for k in range(int(steps))
    ),
    "cycle_of_rmsprop": rmsprop_loop,
    "bias_correction": lambda beta, t: 1 / (1 - beta**t),
    "half_life": lambda beta: math.log(0.5) / math.log(beta),
    "left_by_newton": lambda eta, steps: (1 - eta) ** steps,
    "limit_at_a_minimum": lambda a, b, beta: 2 * (1 + beta) / (3 * a * (b / a) - b),
    "newton_on_cosh": lambda lr, c, x: x - lr * math.tanh(c * x) / c,
    "newton_steps": lambda lr, power: steps_until(1.0, 1 - lr, 10**-power),
}
"""The second route: nothing of the package in it."""


def by_hand(exercise):
    """Pairs of the exercise's answer and that by hand: one, or one at each point of the letters."""
    numbers = {name: float(value) for name, value in exercise.numbers.items()}
    for point in exercise.points:
        letters = {name: point[name] for name in exercise.letters}
        symbols = {exercise.letters[name]: value for name, value in letters.items()}
        yield float(exercise.answer.subs(symbols)), BY_HAND[exercise.name](**numbers, **letters)


def agrees(exercise):
    return all(math.isclose(ours, theirs, rel_tol=1e-9) for ours, theirs in by_hand(exercise))


def test_each_template_has_a_second_route():
    assert len(NAMES) == len(set(NAMES)) >= 14
    assert set(NAMES) == set(BY_HAND)


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_that_of_the_second_route(name):
    assert all(agrees(one) for one in variants(name))


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_is_wrong_by_a_factor_is_caught_by_the_second_route(name):
    (one,) = variants(name, [0])
    assert not any(agrees(replace(one, answer=one.answer * factor)) for factor in (2, sp.Rational(1, 2), 1.001))


def scaled(change, *names):
    """The numbers of these names changed."""
    return lambda numbers: numbers | {name: change(numbers[name]) for name in names if name in numbers}


SIGMAS = "sigma", "smallest", "largest"
OTHERWISE = {
    conventions.HALF: scaled(lambda value: value / math.sqrt(2), *SIGMAS),
    conventions.SINGULAR: scaled(math.sqrt, *SIGMAS),
    conventions.NEW_WEIGHT: scaled(lambda value: 1 - value, "beta"),
    conventions.MEMORY: scaled(lambda value: 1 - value, "beta"),
    conventions.DOUBLE: scaled(lambda value: 2 * value, "lam"),
    conventions.DEVIATION: scaled(math.sqrt, "s"),
    conventions.EPOCH: scaled(lambda _: 1.0, "length"),
    conventions.WHOLE_STEP: scaled(lambda _: 1.0, "lr"),
    conventions.DECREASE: scaled(lambda value: 1 - value, "eta", "lr", "factor"),
}
"""What the second route is asked under another convention."""
def of(name, change=lambda value: value):
    """The second route to the answer, changed."""
    return lambda **numbers: change(BY_HAND[name](**numbers))


OF_THEIR_OWN = {
    ("two_steps", "ZERO_START"): lambda **numbers: course_loop(**numbers, full=False),
    ("modulus", "SQUARE"): lambda beta: 1 - beta,
    ("descent_steps", "LOG10"): lambda **ends: best_descent(**ends, within=math.exp(-3)),
    ("descent_steps", "LOSS"): lambda **ends: best_descent(**ends, within=1e-3**0.5),
    ("into_heavy_ball", "NEW_WEIGHT"): lambda lr, beta, memory: lr * memory,
    ("into_heavy_ball", "UNDAMPED"): lambda lr, beta, memory: lr,
    ("into_heavy_ball", "DAMPED"): lambda lr, beta, memory: lr / (1 - memory),
    ("into_half_mean", "HALF"): lambda lr, rows: rows * lr,
    ("into_half_mean", "SUM"): lambda lr, rows: 2 * lr,
    ("floor_of_momentum", "DAMPED"): lambda **numbers: noisy_loop(**numbers, weight=1 - numbers["beta"]),
    ("floor_of_momentum", "ERROR"): lambda lam, **numbers: noisy_loop(lam, **numbers) * 2 / lam,
    ("averaged_gradients", "DEVIATION"): of("averaged_gradients", math.sqrt),
    ("averaged_gradients", "TIME_CONSTANT"): lambda beta: sum(beta**k for k in range(3000)),
    ("speed_of_the_floor", ""): lambda lam, lr, s: abs(1 - lr * lam),
    ("deviation_of_a_batch", "DEVIATION"): lambda rows, batch, s: batches_enumerated(rows, batch, s) ** 2 / s,
    ("deviation_of_a_batch", "REPLACED"): lambda rows, batch, s: math.sqrt(sum((s / batch) ** 2 for _ in range(int(batch)))),
    ("deviation_of_a_batch", "SUM"): lambda rows, batch, s: batch * batches_enumerated(rows, batch, s),
    ("limit_in_mean_square", "SUM"): lambda lam, batch: BY_HAND["limit_in_mean_square"](lam, batch) / batch,
    ("limit_in_mean_square", "NO_NOISE"): lambda lam, batch: 2 / lam,
    ("factor_of_an_epoch", "EPOCH"): lambda lam, lr, **numbers: 1 - lr * lam,
    ("rate_of_a_step", "EPOCH"): lambda base, factor, step, **numbers: base * factor**step,
    ("rate_of_a_step", "FIRST_IS_ZERO"): lambda base, factor, length, step, epochs: base * factor ** ((step - 1) // length),
    ("time_to_fall", "LOG10"): lambda c, share: math.log10(share) / c,
    ("time_to_fall", "DISCRETE"): lambda c, share: math.log(1 / share, 1 - c),
    ("left_by_linear_decay", "FIRST_IS_ZERO"): lambda base, lam, steps: math.prod(
        1 - base * (1 - k / steps) * lam for k in range(1, int(steps) + 1)
    ),
    ("cycle_of_rmsprop", "INSIDE"): lambda **numbers: rmsprop_loop(**numbers, inside=True),
    ("cycle_of_rmsprop", "WHOLE_SWING"): of("cycle_of_rmsprop", lambda amplitude: 2 * amplitude),
    ("bias_correction", "NO_POWER"): lambda beta, t: 1 / (1 - beta),
    ("bias_correction", "FIRST_IS_ONE"): lambda beta, t: 1 / (1 - beta ** (t - 1)),
    ("half_life", "TIME_CONSTANT"): lambda beta: 1 / (1 - beta),
    ("half_life", "LOG10"): lambda beta: math.log10(0.5) / math.log(beta),
    ("limit_at_a_minimum", "DAMPED"): lambda a, b, beta: 2 * (1 + beta) / ((1 - beta) * 2 * b),
    ("limit_at_a_minimum", "AT_THE_MAXIMUM"): lambda a, b, beta: 2 * (1 + beta) / b,
    ("newton_on_cosh", "INNER"): lambda lr, c, x: x - lr * math.tanh(c * x),
    ("newton_steps", "LOG10"): lambda lr, power: steps_until(1.0, 1 - lr, math.exp(-power)),
    ("newton_steps", "LOSS"): lambda lr, power: steps_until(1.0, 1 - lr, 10 ** (-power / 2)),
}
"""Slips by hand that are no change of the numbers."""
ANYWHERE = {"COMPLEMENT": lambda value: 1 - value, "LOSS": lambda value: value**2}
SENTENCES = {sentence: name for name, sentence in vars(conventions).items() if name.isupper()}


def slip_by_hand(name, sentence):
    """What the second route says under another convention, as a function of the numbers."""
    slip = SENTENCES.get(sentence, "")
    if (name, slip) in OF_THEIR_OWN:
        return OF_THEIR_OWN[name, slip]
    if slip in ANYWHERE:
        return of(name, ANYWHERE[slip])
    return lambda **numbers: BY_HAND[name](**OTHERWISE[sentence](numbers))


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_under_another_convention_is_that_of_the_second_route_under_it(name):
    for one in variants(name, range(5)):
        numbers = {key: float(value) for key, value in one.numbers.items()}
        for sentence, answer in one.slips.items():
            theirs = slip_by_hand(name, sentence)
            for point in one.points:
                letters = {letter: point[letter] for letter in one.letters}
                ours = float(answer.subs({one.letters[letter]: value for letter, value in letters.items()}))
                assert math.isclose(ours, theirs(**numbers, **letters), rel_tol=1e-9), sentence


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_passes_and_each_slip_is_named(name):
    for one in variants(name):
        assert one.slips
        assert one.check(one.answer)
        for sentence, slip in one.slips.items():
            verdict = one.check(slip)
            assert (verdict.kind, verdict.message) == ("convention", sentence), one.numbers


@pytest.mark.parametrize("name", NAMES)
def test_another_number_is_wrong(name):
    random = Random(name)
    for one in variants(name):
        others = [one.answer, *one.slips.values()]
        factor = sp.Rational(str(round(random.uniform(1.3, 40), 3)))
        while any(one.check(one.answer * factor).message == one.check(other).message for other in others):
            factor += sp.Rational(1, 7)
        verdict = one.check(one.answer * factor)
        assert (verdict.kind, bool(verdict)) == ("wrong", False)


def test_the_tolerance_is_half_a_unit_of_the_last_digit_that_counts():
    (one,) = variants("real_bound", [3])
    answer = float(one.answer)
    assert all(one.check(answer * (1 + part)) for part in (-0.0049, 0.0049))
    assert not any(one.check(answer * (1 + part)) for part in (-0.0101, 0.0101, -2))


def test_counts_of_steps_are_exact():
    (one,) = variants("newton_steps", [3])
    assert one.check(int(one.answer))
    assert not any(one.check(int(one.answer) + off) for off in (-1, 1, 0.5))


def test_answers_are_read_as_they_are_typed():
    (trace,), (half,) = variants("trace", [0]), variants("half_by_inverse_time", [0])
    eta, beta, sigma = sp.symbols("eta beta sigma")
    same = ["2 - beta*(1 + 2*eta*sigma^2)", "2-β-2*η*β*σ**2", 2 - beta - 2 * eta * beta * sigma**2]
    assert all(trace.check(one) for one in same)
    assert trace.check("2 - beta - eta*beta*sigma**2").kind == "convention"
    value = half.answer
    assert all(
        half.check(one) for one in (float(value), np.float64(value), str(value), f"{3 * value}/3", f"sqrt({value}**2)")
    )


@pytest.mark.parametrize(
    "given",
    [
        "2 - beta - 2*eta*beta*(eta + 1/10)**2",
        "2 - eta - 1/20 - 2*eta*beta*sigma**2",
        "2 - beta - 2*eta*beta*(beta + 1/20)**2",
        "2 - beta - 2*eta*beta*sigma**2 + (sigma - eta - 1/10)*(beta - eta - 1/20)",
        "2 - beta - 2*eta*beta*sigma**2 + beta/10**7",
    ],
)
def test_a_formula_that_agrees_on_a_line_only_is_wrong(given):
    (trace,) = variants("trace", [0])
    assert trace.check(given).kind == "wrong"


def test_no_plane_passes_through_the_points_of_a_formula():
    (trace,) = variants("trace", [0])
    points = np.array([[point[name] for name in trace.letters] for point in trace.points])
    assert np.linalg.matrix_rank(points[1:] - points[0], tol=0.05) == len(trace.letters)


@pytest.mark.parametrize(
    "given", ["", "two", "1/", "__import__('os')", "x", [1], None, True, 1j, "1 < 2", "(1, 2)", "1/0", "CRootOf(2,3)"]
)
def test_what_is_no_answer_is_refused_in_words(given):
    (one,) = variants("half_life", [0])
    with pytest.raises(cv.BadData, match="an answer must be a number"):
        one.check(given)


@pytest.mark.parametrize("given", [0, "0", float("inf"), "exp(exp(exp(9)))", 10**400, "-1", "sqrt(-1)"])
def test_numbers_out_of_reach_are_wrong_or_refused(given):
    (one,) = variants("half_life", [0])
    with suppress(cv.BadData):
        assert one.check(given).kind == "wrong"


def judged_by_the_cell(code, answer):
    """What the check in a notebook says: it raises for all but the right answer."""
    try:
        exec(code, {"answer": answer, "print": lambda *_: None})
    except AssertionError as told:
        return str(told)
    return "Right."


@pytest.mark.parametrize("name", NAMES)
def test_the_check_in_the_notebook_agrees_with_the_checker(name):
    for one in variants(name, range(3)):
        code = check_cell(one, "a sheet/1")
        given = [one.answer, *one.slips.values()]
        given += [one.answer * sp.Float(factor) for factor in (0.9, 0.98, 0.9953, 1.0047, 1.02, 1.4, -1, 1 + 1e-12)]
        for answer in given:
            text = str(answer if one.letters else float(answer))
            assert judged_by_the_cell(code, text) == one.check(text).message
    assert judged_by_the_cell(code, ...) == "not answered yet"


def test_the_notebook_does_not_hold_the_answers():
    for one in itertools.chain.from_iterable(variants(name, range(3)) for name in NAMES):
        data = check_cell(one, "a sheet/1").partition("\nPOINTS = ")[2]
        plain = re.sub(r"'[0-9a-f]{16}'|\"[0-9a-f]{16}\"", "", data).partition("verdict =")[0]
        said = " ".join(one.slips)
        assert str(one.answer) not in plain
        numbers = [float(text) for text in re.findall(r"\d+\.?\d*(?:e-?\d+)?", plain) if text not in said]
        assert one.letters or not any(math.isclose(number, float(one.answer), rel_tol=1e-2) for number in numbers)


def test_the_check_needs_the_standard_library_alone():
    (one,) = variants("real_bound", [0])
    imported = re.findall(r"^(?:import|from) (\w+)", check_cell(one, "x"), re.MULTILINE)
    assert set(imported) <= sys.stdlib_module_names


def test_the_notebook_is_one_of_nbformat_4():
    notebook = json.loads(cv.exercises(5).text("notebook"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids)) == 1 + 3 * len(NAMES)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", one) for one in ids)
    assert {cell["cell_type"] for cell in notebook["cells"]} == {"markdown", "code"}
    checks = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]
    assert len(checks) == len(NAMES)
    assert all(c["metadata"]["nbgrader"]["locked"] for c in checks)


def test_the_same_seed_gives_the_same_bytes():
    command = [
        sys.executable,
        "-m",
        "convergence",
        "exercises",
        "--seed",
        "4",
        "--topic",
        "newton",
        "--format",
        "notebook",
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert printed == cv.exercises(4, "newton").text("notebook").encode()
    assert cv.exercises(5, "newton").text() != cv.exercises(4, "newton").text()


def test_a_topic_has_the_same_variants_alone_and_among_others():
    alone = cv.exercises(2, "noise")
    assert list(alone) == [one for one in cv.exercises(2) if one.topic == "noise"]


def test_count_chooses_or_adds_variants():
    assert len(cv.exercises(1, "noise", count=2)) == 2
    more = cv.exercises(1, "newton", count=5)
    assert len({one.question for one in more}) == len(more) == 5


@pytest.mark.parametrize(
    "wrong", [{"seed": "a"}, {"seed": 10**400}, {"topic": "nois"}, {"count": 0}, {"topic": ["noise"]}]
)
def test_what_cannot_be_asked_is_refused(wrong):
    with pytest.raises(cv.ConvergenceError):
        cv.exercises(**wrong)
    with pytest.raises(cv.BadName, match="markdown"):
        cv.exercises(topic="newton").text("word")


def test_questions_and_solutions_are_files_apart(capsys, tmp_path):
    arguments = ["exercises", "--topic", "homework", "--out", str(tmp_path), "--format", "markdown,latex,html,notebook"]
    assert main(arguments) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        f"exercises.{ending}" for ending in ("md", "tex", "html", "ipynb")
    }
    assert main([*arguments, "--answers"]) == 0
    sheet = cv.exercises(topic="homework")
    questions, solutions = ((tmp_path / f"{name}.md").read_text() for name in ("exercises", "solutions"))
    assert all(one.shown(one.answer) in solutions for one in sheet)
    assert all(f"> {one.solution}" not in questions for one in sheet)
    assert "seed" not in questions
    assert "seed 0" in solutions
    capsys.readouterr()


def test_the_command_prints_a_sheet_and_json(capsys):
    assert main(["exercises", "--topic", "newton", "--count", "1"]) == 0
    assert capsys.readouterr().out == cv.exercises(topic="newton", count=1).text()
    assert main(["exercises", "--topic", "newton", "--json"]) == 0
    assert "answer" not in json.loads(capsys.readouterr().out)["exercises"][0]
    assert main(["exercises", "--format", "markdown,latex"]) == 2
    assert main(["exercises", "--topic", "nois"]) == 2
    assert "did you mean 'noise'" in capsys.readouterr().err
