"""
The same name, another schedule
===============================

Cosine annealing over four steps in PyTorch and in optax, and three steps of warm-up in three ways. After its end PyTorch's cosine rises again. optax's warm-up begins
at rate 0: its first step does nothing.
"""

import matplotlib.pyplot as plt

import convergence as cv

torch, optax = cv.schedules.torch, cv.schedules.optax
fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5))
left.plot(torch("CosineAnnealingLR", lr=0.1, T_max=4).values(10), "o-", label="torch CosineAnnealingLR")
left.plot(optax("cosine_decay_schedule", init_value=0.1, decay_steps=4).values(10), "s--", label="optax cosine_decay")
right.plot(torch("LinearLR", lr=0.1, start_factor=0.25, total_iters=3).values(6), "o-", label="torch LinearLR")
right.plot(
    optax("warmup_constant_schedule", init_value=0.0, peak_value=0.1, warmup_steps=3).values(6), "s--", label="optax"
)
right.plot((cv.schedules.warmup(3) * cv.schedules.constant(0.1)).values(6), "^:", label="cv.schedules.warmup(3)")
for ax in (left, right):
    ax.set(xlabel="step", ylabel="learning rate", ylim=(-0.005, 0.14))
    ax.legend(loc="upper left")
