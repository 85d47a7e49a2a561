"""A file is read right, or refused with the place where it is wrong."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tolerances as within
from numpy.testing import assert_allclose

from convergence.errors import BadData, BadName
from convergence.problem import LeastSquares
from convergence.reading import prepare, read_problem

TABLE = "a,b,y\n1,2,3\n4,5,7\n-1e2,.5,0\n"


def _file(folder, content, name="data.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.rstrip("\n"),
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.replace(",", ";"),
        TABLE.replace(",", "\t"),
        TABLE.replace(",", " , "),
        TABLE.replace("a,b,y", '"a","b","y"').replace("4", '"4"'),
        TABLE.replace("4,5", '"4", "5"'),
        "\ufeff" + TABLE,
        "\n\n" + TABLE + "\n\n  \n",
        TABLE.replace("\n", "\n\n"),
        "# " + TABLE,
    ],
)
def test_every_dialect_is_the_same_table(content, tmp_path):
    problem = read_problem(_file(tmp_path, content), "y")
    assert problem.columns == ("a", "b")
    assert problem.X.tolist() == [[1, 2], [4, 5], [-100, 0.5]]
    assert problem.y.tolist() == [3, 7, 0]
    assert problem.preparation == ()


def test_the_target_may_stand_anywhere(tmp_path):
    problem = read_problem(str(_file(tmp_path, TABLE)), "a", "mean")
    assert problem.columns == ("b", "y")
    assert problem.y.tolist() == [1, 4, -100]
    assert problem.loss_name == "mean"


def test_every_double_survives_the_file(tmp_path):
    table = np.random.default_rng(0).standard_normal((50, 3)) * 10.0 ** np.arange(-50, 0)[:, None]
    lines = ["a,b,y", *(",".join(map(repr, row)) for row in table.tolist())]
    X, y = read_problem(_file(tmp_path, "\n".join(lines)), "y")
    assert (np.column_stack((X, y)) == table).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("a,b,y\n", "header only"),
        ("a,b,y\n\n\n", "header only"),
        ("1,2,3\n4,5,6\n", "must begin with a header"),
        ("a\n1\n", "two columns at least .* comma, semicolon, tab"),
        ("a|b|y\n1|2|3\n", "two columns at least"),
        ("a,a,y\n1,2,3\n", "more than once: a"),
        (",a,y\n0.5,2,3\n", "column 1 has no name"),
        ("a,,y\n0,2,3\n", "column 2 has no name"),
        ("a,b,y\n1,2,3\n4,5\n", "line 3: 3 fields expected as in the header, got 2"),
        ("a,b,y\n1,2\n4,5\n", "line 2: 3 fields"),
        ("a,b,y\n1,2,3\n\n4,5,6,7\n", "line 4: 3 fields expected as in the header, got 4"),
        ("a,b,y\n1,2,3\n4,5,", "line 3, column 'y': a number expected, got ''"),
        ("a,b,y\n1,Paris,3\n", "line 2, column 'b': a number expected, got 'Paris'"),
        ("a,b,y\n1,1_000,3\n", "'1_000'"),
        ("a,b,y\n1,2,3#4\n", "'3#4'"),
        ("a;b;y\n1;2,5;3\n", "'2,5'; write a decimal point"),
        ("a,b,y\n1,2,3\n1,NaN,3\n", "line 3, column 'b': a finite number expected, got 'NaN'"),
        ("a,b,y\n1,2,3\n1,-inf,3\n", "got '-inf'"),
        ("a,b,y\n1,1e999,3\n", "got '1e999'"),
        ("a,b,y\n1,2,3\n1,é,3\n".encode("latin-1"), "line 3: UTF-8 expected, got the byte 0xe9"),
        ("é,b,y\n1,2,3\n".encode("latin-1"), "line 1: UTF-8 expected"),
        (TABLE.encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\x93NUMPY\x01\x00v\x00", "numpy.savez"),
        ('a,b,y\n1,2,3\n1,"2,3\n', "quotation mark"),
        ('a,"b,y\n1,2,3\n', "quotation mark"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(content, message, tmp_path):
    with pytest.raises(BadData, match=message):
        read_problem(_file(tmp_path, content), "y")


def test_a_path_that_is_no_file_is_refused(tmp_path):
    with pytest.raises(BadData, match="does not exist"):
        read_problem(tmp_path / "absent.csv", "y")
    with pytest.raises(BadData, match="is a folder"):
        read_problem(tmp_path, "y")
    with pytest.raises(BadData, match="must be a file"):
        read_problem(tmp_path / "\0", "y")
    with pytest.raises(BadData, match="must be a file"):
        read_problem(_file(tmp_path, TABLE) / "below.csv", "y")


def test_an_unknown_target_is_answered_with_the_nearest(tmp_path):
    path = _file(tmp_path, "age,income,y\n1,2,3\n")
    with pytest.raises(BadName, match="did you mean 'income'"):
        read_problem(path, "incom")
    with pytest.raises(BadName, match="columns: age, income, y"):
        read_problem(path)


def _archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


X, Y = np.arange(6.0).reshape(3, 2), np.array([1.0, 0.0, 2.0])


def test_an_archive_is_its_arrays(tmp_path):
    problem = read_problem(_file(tmp_path, _archive(X=X, y=Y, z=2 * Y), "data.npz"))
    assert (problem.X == X).all()
    assert (problem.y == Y).all()
    assert read_problem(tmp_path / "data.npz", "z").y.tolist() == [2, 0, 4]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (_archive(A=X, y=Y), BadData, "must hold an array X, got A, y"),
        (_archive(X=X, target=Y), BadName, "no target array 'y'; known: target"),
        (_archive(X=X, y=Y)[:-40], BadData, "cannot be read"),
        (_archive(X=X, y=Y)[:100], BadData, "cannot be read"),
        (_archive(X=X, y=Y).replace(X.tobytes(), X.tobytes()[::-1]), BadData, "cannot be read"),
        (_archive(X=np.array([[{}]]), y=Y), BadData, "plain arrays"),
        (_archive(X=X, y=Y[:2]), BadData, "got 3 and 2"),
        (b"", BadData, "cannot be read"),
        (b"a,b\n1,2\n", BadData, "cannot be read"),
    ],
)
def test_a_broken_archive_is_refused(content, error, message, tmp_path):
    with pytest.raises(error, match=message):
        read_problem(_file(tmp_path, content, "data.npz"))


def test_a_single_array_is_no_archive(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, X)
    with pytest.raises(BadData, match="cannot be read"):
        read_problem(_file(tmp_path, buffer.getvalue(), "data.npz"))


def test_preparation_says_what_was_done_and_what_it_did():
    raw = np.random.default_rng(1).standard_normal((40, 2)) * [1, 1000] + [5, 0]
    _plain, made = LeastSquares(raw, raw[:, 0]), prepare(raw, raw[:, 0], ["a", "b"], "half", True, True)
    assert made.columns == ("intercept", "a", "b")
    assert (made.X[:, 0] == 1).all()
    assert_allclose(made.X[:, 1:].mean(axis=0), 0, atol=within.SLACK * within.EPS * 40)
    assert_allclose(made.X[:, 1:].std(axis=0), 1, rtol=within.SLACK * within.EPS)
    assert len(made.preparation) == 2
    assert "κ 27 700 → 1.48" in made.preparation[0]  # three digits of 27 7xx and 1.48
    assert made.preparation[1].endswith(f"→ {made.kappa:.3g}")


def test_an_intercept_makes_the_fit_indifferent_to_where_the_origin_is():
    rng = np.random.default_rng(2)
    raw, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    near, far = (prepare(raw + shift, y, intercept=True) for shift in (0, 100))
    assert_allclose(far.minimum, near.minimum, rtol=within.inverse(np.sqrt(far.kappa), 4))
    assert_allclose(far.minimizer[1:], near.minimizer[1:], rtol=0, atol=within.minimizer(*far))


@pytest.mark.finding("E")
def test_a_constant_column_beside_an_intercept_is_the_intercept(tmp_path):
    content = "one,a,y\n1,2.5,3\n1,5,6\n1,8,9\n"
    problem = _read(tmp_path, content, "y", intercept=True, standardize=True)
    assert problem.columns == ("intercept", "a")
    assert "but one, which the intercept stands for" in problem.preparation[0]
    assert _read(tmp_path, content, "y", intercept=True, standardize=True, drop=["one"]).columns == problem.columns


@pytest.mark.finding("E")
def test_columns_that_count_the_rows_are_remarked(tmp_path):
    rows = "1,2.5,3\n2,5,6\n3,8,9\n"
    assert _read(tmp_path, f"id,a,y\n{rows}", "y").preparation == (
        "id counts the rows: drop it, unless their order means something",
    )
    left_out = _read(tmp_path, f",a,y\n{rows}", "y")
    assert left_out.columns == ("a",)
    assert "counts the rows: left out" in left_out.preparation[0]
    years = _read(tmp_path, "year,a,y\n1960,2.5,3\n1970,5,6\n1980,8,9\n", "y")
    assert years.preparation == ()


@pytest.mark.parametrize("constant", [1.0, 0.1, 0.0])
def test_a_column_without_spread_cannot_be_standardised(constant):
    raw = np.column_stack((np.arange(7.0), np.full(7, constant)))
    with pytest.raises(BadData, match="constant: x2; drop"):
        prepare(raw, np.ones(7), standardize=True)
    assert prepare(raw, np.ones(7), intercept=True).rank == 2


def test_an_intercept_needs_its_name():
    with pytest.raises(BadData, match="'intercept' exists"):
        prepare(X, Y, ["intercept", "b"], intercept=True)


def _read(tmp_path, content, *args, **options):
    path = tmp_path / "data.csv"
    path.write_text(content, encoding="utf-8")
    return read_problem(path, *args, **options)


TWO = [[1.0, 2.5], [4.0, 5.0], [6.0, 8.0]]


@pytest.mark.finding("E")
@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("a b y\n1 2.5 3\n4  5 6\n6 8 9\n", {}),
        ("a;b;y\n1;2,5;3\n4;5;6\n6;8;9\n", {"decimal": ","}),
        ("Price, EUR;Area, m2, gross;y\n1;2.5;3\n4;5;6\n6;8;9\n", {}),
        ("a,b,y\n1,2.5,3\n4,5,6\n?,1,2\n6,8,9\n1,NA,1\n", {"missing": "drop"}),
        ("a,city,b,y\n1,Rome,2.5,3\n4,Oslo,5,6\n6,Bern,8,9\n", {"drop": ["city"]}),
        ("a,city,b,y\n1,Rome,2.5,3\n4,Oslo,5,6\n6,Bern,8,9\n", {"columns": ["a", "b"]}),
        ("1,2.5,3\n4,5,6\n6,8,9\n", {"header": False, "target": "x3"}),
        ("sep=;\na;b;y\n1;2.5;3\n4;5;6\n6;8;9\n", {}),
        ("a,b,y,\n1,2.5,3,\n4,5,6,\n6,8,9,\n", {}),
        ("a,b,y\n1,2.5,3,\n4,5,6,\n6,8,9,\n", {}),
        (",a,b,y\n0,1,2.5,3\n1,4,5,6\n2,6,8,9\n", {}),
        ("a|b|y\n1|2.5|3\n4|5|6\n6|8|9\n", {"separator": "|"}),
        ("  a  b  y \n 1 2.5 3\n4   5 6 \n6 8 9\n", {}),
        ("# made by hand\na,b,y\n1,2.5,3\n# half time\n4,5,6\n6,8,9\n", {}),
        ("# made by hand\n# a,b,y\n1,2.5,3\n4,5,6\n6,8,9\n", {}),
    ],
)
def test_one_table_in_the_ways_files_have_it(tmp_path, content, options):
    problem = _read(tmp_path, content, **{"target": "y", **options})
    assert problem.X.tolist() == TWO
    assert problem.y.tolist() == [3, 6, 9]


def test_left_out_rows_are_counted_in_a_note(tmp_path):
    problem = _read(tmp_path, "a,b,y\n1,2,3\n?,1,2\n4,7,6\n5,5,5\n", "y", missing="drop")
    assert problem.preparation == ("1 rows with missing values left out",)


@pytest.mark.finding("E")
def test_means_take_the_place_of_missing_values_but_not_of_targets(tmp_path):
    problem = _read(tmp_path, "a,b,y\n1,NA,3\n?,1,2\n4,7,NA\n7,4,5\n", "y", missing="mean")
    assert problem.X.tolist() == [[1, 4], [4, 1], [7, 4]]
    assert problem.y.tolist() == [3, 2, 5]
    assert problem.preparation == (
        "2 missing values replaced by the mean of their column: a, b",
        "1 rows with missing values left out",
    )


@pytest.mark.finding("E")
def test_the_signs_of_missing_values_may_be_named(tmp_path):
    problem = _read(tmp_path, "a,b,y\n1,-99,3\n4,1,2\n7,4,5\n", "y", missing="drop", na=["-99"])
    assert problem.X.tolist() == [[4, 1], [7, 4]]


@pytest.mark.finding("E")
@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("a,b,y\n1,?,3\n", {}, "missing='drop' or 'mean'"),
        ("a,b,y\n1,x,3\n", {"missing": "drop"}, "a number expected, got 'x'"),
        ("a,b,y\n1,2,3\n", {"missing": "zero"}, "error, drop, mean; got 'zero'"),
        ("a,b,y\n1,?,3\n2,?,4\n", {"missing": "mean"}, "column 'b' has no value"),
        ("a;b;y\n1.200,50;2;3\n", {}, "decimal=','"),
        ("a,b,y\n1,Rome,3\n", {}, "drop="),
        ("a,b,y\n1,2,3\n", {"drop": ["a", "b"]}, "no column is left"),
        ("a,b,y\n1,2,3\n", {"decimal": ";"}, "decimal must be"),
        ("a,b,y\n1,2,3\n", {"separator": ", "}, "separator another sign"),
        ("506,13,,\na,b,c,y\n1,2,3,4\n", {}, "first line is all numbers; delete it"),
        ("506,13\n1,2\n", {}, "--no-header"),
        ("a,b,y\n?,2,3\n", {"missing": "drop"}, "missing in each of its 1"),
    ],
)
def test_advice_names_the_way_out(tmp_path, content, options, message):
    with pytest.raises(BadData, match=message):
        _read(tmp_path, content, "y", **options)
