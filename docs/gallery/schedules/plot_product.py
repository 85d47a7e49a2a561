"""
A schedule that grows before it shrinks
=======================================

Along one curvature each step multiplies the error by 1 − λη. A cosine that begins above 2/λ makes the error grow to 10⁸ times the first, and ends
well below it: stable as a whole, but not on the way.
"""

import convergence as cv

left = cv.product(cv.schedules.cosine(0.1, 100), 100, 30)
left.plot()
print(left)
