"""A program as a file of JavaScript: for a browser as it stands, and for node, which runs its self-test."""

from __future__ import annotations

from convergence.code.layout import Layout, Names, names_of
from convergence.code.program import Program, Step
from convergence.code.trial import CURVATURES
from convergence.codegen import identifiers

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


class Javascript(Layout):
    language, mark, infinity, run = "javascript", "//", "Infinity", "Self-test: node FILE"

    def step(self, step: Step) -> str:
        names = names_of(step, self.language)
        lines = []
        for k, question in enumerate(step.questions):
            asked = names.array(question, step)
            if question.function:
                asked = self._rows(question.function, names, k)
            lines.append(f"const g{k} = {question.oracle}({asked});")
        lines.append(f"const rows = {self._rows(step.following, names, len(step.questions))};")
        keys = identifiers(step.state, self.language)
        lines.append(f"return [{', '.join(f'rows.map(row => row.{key})' for key in keys)}];")
        says = self.comment(
            [f"One step: {', '.join(names.state)} are arrays; grad takes and returns one. Returns the next state."]
        )
        body = "\n".join(f"    {line}" for line in lines)
        return f"{says}\nfunction {step.name}({', '.join(names.arguments)}) {{\n{body}\n}}\n"

    def _rows(self, function: str, names: Names, answers: int) -> str:
        """The values of a function, coordinate by coordinate."""
        return f"Array.from({names.state[0]}, (_, i) => {function}({names.entries(answers, '{}[i]')}))"

    def self_test(self, program: Program) -> str:
        rows = [f"        ['{call}', {call}, {expected}, {bound}]," for call, expected, bound in self.calls(program)]
        return TEST.format(checks="\n".join(rows), run=self._run(program))

    def _run(self, program: Program) -> str:
        run, step = self.trial(program), program.step
        if run is None or step is None:
            return ""
        one, other = CURVATURES
        oracles = [f"x => [{one} * x[0], {other} * x[1]]"]
        if step.solves:
            oracles.append(f"g => [g[0] / {one}, g[1] / {other}]")
        lines = [f"let state = [{', '.join(map(str, map(list, run.state)))}];"]
        for k, row in enumerate(run.expected, 1):
            lines.append(f"state = {step.name}({', '.join([*oracles, '...state', *map(repr, run.hyper)])});")
            lines += [
                f'checks.push(["x[{i}] after step {k}", state[0][{i}], {value}, {bound}]);'
                for i, (value, bound) in enumerate(row)
            ]
        return "".join(f"    {line}\n" for line in lines)
