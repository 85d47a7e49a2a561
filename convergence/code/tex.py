"""A program as LaTeX: its formulas, for a document with amsmath."""

from __future__ import annotations

from convergence.code.layout import Layout
from convergence.code.program import Function, Program, Step
from convergence.codegen import function_source


class Latex(Layout):
    language, mark, infinity, run = "latex", "%", r"\infty", r"It needs \usepackage{amsmath}."
    tested = False

    def function(self, function: Function) -> str:
        """The formulas in their letters."""
        keyed = function.keyed
        letters = [argument.letter for argument in function.arguments]
        return function_source(self.language, function.name, letters, [keyed[""]] if "" in keyed else keyed)

    def step(self, step: Step) -> str:
        return ""

    def self_test(self, program: Program) -> str:
        return ""
