"""SVG files of Matplotlib, made smaller and given words for a screen reader; they look the same."""

from __future__ import annotations

import re
from hashlib import sha256
from html import escape


def slim(svg: str, name: str, alt: str) -> str:
    """Without comments, metadata and needless digits. Identifiers carry a hash of ``name``: files may share a page."""
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # nothing refers to groups
    svg = re.sub(r"<g(?: [^>]*)?/>", "", svg)
    svg = re.sub(r' d="([^"]*)"', lambda match: f' d="{_path(match[1])}"', svg)
    svg = re.sub(r"scale\([^)]*\)|-?\d+\.\d{3,}(?![^\s\"),;])", lambda match: _rounded(match[0]), svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    svg = re.sub(r'<g( clip-path="[^"]*")?>\n((?:<use [^>]*/>\n)+)</g>', _hoisted, svg)
    svg = svg.replace("DejaVuSans", f"f{sha256(name.encode()).hexdigest()[:5]}")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)


def _path(commands: str) -> str:
    """The path's commands without spaces, and without a letter that only repeats the one before it."""
    parts: list[str] = []
    last = ""
    for letter, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", commands):
        values = " ".join(_rounded(value) for value in numbers.split())
        parts.append(f" {values}" if letter == last and letter != "M" else f"{letter}{values}")
        last = letter
    return "".join(parts)


def _rounded(number: str) -> str:
    """Two decimals: a hundredth of a point. What scales a letter keeps its digits."""
    if number.startswith("scale") or "." not in number:
        return number
    short = f"{float(number):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short


def _hoisted(match: re.Match[str]) -> str:
    """A group of markers of one style: the style is said once, by the group."""
    group, uses = match[1] or "", match[2]
    styles = re.findall(r' style="([^"]*)"', uses)
    if len(styles) < 2 or len(styles) != uses.count("<use ") or len(set(styles)) != 1:
        return match[0]
    return f'<g{group} style="{styles[0]}">\n' + uses.replace(f' style="{styles[0]}"', "") + "</g>"
