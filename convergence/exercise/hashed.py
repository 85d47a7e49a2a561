"""Whether an answer is right, without the answer: salted hashes of its neighbourhood.

A check in a notebook holds this file as it stands, so it needs the standard library alone.
"""

import ast
import hashlib
import math
import operator
import re
from collections.abc import Mapping, Sequence

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
CONSTANTS = {"pi": math.pi, "E": math.e}
FUNCTIONS = {name: getattr(math, name) for name in ("sqrt", "exp", "log", "cos", "sin", "cosh")} | {"Abs": abs}


def readable(text: str) -> str:
    """A formula as Python reads it."""
    return re.sub(r"\blambda\b", "lambda_", text.strip().replace("^", "**"))


def evaluated(node: ast.AST, letters: Mapping[str, float]) -> float:
    """The value of a formula; ValueError for what is none."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in letters or name in CONSTANTS:
            return letters[name] if name in letters else CONSTANTS[name]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=inner):
            return evaluated(inner, letters) * (-1 if isinstance(sign, ast.USub) else 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            return float(OPERATIONS[type(op)](evaluated(left, letters), evaluated(right, letters)))
        case ast.Call(func=ast.Name(id=name), args=[inner]) if name in FUNCTIONS:
            return float(FUNCTIONS[name](evaluated(inner, letters)))
    raise ValueError(f"not a formula in {', '.join(letters) or 'numbers'}: {ast.unparse(node)}")


def place(value: float, tolerance: float) -> int | None:
    """The cell of a logarithmic grid, as wide as the tolerance, that a number lies in; negative numbers have odd cells."""
    if value == 0 or not math.isfinite(value):
        return None
    return 2 * round(math.log(abs(value)) / math.log1p(tolerance)) + (value < 0)


def near(cell: int) -> tuple[int, int, int]:
    """A cell and its neighbours: within the tolerance a number lies in one of them, beyond twice the tolerance in none."""
    return cell - 2, cell, cell + 2


def mark(cell: int | None, salt: str) -> str:
    """The hash of a cell."""
    return hashlib.sha256(f"{salt}/{cell}".encode()).hexdigest()[:16]


def judged(
    given: object,
    points: Sequence[Mapping[str, float]],
    tolerance: float,
    salt: str,
    known: Sequence[tuple[str, Sequence[Sequence[str]]]],
) -> str | None:
    """The sentence that belongs to an answer; None for one that is not known."""
    node = ast.parse(readable(str(given)), mode="eval").body
    try:
        cells = [place(evaluated(node, point), tolerance) for point in points]
    except ArithmeticError:
        return None
    for sentence, marks in known:
        if all(mark(cell, f"{salt}/{k}") in marks[k] for k, cell in enumerate(cells)):
            return sentence
    return None
