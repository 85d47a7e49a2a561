"""The pages of theorems: what the package derives of each method in this build, how, what checks it, and who published it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import sympy as sp
from joblib import Parallel, delayed
from sphinx.application import Sphinx
from sphinx.config import Config

import convergence as cv
from convergence import notation
from convergence.evidence import literature
from convergence.pages.markdown import capital, code, display, equals, escaped, listing, maths, prose, shown

SPECTRUM = [1.0, 10.0]
"""The curvatures of the runs that check the theorems."""


LONG = 500
"""Letters of LaTeX that a line holds."""

INTRODUCTION = f"""# Theorems

Every statement that the package derives of a method of its catalogue: derived anew from the rule when this page was built,
checked against runs of the rule on curvatures {SPECTRUM[0]:g} and {SPECTRUM[1]:g}, and set beside what is published.
λ is a curvature (μ and L the smallest and the largest), η the learning rate, β the momentum; the letters of each method are
those of its own page. For a rule of your own, the same functions answer.

| method | largest stable learning rate | best rate over [μ, L] | amplitude of its cycle | published results |
| --- | --- | --- | --- | ---: |
"""

SAME = """
## Methods that are one

Two methods with the same transfer function from gradients to positions have the same theorems in other letters
(`cv.equivalences`):
"""

HEAD = """---
orphan: true
---

[Theorems](index.md)

