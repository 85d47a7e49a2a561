"""A study: a problem, its methods, and the results that were made of them; it can be saved, read, and looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convergence import schema
from convergence.errors import BadData, BadName, nearest
from convergence.plotting import Plotted
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.schema import Gap
from convergence.tabular import Tabular
from convergence.writing import write_files

__all__ = ["Chapter", "Gap", "Study"]

PARTS = (
    *(
        "system",
        "region",
        "regimes",
        "optimum",
        "answer",
        "verification",
        "certificates",
        "finite",
        "libraries",
        "diagnosis",
    ),
    *("noise", "schedule", "adaptive"),
)
"""The parts that a chapter may have."""

WHOLE = ("classes", "limit", "rates")
"""Those of a study as a whole."""


def _part(of: Chapter | Study, name: str, known: tuple[str, ...]) -> Any:
    """A part by its name; None for one that is not there, or a gap. AttributeError, with the nearest name, for what is none."""
    if name.startswith("_") or "parts" not in vars(of):  # asked by copy and pickle before there is anything
        raise AttributeError(name)
    if name not in (*known, *of.parts):
        raise AttributeError(f"a {type(of).__name__} has no part {name!r}: {nearest(name, known)}")
    part = of.parts.get(name)
    return None if isinstance(part, Gap) else part


@dataclass(frozen=True, eq=False)
class Chapter:
    """What a study holds of one method: a result for each part, or the ``Gap`` in its place.

    A part is an attribute: ``chapter.region`` is what ``cv.stability`` returned; None where it was not asked for or
    is a gap. AttributeError for what is no part.

    Attributes
    ----------
    method
        The Method.
    given
        The hyperparameters that were fixed.
    hyper
        All settings, the best for those given; empty where none could be chosen.
    parts
        Name -> result or Gap: ``system``, ``region``, ``regimes``, ``optimum``, ``answer``, ``verification``,
        ``certificates``, ``finite``, ``libraries``, ``diagnosis``; ``noise`` and ``schedule`` where they are given. Of an
        adaptive method ``system``, ``region``, ``adaptive`` and ``verification``, those that apply.
    """

    method: Method
    given: Mapping[str, Any]
    hyper: Mapping[str, Any]
    parts: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return _part(self, name, PARTS)

    @property
    def name(self) -> str:
        """The method's name."""
        return self.method.name

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The parts that could not be made."""
        return tuple(part for part in self.parts.values() if isinstance(part, Gap))

    @property
    def unverified(self) -> Gap | None:
        """The verification that was asked for and could not be made, with its reason."""
        return next((gap for gap in self.gaps if gap.part == "verification"), None)

    def __bool__(self) -> bool:
        return self.unverified is None and (self.verification is None or bool(self.verification))

    def __repr__(self) -> str:
        return f"Chapter on {self.name}: {', '.join(self.parts)}"


@dataclass(frozen=True, eq=False)
class Study(Tabular, Plotted, figure="study"):
    """Results of the public functions for some methods on one problem; truthy when every check passed. ``cv.study`` makes it.

    Attributes
    ----------
    title
        Names the data.
    problem
        The Quadratic.
    methods
        A ``Chapter`` for each; ``study["heavy_ball"]`` is one of them.
    parts
        Results about all of them together (``classes``, ``limit``, ``rates``), attributes like those of a chapter.
    steps
        The length of the runs that figures show; None: as long as they need.

    >>> import convergence as cv
    >>> study = cv.study([1.0, 10.0], "gradient_descent", parts="answer")
    >>> study["gradient_descent"].answer.steps.count
    35
    >>> cv.Study.from_json(study.to_json()) == study
    True
    """

    title: str
    problem: Quadratic
    methods: tuple[Chapter, ...]
    parts: Mapping[str, Any] = field(default_factory=dict)
    steps: int | None = None

    def __getitem__(self, name: str) -> Chapter:
        names = [chapter.name for chapter in self.methods]
        if name not in names:
            raise BadName(f"this study has no method {name!r}: {nearest(str(name), names)}")
        return self.methods[names.index(name)]

    def __getattr__(self, name: str) -> Any:
        return _part(self, name, WHOLE)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The parts that could not be made, of the whole and of each method."""
        own = tuple(part for part in self.parts.values() if isinstance(part, Gap))
        return own + tuple(gap for chapter in self.methods for gap in chapter.gaps)

    @property
    def passed(self) -> bool:
        """Whether every method could be verified, every check that could be made passed, and every fault was rejected."""
        return all(self.methods)

    def table(self) -> dict[str, Any]:
        """A row for each method: its settings; what the ``answer`` says, if it is there; whether the checks passed."""
        rows = [(one, one.answer, one.verification) for one in self.methods]
        return {
            "method": [one.method.title for one, *_ in rows],
            "settings": [one.hyper for one, *_ in rows],
            "rate": [answer and answer.rate for _, answer, _ in rows],
            "steps": [answer and answer.steps and answer.steps.count for _, answer, _ in rows],
            "verdict": [answer and answer.verdict for _, answer, _ in rows],
            "checks": [None if checks is None else "passed" if checks else "FAILED" for *_, checks in rows],
        }

    def __bool__(self) -> bool:
        return self.passed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Study) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def save(
        self,
        folder: str | Path,
        formats: Sequence[str] = ("md", "html", "json", "tex"),
        figures: Sequence[str] = ("svg",),
        workers: int = 1,
    ) -> list[Path]:
        """Write report.md, report.html, report.json, report.tex and the figures; all of them or none.

        Parameters
        ----------
        folder
            Where to; it is made. Figures of an earlier report in it are taken away.
        formats
            Of the page: "md", "html", "json", "tex".
        figures
            Formats of the figures: "svg", "png", "pdf".
        workers
            The number of processes that draw them.

        Returns
        -------
        The paths.

        Raises
        ------
        BadOutput
            Where the folder cannot be written.
        BadName
            For an unknown format.
        """
        from convergence import report  # Matplotlib, half a second, which a study without figures need not wait for

        files = report.report_files(self, formats, figures, workers)
        return list(write_files(folder, files, report.earlier_figures(Path(folder))))

    def to_json(self) -> str:
        """The study as JSON (schema 3): numbers with all digits, formulas so that they can be computed with again."""
        return schema.to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Study:
        """The study that ``to_json`` wrote. BadData for anything else, with the place."""
        return cls(**schema.from_json(text, Chapter))

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """The study in a report.json, or in the folder that holds it."""
        place = Path(path) / "report.json" if Path(path).is_dir() else Path(path)
        try:
            return cls.from_json(place.read_bytes())
        except OSError as error:
            raise BadData(f"expected a report.json at {place}: {error.strerror}") from None

    def __repr__(self) -> str:
        names = ", ".join(chapter.name for chapter in self.methods)
        gaps = f", {len(self.gaps)} gaps" if self.gaps else ""
        return f"Study of {names} on {self.title}: {'all checks passed' if self else 'SOME CHECKS FAILED'}{gaps}"
