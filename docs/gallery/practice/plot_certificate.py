"""
A scan misses it, a proof does not
==================================

A step of three gradients is to be stable for every curvature in [0.1, 2]. A scan of a thousand curvatures finds it so. It is not: in a window between two points of the scan
the error grows. The certificate has the counterexample.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv


@cv.method
def three(f, x, *, lr: cv.Rate):
    g = f.grad(x)
    h = f.grad(x + g) - g
    hh = f.grad(x + h) - g
    return x - lr * (hh - 1.9993 * h + (0.99965**2 - 3.6e-7) * g)


scan = np.linspace(0.1, 2, 1001)
print("largest radius of the scan is below 1:", bool(cv.spectral_radius(three, scan, lr=0.9).max() < 1))
proof = cv.certify_stable(three, mu=0.1, L=2, lr=0.9)
print(proof)

fine = np.linspace(0.9980, 1.0013, 2001)
fig, ax = plt.subplots()
ax.plot(fine, cv.spectral_radius(three, fine, lr=0.9) - 1)
near = scan[(scan > fine[0]) & (scan < fine[-1])]
ax.plot(near, cv.spectral_radius(three, near, lr=0.9) - 1, "o", label="of the scan")
ax.axhline(0, color="k", linewidth=0.8)
ax.set(xlabel="curvature λ", ylabel="radius − 1", title="Above the line errors grow")
ax.legend()
