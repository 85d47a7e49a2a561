"""What libraries and authors call their momentum, as data: whose arguments are which method's hyperparameters.

Each preset was read in the source named, and is held against the library itself by the tests where that can be installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Variant:
    """One method that a preset can be, depending on its arguments.

    Attributes
    ----------
    method
        Its name in ``METHODS``.
    names
        Argument -> hyperparameter.
    given
        The arguments that choose it, with their values.
    positive
        Those that must not be 0, or another variant is meant.
    """

    method: str
    names: Mapping[str, str]
    given: Mapping[str, Any] = field(default_factory=dict)
    positive: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A library's (or an author's) optimiser.

    Attributes
    ----------
    name, library
        As "torch.sgd", "PyTorch".
    version
        The one that was checked.
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
    """

    name: str
    library: str
    version: str
    source: str
    arguments: Mapping[str, Any]
    variants: tuple[Variant, ...]
    call: str = ""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def main(self) -> Variant:
        """The variant that people mean by the name: with momentum where there is one without, and no weight decay."""
        return self.variants[1] if len(self.variants) > 2 else self.variants[0]


def _same(method: str, *names: str) -> Variant:
    return Variant(method, {name: name for name in names})


_RATE = {"learning_rate": "lr"}
_BOTH = {"learning_rate": "lr", "momentum": "momentum"}
_TORCH = {"weight_decay": 0, "nesterov": False}
_NOT_NEGATIVE = (0.0, float("inf"))

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset(
                "torch.sgd",
                "PyTorch",
                "2.13.0",
                "torch/optim/sgd.py, _single_tensor_sgd; https://pytorch.org/docs/stable/generated/torch.optim.SGD.html",
                {"lr": 0.001, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
                (
                    Variant("gradient_descent", {"lr": "lr"}, {"momentum": 0, **_TORCH}),
                    Variant(
                        "torch_sgd",
                        {name: name for name in ("lr", "momentum", "dampening")},
                        _TORCH,
                        positive=("momentum",),
                    ),
                    Variant(
                        "torch_sgd_nesterov",
                        {"lr": "lr", "momentum": "momentum"},
                        {"dampening": 0, "weight_decay": 0, "nesterov": True},
                        positive=("momentum",),
                    ),
                    Variant(
                        "weight_decay_coupled",
                        {name: name for name in ("lr", "momentum", "weight_decay")},
                        {"dampening": 0, "nesterov": False},
                    ),
                ),
                "torch.optim.SGD(params, {arguments})",
                {"momentum": _NOT_NEGATIVE, "weight_decay": _NOT_NEGATIVE},
            ),
            Preset(
                "optax.sgd",
                "optax",
                "0.2.8",
                "optax/_src/alias.py, sgd, and transforms/_accumulation.py, trace; https://optax.readthedocs.io",
                {"learning_rate": None, "momentum": 0, "nesterov": False},
                (
                    Variant("gradient_descent", _RATE, {"momentum": 0}),
                    Variant("heavy_ball", _BOTH, {"nesterov": False}, positive=("momentum",)),
                    Variant("torch_sgd_nesterov", _BOTH, {"nesterov": True}, positive=("momentum",)),
                ),
                "optax.sgd({arguments})",
            ),
            Preset(
                "optax.ema",
                "optax",
                "0.2.8",
                "optax/transforms/_accumulation.py, ema, followed by scale(-learning_rate); https://optax.readthedocs.io",
                {"learning_rate": None, "decay": None, "debias": True},
                (
                    Variant("frozen_adam", {"learning_rate": "lr", "decay": "momentum"}, {"debias": True}),
                    Variant("ema_momentum_zero_start", {"learning_rate": "lr", "decay": "momentum"}, {"debias": False}),
                ),
                "optax.chain(optax.ema(decay={decay}, debias={debias}), optax.scale(-{learning_rate}))",
                {"decay": (0.0, 1.0)},
            ),
            Preset(
                "keras.sgd",
                "Keras",
                "3.15.1",
                "keras/src/optimizers/sgd.py, update_step; https://keras.io/api/optimizers/sgd/",
                {"learning_rate": 0.01, "momentum": 0, "nesterov": False, "weight_decay": 0},
                (
                    Variant("gradient_descent", _RATE, {"momentum": 0, "weight_decay": 0}),
                    Variant(
                        "momentum_rate_inside", _BOTH, {"nesterov": False, "weight_decay": 0}, positive=("momentum",)
                    ),
                    Variant("torch_sgd_nesterov", _BOTH, {"nesterov": True, "weight_decay": 0}, positive=("momentum",)),
                    Variant("weight_decay_decoupled", {**_BOTH, "weight_decay": "weight_decay"}, {"nesterov": False}),
                ),
                "keras.optimizers.SGD({arguments})",
                {"momentum": (0.0, 1.0), "weight_decay": _NOT_NEGATIVE},
            ),
            Preset(
                "course",
                "the course's homework",
                "",
                "course notes on least squares: z ← (1−β)z + βg, w ← w − ηz, z = g before the first step",
                {"lr": None, "momentum": None},
                (_same("ema_momentum", "lr", "momentum"),),
            ),
            Preset(
                "course.code",
                "the course's code",
                "",
                "course notes on optimisers from scratch, their code: v ← βv + (1−β)g, x ← x − ηv, v = 0 at first",
                {"lr": None, "momentum": None},
                (_same("ema_momentum_zero_start", "lr", "momentum"),),
            ),
            Preset(
                "polyak",
                "Polyak",
                "",
                "Polyak 1964, in the velocity form",
                {"lr": None, "momentum": None},
                (_same("heavy_ball", "lr", "momentum"),),
            ),
            Preset(
                "sutskever",
                "Sutskever et al.",
                "",
                "Sutskever et al. 2013, eq. 1-2 (nesterov=False) and eq. 3-4 (nesterov=True)",
                {"lr": None, "momentum": None, "nesterov": False},
                (
                    Variant("momentum_rate_inside", {"lr": "lr", "momentum": "momentum"}, {"nesterov": False}),
                    Variant("nesterov", {"lr": "lr", "momentum": "momentum"}, {"nesterov": True}),
                ),
            ),
        )
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "pytorch": "torch.sgd",
        "torch": "torch.sgd",
        "optax": "optax.sgd",
        "keras": "keras.sgd",
        "tensorflow": "keras.sgd",  # tf.keras.optimizers.SGD is Keras's own since TensorFlow 2.16
        "homework": "course",
    }
)
"""Short names. There is none for JAX, which has no optimisers of its own."""

LIBRARIES = ("torch.sgd", "optax.sgd", "optax.ema", "keras.sgd")
"""The presets that a reader can install and call."""
