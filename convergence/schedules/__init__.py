"""Schedules by name: functions that make them. All count k from 0.

>>> import convergence as cv
>>> cv.schedules.cosine(0.1, 4).values(5).round(4)
array([0.1   , 0.0854, 0.05  , 0.0146, 0.    ])
>>> (cv.schedules.warmup(2) * cv.schedules.constant(0.1)).values(4)
array([0.05, 0.1 , 0.1 , 0.1 ])
"""

from __future__ import annotations

from convergence.schedules.course_notes import notes
from convergence.schedules.families import (
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    inverse_time,
    linear,
    one_cycle,
    piecewise,
    polynomial,
    staircase,
    warmup,
    wsd,
)
from convergence.schedules.libraries import optax, torch
from convergence.schedules.spectral import chebyshev, silver

__all__ = [
    "chebyshev",
    "constant",
    "cosine",
    "exponential",
    "inverse_sqrt",
    "inverse_time",
    "linear",
    "notes",
    "one_cycle",
    "optax",
    "piecewise",
    "polynomial",
    "silver",
    "staircase",
    "torch",
    "warmup",
    "wsd",
]
