"""A method is had by its name, a preset's, or an alias; a word that may mean several is answered with what each does."""

from __future__ import annotations

import numpy as np
import pytest

from convergence import BadName, NotLinear, derive, equivalent, method, presets, stability
from convergence.methods import ALIASES, as_method


@pytest.mark.finding("D8")
@pytest.mark.parametrize("ask", [derive, stability, lambda word: equivalent(word, "nesterov")])
def test_momentum_alone_is_asked_back_with_the_rule_of_each(ask):
    """The average whose β weighs the new gradient is one of several, and not the nearest name."""
    with pytest.raises(BadName) as refused:
        ask("momentum")
    said = str(refused.value)
    assert "did you mean" not in said
    assert "heavy_ball (v ← βv + ∇f(x), x ← x − ηv)" in said
    assert "ema_momentum (z ← (1−β)z + β∇f(x)" in said


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *[("nesterov_", "nesterov"), ("Nesterov", "nesterov"), ("adamm", "adam"), ("Heavy Ball", "heavy_ball")],
        *[("torch_sgd_nestrov", "torch_sgd_nesterov"), ("weight_decay_coupld", "weight_decay_coupled")],
    ],
)
def test_a_slip_of_a_letter_is_no_word_with_several_meanings(word, meant):
    with pytest.raises(BadName, match=f"did you mean '{meant}'"):
        stability(word)


@pytest.mark.parametrize(("word", "first"), [("heavy", "heavy_ball"), ("weight_decay", "weight_decay_coupled")])
def test_of_several_meanings_those_that_have_the_word_in_their_name_come_first(word, first):
    with pytest.raises(BadName, match=rf"name the one that you mean: {first} \("):
        stability(word)


@pytest.mark.parametrize("word", ["solving", "worst"])
def test_what_is_like_no_name_is_not_guessed(word):
    with pytest.raises(BadName) as refused:
        stability(word)
    assert "did you mean" not in str(refused.value)


@pytest.mark.finding("D8")
def test_every_preset_and_alias_is_a_method_everywhere():
    for name in {*presets(), *ALIASES}:
        preset = presets()[ALIASES.get(name, name)]
        assert as_method(name).name in {variant.method for variant in preset.variants}
    assert derive("pytorch").method.name == "torch_sgd"
    assert derive("sklearn").method.name == "torch_sgd_nesterov"
    with pytest.raises(BadName, match="did you mean 'heavy_ball'"):
        stability("heavyball")


PACE = 1.0
NOISE = np.random.default_rng(0)


def paced(f, x, *, lr):
    return x - PACE * lr * f.grad(x)


@pytest.mark.finding("D10")
def test_a_changed_global_is_another_method(monkeypatch):
    once = method(paced)
    assert str(stability(once).lr_max) == "2/lambda"
    monkeypatch.setitem(globals(), "PACE", 2.0)
    assert str(stability(once).lr_max) == "1/lambda"
    assert str(stability(paced).lr_max) == "1/lambda"


@pytest.mark.finding("D10")
def test_random_numbers_are_refused_in_equivalence_too():
    def shaken(f, x, *, lr):
        return x - lr * NOISE.random() * f.grad(x)

    with pytest.raises(NotLinear, match="answers differently"):
        equivalent(shaken, "gradient_descent")
