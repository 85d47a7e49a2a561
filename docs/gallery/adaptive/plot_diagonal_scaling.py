"""
A rotation undoes diagonal scaling
==================================

Adaptive methods scale each coordinate by itself. Where the axes of the loss are the coordinates, that mends any condition number; turned by 45° it mends nothing. The
condition number before is 100 at every angle.
"""

import matplotlib.pyplot as plt
import numpy as np

import convergence as cv

angles = np.linspace(0, 90, 91)
after = []
for angle in np.radians(angles):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    after.append(cv.diagonal_scaling((np.diag([10.0, 1.0]) @ turn, [0.0, 0.0])).after)
fig, ax = plt.subplots()
ax.semilogy(angles, after)
ax.axhline(100, color="0.6", linewidth=0.8)
ax.set(xlabel="angle of the axes, degrees", ylabel="κ after diagonal scaling", title="κ = 100, turned and scaled")
