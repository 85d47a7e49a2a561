"""A setting of a method as one writes it in PyTorch, optax and Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from convergence.conventions.conversion import Converted, converted, found_setting
from convergence.conventions.nonlinear import is_linear, kinds
from convergence.errors import NoEquivalent
from convergence.methods import as_method, as_preset
from convergence.methods.presets import LIBRARIES, PRESETS, Preset
from convergence.rule import Method


@dataclass(frozen=True)
class LibraryCall:
    """How one library is called for a setting.

    Attributes
    ----------
    library
        The preset's name: "torch.sgd", "optax.adam"; "torch", "optax" or "keras" where none of its presets can.
    call
        Python; empty where ``why`` says that it cannot.
    same_iterates
        Whether all iterates are the same, or the spectrum alone.
    why
        What differs, or why there is no such call.
    """

    library: str
    call: str
    same_iterates: bool
    why: str


def in_libraries(m: Any, /, **hyper: Any) -> tuple[LibraryCall, ...]:
    """How a setting of a method is written in PyTorch, optax and Keras.

    Parameters
    ----------
    m
        A Method, its name, a preset or a plain rule.
    hyper
        One number each; those with a default may be left out.

    Returns
    -------
    A ``LibraryCall`` for each library: ``.call`` is empty where it has no such setting.

    Raises
    ------
    BadHyperparameter
        For missing or unknown names.

    >>> in_libraries("heavy_ball", lr=0.1, momentum=0.9)[0].call
    'torch.optim.SGD(params, lr=0.1, momentum=0.9, dampening=0.0)'
    >>> in_libraries("adam", lr=0.001)[0].call
    'torch.optim.Adam(params, lr=0.001, betas=(0.9, 0.999), eps=1e-08)'
    """
    method = as_method(m)
    settings, own = method.settings(hyper), as_preset(method)
    if is_linear(method):
        return tuple(_called(own, as_preset(name), settings) for name in LIBRARIES)
    return tuple(_best_call(own, method, library, settings) for library in ("torch", "optax", "keras"))


def _best_call(own: Preset, method: Method, library: str, hyper: Mapping[str, Any]) -> LibraryCall:
    """The call of a library's optimiser with the same iterates, or else the same late steps."""
    named = [preset for name, preset in PRESETS.items() if name.startswith(f"{library}.")]
    offered = [preset for preset in named if not is_linear(as_method(preset.main.method))]
    offered.sort(key=lambda preset: _nearness(preset, method))
    late = None
    for preset in offered:
        if kinds(method) not in map(kinds, {as_method(variant.method) for variant in preset.variants}):
            continue
        found = found_setting(own, preset, hyper)
        if found is not None and (found.same_iterates or late is None):
            late = _written(preset, found)
            if found.same_iterates:
                return late
    why = f"no setting of {', '.join(preset.name for preset in offered)} is this rule"
    return late or LibraryCall(library, "", False, why)


def _nearness(preset: Preset, method: Method) -> tuple[bool, bool]:
    """First those that mean the method by their name, then those that it is a variant of."""
    variants = [as_method(variant.method) for variant in preset.variants]
    return as_method(preset.main.method) is not method, method not in variants


def _called(own: Preset, library: Preset, hyper: Mapping[str, Any]) -> LibraryCall:
    try:
        found = converted(own, library, hyper)
    except NoEquivalent as reason:
        return LibraryCall(library.name, "", False, str(reason))
    return _written(library, found)


def _written(library: Preset, found: Converted) -> LibraryCall:
    written = {name: _literal(value) for name, value in found.items()}
    listed = ", ".join(f"{name}={value}" for name, value in written.items())
    full = {name: str(value) for name, value in library.arguments.items()} | written
    call = library.call.format(arguments=listed, **full)
    return LibraryCall(library.name, call, found.same_iterates, found.why)


def _literal(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))})"
    return str(value) if isinstance(value, bool) else repr(float(value))
