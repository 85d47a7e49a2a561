"""What the languages share whose functions are values: a step on arrays that returns the next, and a self-test in a list."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from convergence.code.layout import Layout, Names, names_of
from convergence.code.program import Program, Step
from convergence.code.trial import CURVATURES
from convergence.codegen import identifiers


class Scripted(Layout):
    """A language of which the words differ only; each with its place between braces."""

    test: str
    """The self-test around its ``{checks}``, each as a ``check``, and its ``{run}``, each value of which is an ``added``."""
    check: str
    added: str

    defined: str
    """A function: what it ``{says}``, its ``{name}``, ``{arguments}`` and ``{body}``."""
    anonymous: str

    arrays: str
    """What the language calls its arrays."""
    first: int
    """The first index."""
    column: str
    """The array of a key from the rows."""
    spread: str
    """The states as arguments."""

    constant = variable = end = ""
    """What stands before a name that is set once, before one that is set again, and after a statement."""

    @abstractmethod
    def rows(self, function: str, names: Names, answers: int) -> str:
        """The values of a function, coordinate by coordinate, once so many questions are answered."""

    @abstractmethod
    def several(self, values: Sequence[str]) -> str:
        """Several values as one."""

    def step(self, step: Step) -> str:
        names = names_of(step, self.language)
        lines = []
        for k, question in enumerate(step.questions):
            asked = self.rows(question.function, names, k) if question.function else names.array(question, step)
            lines.append(f"{self.constant}g{k} = {question.oracle}({asked})")
        lines.append(f"{self.constant}rows = {self.rows(step.following, names, len(step.questions))}")
        lines.append(
            f"return {self.several([self.column.format(key) for key in identifiers(step.state, self.language)])}"
        )
        says = (
            f"One step: {', '.join(names.state)} are {self.arrays}; grad takes and returns one. Returns the next state."
        )
        return self.defined.format(
            says=self.comment([says]),
            name=step.name,
            arguments=", ".join(names.arguments),
            body="\n".join(f"    {line}{self.end}" for line in lines),
        )

    def self_test(self, program: Program) -> str:
        rows = [
            "        " + self.check.format(call=call, expected=expected, bound=bound)
            for call, expected, bound in self.calls(program)
        ]
        return self.test.format(checks="\n".join(rows), run=self._run(program))

    def _run(self, program: Program) -> str:
        run, step = self.trial(program), program.step
        if run is None or step is None:
            return ""
        (one, other), i, j = CURVATURES, self.first, self.first + 1
        oracles = [self.anonymous.format("x", f"[{one} * x[{i}], {other} * x[{j}]]")]
        if step.solves:
            oracles.append(self.anonymous.format("g", f"[g[{i}] / {one}, g[{j}] / {other}]"))
        lines = [f"{self.variable}state = {self.several([str(list(array)) for array in run.state])}"]
        for k, row in enumerate(run.expected, 1):
            lines.append(f"state = {step.name}({', '.join([*oracles, self.spread, *map(repr, run.hyper)])})")
            lines += [
                self.added.format(f'"x[{i}] after step {k}", state[{self.first}][{i}], {value}, {bound}')
                for i, (value, bound) in enumerate(row, self.first)
            ]
        return "".join(f"    {line}{self.end}\n" for line in lines)
