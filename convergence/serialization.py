"""A study goes in, JSON comes out, and the same study again from that; the schema says what stands in it.

Numbers have all their digits. What JSON has no number for is written as "Infinity", "-Infinity" and "NaN".
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from convergence.errors import BadData
from convergence.results import Findings

Kind = TypeVar("Kind", bound=Findings)

SCHEMA_VERSION = 2
"""The version of the schema that this package writes, and the only one that it reads."""

_WORDS = ["Infinity", "-Infinity", "NaN"]
_NAMED = 3  # errors that a message lists


def to_json(study: Findings) -> str:
    """The study as JSON text: keys in the order of the fields, a row of numbers on one line, a line end at the end."""
    return _laid_out(json.loads(_adapter(cast(Any, type(study))).dump_json((study,)))[0]) + "\n"


def from_json(text: str | bytes, kind: type[Kind]) -> Kind:
    """The study that ``to_json`` wrote, as this kind of Findings.

    Raises ``BadData`` for text that is not JSON, for another version of the schema, and for fields that are missing,
    unknown or of the wrong kind; the message says where.
    """
    _require_version(_parsed(text))
    try:
        study: Kind = _adapter(cast(Any, kind)).validate_json(
            b"[" + (text.encode() if isinstance(text, str) else text) + b"]"
        )[0]
    except ValidationError as error:
        found = "; ".join(_place(one["loc"], one["msg"]) for one in error.errors()[:_NAMED])
        more = f"; and {error.error_count() - _NAMED} more" if error.error_count() > _NAMED else ""
        raise BadData(
            f"a study in JSON must have the fields of schema version {SCHEMA_VERSION}: {found}{more}"
        ) from None
    return study


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a study."""
    schema = _adapter(Findings).json_schema(schema_generator=_Schema)
    (study,) = schema.pop("prefixItems")
    definitions = schema["$defs"]
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **definitions.pop(study["$ref"].rpartition("/")[2]),
        "$defs": definitions,
    }


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """The tuple around the study is there because a dataclass takes its configuration only from what holds it."""
    return TypeAdapter(tuple[kind], config=ConfigDict(extra="forbid", ser_json_inf_nan="strings"))


class _Schema(GenerateJsonSchema):
    """Floats may be words too."""

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), {"enum": _WORDS}]}


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except UnicodeDecodeError:
        raise BadData("a study in JSON must be UTF-8 text, and this is not; was another file named?") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadData(f"a study in JSON must be whole: {error.msg} at {place}; was the file cut off?") from None


def _require_version(found: Any) -> None:
    if not isinstance(found, dict) or "schema_version" not in found:
        raise BadData('a study in JSON must be an object with a "schema_version"; this is something else')
    version = found["schema_version"]
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BadData(
            f"a study in JSON must have schema version {SCHEMA_VERSION}, got {version!r}; "
            f"read it with the package version that wrote it ({found.get('package_version', 'not named')})"
        )


def _place(location: tuple[int | str, ...], message: str) -> str:
    return f"{'.'.join(str(part) for part in location[1:]) or 'the whole'}: {message[:1].lower()}{message[1:]}"


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON with a line for each entry, and one line for a list without lists or objects in it."""
    inner = indent + " "
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(entry, inner)}" for key, entry in value.items()]
    elif isinstance(value, list) and any(isinstance(entry, list | dict) for entry in value):
        lines = [_laid_out(entry, inner) for entry in value]
    else:
        return json.dumps(value, ensure_ascii=False)
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{inner}" + f",\n{inner}".join(lines) + f"\n{indent}{last}"
