"""Update rules: ``Method``, an optimiser as its equation; the signature says which states and hyperparameters it has.

The rule is a plain function ``rule(f, x, *buffers, *, lr, ...)`` that returns the next state. ``f`` is the objective,
known only through its oracles; the states are positional, the position first; hyperparameters are keyword-only.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, overload

import sympy as sp

from convergence.domain import CONVENTIONAL, Domain, domains
from convergence.errors import BadHyperparameter, BadRule, nearest
from convergence.setting import Setting, checked
from convergence.surroundings import equation, surroundings

SPELLED = {"ema": "EMA", "sgd": "SGD", "qhm": "QHM", "torch": "PyTorch", "adam": "Adam", "nadam": "NAdam"}
SPELLED |= {
    name.lower(): name
    for name in ("Nesterov", "Newton", "Chebyshev", "RMSProp", "Adagrad", "AdamW", "AMSGrad", "Lion", "Signum")
}


RESERVED = {
    *("L", "average", "ax", "batch", "batches", "cap", "columns", "curvature", "curvatures", "density", "epsilon"),
    *("exact", "family", "gradients", "kappas", "keep", "limit", "loss", "losses", "lrs", "meaning", "measure"),
    *("method", "minimiser", "mu", "noise", "over", "period", "points", "problem", "progress", "rate", "rng", "runs"),
    *("sampling", "schedule", "schedules", "seconds", "sigma", "start", "steps", "target", "to", "tolerance"),
}
"""Words that public functions use themselves, next to a method's hyperparameters; and sigma, a letter of their results.

