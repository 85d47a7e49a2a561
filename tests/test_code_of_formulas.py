"""A formula has one value in Python, C and JavaScript, that of SymPy; what would print wrongly is refused."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp

from convergence.codegen import Undecided, bounded, function_source
from convergence.errors import BadName, NoCode
from tests.tolerances import EPS

X, Y, K = sp.Symbol("x", positive=True), sp.Symbol("y", real=True), sp.Symbol("k", integer=True, nonnegative=True)
AWKWARD = (
    X / 3 + Y**2,
    sp.Mul(2, sp.Pow(3, -1, evaluate=False), evaluate=False) * X,
    sp.Mul(2, sp.Pow(3, -1, evaluate=False), evaluate=False),
    sp.Integer(10) ** 20 * Y,
    X ** sp.Rational(3, 2) / sp.sqrt(X + 1),
    sp.cbrt(X) + X ** sp.Rational(2, 3),
    sp.Abs(Y) * sp.sign(Y),
    sp.Abs(sp.floor(K / 3) - 2) / 4,
    sp.Max(X, Y, 1, X * Y) - sp.Min(X, Y, sp.Rational(1, 3), X + Y),
    sp.exp(-X) + sp.log(X) + sp.atan(Y) + sp.asinh(Y) + sp.tanh(Y) + sp.cosh(Y) + sp.sinh(Y),
    sp.cos(sp.pi * K / 7) + sp.E * sp.sin(Y) + sp.acos(sp.Rational(1, 3)),
    sp.Rational(1, 2) ** K,
    sp.Piecewise((sp.sqrt(Y), Y > 0), (sp.sqrt(-Y) + 1, True)),
    sp.Piecewise(
        (sp.sqrt(Y) + 1 / (Y + 1), sp.And(Y > 0, X < 2)),
        (sp.log(1 - Y), sp.Or(sp.S.Half > Y, Y < X)),
        (sp.sqrt(Y), True),
    ),
    sp.Piecewise((0, sp.Eq(Y, 0)), (sp.sin(Y) / Y, sp.Ne(Y, 0)), (1, True)),
    sp.Piecewise((sp.log(Y), Y > 1), (sp.log(Y) ** 2, Y > 0), (Y, True)),  # shared, and without a value in the last case
    sp.Piecewise((1 / Y, Y > 0), (1 / Y - 1, Y < 0), (0, True)),
    Y / X**2 + (X**2) ** Y,
    X ** (100 * Y / 3),  # errors of the exponent
    (X + Y / 3) ** 60,  # and of the base, sixtyfold
    sp.sin(100 * X / 3 + Y),  # and of the argument
)
POINTS = [(0.3, -1.2, 0.0), (2.5, 0.8, 1.0), (1.0, 0.0, 5.0), (0.75, 2.25, 13.0)]


def close(got: float, wanted: float) -> bool:
    """A hundred operations at most, each of them rounded; sums of what is about as large as 10."""
    return math.isclose(got, wanted, rel_tol=100 * EPS, abs_tol=1000 * EPS)


def in_python(source: str, name: str) -> Callable[..., float]:
    room: dict[str, Callable[..., float]] = {}
    exec(f"import math\n{source}", room)
    return room[name]


def printed(command: Sequence[str | Path]) -> list[float]:
    return [float(word) for word in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()]


def by_c(functions: Sequence[str], calls: Sequence[str], folder: Path) -> list[float]:
    """The values of calls, compiled with warnings as errors."""
    prints = "\n".join(f'printf("%.17g\\n", (double) {call});' for call in calls)
    source, program = folder / "all.c", folder / "all"
    source.write_text(
        "\n".join(["#include <math.h>", "#include <stdio.h>", *functions, f"int main(void) {{ {prints} return 0; }}"])
    )
    warned = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(["gcc", *warned, "-O1", "-o", program, source, "-lm"], check=True)
    return printed([program])


def by_node(functions: Sequence[str], calls: Sequence[str]) -> list[float]:
    return printed(["node", "-e", "\n".join([*functions, *(f"console.log({call});" for call in calls)])])


ROUTES = {
    "c": pytest.param("c", marks=pytest.mark.skipif(not shutil.which("gcc"), reason="no gcc")),
    "javascript": pytest.param("javascript", marks=pytest.mark.skipif(not shutil.which("node"), reason="no node")),
}


@pytest.mark.parametrize("language", ["python", *ROUTES.values()])
def test_a_formula_has_sympys_value_in_each_language(language: str, tmp_path: Path) -> None:
    names = [f"f{n}" for n in range(len(AWKWARD))]
    sources = [function_source(language, n, (X, Y, K), [f]) for n, f in zip(names, AWKWARD, strict=True)]
    calls = [f"{name}({', '.join(map(str, point))})" for name in names for point in POINTS]
    if language == "python":
        values = [in_python(s, n)(*p) for s, n in zip(sources, names, strict=True) for p in POINTS]
    else:
        values = by_c(sources, calls, tmp_path) if language == "c" else by_node(sources, calls)
    wanted = [float(f.subs(dict(zip((X, Y, K), map(sp.Rational, p), strict=True)))) for f in AWKWARD for p in POINTS]
    wrong = [(call, got, want) for call, got, want in zip(calls, values, wanted, strict=True) if not close(got, want)]
    assert not wrong


def test_the_bound_of_rounding_errors_covers_floats_and_is_tight() -> None:
    """The value is SymPy's own; what floats miss is within the bound, and ten bits fewer are not."""
    missed = 0
    for formula, point in ((formula, point) for formula in AWKWARD for point in POINTS):
        at = {letter: (mpmath.mpf(number), mpmath.mpf(0)) for letter, number in zip((X, Y, K), point, strict=True)}
        exact = dict(zip((X, Y, K), map(sp.Rational, point), strict=True))
        try:
            value, error = bounded(formula, at)
        except Undecided:
            continue
        wanted = sp.N(formula.subs(exact), 40)
        assert abs(sp.Float(value, 40) - wanted) <= 1e-35 * abs(wanted)
        got = in_python(function_source("python", "f", (X, Y, K), [formula]), "f")(*point)
        assert abs(got - value) <= 4 * error
        missed += abs(float(np.float32(got)) - value) > 4 * error
    assert missed > len(AWKWARD)


