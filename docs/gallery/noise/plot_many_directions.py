"""
Very many directions
====================

With very many directions, one fresh row a step, only the *density* of the spectrum matters: the loss of gradient descent at the learning rate γ/d falls at a rate that is a
function of γ. It grows in proportion to γ at first, has one best value, and is negative where the run diverges.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

gammas = np.linspace(0.02, 2.2, 110)
fig, ax = plt.subplots()
for ratio in (0.1, 0.25, 0.5):
    rates = [cv.streaming_rate(cv.MarchenkoPastur(ratio), gamma) for gamma in gammas]
    best = int(np.argmax(rates))
    (line,) = ax.plot(gammas, rates, label=f"columns/rows {ratio}: best γ {gammas[best]:.2f}")
    ax.plot(gammas[best], rates[best], "*", markersize=12, color=line.get_color())
ax.axhline(0, color="k", linewidth=0.8)
ax.set(xlabel="γ, the learning rate times the number of directions", ylabel="rate of the loss", title="Single fresh rows")
ax.legend()
