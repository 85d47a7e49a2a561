"""A program as a file of JavaScript: for a browser as it stands, and for node, which runs its self-test."""

from __future__ import annotations

from collections.abc import Sequence

from convergence.code.layout import Names
from convergence.code.scripted import Scripted

TEST = """\
function selfTest() {{
    const checks = [
{checks}
    ];
{run}    const wrong = checks.filter(
        ([, value, expected, bound]) => !(value == expected || Math.abs(value - expected) <= bound));
    for (const [what, value, expected, bound] of wrong)
        console.log(`${{what}} is ${{value}}, not ${{expected}} within ${{bound}}`);
    console.log(`${{checks.length - wrong.length}} of ${{checks.length}} values as expected`);
    return wrong.length ? 1 : 0;
}}

if (typeof require !== "undefined" && typeof module !== "undefined" && require.main === module)
    process.exitCode = selfTest();
"""


class Javascript(Scripted):
    language, mark, infinity, run = "javascript", "//", "Infinity", "Self-test: node FILE"
    test, check, added = TEST, "['{call}', {call}, {expected}, {bound}],", "checks.push([{}])"
    defined, anonymous = "{says}\nfunction {name}({arguments}) {{\n{body}\n}}\n", "{} => {}"
    arrays, first, column, spread = "arrays", 0, "rows.map(row => row.{})", "...state"
    constant, variable, end = "const ", "let ", ";"

    def rows(self, function: str, names: Names, answers: int) -> str:
        return f"Array.from({names.state[0]}, (_, i) => {function}({names.entries(answers, '{}[i]')}))"

    def several(self, values: Sequence[str]) -> str:
        return f"[{', '.join(values)}]"
