"""Rebuild the committed reports, or with --check compare them with what the package makes now.

The numbers of a study may differ in their last digits from one processor to another, so they are compared with a stated
rounding. The text is compared exactly: each committed page must be what the committed numbers make. All is made in one
process: what one study derives, the next need not.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from agreement import differences

import convergence as cv
from convergence.coursework.audit import audit_files
from convergence.parts import CLASSIC
from convergence.writing import write_files

FOLDER = Path(__file__).resolve().parent.parent / "reports"
NOTES = "the notes' 2-D Gaussian data"
PAGES = ("report.md", "report.html", "report.tex")


def notes() -> cv.Study:
    """The course notes' data, the classic four methods: what ``convergence report`` writes."""
    return cv.study(cv.datasets.gaussian_2d(), CLASSIC, title=NOTES, workers=1)


def catalogue() -> cv.Study:
    """The same data, the whole catalogue in classes of equal theory."""
    return cv.study(cv.datasets.gaussian_2d(), title=NOTES, workers=1)


def longley() -> cv.Study:
    """Longley's data, standardised, four methods."""
    return cv.study(
        cv.datasets.longley(standardize=True), CLASSIC, title="Longley's regression data (NIST StRD), standardised"
    )


def audit(folder: Path) -> None:
    """The verdicts on the notes' and the papers' claims."""
    write_files(folder, audit_files(cv.audit(), ("md", "html", "json")))


def course(folder: Path) -> None:
    """The answer sheet to the homework."""
    cv.course().save(folder)


STUDIES = {"notes": notes, "longley": longley, "catalogue": catalogue}
SHEETS = {"audit": audit, "course": course}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of write; exit status 1 if they differ")
    options = parser.parse_args()
    found = [line for name, make in STUDIES.items() for line in (check if options.check else write)(name, make())]
    found += [line for name, save in SHEETS.items() for line in _sheet(name, save, options.check)]
    sys.stdout.write("".join(f"{line}\n" for line in found) or "the committed reports are up to date\n")
    return 1 if found and options.check else 0


def write(name: str, study: cv.Study) -> list[str]:
    study.save(FOLDER / name, workers=1)
    return [f"written: reports/{name}"]


def check(name: str, study: cv.Study) -> list[str]:
    """What differs between the committed report and the study made now."""
    text = (FOLDER / name / "report.json").read_text(encoding="utf-8")
    found = [f"reports/{name}: {line}" for line in differences(json.loads(text), json.loads(study.to_json()))]
    files = cv.report.report_files(cv.Study.from_json(text))
    for page in PAGES:
        if _words((FOLDER / name / page).read_text(encoding="utf-8")) != _words(str(files[page])):
            found.append(f"reports/{name}/{page} is not what its numbers make: run scripts/reports.py")
    missing = [file for file in files if not (FOLDER / name / file).is_file()]
    return found + [f"reports/{name}/{file} is missing" for file in missing]


def _sheet(name: str, save: Callable[[Path], None], checking: bool) -> list[str]:
    """Write a sheet, or say where the committed JSON of it differs from what is made now."""
    if not checking:
        save(FOLDER / name)
        return [f"written: reports/{name}"]
    with TemporaryDirectory() as made:
        save(Path(made))
        one, other = (json.loads((at / f"{name}.json").read_text("utf-8")) for at in (FOLDER / name, Path(made)))
        return [f"reports/{name}: {line}" for line in differences(one, other)]


def _words(page: str) -> str:
    """A page without its drawings, which another version of Matplotlib draws a little differently."""
    return re.sub(r"base64,[\w+/=]+", "", page)


if __name__ == "__main__":
    sys.exit(main())
