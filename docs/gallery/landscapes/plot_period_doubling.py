"""
Beyond the limit: two states, four, chaos
=========================================

Gradient descent on x·cos(πx) about one of its minima. Up to the learning rate 2/f″ it rests there. Beyond it does not diverge, as on a quadratic: it circles between two states, whose
distance grows like a square root, then between four, and so on.
"""

import convergence as cv

low = cv.local("x*cos(pi*x)", over=(-1, 2))[0]
print(low.flip("gradient_descent"))
doubling = low.period_doubling("gradient_descent")
print(doubling)
doubling.plot()
