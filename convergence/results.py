"""What a study found, as plain frozen values: numbers, texts and formulas that JSON can hold. No arrays, no SymPy."""

from __future__ import annotations

from dataclasses import dataclass

from convergence.evidence.check import Check, Control

Vector = tuple[float, ...]
Grid = tuple[Vector, ...]


@dataclass(frozen=True)
class Formula:
    """A formula as one types it (``text``, Unicode, one line) and as LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True)
class DirectionResult:
    """A right singular vector of the data that the report names; ``name`` is short, e.g. "direction 1"."""

    index: int
    name: str
    title: str
    singular_value: float
    curvature: float
    vector: Vector


@dataclass(frozen=True)
class DataResult:
    """The problem. ``directions`` are those that matter (at most six); ``hidden`` counts the others.

    ``sample`` holds at most 500 rows of the two columns ``sample_columns``, and ``sample_target`` their targets.
    """

    title: str
    rows: int
    columns: tuple[str, ...]
    loss: str
    loss_formula: Formula
    curvature_formula: Formula
    notes: tuple[str, ...]
    rank: int
    singular_values: Vector
    curvatures: Vector
    mu: float
    L: float
    kappa: float
    minimizer: Vector
    minimum: float
    directions: tuple[DirectionResult, ...]
    hidden: int
    sample_columns: tuple[str, str] | None
    sample: Grid
    sample_target: Vector


@dataclass(frozen=True)
class RegimeResult:
    """One damping regime: for which learning rates, and the largest of them that is stable (None: there is none)."""

    kind: str
    where: Formula
    largest: Formula | None


@dataclass(frozen=True)
class PieceResult:
    """The optimum under one condition (None: always); ``plateau`` where a whole interval of learning rates is optimal."""

    condition: Formula | None
    hyper: dict[str, Formula]
    rate: Formula
    plateau: Formula | None


@dataclass(frozen=True)
class TheoryResult:
    """What was derived from the rule, as formulas. ``None`` where there is no closed form; ``notes`` then say so.

    ``state`` are the states that the matrix multiplies, ``clock`` those that only keep time. ``rest`` is where the position
    stays, in parts of the minimiser; None: at the minimiser.
    """

    linear: bool
    state: tuple[str, ...]
    clock: tuple[str, ...]
    rest: Formula | None
    matrix: Formula
    matrix_sigma: Formula
    characteristic: Formula
    eigenvalues: tuple[Formula, ...]
    discriminant: Formula
    conditions: tuple[Formula, ...]
    lr_max: Formula | None
    regimes: tuple[RegimeResult, ...]
    optimum: tuple[PieceResult, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TuningResult:
    """The answer for this data. ``hyper`` are the settings the runs used (the optimum unless the caller fixed some).

    ``lr_max`` is the largest stable learning rate with the other settings as they are, set by ``binding`` (a direction's
    name). Steps are those to come within 99.9 % of the solution: ‖e_k‖ ≤ ‖e_0‖/1000 for all later k; None: never.
    """

    hyper: dict[str, float]
    optimal: bool
    rate: float
    plateau: tuple[float, float] | None
    lr_max: float
    binding: str
    steps_predicted: int | None
    steps_counted: int | None


@dataclass(frozen=True)
class RunResult:
    """The run on the data at the tuning's settings, thinned to at most 400 recorded steps (``step`` names them).

    ``error`` and ``predicted`` hold |e| for each named direction (a row each); ``gradient`` and ``weight`` hold |∂f/∂w_j|
    and |w_j| for the first columns of X (a row each, at most four); ``gap`` is loss − minimum. ``diverged`` is the step at
    which numbers overflowed, None for never.
    """

    step: tuple[int, ...]
    error: Grid
    predicted: Grid
    gradient: Grid
    weight: Grid
    gap: Vector
    final_loss: float
    diverged: int | None


@dataclass(frozen=True)
class CurveResult:
    """Spectral radius over the learning rate, other settings as in the tuning: a row of ``radius`` for each direction."""

    lr: Vector
    radius: Grid
    bound: float
    chosen: float


@dataclass(frozen=True)
class RootResult:
    """Eigenvalues as the learning rate grows from 0 past its bound, in one direction: rows of real and imaginary parts.

    ``identified_*`` are the eigenvalues recovered from the run at the tuning's settings, empty where that could not be.
    """

    direction: str
    lr: Vector
    real: Grid
    imag: Grid
    identified_real: Vector
    identified_imag: Vector


@dataclass(frozen=True)
class MapResult:
    """Spectral radius of the spectrum over (learning rate, momentum): ``radius`` has a row for each momentum.

    ``boundary`` is the derived largest stable rate for each momentum, ``optimum`` the point (lr, momentum), ``probes`` are
    runs: (lr, momentum, 1.0 for converged or 0.0 for diverged).
    """

    lr: Vector
    momentum: Vector
    radius: Grid
    boundary: Vector
    optimum: tuple[float, float]
    probes: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class DampingResult:
    """The damping regimes over (momentum, lr·λ): ``edges`` are the scaled rates at which eigenvalues meet, a row each.

    ``bound`` is the scaled largest stable rate. The name of the regime in each band between edges stands in ``bands``.
    """

    momentum: Vector
    edges: Grid
    bound: Vector
    bands: tuple[str, ...]


@dataclass(frozen=True)
class HorizonResult:
    """The largest ‖e_k‖/‖e_0‖ over all quadratics with curvatures in [μ, L], after ``steps`` steps, attained at ``curvature``.

    ``limit`` is what no first-order method can beat there, ``share`` how much of its logarithm the method reaches (None: κ=1).
    ``average`` is the expected ‖e_k‖²/‖e_0‖² over this data's spectrum, for a start without preferred direction.
    """

    steps: int
    worst: float
    curvature: float
    limit: float
    share: float | None
    average: float


@dataclass(frozen=True)
class TransientResult:
    """How far the powers of the iteration matrix stray in the direction where that is farthest, in the method's own state."""

    direction: str
    peak: float
    step: int
    kreiss: float
    departure: float


