"""
The best schedule
=================

The rates of 40 steps with the least expected loss at the end, under noise of a fixed size: as large as they may be while the error is large, then falling. The
quieter the gradient, the longer they stay high.
"""

import matplotlib.pyplot as plt

import convergence as cv

fig, ax = plt.subplots()
for noise in (0.03, 0.3, 3.0):
    best = cv.optimal_schedule([4.0, 1.0], 40, noise=noise)
    ax.step(range(40), best.lr, where="mid", label=f"noise {noise}: loss {best.loss:.2g}")
ax.set(xlabel="step", ylabel="learning rate", title="Best rates for curvatures 4 and 1")
ax.legend()
