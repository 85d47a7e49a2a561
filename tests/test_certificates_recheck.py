"""A sceptic accepts each certificate, and rejects it as soon as one number in it is another."""

import json
from fractions import Fraction

import pytest
import sympy as sp
from user_rules import two_buffers

import convergence as cv
from convergence import method
from convergence.api.certificates import (
    certify_formula,
    certify_optimum,
    certify_radius,
    certify_rate,
    certify_stable,
    read_certificate,
    recheck,
)
from convergence.certificates import optimum
from convergence.certificates.exact_discs import interpolated, values
from convergence.certificates.exact_numbers import Number, Theta, number
from convergence.certificates.exact_signs import not_negative, positive, roots_between

MU, L = sp.symbols("mu L", positive=True)


def rational(*numbers):
    return [Number(None, (Fraction(n),) if n else ()) for n in numbers]


K = sp.sqrt(10)
BEST_RATE = (K - 1) / (K + 1)
BEST = {"lr": 4 / (1 + K) ** 2, "momentum": BEST_RATE**2}

PROOFS = {
    "stable": lambda: certify_stable("heavy_ball", mu=1, L=100, lr=0.01, momentum=0.5),
    "unstable": lambda: certify_stable("heavy_ball", mu=1, L=100, lr=0.03, momentum=0.5),
    "three states": lambda: certify_stable(two_buffers, mu=1, L=10, lr=0.01, momentum=0.3),
    "algebraic": lambda: certify_rate("heavy_ball", BEST_RATE, mu=1, L=10, **BEST),
    "no rate": lambda: certify_rate("heavy_ball", BEST_RATE - sp.Rational(1, 10**9), mu=1, L=10, **BEST),
    "radius": lambda: certify_radius("nesterov", 3, lr=0.1, momentum=0.5),
    "optimum": lambda: certify_optimum("nesterov", mu=1, L=10),
    "formula": lambda: certify_formula("heavy_ball"),
}


def changed(value):
    """A number in a string, by one."""
    return str(Fraction(value) + 1)


def places(content, path=()):
    """Where the exact numbers of the steps stand: strings that are fractions."""
    if isinstance(content, dict):
        for key, entry in content.items():
            if key not in ("words", "kind", "method", "what", "unknown", "letters"):
                yield from places(entry, (*path, key))
    elif isinstance(content, list):
        for key, entry in enumerate(content):
            yield from places(entry, (*path, key))
    elif isinstance(content, str):
        try:
            Fraction(content)
        except ValueError:
            return
        yield path


def tampered(content, path):
    copy = json.loads(json.dumps(content))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = changed(inner[path[-1]])
    return json.dumps(copy)


