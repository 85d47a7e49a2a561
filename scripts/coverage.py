"""How often the error bars of ``diagnose_run`` hold the truth: simulated logs over methods, noise, its size and minimisers.

python scripts/coverage.py [LOGS]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

import convergence as cv

Array = NDArray[np.float64]

METHODS = {
    "gradient_descent": {"lr": 1.2},
    "heavy_ball": {"lr": 0.5, "momentum": 0.7},
    "nesterov": {"lr": 0.5, "momentum": 0.7},
}
NOISE = {
    "clean": (0.0,),
    "log": (1e-8, 1e-4, 1e-2),
    "gradients": (1e-8, 1e-4, 1e-2),
    "single": (0.0,),
}
"""Noise in what was logged, or in the gradients of the run itself, or a log in single precision."""
MINIMISERS = (0.0, 1.0, 100.0)
STEPS = 60


def log(method: str, kind: str, size: float, minimiser: float, curvatures: Array, random: np.random.Generator) -> Array:
    """Iterates (steps+1, d) of a run from a random start, in rotated coordinates."""
    basis = np.linalg.qr(random.standard_normal((len(curvatures), len(curvatures))))[0]
    hessian, rule = basis * curvatures @ basis.T, cv.METHODS[method]
    inside = size if kind == "gradients" else 0.0

    class Noisy:
        @staticmethod
        def grad(x: Array) -> Array:
            return np.asarray(hessian @ (x - minimiser) + inside * random.standard_normal(len(x)))

    amplitudes = random.choice([-1, 1], len(curvatures)) * random.uniform(0.5, 2, len(curvatures))
    state = rule.start(Noisy, minimiser + basis @ amplitudes)
    rows = [state[0]]
    for _ in range(STEPS):
        state = rule(Noisy, *state, **METHODS[method])
        rows.append(state[0])
    x = np.array(rows) + (size if kind == "log" else 0.0) * random.standard_normal((STEPS + 1, len(curvatures)))
    return x.astype(np.float32).astype(float) if kind == "single" else x


def inside(found: cv.RunDiagnosis, method: str, minimiser: float, curvatures: Array) -> list[bool]:
    """For each number that is told with an error bar, whether the truth lies inside."""
    assert found.lr_curvature is not None
    assert found.lr_curvature_error is not None
    true = METHODS[method]["lr"] * curvatures
    pairs = zip(found.lr_curvature, found.lr_curvature_error, strict=True)
    held = [bool(np.abs(true - value).min() <= bar) for value, bar in pairs]
    held += (np.abs(found.minimiser - minimiser) <= found.minimiser_error).tolist()
    if found.momentum is not None and found.momentum_error and "momentum" in METHODS[method]:
        held.append(abs(found.momentum - METHODS[method]["momentum"]) <= found.momentum_error)
    return held


def main(logs: int) -> None:
    cells = [(m, k, s, w) for m, (k, sizes), w in product(METHODS, NOISE.items(), MINIMISERS) for s in sizes]
    held, undecided = defaultdict[tuple[str, str, float, float], list[bool]](list), defaultdict[object, int](int)
    for seed, cell in islice(((seed, cell) for seed in range(logs) for cell in cells), logs):
        random = np.random.default_rng([seed, cells.index(cell)])
        curvatures = np.sort(random.uniform(0.1, 1.0, random.integers(1, 4)))[::-1]
        try:
            found = cv.diagnose_run(log(*cell, curvatures, random), method=cell[0])
        except cv.BadData:  # it arrived within four steps
            undecided[cell] += 1
        else:
            undecided[cell] += found.verdict == "undecided"
            held[cell] += inside(found, cell[0], cell[3], curvatures)
    print("method            noise      size     minimiser  inside  undecided")
    for cell, flags in held.items():
        print(f"{cell[0]:17} {cell[1]:9} {cell[2]:7.0e} {cell[3]:10g} {np.mean(flags):8.3f} {undecided[cell]:8d}")
    for part in range(3):
        for value in dict.fromkeys(cell[part] for cell in held):
            flags = [flag for cell, some in held.items() if cell[part] == value for flag in some]
            print(f"{value!s:17} {np.mean(flags):.3f} of {len(flags)}")
    print(f"all {np.mean([flag for some in held.values() for flag in some]):.4f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
