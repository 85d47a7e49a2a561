"""
No method can be faster than this
=================================

The worst error over all curvatures in [1, 100] after k steps, proven for each k, with the best settings for many steps. Below Chebyshev's limit
there is nothing for methods that use gradients alone. Heavy ball has the best rate in the end, but comes late; Chebyshev's semi-iteration meets the limit in every step.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

steps = np.arange(0, 61, 3)
fig, ax = plt.subplots()
for name in ("gradient_descent", "nesterov", "heavy_ball", "chebyshev"):
    best = cv.optimum(name).at(mu=1, L=100).hyper
    ax.semilogy(steps, [cv.worst_case(name, int(k), mu=1, L=100, **best).value for k in steps], label=name)
ax.semilogy(steps, [cv.lower_bound(int(k), mu=1, L=100) for k in steps], "k:", linewidth=2.5, label="limit of all methods")
ax.set(xlabel="steps", ylabel="worst error, part of the first", title="The worst case at κ = 100")
ax.legend()
