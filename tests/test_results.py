"""What every public result shows: a table, a picture, a formula or a text; said here for each, so that none forgets it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from inspect import isclass, isfunction
from typing import Any, get_args, get_type_hints
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

import convergence as cv

FORMS = {"table": "to_dataframe", "picture": "plot", "formula": "_repr_latex_", "text": "_repr_markdown_"}

SHOWN = {
    "AverageCase": "table picture",
    "Bifurcation": "table picture",
    "Converted": "",  # a dict
    "Course": "table",
    "Critical": "table picture",
    "Cycle": "table picture",
    "DiagonalScaling": "",  # two numbers
    "Diagnosis": "table text",
    "Direction": "",  # a row of a problem's
    "Domain": "",
    "Ensemble": "table picture",
    "Equivalence": "formula",
    "Equivalences": "table",
    "Exercise": "text",
    "ExerciseSheet": "text",
    "Explorer": "",  # a page of its own
    "Filter": "picture formula",
    "Finding": "",  # a row of the audit's
    "HorizonOptimum": "",  # a few numbers
    "Identification": "table picture",
    "Invariances": "table",
    "KrylovBound": "table picture",
    "LabelNoise": "",
    "LeastSquares": "picture",
    "LibraryCall": "",  # a row of ``in_libraries``
    "LimitFraction": "",  # a few numbers
    "LogRun": "table picture",
    "MarchenkoPastur": "",
    "Method": "",
    "Moments": "table picture",
    "NoiseFloor": "formula",
    "NoiseScale": "",  # a few numbers
    "OptimalSchedule": "table picture",
    "Optimum": "picture formula",
    "PowerLaw": "",
    "Preset": "",  # a row of ``presets``
    "Product": "table picture formula",
    "ProductPeaks": "",  # a few numbers
    "Proof": "",  # a sentence; its steps are text
    "Recheck": "",
    "Regimes": "table picture formula",
    "Region": "picture formula",
    "Rest": "table",
    "Run": "table picture",
    "RunDiagnosis": "table picture text",
    "Schedule": "table picture formula",
    "ScheduleComparison": "table picture",
    "ScheduledDiagnosis": "table text",
    "SemiIteration": "table",
    "Setting": "",
    "SmoothCycle": "table",
    "Stationary": "table",
    "StepsAcross": "table picture",
    "StepsByBatch": "table picture",
    "Study": "table picture",
    "System": "formula",
    "TailAverage": "",  # a few numbers
    "Transient": "table picture",
    "TransientGrowth": "table picture",
    "Tuned": "",  # a few numbers
    "Verdict": "",
    "Verification": "table picture",
    "WorstCase": "picture",
}
"""The class of each public result -> what it has; "" where its ``repr`` says everything."""


def parts(hint: Any) -> set[type]:
    """The classes of this package in a type."""
    own = {hint} if isclass(hint) and hint.__module__.startswith("convergence") else set()
    return own.union(*map(parts, get_args(hint)))


@cache
def kinds() -> dict[str, type]:
    """The public classes, and those of what public functions return."""
    public = [getattr(cv, name) for name in cv.__all__]
    hints = [
        one if isclass(one) else get_type_hints(one).get("return") for one in public if isclass(one) or isfunction(one)
    ]
    found = set().union(*map(parts, hints))
    return {one.__name__: one for one in found if not issubclass(one, Exception)}


@cache
def examples() -> tuple[Any, ...]:
    """A result of each kind that has a table, but for those of tests/test_figures.py and the course."""
    rows = np.column_stack([np.geomspace(1, 0.2, 30), np.geomspace(1, 0.001, 30)])
    study = cv.study([1.0, 10.0], ["heavy_ball", "sign_descent"], parts=["answer", "verification", "rates"])
    run = cv.simulate([1.0, 4.0], "heavy_ball", 30, lr=0.2, momentum=0.3)
    return (
        study,
        cv.study([1.0, 10.0], "newton", parts=[]),
        cv.equivalences(["heavy_ball", "nesterov", "pytorch"]),
        cv.diagnose(curvatures=[1, 10], method="heavy_ball", lr=0.5, momentum=0.1),
        cv.diagnose(curvatures=[1, 10], method="gradient_descent", lr=cv.schedules.cosine(0.3, 20)),
        cv.diagnose_run(rows),
        cv.diagnose_run(run.x, lr=0.2),
        cv.identify(run),
        cv.transient("heavy_ball", 0.05, lr=1, momentum=0.8),
        cv.transient("gradient_descent", 3.0, lr=1),
        cv.regimes("heavy_ball"),
        cv.regimes("robust_momentum"),
        cv.stationary([2.0, 1.0, 0.0], "gradient_descent", noise=1.0, lr=0.5),
        cv.chebyshev_recurrence(3, mu=1, L=3),
        cv.schedules.cosine(0.1, 20),
    )


def test_every_public_result_has_what_is_said_of_it_here():
    found = kinds() | {"Tuned": type(cv.optimum("heavy_ball").at(mu=1, L=10))}
    assert {
        name: " ".join(form for form, way in FORMS.items() if hasattr(kind, way)) for name, kind in found.items()
    } == (SHOWN)


@pytest.mark.parametrize("name", [name for name, forms in SHOWN.items() if "table" in forms or "picture" in forms])
def test_a_result_is_frozen_and_documents_its_table(name):
    kind = kinds()[name]
    assert is_dataclass(kind)
    assert kind.__dataclass_params__.frozen or not fields(kind)
    assert "table" not in SHOWN[name] or kind.table.__doc__


def test_a_table_has_columns_of_one_length_and_a_notebook_shows_it_or_something_better():
    for result in examples():
        columns, shown = result.table(), result._repr_html_()
        assert len({len(column) for column in columns.values()}) == 1
        if any(getattr(result, FORMS[form], None) for form in ("formula", "text")):
            assert shown is None
        else:
            assert [cell.text for cell in ElementTree.fromstring(shown).findall("tr/th")] == list(columns)


def test_a_picture_is_drawn_on_the_axes_given():
    for result in examples():
        ax = Figure().subplots()
        if isinstance(result, cv.Study) and not result.rates:
            with pytest.raises(cv.BadData, match="rates"):
                result.plot(ax)
        elif hasattr(result, "plot"):
            assert result.plot(ax) is ax


def test_a_study_is_a_row_for_each_method():
    study = examples()[0]
    table = study.table()
    heavy = study["heavy_ball"]
    assert table["settings"][0] == heavy.hyper
    assert (table["rate"][0], table["steps"][0]) == (heavy.answer.rate, heavy.answer.steps.count)
    assert (table["verdict"], table["checks"][0]) == (["converges", None], "passed")
    assert "momentum = 0.2699" in study._repr_html_()
    pandas = pytest.importorskip("pandas")
    assert isinstance(study.to_dataframe(), pandas.DataFrame)


def test_regimes_are_the_intervals_between_the_repeated_rates():
    table, regimes = cv.regimes("heavy_ball").table(), cv.regimes("heavy_ball")
    assert tuple(table["above"][1:]) == tuple(table["below"][:-1]) == regimes.repeated
    assert tuple(table["kind"]) == regimes.bands == ("real", "complex", "real")


def test_the_eigenvalues_of_a_log_are_those_of_its_run():
    """The directions of the log are those of the data, and its table has the largest eigenvalue of each."""
    table = cv.diagnose_run(cv.simulate([1.0, 4.0], "gradient_descent", 30, lr=0.2).x).table()
    assert np.allclose(sorted(np.abs(table["eigenvalue"])), [0.2, 0.8])
