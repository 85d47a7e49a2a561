"""Each argument of each public function, replaced by what it cannot be, is answered or refused in words: no raw exception."""

from __future__ import annotations

import doctest
import inspect
from unittest import mock

import numpy as np
import pytest
import sympy as sp

import convergence as cv

P = cv.datasets.gaussian_2d()
SMALL = ([[1.0, 0.5], [-0.5, 1.0], [1.0, 1.0]], [0.0, 1.0, 0.0])
SLOW, H, ENDS = {"lr": 1e-4, "momentum": 0.5}, {"lr": 0.1, "momentum": 0.5}, {"mu": 1, "L": 10}
RUN = 0.5 ** np.arange(40.0)[:, None]


class Odd:
    """Of no use to anyone."""


WRONG = (
    *(None, "ab", [], {}, Odd(), float("nan"), 10**400, 10**12, -1, [["a"]], b"x", 1j, [1, [2]]),
    *(np.zeros((2, 3, 4)), ["sum"], sp.Symbol("q"), np.datetime64("2020-01-01"), True),
    *(SMALL, (np.eye(2), np.ones(2)), P, cv.PowerLaw(1.0)),
)
CALLS = {
    "derive": (["heavy_ball"], {"sigma": True, "loss": "sum"}),
    "filter_of": (["heavy_ball"], {"output": "v", "closed": False}),
    "effective_batch": (["heavy_ball", "equal_speed"], {"curvature": 1.0, **H}),
    "cycles": (["heavy_ball"], {"period": 3, "curvature": 1.0, **H}),
    "to_code": ([sp.Symbol("x", real=True) / 3, "python"], {"name": "third"}),
    "rests": (["adagrad"], {"curvature": 1.0, "minimiser": 0.5, "start": 1.0, "lr": 0.3, "eps": 1e-8}),
    "frozen": (["adam"], {}),
    "smooth_cycle": (["heavy_ball"], {**ENDS, **H}),
    "log_run": (["rmsprop", 1.0, 3, 1.0], {"lr": 0.1, "eps": 1e-8}),
    "preconditioned_edge": (["adam"], {"lr": 0.1, "beta1": 0.9}),
    "preconditioned": ([SMALL, [1.0, 4.0]], {"eps": 0.1}),
    "preconditioned_sharpness": ([[[2.0, 1.0], [1.0, 3.0]], [1.0, 4.0]], {"eps": 0.1, "count": 2}),
    "local": (["x*cos(pi*x)"], {"over": (-1, 2)}),
    "bifurcation": (["gradient_descent"], {"lr": [0.1], "curvature": 1.0}),
    "diagonal_scaling": ([P], {}),
    "noise_floor": (["heavy_ball"], {"fresh": False}),
    "optimum": (["heavy_ball"], {"momentum": 0.5}),
    "residual_polynomial": (["heavy_ball", 3], H),
    "residuals": (["heavy_ball", 3, [1.0, 2.0]], H),
    "simulate": ([P, "heavy_ball", 5, [0.1, 0.2]], SLOW),
    "predict": ([P, "heavy_ball", 5, [0.1, 0.2]], SLOW),
    "ensemble": (
        [P, "heavy_ball", 3, 2],
        {"batch": 4, "sampling": "step", "noise": 0.1, "start": [0.1, 0.2], "rng": 1, "progress": None, **SLOW},
    ),
    "verify": ([P, "gradient_descent"], {"lr": 1e-5, "batch": 4, "sampling": "step", "noise": 0.1}),
    "spectral_radius": (["heavy_ball", [1.0, 2.0]], {"over": "spectrum", **H}),
    "steps_to": (["heavy_ball", 1e-3], {**ENDS, **H}),
    "steps_across": (["heavy_ball", 1e-2, [0.05, 0.1]], {"curvatures": [10.0, 1.0], "momentum": 0.5}),
    "worst_case": (["heavy_ball", 3], {**ENDS, **H}),
    "average_case": (["heavy_ball", 3, cv.MarchenkoPastur(0.5)], H),
    "optimal_schedule": (
        [[2.0, 1.0], 3],
        {"method": "gradient_descent", "noise": 0.1, "start": [0.1, 0.2], "cap": 1.0, "family": cv.schedules.constant},
    ),
    "compare_schedules": (
        [[2.0, 1.0], 2, [[1.0, 0.5]]],
        {"method": "heavy_ball", "batch": 1, "sampling": "step", "start": [0.1, 0.2], "cap": "2/L", "momentum": 0.5},
    ),
    "horizon_optimum": (["gradient_descent", 2], ENDS),
    "fraction_of_limit": (["gradient_descent", 3], {**ENDS, "lr": 0.1}),
    "krylov_bound": ([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 2], {}),
    "lower_bound": ([3], ENDS),
    "chebyshev_steps": ([4], ENDS),
    "chebyshev_recurrence": ([4], ENDS),
    "product_peaks": ([[0.1, 0.2]], ENDS),
    "product": ([[0.1, 0.2, 0.3], 3, 1.0], {"method": "heavy_ball", "momentum": 0.5}),
    "transient": (["heavy_ball", 2.0], H),
    "transient_growth": (["heavy_ball", [10.0, 100.0]], {}),
    "identify": ([RUN], {}),
    "diagnose": ([P], {"method": "heavy_ball", **SLOW}),
    "diagnose_run": ([RUN], {"method": "gradient_descent", "lr": 0.1}),
    "study": ([P, ["gradient_descent"]], {"parts": ["theory"], "schedules": [[0.1]]}),
    "explore": ([[2.0, 1.0], ["gradient_descent"]], {"title": "two"}),
    "convert": (["pytorch", "course"], H),
    "equivalences": ([["heavy_ball", "nesterov"]], {}),
    "in_libraries": (["gradient_descent"], {"lr": 0.1}),
    "moments": ([P, "heavy_ball", 3], {"batch": 1, "sampling": "step", "noise": 0.1, "start": [0.1, 0.2], **SLOW}),
    "tail_average": (
        [P, "heavy_ball", 3],
        {"average": 2, "batch": 1, "sampling": "step", "noise": 0.1, "start": [0.1, 0.2], **SLOW},
    ),
    "stationary": ([P, "heavy_ball"], {"batch": 1, "sampling": "step", "noise": 0.1, **SLOW}),
    "mean_square_limit": ([P, "heavy_ball", 1], {"sampling": "step", "momentum": 0.5}),
    "smallest_batch": ([P, "heavy_ball"], {"sampling": "replacement", **SLOW}),
    "steps_by_batch": (
        [P, "gradient_descent", [64, 500]],
        {"target": 0.5, "sampling": "step", "lrs": [1e-5], "start": [0.1, 0.2], "limit": 9},
    ),
    "critical_batch": ([P, "heavy_ball"], {"momentum": 0.5}),
    "streaming_rate": ([cv.MarchenkoPastur(0.5), 1.0], {}),
    "noise_scale": ([P, [0.1, 0.2]], {}),
    "LabelNoise": ([0.1], {}),
    "exercises": ([0, "newton"], {"count": 1}),
    "certify": ([None], {}),
    "certify_mean_square": ([SMALL, "heavy_ball", 1], {"sampling": "step", "lr": 0.1, "momentum": 0.5}),
    "certify_stable": (["gradient_descent"], {**ENDS, "lr": 0.1}),
    "certify_rate": (["gradient_descent"], {**ENDS, "lr": 0.1, "rate": 0.95}),
    "certify_radius": (["gradient_descent", 1.0], {"lr": 0.1}),
    "certify_formula": (["gradient_descent"], {"rate": None, "hyper": None}),
    "certify_optimum": (["gradient_descent"], ENDS),
    "read_certificate": (["{}"], {}),
    "recheck": ([None], {}),
    "LeastSquares": ([[[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0]], {"loss": "sum"}),
    "read_problem": (["no such file.csv"], {}),
    "MarchenkoPastur": ([0.5], {}),
    "PowerLaw": ([1.0], {}),
    "Domain": (["theta", 0, 1], {}),
    "method": ([lambda f, x, *, lr: x - lr * f.grad(x)], {}),
}
ELSEWHERE = {
    "Schedule": "made by the functions of schedules",
    "audit": "takes the notes and no numbers",
    "course": "runs a minute",
    "presets": "takes nothing",
    "Bifurcation": "made by bifurcation",
    "Cycle": "made by cycles",
    "DiagonalScaling": "made by diagonal_scaling",
    "Invariances": "made by invariances",
    "Direction": "a result",
    "Exercise": "made by exercises",
    "ExerciseSheet": "made by exercises",
    "Verdict": "a result",
    "Finding": "a result",
    "Method": "made by method",
    "Rest": "made by rests",
    "LogRun": "made by log_run",
    "SmoothCycle": "made by smooth_cycle",
    "Filter": "made by filter_of",
    "NoiseFloor": "made by noise_floor",
    "NoiseScale": "made by noise_scale",
    "Product": "made by product",
    "Setting": "made by Method.at",
    "StepsByBatch": "made by steps_by_batch",
    "Study": "made by study",
    "TailAverage": "made by tail_average",
    "System": "made by derive",
}
REGION, BEST, FLOOR = cv.stability("heavy_ball"), cv.optimum("heavy_ball"), cv.noise_floor("heavy_ball")
FILTER = cv.filter_of("heavy_ball", "x", closed=True)
WAVE = cv.local("x*cos(pi*x)", over=(-1, 2))
LOWEST = WAVE[2]
WELL = cv.local("(x**2 - 1)**2/4", over=(-2, 2))
SADDLE = cv.local("x**2 - y**2", at=(0.1, 0.2))[0]
OF_RESULTS = {
    "local.at": (cv.local, ["cosh(x)"], {"at": 1.0}),
    "point.lr_max": (LOWEST.lr_max, ["heavy_ball"], {"momentum": 0.5}),
    "point.flip": (LOWEST.flip, ["heavy_ball"], {"momentum": 0.5}),
    "point.cycles": (LOWEST.cycles, ["gradient_descent"], {"period": 2, "lr": 0.17}),
    "points.basins": (WELL.basins, ["gradient_descent"], {"lr": 0.1}),
    "points.basin_map": (WAVE.basin_map, ["heavy_ball"], {"points": 5, "steps": 9, "lr": 0.1, "momentum": 0.5}),
    "point.period_doubling": (LOWEST.period_doubling, ["gradient_descent"], {}),
    "function.crossing": (cv.landscapes.cosh.crossing, [4, 3, "gradient_descent"], {"limit": 500, "lr": 1}),
    "function.path": (cv.landscapes.tanh.path, ["gradient_descent", 9, 4.0], {"lr": 1}),
    "point.escape": (SADDLE.escape, ["gradient_descent"], {"start": 0.01, "to": 0.1, "lr": 0.1}),
    "contains": (REGION.contains, [1.0], H),
    "largest_lr": (REGION.largest_lr, [1.0], {"momentum": 0.5}),
    "filter.at": (FILTER.at, [], {"curvature": 1.0, **H}),
    "filter.colour": (FILTER.variance_gain_for, [0.5], {}),
    "weights.response": (FILTER.at(curvature=1.0, **H).response, [0.5], {}),
    "weights.weights": (FILTER.at(curvature=1.0, **H).weights, [3], {}),
    "floor.at": (FLOOR.at, [], {"curvature": 1.0, "noise": 1.0, **H}),
    "floor.average": (FLOOR.average, [5], {"curvature": 1.0, "noise": 1.0, **H}),
    "optimum.at": (BEST.at, [], ENDS),
    "scale.best_lr": (cv.noise_scale(P).best_lr, [8], {}),
    "exercise.check": (cv.exercises(0, "newton")[0].check, ["1 - eta"], {}),
    "sheet.text": (cv.exercises(0, "newton").text, ["markdown"], {}),
    "method.at": (cv.METHODS["heavy_ball"].at, [], H),
}
TAKES_LONG = {("equivalences", 0), ("certify", 0), ("compare_schedules", 2)}
"""None asks for the whole catalogue: no wrong kind."""


class Shown(Exception):
    """The arguments of a call."""


def example(name):
    """The arguments of the first call of a function in its own docstring."""

    def call(*positional, **named):
        raise Shown(list(positional), named)

    function = getattr(cv, name)
    space = {**vars(inspect.getmodule(function)), name: call}
    with mock.patch.object(cv, name, call):
        for shown in doctest.DocTestParser().get_examples(inspect.getdoc(function)):
            try:
                exec(compile(shown.source, name, "single"), space)
            except Shown as found:
                return found.args
    raise AssertionError(f"{name} has no call in its docstring")


PUBLIC = {name for name in cv.__all__ if inspect.isfunction(getattr(cv, name))}
"""A function that is not in the table is tried on the example of its docstring."""


def test_each_public_class_is_tried_too():
    classes = {name for name in cv.__all__ if inspect.isclass(getattr(cv, name))}
    errors = {name for name in classes if issubclass(getattr(cv, name), Exception)}
    assert classes - errors - {"Rate", "Share", "Decay", "Offset"} <= set(CALLS) | set(ELSEWHERE)


def replaced(positional, named):
    """The arguments with one of them replaced by each wrong value in turn, and its name."""
    for place in (*range(len(positional)), *named):
        for wrong in WRONG:
            if isinstance(place, int):
                yield place, wrong, [*positional[:place], wrong, *positional[place + 1 :]], named
            else:
                yield place, wrong, positional, {**named, place: wrong}


CALLS |= {name: example(name) for name in sorted(PUBLIC - {*CALLS, *ELSEWHERE})}
TRIED = {**{name: (getattr(cv, name), *arguments) for name, arguments in CALLS.items()}, **OF_RESULTS}


@pytest.mark.finding("H3")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TRIED)
def test_a_wrong_kind_is_answered_or_refused_in_words(name):
    function, positional, named = TRIED[name]
    raw = []
    for place, wrong, args, kwargs in replaced(positional, named):
        if wrong is None and (name, place) in TAKES_LONG:
            continue
        try:
            function(*args, **kwargs)
        except cv.ConvergenceError as refused:
            raw += [] if 0 < len(str(refused)) < 2000 else [f"{place}={str(wrong)[:30]}: {len(str(refused))} letters"]
        except Exception as error:  # the finding itself
            raw.append(f"{place}={str(wrong)[:30]}: {type(error).__name__}: {str(error)[:60]}")
    assert not raw


