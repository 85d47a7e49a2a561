"""A method for the explorer: its formulas compiled to JavaScript, the same as MathML, and the facts that the page needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sympy as sp

from convergence.codegen import function_source
from convergence.errors import ConvergenceError, NoCode
from convergence.explorer.formulas import Formulas, axes, calls_of, formulas_of, optimum_of, schedules
from convergence.methods.presets import PRESETS
from convergence.notation import mathml, text
from convergence.rule import Method
from convergence.theory.noise import floor_of
from convergence.theory.regimes import damping
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system, system_in_time

LONGEST = 120
"""Operations of a formula that a page shows; of a longer one it has the value alone."""


def script(methods: tuple[Method, ...]) -> str:
    """JavaScript that defines ``METHODS`` and ``SCHEDULES``: facts, MathML and compiled functions."""
    parts = ["const METHODS = [];"]
    for place, method in enumerate(methods):
        parts += [f"METHODS[{place}] = {embedded(facts(method))};", *_functions(f"METHODS[{place}]", place, method)]
    parts += ["const SCHEDULES = {};"]
    for place, (name, formulas) in enumerate(schedules().items()):
        parts += [_source(f"schedule{place}", formulas), f"SCHEDULES[{embedded(name)}] = schedule{place};"]
    return "\n".join(parts)


def _functions(owner: str, place: int, method: Method) -> list[str]:
    parts = []
    for name, formulas in formulas_of(method).items():
        function = f"m{place}_{name}"
        try:
            parts.append(_source(function, formulas))
        except NoCode:
            continue
        listed = function if len(formulas.values) > 1 else f"(...x) => [{function}(...x)]"
        parts.append(f"{owner}.{name} = {listed};")
    for k, call in enumerate(calls_of(method)):
        values = tuple(value for value in call.arguments.values() if not isinstance(value, bool))
        if values:
            function, letters = f"m{place}_call{k}", tuple(method.symbols[name] for name in method.hyper)
            parts.append(_source(function, Formulas(letters, values)))
            parts.append(f"{owner}.calls[{k}].values = (...x) => [].concat({function}(...x));")
    return parts


def _source(name: str, formulas: Formulas) -> str:
    return function_source("javascript", name, formulas.arguments, formulas.values)


def facts(method: Method) -> dict[str, Any]:
    """What the page knows of a method besides its functions."""
    derived, (rate, share) = system(method), axes(method)
    clock = system_in_time(method).clock
    places = list(method.hyper)
    return {
        "name": method.name,
        "title": method.title,
        "about": (method.rule.__doc__ or "").strip().split("\n")[0],
        "hyper": [_hyper(method, name) for name in places],
        "rate": places.index(rate),
        "share": -1 if share is None else places.index(share),
        "unit": method.domains[rate].is_rate,
        "size": len(derived.state),
        "degrees": [[factor.degree(), times] for factor, times in derived.factors],
        "ends": derived.ends_suffice,
        "linear": derived.linear,
        "moving": any(entry.has(method.symbols[rate]) for entry in map(sp.sympify, derived.rest)),
        "clockStart": [] if clock is None else [float(start) for start in clock.start],
        "formulas": shown(method),
        "calls": [_call(one) for one in calls_of(method)],
    }


def _hyper(method: Method, name: str) -> dict[str, Any]:
    domain, default = method.domains[name], dict(method.defaults).get(name)
    low, high = domain.span
    return {
        "name": name,
        "letter": text(method.symbols[name]),
        "share": domain.is_share,
        "decay": domain.unit == 1,
        "low": min(low, default or 0.0),
        "high": max(high, 2 * (default or 0.0)),
        "default": default,
    }


def shown(method: Method) -> dict[str, Any]:
    """The formulas that are shown, as MathML: None for one that does not exist, or is too long to be read."""
    stable, derived = region(method), system(method)
    best = optimum_of(method)
    try:
        variance = floor_of(method).variance
    except ConvergenceError:
        variance = None
    repeated = damping(method).repeated
    return {
        "characteristic": _shown(derived.characteristic),
        "conditions": [_shown(condition) for condition in stable.conditions],
        "lr_max": _shown(stable.lr_max),
        "decided": stable.decided,
        "edges": None if repeated is None else [_shown(edge) for edge in repeated],
        "optimum": None if best is None else {name: _shown(value) for name, value in best.items()},
        "variance": _shown(variance),
        "curvature": text(CURVATURE),
    }


def _shown(formula: Any) -> str | None:
    if formula is None or sp.count_ops(formula.as_expr() if isinstance(formula, sp.Poly) else formula) > LONGEST:
        return None
    return mathml(formula)


def _call(call: Any) -> dict[str, Any]:
    """Names of arguments, and flags as they are written; numbers come from the compiled ``values``, in order."""
    preset = PRESETS[call.preset]
    written = {n: str(v) if isinstance(v, bool) else None for n, v in call.arguments.items()}
    return {
        "library": preset.library,
        "call": preset.call,
        "arguments": written,
        "same": call.same_iterates,
        "why": call.why,
    }


def embedded(value: Mapping[str, Any] | str) -> str:
    """JSON that may stand in a script element of a page."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