@dataclass(frozen=True)
class BestForResult:
    """The settings with the smallest worst case after ``steps`` steps, that case, and what the study's settings have there."""

    steps: int
    hyper: dict[str, float]
    value: float
    here: float


@dataclass(frozen=True)
class FiniteResult:
    """What happens in finitely many steps, at the study's settings, in the worst case over [μ, L].

    ``share`` is the part of the limit that is reached asymptotically (None: κ = 1). ``steps`` come within 99.9 % (None: never).
    The error grows to ``peak`` times the first at most, at ``peak_step``. ``curve`` is the worst case at the steps of
    ``LimitResult``. ``best_for`` is None where it was not searched for.
    """

    horizons: tuple[HorizonResult, ...]
    share: float | None
    steps: int | None
    peak: float
    peak_step: int
    transient: TransientResult
    best_for: BestForResult | None
    curve: Vector


@dataclass(frozen=True)
class CertificateResult:
    """A claim, whether it was proven (False: refuted; None: undecided), and in words what carries the proof."""

    claim: str
    holds: bool | None
    proof: str


@dataclass(frozen=True)
class LibraryResult:
    """How one writes the method, with the study's settings, in a library; ``why`` says where iterates differ, if they do."""

    library: str
    call: str
    same_iterates: bool
    why: str


@dataclass(frozen=True)
class DiagnosisResult:
    """What is to be said of the study's settings on this data: a verdict in a sentence, and advice, first things first."""

    verdict: str
    words: str
    advice: tuple[str, ...]


@dataclass(frozen=True)
class MethodResult:
    """Everything about one method on this data."""

    name: str
    title: str
    doc: str
    rule: str
    state: tuple[str, ...]
    hyper: tuple[str, ...]
    theory: TheoryResult
    tuning: TuningResult
    run: RunResult
    checks: tuple[Check, ...]
    controls: tuple[Control, ...]
    finite: FiniteResult | None
    certificates: tuple[CertificateResult, ...]
    libraries: tuple[LibraryResult, ...]
    diagnosis: DiagnosisResult
    curve: CurveResult
    roots: tuple[RootResult, ...]
    map: MapResult | None
    damping: DampingResult | None


@dataclass(frozen=True)
class PathResult:
    """The iterates of one method in the plane of a landscape."""

    method: str
    x: Vector
    y: Vector


@dataclass(frozen=True)
class LandscapeResult:
    """The loss over two coordinates (the weights where there are two, else the steepest and the flattest direction)."""

    labels: tuple[str, str]
    x: Vector
    y: Vector
    loss: Grid
    minimum: tuple[float, float]
    paths: tuple[PathResult, ...]


@dataclass(frozen=True)
class KappaResult:
    """The optimal rate of each method over the condition number: a row of ``rate`` for each of ``methods``."""

    kappa: Vector
    methods: tuple[str, ...]
    rate: Grid
    here: float


@dataclass(frozen=True)
class LimitResult:
    """What no first-order method can beat over [μ, L] after each of ``steps``, as ‖e_k‖/‖e_0‖.

    ``krylov`` is the same for this very spectrum and the run's start, whatever the method is told.
    """

    steps: tuple[int, ...]
    bound: Vector
    krylov: Vector


@dataclass(frozen=True)
class EquivalenceResult:
    """Methods that are one method in other letters: ``methods[k]`` is the first with the settings ``maps[k]``.

    ``same`` says of each whether the iterates are the same too; ``why`` what differs where they are not.
    """

    methods: tuple[str, ...]
    maps: tuple[str, ...]
    same: tuple[bool, ...]
    why: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """All that one study found; JSON keeps it, figures and reports show it. ``Study`` is this with what saves and reads it."""

    schema_version: int
    package_version: str
    data: DataResult
    methods: tuple[MethodResult, ...]
    landscape: LandscapeResult | None
    kappa: KappaResult
    limit: LimitResult
    equivalences: tuple[EquivalenceResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every check that could be made passed, and every deliberate fault was rejected."""
        return all(all(m.checks) and all(m.controls) for m in self.methods)

    def __bool__(self) -> bool:
        return self.passed
