"""Keep the gallery's pictures that head the pages of ``docs/``, or with --check compare them with those just built.

The gallery is drawn by the build of the documentation. Words must be the same; coordinates may differ by a little, as
another processor, or another version of Matplotlib, rounds and places them.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
KEPT = DOCS / "figures"
APART = 3.0
"""Points; a figure is some 400 wide."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of copy; exit status 1 if they differ")
    checking = parser.parse_args().check
    found = []
    for kept in sorted(KEPT.glob("*.svg")):
        (built,) = DOCS.glob(f"generated/gallery/**/sphx_glr_plot_{kept.stem}_001.svg")
        if not checking:
            shutil.copyfile(built, kept)
        elif not same(kept.read_text(encoding="utf-8"), built.read_text(encoding="utf-8")):
            found.append(
                f"docs/figures/{kept.name} is not what its script draws: build the docs, run scripts/figures.py"
            )
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


def same(one: str, other: str) -> bool:
    """Whether two drawings have the same words in the same places."""
    if words(one) != words(other):
        return False
    first, second = places(one), places(other)
    return len(first) == len(second) and all(abs(a - b) <= APART for a, b in zip(first, second, strict=True))


def words(svg: str) -> list[str]:
    """Matplotlib draws letters as paths, and says beside them what they say."""
    return re.findall(r"<!-- (.*?) -->", svg)


def places(svg: str) -> list[float]:
    """Where words and marks are."""
    return [float(x) for pair in re.findall(r"translate\((\S+) (\S+)\)", svg) for x in pair]


if __name__ == "__main__":
    sys.exit(main())
