"""
Where Adam circles, and where it does worse
===========================================

Without ε, Adam on ½λx² has a cycle of two states whose amplitude is a formula. It attracts runs where a second formula says so, the shaded region: not at the usual
(0.9, 0.999), where runs do something longer. Each mark is a run that was started one percent beside the cycle: dots came back, crosses left.
"""

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

import convergence as cv


def adam(f, x, m, v, *, lr: cv.Rate, beta1: cv.Share, beta2: cv.Share):
    """Adam (Kingma and Ba 2015) long after its start."""
    g = f.grad(x)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return x - lr * m / np.sqrt(v), m, v


method = cv.method(adam)
(cycle,) = cv.cycles(method)
print("amplitude:", cycle.amplitude)
print("attracts where:", cycle.attracting)

parabola = cv.LeastSquares([[1.0]], [0.0], loss="half")  # ½x²
b1, b2 = np.meshgrid(np.linspace(0.005, 0.99, 200), np.linspace(0.005, 0.999, 200))
letters = [method.symbols[name] for name in ("beta1", "beta2")]
inside = sp.lambdify(letters, cycle.attracting)(b1, b2)
fig, ax = plt.subplots()
ax.contourf(b1, b2, inside, [0.5, 1.5], colors=["#cfe3f1"])
for beta1 in (0.03, 0.12, 0.25, 0.35, 0.5, 0.9):
    for beta2 in (0.1, 0.3, 0.5, 0.7, 0.9, 0.999):
        here = dict(zip(letters, (beta1, beta2), strict=True)) | {method.symbols["lr"]: 0.1}
        x, m, v = (float(value.subs(here).subs(sp.Symbol("lambda", positive=True), 1)) for value in cycle.state)
        near = cv.method(start=lambda f, at, m=m, v=v: (at, at * 0 + m, at * 0 + v))(adam)
        run = cv.simulate(parabola, near, 3000, start=[1.01 * x], lr=0.1, beta1=beta1, beta2=beta2)
        back = abs(abs(run.error[-1, 0]) / abs(x) - 1) < 0.01
        ax.plot(beta1, beta2, "o" if back else "x", color="C0" if back else "C3")
ax.plot(0.9, 0.999, "s", markersize=13, markerfacecolor="none", color="k")
ax.set(ylim=(0, 1.05), xlabel="β₁", ylabel="β₂", title="Where Adam's 2-cycle attracts")
