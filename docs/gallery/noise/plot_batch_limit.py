"""
The largest learning rate of a batch
====================================

Rows of a batch have curvatures of their own, so noise grows with the error. Beyond these learning rates, exact for these 500 rows, the expected loss
grows without end, though all rows together would converge. For small batches the limit rises in proportion to the batch; then curvature takes over. Heavy
ball gains by momentum only where batches are large.
"""

import matplotlib.pyplot as plt

import convergence as cv

data = cv.datasets.gaussian_2d(loss="mean")
batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 500]
fig, ax = plt.subplots()
for beta in (0.0, 0.9):
    limits = [cv.mean_square_limit(data, "heavy_ball", batch, momentum=beta) for batch in batches]
    (line,) = ax.loglog(batches, limits, "o-", label=f"momentum {beta}")
    ax.axhline(cv.stability("heavy_ball").intervals(data.L, momentum=beta)[-1][1], color=line.get_color(), linestyle=":")
ax.set(xlabel="batch", ylabel="largest stable learning rate", title="Dotted: the limit by curvature alone")
ax.legend()
