"""A method goes in; a usual value for each of its hyperparameters but the learning rate comes out."""

from __future__ import annotations

USUAL = {
    "momentum": 0.7,
    "dampening": 0.2,
    "nu": 0.6,
    "gamma": 0.35,
    "contraction": 0.75,
    "kappa": 10.0,
    "weight_decay": 0.05,
}


def usual(method, **given):
    """Values for all hyperparameters but ``lr``: the given ones that the method has, and the usual ones for the rest."""
    return {name: {**USUAL, **given}[name] for name in method.hyper if name != "lr"}
