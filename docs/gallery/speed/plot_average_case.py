"""
The worst case is not the usual one
===================================

On random data the spectrum follows Marchenko and Pastur, and few directions are as flat as the flattest. The expected loss falls faster than the worst
case. With as many columns as rows (r = 1) μ is 0 and no rate is left: the loss falls like a power of the steps.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

steps = 200
fig, ax = plt.subplots()
for ratio in (0.25, 0.5, 1.0):
    density = cv.MarchenkoPastur(ratio)
    case = cv.average_case("gradient_descent", steps, density, lr=1 / density.interval[1])
    ax.loglog(np.arange(1, steps + 1), case.table()["loss"][1:], label=f"r = {ratio}, spectrum {density.interval[0]:.3g} to {density.interval[1]:.3g}")
ax.set(xlabel="step", ylabel="expected loss, part of the first", ylim=(1e-10, 1), title="Gradient descent on random data")
ax.legend()