REFUSED = {
    "study of nothing": lambda: cv.study([]),
    "study of None": lambda: cv.study(None),
    "a study of one's letters": lambda: cv.study(P, "heavyball"),
    "a matrix without a target": lambda: cv.verify(np.eye(2), "gradient_descent"),
    "a start of letters": lambda: cv.simulate(P, "gradient_descent", 3, start="ab", lr=1e-4),
    "contains a letter": lambda: REGION.contains("a", **H),
    "contains nan": lambda: REGION.contains(float("nan"), **H),
    "a list of losses": lambda: cv.LeastSquares([[1.0]], [1.0], loss=["sum"]),
    "no order": lambda: cv.identify(RUN, order=0),
    "shapes": lambda: REGION.contains([1.0, 2.0], lr=[0.1, 0.2, 0.3], momentum=0.5),
    "an integer beyond all doubles": lambda: cv.simulate(P, "gradient_descent", 3, lr=10**400),
    "steps beyond all memory": lambda: cv.simulate(P, "gradient_descent", 10**12, lr=1e-4),
    "a missing argument": lambda: cv.convert("ema_momentum", "pytorch", lr=0.1),
    "None for an argument": lambda: cv.convert("course", "pytorch", lr=0.1, momentum=None),
    "no method": lambda: cv.stability(None),
    "a hyperparameter that a figure cannot hold": lambda: REGION.plot(nu=0.5),
    "formulas for other hyperparameters": lambda: cv.certify_formula("gradient_descent", hyper={"nu": 1}),
    "an unknown loss": lambda: cv.derive("heavy_ball", sigma=True, loss=["sum"]),
}


