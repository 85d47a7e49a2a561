"""A problem goes in; what a report says of the data comes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.evidence.setting import shown
from convergence.pipeline.formulas import formula
from convergence.problem import Direction, LeastSquares
from convergence.results import DataResult, DirectionResult, Formula
from convergence.theory.dynamics import sigma_curvature

SAMPLE = 500
"""Rows that a scatter plot shows at most: every k-th of the data."""

LOSSES = {
    "sum": Formula("‖Xw − y‖²", r"\lVert Xw - y \rVert^2"),
    "half": Formula("½‖Xw − y‖²", r"\tfrac12 \lVert Xw - y \rVert^2"),
    "mean": Formula("‖Xw − y‖²/n", r"\tfrac1n \lVert Xw - y \rVert^2"),
    "half_mean": Formula("‖Xw − y‖²/(2n)", r"\tfrac1{2n} \lVert Xw - y \rVert^2"),
}


def data(problem: LeastSquares, title: str) -> DataResult:
    """The problem in numbers: its spectrum, its minimiser, the directions that matter, a sample of its rows."""
    every = slice(None, None, -(-problem.rows // SAMPLE))
    pair = [j for j in range(len(problem.columns)) if np.ptp(problem.X[every, j]) > 0][:2]
    return DataResult(
        title=title,
        rows=problem.rows,
        columns=problem.columns,
        loss=problem.loss_name,
        loss_formula=LOSSES[problem.loss_name],
        curvature_formula=_labelled(formula(sigma_curvature(problem.loss_name))),
        notes=_notes(problem),
        rank=problem.rank,
        singular_values=vector(problem.singular_values),
        curvatures=vector(problem.curvatures),
        mu=problem.mu,
        L=problem.L,
        kappa=problem.kappa,
        minimizer=vector(problem.minimizer),
        minimum=problem.minimum,
        directions=directions(problem),
        hidden=problem.rank - len(shown(problem)),
        sample_columns=(problem.columns[pair[0]], problem.columns[pair[1]]) if len(pair) == 2 else None,
        sample=tuple(vector(row) for row in problem.X[every][:, pair]) if len(pair) == 2 else (),
        sample_target=vector(problem.y[every]),
    )


def directions(problem: LeastSquares) -> tuple[DirectionResult, ...]:
    """The directions that the report names."""
    every = problem.named_directions
    named = [every[index] for index in shown(problem)]
    return tuple(
        DirectionResult(d.index, f"direction {d.index + 1}", _lies(d), d.singular_value, d.curvature, vector(d.vector))
        for d in named
    )


def _lies(direction: Direction) -> str:
    """Where a direction lies, from its name: "mostly x1"."""
    return direction.name.rpartition(", ")[2].rstrip(")")


def vector(values: Any) -> tuple[float, ...]:
    """An array of one axis as a tuple of floats."""
    return tuple(float(value) for value in np.asarray(values))


def grid(values: Any, digits: int | None = None) -> tuple[tuple[float, ...], ...]:
    """An array of two axes as tuples of floats, rounded to significant digits where a figure needs no more."""
    rows = np.asarray(values, dtype=float)
    return tuple(vector(row if digits is None else significant(row, digits)) for row in rows)


def significant(values: Any, digits: int) -> Any:
    """Floats rounded to significant digits."""
    return np.array([float(f"{value:.{digits}g}") for value in np.ravel(values)]).reshape(np.shape(values))


def _labelled(curvature: Formula) -> Formula:
    return Formula(f"λ = {curvature.text}", rf"\lambda = {curvature.latex}")


def _notes(problem: LeastSquares) -> tuple[str, ...]:
    notes = list(problem.preparation)
    flat = len(problem.columns) - problem.rank
    if flat:
        notes.append(
            f"The data have rank {problem.rank} of {len(problem.columns)}: along {flat} direction(s) the loss is flat, the "
            f"iterate stays where it started, and μ is the smallest positive curvature."
        )
    return tuple(notes)
