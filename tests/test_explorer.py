"""What the explorer computes in JavaScript is what NumPy and the package compute; and the page answers hand, keys and link."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from importlib.resources import files

import numpy as np
import pytest
from tolerances import EPS

import convergence as cv
from convergence.cli import main
from convergence.crossing import compiled
from convergence.explorer.formulas import formulas_of, schedules
from convergence.explorer.page import MATHEMATICS
from convergence.explorer.problem import facts
from convergence.explorer.script import script
from convergence.methods import as_method
from convergence.problem import as_quadratic

NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium") or shutil.which("chromium-browser")
node = pytest.mark.skipif(NODE is None, reason="node is not there")

POINTS = 20
CONDITION = 1e6
"""Of the formulas at the points that are tried: the largest loss of digits to cancellation, as a factor."""


@cv.method
def three_states(f, x, v, u, *, lr: cv.Rate, momentum: cv.Share):
    """Heavy ball on a gradient that is averaged before: three states, a cubic."""
    u = 0.5 * u + 0.5 * f.grad(x)
    v = momentum * v + u
    return x - lr * v, v, u


METHODS = (
    *("gradient_descent", "heavy_ball", "nesterov", "ema_momentum", "chebyshev", "weight_decay_coupled"),
    three_states,
)
HYPER = {"lr": 0.05, "momentum": 0.6, "weight_decay": 0.01}
CURVATURES = [10.0, 4.0, 1.0]
RNG = np.random.default_rng(0)
DATA = cv.LeastSquares(RNG.normal(size=(30, 3)) * [1.0, 0.7, 0.4], RNG.normal(size=30), loss="mean")

HARNESS = """
const { source, calls } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const scope = new Function(source + "; return " +
  "{ METHODS, SCHEDULES, spectralRadius, largestRate, smallestBatch, floor, run, optimum, polynomialRoots, stretched }")();
const answers = calls.map((call) => new Function("S", "return " + call)(scope));
process.stdout.write(JSON.stringify(answers));
"""


def settings(method):
    return {name: HYPER[name] for name in method.hyper}


@cache
def source():
    chosen = tuple(as_method(m) for m in METHODS)
    here = files("convergence.explorer")
    return "\n".join([script(chosen), *((here / name).read_text(encoding="utf-8") for name in MATHEMATICS)])


@cache
def trials():
    """Each formula at random points: its name, the call in JavaScript, and NumPy's values."""
    rng, rows = np.random.default_rng(1), []
    owned = [(f"S.METHODS[{k}].{n}", f) for k, m in enumerate(METHODS) for n, f in formulas_of(as_method(m)).items()]
    owned += [(f"S.SCHEDULES[{json.dumps(name)}]", formulas) for name, formulas in schedules().items()]
    for name, formulas in owned:
        for point in rng.uniform(0.05, 0.95, size=(POINTS, len(formulas.arguments))):
            if ".optimum" in name:
                point[1] += 1  # L above μ
            values = compiled(formulas.arguments, formulas.values)(*point)
            rows.append(
                (name, f"[].concat({name}({', '.join(map(repr, point.tolist()))}))", [float(v) for v in values])
            )
    return rows


