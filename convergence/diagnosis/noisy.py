"""Diagnosis of a setting under noise: whether noise, not curvature, diverges; which batch or rate holds; where it settles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any

from convergence.diagnosis.result import Diagnosis
from convergence.diagnosis.spectrum import Spectrum
from convergence.diagnosis.wording import DIGITS, number, rounded, settings_text
from convergence.errors import NoStableLearningRate
from convergence.problem import as_quadratic
from convergence.rule import Method
from convergence.stochastic.batches import in_epochs, whole_batch
from convergence.stochastic.limits import mean_square_limit, smallest_batch
from convergence.stochastic.sampling import LabelNoise, in_words
from convergence.stochastic.stationary import stationary


@dataclass(frozen=True)
class NoiseState:
    """What is random, whether the settings hold under it, and what they settle at.

    Attributes
    ----------
    rate, batch, sampling, noise
        The learning rate's name, and what was given.
    stable
        Whether second moments stay bounded.
    smallest_batch
        The batch from which they do at these settings, as a real number (∞: none does; 0 without batches).
    largest_lr
        The learning rate below which they do with this batch, the other settings as they are (0: none).
    floor
        The expected excess loss in the long run; ∞ where it grows.
    slower, larger
        The same at half the learning rate, and with twice the batch; None where there is no such thing.
    """

    rate: str | None
    batch: int | None
    sampling: str
    noise: float | tuple[Any, ...] | LabelNoise | None
    stable: bool
    smallest_batch: float
    largest_lr: float
    floor: float
    slower: float | None
    larger: float | None

    @property
    def words(self) -> str:
        """What is random, in words."""
        return in_words(self.batch, self.sampling, self.noise)

    @property
    def whole_batch(self) -> int | None:
        """The smallest whole batch that holds; None where none does."""
        return whole_batch(self.smallest_batch, self.sampling)


@dataclass(frozen=True, repr=False)
class NoisyDiagnosis(Diagnosis):
    """A ``Diagnosis`` of a setting under noise; truthy when every direction contracts and second moments stay bounded.

    Attributes
    ----------
    noise
        The ``NoiseState``.
    """

    noise: NoiseState | None = None

    @property
    def state(self) -> NoiseState:
        """The state under noise, which is always there."""
        assert self.noise is not None
        return self.noise

    @property
    def by_noise(self) -> bool:
        """Whether it is the noise of the batches that diverges: without noise the settings converge."""
        return not self.unstable and not self.state.stable

    @property
    def converges(self) -> bool:
        """Whether every direction contracts, and second moments stay bounded."""
        return self.state.stable

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        said = super().headline
        if self.unstable:
            return f"{said}, without noise"
        if not self.by_noise:
            return f"{said}; the loss settles at {number(self.state.floor)} above its minimum"
        whole = self.state.whole_batch
        holds = "no batch holds" if whole is None else f"batches of {whole} or more hold"
        return f"diverges in mean square: the noise of batches of {self.state.batch}, not curvature; {holds}"

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What was found, as pairs (what, value in words)."""
        return (*super().findings, ("noise", self.state.words), ("in mean square", self._mean_square()))

    def _mean_square(self) -> str:
        state = self.state
        if self.unstable:
            return "not stable, as it is not without noise"
        if state.batch is None:
            return "stable: noise that is added moves no limit"
        limit = (
            f"{state.rate} < {number(rounded(state.largest_lr, DIGITS, -1))}"
            if state.largest_lr
            else f"no {state.rate}"
        )
        needed = f"it is from batch {state.whole_batch} on, or with batches of {state.batch} for {limit}"
        return f"{'stable' if state.stable else 'not stable'}: {needed}"


def under_noise(
    found: Diagnosis, method: Method, spectrum: Spectrum, batch: int | None, sampling: str, noise: Any
) -> NoisyDiagnosis:
    """The diagnosis with what noise does to the settings. Raises as ``moments`` for what is no batch, sampling or noise."""
    problem = spectrum.problem if spectrum.problem is not None else as_quadratic(spectrum.curvatures)
    random: dict[str, Any] = {"batch": batch, "sampling": sampling, "noise": noise}
    state = _state(problem, method, found.hyper, random)
    noisy = NoisyDiagnosis(**{f.name: getattr(found, f.name) for f in fields(Diagnosis)}, noise=state)
    if noisy.by_noise:
        noisy = replace(noisy, verdict="noise")
    return replace(noisy, advice=tuple(_advice(noisy, problem, method)))