@pytest.mark.parametrize(
    "formula",
    [
        sp.CRootOf(sp.Symbol("z") ** 5 - sp.Symbol("z") - 1, 0) * X,
        sp.Sum(1 / (K + 1), (K, 0, 9)) * X,
        sp.gamma(X),
        sp.besselj(0, X),
        sp.sqrt(-2) * X,
        sp.re(sp.Symbol("z")),
        sp.Piecewise((1, Y > 0)),
        sp.Integer(10) ** 400 * X,
        sp.Function("f")(X),
        sp.zoo * sp.Symbol("z"),
        sp.nan,
        sp.Derivative(sp.Function("f")(X), X),
    ],
    ids=lambda f: type(f).__name__,
)
@pytest.mark.parametrize("language", ["python", "c", "julia", "javascript", "latex"])
def test_what_has_no_code_is_refused_with_its_name(formula: sp.Expr, language: str) -> None:
    letters = sorted(formula.free_symbols, key=str)
    with pytest.raises(NoCode, match="code"):
        function_source(language, "f", letters, [formula])


def test_words_of_a_language_are_renamed_as_arguments(tmp_path: Path) -> None:
    letters = sp.symbols("lambda long end function x t0 math fmax", positive=True)
    formula = sp.sqrt(sum(n * s for n, s in enumerate(letters, 1))) + sum(letters) ** 2 / sum(
        n * s for n, s in enumerate(letters, 1)
    )
    values = [float(n) for n in range(1, 9)]
    wanted = float(formula.subs(dict(zip(letters, range(1, 9), strict=True))))
    sources = {
        kind: function_source(kind, "return", letters, [formula]) for kind in ("python", "c", "julia", "javascript")
    }
    call = f"return_({', '.join(map(str, values))})"
    assert close(in_python(sources["python"], "return_")(*values), wanted)
    if shutil.which("gcc"):
        assert close(by_c([sources["c"]], [call], tmp_path)[0], wanted)
    if shutil.which("node"):
        assert close(by_node([sources["javascript"]], [call])[0], wanted)
    assert "end_" in sources["julia"]


