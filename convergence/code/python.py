"""A program as a file of Python, which needs its standard library only."""

from __future__ import annotations

from convergence.code.layout import Layout, Names, names_of
from convergence.code.program import Program, Step
from convergence.code.trial import CURVATURES
from convergence.codegen import identifiers

TEST = """\
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


class Python(Layout):
    language, mark, infinity, run = "python", "#", "math.inf", "Self-test: python FILE"

    def entry(self, key: str) -> str:
        return f'["{key}"]'

    def step(self, step: Step) -> str:
        names = names_of(step, self.language)
        lines = []
        for k, question in enumerate(step.questions):
            asked = names.array(question, step)
            if question.function:
                asked = self._rows(question.function, names, k)
            lines.append(f"g{k} = {question.oracle}({asked})")
        lines.append(f"rows = {self._rows(step.following, names, len(step.questions))}")
        keys = identifiers(step.state, self.language)
        lines.append("return " + ", ".join(f'[row["{key}"] for row in rows]' for key in keys) + "," * (len(keys) == 1))
        says = self.comment(
            [f"One step: {', '.join(names.state)} are sequences; grad takes and returns one. Returns the next state."]
        )
        body = "\n".join(f"    {line}" for line in lines)
        return f"\n{says}\ndef {step.name}({', '.join(names.arguments)}):\n{body}\n"

    def _rows(self, function: str, names: Names, answers: int) -> str:
        """The values of a function, coordinate by coordinate."""
        arrays = (*names.state, *(f"g{k}" for k in range(answers)))
        return f"[{function}({', '.join(['*row', *names.hyper])}) for row in zip({', '.join(arrays)})]"

    def self_test(self, program: Program) -> str:
        rows = [f"        ({call!r}, {call}, {expected}, {bound})," for call, expected, bound in self.calls(program)]
        return "\n" + TEST.format(checks="\n".join(rows), run=self._run(program))

    def _run(self, program: Program) -> str:
        run, step = self.trial(program), program.step
        if run is None or step is None:
            return ""
        one, other = CURVATURES
        oracles = [f"lambda x: [{one} * x[0], {other} * x[1]]"]
        if step.solves:
            oracles.append(f"lambda g: [g[0] / {one}, g[1] / {other}]")
        lines = [f"state = {', '.join(map(str, map(list, run.state)))}{',' * (len(run.state) == 1)}"]
        for k, row in enumerate(run.expected, 1):
            lines.append(f"state = {step.name}({', '.join([*oracles, '*state', *map(repr, run.hyper)])})")
            lines += [
                f'checks.append(("x[{i}] after step {k}", state[0][{i}], {value}, {bound}))'
                for i, (value, bound) in enumerate(row)
            ]
        return "".join(f"    {line}\n" for line in lines)
