"""Exact theory of an update rule: its linear system, stable region, damping regimes, optimum and rate, as formulas."""
