"""The audit of the course notes and papers: every claim decided anew, and the page that says how each stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from convergence.coursework.claim import VERDICTS, Finding
from convergence.coursework.claims import CLAIMS
from convergence.errors import BadName, nearest
from convergence.pages import rendered
from convergence.report.files import FORMATS, files_of

SOURCES = {claim.source.key: claim.source for claim in CLAIMS}


def audit(*sources: str) -> list[Finding]:
    """Decide the claims of the course notes and of published papers by computation, all of them or those of ``sources``.

    Parameters
    ----------
    sources
        The notes "004", "001", "003", "002", "000", and papers such as "goh-2017". None: all.

    Everything is decided anew in each call. Raises BadName for an unknown source.

    >>> [finding.verdict for finding in audit("cohen-2021")]
    ['proved']
    """
    for key in sources:
        if key not in SOURCES:
            raise BadName(f"there is no source {key!r}: {nearest(key, SOURCES)}")
    return [claim.finding() for key in dict.fromkeys(sources or SOURCES) for claim in CLAIMS if claim.source.key == key]


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings have each verdict."""
    counts = Counter(finding.verdict for finding in findings)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def sound(findings: Iterable[Finding]) -> bool:
    """Whether every control held: corrections hold, and an error put into a claim that stands is refuted."""
    return all(
        finding.checked is not False and (finding.correction or finding.verdict != "refuted") for finding in findings
    )


def audit_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as JSON can hold them."""
    return {"counts": tally(findings), "sound": sound(findings), "findings": [asdict(finding) for finding in findings]}


def audit_page(findings: Sequence[Finding]) -> str:
    """The page in Markdown: how the claims of each source stand, what does not hold, then every claim."""
    groups = [(key, list(group)) for key, group in groupby(findings, key=lambda finding: finding.source)]
    return rendered(
        "audit.md.j2",
        counts=tally(findings),
        sound=sound(findings),
        failed=[finding.id for finding in findings if not sound([finding])],
        refuted=[finding for finding in findings if finding.verdict == "refuted"],
        groups=[(SOURCES[key], group, tally(group)) for key, group in groups],
        names={key: source.name for key, source in SOURCES.items()},
        total=len(findings),
    )


def audit_files(findings: Sequence[Finding], formats: Sequence[str] = FORMATS) -> dict[str, str | bytes]:
    """The files of the audit by name: audit.md, audit.html, audit.json, audit.tex. BadName for an unknown format."""
    return files_of("audit", lambda _: audit_page(findings), {}, lambda: audit_json(findings), formats)
