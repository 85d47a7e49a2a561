"""The checker confirms each certificate, and none that says what is false, whatever was changed in its file."""

import copy
import json
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from user_rules import two_buffers

import convergence as cv
from convergence import (
    certify_formula,
    certify_mean_square,
    certify_optimum,
    certify_radius,
    certify_rate,
    certify_stable,
    method,
    read_certificate,
    recheck,
)
from convergence.certificates import optimum

MU, L = sp.symbols("mu L", positive=True)
K = sp.sqrt(10)
BEST_RATE = (K - 1) / (K + 1)
BEST = {"lr": 4 / (1 + K) ** 2, "momentum": BEST_RATE**2}
PLAIN = {"lr": 2 / (L + MU), "momentum": sp.Integer(0)}
ROWS = [[1.0, 0.5], [-0.5, 1.0], [1.0, 0.75]]
NEAR = 1e-6
"""How far floats may see a claim violated that holds: at a double eigenvalue they are off by the root of rounding."""


@method
def touches(f, x, *, lr):
    """The radius is 1 − ηλ(λ²−2)²: 1 at √2."""

    def applied(g):
        return f.grad(x + g) - f.grad(x)

    g = f.grad(x)
    cube = applied(applied(g))
    return x - lr * (applied(applied(cube)) - 4 * cube + 4 * g)


PROOFS = {
    "stable": lambda: certify_stable("heavy_ball", mu=1, L=100, lr=0.01, momentum=0.5),
    "unstable": lambda: certify_stable("heavy_ball", mu=1, L=100, lr=0.03, momentum=0.5),
    "three states": lambda: certify_stable(two_buffers, mu=1, L=10, lr=0.01, momentum=0.3),
    "clock": lambda: certify_stable("frozen_adam", mu=1, L=10, lr=0.1, momentum=0.5),
    "pole": lambda: certify_radius("newton", 0, lr=0.1),
    "algebraic": lambda: certify_rate("heavy_ball", BEST_RATE, mu=1, L=10, **BEST),
    "no rate": lambda: certify_rate("heavy_ball", BEST_RATE - sp.Rational(1, 10**9), mu=1, L=10, **BEST),
    "touched": lambda: certify_stable(touches, mu=1, L=2, lr=sp.Rational(1, 100)),
    "square": lambda: certify_rate(touches, 1, mu=1, L=2, lr=sp.Rational(1, 100)),
    "radius": lambda: certify_radius("nesterov", 3, lr=0.1, momentum=0.5),
    "optimum": lambda: certify_optimum("nesterov", mu=1, L=10),
    "held": lambda: certify_optimum("heavy_ball", mu=1, L=9, momentum=0.5),
    "formula": lambda: certify_formula("heavy_ball"),
    "mean square": lambda: certify_mean_square((ROWS, [0, 0, 0]), "heavy_ball", 2, lr=0.1, momentum=0.5),
    "not in mean square": lambda: certify_mean_square((ROWS, [0, 0, 0]), "heavy_ball", 2, lr=0.5, momentum=0.5),
    "false formula": lambda: certify_formula("heavy_ball", rate=(L - MU) / (L + MU), hyper=PLAIN),
}


@pytest.fixture(scope="module")
def proofs():
    return {name: make() for name, make in PROOFS.items()}


def radius(rule, curvatures, hyper):
    """From the roots of the derived polynomial: of settings that no run takes, too."""
    derived = cv.derive(rule)
    letters = [derived.symbols["curvature"], *(derived.symbols[n] for n in rule.hyper)]
    numbers = [float(hyper[n]) for n in rule.hyper]
    coefficients = sp.lambdify(letters, derived.characteristic.all_coeffs())
    return np.array([np.abs(np.roots(coefficients(float(c), *numbers))).max(initial=0) for c in curvatures])


def value(parts, field):
    """A number of a certificate, in floats."""
    theta = 0.0
    if field is not None:
        roots = np.roots([float(Fraction(c)) for c in reversed(field["modulus"])])
        low, high = float(Fraction(field["low"])), float(Fraction(field["high"]))
        theta = min(roots.real, key=lambda r: max(low - r, r - high))
    return sum(float(Fraction(c)) * theta**k for k, c in enumerate(parts))


