"""
RMSProp below the smallest number
=================================

Without ε, RMSProp knows no scale: while the error falls, so does its memory, and it falls faster and faster, below 10⁻²⁰⁰⁰, and comes back to the size of its step.
Doubles end at 10⁻³²³ and would say that it had converged. The rule is run in logarithms.
"""

import math

import matplotlib.pyplot as plt

fig, ax = plt.subplots()
for decay in (0.9, 0.99, 0.999):
    sign, x, v, lr, depth = 1, 0.0, -math.inf, 1e-3, []  # log₁₀ of |w| and of the mean square
    for _ in range(25_000):
        old, new = math.log10(decay) + v, math.log10(1 - decay) + 2 * x
        top = max(old, new)
        v = top + math.log10(10 ** max(old - top, -300) + 10 ** max(new - top, -300))
        ratio = 10 ** min(math.log10(lr) - v / 2, 300)  # of the step to |w|
        sign, x = (sign, x + math.log10(1 - ratio)) if ratio < 1 else (-sign, x + math.log10(max(ratio - 1, 1e-300)))
        depth.append(x)
    ax.plot(depth, label=f"memory {decay}: lowest {min(depth):.0f}")
ax.axhline(-323, color="k", linestyle=":", linewidth=1)
ax.text(15500, -280, "the smallest double", fontsize=8.5)
ax.set(xlabel="step", ylabel="log₁₀|w|", yscale="symlog", title="RMSProp on ½w², learning rate 10⁻³")
ax.legend()
