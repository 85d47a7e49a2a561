"""
Where a run ends up
===================

From which starts Newton's method comes to which critical point of x·cos(πx): a step divides by f″, and where that is small it throws the iterate far away. So the basins are in
pieces, where gradient descent has two.
"""

import convergence as cv

points = cv.local("x*cos(pi*x)", over=(-1, 2))
for method, lr in (("gradient_descent", 0.1), ("newton", 1.0)):
    basins = points.basins(method, lr=lr)
    print(method, len(basins.pieces), "pieces")
basins.plot()