def checked(content, rule=None):
    """What the checker says of a file; False where it is no certificate at all."""
    try:
        return read_certificate(json.dumps(content)).recheck(rule)
    except cv.BadData:
        return False


def so(content, rule):
    """Whether a certificate says what is so, by floats and by what is known of the best rates."""
    kind = content["kind"]
    if kind == "mean square":
        return (mean_square_radius(content) < 1 + NEAR) if content["holds"] else mean_square_radius(content) > 1 - NEAR
    if kind == "formula":
        return so_formula(content, rule)
    field = content.get("ground")
    hyper = {n: value(a, field) / value(b, field) for n, (a, b) in content["hyper"].items()}
    mu, high, rate = value(content["mu"], field), value(content["L"], field), value(content["rate"][0], field)
    rate = rate / value(content["rate"][1], field)
    if kind == "radius":
        if not content["holds"]:
            return mu == 0
        return float(Fraction(content["lower"])) - NEAR <= radius(rule, [mu], hyper)[0] <= rate + NEAR
    if not content["holds"]:
        place = value(content["place"], field)
        return mu - NEAR <= place <= high + NEAR and radius(rule, [place], hyper)[0] >= rate - NEAR
    if not 0 < mu <= high or radius(rule, np.linspace(mu, high, 400), hyper).max() > rate + NEAR:
        return False
    if kind != "optimum":
        return True
    held = {n: sp.Rational(v) for n, v in content["held"].items()}
    return float(Fraction(content["lower"])) - NEAR <= cv.optimum(rule, **held).at(mu=mu, L=high).rate <= rate + NEAR


def mean_square_radius(content):
    """Of heavy ball's step of second moments, from the Hessian of every row and the mean over pairs of rows."""
    lr, momentum = (float(Fraction(content["hyper"][n])) for n in ("lr", "momentum"))
    X = np.array([[float(Fraction(v)) for v in row] for row in content["rows"]])
    n, eye = len(X), np.eye(X.shape[1])
    hessians = float(Fraction(content["weight"])) * X[:, :, None] * X[:, None, :]
    mean, size = hessians.mean(axis=0), content["batch"]
    share = 1 / size if content["sampling"] == "replacement" else (n - size) / (size * (n - 1))

    def step(h):
        return np.block([[eye - lr * h, -lr * momentum * eye], [h, momentum * eye]])

    spread = np.mean([np.kron(step(h) - step(mean), step(h) - step(mean)) for h in hessians], axis=0)
    return np.abs(np.linalg.eigvals(np.kron(step(mean), step(mean)) + share * spread)).max()


def so_formula(content, rule):
    def at(t):
        def poly(parts):
            return sum(float(Fraction(c)) * t**k for k, c in enumerate(parts))

        ratios = {n: poly(a) / poly(b) for n, (a, b) in content["hyper"].items()}
        kappa, rate = poly(content["L"]), poly(content["rate"][0]) / poly(content["rate"][1])
        reached = radius(rule, np.linspace(1, kappa, 200), ratios).max()
        return abs(rate - cv.optimum(rule).at(mu=1, L=kappa).rate) < NEAR and reached < rate + NEAR

    if content["holds"]:
        return all(at(float(Fraction(content["ground"]["start"])) + d) for d in (0.25, 1.0, 6.0))
    return not at(float(Fraction(content["at"])))


def leaves(content, path=()):
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, entry in inner:
        yield (*path, key)
        yield from leaves(entry, (*path, key))


def mutants(content):
    """Every entry changed, deleted, doubled; an entry added to every object and list."""
    for path in leaves(content):
        for change in (_deleted, _doubled, _added, _raised, _turned, _other):
            mutant = copy.deepcopy(content)
            inner = mutant
            for key in path[:-1]:
                inner = inner[key]
            if change(inner, path[-1]) and mutant != content:
                yield mutant


def _deleted(inner, key):
    del inner[key]
    return True


