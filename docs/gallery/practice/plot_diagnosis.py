"""
What a log tells
================

A run that crawls, logged as weights with a little noise. From the log alone: that it was heavy ball, with which momentum, which curvatures lr·λ its directions have, each
with an error bar, and what to set instead.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

data = cv.datasets.gaussian_2d(loss="mean")
log = cv.simulate(data, "heavy_ball", 80, lr=0.002, momentum=0.5)
found = cv.diagnose_run(log.x + 1e-7 * np.random.default_rng(0).normal(size=log.x.shape), lr=0.002)
print(found)

advised = cv.simulate(data, "heavy_ball", 80, lr=0.0436, momentum=0.5)
fig, ax = plt.subplots()
for name, run in (("logged", log), ("with the learning rate that it says", advised)):
    ax.semilogy(np.linalg.norm(run.error, axis=1), label=name)
ax.set(xlabel="step", ylabel="distance to the minimiser", title="The run and its mending")
ax.legend()
