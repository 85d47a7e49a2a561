"""A sheet of exercises, and its files: Markdown, LaTeX, HTML, a notebook; solutions apart from questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

from convergence import __version__
from convergence.errors import BadData, BadName, nearest
from convergence.exercise.draw import drawn
from convergence.exercise.exercise import DIGITS, Exercise
from convergence.exercise.notebook import notebook
from convergence.exercise.topics import TOPICS
from convergence.pages import page_files, rendered
from convergence.problem.arrays import short
from convergence.writing import write_files

FORMATS = {"markdown": "md", "latex": "tex", "html": "html", "notebook": "ipynb"}
SOLUTIONS = FORMATS | {"notebook": "md"}
"""Formats, and the endings of the files of questions and of solutions."""

MOST, LARGEST = 1000, 10**18 - 1
"""Exercises of a sheet; its seed."""


@dataclass(frozen=True)
class ExerciseSheet:
    """Exercises of one seed: a sequence of ``Exercise``.

    Attributes
    ----------
    seed
        The same one gives the same sheet, byte for byte. The notebook and the questions do not tell it.
    exercises
        In the order of the topics.

    >>> import convergence as cv
    >>> sheet = cv.exercises(seed=7, topic="noise")
    >>> len(sheet), sheet[0].title
    (4, 'The floor of gradient descent')
    """

    seed: int
    exercises: tuple[Exercise, ...]

    def __getitem__(self, place: int) -> Exercise:
        return self.exercises[place]

    def __len__(self) -> int:
        return len(self.exercises)

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.exercises)

    @property
    def variant(self) -> str:
        """A name for the sheet that does not tell the seed."""
        return sha256(f"exercises/{self.seed}".encode()).hexdigest()[:8]

    def text(self, format: str = "markdown", answers: bool = False) -> str:
        """The questions in a format, or, with ``answers``, the solutions.

        Parameters
        ----------
        format
            "markdown", "latex", "html", or "notebook": JSON of nbformat 4, in which each question is followed by a check that
            holds salted hashes of the answer. (Its solutions are Markdown.)
        answers
            Whether the answers, and where they come from, are wanted in the place of the questions.

        Raises
        ------
        BadName
            For an unknown format.
        """
        if not isinstance(format, str) or format not in FORMATS:
            raise BadName(f"there is no format {short(format)} of exercises: {nearest(str(format), FORMATS)}")
        if format == "notebook" and not answers:
            return notebook(self.exercises, self.variant)
        page = rendered("exercises.md.j2", sheet=self, answers=answers, digits=DIGITS)
        ending = SOLUTIONS[format]
        return page_files("page", page, [ending], {}, [], f"convergence {__version__}")[f"page.{ending}"]

    def save(self, folder: str | Path, formats: Sequence[str] = ("markdown",), answers: bool = False) -> list[Path]:
        """Write exercises.md, .tex, .html, .ipynb as asked; with ``answers`` the files solutions.… as well. All or none.

        Raises
        ------
        BadName
            For an unknown format.
        BadOutput
            Where the folder cannot be written.
        """
        questions = [(self.text(one), FORMATS[one]) for one in formats]
        solutions = [(self.text(one, answers=True), SOLUTIONS[one]) for one in formats if answers]
        files = {f"exercises.{ending}": text for text, ending in questions}
        files |= {f"solutions.{ending}": text for text, ending in solutions}
        return list(write_files(folder, files))

    def _repr_markdown_(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return (
            f"ExerciseSheet {self.variant}: {len(self)} exercises on {', '.join(dict.fromkeys(e.topic for e in self))}"
        )


def exercises(seed: int = 0, topic: str | None = None, count: int | None = None) -> ExerciseSheet:
    """Exercises with fresh numbers on what the package derives: variants of the notes' homework, noise, schedules and more.

    Parameters
    ----------
    seed
        A whole number. Students who know it can ask for the answers: give graded sheets a large one.
    topic
        "homework", "conventions", "noise", "minibatches", "schedules", "adaptive", "newton" or "local"; all by default.
    count
        How many: a choice where there are more, further variants where there are fewer. One of each by default.

    Returns
    -------
    ExerciseSheet

    Raises
    ------
    BadName
        For an unknown topic.
    BadData
        For a seed or count that is no whole number.

    The homework is that of UC Berkeley EECS 182 (homework 2, problem 2); answers are derived, not typed in.

    >>> question = exercises(seed=1, topic="homework")[4]
    >>> question.title
    '(e) The largest stable learning rate'
    >>> question.check(question.answer)
    Verdict(kind='right', message='Right.')
    >>> question.check(question.answer * 2).message
    'This is the answer for the loss ½‖y − Xw‖²; here it is ‖y − Xw‖², whose curvatures are 2σ², twice as large.'
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or abs(seed) > LARGEST:
        raise BadData(f"seed must be a whole number, of at most 18 digits; got {short(seed)}")
    if topic is not None and (not isinstance(topic, str) or topic not in TOPICS):
        raise BadName(f"there are no exercises on {short(topic)}: {nearest(str(topic), TOPICS)}")
    templates = [one for name, group in TOPICS.items() if topic in (None, name) for one in group]
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST):
        raise BadData(f"count must be a whole number from 1 to {MOST}; got {short(count)}")
    wanted = len(templates) if count is None else count
    rounds, rest = divmod(wanted, len(templates))
    some = sorted(Random(f"{seed}/choice").sample(range(len(templates)), rest))
    chosen = [(one, k) for one in templates for k in range(rounds)] + [(templates[k], rounds) for k in some]
    chosen.sort(key=lambda pair: templates.index(pair[0]))
    return ExerciseSheet(seed, tuple(drawn(one, f"{seed}/{k}") for one, k in chosen))
