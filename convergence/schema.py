"""JSON of a study, schema 3: results field by field, formulas so that they can be computed with again.

A value that JSON has no kind for is an object whose "is" names its kind: a result by its class, a formula, an array, a
number such as "inf". Runs, maps and curves are not kept: they follow from the problem, the rule and its settings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from math import isfinite
from pkgutil import walk_packages
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json as parsed

from convergence import __version__
from convergence.certificates.certificate import Certificate, read, written
from convergence.errors import BadData, BadRule
from convergence.formula_text import Letters, formula, symbols
from convergence.methods import METHODS
from convergence.problem.kept import Kept
from convergence.rule import Method

SCHEMA_VERSION = 3
"""The version of the schema that this package writes, and the only one that it reads."""

ROOMS = "theory numerics stochastic evidence certificates conventions diagnosis parts domain problem".split()  # noqa: SIM905
"""Where the classes of results stand."""

CHAPTER = ("method", "given", "hyper", "parts")
"""What a study keeps of a method."""

NAMED = 3  # errors that a message lists


@dataclass(frozen=True)
class Gap:
    """A part of a study that could not be made, and why; falsy."""

    part: str
    why: str

    def __bool__(self) -> bool:
        return False


class _File(BaseModel):
    """A file as it must be, before its results are read."""

    model_config = ConfigDict(extra="forbid", strict=True)
    schema_version: int
    package_version: str
    title: str
    letters: dict[str, dict[str, str | bool]]
    rules: dict[str, dict[str, Any]]
    problem: dict[str, Any]
    methods: list[dict[str, Any]]
    parts: dict[str, Any]
    steps: int | None


def to_json(study: Any) -> str:
    """A study as JSON text: keys in the order of the fields, a row of numbers on one line, a line end at the end."""
    writer, problem = _Writer(), study.problem
    every = slice(None, None, -(-problem.rows // Kept.SAMPLE))
    sample = {"X": problem.X[every], "y": problem.y[every]} if not isinstance(problem, Kept) else {}
    content = {
        "problem": writer.value({name: sample.get(name, getattr(problem, name)) for name in Kept.FIELDS}),
        "methods": [
            {name: writer.value(getattr(one, name)) for name in CHAPTER[:-1]} | {"parts": writer.parts(one.parts)}
            for one in study.methods
        ],
        "parts": writer.parts(study.parts),
        "steps": study.steps,
    }
    head = {"schema_version": SCHEMA_VERSION, "package_version": __version__, "title": study.title}
    return _laid_out({**head, "letters": writer.letters.table, "rules": writer.rules, **content}) + "\n"


def from_json(text: str | bytes, chapter: Callable[..., Any]) -> dict[str, Any]:
    """The fields of the study that ``to_json`` wrote. BadData, with the place, for anything else."""
    try:
        file = _File.model_validate(_read(text))
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors()[:NAMED])
        raise BadData(f"a study in JSON must have the fields of schema version {SCHEMA_VERSION}: {said}") from None
    reader = _Reader(symbols(file.letters), {name: _rule(name, rule) for name, rule in file.rules.items()})
    return {
        "title": file.title,
        "problem": reader.result(Kept, file.problem, "problem", Kept.FIELDS),
        "methods": tuple(reader.result(chapter, one, f"methods.{k}", CHAPTER) for k, one in enumerate(file.methods)),
        "parts": reader.value(file.parts, "parts"),
        "steps": file.steps,
    }


def _read(text: str | bytes) -> dict[str, Any]:
    try:
        content = parsed(text, allow_inf_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadData(f"a study in JSON must be whole, and UTF-8: {error}; was the file cut off?") from None
    if not isinstance(content, dict) or "schema_version" not in content:
        raise BadData('a study in JSON must be an object with a "schema_version"; this is something else')
    if content["schema_version"] != SCHEMA_VERSION or isinstance(content["schema_version"], bool):
        version, by = (str(content.get(name, ""))[:20] for name in ("schema_version", "package_version"))
        wrote = f"package version {by}" if by not in ("", __version__) else f"another state of version {__version__}"
        raise BadData(
            f"a study in JSON must have schema version {SCHEMA_VERSION}, got {version}: make the report anew, or read it with "
            f"what wrote it, {wrote}"
        )
    return content


class _Writer:
    """Values as JSON has them, with the letters and the rules that occur."""

    def __init__(self) -> None:
        self.letters, self.rules = Letters(), dict[str, dict[str, Any]]()
        self.text = self.letters.text

    def parts(self, parts: Mapping[str, Any]) -> dict[str, Any]:
        """Parts of a study by name; what JSON cannot hold is a gap there."""
        return {name: self._part(name, part) for name, part in parts.items()}

    def _part(self, name: str, part: Any) -> Any:
        try:
            return self.value(part)
        except TypeError as error:
            return self.value(Gap(name, str(error)))

    def value(self, x: Any) -> Any:
        """One value, and all within it."""
        match x:
            case None | bool() | str():
                return x
            case float() | np.floating():
                return float(x) if isfinite(x) else {"is": "number", "value": str(float(x))}
            case int() | np.integer() | np.bool_():
                return x.item() if isinstance(x, np.generic) else x
            case Mapping():
                return {str(key): self.value(entry) for key, entry in x.items()}
            case tuple() | list():
                return [self.value(entry) for entry in x]
        for name, kind in KINDS.items():
            if isinstance(x, kind.of):
                return {"is": name, **kind.fields(self, x)}
        if type(x) in _names():
            return {"is": _names()[type(x)], **{f.name: self.value(getattr(x, f.name)) for f in fields(x) if f.init}}
        raise TypeError(f"JSON does not keep {type(x).__name__}")

    def rule(self, method: Method) -> str:
        """The name of a method, whose rule is kept."""
        names = {"state": list(method.state), "hyper": list(method.hyper), "defaults": dict(method.defaults)}
        self.rules.setdefault(method.name, {"code": method.code, "doc": method.doc, **names})
        return method.name


class _Reader:
    """The same back."""

    def __init__(self, letters: Mapping[str, sp.Symbol], rules: Mapping[str, Method]) -> None:
        self.letters, self.rules = letters, rules

    def formula(self, text: str) -> Any:
        """A formula in the letters of the file."""
        return formula(text, self.letters)

    def value(self, x: Any, place: str) -> Any:
        """One value, and all within it."""
        if isinstance(x, list):
            return tuple(self.value(entry, f"{place}.{k}") for k, entry in enumerate(x))
        if not isinstance(x, dict):
            return x
        kind = x.get("is")
        if kind is None:
            return {key: self.value(entry, f"{place}.{key}") for key, entry in x.items()}
        if kind in _results():
            return self.result(_results()[kind], x, place)
        try:
            return KINDS[kind].value(self, x)
        except BadData as error:
            raise BadData(f"{place}: {error}") from None
        except (AttributeError, LookupError, TypeError, ValueError):
            raise BadData(f"{place}: expected a result, a formula or an array; got {str(kind)[:40]!r}") from None

    def result(self, kind: Callable[..., Any], x: Mapping[str, Any], place: str, names: tuple[str, ...] = ()) -> Any:
        """A result of its fields, all of which must be there and no others."""
        names = names or tuple(f.name for f in fields(kind) if f.init)  # type: ignore[arg-type]
        wrong = set(names) ^ (set(x) - {"is"})
        if wrong:
            raise BadData(f"{place}: {', '.join(sorted(wrong)[:NAMED])}: missing, or unknown")
        return kind(**{name: self.value(x[name], f"{place}.{name}") for name in names})


class Kind(NamedTuple):
    """Values that JSON has no kind for: the type they are ``of``, their ``fields`` in JSON, the ``value`` of such fields."""

    of: Any
    fields: Callable[[_Writer, Any], dict[str, Any]]
    value: Callable[[_Reader, Mapping[str, Any]], Any]


KINDS = {
    "method": Kind(Method, lambda w, x: {"value": w.rule(x)}, lambda r, x: r.rules[x["value"]]),
    "polynomial": Kind(
        sp.Poly,
        lambda w, x: {"value": w.text(x.as_expr()), "in": w.text(x.gen)},
        lambda r, x: sp.Poly(r.formula(x["value"]), r.formula(x["in"])),
    ),
    "matrix": Kind(
        sp.MatrixBase,
        lambda w, x: {"value": [[w.text(entry) for entry in row] for row in x.tolist()]},
        lambda r, x: sp.ImmutableMatrix([[r.formula(entry) for entry in row] for row in x["value"]]),
    ),
    "formula": Kind(sp.Basic, lambda w, x: {"value": w.text(x)}, lambda r, x: r.formula(x["value"])),
    "fraction": Kind(Fraction, lambda w, x: {"value": str(x)}, lambda r, x: Fraction(x["value"])),
    "number": Kind((), lambda w, x: {}, lambda r, x: float(x["value"])),
    "complex": Kind(
        complex | np.complexfloating,
        lambda w, x: {"value": w.value([x.real, x.imag])},
        lambda r, x: complex(*r.value(x["value"], "")),
    ),
    "array": Kind(
        np.ndarray,
        lambda w, x: {"value": w.value(x.tolist()), "shape": list(x.shape)},
        lambda r, x: np.array(r.value(x["value"], "")).reshape(x["shape"]),
    ),
    "certificate": Kind(Certificate, lambda w, x: {"value": written(x)}, lambda r, x: read(x["value"])),
}


@cache
def _results() -> dict[str, type]:
    """Classes of results by name; of several with one name the first room's, the others with their room: "theory.Loop"."""
    kinds = tuple(result_classes())
    by_room = {f"{kind.__module__.split('.')[1]}.{kind.__name__}": kind for kind in kinds}
    return {"Gap": Gap, **by_room, **{kind.__name__: kind for kind in reversed(kinds)}}


