"""Floating point: formulas, data and settings go in; radii, runs, predictions and identified eigenvalues come out."""
