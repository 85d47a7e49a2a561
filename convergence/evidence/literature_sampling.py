"""Published results on gradient descent with minibatches as data, each with its source: limits, contraction, the best step.

A witness of its own, as ``literature``: it sees nothing of theory. Formulas are in letters that each result explains; the
kind is what the value is.
"""

from __future__ import annotations

import sympy as sp

from convergence.evidence.literature import CURVATURE, MU, RATE, L, Published

BATCH, ROWS = sp.symbols("B n", positive=True)
LARGEST = sp.Symbol("K", positive=True)
"""The largest curvature of a single row, max ‖x‖² of the loss (1/2n)‖Xw − y‖²."""
SQUARE = sp.Symbol("m_2", positive=True)
"""The mean over rows of the squared curvature of a row, in one dimension."""
SCALE = sp.Symbol("N", positive=True)
"""tr(HC)/gᵀHg, with g the gradient, C the covariance of one row's gradient."""
DISTINCT = (ROWS - BATCH) / (BATCH * (ROWS - 1))

MA = "Ma, Bassily and Belkin 2018, The Power of Interpolation ..., mini-batch SGD for quadratic loss"
MULAYOFF = "Mulayoff and Michaeli 2024, Exact Mean Square Linear Stability Analysis for SGD"
MCCANDLISH = "McCandlish et al. 2018, An Empirical Model of Large-Batch Training, §2.2"
REPLACED, DISTINCT_ROWS = "batches are drawn with replacement", "batches are of distinct rows"

SPREAD = RATE**2 / BATCH
# fmt: off
SUFFICIENT = Published(
    "gradient_descent", "sufficient rate",
    "where all rows are fitted, second moments tend to zero for lr below 2B/(K+(B−1)L)",
    MA, 2 * BATCH / (LARGEST + (BATCH - 1) * L), change=REPLACED)
CONTRACTION = Published(
    "gradient_descent", "contraction",
    "where all rows are fitted, E‖w−w*‖² falls by at least the larger of two factors a step",
    MA, sp.Max(*((1 - RATE * end) ** 2 + SPREAD * end * (LARGEST - end) for end in (MU, L))), change=REPLACED)
ONE_DIMENSION = Published(
    "gradient_descent", "mean-square limit",
    "in one dimension 2/λmax(C†D), with C = H⊕H/2 and D = (1−p)H⊗H + p·mean(Hᵢ⊗Hᵢ), p = (n−B)/(B(n−1)), is this",
    MULAYOFF, 2 * CURVATURE / ((1 - DISTINCT) * CURVATURE**2 + DISTINCT * SQUARE), change=DISTINCT_ROWS)
BEST_STEP = Published(
    "gradient_descent", "share of the best step",
    "the best learning rate of one step on B rows, and the loss it saves on average, are 1/(1+N/B) of those without noise",
    MCCANDLISH, 1 / (1 + SCALE / BATCH), change=REPLACED)
# fmt: on

ON_BATCHES = (SUFFICIENT, CONTRACTION, ONE_DIMENSION, BEST_STEP)
