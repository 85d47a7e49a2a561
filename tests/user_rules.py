"""Update rules that a user might bring, and rules made of random coefficients; each with its iteration matrix by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from convergence import method


@method
def triple_positions(f, x, before, *, lr, momentum, ahead):
    """Triple momentum as its source writes it (Van Scoy et al. 2018): x₊ = (1+β)x − βx₋ − ηg((1+γ)x − γx₋)."""
    slope = f.grad((1 + ahead) * x - ahead * before)
    return (1 + momentum) * x - momentum * before - lr * slope, x


def triple_positions_matrix(lam, lr, momentum, ahead):
    return np.array([[1 + momentum - lr * lam * (1 + ahead), -momentum + lr * lam * ahead], [1, 0]])


def two_positions(f, x, before, *, lr, momentum):
    """Polyak 1964 in positions; without a start, ``before`` is zero and the first step jumps."""
    return x - lr * f.grad(x) + momentum * (x - before), x


polyak = method(two_positions, name="polyak")
polyak_at_rest = method(start=lambda f, x: (x, x), name="polyak_at_rest")(two_positions)


def polyak_matrix(lam, lr, momentum):
    return np.array([[1 + momentum - lr * lam, -momentum], [1, 0]])


@method
def extragradient(f, x, *, lr):
    """Korpelevich 1976: x ← x − ηg(x − ηg(x))."""
    return x - lr * f.grad(x - lr * f.grad(x))


def extragradient_matrix(lam, lr):
    return np.array([[1 - lr * lam * (1 - lr * lam)]])


@method
def two_buffers(f, x, v, w, *, lr, momentum):
    """Momentum of momentum: a rule of the third order."""
    v = momentum * v + f.grad(x)
    w = momentum * w + v
    return x - lr * w, v, w


def two_buffers_matrix(lam, lr, momentum):
    b = momentum
    return np.array([[1 - lr * lam, -lr * b, -lr * b], [lam, b, 0], [lam, b, b]])


@method
def inner_step(f, x, *, lr):
    """Extragradient with its inner rate written in: the scale of the curvatures matters, and λ ≥ 10 is never stable."""
    return x - lr * f.grad(x - 0.1 * f.grad(x))


USERS = {
    triple_positions: (triple_positions_matrix, {"momentum": (0, 1), "ahead": (0.05, 1)}),
    polyak: (polyak_matrix, {"momentum": (0, 1)}),
    polyak_at_rest: (polyak_matrix, {"momentum": (0, 1)}),
    extragradient: (extragradient_matrix, {}),
    two_buffers: (two_buffers_matrix, {"momentum": (0, 1)}),
}


def linear_rule(inner, into, look, step):
    """A rule of 1 + len(inner) states made of coefficients: g = grad(x + look·v), v ← inner·v + into·g, x ← x + step·v − lr·g.

    It rests at the minimiser with zero buffers whatever the coefficients. Returns (method, matrix function of λ and lr).
    """
    size = len(inner)
    inner, into, look, step = (
        np.array(part, dtype=object).reshape(shape)
        for part, shape in [(inner, (size, size)), (into, (size,)), (look, (size,)), (step, (size,))]
    )

    def update(f, x, buffers, lr):
        g = f.grad(x + sum((c * v for c, v in zip(look, buffers, strict=True)), x * 0))
        after = [
            sum((c * v for c, v in zip(row, buffers, strict=True)), b * g) for row, b in zip(inner, into, strict=True)
        ]
        return (x + sum((c * v for c, v in zip(step, buffers, strict=True)), -lr * g), *after)

    rules = {
        0: lambda f, x, *, lr: update(f, x, (), lr),
        1: lambda f, x, u, *, lr: update(f, x, (u,), lr),
        2: lambda f, x, u, v, *, lr: update(f, x, (u, v), lr),
        3: lambda f, x, u, v, w, *, lr: update(f, x, (u, v, w), lr),
    }

    def matrix(lam, lr):
        probe = np.concatenate([[1.0], look.astype(float)]) * lam
        top = np.concatenate([[1.0], step.astype(float)]) - lr * probe
        rest = np.hstack([np.zeros((size, 1)), inner.astype(float)]) + np.outer(into.astype(float), probe)
        return np.vstack([top, rest])

    return method(rules[size], name=f"random_{size + 1}"), matrix


def random_rule(rng, size, denominator=8):
    """A linear rule with small random rational coefficients (exact in binary too)."""

    def draw(*shape):
        flat = [Fraction(int(k), denominator) for k in rng.integers(-5, 6, int(np.prod(shape)))]
        return [float(c) for c in flat]

    return linear_rule(np.reshape(draw(size, size), (size, size)), draw(size), draw(size), draw(size))
