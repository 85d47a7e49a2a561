"""What a kind of check consists of, and how wrong theory is made for its controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from convergence.evidence.check import Check, Control
from convergence.evidence.setting import Setting

FAULT = 0.01
"""How far off deliberately wrong theory is: one per cent."""

Claims = Any
"""What the theory says, in the form that one kind of check understands."""


@dataclass(frozen=True)
class Kind:
    """A kind of check: its ``claims`` (theory), its ``checks`` (claims held against what is seen), and ``faults``.

    ``faults`` returns claims that are wrong on purpose, each with its name; the same checks must reject every one. ``of_run``:
    the checks look at runs, and not at the rule or the literature alone.
    """

    name: str
    claims: Callable[[Setting], Claims]
    checks: Callable[[Setting, Claims], Sequence[Check]]
    faults: Callable[[Setting, Claims], Sequence[tuple[str, Claims]]]
    of_run: bool = True

    def control(self, setting: Setting, fault: str, wrong: Claims) -> Control:
        """Whether at least one check of this kind rejects claims that are wrong on purpose."""
        made = [check for check in self.checks(setting, wrong) if check.passed is not None]
        if not made:
            return Control(self.name, fault, None, None, None)
        worst = max(made, key=_excess)
        return Control(self.name, fault, worst.error, worst.tolerance, any(check.passed is False for check in made))


def _excess(check: Check) -> float:
    return (check.error or 0.0) / max(check.tolerance or 0.0, 1e-300)
