# %% [markdown]
"""
Your own optimiser
==================

You have an idea for an update rule. Write it down; then ask whether it is stable, how fast it is, whether it is new, and whether it is
better.
"""

# %%
import matplotlib.pyplot as plt

import convergence as cv

# %% [markdown]
# The idea
# --------
#
# Heavy ball, whose velocity is also pulled back by the *change* of the gradient, as a controller with a derivative term would do.

# %%


@cv.method
def damped(f, x, v, last, *, lr, momentum, gain):
    g = f.grad(x)
    v = momentum * v + g
    return x - lr * (v + gain * (g - last)), v, g


print(cv.derive(damped).matrix)
print(cv.stability(damped).conditions)

# %% [markdown]
# Is it new?
# ----------
#
# Two linear methods are one exactly where their transfer functions agree. The derivative looks like a look-ahead. Is it Nesterov's method in
# other letters?

# %%
print(cv.equivalent("nesterov", damped))

# %% [markdown]
# It is not: there is a setting of Nesterov's whose eigenvalues no setting of this rule has.
#
# Is it better?
# -------------
#
# The same problem, momentum 0.9 and the same learning rate, with more and more gain:

# %%
problem, runs = [1.0, 100.0], {}
for gain in (0.0, 0.2, 0.4):
    name = f"gain {gain}: rate {cv.spectral_radius(damped, problem, lr=0.01, momentum=0.9, gain=gain, over='spectrum'):.3f}"
    runs[name] = cv.simulate(problem, damped, 120, lr=0.01, momentum=0.9, gain=gain).loss
cv.figures.losses(runs, plt.figure().gca())

# %% [markdown]
# What does noise do to it?
# -------------------------
#
# A derivative makes noise louder, one is told. The floor at which the loss settles under gradient noise, in parts of that without gain, says
# otherwise: here damping weighs more.

# %%
floor = cv.noise_floor(damped)
plain = floor.at(curvature=1, noise=1, lr=0.1, momentum=0.9, gain=0).loss
for gain in (0.0, 0.2, 0.4):
    print(gain, round(floor.at(curvature=1, noise=1, lr=0.1, momentum=0.9, gain=gain).loss / plain, 3))

# %% [markdown]
# Does it hold?
# -------------
#
# Runs against theory, with deliberate faults; and a proof that this setting is stable for every curvature in [1, 100].

# %%
print(cv.verify(problem, damped, lr=0.01, momentum=0.9, gain=0.4))
print(cv.certify_stable(damped, mu=1, L=100, lr=0.01, momentum=0.9, gain=0.4))
