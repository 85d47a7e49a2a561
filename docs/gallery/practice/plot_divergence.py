"""
Why a run diverges
==================

Along each direction of the data gradient descent multiplies the error by 1 − ηλ. At two per cent beyond 2/λ of the steepest direction that one grows, whatever the others do. The
loss falls at first, since the flat direction has most of it, and then blows up.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

data = cv.datasets.gaussian_2d()
lr = 1.02 * 2 / data.L
start = data.minimizer + data.directions @ [1e-3, 1.0]  # nearly all of the error lies along the flat direction
run = cv.simulate(data, "gradient_descent", 150, start=start, lr=lr)
print(cv.diagnose(data, method="gradient_descent", lr=lr))

fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5))
for error, curvature in zip(np.abs(run.error.T), data.curvatures, strict=True):
    left.semilogy(error, label=f"λ = {curvature:.0f}")
left.set(xlabel="step", ylabel="error along a direction", title="2 % too large")
left.legend()
rates = np.linspace(1e-6, 1.3 * 2 / data.L, 200)
for curvature in data.curvatures:
    right.plot(rates, cv.spectral_radius("gradient_descent", curvature, lr=rates))
right.axhline(1, color="k", linewidth=0.8)
right.plot(lr, abs(1 - lr * data.L), "ko")
right.set(xlabel="learning rate", ylabel="factor per step, |1 − ηλ|", title="Above 1 it grows")
