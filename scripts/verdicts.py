"""A million random stability verdicts against matrices written by hand: python scripts/verdicts.py [COUNT].

``stability(m).contains`` derives its inequalities from the rule; tests/hand_matrices.py has the iteration matrices that were
worked out on paper, whose eigenvalues NumPy computes. Points nearer to the boundary than rounding can tell are left out
and counted. The exit status is 1 if a verdict is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convergence as cv

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from hand_matrices import MATRICES

SHELL = 1e-7
"""A double root on the unit circle moves by √ε when its matrix is rounded."""

Points = dict[str, NDArray[np.float64]]


def points(rng: np.random.Generator, method: cv.Method, count: int) -> Points:
    """Curvatures, rates around 1/λ, and other hyperparameters inside their usual interval and outside it."""
    curvature = 10 ** rng.uniform(-4, 4, count)
    drawn = {"lam": curvature}
    for name, domain in method.domains.items():
        drawn[name] = (
            10 ** rng.uniform(-2, 1, count) * curvature**domain.unit if domain.unit else rng.uniform(0, 1.6, count)
        )
    if "kappa" in drawn:
        drawn["kappa"] = 10 ** rng.uniform(0.01, 3, count)
    return drawn


def wrong(name: str, drawn: Points) -> tuple[int, int]:
    """How many verdicts are wrong, and how many could not be judged."""
    rows = zip(*drawn.values(), strict=True)
    matrices = np.array([MATRICES[name](**dict(zip(drawn, row, strict=True))) for row in rows])
    radius = np.abs(np.linalg.eigvals(matrices)).max(axis=-1)
    hyper: dict[str, Any] = {n: values for n, values in drawn.items() if n != "lam"}
    verdict = cv.stability(name).contains(drawn["lam"], **hyper)
    clear = np.abs(radius - 1) > SHELL
    return int(((radius < 1) != verdict)[clear].sum()), int((~clear).sum())


def main(count: int) -> int:
    rng, each, total = np.random.default_rng(0), count // len(cv.methods.LINEAR) + 1, 0
    for name, method in cv.methods.LINEAR.items():
        mistakes, unclear = wrong(name, points(rng, method, each))
        print(f"{name:28} {each:7} verdicts, {mistakes} wrong, {unclear} too near to the boundary for NumPy")
        total += mistakes
    print(f"{each * len(cv.methods.LINEAR)} verdicts, {total} wrong")
    return int(total > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
