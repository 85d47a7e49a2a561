"""
The learning rate of fewest steps
=================================

Steps until an error stays below 10⁻⁶, counted exactly, over the learning rate. Left of the best the flat direction crawls, right of it the steep
one swings; just past it the run diverges. The best is near the edge: 2/(μ+L) of 2/L.
"""

import numpy as np

import convergence as cv

result = cv.steps_across("gradient_descent", 1e-6, np.linspace(0.004, 0.0199, 120), mu=1, L=100)
result.plot()
print("best:", result.best, " limit:", 2 / 100, " 2/(mu+L):", 2 / 101)
