"""What sources claim, a file a source, each claim with the procedure that decides it; ``SOURCES`` finds them all."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from convergence.auditing.claim import Claim, Source


def _collected() -> dict[str, tuple[Source, tuple[Claim, ...]]]:
    found: dict[str, tuple[Source, tuple[Claim, ...]]] = {}
    for name in sorted((info.name for info in iter_modules(__path__)), key=_place):
        module = import_module(f"{__name__}.{name}")
        for claim in (value for value in vars(module).values() if isinstance(value, Claim)):
            source = claim.source or module.SOURCE
            found[source.key] = (source, (*found.get(source.key, (source, ()))[1], claim))
    return found


def _place(name: str) -> tuple[int, str]:
    """The course notes first, in the order in which the project takes them."""
    notes = ("notes_004", "notes_001", "notes_003", "notes_002", "notes_000")
    return next((k for k, note in enumerate(notes) if name.startswith(note)), len(notes)), name


SOURCES: dict[str, tuple[Source, tuple[Claim, ...]]] = _collected()
"""Key -> the source and its claims, in the order of the files."""
