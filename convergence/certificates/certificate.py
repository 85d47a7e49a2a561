"""The certificate: what a file of a proof must look like. What is not named is refused, and nothing believed before ``check``.

Numbers are fractions in strings; of a number field, or in t, lists of them: the coefficients of θ⁰, θ¹, … or t⁰, t¹, …
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from convergence.errors import BadData

SCHEMA: Literal["convergence certificate 4"] = "convergence certificate 4"
"""The first entry of a certificate, and the only kind that is read."""

LONGEST = 50_000_000
"""A file with more characters than this is not read."""

Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Fractional = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,2000}(/[1-9][0-9]{0,1999})?$")]
Number = Annotated[tuple[Fractional, ...], Field(min_length=1, max_length=64)]
Powers = Annotated[tuple[Number, ...], Field(min_length=1, max_length=64)]
Row = Annotated[tuple[Fractional, ...], Field(min_length=1, max_length=32)]
Ratio = tuple[Number, Number]
Drawn = Literal["replacement", "step"]
Place = Annotated[int, Field(ge=0, le=10_000)]
Weight = Annotated[int, Field(gt=0, le=2**64)]
Leaf = Annotated[tuple[tuple[Place, Weight], ...], Field(min_length=1)]


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Theta(_Kept):
    """θ: the only root of a monic polynomial between two fractions."""

    modulus: Number
    low: Fractional
    high: Fractional


class Beyond(_Kept):
    """t: any number above a fraction."""

    start: Fractional


class Sign(_Kept):
    """Why a polynomial in λ has one sign on the interval: Bernstein coefficients between the ``cuts`` (of [0, 1]) show it.

    ``place`` counts what the rule divides by, and then the conditions. Where there is a ``square``, a factor and a rest, the
    polynomial is factor²·rest, and it is the rest that has the sign.
    """

    place: Place
    cuts: tuple[Fractional, ...] = ()
    square: tuple[Powers, Powers] | None = None


class Product(_Kept):
    """A product of inequalities, at these places, and its multiplier, a number or a polynomial in t."""

    places: Annotated[tuple[Place, ...], Field(min_length=1, max_length=8)]
    multiplier: Number


class Bound(_Kept):
    """side · variable ≤ value: else the products add up to a contradiction. The last inequality is side · variable − value."""

    variable: Name
    side: Literal[1, -1]
    value: Fractional
    products: tuple[Product, ...]


class _Below(_Kept):
    """Nothing is below the lower bound: what holds at these curvatures wherever the radius is below it is contradictory."""

    curvatures: Annotated[tuple[Number, ...], Field(min_length=1, max_length=100)]


class Identity(_Below):
    """Products of the conditions add up to what is not positive."""

    products: tuple[Product, ...]


class Boxes(_Below):
    """So do the conditions on each leaf of a tree that halves a box, which the ``bounds`` prove to hold all hyperparameters.

    Depth first: a split is its axis, a leaf has the places of inequalities and their weights.
    """

    bounds: tuple[Bound, ...]
    tree: Annotated[tuple[Place | Leaf, ...], Field(min_length=1)]


class _Claim(_Kept):
    schema_name: Literal["convergence certificate 4"] = Field(alias="schema", default=SCHEMA)
    method: Name


class _Disc(_Claim):
    """The spectral radius is at most ``rate`` for all λ in [mu, L], as the ``signs`` show."""

    holds: bool
    hyper: dict[Name, Ratio]
    mu: Number
    L: Number
    rate: Ratio
    signs: tuple[Sign, ...] = ()


class OnInterval(_Disc):
    """stable: ρ < 1 for all λ in [mu, L]; rate: ρ ≤ rate there; radius: lower ≤ ρ ≤ rate at the one λ.

    Where it does not hold, ``place`` is a λ that shows it: of a radius, one where the rule divides by zero.
    """

    kind: Literal["stable", "rate", "radius"]
    ground: Theta | None = None
    lower: Fractional | None = None
    place: Number | None = None


class Optimum(_Disc):
    """The best rate over [mu, L] lies in [lower, rate], and ``hyper`` reaches the upper end."""

    kind: Literal["optimum"]
    holds: Literal[True]
    ground: None = None
    held: dict[Name, Fractional]
    lower: Fractional
    below: Identity | Boxes | None = None


class Formula(_Disc):
    """The best rate over [1, L(t)], which grows from 1, is the rate at ``hyper``, for all t.

    ``units``: in which power of a unit of curvature a hyperparameter is measured. Where it does not hold, ``at`` is a t at
    which ``by`` shows it, a λ with a larger radius or others that are faster; without it something is below its domain there.
    """

    kind: Literal["formula"]
    ground: Beyond
    held: dict[Name, Fractional]
    units: dict[Name, Literal[-1, 0, 1]] | None = None
    below: Identity | Boxes | None = None
    at: Fractional | None = None
    by: OnInterval | None = None


class MeanSquare(_Claim):
    """mean square: with minibatches of these rows x the second moments of all errors tend to zero, or do not.

    A row's Hessian is ``weight``·xxᵀ, that of the loss their mean. ``moment`` is the lower triangle of a symmetric M, in the
    states' coordinates (all of the first state, then all of the next): with T a step of second moments, M and M − T(M) are
    positive definite; or, where it does not hold, M − T(M) is positive semidefinite and M is not.
    """

    kind: Literal["mean square"]
    holds: bool
    hyper: dict[Name, Fractional]
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=100_000)]
    weight: Fractional
    batch: Annotated[int, Field(gt=0, le=2**53)]
    sampling: Drawn
    moment: Annotated[tuple[Row, ...], Field(min_length=1, max_length=32)]


class Undecided(_Claim):
    """A claim that was neither proven nor refuted, with what is known: it confirms nothing."""

    kind: Literal["undecided"] = "undecided"
    holds: None = None
    about: Text
    why: Text
    lower: Fractional | None = None
    upper: Fractional | None = None
    hyper: dict[Name, Fractional] | None = None
    assumptions: tuple[Text, ...] = ()


Certificate = OnInterval | Optimum | Formula | MeanSquare | Undecided

_READER: TypeAdapter[Certificate] = TypeAdapter(Annotated[Certificate, Field(discriminator="kind")])


def read(text: str | bytes) -> Certificate:
    """The certificate in a JSON text. BadData, with the first faults, for anything else."""
    try:
        if len(text) > LONGEST:
            raise ValueError("it is too long")
        found = _READER.validate_json(text)
        if "schema_name" in found.model_fields_set:
            return found
        raise ValueError("schema: it is missing")
    except ValidationError as error:
        faults = [(".".join(map(str, e["loc"]))[:200], e["msg"][:200]) for e in error.errors()[:3]]
        said = "; ".join(f"{place}: {fault}" if place else fault for place, fault in faults)
    except (ValueError, TypeError) as error:
        said = str(error)[:200]
    raise BadData(f'a certificate must be JSON as "schema": "{SCHEMA}" has it: {said}')


def written(certificate: Certificate) -> str:
    """The certificate as JSON text."""
    return certificate.model_dump_json(by_alias=True, indent=1) + "\n"