@pytest.mark.finding("H3")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_is_refused(kind):
    with pytest.raises(cv.ConvergenceError):
        REFUSED[kind]()


@pytest.mark.parametrize("kind", [["0.1", "0.2"], [0.1 + 0.1j, 0.2], np.array(["2020-01-01", "2020-01-02"], "M8[D]")])
@pytest.mark.parametrize(
    "asked",
    [
        lambda values: cv.simulate(P, "heavy_ball", 5, values, **SLOW),
        lambda values: cv.spectral_radius("heavy_ball", values, over="spectrum", **H),
        lambda values: cv.verify(values, "gradient_descent", lr=0.1),
        lambda values: cv.local("x*cos(pi*x)").crossing(values[0], 0.3, "gradient_descent", lr=0.1),
    ],
)
def test_what_numpy_would_make_into_numbers_is_refused(asked, kind):
    """Words, complex numbers without one part, and days since 1970."""
    with pytest.raises(cv.ConvergenceError):
        asked(np.array(kind))


@pytest.mark.parametrize("law", [cv.PowerLaw(1.0), cv.MarchenkoPastur(1.0)])
@pytest.mark.parametrize("asked", [cv.worst_case, cv.horizon_optimum, cv.fraction_of_limit])
def test_a_law_down_to_zero_has_no_worst_case_and_is_told_what_it_has(asked, law):
    with pytest.raises(cv.BadHyperparameter, match=r"curvatures down to 0, .* give mu= and L= .* average_case"):
        asked("gradient_descent", 3, problem=law, **({} if asked is cv.horizon_optimum else {"lr": 0.1}))
