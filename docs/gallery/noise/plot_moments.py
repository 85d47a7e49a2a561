"""
The expected loss without a run
===============================

The mean loss of minibatch descent follows exactly from the rows: what is left of the start (bias) plus what the noise adds (variance). The band is 500
runs.
"""

import convergence as cv

data, setting = cv.datasets.gaussian_2d(loss="mean"), {"batch": 8, "lr": 0.01, "momentum": 0.5}
exact = cv.moments(data, "heavy_ball", 100, **setting)
seen = cv.ensemble(data, "heavy_ball", 100, 500, **setting)
exact.plot(seen=seen)
print("expected", exact.loss[-1], " mean of 500 runs", seen.mean[-1], "±", seen.standard_error[-1])
