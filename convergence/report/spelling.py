"""What the writers of all formats share: a number's digits in groups, and a Jinja2 environment over the templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def grouped(digits: str, space: str) -> str:
    """Whole digits in groups of three once there are five: 12 345."""
    whole, point, rest = digits.partition(".")
    return (re.sub(r"(?<=\d)(?=(?:\d{3})+$)", space, whole) if len(whole.lstrip("-")) > 4 else whole) + point + rest


def environment(filters: Mapping[str, Callable[..., Any]], **syntax: Any) -> Environment:
    """The templates of this package, with a format's own filters; ``kind`` names a block's class."""
    made = Environment(
        loader=PackageLoader("convergence.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **syntax,
    )
    made.filters.update(kind=lambda block: type(block).__name__, ord=ord, **filters)
    return made
