"""
Look-ahead against heavy ball
=============================

The rate of the slowest direction over the momentum, each at its best learning rate for κ = 100. Heavy ball is faster at its best momentum, and worse
beside it. Nesterov's look-ahead damps the steep directions.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

momenta, lrs, spectrum = np.linspace(0.3, 0.98, 120), np.linspace(0.002, 0.04, 240), [1.0, 100.0]
fig, ax = plt.subplots()
for name in ("heavy_ball", "nesterov"):
    radius = cv.spectral_radius(name, spectrum, lr=lrs[:, None, None], momentum=momenta[:, None], over="spectrum")
    best = cv.optimum(name).at(mu=1, L=100)
    (line,) = ax.plot(momenta, radius.min(axis=0), label=f"{name}: best {best.rate:.3f}")
    ax.plot(best.hyper["momentum"], best.rate, "*", markersize=12, color=line.get_color())
ax.set(xlabel="momentum β", ylabel="rate ρ at the best learning rate", title="Rates at κ = 100")
ax.legend()