def evaluated(source, calls):
    asked = json.dumps({"source": source, "calls": calls})
    done = subprocess.run([NODE, "-e", HARNESS], input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def wrong(source):
    """The names of formulas whose values in JavaScript are not those of NumPy."""
    found = evaluated(source, [call for _, call, _ in trials()])
    close = {"rtol": CONDITION * EPS, "atol": CONDITION * EPS, "equal_nan": True}
    rows = zip(found, trials(), strict=True)
    return {name for one, (name, _, values) in rows if not np.allclose(np.array(one, dtype=float), values, **close)}


@node
def test_every_compiled_formula_agrees_with_numpy():
    assert wrong(source()) == set()


FAULTS = {
    "S.METHODS[1].lr_max": ("return 2*(beta + 1)/lambda;", "return 2*(beta + 1.001)/lambda;"),
    "S.METHODS[1].characteristic": ("return [-beta + eta*lambda - 1, beta];", "return [-beta + eta*lambda + 1, beta];"),
}


@node
@pytest.mark.parametrize("name", FAULTS)
def test_a_changed_coefficient_is_caught(name):
    right, fault = FAULTS[name]
    assert right in source()
    assert name in wrong(source().replace(right, fault))


def problem_text(problem):
    return json.dumps(facts(problem, "data"))


@node
def test_radius_limit_and_optimum_are_those_of_the_package():
    calls, expected = [], []
    for k, m in enumerate(METHODS):
        method = as_method(m)
        h, ends = settings(method), json.dumps(CURVATURES)
        given, own = json.dumps(list(h.values())), f"S.METHODS[{k}]"
        calls += [f"S.spectralRadius({own}, {ends}, {given})", f"S.largestRate({own}, {ends}, {given})"]
        others = {name: value for name, value in h.items() if name != "lr"}
        limit = min(cv.stability(method).largest_lr(c, **others) for c in CURVATURES)
        expected += [float(cv.spectral_radius(method, CURVATURES, over="spectrum", **h)), limit]
        if method.name != "three_states":
            calls.append(f"S.optimum({own}, {ends}, {given}).rate")
            decay = {name: value for name, value in h.items() if name == "weight_decay"}
            expected.append(cv.optimum(method, **decay).at(mu=1, L=10).rate)
    assert evaluated(source(), calls) == pytest.approx(expected, rel=1e-7)  # the package's optimum may be a search's


@node
def test_an_optimum_without_a_closed_form_is_searched():
    found = evaluated(source(), [f"S.optimum(S.METHODS[6], {CURVATURES}, [0, 0])"])[0]
    assert not found["closed"]
    assert found["rate"] <= cv.optimum(three_states).at(mu=1, L=10).rate * 1.001


@node
def test_runs_are_those_of_the_package_step_by_step():
    text, calls, expected = problem_text(DATA), [], []
    for k, m in enumerate(METHODS):
        h = settings(as_method(m))
        calls.append(f"S.run(S.METHODS[{k}], {text}, {json.dumps(list(h.values()))}, {{ steps: 25 }}).errors")
        expected.append(cv.simulate(DATA, m, 25, **h))
    calls.append(f"S.run(S.METHODS[1], {text}, [0.05, 0.6], {{ steps: 25, factor: S.SCHEDULES.cosine }}).errors")
    expected.append(cv.simulate(DATA, "heavy_ball", 25, lr=cv.schedules.cosine(0.05, 25), momentum=0.6))
    for found, run in zip(evaluated(source(), calls), expected, strict=True):
        errors = DATA.to_directions(run.x - DATA.minimizer)  # from the minimiser, where weight decay does not rest
        assert np.array(found) == pytest.approx(errors, abs=1e-8)  # the data come with ten digits


@node
@pytest.mark.parametrize(
    ("problem", "sampling"), [(DATA, "replacement"), (CURVATURES, "stream")], ids=["rows", "gaussian"]
)
def test_floor_and_smallest_batch_are_those_of_the_package(problem, sampling):
    text, calls, expected = problem_text(as_quadratic(problem)), [], []
    for k, m in enumerate(METHODS):
        h = settings(as_method(m))
        given = json.dumps(list(h.values()))
        calls += [
            f"S.smallestBatch(S.METHODS[{k}], {text}, {given})",
            f"S.floor(S.METHODS[{k}], {text}, {given}, {{ batch: 8, added: 0.1 }}).excess",
            f"S.floor(S.METHODS[{k}], {text}, {given}, {{ batch: 0, added: 0.1 }}).excess",
        ]
        expected += [
            cv.smallest_batch(problem, m, sampling=sampling, **h),
            cv.stationary(problem, m, batch=8, sampling=sampling, noise=0.1, **h).excess_loss,
            cv.stationary(problem, m, noise=0.1, **h).excess_loss,
        ]
    assert evaluated(source(), calls) == pytest.approx(expected, rel=1e-7)


@node
def test_a_stretched_problem_is_that_of_scaled_columns():
    data = cv.LeastSquares([[2.0, 0.0], [1.0, 0.5], [-1.0, 0.5], [0.0, -0.7]], [1.0, 0.0, 2.0, 1.0])
    kappa, directions = 40.0, data.directions
    power = np.log(kappa) / np.log(data.kappa)
    scale = np.sqrt((data.curvatures / data.L) ** (power - 1))
    scaled = cv.LeastSquares(data.X @ directions * scale, data.y)
    h = {"lr": 0.02, "momentum": 0.3}
    found = evaluated(source(), [f"S.smallestBatch(S.METHODS[1], S.stretched({problem_text(data)}, 40), [0.02, 0.3])"])
    assert found[0] == pytest.approx(cv.smallest_batch(scaled, "heavy_ball", **h), rel=1e-7)


@node
def test_roots_of_higher_degree_are_those_of_numpy():
    rng = np.random.default_rng(2)
    polynomials = rng.normal(size=(30, 6))
    found = evaluated(source(), [f"S.polynomialRoots({json.dumps(list(p))})" for p in polynomials])
    for lower, roots in zip(polynomials, found, strict=True):
        known, mine = np.roots([1.0, *lower]), np.array(roots) @ [1, 1j]
        assert max(np.abs(mine - one).min() for one in known) < 1e-9


@node
@pytest.mark.parametrize(
    "roots", [(0.5, 0.5, 1.0), (0.0, 0.5, 0.9), (0.0, 0.0, 0.0), (0.7, 0.7, 0.7), (1e8, 1e-8, 0.0)]
)
def test_multiple_roots_are_found_as_near_as_they_can_be(roots):
    found = evaluated(source(), [f"S.polynomialRoots({json.dumps(list(np.poly(roots)[1:]))})"])[0]
    mine, times = np.array(found) @ [1, 1j], max(roots.count(one) for one in roots)
    assert max(np.abs(mine - one).min() for one in roots) < 10 * EPS ** (1 / times) * max(1.0, *roots)


def test_of_many_directions_both_ends_are_among_those_shown():
    shown = facts(as_quadratic(np.geomspace(1.0, 1000.0, 500)), "many")
    assert (len(shown["curvatures"]), shown["directions"]) == (64, 500)
    assert (shown["curvatures"][0], shown["curvatures"][-1]) == pytest.approx((1000.0, 1.0))


def test_the_page_is_one_small_file_without_addresses():
    html = cv.explore().html
    assert len(html.encode()) <= 300_000
    assert not [word for word in ('src="http', 'href="http', "@import", "fetch(", "XMLHttpRequest") if word in html]


def test_what_cannot_be_explored_is_refused_in_words(tmp_path):
    with pytest.raises(cv.BadName):
        cv.explore(methods=[])
    for without_region in ("sign_descent", "adagrad"):
        with pytest.raises(cv.NotLinear):
            cv.explore([1.0, 2.0], without_region)
    with pytest.raises(cv.BadOutput):
        cv.explore([1.0, 2.0], "heavy_ball").write(tmp_path)


def test_a_notebook_shows_the_page_in_a_frame():
    shown = cv.explore([1.0, 2.0], "gradient_descent", title='<"a">')._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert '<"a">' not in shown


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A browser, and the path of the page on the notes' data."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("Chromium is not there")
    path = cv.explore().write(tmp_path_factory.mktemp("explorer") / "page.html")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser, path.as_uri()
        browser.close()


@pytest.fixture
def opened(pages):
    """A function that opens the page; whatever it says on the console, and each address that it asks for, is a fault."""
    browser, address = pages
    faults, contexts = [], []

    def open_page(state="", **options):
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
        page.goto(f"{address}#{state}")
        page.wait_for_function("window.explorer && explorer.timings.length > 0")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def hyper(page, side="a"):
    return page.evaluate(f"explorer.state.{side}.h")


def test_a_hand_drags_the_point_over_the_map(opened):
    page = opened()
    box, before = page.locator("#map-a").bounding_box(), hyper(page)
    x, y = box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(x, y)
    assert "Under the cursor" in page.locator("#under-a").inner_text()
    page.mouse.down()
    page.mouse.move(x + 0.2 * box["width"], y - 0.3 * box["height"], steps=5)
    page.mouse.up()
    after = hyper(page)
    assert after != before
    assert after[1] > 0.7
    setting = "explorer.verdict(explorer.state.a).head.slice(0, 9)"
    page.wait_for_function(f"document.querySelector('#words-a h2').textContent.includes({setting})")


def test_the_best_setting_is_reached_and_named(opened):
    page = opened(reduced_motion="reduce")
    page.click("#to-best")
    best = cv.optimum("heavy_ball").at(mu=cv.datasets.gaussian_2d().mu, L=cv.datasets.gaussian_2d().L)
    assert hyper(page) == pytest.approx([best.hyper["lr"], best.hyper["momentum"]], rel=1e-6)
    page.wait_for_function("document.querySelector('#words-a').textContent.includes('This point is the best one')")


def test_keys_move_the_point_and_a_reader_is_told(opened):
    page = opened()
    page.focus("#map-a")
    lr, momentum = hyper(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    moved = hyper(page)
    assert moved[0] > lr
    assert moved[1] == pytest.approx(momentum + 0.05)
    page.wait_for_function("document.querySelector('#status').textContent.includes('heavy ball')")
    assert "converges" in page.locator("#status").text_content()


def test_sliders_move_what_they_name(opened):
    page = opened()
    for name, value in (("shared-kappa", 900), ("shared-batch", 400), ("hyper-a-momentum", 990)):
        page.locator(f"#{name}").fill(str(value))
    state = page.evaluate("explorer.state")
    assert state["kappa"] > 1000
    assert state["batch"] > 1
    assert state["a"]["h"][1] == pytest.approx(0.99)
    page.wait_for_function("document.querySelector('#words-a').textContent.includes('Second moments stay bounded')")


def test_a_link_restores_the_state(opened):
    page = opened()
    page.select_option("#method-b", "nesterov")
    page.select_option("#schedule", "cosine")
    page.locator("#shared-batch").fill("500")
    page.wait_for_function("location.hash.slice(1) === explorer.written() && !explorer.written().includes('batch=0')")
    link = page.evaluate("location.hash").lstrip("#")
    again = opened(link)
    assert again.evaluate("explorer.written()") == link
    assert again.locator("#figure-b").is_visible()


def test_a_link_that_is_none_is_passed_over(opened):
    page = opened("a=no_method&kappa=x&a.lr=-1&batch=1e99&schedule=constructor&start=NaN,2")
    assert page.evaluate("explorer.state.schedule") == "constant"
    assert page.evaluate("explorer.state.a.method.name") == "heavy_ball"


def test_each_method_can_be_shown_and_beside_each_other(opened):
    page = opened()
    for name in ("gradient_descent", "nesterov", "ema_momentum"):
        page.select_option("#method-a", name)
        page.select_option("#method-b", name)
        assert page.evaluate("explorer.best(explorer.state.a).closed")


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_is_wider_than_the_window(opened, width):
    page = opened("a=nesterov&b=ema_momentum&batch=8", viewport={"width": width, "height": 844}, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_call_is_that_of_the_library(opened):
    page = opened("a=ema_momentum&a.lr=0.0001&a.momentum=0.1")
    page.wait_for_selector("#words-a .call")
    calls = page.locator("#words-a .call code").all_inner_texts()
    assert calls[0] == cv.in_libraries("ema_momentum", lr=0.0001, momentum=0.1)[0].call


def test_the_edge_in_mean_square_decides_the_verdict(opened):
    data = cv.datasets.gaussian_2d()
    limit = cv.mean_square_limit(data, "heavy_ball", 8, momentum=0.6)
    for factor, converges in ((0.99, True), (1.01, False)):
        page = opened(f"a=heavy_ball&a.lr={factor * limit:.6g}&a.momentum=0.6&batch=8")
        assert page.evaluate("explorer.verdict(explorer.state.a).stable") is converges
        assert page.locator("#legend-batch").is_visible()


def test_a_condition_that_does_not_hold_is_marked(opened):
    page = opened("a=heavy_ball&a.lr=0.00015&a.momentum=0.2")
    page.wait_for_selector("#words-a .card")
    stability = page.locator("#words-a .card").first.inner_text()
    assert stability.count("not so") == 1
    assert "it diverges" in stability


def test_numbers_put_into_a_formula_do_not_run_together(opened):
    page = opened()
    formula = (
        "<math><mrow><mn>2</mn><mi>β</mi><msup><mi>λ</mi><mn>2</mn></msup><mo>−</mo><mi>β</mi><mi>x</mi></mrow></math>"
    )
    text = page.evaluate("([f, v]) => explorer.putIn(f, v).textContent", [formula, {"β": 0.5, "λ": -3}])
    assert text == "2·0.5(−3)2−0.5x"


def test_the_start_is_moved_by_hand_and_keys(opened):
    page = opened()
    page.focus("#path")
    page.keyboard.press("ArrowLeft")
    flat = page.evaluate("explorer.state.start")[1]
    box = page.locator("#path").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"])
    assert page.evaluate("explorer.state.start")[1] != flat
    assert "start=" in page.evaluate("explorer.written()")


def test_a_redraw_fits_into_a_frame(opened):
    page = opened()
    box = page.locator("#map-a").bounding_box()
    page.mouse.move(box["x"] + 80, box["y"] + 200)
    page.mouse.down()
    for k in range(60):
        page.mouse.move(box["x"] + 80 + 5 * k, box["y"] + 200 - 2 * k)
    page.mouse.up()
    assert page.evaluate("Math.min(...explorer.timings)") < 16  # the least: other processes have the machine, too


def test_the_command_writes_one_file(tmp_path, capsys):
    page = tmp_path / "page.html"
    asked = [
        "explore",
        "--curvatures",
        "1,10",
        "--methods",
        "gradient_descent,heavy_ball",
        "--out",
        str(page),
        "--json",
    ]
    assert main(asked) == 0
    assert json.loads(capsys.readouterr().out)["methods"] == ["gradient_descent", "heavy_ball"]
    assert "2 curvatures in [1, 10]" in page.read_text(encoding="utf-8")
    assert main([*asked, "--mu", "1"]) == 2


def test_a_cell_of_a_notebook_holds_the_page_at_work(pages):
    shown = cv.explore([1.0, 10.0], ["gradient_descent", "heavy_ball"])._repr_html_()
    page, faults = pages[0].new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_content(shown)
    page.wait_for_function("document.querySelector('iframe').contentWindow.explorer?.timings.length > 0")
    frame = page.frames[1]
    frame.focus("#map-a")
    frame.press("#map-a", "ArrowRight")
    frame.wait_for_function("document.querySelector('#status').textContent.includes('converges')")
    page.wait_for_timeout(500)  # the link is written, where there is an address
    page.close()
    assert faults == []
