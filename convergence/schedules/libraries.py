"""The schedules of PyTorch and optax by their own names and arguments, with those libraries' own off-by-one steps.

k is the number of calls of ``scheduler.step()`` before the optimiser's step, one a step, and in optax the count of its
state: the first step has k = 0 in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import Parameter, signature
from typing import Any

import sympy as sp

from convergence.errors import BadHyperparameter, BadName, nearest
from convergence.schedule import Schedule
from convergence.schedules.optax_functions import OPTAX
from convergence.schedules.torch_classes import TORCH


def torch(name: str, /, **arguments: Any) -> Schedule:
    """A scheduler of ``torch.optim.lr_scheduler`` stepped once a step, with the optimiser's ``lr`` among its arguments.

    CosineAnnealingLR rises again after T_max; OneCycleLR and CyclicLR set the rate themselves and take no lr; MultiStepLR
    takes a list. LambdaLR takes its function of the step.

    Raises
    ------
    BadName
        For a scheduler that is not known.
    BadHyperparameter
        For an argument that it does not take, or that is missing, or that is no number.

    >>> torch("CosineAnnealingLR", lr=0.1, T_max=2).values(5).round(4)
    array([0.1 , 0.05, 0.  , 0.05, 0.1 ])
    >>> torch("LinearLR", lr=0.1, start_factor=0.5, total_iters=2).values(4)
    array([0.05 , 0.075, 0.1  , 0.1  ])
    """
    return called(
        "torch", TORCH, name, arguments, "k counts calls of scheduler.step(), one a step: 0 in the first step"
    )


def optax(name: str, /, **arguments: Any) -> Schedule:
    """A schedule of ``optax``, by the name of its function.

    Raises
    ------
    BadName, BadHyperparameter
        As ``torch``.

    >>> optax("cosine_decay_schedule", init_value=0.1, decay_steps=2).values(4).round(4)
    array([0.1 , 0.05, 0.  , 0.  ])
    >>> optax("linear_schedule", init_value=0.0, end_value=1.0, transition_steps=2).values(4)
    array([0. , 0.5, 1. , 1. ])
    """
    return called("optax", OPTAX, name, arguments, "k is optax's count: 0 in the first step")


def called(
    library: str, known: Mapping[str, Callable[..., Any]], name: str, arguments: Mapping[str, Any], clock: str = ""
) -> Schedule:
    """A schedule by its name in a library and the arguments that it takes there, checked."""
    if not isinstance(name, str) or name not in known:
        raise BadName(f"{library} has no schedule {str(name)[:60]!r} that is known here: {nearest(str(name), known)}")
    takes = signature(known[name]).parameters
    for given in arguments:
        if given not in takes:
            raise BadHyperparameter(f"{library}'s {name} takes no {given!r}: {nearest(given, takes)}")
    missing = [n for n, one in takes.items() if one.default is Parameter.empty and n not in arguments]
    if missing:
        raise BadHyperparameter(f"{library}'s {name} needs {', '.join(missing)}")
    value = known[name](**arguments)
    words = ", ".join(f"{n}={given}" for n, given in arguments.items())
    title, parameters = f"{library} {name}({words})", dict(arguments)
    if isinstance(value, Schedule):
        return replace(value, name=title, parameters=parameters)
    if isinstance(value, sp.Expr):
        return Schedule(title, value, clock=clock, parameters=parameters)
    return Schedule(title, clock=clock, function=value, parameters=parameters)
