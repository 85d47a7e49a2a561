"""Schedules as a person types them: ``cosine``, ``exponential:0.9``, ``warmup:10*linear``, ``torch.StepLR:step_size=30``.

NAME, or NAME:ARGUMENTS with commas between: ``factor=0.9``, or values alone in the order of what is left to be given. What has
no ``=`` after a list continues it: ``piecewise:values=0.1,0.01,boundaries=50``. ``*`` multiplies. The learning rate, the
number of steps and the ends of the spectrum are filled in where the family takes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import Parameter, getdoc, signature
from typing import Any

from convergence import schedules
from convergence.cli.arguments import real
from convergence.errors import BadHyperparameter, BadName, nearest
from convergence.schedule import Schedule
from convergence.schedules.course_notes import NOTES
from convergence.schedules.optax_functions import OPTAX
from convergence.schedules.torch_classes import TORCH

BASES = ("base", "top", "lr", "max_lr", "peak_value", "init_value", "value")
"""The argument that is the learning rate: the first of these that a schedule takes."""

LENGTHS = ("steps", "T_max", "total_steps", "decay_steps", "transition_steps")
"""Those that are the number of steps."""

FACTORS = ("warmup",)
"""Families that are a factor for others, with steps of their own."""

LIBRARIES = {"torch": TORCH, "optax": OPTAX, "notes": NOTES}
CLOCKS = {
    "": "k counts steps, 0 at the first",
    "torch": "k counts calls of scheduler.step(), one a step: 0 in the first step",
    "optax": "k is optax's count: 0 in the first step",
    "notes": "004: k counts epochs; 001: steps, in a t that is 2 at the first",
}
UNTYPED = ("LambdaLR",)
"""They take a function, which cannot be typed."""


@dataclass(frozen=True)
class Family:
    """A family: how it is called, ``library`` where it is not of this package, and the function whose arguments it takes."""

    name: str
    library: str
    function: Callable[..., Any]

    @property
    def arguments(self) -> dict[str, Parameter]:
        """Those that can be typed."""
        return {n: one for n, one in signature(self.function).parameters.items() if n != "problem"}

    @property
    def base(self) -> str | None:
        """The argument that is the learning rate."""
        return next((name for name in BASES if name in self.arguments), None)

    @property
    def filled(self) -> dict[str, str]:
        """Arguments that are filled in -> the option that they come from."""
        found = {} if self.base is None else {self.base: "--lr"}
        if self.name not in FACTORS:
            found |= {
                n: "--steps" for n in LENGTHS if n in self.arguments and self.arguments[n].default is Parameter.empty
            }
        ends = ("mu", "L") if self.name == "chebyshev" else ("L",)
        return found | {n: f"--{n}" for n in ends if n in self.arguments}

    @property
    def defaults(self) -> dict[str, Any]:
        """What arguments are that are not given, nor filled in: a warm-up begins at 0."""
        own = {n: one.default for n, one in self.arguments.items() if one.default is not Parameter.empty}
        return {**own, **({"init_value": 0.0} if self.base == "peak_value" and "init_value" in self.arguments else {})}

    @property
    def in_words(self) -> str:
        """Its docstring's first line."""
        return (getdoc(self.function) or "").split("\n")[0].replace("``", "")

    def made(self, given: Mapping[str, Any]) -> Schedule:
        """The schedule with these arguments."""
        if self.library:
            made: Schedule = getattr(schedules, self.library)(self.name.partition(".")[2], **given)
            return made
        missing = [n for n, one in self.arguments.items() if one.default is Parameter.empty and n not in given]
        if missing:
            raise BadHyperparameter(f"{self.name} needs {', '.join(missing)}, as in {self.name}:{missing[0]}=…")
        schedule: Schedule = self.function(**given)
        return schedule

    def read(self, text: str) -> dict[str, Any]:
        """Arguments as typed, by name."""
        given: dict[str, list[str]] = {}
        last = None
        for part in text.split(",") if text else ():
            name, separator, value = part.partition("=")
            if separator:
                last = name.strip()
                if last in given:
                    raise BadHyperparameter(f"{self.name}: {last} was given twice")
            elif last is None or not _is_list(self.arguments[last]):
                last, value = self._next(given, part), part
            else:
                value = part
            if last not in self.arguments:
                raise BadHyperparameter(f"{self.name} takes no {last[:60]!r}: {nearest(last, self.arguments)}")
            if not value.strip():
                raise BadHyperparameter(f"{self.name}: {last} has no value, as in {self.name}:{last}=0.5")
            given.setdefault(last, []).append(value.strip())
        return {name: self._value(name, values) for name, values in given.items()}

    def _next(self, given: Iterable[str], value: str) -> str:
        """What a value without a name is: the next argument that must be given, then the next that may be."""
        free = [name for name in self.arguments if name not in (*given, *self.filled)]
        free.sort(key=lambda name: name in self.defaults)
        if not free:
            raise BadHyperparameter(f"{self.name}: what is {value[:60]!r}? all arguments have values")
        return free[0]

    def _value(self, name: str, texts: list[str]) -> Any:
        kind = str(self.arguments[name].annotation)
        where = f"{self.name}: {name}"
        if kind.startswith("Mapping"):
            pairs = [text.partition(":") for text in texts]
            if not all(separator for _, separator, _ in pairs):
                raise BadHyperparameter(f"{where} takes STEP:FACTOR, as in {name}=50:0.1; got {','.join(texts)[:60]!r}")
            return {_single(where, key): _single(where, value) for key, _, value in pairs}
        values = [_single(where, text) for text in texts]
        return values if kind.startswith("Sequence") else values[0]