"""


@dataclass(frozen=True)
class Statement:
    """One theorem of a method: what it says, by what it is derived, which kinds of check hold it, and what is published."""

    title: str
    says: Callable[[cv.Method], Iterator[str]]
    derivation: str
    checks: tuple[str, ...] = ()
    published: tuple[str, ...] = ()


def dynamics(m: cv.Method) -> Iterator[str]:
    system = cv.derive(m)
    limit = ", the limit of those at each time" if system.clock else ""
    state = ", ".join(map(code, system.state))
    yield f"One step multiplies the deviation of the state ({state}) from rest by this matrix{limit}."
    if not system.linear:
        yield "The rule is not linear: this is its linearisation there, and what follows holds near it."
    yield display(system.matrix)
    yield "Its characteristic polynomial:"
    yield display(system.characteristic)


def rest(m: cv.Method) -> Iterator[str]:
    if linear(m):
        share = sp.factor(cv.derive(m).rest[0])
        yield "At the minimiser." if share == 1 else f"At this part of the minimiser's coordinate: {maths(share)}."
        return
    found = cv.rests(m)
    if found.kind == "none":
        raise cv.NotLinear(found.reason)
    if str(found.position) == "w":
        yield "At the minimiser" + (f", for each value of {code(found.held)}." if found.kind == "line" else ".")
    else:
        yield "With the minimiser at w, its coordinate, at"
        yield display(found.position)
    if found.kind == "box":
        yield f"It stays within ±{maths(found.wall)}, wherever the minimiser is."
    if found.kind != "point" and found.lr_max is not None:
        yield "The largest stable learning rate there" + ("" if found.decided else " (where it was tried)") + ":"
        yield display(found.lr_max)


def region(m: cv.Method) -> Iterator[str]:
    found = cv.stability(m)
    yield "Exactly where " + ", ".join(map(maths, found.conditions)) + "."
    if found.lr_max is not None:
        how = "" if found.decided else " (where it was tried)"
        yield f"The largest stable learning rate{how}:"
        yield display(found.lr_max)


def regimes(m: cv.Method) -> Iterator[str]:
    found = cv.regimes(m)
    if found.repeated is None:
        raise cv.NotLinear("There is no formula in square roots; `at` has the numbers.")
    for kind, words in (("real", "monotone"), ("repeated", "critically damped"), ("complex", "rippling")):
        yield f"- {words}, {kind} eigenvalues: {maths(getattr(found, kind))}"


def optimum(m: cv.Method) -> Iterator[str]:
    found = cv.optimum(m)
    if not found.exact:
        raise cv.NotLinear(f"There is no closed form{': ' + found.note if found.note else ''}.")
    for piece in found.pieces:
        where = (
            ""
            if len(found.pieces) == 1
            else "Else t"
            if piece.condition == sp.true
            else f"Where {maths(piece.condition)}, t"
        )
        settings = ", ".join(str(equals(m.symbols[n], v)) for n, v in piece.hyper.items() if v != m.symbols[n])
        yield f"{where or 'T'}he smallest rate over curvatures from μ to L has {settings}:"
        yield display(rf"\rho = {notation.latex(piece.rate)}")
        if piece.plateau:
            yield f"Every learning rate in {maths(piece.plateau)} is as good."
    proof = cv.certify_formula(m) if linear(m) else None
    if proof and proof.holds:
        again = "; gone through again in fractions alone: " + ("holds" if cv.recheck(proof) else "**FAILS**")
        yield f"*Proven* for every κ > 1 (`cv.certify_formula`){again}."


def floor(m: cv.Method) -> Iterator[str]:
    found = cv.noise_floor(m)
    first = "" if found.linear else ", to first order in the noise"
    yield f"Under gradient noise of variance 1 along the direction{first}, the position settles with"
    yield display(rf"\mathrm{{E}}\, x^2 = {notation.latex(found.variance)}")
    for point, value in found.points.items():
        if value != found.variance:
            yield f"At {code(point)}, where the gradient is asked, the variance is {maths(value)}."


@cache
def mirrored(m: cv.Method) -> list[cv.Cycle]:
    return cv.cycles(m)


def brief(condition: Any) -> str:
    long = len(notation.latex(condition)) > LONG
    return "conditions hold that no line can hold: `.attracting`" if long else str(maths(condition))


def edge(m: cv.Method) -> Iterator[str]:
    if not linear(m):
        yield "It divides by a part of its state, P. While that hardly moves, it is stable where P⁻¹H has no eigenvalue above"
        yield display(cv.preconditioned_edge(m))


def cycles(m: cv.Method) -> Iterator[str]:
    if linear(m):
        return
    found = mirrored(m)
    if not found:
        raise cv.NotLinear("No 2-cycle mirrors itself about the minimiser and is alone.")
    for cycle in found:
        yield "The 2-cycle that mirrors itself about the minimiser has the amplitude"
        yield display(cycle.amplitude)
        yield f"- it exists where {maths(cycle.exists)}"
        where = "" if cycle.attracting is None else f"it attracts where {brief(cycle.attracting)}"
        yield f"- {where or 'the rule has no derivative there'}"


def invariances(m: cv.Method) -> Iterator[str]:
    for entry in cv.invariances(m).entries:
        mended = ", ".join(f"{code(name)} times {maths(by)}" for name, by in entry.hyper.items())
        answer = f"- {entry.change}: {'not felt' if entry.holds else 'felt'} ({escaped(entry.proof)})"
        yield answer + (f"; made up for by {mended} ({escaped(entry.restored)})" if mended else "")


STATEMENTS = (
    Statement(
        "What one step does",
        dynamics,
        "the rule was run on symbols, with an unknown for each gradient, and closed with the gradient of a parabola "
        "(`cv.derive`)",
        ("iterates", "eigenvalues", "steps"),
    ),
    Statement(
        "Where it rests",
        rest,
        "the states that a step leaves as they are, solved from the matrix or the rule's own equations (`cv.rests`)",
        published=(literature.REST,),
    ),
    Statement(
        "Where it is stable",
        region,
        "the conditions of Schur and Cohn on the characteristic polynomial, decided in each cell between competing "
        "formulas (`cv.stability`)",
        ("edge of stability",),
        (literature.BOUND,),
    ),
    Statement(
        "How it is damped",
        regimes,
        "the sign of the discriminant of the characteristic polynomial, between its roots in the learning rate (`cv.regimes`)",
    ),
    Statement(
        "Its best settings",
        optimum,
        "critical points and corners of the largest spectral radius over [μ, L], compared in each cell between them "
        "(`cv.optimum`)",
        ("optimum",),
        (literature.OPTIMAL, literature.STANDARD),
    ),
    Statement(
        "Its noise floor",
        floor,
        "the Lyapunov equation of the second moments, solved in symbols (`cv.noise_floor`)",
        published=(literature.FLOOR,),
    ),
    Statement(
        "Its edge while it adapts slowly",
        edge,
        "the one divisor that depends on the state, read off the rule, held, and the rest judged as a linear method "
        "(`cv.frozen`, `cv.preconditioned_edge`)",
    ),
    Statement(
        "Its cycles",
        cycles,
        "the fixed points of the step followed by the rule's own mirror symmetry, judged by the same conditions "
        "(`cv.cycles`)",
    ),
    Statement(
        "What it does not feel",
        invariances,
        "the run on the changed problem (the loss, all coordinates or each of them in other units, a rotation, …) is to be "
        "the changed run: on symbols, or refuted by two runs (`cv.invariances`)",
    ),
)


def chapter(name: str) -> str:
    """The page of one method."""
    m = cv.METHODS[name]
    verified = attempted(lambda: checks_of(m))
    parts = [
        f"{HEAD}# {capital(m.title)}",
        *(str(prose(part)) for part in m.doc.split("\n\n")),
        str(listing(m.code, "python")),
    ]
    refused: dict[str, list[str]] = {}
    for statement in STATEMENTS:
        said = attempted(lambda statement=statement: list(statement.says(m)))
        if isinstance(said, cv.ConvergenceError):
            refused.setdefault(str(said), []).append(statement.title)
        if isinstance(said, cv.ConvergenceError) or not said:
            continue
        grounds = [f"- *Derived:* {statement.derivation}."]
        if not isinstance(verified, cv.ConvergenceError):
            grounds += [f"- *Checked:* {line}" for line in checked(verified, statement.checks)]
            entries = [entry for entry in literature.published(name) if entry.kind in statement.published]
            grounds += [f"- *Published:* {source(entry, verified)}" for entry in entries]
        parts += [f"## {statement.title}", blocks(said), "\n".join(grounds)]
    if refused:
        parts += [
            "## What is not derived",
            *(f"{', '.join(titles)}: {escaped(why)}" for why, titles in refused.items()),
        ]
    return "\n\n".join(parts) + "\n"


def linear(m: cv.Method) -> bool:
    derived = attempted(lambda: cv.derive(m))
    return not isinstance(derived, cv.ConvergenceError) and bool(derived.linear)


def checks_of(m: cv.Method) -> Any:
    """The checks on runs; a rule that is not linear has next to none, and its refusal stands for all."""
    if not linear(m):
        raise cv.NotLinear("runs do not follow a linearisation closely enough to hold it")
    return cv.verify(SPECTRUM, m)


def attempted(make: Callable[[], Any]) -> Any:
    """What it makes, or the refusal in words."""
    try:
        return make()
    except cv.ConvergenceError as refusal:
        return refusal


def blocks(lines: list[str]) -> str:
    """Paragraphs apart, entries of a list together."""
    listed = [line.startswith("- ") for line in lines]
    gaps = ("\n" if before and now else "\n\n" for before, now in pairwise([False, *listed]))
    return "".join(gap + str(line) for gap, line in zip(gaps, lines, strict=True)).strip()


def checked(verified: Any, kinds: tuple[str, ...]) -> Iterator[str]:
    """The checks of these kinds on runs, with their tolerances, and how many deliberate faults were rejected."""
    for check in (one for one in verified.checks if one.kind in kinds):
        verdict = "not made" if check.passed is None else "holds" if check.passed else "**FAILS**"
        apart = (
            "" if check.error is None else f", apart by {shown(check.error, 2)}, allowed {shown(check.tolerance, 2)}"
        )
        yield f"{prose(check.claim)}: {verdict}{apart} ({prose(check.why)})."
    faults = [one for one in verified.controls if one.kind in kinds and one.rejected is not None]
    if faults:
        yield f"{sum(one.rejected for one in faults)} of {len(faults)} deliberate faults rejected."


def source(entry: literature.Published, verified: Any) -> str:
    """What is published, and whether what was derived is the same."""
    (check,) = (
        one for one in verified.checks if one.kind == "published" and f"{entry.kind}: {entry.claim} (" in one.claim
    )
    verdict = "what was derived is the same" if check.passed else "**what was derived is something else**"
    change = f" Carried over: {prose(entry.change)}." if entry.change else ""
    return f"{escaped(entry.claim)} ({escaped(entry.source)}): {verdict} ({prose(check.why)}).{change}"


def index(rows: list[str]) -> str:
    """The table of all methods, and the classes of those that are one."""
    same = [[cv.METHODS[name].title for name in members] for members in cv.equivalences().classes if len(members) > 1]
    return INTRODUCTION + "\n".join([*rows, SAME, *(f"- {', '.join(titles)}" for titles in same)]) + "\n"


def row(name: str) -> str:
    m = cv.METHODS[name]
    known = len(literature.published(name)) or "–"
    return f"| [{capital(m.title)}]({name}.md) | {cell(m, bound)} | {cell(m, best)} | {cell(m, circling)} | {known} |"


def bound(m: cv.Method) -> Any:
    return cv.stability(m).lr_max


def best(m: cv.Method) -> Any:
    found = cv.optimum(m)
    return found.rate if found.exact and len(found.pieces) == 1 else None


def circling(m: cv.Method) -> Any:
    found = mirrored(m)
    return found[0].amplitude if found else None


def cell(m: cv.Method, value: Callable[[cv.Method], Any]) -> str:
    found = attempted(lambda: value(m))
    return "–" if found is None or isinstance(found, cv.ConvergenceError) else str(shown(found))


def derived(name: str) -> tuple[str, str]:
    """The page of a method, and its row in the table."""
    return chapter(name), row(name)


def write(app: Sphinx, config: Config) -> None:
    """Derive anew where the package has changed since the pages were written."""
    folder = Path(app.srcdir) / "generated" / "theorems"
    sources = [*Path(cv.__file__).parent.rglob("*.py"), Path(__file__)]
    written = folder / "index.md"
    if written.is_file() and written.stat().st_mtime > max(file.stat().st_mtime for file in sources):
        return
    folder.mkdir(parents=True, exist_ok=True)
    made = Parallel(n_jobs=2)(delayed(derived)(name) for name in cv.METHODS)
    for name, (page, _) in zip(cv.METHODS, made, strict=True):
        (folder / f"{name}.md").write_text(page, encoding="utf-8")
    written.write_text(index([entry for _, entry in made]), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
