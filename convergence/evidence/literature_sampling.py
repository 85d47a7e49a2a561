"""Published results on minibatches as data, each with its source: limits, contraction, and the best single step.

A witness of its own, as ``literature``: it imports SymPy alone. Formulas are in letters that each result explains.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

BATCH, ROWS = sp.symbols("B n", positive=True)
RATE, MU, L, CURVATURE = sp.symbols("eta mu L lambda", positive=True)
LARGEST = sp.Symbol("K", positive=True)
"""The largest curvature of a single row, max ‖x‖² of the loss (1/2n)‖Xw − y‖²."""
SQUARE = sp.Symbol("m_2", positive=True)
"""The mean over rows of the squared curvature of a row, in one dimension."""
SCALE = sp.Symbol("N", positive=True)
"""tr(HC)/gᵀHg, with g the gradient, C the covariance of one row's gradient."""
DISTINCT = (ROWS - BATCH) / (BATCH * (ROWS - 1))


@dataclass(frozen=True)
class OnBatches:
    """A published result on gradient descent with minibatches.

    Attributes
    ----------
    name
        What ``value`` is, in a word.
    claim
        In words, with the setting in which it holds.
    source
        Author, year, title.
    sampling
        How the source draws a batch: "replacement" or "step".
    value
        A formula.
    """

    name: str
    claim: str
    source: str
    sampling: str
    value: sp.Expr


MA = "Ma, Bassily and Belkin 2018, The Power of Interpolation ..., mini-batch SGD for quadratic loss"
MULAYOFF = "Mulayoff and Michaeli 2024, Exact Mean Square Linear Stability Analysis for SGD"
MCCANDLISH = "McCandlish et al. 2018, An Empirical Model of Large-Batch Training, §2.2"

SPREAD = RATE**2 / BATCH
SUFFICIENT = OnBatches(
    "sufficient rate",
    "where all rows are fitted, second moments tend to zero for lr below 2B/(K+(B−1)L)",
    MA,
    "replacement",
    2 * BATCH / (LARGEST + (BATCH - 1) * L),
)
CONTRACTION = OnBatches(
    "contraction",
    "where all rows are fitted, E‖w−w*‖² falls by at least the larger of two factors a step",
    MA,
    "replacement",
    sp.Max(*((1 - RATE * end) ** 2 + SPREAD * end * (LARGEST - end) for end in (MU, L))),
)
ONE_DIMENSION = OnBatches(
    "mean-square limit",
    "in one dimension 2/λmax(C†D), with C = H⊕H/2 and D = (1−p)H⊗H + p·mean(Hᵢ⊗Hᵢ), p = (n−B)/(B(n−1)), is this",
    MULAYOFF,
    "step",
    2 * CURVATURE / ((1 - DISTINCT) * CURVATURE**2 + DISTINCT * SQUARE),
)
BEST_STEP = OnBatches(
    "share of the best step",
    "the best learning rate of one step on B rows, and the loss it saves on average, are 1/(1+N/B) of those without noise",
    MCCANDLISH,
    "replacement",
    1 / (1 + SCALE / BATCH),
)

ON_BATCHES = (SUFFICIENT, CONTRACTION, ONE_DIMENSION, BEST_STEP)