def _is_list(argument: Parameter) -> bool:
    return str(argument.annotation).startswith(("Sequence", "Mapping"))


def _single(where: str, text: str) -> Any:
    """A whole number, another number, True or False, or a word."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if text.isidentifier() and text.lower() not in ("nan", "inf", "infinity"):
        return text
    return real(where, text)


def _near(name: str, known: Iterable[str]) -> str:
    """What may have been meant, also without the library's name."""
    short = {(one.partition(".")[2] or one).lower(): one for one in known}
    close = get_close_matches((name.partition(".")[2] or name).lower(), short, n=1, cutoff=0.6)
    return f"; did you mean {short[close[0]]!r}?" if close else ""


def families() -> dict[str, Family]:
    """Every family by the name that is typed: those of this package, then PyTorch's and optax's."""
    own = {name: Family(name, "", getattr(schedules, name)) for name in schedules.__all__ if name not in LIBRARIES}
    for library, known in LIBRARIES.items():
        own |= {f"{library}.{n}": Family(f"{library}.{n}", library, f) for n, f in known.items() if n not in UNTYPED}
    return own


@dataclass(frozen=True)
class Typed:
    """A schedule as it was typed: its text, and the families that are multiplied, with the arguments given."""

    text: str
    factors: tuple[tuple[Family, Mapping[str, Any]], ...]

    @property
    def is_free(self) -> bool:
        """Whether its learning rate is still to be chosen."""
        bases = [(family.base, given) for family, given in self.factors if family.base is not None]
        return all(family.name in FACTORS for family, _ in self.factors) or (
            bool(bases) and not any(base in given for base, given in bases)
        )

    def at(self, lr: float | None, steps: int, ends: Mapping[str, float], epoch: int | None = None) -> Schedule:
        """The schedule for so many steps with a learning rate, on a spectrum between ``ends``; an epoch has so many steps.

        Raises BadHyperparameter for arguments that it does not take or that are missing.
        """
        length = steps if epoch is None else -(-steps // epoch)
        schedule, rate = None, lr
        for family, given in self.factors:
            values = {"--steps": max(length, 1), "--mu": ends["mu"], "--L": ends["L"]}
            filled = {n: values[option] for n, option in family.filled.items() if option in values}
            if family.base is not None and rate is not None:
                filled[family.base], rate = rate, 1.0  # of two with a learning rate, the second is a factor
            begin = {n: v for n, v in family.defaults.items() if family.arguments[n].default is Parameter.empty}
            one = family.made({**begin, **filled, **given})
            schedule = one if schedule is None else schedule * one
        assert schedule is not None
        if lr is not None and all(family.name in FACTORS for family, _ in self.factors):
            schedule = schedule * lr
        return schedule if epoch is None else schedule.per_epoch(epoch)


def typed(text: str) -> Typed:
    """The schedule that was typed. BadName for a family that is not known; BadHyperparameter for wrong arguments."""
    known = families()
    factors = []
    for part in re.split(r"\*(?!sqrt\()(?=[A-Za-z_])", text):
        name, _, arguments = part.strip().partition(":")
        if name not in known:
            raise BadName(
                f"there is no schedule {name[:60]!r}{_near(name, known)}; 'convergence schedule --list' has all"
            )
        factors.append((known[name], known[name].read(arguments)))
    return Typed(text, tuple(factors))
