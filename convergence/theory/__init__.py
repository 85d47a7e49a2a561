"""Exact theory of an update rule: its linear system, stable region, damping regimes, optimum and rate, as formulas.

The rule is traced once (``trace``), closed with a parabola of curvature λ (``system``), and judged by the Schur–Cohn
conditions of its characteristic polynomial (``schur``, ``region``). Where several formulas compete, one point in each
cell between their resultants decides (``cells``, ``candidates``). The optimum over [μ, L] is located in floats
(``minimax``, ``active_set``), solved exactly where inequalities are active (``elimination``, ``pieces``), and
evaluated before it is returned (``optimum``). No published formula stands here, and nothing of ``evidence`` may be
imported.
"""