def _doubled(inner, key):
    if isinstance(inner, list):
        inner.insert(key, inner[key])
        return True
    return False


def _added(inner, key):
    entry = inner[key]
    if isinstance(entry, dict):
        entry["more"] = "1"
    elif isinstance(entry, list):
        entry.append("1")
    return isinstance(entry, dict | list)


def _raised(inner, key):
    return _number(inner, key, lambda n: n + 1)


def _turned(inner, key):
    return _number(inner, key, lambda n: -n / 2)


def _number(inner, key, change):
    entry = inner[key]
    if isinstance(entry, bool):
        inner[key] = not entry
    elif isinstance(entry, int):
        inner[key] = int(change(entry))
    elif isinstance(entry, str):
        try:
            inner[key] = str(change(Fraction(entry)))
        except ValueError:
            return False
    return isinstance(entry, int | str)


def _other(inner, key):
    inner[key] = [] if inner[key] is None else None
    return True


@pytest.mark.finding("A11")
@pytest.mark.parametrize("name", PROOFS)
def test_no_change_makes_a_certificate_confirm_what_is_false(proofs, name):
    proof = proofs[name]
    assert proof.recheck()
    every = list(mutants(proof.to_dict()))
    step = max(1, len(every) // 60)
    confirmed = 0
    for mutant in every[::step]:
        if checked(mutant, proof.method):
            confirmed += 1
            assert so(mutant, proof.method), mutant
    assert confirmed < len(every[::step]) / 2


def test_the_oracle_of_these_tests_can_fail(proofs):
    content = proofs["stable"].to_dict()
    assert so(content, cv.METHODS["heavy_ball"])
    assert not so(content | {"L": ["1000"]}, cv.METHODS["heavy_ball"])
    assert not so(proofs["optimum"].to_dict() | {"lower": "7/10"}, cv.METHODS["nesterov"])
    assert not so(proofs["formula"].to_dict() | {"rate": [["-1", "1"], ["2", "1"]]}, cv.METHODS["heavy_ball"])


@pytest.mark.parametrize(("place", "value"), [("L", ["200"]), ("rate", [["2"], ["1"]]), ("mu", ["0"]), ("kind", "rate")])
def test_a_statement_that_says_more_is_noticed(place, value):
    content = certify_stable("heavy_ball", mu=1, L=100, lr=sp.Rational(29, 1000), momentum=0.5).to_dict()
    content[place] = value
    found = read_certificate(json.dumps(content)).recheck()
    assert not found or (place == "kind" and "at most 1 " in read_certificate(json.dumps(content)).claim)


@pytest.mark.parametrize(
    "change",
    [
        {"mu": ["0"]},
        {"mu": ["-1"]},
        {"mu": ["11"]},
        {"mu": ["1", "1"]},
        {"L": ["10", "1"]},
        {"ground": {"start": "1"}},
        {"kind": "formula"},
        {"kind": "formula", "ground": {"start": "1"}},
        {"holds": False},
        {"lower": None},
        {"lower": "0"},
        {"lower": "2/3"},
        {"lower": "-1"},
        {"rate": [["1/2"], ["1"]]},
        {"rate": [["1"], ["1"]]},
        {"at": "2"},
        {"units": {"lr": -1}},
    ],
)
def test_an_optimum_that_says_more_is_noticed(proofs, change):
    content = proofs["optimum"].to_dict() | change
    assert not checked(content)
    if change != {"lower": "0"}:
        assert not checked(content | {"below": None})


@pytest.mark.finding("A11")
@pytest.mark.finding("H1")
def test_what_is_printed_is_what_was_checked(proofs):
    """A file holds no words: the claim is made of the numbers."""
    for name in ("stable", "optimum", "formula"):
        content = proofs[name].to_dict()
        for key in ("claim", "why", "words", "formulas", "statement", "assumptions"):
            with pytest.raises(cv.BadData):
                read_certificate(json.dumps(content | {key: "it is so"}))


@pytest.mark.finding("A11")
def test_a_refutation_is_no_proof(proofs):
    refuted, stable, best = (proofs[name].to_dict() for name in ("unstable", "stable", "optimum"))
    assert not checked(refuted | {"holds": True})
    assert not checked(refuted | {"holds": True, "place": None})
    assert not checked(stable | {"holds": False, "place": ["50"]})
    assert not checked(best | {"holds": False})
    formula, false = proofs["formula"].to_dict(), proofs["false formula"].to_dict()
    assert not checked(formula | {"holds": False, "below": None, "signs": [], "units": None, "at": "3"})
    assert not checked(formula | {"at": "3"})
    assert not checked(false | {"holds": True, "at": None, "by": None})
    assert not checked(false | {"by": None})
    assert not checked(false | {"by": refuted})


@pytest.mark.finding("A3")
def test_a_certificate_of_another_rule_is_noticed(proofs):
    @method(name="heavy_ball")
    def other(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - 4 * lr * v, v

    assert proofs["stable"].recheck(cv.METHODS["heavy_ball"])
    for rule in (other, cv.METHODS["nesterov"]):
        for name in ("stable", "algebraic", "held", "formula"):
            assert not proofs[name].recheck(rule)


def test_a_denominator_that_is_irrational_is_run_exactly():
    """x ← x/(1 + η√…): no fraction cancels it."""

    @method
    def shrinks(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x) / (2 - lr)
        return (x - lr * v) / (1 + lr), v / (3 + lr)

    lr = sp.sqrt(2) / 10
    proof = certify_radius(shrinks, 3, lr=lr, momentum=0.5)
    assert proof.recheck()
    number = float(lr)
    slope = 3 / (2 - number)
    matrix = np.array([[1 - number * slope, -0.5 * number], [slope, 0.5]]) / [[1 + number], [3 + number]]
    assert abs(float(proof.upper) - np.abs(np.linalg.eigvals(matrix)).max()) < NEAR
    assert certify_stable(shrinks, mu=1, L=5, lr=lr, momentum=0.5).recheck()


def counts(f, x, c, *, lr):
    return x - lr * f.grad(x) / (1 + c), c + 1


def test_a_counter_that_never_rests_is_no_pole(proofs):
    rule = method(name="counts")(counts)
    forged = {"method": "counts", "hyper": {"lr": [["1/10"], ["1"]]}}
    for name in ("stable", "unstable"):
        found = read_certificate(json.dumps(proofs[name].to_dict() | forged)).recheck(rule)
        assert not found
        assert "rest" in found.failed[0]


def exits(f, x, *, lr):
    raise SystemExit(0)


def branches(f, x, *, lr):
    return x - (lr if lr > 1 else 0) * f.grad(x)


def equal(f, x, *, lr):
    return x - lr * f.grad(x) * (lr == 1)


def bent(f, x, *, lr):
    return x - lr * f.grad(x) + x * x


def far(f, x, *, lr):
    return np.positive(x) - 100 * lr * f.grad(x)


def sine(f, x, *, lr):
    return x - lr * np.sin(f.grad(x))


def catches(f, x, *, lr):
    """Gradient descent for whoever cannot compare numbers."""
    try:
        return x - 100 * lr * f.grad(x) if lr > 0.01 else x
    except TypeError:
        return x - lr * f.grad(x)


def catches_a_power(f, x, *, lr):
    try:
        return x - 100 * lr**0.5 * f.grad(x)
    except TypeError:
        return x - lr * f.grad(x)


@pytest.mark.finding("A3")
@pytest.mark.parametrize("rule", [exits, branches, equal, bent, far, sine, catches, catches_a_power])
def test_no_exception_and_no_other_rule_is_a_confirmation(rule):
    proof = certify_stable("gradient_descent", mu=1, L=10, lr=0.1)
    found = recheck(proof, method(name="gradient_descent")(rule))
    assert not found
    assert found.failed


def test_without_the_rule_nothing_is_confirmed(proofs):
    alone = read_certificate(proofs["three states"].to_json())
    assert not recheck(alone)
    assert "no rule" in recheck(alone).failed[0]
    assert recheck(alone, two_buffers)


def test_a_rule_of_higher_degree_in_the_curvature_is_noticed():
    seen = [Fraction(3 * k + 2, 7) for k in range(6)]

    def steeper(f, x, *, lr):
        away = f.grad(x) - x * seen[0]
        for place in seen[1:]:
            away = f.grad(away) - away * place
        return x - lr * f.grad(x) + away  # gradient descent at six curvatures, and nowhere else

    proof = certify_stable("gradient_descent", mu=1, L=10, lr=0.1)
    assert not recheck(proof, method(name="gradient_descent")(steeper))


def test_a_bound_for_a_rule_without_a_hyperparameter_is_not_one_for_another():
    def fixed(f, x, v, *, lr, momentum):
        v = v / 3 + f.grad(x)
        return x - lr * v, v

    proof = certify_optimum(method(name="heavy_ball")(fixed), mu=1, L=100)
    assert proof
    assert proof.lower > certify_optimum("heavy_ball", mu=1, L=100).upper
    assert not recheck(proof, "heavy_ball")


@method
def two_factors(f, x, *, lr, momentum):
    """Gradient descent at the rate ηβ."""
    return x - lr * momentum * f.grad(x)


@pytest.mark.finding("I")
def test_hyperparameters_below_their_domains_do_not_count():
    """ηβ is the same with both signs turned."""
    proof = certify_optimum(two_factors, mu=1, L=10, momentum=0.5)
    assert proof.recheck()
    turned = {name: [[str(-Fraction(*above))], below] for name, (above, below) in proof.to_dict()["hyper"].items()}
    content = proof.to_dict() | {"hyper": turned, "held": {"momentum": "-1/2"}}
    assert "below its domain" in read_certificate(json.dumps(content)).recheck(two_factors).failed[0]
    closed = {"lr": 4 / (L + MU), "momentum": sp.Rational(1, 2)}
    formula = certify_formula(two_factors, rate=(L - MU) / (L + MU), hyper=closed)
    assert formula.recheck()
    ratios = {n: [[str(-Fraction(c)) for c in a], b] for n, (a, b) in formula.to_dict()["hyper"].items()}
    content = formula.to_dict() | {"hyper": ratios}
    assert "below its domain" in read_certificate(json.dumps(content)).recheck(two_factors).failed[0]


def test_what_is_undecided_is_not_confirmed():
    proof = certify_formula(two_buffers)
    found = read_certificate(proof.to_json()).recheck(two_buffers)
    assert not found
    assert not found.failed
    assert found.notes == ("the claim is undecided",)


HOSTILE = [
    "",
    "[]",
    "{}",
    '{"schema": "other"}',
    "{",
    '"text"',
    "null",
    "\ud800",
    "[" * 10**5,
    '{"a":' * 10**5 + "1" + "}" * 10**5,
    '{"schema": "convergence certificate 1"}',
]


@pytest.mark.finding("H1")
@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(cv.BadData, match="certificate"):
        read_certificate(text)


WRONG = [
    "nonsense",
    1,
    1.5,
    True,
    [],
    {},
    [["1"]],
    "9" * 10**5,
    "1/0",
    "nan",
    "1e9",
    "١",
    " 1",
    None,
    [1],
    ["1"] * 10**4,
]


@pytest.mark.finding("H1")
@pytest.mark.parametrize("key", ["mu", "hyper", "holds", "ground", "signs", "place", "method", "kind", "schema"])
def test_entries_of_another_kind_are_refused_or_not_confirmed(proofs, key):
    content = proofs["stable"].to_dict()
    for wrong in WRONG:
        if content[key] != wrong:
            assert not checked(content | {key: wrong}, cv.METHODS["heavy_ball"]), wrong


def test_an_integer_of_many_digits_is_refused(proofs):
    text = proofs["held"].to_json()
    assert '"places": [' in text
    first = text.index('"places": [') + len('"places": [')
    with pytest.raises(cv.BadData):
        read_certificate(text[:first] + "9" * 10**5 + "," + text[first:])


@pytest.fixture
def boxed(monkeypatch):
    """An optimum proven by branch and bound, where an identity would do."""
    real = optimum.excluded
    monkeypatch.setattr(optimum, "excluded", lambda task, rate, sizes, boxes: real(task, rate, sizes, True))
    return certify_optimum("nesterov", mu=1, L=9)


def test_branch_and_bound_rechecks(boxed):
    assert boxed
    assert "2 bounds" in boxed.steps[-1].words
    assert boxed.recheck()


@pytest.mark.parametrize(
    "fault", ["leaf", "axis", "bound", "side", "short", "long", "weight", "empty", "unbounded", "twice"]
)
def test_a_tree_with_a_fault_is_noticed(boxed, fault):
    content = json.loads(boxed.to_json())
    below = content["below"]
    leaf = next(k for k, entry in enumerate(below["tree"]) if isinstance(entry, list))
    if fault == "leaf":
        below["tree"][leaf] = [[3, 1]]
    elif fault == "axis":
        below["tree"][0] = 1 - below["tree"][0]
    elif fault == "bound":
        below["bounds"][0]["value"] = "1/1000"
    elif fault == "side":
        below["bounds"][0]["side"] = -1
    elif fault == "short":
        below["tree"].pop()
    elif fault == "long":
        below["tree"].append(below["tree"][leaf])
    elif fault == "weight":
        below["tree"][leaf][0][1] *= -1
    elif fault == "empty":
        below["tree"][leaf] = []
    elif fault == "twice":
        below["products"] = below["bounds"][0]["products"]
    else:
        below["bounds"].pop()
    assert not checked(content, boxed.method)


def test_an_algebraic_counterexample_is_the_one_that_was_checked(proofs):
    proof = proofs["touched"]
    assert proof.counterexample == sp.sqrt(2)
    for place in (["3/2"], ["0", "-1"], ["1", "1"], ["0", "1", "1"]):
        assert not read_certificate(json.dumps(proof.to_dict() | {"place": place})).recheck(touches)


def test_the_root_that_theta_is_must_be_isolated(proofs):
    content = proofs["algebraic"].to_dict()
    wide = content["ground"] | {"low": "-10", "high": "10"}
    reducible = content["ground"] | {"modulus": ["-100", "20", "9", "-2", "1"]}
    for ground in (wide, reducible, {"start": "1"}, None):
        assert not checked(content | {"ground": ground})


def doubles(f, x, c, *, lr):
    """The clock runs away from where it would rest: c = 1."""
    return x - lr * f.grad(x) * c, 2 * c - 1


def flips(f, x, c, *, lr):
    """The clock goes to and fro about 1/2."""
    return x - lr * f.grad(x) * (c + 1), 1 - c


@pytest.mark.parametrize("rule", [doubles, flips])
def test_a_clock_that_does_not_come_to_rest_proves_nothing(rule):
    with pytest.raises(cv.NotLinear, match="rest"):
        certify_stable(method(rule), mu=1, L=2, lr=0.1)
    for proof in (certify_stable("gradient_descent", mu=1, L=2, lr=0.1), certify_radius("gradient_descent", 1, lr=0.1)):
        checked = recheck(proof, method(name="gradient_descent")(rule))
        assert "rest" in checked.failed[0]


@method
def opposite_denominators(f, x, u, v, *, lr):
    """Two states over lr and −lr: with lr = √2 the product of the denominators is the fraction −2."""
    return x - f.grad(x) / 10, u / (2 * lr), v / (-2 * lr)


def test_a_common_denominator_below_zero_is_no_refutation():
    proof = certify_stable(opposite_denominators, mu=1, L=2, lr=sp.sqrt(2))
    assert proof
    assert proof.recheck()
    false = proof.to_dict() | {"holds": False, "place": ["1"]}
    assert not read_certificate(json.dumps(false)).recheck(opposite_denominators)


def test_digits_that_are_printed_are_cut_off_and_said_to_be():
    """Rounded to the nearest, the printed bounds would say more than the proven ones."""
    proof = certify_optimum("nesterov", mu=1, L=10)
    *_, low, high = proof.claim.replace("[", "").replace("]", "").split()
    for end, number in ((low.rstrip(",…"), proof.lower), (high.rstrip("…"), proof.upper)):
        assert "…" in proof.claim
        assert 0 <= number - sp.Rational(end) < sp.Rational(1, 10**11)


def forged(proof, rule, **entries):
    """What the checker says of a changed certificate against a rule that has the name of its method."""
    found = read_certificate(json.dumps(proof.to_dict() | entries))
    return recheck(found, method(name=proof.to_dict()["method"])(rule))


def descent(f, x, *, lr):
    return x - lr * f.grad(x)


def backwards(f, x, *, lr):
    return x + lr * f.grad(x)


def idle(f, x, *, lr):
    return x - 0 * lr * f.grad(x)


def spare(f, x, *, lr, more):
    return x - lr * f.grad(x)


@pytest.mark.finding("I")
def test_the_rate_of_a_closed_form_is_no_number_below_zero():
    """The disc of radius −r is that of radius r."""
    proof = certify_formula("gradient_descent")
    (above, below) = proof.to_dict()["rate"]
    assert forged(proof, descent)
    negative = [[str(-Fraction(c)) for c in above], below]
    assert "below its domain" in forged(proof, descent, rate=negative).failed[0]


@pytest.mark.finding("I")
def test_the_rate_of_a_closed_form_is_below_one():
    """A rule that stands still has the radius 1 everywhere, and nothing less; but that is no rate."""
    proof = certify_formula("gradient_descent")
    below = {"curvatures": [["1"]], "products": [{"places": [1], "multiplier": ["1"]}]}
    one = {"rate": [["1"], ["1"]], "below": below}
    assert "not below 1" in forged(proof, idle, **one).failed[0]


@pytest.mark.finding("I")
@pytest.mark.parametrize("more", [[["1"], ["-5", "1"]], [["25", "-10", "1"], ["25", "-10", "1"]]])
def test_a_closed_form_has_no_pole(more):
    proof = certify_formula("gradient_descent")
    content = proof.to_dict()
    assert forged(proof, spare, hyper=content["hyper"] | {"more": [["1"], ["1"]]}, held={"more": "1"})
    checked = forged(proof, spare, hyper=content["hyper"] | {"more": more})
    assert checked.failed == ("more has a pole",)


@pytest.mark.finding("I")
def test_a_rate_is_not_confirmed_where_the_rule_divides_by_zero():
    """There the conditions are zero, and not negative."""

    @method
    def pole(f, x, v, *, lr, momentum, place):
        away = f.solve(1 + 0 * x)  # 1/λ
        return x - lr * f.grad(x), momentum * v + f.solve(f.grad(x)) / (1 - place * away)

    proof = certify_rate(pole, sp.Rational(99, 100), mu=1, L=5, lr=0.1, momentum=0.5, place=6)
    assert proof.recheck()
    content = proof.to_dict()
    for place in ("1", "3", "5"):  # at the ends of the interval, too
        hyper = content["hyper"] | {"place": [[place], ["1"]]}
        assert "divides by zero" in read_certificate(json.dumps(content | {"hyper": hyper})).recheck(pole).failed[0]


@pytest.mark.finding("I")
def test_a_lower_bound_has_curvatures(proofs):
    content = proofs["optimum"].to_dict()
    content["below"]["curvatures"] = []
    with pytest.raises(cv.BadData):
        read_certificate(json.dumps(content))


@pytest.mark.finding("I")
def test_a_hyperparameter_without_a_domain_may_be_negative():
    """gain = −2/(μ + L): its lower end is not 0."""

    @method
    def uphill(f, x, *, gain):
        return x + gain * f.grad(x)

    proof = certify_optimum(uphill, mu=1, L=10)
    assert proof.lower <= sp.Rational(9, 11) <= proof.upper
    assert proof.hyper["gain"] < 0
    assert proof.recheck()
    assert not forged(certify_optimum("gradient_descent", mu=1, L=10), backwards)


@pytest.mark.finding("A11")
def test_a_certificate_from_a_file_is_not_called_proven_before_it_is_checked(proofs):
    for proof in proofs.values():
        assert repr(read_certificate(proof.to_json())).startswith("to be rechecked: ")


def test_a_number_over_zero_is_read_and_not_confirmed(proofs):
    content = proofs["optimum"].to_dict()
    found = read_certificate(json.dumps(content | {"rate": [["1"], ["0"]]}))
    assert found.upper is None
    assert "nan" in repr(found)
    assert not found.recheck()


def test_a_coefficient_of_the_printed_formula_is_printed_whole(proofs):
    """11·t is not 1t."""
    content = proofs["formula"].to_dict()
    content["hyper"]["lr"] = [["1", "11", "-1", "-11"], ["1"]]
    assert "lr = -11·t^3 − t^2 + 11·t + 1" in read_certificate(json.dumps(content)).claim


@method
def on_the_boundary(f, x, v, w, *, lr):
    """At λ = 1 the roots are 1/2, 3/2 and 1/6: as many inside the circle of radius 1/2 as outside, and one on it."""
    return lr * (f.grad(x) - x) + x * 13 / 6 - v * 13 / 12 + w / 8, x, v


def test_at_one_curvature_the_conditions_are_numbers():
    """As polynomials in λ they are not negative there, and zero at that point alone."""
    proof = certify_rate(on_the_boundary, sp.Rational(1, 2), mu=1, L=1, lr=0.1)
    assert proof.holds is False
    assert certify_radius(on_the_boundary, 1, lr=0.1).lower == sp.Rational(3, 2)
    true = proof.to_dict() | {"holds": True, "place": None}
    assert not read_certificate(json.dumps(true)).recheck(on_the_boundary)
    best = certify_optimum("gradient_descent", mu=1, L=1).to_dict() | {"method": "on_the_boundary"}
    assert read_certificate(json.dumps(best | {"method": "gradient_descent"})).recheck()
    best |= {"hyper": {"lr": [["1/10"], ["1"]]}, "rate": [["1/2"], ["1"]], "lower": "0", "below": None}
    assert not read_certificate(json.dumps(best)).recheck(on_the_boundary)


def test_those_that_are_faster_must_be_allowed():
    """In their domains, and with what is held."""
    slow = {"lr": 1 / L, "momentum": sp.Integer(1)}
    proof = certify_formula(two_factors, rate=(L - MU) / L, hyper=slow)
    assert proof.holds is False
    assert proof.recheck()
    content = proof.to_dict()
    others = {n: Fraction(*above) for n, (above, _) in content["by"]["hyper"].items()}

    def by(**changed):
        hyper = {n: [[str(v)], ["1"]] for n, v in (others | changed).items()}
        return content | {"by": content["by"] | {"hyper": hyper}}

    assert checked(by(), two_factors)
    for wrong in (by(more=Fraction(1)), by(**{n: -v for n, v in others.items()})):
        assert not checked(wrong, two_factors)
    same = by(momentum=2 * others["momentum"], lr=others["lr"] / 2)
    assert checked(same, two_factors)
    assert "not allowed" in checked(same | {"held": {"momentum": "1"}}, two_factors).failed[0]
    slower = content["by"] | {"rate": content["rate"]}
    assert not checked(content | {"by": slower}, two_factors)


@pytest.mark.parametrize("name", ["optimum", "formula"])
def test_no_products_and_products_times_zero_contradict_nothing(proofs, name):
    content = proofs[name].to_dict()
    products = content["below"]["products"]
    nothing = [{"places": p["places"], "multiplier": ["0"]} for p in products]
    negative = [{"places": p["places"], "multiplier": [str(-Fraction(c)) for c in p["multiplier"]]} for p in products]
    for wrong in ([], nothing, negative, products[1:], [*products, *products[:1]]):
        assert not read_certificate(json.dumps(content | {"below": content["below"] | {"products": wrong}})).recheck()
    for more in ({"tree": [[[0, 1]]]}, {"bounds": [{"variable": "lr", "side": 1, "value": "1", "products": products}]}):
        assert not checked(content | {"below": content["below"] | more})
