"""A study holds the results of the public functions, keeps what failed as gaps, and is read back equal from its JSON."""

import json
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence import parts
from convergence.document import PARTS, WHOLE
from convergence.formula_text import Letters, formula, symbols
from convergence.report import page
from convergence.schema import SCHEMA_VERSION, result_classes

FEW = ["gradient_descent", "ema_momentum", "nesterov"]


@pytest.fixture(scope="module")
def study():
    return cv.study(cv.datasets.gaussian_2d(), FEW, title="the notes' data")


def test_it_holds_the_results_themselves(study):
    chapter = study["nesterov"]
    assert chapter.region == cv.stability("nesterov")
    assert chapter.system == cv.derive("nesterov")
    assert chapter.optimum.rate == cv.optimum("nesterov").rate
    assert chapter.verification == cv.verify(cv.datasets.gaussian_2d(), "nesterov", **chapter.hyper)
    assert (
        chapter.diagnosis.verdict == cv.diagnose(cv.datasets.gaussian_2d(), method="nesterov", **chapter.hyper).verdict
    )


def test_it_answers_for_every_method(study):
    assert study
    assert not study.gaps
    assert [m.name for m in study.methods] == FEW
    for m in study.methods:
        assert m.answer.steps.count == m.answer.counted
        assert m.answer.binding == 0
        assert m.optimum.pieces
        assert all(m.verification.controls)


def test_steps_are_what_a_plain_loop_counts(study):
    X, y = cv.datasets.gaussian_2d()
    (lr,) = study.methods[0].hyper.values()
    w, best, count = np.zeros(2), np.linalg.lstsq(X, y)[0], 0
    while np.linalg.norm(w - best) > 1e-3 * np.linalg.norm(best):
        w, count = w - lr * 2 * X.T @ (X @ w - y), count + 1
    assert study.methods[0].answer.counted == count


def test_finite_time_limits_and_proofs_are_in_the_study(study):
    data = cv.datasets.gaussian_2d()
    plain, ends = study["gradient_descent"], {"mu": data.mu, "L": data.L}
    assert plain.finite.worst[0].value == cv.worst_case("gradient_descent", 10, **ends, **plain.hyper).value
    assert plain.finite.shares[0].bound == cv.lower_bound(10, **ends)
    assert plain.finite.steps == cv.steps_to("gradient_descent", 1e-3, **ends, **plain.hyper)
    kappa, root = data.kappa, data.kappa**0.5
    long_run = np.log((kappa - 1) / (kappa + 1)) / np.log((root - 1) / (root + 1))
    assert plain.finite.share == pytest.approx(long_run, rel=1e-9)
    assert {name: proof.holds for name, proof in plain.certificates.items()} == dict.fromkeys(
        ("stable", "rate", "formula"), True
    )
    assert "torch.optim.SGD" in plain.libraries[0].call


def test_chebyshev_attains_the_limit_and_decay_has_no_worst_case():
    parts = ["finite", "limit"]
    found = cv.study(cv.datasets.gaussian_2d(), ["chebyshev", "weight_decay_decoupled"], parts=parts)
    assert found["chebyshev"].finite.curve == pytest.approx(found.limit.bound, rel=1e-8)
    assert [gap.part for gap in found["weight_decay_decoupled"].gaps] == ["finite"]


def test_only_the_parts_asked_for_are_made():
    found = cv.study([1.0, 10.0], "heavy_ball", parts=["region", "answer"])
    assert set(found["heavy_ball"].parts) == {"region", "answer"}
    assert found.classes is None
    with pytest.raises(cv.BadName, match="did you mean 'region'"):
        cv.study([1.0, 10.0], "heavy_ball", parts=["regoin"])


def test_any_problem_will_do():
    X, y = np.diag([1.0, 3.0]), np.ones(2)
    answers = [cv.study(p, "heavy_ball", parts="answer")["heavy_ball"].answer for p in ((X, y), [2.0, 18.0])]
    assert answers[0].rate == pytest.approx(answers[1].rate, rel=1e-9)
    with pytest.raises(cv.BadData):
        cv.study("nothing", "heavy_ball")
    with pytest.raises(cv.BadName):
        cv.study([1.0, 2.0], [])


@pytest.mark.finding("D2")
def test_a_method_that_fails_is_a_gap_and_not_the_end():
    def clipped(f, x, *, lr):
        return x - lr * abs(f.grad(x))

    def raising(f, x, *, lr):
        raise RuntimeError("no such step")

    def fixed(f, x):
        return x - 0.1 * f.grad(x)

    found = cv.study([1.0, 10.0], [clipped, raising, fixed, "gradient_descent"], parts=["system", "region", "answer"])
    assert found["gradient_descent"].region is not None
    assert {gap.part for gap in found["raising"].gaps} == {"system", "region", "answer"}
    assert "no such step" in found["raising"].gaps[0].why
    assert found["clipped"].gaps


