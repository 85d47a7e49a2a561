"""Rebuild the committed reports, or with --check compare them with what the package makes now.

The numbers of a study may differ in their last digits from one processor to another, so they are compared with a stated
rounding. The text is compared exactly: each committed page must be what the committed numbers make.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from agreement import differences

import convergence as cv

FOLDER = Path(__file__).resolve().parent.parent / "reports"
FEW = ("gradient_descent", "newton", "heavy_ball", "nesterov")
PAGES = ("report.md", "report.html", "report.tex")


def notes() -> cv.Study:
    """The course notes' data, the whole catalogue."""
    return cv.study(cv.datasets.gaussian_2d(), title="the notes' 2-D Gaussian data")


def longley() -> cv.Study:
    """Longley's data, standardised, four methods."""
    return cv.study(
        cv.datasets.longley(standardize=True), FEW, title="Longley's regression data (NIST StRD), standardised"
    )


STUDIES = {"notes": notes, "longley": longley}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of write; exit status 1 if they differ")
    options = parser.parse_args()
    found = [line for name, make in STUDIES.items() for line in (check if options.check else write)(name, make())]
    sys.stdout.write("".join(f"{line}\n" for line in found) or "the committed reports are up to date\n")
    return 1 if found and options.check else 0


def write(name: str, study: cv.Study) -> list[str]:
    study.save(FOLDER / name)
    return [f"written: reports/{name}"]


def check(name: str, study: cv.Study) -> list[str]:
    """What differs between the committed report and the study made now."""
    committed = cv.Study.load(FOLDER / name)
    found = [f"reports/{name}: {line}" for line in differences(committed, study)]
    files = cv.report.report_files(committed)
    for page in PAGES:
        if _words((FOLDER / name / page).read_text(encoding="utf-8")) != _words(str(files[page])):
            found.append(f"reports/{name}/{page} is not what its numbers make: run scripts/reports.py")
    missing = [file for file in files if not (FOLDER / name / file).is_file()]
    return found + [f"reports/{name}/{file} is missing" for file in missing]


def _words(page: str) -> str:
    """A page without its drawings, which another version of Matplotlib draws a little differently."""
    return re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
