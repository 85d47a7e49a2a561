"""The program of an update rule: its step on arrays, the gradient given as a function, and its first state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from convergence.code.program import Argument, Function, Program, Question, Step, between, function, hyper, named
from convergence.code.programs import rule_lines
from convergence.errors import NoCode
from convergence.rule import Method
from convergence.theory.trace import Trace, trace_rule, trace_start

VALUE = between(-2, 2)


def of_method(method: Method, name: str | None) -> Program:
    """What a rule does in a step, read from its trace."""
    base = name or named(method)
    trace = _named(trace_rule(method), method.state)
    if trace.couples:
        raise NoCode(
            f"{method.name} takes a norm of all coordinates, and its step is not that of each; run it with simulate"
        )
    states = [
        Argument(letter, letter.name, "a state of the rule" if k else "the position", VALUE)
        for k, letter in enumerate(trace.inputs)
    ]
    answers = _answers(trace)
    settings = hyper(method)
    functions: list[Function] = []
    questions = []
    arrays = {one.letter: one.word for one in (*states, *answers)}
    for k, question in enumerate(trace.questions):
        if question.asked in arrays:
            questions.append(Question(question.oracle, None, arrays[question.asked]))
            continue
        asks = function(
            f"{base}_point_{k}",
            f"Where the rule asks for g{k}.",
            (*states, *answers[:k], *settings),
            question.asked,
        )
        functions.append(asks)
        questions.append(Question(question.oracle, asks.name, ""))
    following = function(
        f"{base}_next",
        "The next state of a coordinate.",
        (*states, *answers, *settings),
        dict(zip(method.state, trace.values, strict=True)),
    )
    says = (
        f"A step of {method.name} on arrays: state in, state out, each coordinate alike; the gradient is given as a function.",
        "Read from the rule on symbols.",
    )
    start = _start(method, base)
    step = Step(f"{base}_step", method.state, settings, tuple(questions), start.name, following.name)
    return Program(says, (start, *functions, following), rule_lines(method), step)


def _start(method: Method, base: str) -> Function:
    trace = _named(trace_start(method), method.state[:1])
    if any(question.asked != trace.inputs[0] for question in trace.questions):
        raise NoCode(
            f"the first state of {method.name} asks for more than the gradient at the first position, and has no code"
        )
    position = Argument(trace.inputs[0], method.state[0], "the first position", VALUE)
    return function(
        f"{base}_start",
        "The first state of a coordinate.",
        (position, *_answers(trace)),
        dict(zip(method.state, trace.values, strict=True)),
    )


def _named(trace: Trace, names: Sequence[str]) -> Trace:
    """The trace in letters that are called as the states are."""
    words = {old: sp.Symbol(name, real=True) for old, name in zip(trace.inputs, names, strict=True)}
    asked = tuple(replace(question, asked=question.asked.xreplace(words)) for question in trace.questions)
    values = tuple(value.xreplace(words) for value in trace.values)
    return replace(trace, inputs=tuple(words.values()), values=values, questions=asked)


def _answers(trace: Trace) -> Sequence[Argument]:
    meaning = {
        "grad": "the gradient where the rule asks for it",
        "solve": "the Newton step: the inverse Hessian times the gradient",
    }
    return [Argument(q.answer, f"g{k}", meaning[q.oracle], VALUE) for k, q in enumerate(trace.questions)]
