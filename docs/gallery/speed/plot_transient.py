"""
It gets worse before it gets better
===================================

At its best setting heavy ball has a double eigenvalue, and the error of some runs grows before it falls. The rate says nothing of it: all of these
converge. The peak grows like √κ.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

fig, ax = plt.subplots()
for kappa in (10, 100, 1000):
    best = cv.optimum("heavy_ball").at(mu=1, L=kappa)
    left = np.abs(cv.residuals("heavy_ball", 150, [kappa], **best.hyper))[:, 0]
    ax.semilogy(left, label=f"κ = {kappa}: rate {best.rate:.2f}")
ax.axhline(1, color="0.6", linewidth=0.8)
ax.set(xlabel="step", ylabel="error, part of the first", ylim=(1e-4, 30), title="The steepest direction at the best setting")
ax.legend()

# %%
# How the largest peak grows with κ:

cv.transient_growth("heavy_ball", np.logspace(1, 5, 9)).plot()
