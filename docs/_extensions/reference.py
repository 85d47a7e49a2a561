"""The pages of the reference: one for each public name, and for each class of results that a public function returns."""

import importlib
import inspect
import shutil
from collections import defaultdict
from pathlib import Path
from types import FunctionType, ModuleType

from sphinx.application import Sphinx
from sphinx.config import Config

import convergence as cv

INTRODUCTION = """# All names

Every public name, and what it returns, with its docstring. By question, with examples beside each other:
[Functions](../../functions.md).
"""

HEAD = """---
orphan: true
---

[All names](index.md)

"""
"""Of a page that the contents leave out: with each name in the sidebar of each page, most of the build is sidebars."""


def results() -> dict[str, str]:
    """Name of a class that public functions return, and that is not public itself -> where it is."""
    found = {}
    for function in (inspect.unwrap(getattr(cv, name)) for name in cv.__all__):
        if inspect.isfunction(function):
            value = function.__globals__.get(str(function.__annotations__.get("return")))
            if (
                inspect.isclass(value)
                and value.__module__.startswith("convergence.")
                and value.__name__ not in cv.__all__
            ):
                found[value.__name__] = f"{value.__module__}.{value.__name__}"
    return found


def links() -> dict[str, str]:
    """Name of a class in a docstring's sections -> the page that it is explained on."""
    return results() | {name: f"convergence.{name}" for name in cv.__all__ if inspect.isclass(getattr(cv, name))}


def rooms() -> dict[str, list[str]]:
    """Room of the package -> the full names of what is documented there."""
    found = defaultdict(list)
    for name in cv.__all__:
        value = getattr(cv, name)
        module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        room = module if module.startswith("convergence.") else "convergence.domain"
        found[".".join(room.split(".")[:2])].append(f"convergence.{name}")
    for place in results().values():
        found[".".join(place.split(".")[:2])].append(place)
    return {room: sorted(found[room], key=lambda place: place.rpartition(".")[2].lower()) for room in sorted(found)}


def page(place: str) -> str:
    """The page of one name."""
    module, _, name = place.rpartition(".")
    value = getattr(importlib.import_module(module), name)
    if isinstance(value, ModuleType):
        return f"{HEAD}# {place}\n\n```{{eval-rst}}\n.. automodule:: {place}\n   :members:\n```\n"
    kind = "class" if inspect.isclass(value) else "function" if callable(value) else "data"
    lines = [f".. currentmodule:: {module}", "", f".. auto{kind}:: {name}"]
    if kind == "class":
        lines += [f"\n   .. auto{of}:: {member}" for member, of in members(value)]
    lines += ["", f".. minigallery:: convergence.{name}"]
    return f"{HEAD}# {name}\n\n```{{eval-rst}}\n" + "\n".join(lines) + "\n```\n"


def members(value: type) -> list[tuple[str, str]]:
    """The public methods and properties that a class of the package says something about, each with its kind."""
    found = [(name, inspect.getattr_static(value, name)) for name in dir(value) if not name.startswith("_")]
    kinds = [(name, "property" if isinstance(what, property) else "method", function(what)) for name, what in found]
    return [(name, kind) for name, kind, made in kinds if made and (made.__doc__ or "").strip()]


def function(member: object) -> FunctionType | None:
    """The function of the package that a member of a class is made of, if it is."""
    inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return inner if isinstance(inner, FunctionType) and inner.__module__.startswith("convergence.") else None


def index() -> str:
    parts = [INTRODUCTION]
    for room, places in rooms().items():
        title = (importlib.import_module(room).__doc__ or room).strip().splitlines()[0].rstrip(".")
        listed = "\n".join(f"   ~{place}" for place in places)
        parts.append(f"## {title}\n\n```{{eval-rst}}\n.. autosummary::\n\n{listed}\n```\n")
    return "\n".join(parts)


def write(app: Sphinx, config: Config) -> None:
    """Write what has changed, so that only that is read again."""
    folder = Path(app.srcdir) / "generated" / "api"
    pages = {"index.md": index()} | {f"{place}.md": page(place) for places in rooms().values() for place in places}
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        if file.name not in pages:
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    for name, text in pages.items():
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
