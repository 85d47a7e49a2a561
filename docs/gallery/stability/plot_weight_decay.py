"""
Where weight decay comes to rest
================================

With weight decay a method stays short of the minimiser. Coupled decay, which is part of the gradient, rests at the share λ/(λ+δ) of it. Decoupled
decay under heavy ball rests much nearer: with momentum 0.9 only a tenth of the decay that its number says is felt. Lines are the derived
formulas, dots the ends of runs.
"""

import matplotlib.pyplot as plt
import numpy as np
import sympy as sp

import convergence as cv

decays = np.linspace(0, 2, 9)
problem = cv.LeastSquares([[1.0]], [1.0], loss="half")  # λ = 1, minimiser 1
fig, ax = plt.subplots()
for name in ("weight_decay_coupled", "weight_decay_decoupled"):
    rest = sp.simplify(cv.derive(name).rest[0])
    print(name, "rests at", rest)
    curve = sp.lambdify(sp.symbols("delta beta", nonnegative=True), rest.subs(sp.Symbol("lambda", positive=True), 1))
    runs = [cv.simulate(problem, name, 500, lr=0.05, momentum=0.9, weight_decay=d) for d in decays]
    (line,) = ax.plot(decays, curve(decays, 0.9), label=name)
    ax.plot(decays, [run.x[-1, 0] for run in runs], "o", color=line.get_color())
ax.set(xlabel="weight decay δ", ylabel="share of the minimiser", ylim=(0, 1.05), title="Where it rests at λ = 1, β = 0.9")
ax.legend()
