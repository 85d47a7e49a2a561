"""Columns go in; a realistic fake ``Findings`` comes out, its numbers from the textbook formulas in plain NumPy.

It stands in for the pipeline in tests of figures and reports. ``fake_study(2)`` is the notes' Gaussian data, ``(1)``
has κ = 1 and no landscape, ``(20)`` more directions than are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from convergence.datasets import gaussian_2d
from convergence.evidence.check import Check, Control, compared, not_made
from convergence.methods import METHODS
from convergence.problem import LeastSquares
from convergence.results import (
    BestForResult,
    CertificateResult,
    CurveResult,
    DampingResult,
    DataResult,
    DiagnosisResult,
    DirectionResult,
    EquivalenceResult,
    Findings,
    FiniteResult,
    Formula,
    HorizonResult,
    KappaResult,
    LandscapeResult,
    LibraryResult,
    LimitResult,
    MapResult,
    MethodResult,
    PathResult,
    PieceResult,
    RegimeResult,
    RootResult,
    RunResult,
    TheoryResult,
    TransientResult,
    TuningResult,
)
from convergence.serialization import SCHEMA_VERSION

STEPS = {1: 60, 2: 100, 20: 1200}


@dataclass(frozen=True)
class Textbook:
    """What the books say of one method: z² − τz + δ at the scaled rate u = ηλ, its best settings, its stable u."""

    name: str
    scale: object  # β -> factor of u in heavy ball's form
    memory: object  # β -> weight of the past, heavy ball's β
    ahead: bool = False  # Nesterov's look ahead
    extra: tuple[tuple[str, float], ...] = ()  # hyperparameters beside the rate and the momentum
    decay: float = 0.0  # added to each curvature

    def coefficients(self, u, beta):
        scale, memory = self.scale(beta), self.memory(beta)
        if self.ahead:
            return (1 + memory) * (1 - scale * u), memory * (1 - scale * u)
        return 1 + memory - scale * u, memory + 0 * u

    def roots(self, u, beta):
        tau, delta = self.coefficients(u, beta)
        half = np.sqrt(np.asarray(tau**2 - 4 * delta, complex)) / 2
        return np.array([tau / 2 + half, tau / 2 - half])

    def radius(self, u, beta):
        return np.abs(self.roots(u, beta)).max(axis=0)

    def bound(self, beta):
        memory = self.memory(beta)
        top = 2 * (1 + memory) / self.scale(beta)
        return top / (1 + 2 * memory) if self.ahead else top

    def edges(self, beta):
        root = np.sqrt(self.memory(beta))
        if self.ahead:
            return ((1 - root**2) / (1 + root**2)) ** 2 / self.scale(beta), 1 / self.scale(beta) + 0 * root
        return (1 - root) ** 2 / self.scale(beta), (1 + root) ** 2 / self.scale(beta)

    def best(self, mu, L):
        """(lr, momentum, rate)."""
        mu, L = mu + self.decay, L + self.decay
        if self.name == "newton":
            return 1.0, 0.0, 0.0
        if self.name == "gradient_descent":
            return 2 / (mu + L), 0.0, (L - mu) / (L + mu)
        if self.ahead:
            s = np.sqrt(3 * L / mu + 1)
            beta = (s - 2) / (s + 2)
            return 4 / (3 * L + mu) / self.scale(beta), beta, 1 - 2 / s
        root = (np.sqrt(L) - np.sqrt(mu)) / (np.sqrt(L) + np.sqrt(mu))
        beta = 1 - root**2 if self.name == "ema_momentum" else root**2
        return 4 / (np.sqrt(L) + np.sqrt(mu)) ** 2 / self.scale(beta), beta, root


def _same(beta):
    return beta


def _one(beta):
    return 1 + 0 * beta


BOOKS = {
    "gradient_descent": Textbook("gradient_descent", _one, lambda b: 0 * b),
    "newton": Textbook("newton", _one, lambda b: 0 * b),
    "ema_momentum": Textbook("ema_momentum", _same, lambda b: 1 - b),
    "ema_momentum_zero_start": Textbook("ema_momentum_zero_start", lambda b: 1 - b, _same),
    **{name: Textbook(name, _one, _same) for name in ("heavy_ball", "momentum_rate_inside", "torch_sgd")},
    **{name: Textbook(name, _one, _same, ahead=True) for name in ("nesterov", "torch_sgd_nesterov")},
    "qhm": Textbook("qhm", lambda b: 1 - b, _same, extra=(("nu", 1.0),)),
    "triple_momentum": Textbook("triple_momentum", _one, _same, extra=(("gamma", 0.0),)),
    "chebyshev": Textbook("chebyshev", lambda b: 1 + b, _same),
    "frozen_adam": Textbook("frozen_adam", lambda b: 1 - b, _same),
    "frozen_nadam": Textbook("frozen_nadam", lambda b: 1 - b, _same, ahead=True),
    "weight_decay_coupled": Textbook("weight_decay_coupled", _one, _same, extra=(("weight_decay", 5.0),), decay=5.0),
}
CLOCKS = dict.fromkeys(("chebyshev", "frozen_adam", "frozen_nadam"), ("p",))


@cache
def fake_study(columns: int = 2) -> Findings:
    """The catalogue on ``columns`` = 1, 2 or 20 columns of data, but for two that have no form with one momentum.

    A method with a clock goes here as its limit would.
    """
    problem = _problem(columns)
    data = _data(problem)
    methods = tuple(_method(book, problem, data, STEPS[columns]) for book in BOOKS.values())
    return Findings(
        schema_version=SCHEMA_VERSION,
        package_version="0.1.0",
        data=data,
        methods=methods,
        landscape=_landscape(problem, methods),
        kappa=_kappa(data),
        limit=_limit(data),
        equivalences=_equivalences(),
    )


def _problem(columns: int) -> LeastSquares:
    if columns == 2:
        return gaussian_2d()
    rng = np.random.default_rng(columns)
    X = rng.standard_normal((60, columns)) * np.geomspace(1, 0.1, columns)
    return LeastSquares(X, X @ rng.standard_normal(columns) + 0.1 * rng.standard_normal(60))


def _data(p: LeastSquares) -> DataResult:
    d = len(p.curvatures)
    shown = sorted({round(i) for i in np.linspace(0, d - 1, min(d, 6))})
    named = tuple(
        DirectionResult(
            int(i),
            f"direction {i + 1}",
            "steepest" if i == 0 else "flattest" if i == d - 1 else f"{i + 1} of {d}",
            float(p.singular_values[i]),
            float(p.curvatures[i]),
            _tuple(p.directions[:, i]),
        )
        for i in shown
    )
    return DataResult(
        title="Gaussian in the plane, 500 points" if d == 2 else f"Random data, {d} columns",
        rows=len(p.y),
        columns=tuple(f"x{i + 1}" for i in range(d)),
        loss="sum",
        loss_formula=Formula("‖Xw − y‖²", r"\lVert Xw - y\rVert^2"),
        curvature_formula=Formula("λ = 2σ²", r"\lambda = 2\sigma^2"),
        notes=("The data are not centred: the singular vectors are 1.2° away from the axes.",) if d == 2 else (),
        rank=d,
        singular_values=_tuple(p.singular_values),
        curvatures=_tuple(p.curvatures),
        mu=float(p.mu),
        L=float(p.L),
        kappa=float(p.kappa),
        minimizer=_tuple(p.minimizer),
        minimum=float(p.minimum),
        directions=named,
        hidden=d - len(named),
        sample_columns=("x1", "x2") if d > 1 else None,
        sample=_grid(np.asarray(p.X)[:500, :2]) if d > 1 else (),
        sample_target=_tuple(np.asarray(p.y)[:500]) if d > 1 else (),
    )


def _method(book: Textbook, p: LeastSquares, data: DataResult, steps: int) -> MethodResult:
    method = METHODS[book.name]
    lr, beta, rate = (float(v) for v in book.best(p.mu, p.L))
    hyper = {"lr": lr, **({"momentum": beta} if "momentum" in method.hyper else {})}
    hyper |= {"dampening": 0.0} if "dampening" in method.hyper else {}
    hyper |= dict(book.extra)
    run, counted = _run(book, p, data, lr, beta, steps)
    bound = float(book.bound(beta)) / (1.0 if book.name == "newton" else p.L + book.decay)
    binding = data.directions[0].name
    with_momentum = "momentum" in hyper
    return MethodResult(
        name=book.name,
        title=method.title,
        doc=method.doc,
        rule=method.code,
        state=method.state,
        hyper=method.hyper,
        theory=_theory(book),
        tuning=TuningResult(hyper, True, rate, None, bound, binding, counted, counted),
        run=run,
        checks=_checks(rate, lr, bound),
        controls=_controls(),
        finite=_finite(data, hyper, rate),
        certificates=_certificates(),
        libraries=_libraries(hyper),
        diagnosis=_diagnosis(rate),
        curve=_curve(book, data, lr, beta, bound),
        roots=tuple(_roots(book, d, lr, beta, bound) for d in dict.fromkeys((data.directions[0], data.directions[-1]))),
        map=_map(book, p, lr, beta) if with_momentum else None,
        damping=_damping(book) if with_momentum else None,
    )


def _scaled(book: Textbook, curvature, lr):
    return lr + 0 * curvature if book.name == "newton" else lr * (curvature + book.decay)


def _rest(book: Textbook, p: LeastSquares):
    """Where the method stays, in directions: the minimiser, or with decay a part of it."""
    return p.directions.T @ p.minimizer * p.curvatures / (p.curvatures + book.decay)


def _path(book: Textbook, p: LeastSquares, lr, beta, steps):
    """Errors in directions, (steps+1, d): the two-term recurrence e₊₂ = τe₊₁ − δe after a plain first step."""
    u = _scaled(book, np.asarray(p.curvatures), lr)
    tau, delta = book.coefficients(u, beta)
    first = 1 - u if book.name == "ema_momentum" or book.ahead else 1 - u * book.scale(beta)
    e = [-_rest(book, p)]
    e.append(first * e[0])
    for _ in range(steps - 1):
        e.append(tau * e[-1] - delta * e[-2])
    return np.array(e)


def _run(book: Textbook, p: LeastSquares, data: DataResult, lr, beta, steps):
    e = _path(book, p, lr, beta, steps)
    norm = np.linalg.norm(e, axis=1)
    late = np.flatnonzero(norm > norm[0] / 1000)
    counted = int(late[-1]) + 1 if late[-1] < steps else None
    kept = np.unique(np.linspace(0, steps, min(steps + 1, 400)).round().astype(int))
    floor = 1e-17 * np.abs(np.random.default_rng(0).standard_normal(e.shape)) * (book.name != "newton")
    rows = [d.index for d in data.directions]
    weights = (e + _rest(book, p)) @ p.directions.T
    gap = ((e + _rest(book, p) - p.directions.T @ p.minimizer) ** 2 * p.curvatures).sum(axis=1) / 2
    run = RunResult(
        step=tuple(int(k) for k in kept),
        error=_grid(np.abs(e + floor)[kept][:, rows].T),
        predicted=_grid(np.abs(e)[kept][:, rows].T),
        gradient=_grid(np.abs((e * p.curvatures) @ p.directions.T)[kept][:, :4].T),
        weight=_grid(np.abs(weights)[kept][:, :4].T),
        gap=_tuple(gap[kept]),
        final_loss=float(p.minimum + gap[-1]),
        diverged=None,
    )
    return run, counted


def _curve(book: Textbook, data: DataResult, lr, beta, bound) -> CurveResult:
    grid = np.linspace(0, 1.3 * bound, 201)
    radius = [book.radius(_scaled(book, d.curvature, grid), beta) for d in data.directions]
    return CurveResult(_tuple(grid), _grid(radius), bound, lr)


def _roots(book: Textbook, d: DirectionResult, lr, beta, bound) -> RootResult:
    grid = np.linspace(0, 1.2 * bound, 121)
    roots = book.roots(_scaled(book, d.curvature, grid), beta)
    found = book.roots(np.asarray(_scaled(book, d.curvature, lr)), beta)
    if len(METHODS[book.name].state) == 1:
        roots, found = roots[:1] + roots[1:], found[:1] + found[1:]
    grids = (_grid(roots.real), _grid(roots.imag))
    return RootResult(d.name, _tuple(grid), *grids, _tuple(found.real), _tuple(found.imag))


def _map(book: Textbook, p: LeastSquares, lr, beta) -> MapResult:
    momentum = np.linspace(0.02, 0.98, 49)
    rate = np.linspace(0, 1.6 * max(float(book.bound(np.float64(beta))) / p.L, lr), 61)
    steepest = p.L + book.decay
    radius = np.maximum(*(book.radius(rate * (c + book.decay), momentum[:, None]) for c in (p.mu, p.L)))
    boundary = book.bound(momentum) / steepest
    edges = [(float(book.bound(np.float64(b)) / steepest), b) for b in (0.1, 0.3, 0.5, 0.7, 0.9)]
    probes = [(edge * s, b, float(s < 1)) for edge, b in edges for s in (0.9, 1.1)]
    return MapResult(_tuple(rate), _tuple(momentum), _grid(radius), _tuple(boundary), (lr, beta), tuple(probes))


def _damping(book: Textbook) -> DampingResult:
    momentum = np.linspace(0.02, 0.98, 97)
    return DampingResult(
        _tuple(momentum),
        _grid(book.edges(momentum)),
        _tuple(book.bound(momentum)),
        ("real, monotone", "complex, oscillating", "real, alternating"),
    )


def _kappa(data: DataResult) -> KappaResult:
    kappa = np.geomspace(1, 1e6, 61)
    rates = [[book.best(1.0, k)[2] for k in kappa] for book in BOOKS.values()]
    return KappaResult(_tuple(kappa), tuple(BOOKS), _grid(rates), data.kappa)


def _landscape(p: LeastSquares, methods: tuple[MethodResult, ...]) -> LandscapeResult | None:
    d = len(p.curvatures)
    if d == 1:
        return None
    weights, pair = d == 2, [0, d - 1]
    basis = p.directions if weights else np.eye(d)
    centre = p.minimizer if weights else p.directions.T @ p.minimizer
    paths = []
    for m in methods:
        book, hyper = BOOKS[m.name], m.tuning.hyper
        e = _path(book, p, hyper["lr"], hyper.get("momentum", 0.0), 60)
        rest = _rest(book, p) if not weights else p.directions @ _rest(book, p)
        where = (e @ basis.T + rest)[:, pair]
        paths.append(PathResult(m.name, _tuple(where[:, 0]), _tuple(where[:, 1])))
    half = max(0.5, 1.2 * float(np.abs(centre[pair]).max()))
    axis = np.linspace(-half, half, 61)
    offset = np.stack(np.meshgrid(axis, axis), axis=-1) - centre[pair]
    loss = p.minimum + ((offset @ basis[pair][:, pair]) ** 2 * p.curvatures[pair]).sum(axis=-1) / 2
    labels = ("w₁ (x1)", "w₂ (x2)") if weights else ("direction 1", f"direction {d}")
    minimum = (float(centre[pair[0]]), float(centre[pair[1]]))
    return LandscapeResult(labels, _tuple(axis), _tuple(axis), _grid(loss), minimum, tuple(paths))


def _theory(book: Textbook) -> TheoryResult:
    single = len(METHODS[book.name].state) == 1
    always = PieceResult(None, {"lr": Formula("2/(L + μ)", r"\frac{2}{L+\mu}")}, _RATE_GD, None)
    double = PieceResult(None, {"lr": _LR_HB, "momentum": _MOMENTUM_HB}, _RATE_HB, None)
    real = RegimeResult("real", Formula("η < (1 − √β)²/λ", r"\eta<\frac{(1-\sqrt\beta)^2}{\lambda}"), None)
    repeated = RegimeResult("repeated", _LR_REPEATED, _LR_MAX_REPEATED)
    return TheoryResult(
        linear=True,
        state=tuple(name for name in METHODS[book.name].state if name not in CLOCKS.get(book.name, ())),
        clock=CLOCKS.get(book.name, ()),
        rest=Formula("λ/(λ + δ)", r"\frac{\lambda}{\lambda+\delta}") if book.decay else None,
        matrix=_MATRIX_GD if single else _MATRIX_HB,
        matrix_sigma=_MATRIX_GD if single else _MATRIX_HB,
        characteristic=Formula("z − 1 + ηλ", r"z-1+\eta\lambda") if single else _CHARACTERISTIC_HB,
        eigenvalues=(Formula("1 − ηλ", r"1-\eta\lambda"),),
        discriminant=Formula("(1 + β − ηλ)² − 4β", r"(1+\beta-\eta\lambda)^2-4\beta"),
        conditions=(Formula("0 < ηλ", r"0<\eta\lambda"), Formula("ηλ < 2(1 + β)", r"\eta\lambda<2(1+\beta)")),
        lr_max=Formula("2/λ", r"\frac{2}{\lambda}") if single else Formula("2(1 + β)/λ", r"\frac{2(1+\beta)}{\lambda}"),
        regimes=() if single else (real, repeated),
        optimum=(always if single else double,),
        notes=("The numbers of this study come from textbook formulas: a stand-in for tests.",),
    )


_RATE_GD = Formula("(L − μ)/(L + μ)", r"\frac{L-\mu}{L+\mu}")
_RATE_HB = Formula("(√L − √μ)/(√L + √μ)", r"\frac{\sqrt L-\sqrt\mu}{\sqrt L+\sqrt\mu}")
_LR_HB = Formula("4/(√L + √μ)²", r"\frac{4}{(\sqrt L+\sqrt\mu)^2}")
_MOMENTUM_HB = Formula("((√L − √μ)/(√L + √μ))²", r"\left(\frac{\sqrt L-\sqrt\mu}{\sqrt L+\sqrt\mu}\right)^2")
_LR_REPEATED = Formula("η = (1 ± √β)²/λ", r"\eta=\frac{(1\pm\sqrt\beta)^2}{\lambda}")
_LR_MAX_REPEATED = Formula("(1 + √β)²/λ", r"\frac{(1+\sqrt\beta)^2}{\lambda}")
_MATRIX_GD = Formula("[1 − ηλ]", r"\begin{pmatrix}1-\eta\lambda\end{pmatrix}")
_MATRIX_HB = Formula(
    "[[1 − ηλ, −ηβ], [λ, β]]", r"\begin{pmatrix}1-\eta\lambda & -\eta\beta\\ \lambda & \beta\end{pmatrix}"
)
_CHARACTERISTIC_HB = Formula("z² − (1 + β − ηλ)z + β", r"z^2-(1+\beta-\eta\lambda)z+\beta")


def _checks(rate: float, lr: float, bound: float) -> tuple[Check, ...]:
    return (
        compared("rate", "the run's rate is the optimal rate", rate, rate * (1 + 1e-9), 1e-9, 1e-6, "√ε · steps"),
        compared("iterates", "every iterate is the closed form's", 0.0, 2e-16, 2e-16, 1e-12, "ε times the steps"),
        compared("edge", "the run diverges just past the bound", bound, bound * 1.0001, 1e-4, 1e-3, "the probe's δ"),
        not_made("identification", "eigenvalues of direction 2", "the error is below rounding from step 1 on"),
    )


def _controls() -> tuple[Control, ...]:
    return (
        Control("rate", "the rate 1 % too large", 1e-2, 1e-6, True),
        Control("edge", "the bound 1 % too large", 1e-2, 1e-3, True),
    )


def _finite(data: DataResult, hyper: dict[str, float], rate: float) -> FiniteResult:
    """A worst case of (1+k)ρᵏ, as at critical damping; the limit 1/T_k by its hyperbolic cosine."""
    steps = np.array([1, 5, 10, 50, 100])
    angle = np.arccosh((data.L + data.mu) / max(data.L - data.mu, 1e-9 * data.L))
    worst, limit = (1 + steps) * rate**steps, 1 / np.cosh(np.minimum(steps * angle, 300))
    horizons = tuple(
        HorizonResult(int(k), float(w), data.L, float(low), None if data.kappa == 1 else 0.8, float(w) ** 2 / 3)
        for k, w, low in zip(steps, worst, limit, strict=True)
    )
    transient = TransientResult("direction 1", 1.5, 2, 1.2, 0.7)
    best = BestForResult(10, dict(hyper), float(worst[2]) / 2, float(worst[2]))
    curve = _tuple((1 + np.arange(101)) * rate ** np.arange(101))
    return FiniteResult(horizons, None if data.kappa == 1 else 0.9, 37, 1.5, 2, transient, best, curve)


def _limit(data: DataResult) -> LimitResult:
    steps = np.arange(101)
    angle = np.arccosh((data.L + data.mu) / max(data.L - data.mu, 1e-9 * data.L))
    bound = 1 / np.cosh(np.minimum(steps * angle, 300))
    krylov = np.where(steps < data.rank, bound / 2, 0.0)
    krylov[0] = 1.0
    return LimitResult(tuple(int(k) for k in steps), _tuple(bound), _tuple(krylov))


def _equivalences() -> tuple[EquivalenceResult, ...]:
    """Two families, as the textbooks have them."""
    averages = ("lr → η, momentum → β", "lr → η(1−β), momentum → β", "lr → η(1−β), momentum → β")
    return (
        EquivalenceResult(
            ("heavy_ball", "ema_momentum_zero_start", "frozen_adam"),
            averages,
            (True, True, False),
            ("", "", "the correction of its bias changes the first steps"),
        ),
        EquivalenceResult(
            ("nesterov", "torch_sgd_nesterov"), averages[:2], (True, False), ("", "shown at another point")
        ),
    )


def _certificates() -> tuple[CertificateResult, ...]:
    return (
        CertificateResult("the radius is at most 0.9 on [μ, L]", True, "the Schur–Cohn polynomials have no root there"),
        CertificateResult("no setting is better than 0.2", False, "one that is better is lr = 1"),
        CertificateResult("stable at the edge", None, "undecided with the precision allowed"),
    )


def _libraries(hyper: dict[str, float]) -> tuple[LibraryResult, ...]:
    given = ", ".join(f"{name}={value:.4g}" for name, value in hyper.items())
    return (
        LibraryResult("PyTorch", f"torch.optim.SGD(params, {given})", True, ""),
        LibraryResult("Keras", f"keras.optimizers.SGD({given})", False, "its first step differs"),
    )


def _diagnosis(rate: float) -> DiagnosisResult:
    words = f"It converges by {rate:.3g} a step." if rate < 1 else "It diverges."
    return DiagnosisResult("healthy" if rate < 1 else "diverges", words, ("Leave the learning rate as it is.",))


def _tuple(values) -> tuple[float, ...]:
    return tuple(float(v) for v in np.asarray(values))


def _grid(rows) -> tuple[tuple[float, ...], ...]:
    return tuple(_tuple(row) for row in rows)
