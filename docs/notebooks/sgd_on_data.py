# %% [markdown]
"""
SGD on your data
================

Rows in, settings out: which learning rate a batch allows, where the loss stops, which batch is worth its price, and which schedule gets
below the floor. All of it follows from the rows, without a training run.
"""

# %%
import numpy as np

import convergence as cv

# %% [markdown]
# The data
# --------
#
# 300 rows of three columns on different scales, and a noisy target. Put your own in their place: ``cv.read_problem("my.csv", target="y")``.

# %%
rng = np.random.default_rng(3)
X = rng.normal(size=(300, 3)) * [1.0, 2.0, 4.0]
y = X @ [1.0, -1.0, 0.5] + rng.normal(size=300)
p = cv.LeastSquares(X, y, loss="mean")
print(p.curvatures, "limit of gradient descent on all rows:", 2 / p.L)

# %% [markdown]
# Which learning rate for which batch?
# ------------------------------------

# %%
for batch in (1, 4, 16, 64, 300):
    plain = cv.mean_square_limit(p, "gradient_descent", batch)
    heavy = cv.mean_square_limit(p, "heavy_ball", batch, momentum=0.9)
    print(f"batch {batch:3d}: gradient descent {plain:.4f}, momentum 0.9 {heavy:.4f}")

# %% [markdown]
# Where does the loss stop?
# -------------------------
#
# At a learning rate and batch of your choice: exactly, and beside it 300 runs.

# %%
exact = cv.moments(p, "heavy_ball", 150, batch=8, lr=0.004, momentum=0.8)
seen = cv.ensemble(p, "heavy_ball", 150, 300, batch=8, lr=0.004, momentum=0.8)
exact.plot(seen=seen)
print("settles at", cv.stationary(p, "heavy_ball", batch=8, lr=0.004, momentum=0.8).excess_loss)

# %% [markdown]
# Which batch is worth its price?
# -------------------------------

# %%
curve = cv.steps_by_batch(p, "gradient_descent")
curve.plot()
print("beyond a batch of", round(curve.critical_batch), "a larger one saves hardly any steps")

# %% [markdown]
# Below the floor
# ---------------
#
# A schedule that falls gets below it. What the usual shapes reach in 60 steps, each at its best base rate, beside the best that is known:

# %%
found = cv.compare_schedules(p, 60, batch=8)
found.plot()
for row in found.rows:
    print(f"{row.name:12s} base {row.base:.4f}: {row.share:.0%} of the best")

# %% [markdown]
# So does an average of the last iterates, at a constant rate:

# %%
mean = cv.tail_average(p, "gradient_descent", 400, batch=8, lr=0.01)
print("last iterate", mean.last, " average of the tail", mean.excess_loss)
