"""Parsed options go in; a claim is proven or refuted, or a kept certificate rechecked, and the facts come out."""

from __future__ import annotations

import ast
import operator
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp
from rich.text import Text

import convergence as core
from convergence.api import certificates
from convergence.choices import chosen_method, problem
from convergence.errors import BadData, BadHyperparameter
from convergence.rule import Method
from convergence.terminal.console import OUT, print_json, working
from convergence.theory.symbols import LARGEST, MU
from convergence.writing import write_files

VERDICTS = {True: ("proven", "bold green"), False: ("refuted", "bold red"), None: ("undecided", "bold yellow")}

CLAIMS = {True: "", False: "it is false that ", None: "undecided, "}
"""What a certificate claims, before it was checked: no verdict."""

SHORT = 10**6
"""With larger denominators the closed form of the optimum is read as decimals: fields of long numbers are slow."""

ROUNDED = 6
"""Decimals to which the best rate is rounded up where it is read as a decimal."""

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def certify(options: Namespace) -> int:
    """Prove or refute the claim that was asked for."""
    method = chosen_method(options.method)
    with working("proving"):
        proof = _CLAIMS[options.claim](method, options)
    if options.out:
        path = Path(options.out)
        write_files(path.parent, {path.name: proof.to_json()})
    if options.json:
        print_json(proof.to_dict())
    else:
        _print(proof)
        if options.out:
            OUT.print(f"certificate: {options.out}")
    return 0 if proof else 1