def _state(problem: Any, method: Method, hyper: Mapping[str, Any], random: Mapping[str, Any]) -> NoiseState:
    batch, sampling, rate = random["batch"], random["sampling"], method.rate
    floored = _floor(problem, method, hyper, random)
    smallest, largest = 0.0, inf
    if batch is not None:
        smallest = smallest_batch(problem, method, sampling=sampling, **hyper)
        others = {name: value for name, value in hyper.items() if name != rate}
        try:
            largest = mean_square_limit(problem, method, batch, sampling=sampling, **others)
        except NoStableLearningRate:
            largest = 0.0
    settles = floored < inf
    slower = _floor(problem, method, {**hyper, rate: hyper[rate] / 2}, random) if settles and rate else None
    larger = (
        _floor(problem, method, hyper, {**random, "batch": 2 * batch})
        if settles and _drawn(problem, random, 2)
        else None
    )
    noise = random["noise"]
    kept = noise if isinstance(noise, LabelNoise | None) else _plain(noise)
    return NoiseState(rate, batch, sampling, kept, settles, smallest, largest, floored, slower, larger)


def _drawn(problem: Any, random: Mapping[str, Any], times: int) -> bool:
    """Whether there are batches so many times as large."""
    batch, sampling = random["batch"], random["sampling"]
    if batch is None or (sampling == "step" and times * batch > problem.rows):
        return False
    return not (in_epochs(sampling) and problem.rows % (times * batch))


def _plain(entry: Any) -> Any:
    return tuple(map(_plain, entry)) if hasattr(entry, "__len__") else float(entry)


def _floor(problem: Any, method: Method, hyper: Mapping[str, Any], random: Mapping[str, Any]) -> float:
    try:
        return stationary(problem, method, **random, **hyper).excess_loss
    except NoStableLearningRate:
        return inf


def _advice(found: NoisyDiagnosis, problem: Any, method: Method) -> Iterator[str]:
    """What to do about noise first; what holds without it after."""
    state, rate = found.state, method.rate
    if found.unstable:
        yield from found.advice
        yield from _afterwards(found, problem, method)
        return
    if found.by_noise:
        yield from _against_noise(found, problem, method)
        return
    yield f"The loss settles at {number(state.floor)} above its minimum{_gentler(found, rate)}."
    if state.batch is not None:
        limit = number(rounded(state.largest_lr, DIGITS, -1))
        yield f"With batches of {state.batch} keep {rate} below {limit}; what follows is without noise."
    yield from found.advice


def _against_noise(found: NoisyDiagnosis, problem: Any, method: Method) -> Iterator[str]:
    state, rate = found.state, str(method.rate)
    now, random = number(found.hyper[rate]), {"sampling": state.sampling, "noise": state.noise}
    if state.largest_lr:
        lower = rounded(state.largest_lr / 2, 2, -1)
        after = _floor(problem, method, {**found.hyper, rate: lower}, {**random, "batch": state.batch})
        bound = number(rounded(state.largest_lr, DIGITS, -1))
        yield (
            f"Lower {rate} from {now} to {lower:.15g} with batches of {state.batch} (it must stay below {bound}): "
            f"the loss then settles at {number(after)} above its minimum."
        )
    else:
        yield f"No {rate} holds with batches of {state.batch} and these other settings."
    whole = state.whole_batch
    if whole is not None:
        wide = 2 * whole if _drawn(problem, {**random, "batch": whole}, 2) else whole
        after = _floor(problem, method, found.hyper, {**random, "batch": wide})
        yield (
            f"Or raise the batch from {state.batch} to {whole} or more at {rate}={now}: with {wide} the loss settles at "
            f"{number(after)} above its minimum."
        )
    yield "Nothing is wrong with the curvature: all rows at once converge at these settings."


def _afterwards(found: NoisyDiagnosis, problem: Any, method: Method) -> Iterator[str]:
    """What batches the nearest stable setting needs."""
    near = found.nearest_rate or found.nearest_joint
    if near is None or near.printed is None or found.state.batch is None:
        return
    hyper = near.printed.hyper
    whole = whole_batch(smallest_batch(problem, method, sampling=found.state.sampling, **hyper), found.state.sampling)
    if whole is not None:
        yield f"Under noise, {settings_text(hyper)} needs batches of {whole} or more."


def _gentler(found: NoisyDiagnosis, rate: str | None) -> str:
    state = found.state
    ways = []
    if rate is not None and state.slower is not None:
        ways.append(f"at {number(state.slower)} with {rate}={found.hyper[rate] / 2:.4g}")
    if state.larger is not None and state.batch is not None:
        ways.append(f"at {number(state.larger)} with batches of {2 * state.batch}")
    return f"; {', '.join(ways)}" if ways else ""