@pytest.mark.parametrize("name", PROOFS)
def test_a_changed_number_is_noticed(name):
    """Every number that a fact needs; a step that only repeats another in words may change without harm."""
    proof = PROOFS[name]()
    content = proof.to_dict()
    assert recheck(proof)
    own = proof.method
    steps = [(place, step["kind"]) for place, step in enumerate(content["steps"]) if step["kind"] != "halfline"]
    for place, _ in steps:
        paths = [("steps", place, *path) for path in places(content["steps"][place]["data"], ("data",))]
        for path in paths[:: max(1, len(paths) // 4)]:
            if path[-2:] == ("field", "low") or path[-2:] == ("field", "high"):
                continue
            assert not read_certificate(tampered(content, path)).recheck(own), path


@pytest.mark.parametrize("drop", [1, 2, 3])
def test_a_fact_that_is_missing_is_noticed(drop):
    content = certify_stable("nesterov", mu=1, L=100, lr=0.01, momentum=0.9).to_dict()
    del content["steps"][drop]
    assert not read_certificate(json.dumps(content)).recheck()


@pytest.mark.parametrize(("place", "value"), [("L", ["200"]), ("radius", ["2"]), ("mu", ["0"])])
def test_a_statement_that_says_more_is_noticed(place, value):
    content = certify_stable("heavy_ball", mu=1, L=100, lr=sp.Rational(29, 1000), momentum=0.5).to_dict()
    content["statement"][place] = value
    assert not read_certificate(json.dumps(content)).recheck()


def test_a_refutation_is_no_proof():
    content = certify_stable("heavy_ball", mu=1, L=100, lr=0.03, momentum=0.5).to_dict()
    content["holds"] = True
    assert not read_certificate(json.dumps(content)).recheck()


def test_a_certificate_of_another_rule_is_noticed():
    @method(name="heavy_ball")
    def other(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - 2 * lr * v, v

    proof = certify_stable("heavy_ball", mu=1, L=100, lr=0.01, momentum=0.5)
    assert proof.recheck(cv.METHODS["heavy_ball"])
    assert not proof.recheck(other)
    assert not proof.recheck(cv.METHODS["nesterov"])


def test_without_the_rule_the_sceptic_says_what_was_not_checked():
    proof = read_certificate(certify_stable(two_buffers, mu=1, L=10, lr=0.01, momentum=0.3).to_json())
    found = recheck(proof)
    assert found
    assert "no rule was there to run" in found.notes[0]
    assert not recheck(proof, two_buffers).notes


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "other"}', "{", '"text"'])
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(cv.BadData, match="certificate"):
        read_certificate(text)


def test_a_broken_certificate_is_rejected_and_raises_nothing():
    content = certify_stable("heavy_ball", mu=1, L=100, lr=0.01, momentum=0.5).to_dict()
    content["steps"][1]["data"]["poly"] = "nonsense"
    assert not read_certificate(json.dumps(content)).recheck()


def test_the_sceptic_s_signs():
    cube = rational(-2, 0, 0, 1)
    assert roots_between(cube, *rational(0, 2)) == 1
    square = rational(4, -4, 1)  # (x − 2)²
    low, high = rational(1, 3)
    assert not_negative(square, low, high)
    assert not positive(square, low, high)
    assert not not_negative([-c for c in square], low, high)
    assert not not_negative(cube, *rational(1, 2))


def test_the_sceptic_s_field():
    root = Theta([Fraction(-2), Fraction(0), Fraction(1)], Fraction(1), Fraction(2))
    one = number(["-1", "1"], root)  # √2 − 1
    assert one.sign() == 1
    assert (one - Fraction(41421356237309504880, 10**20)).sign() == 1
    assert ((one + 1) * (one + 1) - 2).sign() == 0
    assert (one * one.inverse() - 1).sign() == 0
    with pytest.raises(ValueError, match="θ"):
        Theta([Fraction(-2), Fraction(0), Fraction(1)], Fraction(-2), Fraction(2))


def test_the_sceptic_s_disc():
    inside, outside = rational(1, 0, Fraction(1, 4)), rational(1, 0, 4)
    (unit,) = rational(1)
    assert all(v.sign() > 0 for v in values(inside, unit))
    assert not all(v.sign() > 0 for v in values(outside, unit))
    found = interpolated([Fraction(k) for k in range(3)], rational(1, 2, 5))
    assert [c.parts for c in found] == [(1,), (), (1,)]


@pytest.fixture
def boxed(monkeypatch):
    """An optimum proven by branch and bound, where an identity would do."""
    real = optimum.excluded
    monkeypatch.setattr(optimum, "excluded", lambda task, rate, sizes, boxes: real(task, rate, sizes, True))
    return certify_optimum("nesterov", mu=1, L=9)


def test_branch_and_bound_rechecks(boxed):
    assert boxed
    assert [step.kind for step in boxed.steps[-3:]] == ["bound", "bound", "boxes"]
    assert boxed.recheck()


@pytest.mark.parametrize("fault", ["leaf", "axis", "box", "bound", "short", "weight"])
def test_a_tree_with_a_fault_is_noticed(boxed, fault):
    content = json.loads(boxed.to_json())
    last, bound = content["steps"][-1]["data"], content["steps"][-2]["data"]
    leaf = next(k for k, entry in enumerate(last["tree"]) if isinstance(entry, list))
    if fault == "leaf":
        last["tree"][leaf] = [[3, 1]]
    elif fault == "axis":
        last["tree"][0] = 1 - last["tree"][0]
    elif fault == "box":
        last["box"][0][1] = "1/1000"
    elif fault == "bound":
        bound["value"] = "1/1000"
    elif fault == "short":
        last["tree"].pop()
    else:
        last["tree"][leaf][0][1] *= -1
    assert not read_certificate(json.dumps(content)).recheck(boxed.method)


def forged(content, rule):
    """What a sceptic says of a certificate made by hand."""
    return recheck(read_certificate(json.dumps(content)), rule)


def times_a_factor(poly, root):
    """A polynomial in strings, times λ − root."""
    numbers = [Fraction(c[0]) for c in poly]
    shifted, scaled = [Fraction(0), *numbers], [*(root * c for c in numbers), Fraction(0)]
    return [[str(a - b)] for a, b in zip(shifted, scaled, strict=True)]


def test_a_factor_that_cancels_makes_no_curvature_without_a_matrix():
    content = certify_stable("gradient_descent", mu=1, L=10, lr=0.1).to_dict()
    first = content["steps"][0]
    first["data"]["coefficients"] = [times_a_factor(c, 2) for c in first["data"]["coefficients"]]
    nowhere = {"kind": "undefined", "words": "no matrix at 2", "data": {"at": {"number": ["2"]}}}
    assert not forged({**content, "holds": False, "counterexample": "2", "steps": [first, nowhere]}, "gradient_descent")


def test_a_characteristic_polynomial_without_a_hyperparameter_is_noticed():
    def fixed(f, x, v, *, lr, momentum):
        v = v / 3 + f.grad(x)  # a sceptic that tried only 1/3 for the momentum would take this for heavy ball
        return x - lr * v, v

    content = certify_optimum(method(name="heavy_ball")(fixed), mu=1, L=100).to_dict()
    assert content["holds"]
    assert sp.Rational(content["lower"]) > certify_optimum("heavy_ball", mu=1, L=100).upper
    assert not forged(content, "heavy_ball")


def test_a_characteristic_polynomial_of_lower_degree_in_the_curvature_is_noticed():
    seen = [Fraction(3 * k + 2, 7) for k in range(6)]

    def steeper(f, x, *, lr):
        far = f.grad(x) - x * seen[0]
        for place in seen[1:]:
            far = f.grad(far) - far * place
        return x - lr * f.grad(x) + far  # gradient descent at six curvatures, and nowhere else

    proof = certify_stable("gradient_descent", mu=1, L=10, lr=0.1)
    assert not recheck(proof, method(name="gradient_descent")(steeper))


def test_bernstein_coefficients_on_no_pieces_prove_nothing():
    content = certify_formula("gradient_descent").to_dict()
    for step in content["steps"]:
        if step["kind"] == "bernstein":
            step["data"]["pieces"] = 0
    assert not forged(content, "gradient_descent")


def test_a_bound_is_from_above_or_from_below():
    """A rate of 9/10 is not the best, 9/11: a bound of 2·lr from above must not pass for one of lr from below."""
    content = certify_optimum("gradient_descent", mu=1, L=10).to_dict()
    reached = certify_rate("gradient_descent", 0.9, mu=1, L=10, lr=0.19).to_dict()["steps"]
    lower, (formula, held) = Fraction(9, 10) - Fraction(1, 10**7), content["steps"][3:5]
    polys = []
    for curvature in (1, 10):
        for place, (constant, slope) in enumerate([(1 + lower, -curvature), (lower - 1, curvature)]):
            terms = [[[0], str(constant)], [[1], str(slope)]]
            polys.append({"curvature": str(curvature), "place": place, "poly": terms})
    constraints = {**held, "data": {**held["data"], "radius": str(lower), "polys": polys}}
    edge = Fraction(1, 5)
    gap = str(1 + lower - 10 * edge)
    assert gap.startswith("-")

    def bound(side, weight):
        value = side * edge
        data = {"terms": [[[2], "1"], [[4], weight]], "constant": gap, "variable": "lr", "side": side}
        return {"kind": "bound", "words": "", "data": {**data, "value": str(value)}}

    boxes = {"kind": "boxes", "words": "", "data": {"box": [["4/5", "1"]], "tree": [[[2, 2**40]]], "bits": 40}}
    steps = [*reached, formula, constraints, bound(1, "10"), bound(2, "5"), boxes]
    facts = {"steps": steps, "lower": str(lower), "upper": "9/10", "hyper": {"lr": "19/100"}}
    found = forged({**content, **facts}, "gradient_descent")
    assert found.failed == ("a bound is from above or from below",)


def test_an_end_of_an_enclosure_is_the_one_of_the_facts():
    content = certify_radius("gradient_descent", sp.sqrt(2), lr=0.1).to_dict()
    content["statement"]["upper"] = [content["statement"]["upper"][0], "1"]
    assert forged(content, "gradient_descent").failed


def test_what_is_undecided_is_not_confirmed():
    content = certify_stable("gradient_descent", mu=1, L=10, lr=0.1).to_dict()
    found = forged({**content, "holds": None, "steps": content["steps"][:1]}, "gradient_descent")
    assert not found
    assert not found.failed
    assert found.notes == ("the claim is undecided",)


def test_an_algebraic_counterexample_is_the_one_of_the_facts():
    @method
    def stops(f, x, *, lr):
        g = f.grad(x)
        h = f.grad(x + f.grad(x + g) - g) - g - 2 * g
        return x - lr * (f.grad(x + f.grad(x + h) - g) - g - 2 * h)  # x − η·(λ² − 2)²·λ·x: not at all at √2

    proof = certify_stable(stops, mu=1, L=2, lr=sp.Rational(1, 100))
    assert proof.holds is False
    assert proof.counterexample == sp.sqrt(2)
    content = proof.to_dict()
    assert forged(content, stops)
    assert not forged({**content, "counterexample": "3/2"}, stops)
