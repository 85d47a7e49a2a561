"""The public functions about conventions: which methods are one in other letters, and how each library writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from convergence.conventions import classes as _classes
from convergence.conventions import conversion as _conversion
from convergence.conventions import equivalence as _equivalence
from convergence.methods import METHODS, as_method, as_preset
from convergence.methods.presets import ALIASES, PRESETS
from convergence.rule import Method


def equivalent(a: Any, b: Any, /) -> _equivalence.Equivalence:
    """Derive how the hyperparameters of method b follow from those of method a so that b does what a does.

    ``.hyper`` maps each hyperparameter of b to a formula in a's letters, or is None, with a ``.counterexample``; then
    ``.condition`` says where a map exists. ``.same_iterates`` tells whether all iterates are the same from one start, and
    ``.flags`` why not. Characteristic polynomials are matched in z and λ, without powers of z and factors that no position
    shows; iterates are compared as generating functions, so at all steps; of a rule that keeps time, or is not linear, the
    first ones at one setting. What the match leaves open is set so that iterates agree, else to its default, else to 0.

    Methods may be given by the names of presets, too. Raises NotLinear for a rule without a rational iteration matrix.
    """
    return _equivalence.equivalence(_method(a), _method(b))


def equivalences(methods: Iterable[Any] | None = None) -> _classes.Equivalences:
    """The classes of methods (default: the catalogue) that are one method in other letters, as far as the spectrum goes."""
    return _classes.equivalences(_method(m) for m in (METHODS if methods is None else methods))


def convert(src: Any, dst: Any, /, **hyper: Any) -> _conversion.Converted:
    """The arguments of ``dst`` with which it does what ``src`` does with these: a dict in dst's own argument names.

    Both are names of presets ("torch.sgd", "optax.sgd", "keras.sgd", "course", …; "pytorch", "optax", "keras" for short) or
    of methods, or Methods. Arguments left out have src's defaults. Exact numbers give exact ones, floats floats, letters
    formulas. The result says by ``.same_iterates``, ``.flags`` and ``.why`` whether more than the spectrum agrees.

    Raises NoEquivalent, with a counterexample, where dst cannot do it; BadName, BadHyperparameter for wrong input.
    """
    return _conversion.convert(_named(src), _named(dst), hyper)


def in_libraries(m: Any, /, **hyper: Any) -> tuple[_conversion.LibraryCall, ...]:
    """How a setting of a method is written in PyTorch, optax and Keras: ``.library .call .same_iterates .why`` each.

    ``.call`` is empty where the library has no such setting. Raises BadHyperparameter for missing or unknown names.
    """
    method = _method(m)
    return _conversion.in_libraries(method, method.settings(hyper))


def presets() -> Mapping[str, Any]:
    """The presets by name: library, version checked, source, arguments with defaults, and the methods they stand for."""
    return PRESETS


def _method(given: Any) -> Method:
    if isinstance(given, str) and given not in METHODS and (given in PRESETS or given in ALIASES):
        return METHODS[as_preset(given).main.method]
    return as_method(given)


def _named(given: Any) -> Any:
    """A name as it is, a Method of the catalogue or a user's rule as a Method."""
    return given if isinstance(given, str) else as_method(given)
