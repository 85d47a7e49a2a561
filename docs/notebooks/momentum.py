# %% [markdown]
"""
A lecture on momentum
=====================

Gradient descent is slow where the loss is a long valley. Momentum makes it faster. How much, at which settings, and at which price?
All answers below are derived from the two update rules, on the spot.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

# %% [markdown]
# One direction at a time
# -----------------------
#
# Near a minimum the loss is a quadratic, and along each of its axes a method does the same thing: it multiplies the error by a small
# matrix. For gradient descent that is the number 1 − ηλ, with λ the curvature.

# %%
print(cv.derive("gradient_descent").matrix)
print("stable where", cv.stability("gradient_descent").conditions)

# %% [markdown]
# A steep direction wants a small learning rate, a flat one a large. The best compromise over all curvatures from μ to L leaves the factor
# (L − μ)/(L + μ) per step, which is hardly below 1 in a long valley.

# %%
print(cv.optimum("gradient_descent").hyper, cv.optimum("gradient_descent").rate)
valley = [1.0, 100.0]
slow = cv.simulate(valley, "gradient_descent", 120, **cv.optimum("gradient_descent").at(mu=1, L=100).hyper)

# %% [markdown]
# A ball that rolls
# -----------------
#
# Heavy ball keeps a velocity. The state is now two numbers, position and velocity, and so the matrix has two rows and two eigenvalues.
# What they do is physics: with little momentum the ball creeps (real eigenvalues), with much it swings (complex ones). In between lies
# critical damping.

# %%
print(cv.derive("heavy_ball").matrix)
cv.regimes("heavy_ball").plot()

# %% [markdown]
# Swinging is not bad: in the whole rippling region the radius is the square root of the momentum, *whatever the curvature*. So the best
# setting makes all directions swing, with as little momentum as that takes.

# %%
best = cv.optimum("heavy_ball")
print(best.hyper)
print(best.rate)
best.plot(mu=1, L=100)

# %% [markdown]
# κ has become √κ. Where gradient descent needs hundreds of steps, heavy ball needs tens:

# %%
fast = cv.simulate(valley, "heavy_ball", 120, **best.at(mu=1, L=100).hyper)
cv.figures.losses({"gradient descent": slow.loss, "heavy ball": fast.loss}, plt.figure().gca())

# %% [markdown]
# The price
# ---------
#
# At first, heavy ball is worse: its two eigenvalues are equal, and errors grow before they fall. Nesterov's method asks the gradient a
# little ahead. It is slower in the end, and better behaved at the start.

# %%
steps = np.arange(0, 41)
fig, ax = plt.subplots()
for name in ("gradient_descent", "nesterov", "heavy_ball"):
    hyper = cv.optimum(name).at(mu=1, L=100).hyper
    ax.semilogy(steps, [cv.worst_case(name, int(k), mu=1, L=100, **hyper).value for k in steps], label=name)
ax.semilogy(steps, [cv.lower_bound(int(k), mu=1, L=100) for k in steps], "k:", label="no method is below this")
ax.set(xlabel="steps", ylabel="worst error")
ax.legend()

# %% [markdown]
# Is it true?
# -----------
#
# Every formula was derived by a program. So it is checked by what knows nothing of the derivation: runs, a blind search, the literature,
# and deliberate faults, which must be found. And for the best rate there is a proof, for all κ.

# %%
print(cv.verify(valley, "heavy_ball"))
print(cv.certify_formula("heavy_ball"))
