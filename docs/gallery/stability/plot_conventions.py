"""
One setting, three conventions
==============================

"Learning rate 0.1, momentum 0.9" in three conventions: PyTorch's velocity, an average whose β weighs the *old* gradient, and one whose β weighs the
*new* one. Three runs that have little in common.
"""

import matplotlib.pyplot as plt

import convergence as cv

problem = [1.0, 0.1]
same_numbers = {
    "velocity (PyTorch)": cv.simulate(problem, "pytorch", 60, lr=0.1, momentum=0.9),
    "average, β weighs the old": cv.simulate(problem, "ema_momentum_zero_start", 60, lr=0.1, momentum=0.9),
    "average, β weighs the new": cv.simulate(problem, "course", 60, lr=0.1, momentum=0.9),
}
cv.figures.losses({name: run.loss for name, run in same_numbers.items()}, plt.figure().gca())
plt.title("The same two numbers")

# %%
# Translated, the first two are one run. The third has the same rate, but its average begins at the first gradient, and the library's velocity at 0:

translated = {"velocity (PyTorch)": same_numbers["velocity (PyTorch)"]}
for name in ("ema_momentum_zero_start", "course"):
    hyper = cv.convert("pytorch", name, lr=0.1, momentum=0.9)
    print(name, hyper, "same iterates" if hyper.same_iterates else hyper.flags)
    translated[name] = cv.simulate(problem, name, 60, **hyper)
cv.figures.losses({name: run.loss for name, run in translated.items()}, plt.figure().gca())
plt.title("The same setting")
