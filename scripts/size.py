"""How large the package is: lines of code without blanks, comments and docstrings; docstrings; bodies; the largest files.

python scripts/size.py [FOLDER]
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
LARGE = 300
"""A file of more lines than this is named, unless it is data."""


def docstrings(tree: ast.AST) -> Iterator[ast.Expr]:
    """The docstrings of a module, its classes and functions, and those that stand below a constant."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            value = getattr(statement, "value", None) if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield statement


def lines_of(nodes: Iterator[ast.Expr]) -> set[int]:
    return {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}


def code_lines(source: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {line for t in tokens if t.type not in SILENT for line in range(t.start[0], t.end[0] + 1)}


def bodies(tree: ast.AST, code: set[int]) -> Iterator[int]:
    """Lines of code in each function's body."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield len(code & set(range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)))


def main(folder: Path) -> None:
    rooms: Counter[str] = Counter()
    documented, total, sizes, large = 0, 0, [], []
    paths = sorted(folder.rglob("*.py"))
    for path in paths:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        words = lines_of(docstrings(tree))
        code = code_lines(source) - words
        place = path.relative_to(folder)
        rooms[place.parts[0] if len(place.parts) > 1 else "(top)"] += len(code)
        documented, total = documented + len(words), total + len(source.splitlines())
        sizes += list(bodies(tree, code))
        large += [(len(source.splitlines()), place)] if len(source.splitlines()) > LARGE else []
    for room, count in rooms.most_common():
        print(f"{count:7d}  {room}")
    print(f"{rooms.total():7d}  lines of code in {len(paths)} files")
    print(f"{documented / total:7.0%}  of {total} lines are docstrings")
    print(f"{median(sizes):7.0f}  lines in the median body, {quantiles(sizes, n=10)[-1]:.0f} at the 90th percentile")
    for count, place in sorted(large, reverse=True):
        print(f"{count:7d}  lines in {place}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "convergence"))
