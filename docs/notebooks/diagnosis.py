# %% [markdown]
"""
Diagnosing a run
================

A training run does not do what it should. What can be said from its settings, and what from its log alone?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

data = cv.datasets.longley(standardize=True)
print(data)

# %% [markdown]
# It diverges
# -----------
#
# PyTorch's SGD at a learning rate of 0.05, momentum 0.9. The loss is the sum of squares.

# %%
run = cv.simulate(data, "pytorch", 60, lr=0.05, momentum=0.9)
cv.figures.losses({"lr 0.05": run.loss}, plt.figure().gca())
print(cv.diagnose(data, method="pytorch", lr=0.05, momentum=0.9))

# %% [markdown]
# The steepest direction breaks its limit, and the advice names the nearest setting that holds. With it the run converges, but crawls:

# %%
again = cv.diagnose(data, method="pytorch", lr=0.02, momentum=0.9)
print(again)

# %% [markdown]
# The condition number is to blame: some columns of these data nearly say the same. That no learning rate mends; more momentum helps, and
# so would other columns.

# %%
best = cv.optimum("pytorch").at(mu=data.mu, L=data.L, dampening=0.0)
print(best)
print("steps to a thousandth:", cv.steps_to("pytorch", 1e-3, mu=data.mu, L=data.L, dampening=0.0))

# %% [markdown]
# From the log alone
# ------------------
#
# Here is somebody's log: 60 rows of two weights, with noise in the last digits. Nothing is known of the method.

# %%
hidden = cv.simulate([5.0, 0.8], "heavy_ball", 60, start=[2.0, -1.0], lr=0.2, momentum=0.6)
log = hidden.x + 1e-9 * np.random.default_rng(1).normal(size=hidden.x.shape)
print(cv.diagnose_run(log))

# %% [markdown]
# It was heavy ball, with this momentum and these lr·λ, each with an error bar. If the learning rate is known, so are the curvatures:

# %%
found = cv.diagnose_run(log, lr=0.2)
print(found.method, found.curvatures.round(6))

# %% [markdown]
# Is it the noise?
# ----------------
#
# On minibatches a run can diverge although the learning rate is fine for all rows together. The diagnosis says which of the two it is, and
# from which batch on it holds.

# %%
notes = cv.datasets.gaussian_2d(loss="mean")
print(cv.diagnose(notes, method="heavy_ball", lr=0.02, momentum=0.9, batch=4))
