"""
Adaptive steps do not settle
============================

RMSProp seems to have converged after twenty steps, and comes back: it ends in a cycle of two states, half a learning rate either side of the minimiser. The amplitude is a
formula, derived from the symmetry of the rule, as is the answer whether the cycle attracts.
"""

import matplotlib.pyplot as plt

import convergence as cv

(cycle,) = cv.cycles("rmsprop")
print("amplitude", cycle.amplitude, " exists where", cycle.exists, " attracts:", cycle.attracting)

setting = {"lr": 0.1, "decay": 0.9, "eps": 0.01}
(here,) = cv.cycles("rmsprop", **setting)
run = cv.simulate(cv.LeastSquares([[1.0]], [0.0], loss="half"), "rmsprop", 300, start=[1.0], **setting)
fig, ax = plt.subplots()
ax.plot(run.error[:, 0], ".-", markersize=3)
for side in (-1, 1):
    ax.axhline(side * float(here.amplitude), color="k", linestyle=":")
ax.set(xlabel="step", ylabel="error", title=f"RMSProp circles at ±{float(here.amplitude):.3g} for ever")
