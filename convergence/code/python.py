"""A program as a file of Python, which needs its standard library only."""

from __future__ import annotations

from collections.abc import Sequence

from convergence.code.layout import Names
from convergence.code.scripted import Scripted

TEST = """
def self_test():
    checks = [
{checks}
    ]
{run}    wrong = [check for check in checks if not (check[1] == check[2] or abs(check[1] - check[2]) <= check[3])]
    for what, value, expected, tolerance in wrong:
        print(f"{{what}} is {{value!r}}, not {{expected!r}} within {{tolerance}}")
    print(f"{{len(checks) - len(wrong)}} of {{len(checks)}} values as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(self_test())
"""


class Python(Scripted):
    language, mark, infinity, run = "python", "#", "math.inf", "Self-test: python FILE"
    test, check, added = TEST, "('{call}', {call}, {expected}, {bound}),", "checks.append(({}))"
    defined, anonymous = "\n{says}\ndef {name}({arguments}):\n{body}\n", "lambda {}: {}"
    arrays, first, column, spread = "sequences", 0, '[row["{}"] for row in rows]', "*state"

    def entry(self, key: str) -> str:
        return f'["{key}"]'

    def rows(self, function: str, names: Names, answers: int) -> str:
        arrays = (*names.state, *(f"g{k}" for k in range(answers)))
        return f"[{function}({', '.join(['*row', *names.hyper])}) for row in zip({', '.join(arrays)})]"

    def several(self, values: Sequence[str]) -> str:
        return ", ".join(values) + "," * (len(values) == 1)
