"""What sources claim, a file a source; ``SOURCES`` are all of them, the course notes first."""

from __future__ import annotations

from convergence.coursework.claim import Claim, Source
from convergence.coursework.claims import notes_000, notes_001, notes_002, notes_003, notes_004
from convergence.coursework.claims.beyond import BEYOND
from convergence.coursework.claims.papers import PAPERS

_NOTES = {module.SOURCE: module.CLAIMS for module in (notes_004, notes_001, notes_003, notes_002, notes_000)}

SOURCES: dict[str, tuple[Source, tuple[Claim, ...]]] = {
    source.key: (source, _NOTES.get(source, ()) + PAPERS.get(source, ()) + BEYOND.get(source, ()))
    for source in (*_NOTES, *PAPERS, *BEYOND)
}
"""Key -> the source and its claims."""
