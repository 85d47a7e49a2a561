"""An error put into a right claim refutes it, and a slip put right is no longer refuted: each verdict is computed."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp

from convergence.auditing.claim import Source
from convergence.auditing.judging import every_claim

HERE = Source("test", "a test")

SPOILT = [
    ("004-axes", {"degrees_off": 5}),
    ("004-gradient", {"factor": 1}),
    ("004-loss-descent", {"loss": 102.7517119}),
    ("004-loss-momentum", {"loss": 102.751710}),
    ("004-unrolled", {"shift": 1}),
    ("004-memory", {"steps": "2/(1-b)"}),
    ("004-bias", {"divisor": "1-b"}),
    ("004-one-best-lr", {"numerator": 1}),
    ("004-d-largest", {"sign": -1}),
    ("004-e-real", {"bound": "2(1+β)/(βλ)"}),
    ("004-h-faster", {"faster": 2}),
    ("001-saddle", {"sign": 1}),
    ("001-landscape", {"high": 1}),
    ("001-tanh", {"slope": 0.0014}),
    ("001-newton", {"steps": 4}),
    ("001-minibatch", {"power": sp.Integer(-1)}),
    ("001-adagrad", {"power": -1}),
    ("003-nesterov-text", {"sign": 1}),
    ("003-momentum", {"inside": False}),
    ("002-nesterov", {"method": "heavy_ball"}),
    ("002-descent", {"numerator": 3}),
    ("000-bias", {"offset": 0}),
    ("000-first-step", {"smallest": 1e-7}),
    ("000-decay-sum", {"power": 2}),
    ("polyak-1964", {"exponent": 2}),
    ("goh-range", {"slope": 1}),
    ("goh-critical", {"sign": 1}),
    ("lessard-optimal", {"three": 2}),
    ("lessard-standard", {"power": sp.Integer(-1)}),
    ("ball-cycle", {"points": (Fraction(792, 1225), Fraction(2208, 1225), Fraction(2592, 1225))}),
    ("cohen-nesterov", {"two": 1}),
    ("sutskever", {"scale": 2}),
    ("qhm-nesterov", {"nu": "1"}),
    ("adam-scale", {"eps": 1e-4}),
    ("weight-decay-adaptive", {"equal_rates": True}),
]

PUT_RIGHT = [
    ("004-covariance", {"variances": (9, 1)}),
    ("004-near-one", {"smooth": True}),
    ("004-two-betas", {"swapped": True}),
    ("004-0.95", {"kind": "exponential"}),
    ("004-epoch-zero", {"first": 1}),
    ("004-best-lr", {"sense": "min"}),
    ("004-larger-lr-nesterov", {"method": "heavy_ball"}),
    ("004-g-one-rate", {"single": False}),
    ("001-text-code", {"factor": "1 - beta"}),
    ("001-half-life", {"steps": "log(1/2)/log(g)"}),
    ("003-nesterov-code", {"method": "ema_momentum_zero_start"}),
    ("002-constant", {"correction": "power"}),
    ("002-frobenius", {"norm": "elementwise"}),
    ("002-rmsprop-eps", {"gradient": 1.0}),
    ("002-swapped", {"for_m": 0.9}),
    ("000-cache", {"kept": True}),
    ("000-eps", {"gradient": 1e3}),
    ("goh-loss", {"factor": sp.Rational(1, 2)}),
    ("standard-best", {"lr": "4/(3L+mu)"}),
    ("ball-global", {"momentum": Fraction(0)}),
    ("adam-regret", {"beta2": "AMSGrad"}),
]


@pytest.mark.parametrize(("name", "error"), SPOILT, ids=lambda value: value if isinstance(value, str) else "")
def test_an_error_put_into_a_right_claim_refutes_it(name, error):
    claim = every_claim()[name]
    assert claim.finding(HERE).verdict in ("proved", "confirmed")
    assert claim.saying(**error).finding(HERE).verdict == "refuted"


@pytest.mark.parametrize(("name", "right"), PUT_RIGHT, ids=lambda value: value if isinstance(value, str) else "")
def test_a_slip_put_right_is_not_refuted(name, right):
    claim = every_claim()[name]
    assert claim.finding(HERE).verdict == "refuted"
    assert claim.saying(**right).finding(HERE).verdict in ("proved", "confirmed")
