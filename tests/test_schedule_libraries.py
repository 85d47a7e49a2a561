"""The schedules of PyTorch and optax, by their own names: those libraries' own numbers, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

import convergence as cv

STEPS = 60
ROUNDINGS = 4 * STEPS * np.finfo(float).eps
"""PyTorch's recurrences round at each step."""
SINGLE = 16 * float(np.finfo(np.float32).eps)
"""optax computes in single precision."""

TORCH = [
    ("StepLR", {"step_size": 7, "gamma": 0.3}),
    ("MultiStepLR", {"milestones": [3, 9, 9, 30], "gamma": 0.5}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 9}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 20}),
    ("ExponentialLR", {"gamma": 0.95}),
    ("PolynomialLR", {"total_iters": 20, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 7, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": STEPS}),
    ("OneCycleLR", {"max_lr": 0.4, "total_steps": STEPS, "anneal_strategy": "linear", "three_phase": True}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.4, "step_size_up": 7, "step_size_down": 4}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.4, "step_size_up": 7, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.4, "step_size_up": 7, "mode": "exp_range", "gamma": 0.98}),
    ("LambdaLR", {"lr_lambda": lambda k: 1 / (k + 1)}),
]
OPTAX = [
    ("constant_schedule", {"value": 0.3}),
    ("exponential_decay", {"init_value": 0.3, "transition_steps": 5, "decay_rate": 0.7, "transition_begin": 4}),
    (
        "exponential_decay",
        {"init_value": 0.3, "transition_steps": 5, "decay_rate": 0.7, "staircase": True, "end_value": 0.1},
    ),
    ("cosine_decay_schedule", {"init_value": 0.3, "decay_steps": 40, "alpha": 0.1, "exponent": 2.0}),
    ("linear_schedule", {"init_value": 0.0, "end_value": 0.3, "transition_steps": 20, "transition_begin": 3}),
    ("polynomial_schedule", {"init_value": 0.3, "end_value": 0.1, "power": 2, "transition_steps": 20}),
    ("piecewise_constant_schedule", {"init_value": 0.3, "boundaries_and_scales": {5: 0.5, 20: 0.1}}),
    ("warmup_constant_schedule", {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 9}),
    (
        "warmup_cosine_decay_schedule",
        {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 9, "decay_steps": 50, "end_value": 0.02},
    ),
    (
        "warmup_exponential_decay_schedule",
        {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 9, "transition_steps": 10, "decay_rate": 0.5},
    ),
    ("cosine_onecycle_schedule", {"transition_steps": 50, "peak_value": 0.3}),
]


@pytest.mark.parametrize(("name", "arguments"), TORCH, ids=[f"{n}{k}" for k, (n, _) in enumerate(TORCH)])
def test_a_scheduler_of_pytorch_gives_its_rates(name, arguments):
    torch = pytest.importorskip("torch")
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3, momentum=0.5)
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimiser, **arguments)
    rates = []
    for k in range(STEPS):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        if k < STEPS - 1:
            scheduler.step()
    own = {} if name in ("OneCycleLR", "CyclicLR") else {"lr": 0.3}
    assert cv.schedules.torch(name, **own, **arguments).values(STEPS) == pytest.approx(
        rates, rel=ROUNDINGS, abs=ROUNDINGS
    )


@pytest.mark.parametrize(("name", "arguments"), OPTAX, ids=[f"{n}{k}" for k, (n, _) in enumerate(OPTAX)])
def test_a_schedule_of_optax_gives_its_rates(name, arguments):
    optax = pytest.importorskip("optax")
    rates = [float(np.asarray(getattr(optax, name)(**arguments)(k))) for k in range(STEPS)]
    assert cv.schedules.optax(name, **arguments).values(STEPS) == pytest.approx(rates, rel=SINGLE, abs=SINGLE)


def test_pytorch_drives_its_own_sgd_as_the_run_says():
    torch = pytest.importorskip("torch")
    p, steps = cv.datasets.gaussian_2d(loss="mean"), 40
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    X, y = (torch.tensor(np.array(part)) for part in (p.X, p.y))
    optimiser = torch.optim.SGD([w], lr=0.03, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
    for _ in range(steps):
        optimiser.zero_grad()
        ((X @ w - y) ** 2).mean().backward()
        optimiser.step()
        scheduler.step()
    run = cv.simulate(
        p, "heavy_ball", steps, lr=cv.schedules.torch("CosineAnnealingLR", lr=0.03, T_max=steps), momentum=0.9
    )
    assert run.x[-1] == pytest.approx(w.detach().numpy(), rel=1e-10)
    late = cv.simulate(p, "heavy_ball", steps, lr=lambda k: 0.015 * (1 + np.cos(np.pi * (k + 1) / steps)), momentum=0.9)
    assert np.abs(late.x[-1] - run.x[-1]).max() > 1e-4  # a clock that starts at 1 is told apart


@pytest.mark.parametrize(
    ("library", "name", "arguments", "error", "words"),
    [
        ("torch", "CosineLR", {}, cv.BadName, "CosineAnnealingLR"),
        ("torch", "StepLR", {"lr": 0.1}, cv.BadHyperparameter, "needs step_size"),
        ("torch", "StepLR", {"lr": 0.1, "stepsize": 3}, cv.BadHyperparameter, "step_size"),
        ("torch", "OneCycleLR", {"max_lr": 1.0, "total_steps": 9, "anneal_strategy": "sin"}, cv.BadName, "cos"),
        (
            "optax",
            "linear_schedule",
            {"init_value": "a", "end_value": 1, "transition_steps": 2},
            cv.BadHyperparameter,
            "init",
        ),
        ("optax", 3, {}, cv.BadName, "known here"),
    ],
)
def test_what_a_library_does_not_have_is_said(library, name, arguments, error, words):
    with pytest.raises(error, match=words):
        getattr(cv.schedules, library)(name, **arguments)
