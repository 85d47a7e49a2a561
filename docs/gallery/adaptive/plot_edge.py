"""
How sharp may it be? 2/η, 38/η
==============================

While an adaptive method's denominator P hardly moves, it is a linear method on P⁻¹H. The largest eigenvalue that is stable, times the learning rate, over the momentum: with β₁ = 0.9 that is the 38
at which Adam was seen to hover (Cohen et al. 2022). The look-ahead of NAdam allows less.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

momenta = np.linspace(0, 0.95, 60)
fig, ax = plt.subplots()
for name in ("adam", "nadam"):
    print(name, cv.preconditioned_edge(name))
    ax.plot(momenta, [cv.preconditioned_edge(name, lr=1.0, beta1=float(beta)) for beta in momenta], label=name)
ax.plot(0.9, cv.preconditioned_edge("adam", lr=1.0, beta1=0.9), "ko")
ax.set(xlabel="β₁", ylabel="η times the eigenvalue", title="The largest stable eigenvalue of P⁻¹H")
ax.legend()
