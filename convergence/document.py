"""A study as a document: what was found, with what saves it to a folder and reads it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convergence.errors import BadData
from convergence.report import report_files
from convergence.results import Findings
from convergence.serialization import from_json, to_json
from convergence.writing import write_files


@dataclass(frozen=True)
class Study(Findings):
    """All that one study found (see ``Findings`` for the fields); truthy when every check passed.

    ``cv.study`` makes it. It is plain data, equal to what is read back from its JSON.
    """

    def save(
        self,
        folder: str | Path,
        formats: Sequence[str] = ("md", "html", "json", "tex"),
        figures: Sequence[str] = ("svg",),
        workers: int = 1,
    ) -> list[Path]:
        """Write report.md, report.html, report.json, report.tex and the figures; all of them or none.

        ``figures`` are their formats: "svg", "png", "pdf"; ``workers`` the number of processes that draw them. Returns the
        paths. Raises BadOutput where the folder cannot be written, BadName for an unknown format.
        """
        return list(write_files(folder, report_files(self, formats, figures, workers)))

    def to_json(self) -> str:
        """The study as JSON, with all digits."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Study:
        """The study that ``to_json`` wrote. BadData for anything else, with the place."""
        return from_json(text, cls)

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """The study in a report.json, or in the folder that holds it."""
        place = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
        try:
            return cls.from_json(place.read_bytes())
        except OSError as error:
            raise BadData(f"expected a report.json at {place}: {error.strerror}") from None

    def __repr__(self) -> str:
        names = ", ".join(m.name for m in self.methods)
        return f"Study of {names} on {self.data.title}: {'all checks passed' if self else 'SOME CHECKS FAILED'}"
