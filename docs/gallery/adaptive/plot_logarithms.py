"""
RMSProp below the smallest number
=================================

Without ε, RMSProp knows no scale: while the error falls, so does its memory, and it falls faster and faster, below 10⁻²⁰⁰⁰, and comes back to the size of its step.
Doubles end at 10⁻³²³ and would say that it had converged. The rule is run in numbers whose exponents have no end.
"""

import matplotlib.pyplot as plt

import convergence as cv

fig, ax = plt.subplots()
for decay in (0.9, 0.99, 0.999):
    run = cv.log_run("rmsprop", 1.0, 25_000, 1.0, lr=1e-3, decay=decay, eps=0)
    print(run)
    ax.plot(run.log10, label=f"memory {decay}: lowest $10^{{{run.smallest[1]:.0f}}}$")
ax.axhline(-323, color="k", linestyle=":", linewidth=1)
ax.text(17000, -600, "the smallest double", fontsize=8.5)
ax.set(xlabel="step", ylabel="log₁₀|x|", yscale="symlog", ylim=(-4000, 20), title="RMSProp on ½x², learning rate 10⁻³")
ax.legend()
