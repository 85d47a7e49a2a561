"""Results are kept by rule, and a rule is what it reads from outside as well: after any of it changed, it is derived anew."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial, wraps
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence.methods import as_method

lam = sp.Symbol("lambda", positive=True)
C = None


def plain(f, x, *, lr):
    return x - C * lr * f.grad(x)


def of_many(f, x, *, lr):
    return x - sum(C * entry for entry in (lr, lr)) / 2 * f.grad(x)


def of_a_set(f, x, *, lr):
    return x - max(C) * lr * f.grad(x)


def of_an_attribute(f, x, *, lr):
    return x - C.c * lr * f.grad(x)


def of_a_name(f, x, *, lr):
    return x - getattr(C, "c") * lr * f.grad(x)  # noqa: B009


def of_an_attribute_within(f, x, *, lr):
    return x - C.inner.c * lr * f.grad(x)


def of_an_entry(f, x, *, lr):
    return x - C["c"][-1] * lr * f.grad(x)


def of_a_call(f, x, *, lr):
    return x - C(lr) * f.grad(x)


def of_a_call_without(f, x, *, lr):
    return x - C() * lr * f.grad(x)


def of_a_method(f, x, *, lr):
    return x - C.step(lr) * f.grad(x)


def of_an_import(f, x, *, lr):
    import constants_of_a_test

    return x - constants_of_a_test.c * lr * f.grad(x)


def held(value):
    return SimpleNamespace(c=value)


class Slotted:
    __slots__ = ("c",)

    def __init__(self, c):
        self.c = c


@dataclass(frozen=True)
class Frozen:
    c: int

    @property
    def twice(self):
        return 2 * self.c

    def step(self, lr):
        return self.c * lr

    def __call__(self, lr):
        return self.c * lr


def of_the_class(c):
    return type("Constants", (), {"c": c})


def module(c, *within):
    made = ModuleType("constants_of_a_test")
    made.c = c
    for name in within:
        setattr(made, name, module(c))
    return made


def times(c):
    return lambda lr: c * lr


def deep(c, depth=6):
    """A function that calls a function that calls …, the last of which reads c."""
    inner = times(c)
    for _ in range(depth):
        inner = (lambda one: lambda lr: one(lr))(inner)
    return inner


def product(c, lr):
    return c * lr


KINDS = {
    "an integer": (plain, int),
    "a fraction": (plain, Fraction),
    "a number of SymPy": (plain, sp.Integer),
    "a decimal number": (lambda f, x, *, lr: x - int(C) * lr * f.grad(x), Decimal),
    "of NumPy": (plain, np.int64),
    "within a function": (of_many, int),
    "a set": (of_a_set, lambda c: {0, c}),
    "a namespace": (of_an_attribute, held),
    "an attribute by its name as text": (of_a_name, module),
    "an attribute of an attribute": (of_an_attribute_within, lambda c: SimpleNamespace(inner=Slotted(c))),
    "slots": (of_an_attribute, Slotted),
    "a frozen dataclass": (of_an_attribute, Frozen),
    "a class": (of_an_attribute, of_the_class),
    "the class of an instance": (of_an_attribute, lambda c: of_the_class(c)()),
    "a module": (of_an_attribute, module),
    "a module of a module": (of_an_attribute_within, lambda c: module(c, "inner")),
    "an array of a module": (lambda f, x, *, lr: x - C.c[1] * lr * f.grad(x), lambda c: module(np.array([0, c]))),
    "the last entry of a long array": (of_an_entry, lambda c: {"c": np.repeat([1, c], 5000)}),
    "another function of the name": (of_a_call, {1: lambda lr: lr, 2: lambda lr: 2 * lr}.get),
    "a closure": (of_a_call, times),
    "functions of functions": (of_a_call, deep),
    "a part of a function": (of_a_call, lambda c: partial(product, c)),
    "a kept function": (of_a_call_without, lambda c: cache(lambda: c)),
    "an object that is called": (of_a_call, Frozen),
    "a method of an object": (of_a_call, lambda c: Frozen(c).step),
    "an object's method": (of_a_method, Frozen),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_what_a_rule_reads_is_noticed(kind, monkeypatch):
    rule, made = KINDS[kind]
    kept = cv.method(rule, name="rule") if rule.__name__ != "<lambda>" else cv.method(name="rule")(rule)
    for c in (1, 2, 1):
        monkeypatch.setitem(globals(), "C", made(c))
        assert cv.stability(kept).lr_max == 2 / (c * lam)


@pytest.mark.parametrize("changed", [held(1), module(1), of_the_class(1), Slotted(1), of_the_class(1)()])
def test_so_is_a_change_of_the_same_object(changed, monkeypatch):
    monkeypatch.setitem(globals(), "C", changed)
    for c in (1, 2, 1):
        changed.c = c
        assert cv.stability(of_an_attribute).lr_max == 2 / (c * lam)


def test_and_of_a_module_that_the_rule_imports(monkeypatch):
    for c in (1, 2):
        monkeypatch.setitem(sys.modules, "constants_of_a_test", module(c))
        assert cv.stability(of_an_import).lr_max == 2 / (c * lam)


def test_and_of_what_a_wrapped_rule_of_the_catalogue_is_given(monkeypatch):
    @wraps(cv.METHODS["gradient_descent"].rule)
    def scaled(f, x, *, lr):
        return cv.METHODS["gradient_descent"].rule(f, x, lr=C * lr)

    for c in (1, 2):
        monkeypatch.setitem(globals(), "C", Fraction(c))
        assert cv.stability(scaled).lr_max == 2 / (c * lam)


def test_and_of_a_rule_that_another_rule_calls(monkeypatch):
    inner = cv.method(plain)

    def outer(f, x, *, lr):
        return inner(f, x, lr=lr)[0]

    for c in (1, 2):
        monkeypatch.setitem(globals(), "C", Fraction(c))
        assert cv.stability(outer).lr_max == 2 / (c * lam)


def test_and_of_the_first_state(monkeypatch):
    def first(f, x):
        return x, C.c * f.grad(x)

    @cv.method(start=first)
    def heavy(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - lr * v, v

    after = {}
    for c in (0, 1):
        monkeypatch.setitem(globals(), "C", held(c))
        after[c] = cv.worst_case(heavy, 1, mu=1, L=1, lr=0.1, momentum=0.5).value
    assert after[0] == pytest.approx(0.9)
    assert after[1] == pytest.approx(0.85)


class Unreadable:
    """Nothing of this can be kept, as of an open file."""

    def __init__(self, c):
        self.c = c

    def __reduce_ex__(self, protocol):
        raise TypeError("not to be pickled")


def test_where_a_change_cannot_be_noticed_nothing_is_kept(monkeypatch):
    kept = cv.method(of_an_attribute)
    monkeypatch.setitem(globals(), "C", Unreadable(1))
    assert as_method(kept) != as_method(kept)
    for c in (1, 2):
        C.c = c
        assert cv.stability(kept).lr_max == 2 / (c * lam)
        assert cv.optimum(kept).at(mu=1, L=3).hyper["lr"] == 1 / (2 * c)


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_not_changed_is_the_same_rule(kind, monkeypatch):
    rule, made = KINDS[kind]
    monkeypatch.setitem(globals(), "C", made(2))
    assert as_method(cv.method(name="rule")(rule)) == as_method(cv.method(name="rule")(rule))