@cache
def _names() -> dict[type, str]:
    """What a file calls each class of results."""
    return {kind: name for name, kind in sorted(_results().items(), key=lambda item: "." not in item[0])}


def result_classes() -> Iterator[type]:
    """Every dataclass of the rooms that make results."""
    for name in (f"convergence.{room}" for room in ROOMS):
        path = getattr(import_module(name), "__path__", ())
        for module in (name, *(one.name for one in walk_packages(path, f"{name}."))):
            kinds = (kind for kind in vars(import_module(module)).values() if isinstance(kind, type))
            yield from (kind for kind in kinds if is_dataclass(kind) and kind.__module__ == module)


def _rule(name: str, kept: Mapping[str, Any]) -> Method:
    """The method of the catalogue, or of another rule what a file can say of it: it cannot be run."""
    if name in METHODS and METHODS[name].code == kept.get("code"):
        return METHODS[name]

    def rule(*_: Any, **__: Any) -> Any:
        raise BadRule(f"{name} was read from a file, which holds its text only: give the rule itself to run it")

    rule.__name__, rule.__doc__ = name, str(kept.get("doc"))
    try:
        defaults = tuple(kept["defaults"].items())
        return _Text(name, rule, tuple(kept["state"]), tuple(kept["hyper"]), defaults, text=str(kept["code"]))
    except (KeyError, TypeError, AttributeError):
        raise BadData(f"rules.{name}: a rule has code, doc, state, hyper and defaults") from None


@dataclass(frozen=True)
class _Text(Method):
    """A method of which only the text is known."""

    text: str = ""

    @property
    def code(self) -> str:
        """The rule as it was written."""
        return self.text


def _laid_out(content: Any) -> str:
    """JSON with a line for each entry, and one line for a list of numbers or what fits on one."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return re.sub(r"([\[{])\n\s*([^][{}]*)\n\s*([\]}])", _on_one_line, text)


def _on_one_line(block: re.Match[str]) -> str:
    line = block[1] + re.sub(r"\n\s*", " ", block[2]) + block[3]
    return line if '"' not in line or len(line) <= 100 else block[0]