def recheck(options: Namespace) -> int:
    """Recheck a certificate from a file, without the prover."""
    try:
        text = Path(options.file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadData(f"a certificate must be UTF-8 text; {options.file} is not") from None
    proof = certificates.read_certificate(text)
    found = certificates.recheck(proof, chosen_method(options.method) if options.method else None)
    if options.json:
        print_json({"claim": proof.claim, "holds": proof.holds, "confirmed": bool(found), **asdict(found)})
        return 0 if found else 1
    OUT.print(Text(f"claims: {CLAIMS[proof.holds]}{proof.claim}"))
    for fact in (*found.passed, *found.failed):
        OUT.print(Text(f"  {'✗' if fact in found.failed else '✓'} {fact}"))
    for note in found.notes:
        OUT.print(Text(f"  note: {note}", "yellow"))
    word = ("confirmed", "bold green") if found else ("rejected", "bold red") if found.failed else VERDICTS[None]
    OUT.print(Text(*word))
    return 0 if found else 1


def _print(proof: certificates.Proof) -> None:
    _verdict(proof)
    if proof.why:
        OUT.print(Text(f"because {proof.why}"))
    if proof.counterexample is not None:
        OUT.print(Text(f"counterexample: {proof.counterexample}"))
    if proof.lower is not None and proof.upper is not None:
        OUT.print(Text(f"from {sp.N(proof.lower, 20)} to {sp.N(proof.upper, 20)}, exactly as in --json"))
    for name, value in (proof.hyper or {}).items():
        OUT.print(Text(f"{name} = {value}"))
    for assumption in proof.assumptions:
        OUT.print(Text(f"assumed: {assumption}", "yellow"))
    for place, step in enumerate(proof.steps, 1):
        OUT.print(Text(f"{place:3}. {step.words}"))


def _verdict(proof: certificates.Proof) -> None:
    word, style = VERDICTS[proof.holds]
    OUT.print(Text.assemble((word, style), f": {proof.claim}"))


def _radius(method: Method, options: Namespace) -> certificates.Proof:
    if options.curvature is not None and options.mu is None and options.L is None and _given(options):
        return certificates.certify_radius(method, number("curvature", options.curvature), **_given(options))
    mu, L = _ends(options)
    at = L if options.curvature is None else number("curvature", options.curvature)
    return certificates.certify_radius(method, at, **_hyper(method, options, mu, L))


def _stable(method: Method, options: Namespace) -> certificates.Proof:
    mu, L = _ends(options)
    return certificates.certify_stable(method, mu=mu, L=L, **_hyper(method, options, mu, L))


def _rate(method: Method, options: Namespace) -> certificates.Proof:
    mu, L = _ends(options)
    hyper = _hyper(method, options, mu, L)
    bound = _best_rate(method, options, mu, L) if options.rate is None else number("rate", options.rate)
    return certificates.certify_rate(method, bound, mu=mu, L=L, **hyper)


def _optimum(method: Method, options: Namespace) -> certificates.Proof:
    mu, L = _ends(options)
    epsilon = number("epsilon", options.epsilon)
    return certificates.certify_optimum(method, mu=mu, L=L, epsilon=epsilon, **_given(options))


def _formula(method: Method, options: Namespace) -> certificates.Proof:
    if _given(options) or options.mu is not None or options.L is not None:
        raise BadHyperparameter("formula is about all hyperparameters and all κ: it takes no numbers")
    return certificates.certify_formula(method)


_CLAIMS: dict[str, Callable[[Method, Namespace], certificates.Proof]] = {
    "radius": _radius,
    "stable": _stable,
    "rate": _rate,
    "optimum": _optimum,
    "formula": _formula,
}


def _ends(options: Namespace) -> tuple[sp.Expr, sp.Expr]:
    """The spectrum asked for, or that of the data, whose floats are read as the decimals they print as."""
    if (options.mu is None) != (options.L is None):
        raise BadHyperparameter("the spectrum has two ends: give --mu and --L, or neither and data")
    if options.mu is not None:
        return number("mu", options.mu), number("L", options.L)
    data, _ = problem(options)
    return sp.Rational(repr(float(data.mu))), sp.Rational(repr(float(data.L)))


def _given(options: Namespace) -> dict[str, sp.Expr]:
    pairs = [(name, getattr(options, name)) for name in ("lr", "momentum") if getattr(options, name) is not None]
    for pair in options.set:
        name, separator, value = pair.partition("=")
        if not separator or not name or not value:
            raise BadHyperparameter(f"--set takes NAME=VALUE, as in --set dampening=0.5; got {pair!r}")
        pairs.append((name, value))
    return {name: number(name, text) for name, text in pairs}


def _hyper(method: Method, options: Namespace, mu: sp.Expr, L: sp.Expr) -> dict[str, sp.Expr]:
    """The hyperparameters given, and for the others the best: exactly where that is short, else as decimals."""
    given = _given(options)
    method.require_known(given)
    missing = [n for n in method.hyper if n not in given and n not in dict(method.defaults)]
    if not missing:
        return given
    best = core.optimum(method, **given)
    if best.exact and _short(mu, L):
        at = {MU: mu, LARGEST: L}
        return {**given, **{n: best.hyper[n].subs(at) for n in missing}}
    tuned = best.at(mu=float(mu), L=float(L))
    return {**given, **{n: sp.Rational(repr(tuned.hyper[n])) for n in missing}}


def _short(mu: sp.Expr, L: sp.Expr) -> bool:
    return bool(mu.is_Rational and L.is_Rational and max(mu.q, L.q) <= SHORT)


def _best_rate(method: Method, options: Namespace, mu: sp.Expr, L: sp.Expr) -> sp.Expr:
    given = _given(options)
    best = core.optimum(method, **given)
    if best.exact and _short(mu, L) and best.rate is not None:
        return best.rate.subs({MU: mu, LARGEST: L})
    rate = Fraction(repr(best.at(mu=float(mu), L=float(L)).rate))
    return sp.Rational(-((-rate.numerator * 10**ROUNDED) // rate.denominator) + 1, 10**ROUNDED)


def number(name: str, text: str) -> sp.Expr:
    """An exact number from sums, products, quotients, powers and square roots of decimals. BadHyperparameter for others."""
    try:
        written = text.strip().replace("^", "**")
        value = _evaluated(ast.parse(written, mode="eval").body, written)
    except (SyntaxError, ValueError, TypeError, KeyError, ZeroDivisionError, RecursionError):
        value = sp.nan
    if not value.is_finite or not value.is_real:
        raise BadHyperparameter(f"{name} must be a number such as 0.9, 9/10 or sqrt(2)/4; got {text!r}")
    return value


def _evaluated(node: ast.AST, text: str) -> sp.Expr:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return sp.Rational(ast.get_source_segment(text, node) or str(node.value))
    if isinstance(node, ast.UnaryOp):
        return _OPERATORS[type(node.op)](_evaluated(node.operand, text))
    if isinstance(node, ast.BinOp):
        left, right = _evaluated(node.left, text), _evaluated(node.right, text)
        if isinstance(node.op, ast.Pow) and not (right.is_Rational and abs(right) < 100):
            raise ValueError("a power out of reach")
        return _OPERATORS[type(node.op)](left, right)
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "sqrt"
        and len(node.args) == 1
    ):
        return sp.sqrt(_evaluated(node.args[0], text))
    raise ValueError("not an arithmetic expression")


COMMANDS = {"certify": certify, "recheck": recheck}
