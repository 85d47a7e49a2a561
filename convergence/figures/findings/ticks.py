"""An axis goes in; its tick labels come out as plain Unicode text: setting each as mathematics is half of a figure's time."""

from __future__ import annotations

import re

from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatterSciNotation, ScalarFormatter

RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class PlainPowers(LogFormatterSciNotation):
    """10⁻³ and 2×10⁻³, as the formatter of logarithmic axes writes them."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        label = str(super().__call__(x, pos)).strip("$").replace(r"\mathdefault", "").replace(r"\times", "×")
        plain = re.sub(r"\^\{(.*?)\}", lambda power: power[1].translate(RAISED), label)
        return plain.replace("{", "").replace("}", "")


class PlainNumbers(ScalarFormatter):
    """Numbers, with a common power of ten beside the axis written ×10⁻⁴."""

    def get_offset(self) -> str:
        return re.sub(r"^1e(.+)$", lambda power: "×10" + power[1].translate(RAISED), super().get_offset())


def plain_powers(axis: Axis) -> None:
    """Label a logarithmic axis in plain text; minor ticks only where it spans less than a decade."""
    axis.set_major_formatter(PlainPowers())
    axis.set_minor_formatter(PlainPowers(labelOnlyBase=False, minor_thresholds=(1, 0.4)))


def plain_numbers(axis: Axis) -> None:
    """Label a linear axis in plain text."""
    axis.set_major_formatter(PlainNumbers())
