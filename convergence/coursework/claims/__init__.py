"""What sources claim, a file for each of the course notes, the course notes first."""

from __future__ import annotations

from convergence.coursework.claim import Claim
from convergence.coursework.claims import (
    adaptive_001,
    articles,
    beyond,
    decays,
    notes_000,
    notes_001,
    notes_002,
    notes_003,
    notes_004,
    papers,
)

_FILES = (notes_004, notes_001, adaptive_001, decays, notes_003, notes_002, notes_000, papers, articles, beyond)

CLAIMS: tuple[Claim, ...] = tuple(claim for file in _FILES for claim in vars(file).values() if isinstance(claim, Claim))
