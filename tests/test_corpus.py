"""The answers that were kept, asked again: formulas by their values, numbers to a tolerance with a reason, words exactly."""

import copy
import json
from math import isclose

import corpus
import numpy as np
import pytest

KEPT = corpus.kept()


def differences(kept, now, tolerance, size, place=""):
    """Each place where two answers differ. What the newer one has in addition is no difference."""
    if kept == corpus.ANY:
        return
    if isinstance(kept, dict):
        if not isinstance(now, dict):
            yield f"{place}: {kept!r:.80} became {now!r:.80}"
        elif "at" in kept and "at" in now:
            yield from _of_formulas(kept["at"], now["at"], place)
        elif "truth" in kept and "truth" in now:
            if kept["truth"] != now["truth"]:
                yield f"{place}: holds elsewhere, {kept['where']} became {now['where']}"
        elif "roots" in kept and "roots" in now:
            yield from _of_roots(kept["roots"], now["roots"], tolerance, size, place)
        elif _is_number(kept):
            yield from _of_numbers([kept], [now], tolerance, size, place)
        else:
            for name, entry in kept.items():
                if name in now:
                    yield from differences(entry, now[name], tolerance, size, f"{place}.{name}")
                else:
                    yield f"{place}.{name} is gone"
    elif isinstance(kept, list):
        if not isinstance(now, list) or len(kept) != len(now):
            yield f"{place}: {kept!r:.80} became {now!r:.80}"
        elif all(map(_is_number, kept)) and all(map(_is_number, now)):
            yield from _of_numbers(kept, now, tolerance, size, place)
        else:
            for index, (one, other) in enumerate(zip(kept, now, strict=True)):
                yield from differences(one, other, tolerance, size, f"{place}[{index}]")
    elif _is_number(kept) and _is_number(now):
        yield from _of_numbers([kept], [now], tolerance, size, place)
    elif kept != now or isinstance(kept, bool) != isinstance(now, bool):
        yield f"{place}: {kept!r:.80} became {now!r:.80}"


def _is_number(entry):
    if isinstance(entry, dict):
        return set(entry) in ({"float"}, {"parts"})
    return isinstance(entry, int | float) and not isinstance(entry, bool)


def _number(entry):
    if isinstance(entry, dict) and "parts" in entry:
        return complex(*(_number(part).real for part in entry["parts"]))
    return complex(float(entry["float"])) if isinstance(entry, dict) else complex(entry)


def _of_formulas(kept, now, place):
    """One value after another; a formula that lost its letters has one value for all points."""
    many = max(len(kept), len(now))
    for point, (one, other) in enumerate(zip(kept * (many // len(kept)), now * (many // len(now)), strict=True)):
        yield from _of_numbers([one], [other], corpus.EXACT, 0.0, f"{place} at point {point}")


def _of_numbers(kept, now, tolerance, size, place):
    """Numbers of one list are the entries of a vector: they round relative to its largest."""
    kept, now = ([_number(entry) for entry in numbers] for numbers in (kept, now))
    finite = [abs(entry) for entry in kept if np.isfinite(entry)]
    allowed = tolerance * max([size, *finite])
    for index, (one, other) in enumerate(zip(kept, now, strict=True)):
        same = (np.isnan(one) and np.isnan(other)) or one == other
        if not same and not (np.isfinite(one) and np.isfinite(other) and abs(one - other) <= allowed):
            yield f"{place}[{index}]: {one} became {other}, allowed {allowed:.1e}"


def _of_roots(kept, now, tolerance, size, place):
    """Each root finds its nearest, which is then taken."""
    left = [complex(*root) for root in now]
    if len(kept) != len(left):
        yield f"{place}: {len(kept)} roots became {len(left)}"
        return
    allowed = tolerance * max([size, *(abs(complex(*root)) for root in kept)])
    for root in kept:
        nearest = min(left, key=lambda z: abs(z - complex(*root)))
        left.remove(nearest)
        if abs(nearest - complex(*root)) > allowed:
            yield f"{place}: the root {complex(*root)} became {nearest}, allowed {allowed:.1e}"


def found(key, kept):
    question = corpus.QUESTIONS[key]
    now = json.loads(json.dumps(corpus.answer(key)))
    return list(differences(kept, now, question.tolerance, question.size))


def test_every_question_was_answered():
    assert list(KEPT) == list(corpus.QUESTIONS)


@pytest.mark.parametrize("key", corpus.QUESTIONS)
def test_the_answer_is_what_it_was(key):
    assert found(key, KEPT[key]) == []


def leaves(entry, path=()):
    """The places of an answer that carry its meaning, each as a path."""
    if isinstance(entry, dict | list):
        for name, part in entry.items() if isinstance(entry, dict) else enumerate(entry):
            if name not in ("formula", "where") and part != corpus.ANY:
                yield from leaves(part, (*path, name))
    else:
        yield path, entry


def spoilt(entry):
    """Another value of the same kind; numbers by one part in a hundred."""
    if isinstance(entry, bool):
        return not entry
    if isinstance(entry, int):
        return entry + 1
    if isinstance(entry, float):
        return entry * 1.01 + (entry == 0)
    if entry in ("inf", "-inf"):
        return entry[1:] if entry[0] == "-" else f"-{entry}"
    if isinstance(entry, str) and set(entry) <= {"0", "1"} and entry:
        return ("1" if entry[0] == "0" else "0") + entry[1:]
    return "spoilt"


CHEAP = (
    "theory heavy_ball",
    "eigenvalues nesterov",
    "contains heavy_ball at the edge",
    "spectral_radius over the spectrum",
    "optimum.at gradient_descent 1 10",
    "data notes",
    "steps_to nesterov",
    "steps_to gradient_descent diverging",
    "worst_case nesterov exact",
    "certify_stable heavy_ball",
    "convert pytorch course lr=0.1,momentum=0.9",
    "diagnose nesterov slow",
    "$ chebyshev --steps 8 --mu 1 --L 10",
)
"""A question of each kind of answer."""


@pytest.mark.parametrize("key", CHEAP)
def test_an_answer_spoilt_anywhere_is_noticed(key):
    question, whole = corpus.QUESTIONS[key], KEPT[key]
    for path, entry in leaves(whole):
        other = {"answer": copy.deepcopy(whole)}
        part = other
        for name in ("answer", *path)[:-1]:
            part = part[name]
        part[("answer", *path)[-1]] = spoilt(entry)
        assert list(differences(other, {"answer": whole}, question.tolerance, question.size)), path


def test_a_lost_key_is_noticed_and_an_added_one_is_none():
    assert list(differences({"a": 1, "b": 2}, {"a": 1}, 0, 0)) == [".b is gone"]
    assert not list(differences({"a": 1}, {"a": 1, "b": 2}, 0, 0))


def test_values_of_letters_are_the_same_everywhere():
    assert isclose(float(corpus.value_of("beta", 0)), float(corpus.value_of("beta", 0)))
    assert len({corpus.value_of("eta", place) for place in range(corpus.TRIALS)}) == corpus.TRIALS
