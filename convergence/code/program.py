"""A program before it has a language: functions of formulas, what their arguments are, and where the whole comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

import sympy as sp

from convergence.codegen import identifiers
from convergence.domain import Domain
from convergence.errors import BadName
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE, LARGEST, MU

Draw = Callable[[Random], float]


@dataclass(frozen=True)
class Argument:
    """An argument of a function: its ``letter`` in formulas, its ``word`` in code, its ``meaning``, how to ``draw`` a value."""

    letter: sp.Symbol
    word: str
    meaning: str
    draw: Draw = field(compare=False)

    @property
    def symbol(self) -> sp.Symbol:
        """The letter under the name that it has in code."""
        return sp.Symbol(self.word, **self.letter._assumptions_orig)


@dataclass(frozen=True)
class Function:
    """A function: of one formula, whose name is empty, or of several by name."""

    name: str
    says: str
    arguments: tuple[Argument, ...]
    formulas: tuple[tuple[str, sp.Basic], ...]

    @property
    def keyed(self) -> dict[str, sp.Basic]:
        """The formulas by name."""
        return dict(self.formulas)


def function(
    name: str, says: str, arguments: Sequence[Argument], formulas: sp.Basic | Mapping[str, sp.Basic]
) -> Function:
    """A function of one formula, or of several by name; its arguments get words that differ."""
    keyed = formulas if isinstance(formulas, Mapping) else {"": formulas}
    return Function(name, says, _distinct(arguments), tuple(keyed.items()))


def named(method: Method) -> str:
    """What functions of a method are called by."""
    return identifiers([method.name], "latex")[0]


@dataclass(frozen=True)
class Question:
    """What a step asks the objective: ``oracle`` grad or solve, at the values of a function or at an array that is there."""

    oracle: str
    function: str | None
    array: str


@dataclass(frozen=True)
class Step:
    """One step of a rule on arrays: questions to the objective, then the function ``following`` for each coordinate."""

    name: str
    state: tuple[str, ...]
    hyper: tuple[Argument, ...]
    questions: tuple[Question, ...]
    start: str
    following: str

    @property
    def solves(self) -> bool:
        """Whether it asks for Newton steps."""
        return any(question.oracle == "solve" for question in self.questions)

    @property
    def asks(self) -> bool:
        """Whether it asks at points that are computed."""
        return any(question.function for question in self.questions)


@dataclass(frozen=True)
class Program:
    """Functions, a step where there is one, what the comment on top ``says``, and the ``rule`` that they are derived from."""

    says: tuple[str, ...]
    functions: tuple[Function, ...]
    rule: tuple[str, ...] = ()
    step: Step | None = None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Those of all functions, each once."""
        return tuple({one.word: one for function in self.functions for one in function.arguments}.values())


def merged(programs: Sequence[Program]) -> Program:
    """Several programs in one file. BadName where two of their functions have one name, or two have a step."""
    functions = [one for program in programs for one in program.functions]
    twice = sorted(name for name, times in Counter(one.name for one in functions).items() if times > 1)
    steps = [program.step for program in programs if program.step is not None]
    if twice or len(steps) > 1:
        raise BadName(
            f"one file holds one step, and each name once; got {', '.join(twice) or 'two steps'}: write two files"
        )
    rules = dict.fromkeys(program.rule for program in programs)
    says = [line for program in programs for line in program.says]
    return Program(tuple(says), tuple(functions), tuple(line for rule in rules for line in rule), *steps)


def between(low: float, high: float) -> Draw:
    """A number of four digits."""
    return lambda random: float(f"{random.uniform(low, high):.4g}")


def curvature() -> Argument:
    return Argument(
        CURVATURE,
        "curvature",
        "of the loss ½λx² along the direction, an eigenvalue of the Hessian: above 0",
        between(0.2, 2),
    )


def ends() -> tuple[Argument, Argument]:
    return (
        Argument(MU, "mu", "the smallest curvature, 0 < μ < L", between(0.1, 1)),
        Argument(LARGEST, "L", "the largest curvature", between(2, 50)),
    )


def hyper(method: Method) -> tuple[Argument, ...]:
    """The hyperparameters of a method, as its domains say what they are."""
    usual = dict(method.defaults)
    return tuple(
        Argument(domain.symbol, name, _meaning(domain), _drawn(domain, usual.get(name)))
        for name, domain in method.domains.items()
    )


def letter(symbol: sp.Symbol, meaning: str = "a letter of the formula") -> Argument:
    """Any other letter."""
    if symbol.is_integer:
        return Argument(symbol, symbol.name, meaning, lambda random: float(random.randint(0, 20)))
    return Argument(symbol, symbol.name, meaning, between(0.1, 2) if symbol.is_nonnegative else between(-2, 2))


def _meaning(domain: Domain) -> str:
    if domain.is_rate:
        return "in units of 1/curvature"
    if domain.unit:
        return "in units of the curvature" + ("" if domain.unit == 1 else f" to the power {domain.unit}")
    return "a number" + (f" from {domain.low:g} up to, not including, {domain.high:g}" if domain.is_share else "")


def _drawn(domain: Domain, usual: float | None) -> Draw:
    if domain.is_rate:
        return between(0.05, 2.5)
    if usual:
        return between(usual / 2, min(2 * usual, (usual + domain.high) / 2))
    low, high = domain.span
    return between(max(low, 0.05), max(low, 0.05) + 0.9 * (min(high, low + 1) - low) if low >= 0 else 0.95)


def unsigned(argument: Argument) -> Argument:
    """The same argument with a letter of which no more is known than that it is real."""
    return replace(argument, letter=sp.Symbol(argument.letter.name, real=True))


def _distinct(arguments: Sequence[Argument]) -> tuple[Argument, ...]:
    """The arguments with words that differ."""
    taken: set[str] = set()
    result = []
    for one in arguments:
        word = one.word
        while word in taken:
            word += "_"
        taken.add(word)
        result.append(replace(one, word=word))
    return tuple(result)
