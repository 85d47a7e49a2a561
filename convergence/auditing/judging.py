"""The names of sources go in; the findings on all their claims come out, decided anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from convergence.auditing.claim import VERDICTS, Claim, Finding
from convergence.auditing.claims import SOURCES
from convergence.errors import BadName, nearest


def findings(sources: Iterable[str] | None = None) -> list[Finding]:
    """Decide every claim of these sources (keys of ``SOURCES``), of all of them by default. BadName for an unknown one."""
    chosen = list(SOURCES) if sources is None else list(dict.fromkeys(sources))
    for key in chosen:
        if key not in SOURCES:
            raise BadName(f"there is no source {key!r}: {nearest(key, SOURCES)}")
    return [claim.finding(SOURCES[key][0]) for key in chosen for claim in SOURCES[key][1]]


def every_claim() -> dict[str, Claim]:
    """All claims by their id."""
    return {claim.id: claim for _, claims in SOURCES.values() for claim in claims}


def tally(found: Sequence[Finding]) -> dict[str, int]:
    """How many findings have each verdict."""
    counts = Counter(finding.verdict for finding in found)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def sound(found: Iterable[Finding]) -> bool:
    """Whether every refuted claim has a correction that held when it was computed."""
    return all(finding.checked for finding in found if finding.verdict == "refuted")
