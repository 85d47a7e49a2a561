"""One question to each room of the package, with its answer: whether it works at all with the versions installed here."""

from __future__ import annotations

import sys
from importlib.metadata import version
from io import BytesIO
from tempfile import TemporaryDirectory

import numpy as np

import convergence as cv
from convergence.cli import main as command

USED = (
    "numpy",
    "scipy",
    "sympy",
    "matplotlib",
    "rich",
    "jinja2",
    "pydantic",
    "latex2mathml",
    "python-flint",
    "lazy-loader",
)
USED = (*USED, "markdown-it-py", "mdit-py-plugins", "joblib")


def theory() -> None:
    """Formulas, exact at their boundaries."""
    assert str(cv.stability("heavy_ball").lr_max) == "2*(beta + 1)/lambda"
    assert str(cv.optimum("heavy_ball").rate) == "(sqrt(L) - sqrt(mu))/(sqrt(L) + sqrt(mu))"
    assert len(cv.regimes("nesterov").repeated) == 2
    assert cv.optimum("robust_momentum").at(mu=1, L=10).rate < 0.7
    assert cv.convert("pytorch", "course", lr=0.1, momentum=0.9) == {"lr": 1.0, "momentum": 0.1}
    assert list(cv.schedules.cosine(1.0, 2, restarts=1).values(3)) == [1.0, 0.5, 1.0]
    assert "sqrt(fmax(" in cv.to_code(cv.rate("heavy_ball"), "c")


def numbers() -> None:
    """Runs, their closed form, eigenvalues identified, finite time."""
    data = cv.datasets.gaussian_2d()
    run, closed = (how(data, "nesterov", 60, lr=2e-5, momentum=0.6) for how in (cv.simulate, cv.predict))
    assert np.allclose(run.x, closed.x, rtol=0, atol=1e-12)
    assert cv.steps_to("gradient_descent", 1e-3, mu=data.mu, L=data.L, lr=1e-4) == 66
    assert np.abs(cv.identify(run).eigenvalues).max() < 1
    assert cv.verify(data, "heavy_ball")
    assert cv.worst_case("heavy_ball", 5, mu=1, L=10, lr=0.2, momentum=0.3).value < 1
    assert cv.average_case("gradient_descent", 5, cv.MarchenkoPastur(0.5), lr=0.5).error < 1
    assert cv.transient("heavy_ball", 1.0, lr=0.1, momentum=0.9).peak >= 1


def proofs() -> None:
    """Certificates, and their check in fractions."""
    assert cv.certify_optimum("nesterov", mu=1, L=100).recheck()
    assert cv.certify_stable("heavy_ball", mu=1, L=10, lr=0.1, momentum=0.9).recheck()


def advice() -> None:
    """Diagnosis of a setting and of a logged run."""
    data = cv.datasets.gaussian_2d()
    assert "diverges" in cv.diagnose(data, method="heavy_ball", lr=5e-4, momentum=0.9).headline
    logged = cv.simulate(data, "gradient_descent", 60, lr=1e-5).x
    assert 0.98 < cv.diagnose_run(logged, method="gradient_descent", lr=1e-5).radius < 0.99


def chance() -> None:
    """Noise, minibatches and schedules."""
    rows = ([[1.0, 0.5], [-0.5, 1.0], [1.0, 1.0]], [0.0, 1.0, 0.0])
    limit = cv.mean_square_limit(rows, "gradient_descent", 1)
    assert all(cv.certify_mean_square(rows, "gradient_descent", 1, lr=s * limit).holds == (s < 1) for s in (0.99, 1.01))
    assert cv.moments(rows, "heavy_ball", 6, batch=1, sampling="epoch", lr=0.05, momentum=0.5).exact
    assert len(cv.ensemble(rows, "heavy_ball", 3, 20, batch=1, lr=0.05, momentum=0.5).loss) == 20
    assert cv.optimal_schedule([4.0, 1.0], 8, noise=0.3).loss < 0.01


def beyond() -> None:
    """Rules that are not linear, functions that are not quadratic, the explorer."""
    (cycle,) = cv.cycles("rmsprop", lr=0.1, decay=0.9, eps=0.01)
    assert abs(cycle.amplitude - 0.04) < 1e-12
    assert [point.kind for point in cv.local("(x**2 - 1)**2/4", over=(-2, 2))] == ["minimum", "maximum", "minimum"]
    assert "<html" in cv.explore([1.0, 100.0], ["heavy_ball"]).html


def documents() -> None:
    """A figure, a study saved whole and read back, the command line."""
    picture = BytesIO()
    cv.stability("heavy_ball").plot(mu=1, L=10).figure.savefig(picture, format="svg")
    assert picture.getvalue()
    with TemporaryDirectory() as folder:
        study = cv.study(cv.datasets.gaussian_2d(), ["gradient_descent", "heavy_ball"])
        study.save(folder)
        assert cv.Study.load(folder).to_json() == study.to_json()
    for words in (["derive", "heavy_ball", "--latex"], ["optimum", "nesterov", "--mu", "1", "--L", "10", "--json"]):
        assert command(words) == 0


def main() -> int:
    """Every room; the first that fails ends it."""
    print(sys.version.split()[0], *(f"{name} {version(name)}" for name in USED), sep=", ")
    for room in (theory, numbers, proofs, advice, chance, beyond, documents):
        room()
        print(f"{room.__name__}: works", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
