"""Printed formulas are the formulas: what text says parses back, and it says it in the order of handwriting."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import sympy as sp

import convergence as cv
from convergence.notation import PlusMinus, discriminant, latex, mathml, pretty, roots, shortest, text
from convergence.notation.printers import GREEK

B, E, H, K, D = sp.symbols("beta eta lambda kappa d", positive=True)
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
TOKEN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|\d+|[a-z_]{2,}|[^\W\d_][₀-₉]*|\S")
PLAIN = {"−": "-", "·": "*", "^": "**", "√": "sqrt", "max": "Max", "min": "Min"}
NAMES = {name: getattr(sp, name) for name in ("sqrt", "Max", "Min", "Integer")}


def parsed(line, symbols):
    """The formula that a printed line stands for."""
    letters = {text(symbol): f"s{k}" for k, symbol in enumerate(symbols)}
    source, left = "", ""
    for token in TOKEN.findall(re.sub(r"√([^\W\d_]|\d+)", r"√(\1)", line)):
        begins = token in letters or token.isdecimal() or token in ("(", "√", "max", "min")
        if begins and (left in letters or left.isdecimal() or left[-1:] in RAISED or left == ")"):
            source += "*"
        if token[0] in RAISED:
            source += f"**({''.join(RAISED[c] for c in token)})"
        else:
            source += f"Integer({token})" if token.isdecimal() else letters.get(token, PLAIN.get(token, token))
        left = token
    return eval(source, NAMES | {f"s{k}": symbol for k, symbol in enumerate(symbols)})


def same(one, other):
    """Whether two formulas are one number at a point of no symmetry."""
    point = {
        s: sp.Rational(k + 2, 3 * k + 7) for k, s in enumerate(sorted(one.free_symbols | other.free_symbols, key=str))
    }
    return bool(abs(sp.N((one - other).subs(point), 30)) < sp.Float("1e-25"))


def formulas(name):
    derived, region, best = cv.derive(name), cv.stability(name), cv.optimum(name)
    yield from (entry for entry in derived.matrix)
    yield from (c.lhs - c.rhs for c in region.conditions if c.is_Relational)
    if region.lr_max is not None:
        yield region.lr_max
    yield from (value for piece in best.pieces if piece.closed for value in (*piece.hyper.values(), piece.rate))
    yield from (value for value in cv.regimes(name).largest_stable.values() if value is not None)
    yield discriminant(derived.characteristic)


@pytest.mark.parametrize("name", cv.methods.LINEAR)
def test_text_of_every_formula_parses_back_to_it(name):
    for formula in formulas(name):
        formula = sp.sympify(formula)
        assert same(parsed(text(formula), formula.free_symbols), formula), text(formula)


@pytest.mark.parametrize("name", cv.methods.LINEAR)
def test_polynomials_in_z_parse_back(name):
    poly = cv.derive(name).characteristic
    found = parsed(text(poly), poly.as_expr().free_symbols)
    assert sp.simplify(found - poly.as_expr()) == 0


@pytest.mark.parametrize("name", cv.methods.LINEAR)
@pytest.mark.finding("D3")
def test_no_format_has_two_signs_in_a_row_or_an_entity(name):
    derived = cv.derive(name)
    for formula in (*formulas(name), derived.characteristic, derived.matrix):
        for line in (text(formula), latex(formula)):
            assert not re.search(r"[-−+]\s*[-−+]", line), line
        assert ElementTree.fromstring(mathml(formula)).tag == "math"
        assert "&#" not in mathml(formula)


BY_HAND = {
    "1 − ηλ": -E * H + 1,
    "(1 − β)²": (B - 1) ** 2,
    "(1 − β)(1 − ηλ)": (B - 1) * (E * H - 1),
    "−β(1 − ηλ)": B * (E * H - 1),
    "√κ − 1": sp.sqrt(K) - 1,
    "(√κ − 1)/(√κ + 1)": (sp.sqrt(K) - 1) / (sp.sqrt(K) + 1),
    "2(1 + β)/λ": (2 * B + 2).factor() / H,
    "(1 + β)/2": B / 2 + sp.Rational(1, 2),
    "1/(1 − β)": -1 / (B - 1),
    "√β·η": sp.sqrt(B) * E,
    "2√β": 2 * sp.sqrt(B),
    "η < 2/λ": sp.Lt(E, 2 / H, evaluate=False),
    "(0, 2/λ)": sp.Interval.open(0, 2 / H),
    "[1, ∞)": sp.Interval(1, sp.oo),
    "β·contraction": B * sp.Symbol("contraction"),
    "always": sp.true,
    "[1, β; 0, ηλ]": sp.Matrix([[1, B], [0, E * H]]),
    "|1 − β|": sp.Abs(B - 1, evaluate=False),
    "max(β, η)": sp.Max(B, E),
    "1 ± √β": PlusMinus(1, sp.sqrt(B)),
    "β if β < 1; 1 otherwise": sp.Piecewise((B, B < 1), (1, True)),
}


@pytest.mark.parametrize(("line", "formula"), BY_HAND.items(), ids=BY_HAND)
def test_formulas_are_written_as_by_hand(line, formula):
    assert text(formula) == line


S, U = (sp.Symbol(name, nonnegative=True) for name in ("beta", "alpha"))
V, Q = sp.Symbol("epsilon", positive=True), sp.Symbol("d", real=True)
COMMON = {
    "1 − ηλ/ε": (V - E * H) / V,
    "−βη/(ε(1 − β))": -S * E / (V - S * V),
    "β(1 − ηλ)": S - S * E * H,
    "1 + β − ηλ/ε": 1 - E * H / V + S,
    "1 + β − ηλ(1 − β)/ε": (V - E * H + S * (V + E * H)) / V,
    "1 − ηλ(1 − βd)": 1 - E * H + Q * S * E * H,
    "η − 2ε(1 + β)": E - 2 * V - 2 * V * S,
    "√(1 − β)·(η − 2ε(1 + β))/(2(1 + β))": -sp.sqrt(1 - S) * (2 * V - E + 2 * S * V) / (1 + S) / 2,
    "√10·(5ηλ − 19ε)/(1900λ)": -sp.sqrt(10) * (19 * V - 5 * E * H) / (1900 * H),
    "(1 − β)(κ₀ − 1)": (1 - sp.Symbol("kappa_0", real=True)) * (S - 1),
    "(β − d + βd)/β": (S - Q + S * Q) / S,
    "2 − β − βηλ": 2 - S - S * E * H,
    "1 − η(λ + mule)": 1 - E * (H + sp.Symbol("mule")),
}


@pytest.mark.parametrize(("line", "formula"), COMMON.items(), ids=COMMON)
def test_what_terms_share_stands_once_and_few_signs_are_left(line, formula):
    assert text(formula) == line
    assert same(parsed(line, formula.free_symbols), formula)


@pytest.mark.parametrize("name", ["nesterov", "ema_momentum", "torch_sgd", "frozen_nadam"])
def test_a_momentum_of_another_name_stands_where_momentum_does(name):
    """Its domain says that it may vanish, as β may; that it is called so says nothing."""
    derived = cv.derive(name)
    other = {derived.symbols["momentum"]: U}
    renamed = sp.Poly(derived.characteristic.as_expr().subs(other), derived.characteristic.gen)
    assert text(renamed) == text(derived.characteristic).replace("β", "α")
    for one in (*derived.matrix, cv.stability(name).lr_max):
        assert text(one.subs(other)) == text(one).replace("β", "α")


@pytest.mark.parametrize("form", [text, latex, pretty])
def test_a_half_of_sums_that_are_turned_is_printed(form):
    """SymPy makes a sum of −½(a + b) by itself, and the common ½ of its terms is taken out again, without end."""
    for value in cv.derive("robust_momentum").eigenvalues:
        assert form(value)


@pytest.mark.finding("D3")
def test_characteristic_polynomials_of_the_three_classics():
    assert text(cv.derive("gradient_descent").characteristic) == "z − (1 − ηλ)"
    assert text(cv.derive("heavy_ball").characteristic) == "z² − (1 + β − ηλ)z + β"
    assert text(cv.derive("nesterov").characteristic) == "z² − (1 + β)(1 − ηλ)z + β(1 − ηλ)"
    assert latex(cv.derive("heavy_ball").characteristic) == r"z^{2} - \left(1 + \beta - \eta \lambda\right) z + \beta"
    assert "(1 + β)" in pretty(cv.derive("nesterov").characteristic)


def test_roots_are_a_middle_and_a_distance():
    poly = cv.derive("heavy_ball").characteristic
    assert text(roots(poly)) == "(1 + β − ηλ ± √((1 + β − ηλ)² − 4β))/2"
    assert text(roots(cv.derive("gradient_descent").characteristic)) == "1 − ηλ"
    assert roots(sp.Poly(sp.Symbol("z") ** 3 - 1)) is None


@pytest.mark.parametrize(
    ("value", "line", "tex"),
    [
        (0.5, "0.5", "0.5"),
        (0.50001, "0.5000", "0.5000"),
        (-3.0, "−3", "-3"),
        (float("inf"), "∞", r"\infty"),
        (1.5e-7, "1.5×10⁻⁷", r"1.5\times10^{-7}"),
        (12345, "12\u202f345", r"12\,345"),
        (0.99999999, "0.99999999", "0.99999999"),
        (0.999986, "0.999986", "0.999986"),
        (1.0000432, "1.00004", "1.00004"),
        (0.9999999999999997, "1", "1"),
        (None, "–", r"\text{–}"),
    ],
)
def test_numbers(value, line, tex):
    assert (text(value), latex(value)) == (line, tex)


def test_what_is_1_but_for_rounding_reads_as_1_and_what_is_not_does_not():
    assert text(1 - 2.0**-52) == text(1 + 2.0**-52) == "1"
    assert text(1 - 1e-12) != "1"


def test_several_sets_are_a_union_and_several_numbers_a_list():
    sets = (sp.Interval.open(0, 1), sp.Interval.open(B, sp.oo))
    assert text(sets) == "(0, 1) ∪ (β, ∞)"
    assert text((1, B)) == "1, β"
    assert (text(()), latex(())) == ("none", r"\varnothing")


@pytest.mark.finding("D3")
def test_words_stand_upright_and_with_a_distance():
    word = sp.Symbol("contraction")
    assert latex(B * word) == r"\beta \, \mathrm{contraction}"
    assert "<mi>contraction</mi>" in mathml(B * word)
    assert latex(word**2 * K) == r"\mathrm{contraction}^{2} \, \kappa"


@pytest.mark.parametrize("letter", ["epsilon", "sigma_max", "gamma_1", "weight_decay", "x0"])
def test_every_letter_has_its_place(letter):
    assert ElementTree.fromstring(mathml(sp.Symbol(letter))).tag == "math"
    assert text(sp.Symbol("epsilon")) == GREEK["epsilon"] == "ε"


def test_shortest_takes_common_letters_out():
    assert text(shortest(1 + B - E * H + D * E * H)) == "1 + β − ηλ(1 − d)"


@pytest.mark.finding("D3")
def test_results_show_formulas_in_this_notation_in_a_notebook():
    for result in (cv.derive("nesterov"), cv.stability("nesterov"), cv.optimum("nesterov"), cv.regimes("nesterov")):
        assert "+ 1" not in result._repr_latex_()
    assert r"1 - \eta \lambda" in cv.derive("gradient_descent")._repr_latex_()
    assert r"\text{no closed form}" in cv.regimes("robust_momentum")._repr_latex_()
    assert r"\mathrm{momentum} = 1 - \beta" in cv.equivalent("ema_momentum", "heavy_ball")._repr_latex_()


@pytest.mark.finding("D3")
def test_polynomials_on_several_lines_keep_their_order_and_their_brackets():
    assert pretty(cv.derive("gradient_descent").characteristic) == "z - (1 - η⋅λ)"
    for name, line in (("heavy_ball", "z  - (1 + β - η⋅λ)⋅z + β"), ("nesterov", "z  - (1 + β)⋅(1 - η⋅λ)⋅z + β⋅(1 - η⋅λ)")):
        assert pretty(cv.derive(name).characteristic).splitlines()[1] == line
    x = sp.Symbol("x")
    assert pretty(sp.Poly(-x - 2, x)) == "-x - 2"