def test_several_formulas_come_as_tuple_and_by_name(tmp_path: Path) -> None:
    pair, named = [X + Y, X - Y], {"sum": X + Y, "for": X - Y, "less": Y < X}
    assert in_python(function_source("python", "f", (X, Y), pair), "f")(3, 1) == (4, 2)
    assert in_python(function_source("python", "f", (X, Y), named), "f")(3, 1) == {"sum": 4, "for_": 2, "less": True}
    if shutil.which("node"):
        both = [function_source("javascript", "f", (X, Y), pair), function_source("javascript", "g", (X, Y), named)]
        assert by_node(both, ["f(3, 1)[1]", "g(3, 1).for_", "+g(3, 1).less"]) == [2, 2, 1]
    if shutil.which("gcc"):
        both = [function_source("c", "f", (X, Y), pair), function_source("c", "g", (X, Y), named)]
        both.append("double second(double x, double y) { double r[2]; f(x, y, r); return r[1]; }")
        assert by_c(both, ["second(3, 1)", "g(3, 1).for_", "g(3, 1).less"], tmp_path) == [2, 2, 1]


def test_a_double_eigenvalue_is_no_root_of_a_negative_number() -> None:
    """The discriminant is 0 there, and rounds to either side of it."""
    eta, beta = sp.symbols("eta beta", positive=True)
    below = (1 + beta - eta * X) ** 2 - 4 * beta
    radius = sp.Piecewise(
        (sp.sqrt(beta), below < 0), ((sp.Abs(1 + beta - eta * X) + sp.sqrt(sp.expand(below))) / 2, True)
    )
    function = in_python(function_source("python", "f", (X, eta, beta), [radius]), "f")
    for n in chain(range(1, 100)):
        b = n / 100
        assert math.isclose(function(1.0, (1 - math.sqrt(b)) ** 2, b), math.sqrt(b), rel_tol=20 * math.sqrt(EPS))


def test_a_root_in_a_case_is_real_where_the_condition_rounds_the_other_way() -> None:
    """Next to the double eigenvalue the factored discriminant rounds to what is not negative, and the expanded one below."""
    b, e = sp.symbols("b e", positive=True)
    below, under = (1 + b - e) ** 2 - 4 * b, sp.expand((1 + b - e) ** 2 - 4 * b)
    radius = sp.Piecewise((sp.sqrt(b), below < 0), (sp.sqrt(under), True))
    function = in_python(function_source("python", "f", (b, e), [radius]), "f")
    sides = in_python(function_source("python", "g", (b, e), [below, under]), "g")
    split = 0
    for share, ulps in ((n / 100, k) for n in range(1, 100) for k in range(-6, 7)):
        edge = (1 - math.sqrt(share)) ** 2 * (1 + ulps * EPS)
        factored, expanded = sides(share, edge)
        split += factored >= 0 > expanded
        assert function(share, edge) in (math.sqrt(share), pytest.approx(0, abs=20 * math.sqrt(EPS)))
    assert split


def test_a_root_of_a_negative_number_is_no_complex_number(tmp_path: Path) -> None:
    """An error in Python, NaN in C and JavaScript."""
    sources = {kind: function_source(kind, "f", (Y,), [Y ** sp.Rational(3, 5)]) for kind in ("python", "c", "javascript")}
    with pytest.raises(ValueError, match="domain"):
        in_python(sources["python"], "f")(-1.5)
    if shutil.which("gcc"):
        assert math.isnan(by_c([sources["c"]], ["f(-1.5)"], tmp_path)[0])
    if shutil.which("node"):
        assert math.isnan(by_node([sources["javascript"]], ["f(-1.5)"])[0])


def test_values_that_overflow_on_the_way_are_no_test() -> None:
    """1/exp(exp(8)) is 0 in floats, or an error, and neither is its value."""
    with pytest.raises(Undecided, match="range of floats"):
        bounded(1 / sp.exp(sp.exp(X)), {X: (mpmath.mpf(8), mpmath.mpf(0))})


def test_a_letter_that_is_no_argument_and_a_language_that_is_none_are_refused() -> None:
    with pytest.raises(BadName, match="no arguments: y"):
        function_source("c", "f", (X,), [X + Y])
    with pytest.raises(BadName, match="did you mean 'julia'"):
        function_source("julie", "f", (X,), [X])