def test_a_method_that_could_not_be_verified_has_not_passed():
    @cv.method
    def short(f, x, v, *, lr, momentum):
        return x - lr * v

    found = cv.study([1.0, 10.0], [short, "gradient_descent"], parts=["verification"])
    assert not found.passed
    assert not found["short"]
    assert "2 value(s)" in found["short"].unverified.why
    assert found["gradient_descent"]
    assert not cv.Study.from_json(found.to_json()).passed
    assert "could not be verified:** BadRule: short must return" in page(found, {})


def test_fixed_hyperparameters_go_to_the_methods_that_have_them():
    found = cv.study(
        cv.datasets.gaussian_2d(), ["gradient_descent", "heavy_ball"], hyper={"momentum": 0.9}, parts="answer"
    )
    answer = found.methods[1].answer
    assert answer.hyper["momentum"] == 0.9
    low, high = answer.plateau
    assert low < answer.hyper["lr"] < high
    assert abs(answer.rate - 0.9**0.5) < 1e-12
    with pytest.raises(cv.BadHyperparameter, match="did you mean 'momentum'"):
        cv.study(cv.datasets.gaussian_2d(), ["heavy_ball"], hyper={"momentun": 0.9})


def test_settings_that_diverge_are_shown_refuted_and_diagnosed():
    parts = ["answer", "certificates", "diagnosis", "finite"]
    (ball,) = cv.study(cv.datasets.gaussian_2d(), "heavy_ball", hyper={"lr": 1.0, "momentum": 0.5}, parts=parts).methods
    assert ball.answer.verdict == "diverges"
    assert ball.answer.steps is None
    assert ball.answer.lr_max < 1
    assert ball.certificates["stable"].holds is False
    assert ball.diagnosis.verdict == "diverges"
    assert ball.finite.steps is None


SOURCE = """import convergence as cv
def typed(f, x, v, *, lr, momentum):
    v = momentum * v + f.grad(x)
    return x - lr * v, v
"""


@pytest.mark.finding("D1")
def test_workers_change_nothing_for_rules_typed_at_a_prompt_and_read_from_a_file(tmp_path):
    (tmp_path / "my_rules.py").write_text(SOURCE)
    typed, filed = {"__name__": "__main__"}, {"__name__": "my_rules"}
    exec(compile(SOURCE, "<stdin>", "exec"), typed)
    exec(compile(SOURCE, str(tmp_path / "my_rules.py"), "exec"), filed)
    rules = [cv.method(typed["typed"]), cv.method(name="filed")(filed["typed"]), "gradient_descent"]
    one, two = (cv.study([1.0, 10.0], rules, parts=["answer", "region"], workers=n) for n in (1, 2))
    assert one.to_json() == two.to_json()
    assert not two.gaps


# JSON


def test_json_reads_back_into_an_equal_study(study, tmp_path):
    assert cv.Study.from_json(study.to_json()) == study
    study.save(tmp_path / "out", formats=["json"], figures=[])
    found = cv.Study.load(tmp_path / "out")
    assert found == study
    assert json.loads(study.to_json())["schema_version"] == SCHEMA_VERSION
    assert found["nesterov"].region.conditions == study["nesterov"].region.conditions
    assert found["nesterov"].region.contains(1.0, lr=0.1, momentum=0.5)


def test_json_is_json_without_constants_of_its_own():
    study = cv.study([1.0, 10.0], "newton", parts=["answer", "region"])
    answer = replace(study.methods[0].answer, lr_max=float("inf"), rate=float("nan"))
    study = replace(study, methods=(replace(study.methods[0], parts={"answer": answer}),))

    def refuse(constant):
        raise AssertionError(constant)

    found = json.loads(study.to_json(), parse_constant=refuse)
    assert found["methods"][0]["parts"]["answer"]["lr_max"] == {"is": "number", "value": "inf"}
    assert cv.Study.from_json(study.to_json()).methods[0].answer.lr_max == float("inf")


def test_a_rule_of_which_only_the_text_is_known_can_be_looked_at_and_not_run(tmp_path):
    def mine(f, x, *, lr):
        return x - lr * f.grad(x) / 2

    study = cv.study([1.0, 10.0], mine, parts=["region", "answer"])
    found = cv.Study.from_json(study.to_json())
    assert found["mine"].region.lr_max == study["mine"].region.lr_max
    with pytest.raises(cv.BadRule, match="text only"):
        found["mine"].method(None, 0.0, lr=1.0)
    assert found == study


