"""
Momentum is a low-pass filter
=============================

A velocity is an average of past gradients. Left the weights of the last 30 of them, right what the average does to oscillations of the gradient: slow
ones pass, fast ones are damped.
"""

import matplotlib.pyplot as plt

import convergence as cv

average = cv.filter_of("ema_momentum_zero_start")
fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.5))
weights = {f"β = {beta}": average.at(momentum=beta) for beta in (0.5, 0.9, 0.99)}
for name, one in weights.items():
    left.plot(one.weights(30)[::-1], ".-", label=f"{name}: window {one.window:.0f}")
left.set(xlabel="steps ago", ylabel="weight of a gradient", title="What is averaged")
left.legend()
cv.figures.response(weights, right, title="What passes")
