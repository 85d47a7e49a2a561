"""JSON of a study, schema 3: results field by field, formulas so that they can be computed with again.

A value that JSON has no kind for is an object whose "is" names its kind: a result by its class, a formula, an array, a
number such as "inf". Runs, maps and curves are not kept: they follow from the problem, the rule and its settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from math import isfinite
from numbers import Integral, Real
from pkgutil import walk_packages
from typing import Any, ClassVar

import numpy as np
import sympy as sp
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json as parsed

from convergence import __version__
from convergence.certificates.certificate import Certificate, read, written
from convergence.errors import BadData, BadRule
from convergence.formula_text import Letters, formula, symbols
from convergence.methods import METHODS
from convergence.problem import Quadratic
from convergence.rule import Method

SCHEMA_VERSION = 3
"""The version of the schema that this package writes, and the only one that it reads."""

ROOMS = ("theory", "numerics", "evidence", "certificates", "conventions", "diagnosis", "parts", "domain", "problem")
"""Where the classes of results stand."""

NAMED = 3  # errors that a message lists


@dataclass(frozen=True)
class Gap:
    """A part of a study that could not be made, and why; falsy."""

    part: str
    why: str

    def __bool__(self) -> bool:
        return False


class Kept(Quadratic):
    """A quadratic read from a file: its spectrum, directions, minimiser and a sample of its rows."""

    FIELDS = (
        *("columns", "preparation", "scale", "loss_name", "singular_values", "curvatures", "directions", "rank"),
        *("minimizer", "minimum", "X", "y", "rows"),
    )
    SAMPLE: ClassVar[int] = 500

    def __init__(self, **values: Any) -> None:
        self._rows = values.pop("rows")
        self._set(**values)

    @property
    def rows(self) -> int:
        """The number of rows of the data, of which a sample is kept."""
        return int(self._rows)

    def loss(self, w: Any) -> Any:
        """The loss at w (…, d), as (…)."""
        return self.minimum + 0.5 * ((w - self.minimizer) * self.grad(w)).sum(axis=-1)

    def grad(self, w: Any) -> Any:
        """The gradient at w (…, d), as (…, d)."""
        return ((w - self.minimizer) @ self.directions * self.curvatures) @ self.directions.T


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
    writer = _Writer()
    problem = study.problem
    every = slice(None, None, -(-problem.rows // Kept.SAMPLE))
    sample = {"X": problem.X[every], "y": problem.y[every]} if not isinstance(problem, Kept) else {}
    kept = {name: writer.value(sample.get(name, getattr(problem, name))) for name in Kept.FIELDS}
    methods = [
        {"method": writer.value(one.method), "given": writer.value(one.given), "hyper": writer.value(one.hyper)}
        | {"parts": {name: writer.part(name, part) for name, part in one.parts.items()}}
        for one in study.methods
    ]
    parts = {name: writer.part(name, part) for name, part in study.parts.items()}
    content = {"problem": kept, "methods": methods, "parts": parts, "steps": study.steps}
    head = {"schema_version": SCHEMA_VERSION, "package_version": __version__, "title": study.title}
    return _laid_out({**head, "letters": writer.letters.table, "rules": writer.rules, **content}) + "\n"


def from_json(text: str | bytes, chapter: Callable[..., Any]) -> dict[str, Any]:
    """The fields of the study that ``to_json`` wrote. BadData, with the place, for anything else."""
    found = _read(text)
    try:
        file = _File.model_validate(found)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors()[:NAMED])
        raise BadData(f"a study in JSON must have the fields of schema version {SCHEMA_VERSION}: {said}") from None
    reader = _Reader(symbols(file.letters), {name: _rule(name, rule) for name, rule in file.rules.items()})
    if set(file.problem) != set(Kept.FIELDS):
        raise BadData(f"a study's problem has the fields {', '.join(Kept.FIELDS)}; got {', '.join(file.problem)[:99]}")
    problem = Kept(**{name: reader.value(value, f"problem.{name}") for name, value in file.problem.items()})
    methods = tuple(
        reader.made(chapter, one, f"methods.{k}", ("method", "given", "hyper", "parts"))
        for k, one in enumerate(file.methods)
    )
    parts = {name: reader.value(part, f"parts.{name}") for name, part in file.parts.items()}
    return {"title": file.title, "problem": problem, "methods": methods, "parts": parts, "steps": file.steps}


def _read(text: str | bytes) -> dict[str, Any]:
    try:
        found = parsed(text, allow_inf_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadData(f"a study in JSON must be whole, and UTF-8: {error}; was the file cut off?") from None
    if not isinstance(found, dict) or "schema_version" not in found:
        raise BadData('a study in JSON must be an object with a "schema_version"; this is something else')
    if found["schema_version"] != SCHEMA_VERSION or isinstance(found["schema_version"], bool):
        version, by = str(found["schema_version"])[:20], str(found.get("package_version", "not named"))[:20]
        raise BadData(
            f"a study in JSON must have schema version {SCHEMA_VERSION}, got {version}; make the report anew, or read it "
            f"with the package version that wrote it ({by})"
        )
    return found


class _Writer:
    """Values as JSON has them, with the letters and the rules that occur."""

    def __init__(self) -> None:
        self.letters, self.rules = Letters(), dict[str, dict[str, Any]]()

    def part(self, name: str, value: Any) -> Any:
        """A part of a study; what JSON cannot hold is a gap there."""
        try:
            return self.value(value)
        except TypeError as error:
            return self.value(Gap(name, str(error)))

    def value(self, x: Any) -> Any:
        """One value, and all within it."""
        match x:
            case None | bool() | str():
                return x
            case np.bool_():
                return bool(x)
            case Method():
                return self._method(x)
            case sp.Poly():
                return {"is": "polynomial", "value": self.letters.text(x.as_expr()), "in": self.letters.text(x.gen)}
            case sp.MatrixBase():
                return {"is": "matrix", "value": [[self.letters.text(e) for e in x.row(k)] for k in range(x.rows)]}
            case sp.Basic():
                return {"is": "formula", "value": self.letters.text(x)}
            case Fraction():
                return {"is": "fraction", "value": str(x)}
            case Integral():
                return int(x)
            case Real():
                return float(x) if isfinite(x) else {"is": "number", "value": str(float(x))}
            case complex() | np.complexfloating():
                return {"is": "complex", "value": [self.value(float(x.real)), self.value(float(x.imag))]}
            case np.ndarray():
                return {"is": "array", "value": self.value(x.tolist()), "shape": list(x.shape)}
            case Mapping():
                return {str(key): self.value(entry) for key, entry in x.items()}
            case tuple() | list():
                return [self.value(entry) for entry in x]
        if isinstance(x, Certificate):
            return {"is": "certificate", "value": written(x)}
        if is_dataclass(x) and _results().get(type(x).__name__) is type(x):
            return {"is": type(x).__name__, **{f.name: self.value(getattr(x, f.name)) for f in fields(x) if f.init}}
        raise TypeError(f"JSON does not keep {type(x).__name__}")

    def _method(self, method: Method) -> dict[str, Any]:
        if method.name not in self.rules:
            names = {"state": list(method.state), "hyper": list(method.hyper), "defaults": dict(method.defaults)}
            self.rules[method.name] = {"code": method.code, "doc": method.doc, **names}
        return {"is": "method", "value": method.name}


class _Reader:
    """The same back."""

    def __init__(self, letters: Mapping[str, sp.Symbol], rules: Mapping[str, Method]) -> None:
        self.letters, self.rules = letters, rules

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
            return self.made(_results()[kind], x, place)
        try:
            return getattr(self, f"_{kind}")(x, place)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, BadData):
                raise BadData(f"{place}: {error}") from None
            raise BadData(f"{place}: expected a result, a formula or an array; got {str(kind)[:40]!r}") from None

    def made(self, kind: Callable[..., Any], x: Mapping[str, Any], place: str, names: tuple[str, ...] = ()) -> Any:
        """A result of its fields, all of which must be there and no others."""
        names = names or tuple(f.name for f in fields(kind) if f.init)  # type: ignore[arg-type]
        wrong = set(names) ^ (set(x) - {"is"})
        if wrong:
            raise BadData(f"{place}: {', '.join(sorted(wrong)[:NAMED])}: missing, or unknown")
        return kind(**{name: self.value(x[name], f"{place}.{name}") for name in names})

    def _formula(self, x: Mapping[str, Any], place: str) -> Any:
        return formula(x["value"], self.letters)

    def _polynomial(self, x: Mapping[str, Any], place: str) -> Any:
        return sp.Poly(formula(x["value"], self.letters), formula(x["in"], self.letters))

    def _matrix(self, x: Mapping[str, Any], place: str) -> Any:
        return sp.ImmutableMatrix([[formula(entry, self.letters) for entry in row] for row in x["value"]])

    def _fraction(self, x: Mapping[str, Any], place: str) -> Fraction:
        return Fraction(x["value"])

    def _number(self, x: Mapping[str, Any], place: str) -> float:
        return float(x["value"])

    def _complex(self, x: Mapping[str, Any], place: str) -> complex:
        real, imaginary = (self.value(part, place) for part in x["value"])
        return complex(real, imaginary)

    def _array(self, x: Mapping[str, Any], place: str) -> Any:
        return np.array(self.value(x["value"], place)).reshape(x["shape"])

    def _certificate(self, x: Mapping[str, Any], place: str) -> Any:
        return read(x["value"])

    def _method(self, x: Mapping[str, Any], place: str) -> Method:
        return self.rules[x["value"]]


@cache
def _results() -> dict[str, type]:
    """Classes of results by name: every frozen dataclass of the rooms that make results."""
    found: dict[str, type] = {"Gap": Gap}
    for room in ROOMS:
        for module in _modules(room):
            kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and is_dataclass(kind)]
            found = {kind.__name__: kind for kind in kinds if kind.__module__ == module.__name__} | found
    return found


def _modules(room: str) -> list[Any]:
    package = import_module(f"convergence.{room}")
    below = walk_packages(getattr(package, "__path__", ()), f"convergence.{room}.")
    return [package, *(import_module(one.name) for one in below)]


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


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON with a line for each entry, and one line for a list without objects in it."""
    inner = indent + " "
    if isinstance(value, dict) and value and not _short(value):
        lines = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(entry, inner)}" for key, entry in value.items()]
    elif isinstance(value, list) and any(isinstance(entry, list | dict) for entry in value) and not _short(value):
        lines = [_laid_out(entry, inner) for entry in value]
    else:
        return json.dumps(value, ensure_ascii=False)
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{inner}" + f",\n{inner}".join(lines) + f"\n{indent}{last}"


def _short(value: Any) -> bool:
    return len(json.dumps(value, ensure_ascii=False)) <= 100