Written down, and held to their signatures by a test: to read these would load the whole package at the first rule.
"""

State = tuple[Any, ...]
Rule = Callable[..., Any]
Start = Callable[..., Any]


class Objective(Protocol):
    """What a rule may ask of the objective: the gradient at a point, and the Newton step of a gradient.

    A rule sees nothing else of it. Where it is traced, both are symbols; on data they are arrays.

    Methods
    -------
    grad(x)
        ∇f(x), in the shape of x. A rule may ask several times a step.
    solve(g)
        H⁺g, with the pseudo-inverse of the Hessian: the Newton step where g is the gradient.
    """

    def grad(self, x: Any, /) -> Any: ...

    def solve(self, g: Any, /) -> Any: ...


@dataclass(frozen=True)
class Method:
    """An optimisation method: one update rule, read by everything else. ``cv.method`` makes one from a function.

    Called, it gives the next state: ``m(f, x, *buffers, **hyper)``, always a tuple.

    Attributes
    ----------
    name
        The function's name, or the one given to ``cv.method``.
    rule
        The function itself: (f, x, *buffers, *, hyperparameters) -> next state.
    state
        Names of the state's entries, the position first.
    hyper
        Names of the hyperparameters, in the signature's order. None of these names has a meaning: see ``domains``.
    defaults
        (name, value) of the hyperparameters that need not be given.
    starts
        (f, x) -> first state; None: buffers begin at zero.
    surroundings
        All that the rule reads from outside, as globals and closures. With another value it is another method.

    >>> import convergence as cv
    >>> m = cv.METHODS["heavy_ball"]
    >>> m
    Method heavy_ball(x, v; lr, momentum)
    >>> m.rate, m.symbols["momentum"], m.domains["momentum"].is_share
    ('lr', beta, True)
    """

    name: str
    rule: Rule
    state: tuple[str, ...]
    hyper: tuple[str, ...]
    defaults: tuple[tuple[str, float], ...] = ()
    starts: Start | None = None
    surroundings: Hashable = field(default=b"", repr=False)

    def __call__(self, f: Objective, *state: Any, **hyper: Any) -> State:
        """The next state, as a tuple of ``len(self.state)`` entries. BadRule when the function returns another number."""
        return _as_state(self, self.rule(f, *state, **hyper))

    def start(self, f: Objective, x: Any) -> State:
        """The first state at position ``x``: buffers zero, unless the method says otherwise. A plain number fills its entry."""
        if self.starts is None:
            return (x, *(x * 0 for _ in self.state[1:]))
        return tuple(x * 0 + v if isinstance(v, int | float) else v for v in _as_state(self, self.starts(f, x)))

    def at(self, **hyper: Any) -> Setting:
        """The method at these hyperparameters, defaults filled in, checked once: a ``Setting``.

        Parameters
        ----------
        hyper
            By name: finite real numbers, arrays of them, or SymPy letters.

        Raises
        ------
        BadHyperparameter
            For a name that is missing or unknown, a value that is not a finite real number, a negative learning rate.
        """
        return checked(self, hyper)

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The hyperparameters as numbers or arrays of them. Raises what ``at`` raises, and for letters, too."""
        return checked(self, given).arrays

    def scalars(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The hyperparameters of a single run: each value one number. Raises BadHyperparameter for arrays, too."""
        return checked(self, given).numbers

    def require_known(self, names: Iterable[str]) -> None:
        """Raise BadHyperparameter, with the nearest right name, where one of the names is no hyperparameter."""
        for name in names:
            if name not in self.hyper:
                raise BadHyperparameter(f"{self.name} has no hyperparameter {name!r}: {nearest(name, self.hyper)}")

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """What each hyperparameter may be: from its annotation, or from what is usually called so."""
        return domains(self.rule, self.hyper)

    @cached_property
    def symbols(self) -> dict[str, sp.Symbol]:
        """The letter of each hyperparameter in formulas."""
        return {name: domain.symbol for name, domain in self.domains.items()}

    @property
    def rate(self) -> str | None:
        """The name of the learning rate: of the first hyperparameter in units of 1/λ, else the first."""
        rates = (name for name, domain in self.domains.items() if domain.is_rate)
        return next(rates, next(iter(self.hyper), None))

    @property
    def doc(self) -> str:
        """The rule's docstring."""
        return inspect.getdoc(self.rule) or ""

    @property
    def title(self) -> str:
        """The name as one writes it in a text."""
        return title_of(self.name)

    @cached_property
    def code(self) -> str:
        """The rule as it is written, without decorator, docstring and annotations; empty where there is no source."""
        return equation(self.rule)

    def __repr__(self) -> str:
        return f"Method {self.name}({', '.join(self.state)}; {', '.join(self.hyper)})"

    def __reduce__(self) -> tuple[Any, ...]:
        """By its name where another process finds it there, as in a decorated module; else from its functions."""
        for name in () if not _importable(self.rule.__module__) else (self.rule.__qualname__, self.name):
            if _find(self.rule.__module__, name) is self:
                return _find, (self.rule.__module__, name)
        return _made, (self.rule, self.starts, self.name)


def title_of(name: str) -> str:
    """A method's name as one writes it in a text.

    >>> title_of("rmsprop_inside")
    'RMSProp inside'
    """
    return " ".join(SPELLED.get(word, word) for word in name.split("_"))


@overload
def method(rule: Rule, /) -> Method: ...
@overload
def method(*, start: Start | None = None, name: str | None = None) -> Callable[[Rule], Method]: ...
def method(rule: Rule | None = None, /, *, start: Start | None = None, name: str | None = None) -> Any:
    """Make a Method of an update rule: ``@method``, or ``@method(start=first_state)`` where buffers do not begin at 0.

    Parameters
    ----------
    rule
        A function (f, x, *buffers, *, hyperparameters) that returns the next state, the position first. ``f`` is asked
        for ``f.grad(x)`` and ``f.solve(g)``. It is to use operators and NumPy's functions only, and nothing random.
    start
        (f, x) -> the first state at position x. Without it buffers begin at zero, which is a convention: several
        libraries begin with the first gradient.
    name
        What to call it, in place of the function's name.

    Returns
    -------
    Method, or a decorator that makes one.

    Raises
    ------
    BadRule
        Where the signature is not (f, x, ..., *, hyperparameters), or a hyperparameter has a word of the package as
        its name (``steps``, ``mu``).

    >>> @method
    ... def heavy(f, x, v, *, lr, momentum):
    ...     v = momentum * v + f.grad(x)
    ...     return x - lr * v, v
    >>> heavy.state, heavy.hyper
    (('x', 'v'), ('lr', 'momentum'))
    """
    if rule is None:
        return lambda function: _made(function, start, name)
    return _made(rule, start, name)


def _made(rule: Rule, start: Start | None, name: str | None) -> Method:
    if not callable(rule):
        raise BadRule(f"a method is made of an update rule, a function (f, x, ..., *, lr, ...); got {rule!r}")
    parameters = list(inspect.signature(rule).parameters.values())
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    if len(positional) < 2 or len(positional) + len(keywords) != len(parameters):
        raise BadRule(
            f"an update rule takes the objective, then the state, then keyword-only hyperparameters: "
            f"(f, x, ..., *, lr, ...); {_name(rule)} takes {inspect.signature(rule)}"
        )
    taken = [p.name for p in keywords if p.name in RESERVED]
    if taken:
        raise BadRule(f"a hyperparameter cannot be called {taken[0]!r}, which the package uses itself; rename it")
    defaults = tuple((p.name, float(p.default)) for p in keywords if p.default is not p.empty)
    names = tuple(p.name for p in keywords)
    return Method(name or _name(rule), rule, tuple(positional[1:]), names, defaults, start, surroundings(rule, start))


def _name(rule: Rule) -> str:
    name = getattr(rule, "__name__", None)
    if name is None:
        raise BadRule(f"a rule without a name needs one: method(name=...)({rule!r})")
    return str(name)


def _as_state(method: Method, result: Any) -> State:
    state = result if isinstance(result, tuple) else (result,)
    if len(state) != len(method.state):
        raise BadRule(
            f"{method.name} must return its next state, {len(method.state)} value(s) ({', '.join(method.state)}); "
            f"it returned {len(state)}{_forgotten(method.state)}"
        )
    return state


def _forgotten(state: tuple[str, ...]) -> str:
    """A hint, where a state is called like a hyperparameter."""
    named = next((name for name in state if name in (*CONVENTIONAL, "nu")), None)
    return "" if named is None else f"; if {named} is a hyperparameter, put *, before it in the signature"


def _importable(module: str) -> bool:
    """Whether another process can import a module by its name: not what was typed at a prompt or read from a path."""
    try:
        return module != "__main__" and find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _find(module: str, qualified: str) -> Any:
    value: Any = sys.modules.get(module) or import_module(module)
    for part in qualified.split("."):
        value = getattr(value, part, None)
    return value
