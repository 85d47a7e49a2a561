"""A problem, a method and its settings go in; the diagnosis of those settings comes out, in the words of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convergence.diagnosis.diagnosis import diagnose
from convergence.diagnosis.spectrum import spectrum
from convergence.problem import LeastSquares
from convergence.results import DiagnosisResult
from convergence.rule import Method


def advice(problem: LeastSquares, method: Method, hyper: Mapping[str, Any]) -> DiagnosisResult:
    """The verdict on the settings, the numbers that carry it, and what to do."""
    found = diagnose(spectrum(problem), method, dict(hyper))
    return DiagnosisResult(found.verdict, found.headline, found.advice)
