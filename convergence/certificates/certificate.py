"""The certificate: what a file of a proof must look like. What is not named is refused, and nothing believed before ``check``.

Numbers are fractions in strings; of a number field, or in t, lists of them: the coefficients of θ⁰, θ¹, … or t⁰, t¹, …
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from convergence.errors import BadData

SCHEMA: Literal["convergence certificate 3"] = "convergence certificate 3"
"""The first entry of a certificate, and the only kind that is read."""

LONGEST = 50_000_000
"""A file with more characters than this is not read."""

Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Fractional = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,2000}(/[1-9][0-9]{0,1999})?$")]
Number = Annotated[tuple[Fractional, ...], Field(min_length=1, max_length=64)]
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


class Square(_Kept):
    """A polynomial in λ whose square divides the condition at this place."""

    place: Place
    factor: Annotated[tuple[Number, ...], Field(min_length=2, max_length=64)]


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


class Below(_Kept):
    """Nothing is below the lower bound: at these curvatures products of the conditions contradict each other.

    Everywhere (``products``), or on each leaf of a tree that halves the ``box``, which the ``bounds`` prove to hold all
    hyperparameters: a split is its axis, a leaf has the places of inequalities and their weights.
    """

    curvatures: Annotated[tuple[Number, ...], Field(min_length=1, max_length=100)]
    products: tuple[Product, ...] = ()
    bounds: tuple[Bound, ...] = ()
    box: tuple[tuple[Fractional, Fractional], ...] = ()
    tree: tuple[Place | Leaf, ...] = ()


class _Claim(_Kept):
    schema_name: Literal["convergence certificate 3"] = Field(alias="schema", default=SCHEMA)
    method: Name


class OnInterval(_Claim):
    """stable: ρ < 1 for all λ in [mu, L]; rate: ρ ≤ rate there; radius: lower ≤ ρ ≤ rate at the one λ.

    Where it does not hold, ``place`` is a λ that shows it: of a radius, one where the rule divides by zero.
    """

    kind: Literal["stable", "rate", "radius"]
    holds: bool
    field: Theta | None
    hyper: dict[Name, Number]
    mu: Number
    L: Number
    rate: Number
    lower: Fractional | None = None
    place: Number | None = None
    squares: tuple[Square, ...] = ()


class Best(_Claim):
    """optimum: the best rate over [mu, L] lies in [lower, upper], and ``hyper`` reaches the upper end.

    formula: that for all t above ``start``, where mu = 1, L grows from 1, and the ends are one. Where it does not hold, ``at``
    is a t at which these hyperparameters do not reach the rate, or those that are ``faster`` are.
    """

    kind: Literal["optimum", "formula"]
    holds: bool
    start: Fractional | None = None
    held: dict[Name, Fractional]
    hyper: dict[Name, Ratio]
    mu: Number
    L: Number
    lower: Ratio
    upper: Ratio
    squares: tuple[Square, ...] = ()
    below: Below | None = None
    at: Fractional | None = None
    faster: dict[Name, Fractional] | None = None


class MeanSquare(_Claim):
    """mean square: with minibatches of these rows x the second moments of all errors tend to zero, or do not.

    A row's Hessian is ``weight``·xxᵀ, that of the loss their mean. ``moment`` is the lower triangle of a symmetric M, in the
    states' coordinates (all of the first state, then all of the next): with T a step of second moments, M and M − T(M) are
    positive definite; or, where it does not hold, M ≠ 0 and T(M) − M are positive semidefinite.
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


Certificate = OnInterval | Best | MeanSquare | Undecided

_READER: TypeAdapter[Certificate] = TypeAdapter(Annotated[Certificate, Field(discriminator="kind")])


def read(text: str | bytes) -> Certificate:
    """The certificate in a JSON text. BadData, with the first faults, for anything else."""
    try:
        if len(text) > LONGEST:
            raise ValueError("it is too long")
        return _READER.validate_json(text)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc']))[:200]}: {e['msg'][:200]}" for e in error.errors()[:3])
    except (ValueError, TypeError) as error:
        said = str(error)[:200]
    raise BadData(f'a certificate must be JSON as "schema": "{SCHEMA}" has it: {said}')


def written(certificate: Certificate) -> str:
    """The certificate as JSON text."""
    return certificate.model_dump_json(by_alias=True, indent=1) + "\n"
