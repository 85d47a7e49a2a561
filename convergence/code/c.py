"""A program as a file of C99: functions to paste, and a main that runs the self-test where SELF_TEST is defined."""

from __future__ import annotations

from convergence.code.layout import Layout, names_of
from convergence.code.program import Program, Step
from convergence.code.trial import CURVATURES
from convergence.codegen import identifiers

TEST = """\
#ifdef SELF_TEST
#include <stdio.h>

static int check(const char *what, double value, double expected, double bound)
{{
    if (value == expected || fabs(value - expected) <= bound)
        return 0;
    printf("%s is %.17g, not %.17g within %g\\n", what, value, expected, bound);
    return 1;
}}
{oracles}
int main(void)
{{
    int wrong = 0;
{checks}
{run}    printf("%d of {count} values as expected\\n", {count} - wrong);
    return wrong > 0;
}}
#endif
"""
ORACLE = """
static void {name}_of_parabola(size_t n, const double *at, double *out, void *data)
{{
    (void) n, (void) data;
    out[0] = at[0] {operation} {one};
    out[1] = at[1] {operation} {other};
}}
"""
ASKS = "void (*{name})(size_t n, const double *at, double *out, void *data)"


class C(Layout):
    language, mark, infinity, run = "c", "//", "INFINITY", "Self-test: cc -DSELF_TEST FILE -lm && ./a.out"

    def step(self, step: Step) -> str:
        names = names_of(step, self.language, ("n", "i", "at", "work", "data", "following"))
        count = len(step.questions)
        work = [
            *(f"*g{k} = work" + (f" + {k} * n" if k else "") for k in range(count)),
            *([f"*at = work + {count} * n"] if step.asks else []),
        ]
        lines = [f"double {', '.join(work)};"] if work else []
        for k, question in enumerate(step.questions):
            asked = names.array(question, step)
            if question.function:
                lines += [
                    "for (size_t i = 0; i < n; i++)",
                    f"    at[i] = {question.function}({names.entries(k, '{}[i]')});",
                ]
                asked = "at"
            lines.append(f"{question.oracle}(n, {asked}, g{k}, data);")
        keys = identifiers(step.state, self.language)
        lines += [
            "for (size_t i = 0; i < n; i++) {",
            f"    const {step.following}_result following = {step.following}({names.entries(count, '{}[i]')});",
            *(f"    {array}[i] = following.{key};" for array, key in zip(names.state, keys, strict=True)),
            "}",
        ]
        takes = [
            "size_t n",
            *(f"double *{one}" for one in names.state),
            *(ASKS.format(name=one) for one in names.oracles),
            "void *data",
            "double *work",
            *(f"double {one}" for one in names.hyper),
        ]
        says = self.comment(
            [
                f"One step: {', '.join(names.state)} have n entries and are overwritten; grad writes the gradient at `at`",
                f"to `out`, and is given data; work has room for {max(count + step.asks, 1)} n numbers.",
            ]
        )
        body = "\n".join(f"    {line}" for line in lines)
        return f"#include <stddef.h>\n\n{says}\nvoid {step.name}({', '.join(takes)})\n{{\n{body}\n}}\n"

    def self_test(self, program: Program) -> str:
        rows = [
            f'    wrong += check("{call}", {call}, {expected}, {bound});'
            for call, expected, bound in self.calls(program)
        ]
        run = self._run(program)
        oracles = "".join(
            ORACLE.format(name=name, operation=operation, one=CURVATURES[0], other=CURVATURES[1])
            for name, operation in (("grad", "*"), ("solve", "/"))
            if program.step and (name == "grad" or program.step.solves)
        )
        count = len(rows) + sum("check(" in line for line in run)
        return TEST.format(
            oracles=oracles, checks="\n".join(rows), run="".join(f"    {line}\n" for line in run), count=count
        )

    def _run(self, program: Program) -> list[str]:
        run, step = self.trial(program), program.step
        if run is None or step is None:
            return []
        state = [f"s{k}" for k in range(len(step.state))]
        arrays = ", ".join(
            f"{name}[2] = {{{one!r}, {other!r}}}" for name, (one, other) in zip(state, run.state, strict=True)
        )
        lines = [f"double {arrays}, work[{2 * max(len(step.questions) + step.asks, 1)}];"]
        oracles = ["grad_of_parabola", *(["solve_of_parabola"] if step.solves else [])]
        for k, row in enumerate(run.expected, 1):
            lines.append(f"{step.name}({', '.join(['2', *state, *oracles, '0', 'work', *map(repr, run.hyper)])});")
            lines += [
                f'wrong += check("x[{i}] after step {k}", s0[{i}], {value}, {bound});'
                for i, (value, bound) in enumerate(row)
            ]
        return lines
