"""What handlers use, imported when something of it is first used: options stand beside handlers, and --help must not wait."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Lazy:
    """A module that is imported when something of it is first used."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)


_MODULES = "cli.arguments", "cli.console", "methods", "notation", "pages", "writing"
arguments, console, methods, notation, pages, writing = (Lazy(f"convergence.{name}") for name in _MODULES)
batches, laws = Lazy("convergence.stochastic.batches"), Lazy("convergence.stochastic.sampling")
first_order = Lazy("convergence.numerics.first_order")
np, sp = Lazy("numpy"), Lazy("sympy")
