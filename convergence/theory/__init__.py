"""Exact mathematics: an update rule goes in; its dynamics, stable region, regimes and optimum come out, as formulas."""
