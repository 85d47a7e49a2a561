"""
What momentum buys: κ against √κ
================================

Steps for one more decimal digit at the best settings, over the condition number κ = L/μ. Gradient descent's line has slope 1, momentum's slope ½:
at κ = 10⁴ that is a factor of a hundred.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

kappas = np.logspace(0.5, 6, 23)
fig, ax = plt.subplots()
for name in ("gradient_descent", "nesterov", "heavy_ball"):
    best = cv.optimum(name)
    steps = [-1 / np.log10(best.at(mu=1, L=kappa).rate) for kappa in kappas]
    slope = np.diff(np.log(steps))[-1] / np.diff(np.log(kappas))[-1]
    ax.loglog(kappas, steps, label=f"{name}, slope {slope:.2f}")
ax.set(xlabel="condition number κ", ylabel="steps for one more digit", title="Steps at the best settings")
ax.legend()
