"""A program as a file of Julia."""

from __future__ import annotations

from convergence.code.layout import Layout, names_of
from convergence.code.program import Program, Step
from convergence.code.trial import CURVATURES
from convergence.codegen import identifiers

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


class Julia(Layout):
    language, mark, infinity, run = "julia", "#", "Inf", "Self-test: julia FILE"

    def step(self, step: Step) -> str:
        names = names_of(step, self.language)
        lines = []
        for k, question in enumerate(step.questions):
            asked = names.array(question, step)
            if question.function:
                asked = f"{question.function}.({names.entries(k, '{}')})"
            lines.append(f"g{k} = {question.oracle}({asked})")
        lines.append(f"rows = {step.following}.({names.entries(len(step.questions), '{}')})")
        keys = identifiers(step.state, self.language)
        lines.append(f"return ({', '.join(f'getfield.(rows, :{key})' for key in keys)},)")
        says = self.comment(
            [f"One step: {', '.join(names.state)} are vectors; grad takes and returns one. Returns the next state."]
        )
        body = "\n".join(f"    {line}" for line in lines)
        return f"{says}\nfunction {step.name}({', '.join(names.arguments)})\n{body}\nend\n"

    def self_test(self, program: Program) -> str:
        rows = [f'        ("{call}", {call}, {expected}, {bound}),' for call, expected, bound in self.calls(program)]
        return TEST.format(checks="\n".join(rows), run=self._run(program))

    def _run(self, program: Program) -> str:
        run, step = self.trial(program), program.step
        if run is None or step is None:
            return ""
        one, other = CURVATURES
        oracles = [f"x -> [{one} * x[1], {other} * x[2]]"]
        if step.solves:
            oracles.append(f"g -> [g[1] / {one}, g[2] / {other}]")
        lines = [f"state = ({', '.join(map(str, map(list, run.state)))},)"]
        for k, row in enumerate(run.expected, 1):
            lines.append(f"state = {step.name}({', '.join([*oracles, 'state...', *map(repr, run.hyper)])})")
            lines += [
                f'push!(checks, ("x[{i}] after step {k}", state[1][{i}], {value}, {bound}))'
                for i, (value, bound) in enumerate(row, 1)
            ]
        return "".join(f"    {line}\n" for line in lines)
