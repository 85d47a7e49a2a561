"""A program as a file of Julia."""

from __future__ import annotations

from collections.abc import Sequence

from convergence.code.layout import Names
from convergence.code.scripted import Scripted

TEST = """\
function self_test()
    checks = Any[
{checks}
    ]
{run}    wrong = filter(((what, value, expected, bound),) -> !(value == expected || abs(value - expected) <= bound), checks)
    for (what, value, expected, bound) in wrong
        println("$what is $value, not $expected within $bound")
    end
    println("$(length(checks) - length(wrong)) of $(length(checks)) values as expected")
    return isempty(wrong) ? 0 : 1
end

if abspath(PROGRAM_FILE) == @__FILE__
    exit(self_test())
end
"""


class Julia(Scripted):
    language, mark, infinity, run = "julia", "#", "Inf", "Self-test: julia FILE"
    test, check, added = TEST, '("{call}", {call}, {expected}, {bound}),', "push!(checks, ({}))"
    defined, anonymous = "{says}\nfunction {name}({arguments})\n{body}\nend\n", "{} -> {}"
    arrays, first, column, spread = "vectors", 1, "getfield.(rows, :{})", "state..."

    def rows(self, function: str, names: Names, answers: int) -> str:
        return f"{function}.({names.entries(answers, '{}')})"

    def several(self, values: Sequence[str]) -> str:
        return f"({', '.join(values)},)"
