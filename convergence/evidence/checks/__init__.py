"""The kinds of check: each file claims, observes, compares, and knows how to be wrong on purpose."""

from __future__ import annotations

from convergence.evidence.check import Kind
from convergence.evidence.checks import edge, eigenvalues, iterates, optimum, published, steps

KINDS: tuple[Kind, ...] = (eigenvalues.KIND, iterates.KIND, edge.KIND, optimum.KIND, steps.KIND, published.KIND)

__all__ = ["KINDS", "Kind"]
