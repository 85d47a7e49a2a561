"""
The stability map of heavy ball
===============================

How much an error shrinks per step, for each learning rate and momentum: the spectral radius ρ over a spectrum of curvatures from 1 to 10.
Outside the black line, whose formula is derived, it grows. The learning rate that is too large for gradient descent (momentum 0) is
fine with momentum; the best setting lies at the tip of a narrow valley.
"""

import convergence as cv

region = cv.stability("heavy_ball")
region.plot(mu=1, L=10)
print(region.conditions)

# %%
# The best setting, also as formulas:

best = cv.optimum("heavy_ball")
print(best.hyper)
print(best.rate, "=", best.at(mu=1, L=10).rate)
