"""What libraries and authors call their methods: whose arguments are which method's hyperparameters (``presets.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType
from typing import Any

Names = Mapping[str, str]


@dataclass(frozen=True)
class Variant:
    """One method that a preset can be, depending on its arguments; those that it does not name are at their defaults.

    Attributes
    ----------
    method
        Its name in ``METHODS``, or a Method.
    names
        Argument -> hyperparameter.
    given
        The arguments that choose it, with their values.
    positive
        Those that must not be 0, or another variant is meant.
    free
        Those that may have any value without choosing it.
    formulas
        Hyperparameter -> formula in the arguments, where it is not the argument of its name.
    """

    method: Any
    names: Names
    given: Mapping[str, Any] = field(default_factory=dict)
    positive: Sequence[str] = ()
    free: Sequence[str] = ()
    formulas: Names = field(default_factory=dict)


@dataclass(frozen=True)
class Preset:
    """A library's (or an author's) optimiser.

    Attributes
    ----------
    name, library
        As "torch.sgd", "PyTorch".
    version
        The release whose code the tests run; empty where its source was read alone.
    source
        Where it stands: file, documentation, paper with its equation.
    arguments
        Name -> default (None: no default).
    variants
        The methods that it can be.
    call
        How it is written, with {arguments} or single ones.
    bounds
        Argument -> (low, high) that the library accepts.
    tuples
        An argument of the library's -> those of ``arguments`` that stand in it: betas=(beta1, beta2).
    refused
        Argument -> why no variant has another value of it.
    """

    name: str
    library: str
    source: str
    arguments: Mapping[str, Any]
    variants: tuple[Variant, ...]
    version: str = ""
    call: str = ""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tuples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refused: Names = field(default_factory=dict)

    @property
    def main(self) -> Variant:
        """The variant that people mean by the name: the first, but for gradient descent where there is momentum."""
        return next(variant for variant in self.variants if variant.method != "gradient_descent")


def _preset(name: str, content: dict[str, Any]) -> Preset:
    given = {argument: None if value == "required" else value for argument, value in content["arguments"].items()}
    bounds = {argument: (low, high) for argument, (low, high) in content.get("bounds", {}).items()}
    variants = tuple(Variant(**variant) for variant in content["variants"])
    return Preset(name=name, **{**content, "arguments": given, "bounds": bounds, "variants": variants})


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        name: _preset(name, content)
        for name, content in tomllib.loads((files(__package__) / "presets.toml").read_text(encoding="utf-8")).items()
    }
)

ALIASES: Names = MappingProxyType(
    {
        "pytorch": "torch.sgd",
        "torch": "torch.sgd",
        "optax": "optax.sgd",
        "keras": "keras.sgd",
        "tensorflow": "keras.sgd",  # tf.keras.optimizers.SGD is Keras's own since TensorFlow 2.16
        "sklearn": "sklearn.sgd",
        "scikit-learn": "sklearn.sgd",
        "mxnet": "mxnet.sgd",
        "mlx": "mlx.sgd",
        "homework": "course",
    }
)
"""Short names. There is none for JAX, which has no optimisers of its own."""

LIBRARIES = ("torch.sgd", "optax.sgd", "optax.ema", "keras.sgd")
"""The presets in which ``in_libraries`` writes a setting."""
