"""
Steps against batch
===================

Steps to a hundredth of the first excess loss, each batch at its best learning rate. At first twice the batch halves the steps; beyond the critical
batch it hardly helps.
"""

import convergence as cv

data = cv.datasets.gaussian_2d(loss="mean")
curve = cv.steps_by_batch(data, "gradient_descent")
curve.plot()
print("critical batch", round(curve.critical_batch), " knee", round(curve.knee))
