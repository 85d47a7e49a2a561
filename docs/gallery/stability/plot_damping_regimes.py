"""
Monotone, rippling, alternating
===============================

What the error along one direction does depends on ηλ and the momentum alone. Where the two eigenvalues meet, it is critically damped: a little
more momentum, and it ripples like an underdamped spring.
"""

import convergence as cv

cv.regimes("heavy_ball").plot()

# %%
# Three settings, one in each regime:

runs = {
    f"momentum {beta}, ηλ = {lr}": cv.simulate([1.0], "heavy_ball", 40, lr=lr, momentum=beta).error[:, 0]
    for lr, beta in ((0.1, 0.2), (0.1, 0.8), (2.2, 0.2))
}

import matplotlib.pyplot as plt  # noqa: E402

fig, ax = plt.subplots()
for name, error in runs.items():
    ax.plot(error, label=name)
ax.set(xlabel="step", ylabel="error", title="Overdamped, underdamped, alternating")
ax.legend()
