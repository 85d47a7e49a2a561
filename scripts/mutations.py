"""Random small faults in the mathematics, and whether the tests see them: python scripts/mutations.py [COUNT] [SEED].

One operator or number is changed at a time (+ and −, < and ≤, > and ≥, n and n ± 1), at random places of the theory, the
numerics, the certificates, the diagnosis and the reading of files, in a copy of the project. The tests of that room run,
then the corpus of answers; what none of them sees is printed. A fault that makes them run for ever counts as seen.
"""

from __future__ import annotations

import ast
import os
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from subprocess import DEVNULL, TimeoutExpired, run
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
CORPUS = "tests/test_corpus.py"
ROOMS = {
    "convergence/theory": (
        "test_theory_*",
        "test_noise_theory*",
        "test_noise_filters*",
        "test_noise_effective*",
        "test_certificates_*",
        "test_conventions_*",
        "test_verification*",
    ),
    "convergence/numerics": (
        "test_finite_*",
        "test_counting*",
        "test_identification*",
        "test_pepit*",
        "test_verification*",
    ),
    "convergence/certificates": ("test_certificates_*",),
    "convergence/diagnosis": ("test_diagnosis_*", "test_identification*"),
    "convergence/reading.py": ("test_reading*", "test_diagnosis_*", "test_cli*"),
}
"""Rooms and the tests that are to see their faults, before the corpus."""

JOBS, SECONDS = 2, 900
SWAPS: dict[type[ast.AST], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
}
SIGNS: dict[type[ast.AST], str] = {ast.Add: "+", ast.Sub: "-", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@dataclass(frozen=True)
class Fault:
    """One change: in ``file``, at ``start`` of the text, ``before`` becomes ``after``."""

    file: str
    line: int
    start: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} became {self.after}"


def faults(file: Path) -> Iterator[Fault]:
    """Every change that can be made in a file."""
    text = file.read_text(encoding="utf-8")
    begins = [0]
    for line in text.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))

    def place(node: ast.expr, end: bool = False) -> int:
        row, column = (node.end_lineno, node.end_col_offset) if end else (node.lineno, node.col_offset)
        assert row is not None
        assert column is not None
        line = text[begins[row - 1] :].encode()[:column]  # columns are counted in bytes
        return begins[row - 1] + len(line.decode())

    name = str(file.relative_to(ROOT))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            start = place(node)
            yield from (
                Fault(name, node.lineno, start, text[start : place(node, end=True)], str(node.value + by))
                for by in (1, -1)
            )
        pairs: list[tuple[ast.expr, ast.AST, ast.expr]] = []
        if isinstance(node, ast.BinOp):
            pairs = [(node.left, node.op, node.right)]
        elif isinstance(node, ast.Compare):
            lefts = [node.left, *node.comparators]
            pairs = [(left, op, right) for left, op, right in zip(lefts, node.ops, node.comparators, strict=False)]
        for left, op, right in pairs:
            if type(op) in SWAPS:
                low, high = place(left, end=True), place(right)
                start = text.find(SIGNS[type(op)], low, high)
                if start >= 0:
                    yield Fault(name, left.lineno, start, SIGNS[type(op)], SWAPS[type(op)])


def drawn(count: int, seed: int) -> list[Fault]:
    """So many places at random, a single change at each."""
    files = [
        f for room in ROOMS for f in ([ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py")))
    ]
    every: dict[tuple[str, int], list[Fault]] = {}
    for file in files:
        for fault in faults(file):
            every.setdefault((fault.file, fault.start), []).append(fault)
    rng = random.Random(seed)
    return [rng.choice(every[place]) for place in rng.sample(sorted(every), min(count, len(every)))]


def seen(fault: Fault, copy: Path) -> bool:
    """Whether a test goes red with this fault in the copy."""
    file = copy / fault.file
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: fault.start] + fault.after + text[fault.start + len(fault.before) :], encoding="utf-8")
    patterns = next(tests for room, tests in ROOMS.items() if fault.file.startswith(room))
    named = [str(path.relative_to(copy)) for pattern in patterns for path in sorted((copy / "tests").glob(pattern))]
    doctests = [fault.file]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *doctests, *named, CORPUS]
    env = os.environ | {"PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1"}
    try:
        status = run(
            command, cwd=copy, env=env, stdout=DEVNULL, stderr=DEVNULL, timeout=SECONDS, check=False
        ).returncode
    except TimeoutExpired:
        return True
    finally:
        file.write_text(text, encoding="utf-8")
    return status != 0


def main(count: int, seed: int) -> int:
    todo = drawn(count, seed)

    def work(job: int) -> list[Fault]:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / "project"
            copytree(ROOT, copy, ignore=ignore_patterns(".git", ".venv", "__pycache__", "*.egg-info"))
            missed = []
            for fault in todo[job::JOBS]:
                found = seen(fault, copy)
                print(f"{'seen' if found else 'MISSED'}  {fault}", flush=True)
                missed += [] if found else [fault]
            return missed

    with ThreadPoolExecutor(JOBS) as pool:
        missed = [fault for part in pool.map(work, range(JOBS)) for fault in part]
    print(f"{len(todo) - len(missed)} of {len(todo)} faults were seen; missed:")
    print("\n".join(map(str, missed)))
    return int(len(missed) > len(todo) // 10)


if __name__ == "__main__":
    sys.exit(main(*(int(text) for text in (sys.argv[1:] + ["100", "0"][len(sys.argv) - 1 :]))))
