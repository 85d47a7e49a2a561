"""Floating point: spectral radii, runs, worst cases, bounds, step counts, and eigenvalues identified from iterates."""
