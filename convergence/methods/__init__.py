"""The catalogue: each file of this folder holds a family of update rules; ``METHODS`` finds them, simplest first."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from convergence.rule import Method


def _collected() -> dict[str, Method]:
    modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
    found = {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Method)}
    return dict(sorted(found.items(), key=lambda item: (len(item[1].state), len(item[1].hyper), item[0])))


METHODS: dict[str, Method] = _collected()
__all__ = ["METHODS"]


def __getattr__(name: str) -> Method:
    if name in METHODS:
        return METHODS[name]
    raise AttributeError(f"module {__name__!r} has no method {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *METHODS]
