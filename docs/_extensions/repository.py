"""Links between files of the repository, led to the same things on the site: reports, gallery scripts, the changelog."""

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

REPORTS = Path(__file__).parents[2] / "reports"
LINKS = (
    (re.compile(r"\[([^\]]*)\]\(\.\./(reports/\w+/\w+)\.md\)"), r'<a class="reference" href="\2.html">\1</a>'),
    (re.compile(r"\]\(gallery/([\w/]+)\.py\)"), r"](generated/gallery/\1.rst)"),
    (re.compile(r"\]\(gallery\)"), "](generated/gallery/index.rst)"),
    (re.compile(r"\]\(notebooks/(\w+)\.py\)"), r"](generated/notebooks/\1.rst)"),
    (re.compile(r"\]\(\.\./CHANGELOG\.md\)"), "](changelog.md)"),
)


def lead(app: Sphinx, name: str, source: list[str]) -> None:
    for link, target in LINKS if "/" not in name else ():
        source[0] = link.sub(target, source[0])


def copy(app: Sphinx, failure: Exception | None) -> None:
    """The reports, each one file that needs nothing else."""
    for report in REPORTS.glob("*/*.html") if failure is None else ():
        target = Path(app.outdir) / "reports" / report.parent.name / report.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(report, target)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", lead)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