BROKEN = {
    "cut off": (lambda text: text[:500], "cut off"),
    "empty": (lambda text: "", "cut off"),
    "not a study": (lambda text: "[1]", "schema_version"),
    **{
        f"schema version {version}": (
            lambda text, v=version: text.replace(f'"schema_version": {SCHEMA_VERSION}', f'"schema_version": {v}'),
            words,
        )
        for version, words in ((2, "another state of version"), (99, "another state of version"))
    },
    "a field missing": (lambda text: text.replace('"title":', '"name":', 1), "title: field required"),
    "a field unknown": (lambda text: text.replace('"steps": null', '"steps": null, "colour": 1'), "colour"),
    "a word for a number": (lambda text: text.replace('"steps": null', '"steps": "many"'), "steps"),
    "a result without a field": (lambda text: text.replace('"lr_max":', '"largest":', 1), "lr_max"),
    "a formula that is code": (lambda text: text.replace('"beta < 1"', "\"__import__('os')\"", 1), "formula"),
    "a kind unknown": (lambda text: text.replace('"is": "formula"', '"is": "socket"', 1), "socket"),
    "bytes": (lambda text: b"\xff\xfe\x00", "UTF-8"),
    "deep": (lambda text: "[" * 100_000, "whole"),
    "nothing": (lambda text: None, "whole"),
    "a huge number": (lambda text: text.replace('"steps": null', '"steps": ' + "9" * 100_000), "whole"),
}


@pytest.mark.parametrize(("broken", "where"), BROKEN.values(), ids=BROKEN)
def test_json_that_is_no_study_is_refused_and_says_where(broken, where):
    text = cv.study([1.0, 10.0], "heavy_ball", parts=["region", "answer"]).to_json()
    with pytest.raises(cv.BadData, match=re.escape(where)):
        cv.Study.from_json(broken(text))


X, T = sp.Symbol("lambda", positive=True), sp.Symbol("beta")
FORMULAS = [
    2 * (T + 1) / X,
    sp.sqrt(1 - T) ** 3 / (X + T) ** 2,
    sp.Interval.open(0, 2 / X),
    sp.Piecewise((T, X < 1), (sp.Max(T, X), True)),
    sp.And(X < T, T > -1),
    sp.Rational(-1, 3) * sp.I + sp.pi,
    sp.Float("0.1"),
    sp.oo,
]


@pytest.mark.parametrize("one", FORMULAS, ids=str)
def test_formulas_come_back_from_their_text(one):
    letters = Letters()
    text = letters.text(one)
    assert formula(text, symbols(letters.table)) == one


@pytest.mark.parametrize(
    "text", ["__import__('os')", "beta.subs", "9**9**9", "x", "lambda: 1", "(", "sqrt(beta, evaluate=1)"]
)
def test_text_that_is_no_formula_is_refused(text):
    with pytest.raises(cv.BadData):
        formula(text, {"beta": T})


@pytest.mark.finding("H2")
@pytest.mark.parametrize("text", ["9**9**9", "((9**999)**999)**999", "(2*sqrt(2))**9**9", "2**(0-99**9)"])
def test_a_tower_of_powers_is_refused_at_once(text):
    with pytest.raises(cv.BadData, match="binary digits"):
        formula(text, {})


def test_no_two_classes_of_results_have_one_name_in_a_room():
    """JSON names the class of a result, and its room where another room has one of that name."""
    names = Counter((kind.__module__.split(".")[1], kind.__name__) for kind in set(result_classes()))
    assert not [name for name, times in names.items() if times > 1 and not name[1].startswith("_")]


def test_a_study_read_back_has_every_part(study):
    assert not [gap for chapter in cv.Study.from_json(study.to_json()).methods for gap in chapter.gaps]


def test_what_is_no_part_is_no_attribute(study):
    """A part that was not asked for is None; a word with a letter wrong is an error, with the nearest one."""
    chapter = study["nesterov"]
    assert chapter.schedule is chapter.adaptive is None
    assert not hasattr(chapter, "plot")
    with pytest.raises(AttributeError, match="a Chapter has no part 'optimun': did you mean 'optimum'"):
        _ = chapter.optimun
    with pytest.raises(AttributeError, match="a Study has no part 'clases': did you mean 'classes'"):
        _ = study.clases
    assert {*PARTS} == {*parts.OF_METHOD, parts.OWN, *parts.WHERE_ASKED}
    assert {*WHOLE} == {*parts.OF_STUDY, parts.RATES}
    assert all(hasattr(chapter, name) for name in PARTS)
