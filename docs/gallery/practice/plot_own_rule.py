"""
A rule of one's own
===================

A PID controller as an optimiser: heavy ball with a term for the change of the gradient. Five lines of Python are all that the package needs; region, optimum, map and checks
follow. A little of the derivative term damps the ripples of the steep direction.
"""

import matplotlib.pyplot as plt

import convergence as cv


@cv.method
def pid(f, x, v, last, *, lr, momentum, gain):
    """An et al. (2018): the derivative acts on the difference of gradients."""
    g = f.grad(x)
    v = momentum * v + g
    return x - lr * (v + gain * (g - last)), v, g


print(cv.stability(pid).conditions)
runs = {
    f"gain {gain}": cv.simulate([1.0, 100.0], pid, 120, lr=0.01, momentum=0.9, gain=gain).loss
    for gain in (0.0, 0.4)
}
cv.figures.losses(runs, plt.figure().gca())
