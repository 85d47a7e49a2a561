"""
Momentum does not lower the noise floor
=======================================

Where the loss settles under gradient noise, over the learning rate, as a formula derived from the rule. At the same learning rate, momentum 0.9
settles ten times as high. At the same *effective* learning rate η/(1−β), the lines nearly meet.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

floor = cv.noise_floor("heavy_ball")
print("E x² =", floor.variance)

lrs = np.logspace(-4, 0.6, 200)
fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5), sharey=True)
for beta in (0.0, 0.9, 0.99):
    loss = [floor.at(curvature=1, noise=1, lr=lr, momentum=beta).loss for lr in lrs]
    left.loglog(lrs, loss, label=f"β = {beta}")
    right.loglog(lrs / (1 - beta), loss)
left.set(xlabel="learning rate η", ylabel="loss that remains", ylim=(1e-5, 30), title="Noise 1 along λ = 1")
right.set(xlabel="effective learning rate η/(1−β)", xlim=left.get_xlim(), title="The same, effectively")
left.legend()
