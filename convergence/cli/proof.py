"""Commands that prove: certify, recheck."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import Lazy, arguments, console, sp, writing
from convergence.cli.options import METHOD, SPECTRUM, hyper, out_file
from convergence.errors import BadData, BadHyperparameter, NoStableLearningRate

if TYPE_CHECKING:
    import sympy

    from convergence.certificates.proof import Proof
    from convergence.rule import Method

reading, symbols = Lazy("convergence.reading"), Lazy("convergence.theory.symbols")

VERDICTS = {True: ("proven", "bold green"), False: ("refuted", "bold red"), None: ("undecided", "bold yellow")}
CLAIMED = {True: "", False: "it is false that ", None: "undecided, "}
"""What a certificate claims, before it was checked: no verdict."""

SHORT = 10**6
"""With larger denominators the closed form of the optimum is read as decimals: fields of long numbers are slow."""

ROUNDED = 6
"""Decimals to which the best rate is rounded up where it is read as a decimal."""

CLAIMS = ("radius", "stable", "rate", "optimum", "formula")


@command(
    "certify",
    "prove a claim (radius, stable, rate, optimum, formula), or find a counterexample",
    option("claim", choices=CLAIMS, metavar="CLAIM", help=", ".join(CLAIMS)),
    METHOD,
    option("--rate", metavar="X", help="rate: the bound to prove (default: the best rate, as derived)"),
    option("--curvature", metavar="X", help="radius: where to enclose it (default: the largest)"),
    option("--epsilon", metavar="X", default="1e-6", help="optimum: how far apart the bounds may be (1e-6)"),
    hyper("exactly, as 9/10 or (sqrt(10)-1)/(sqrt(10)+1); default: the best for the spectrum; optimum: hold it"),
    SPECTRUM,
    out_file("keep the certificate, for 'convergence recheck'", "FILE.json"),
    example="convergence certify stable nesterov --mu 1 --L 100 --lr 0.01 --momentum 0.8 --out proof.json",
)
def certify(options: Namespace) -> Answer:
    method = arguments.method(options.method)
    with console.working(options, "proving"):
        proof = _formula(method, options) if options.claim == "formula" else _proof(method, options)
    if options.out:
        writing.write_file(options.out, proof.to_json())
    kept = [f"certificate: {options.out}"] if options.out else []
    return Answer(proof.summary(), [*_lines(proof), *kept], bool(proof))


def _lines(proof: Proof) -> list[Any]:
    word, style = VERDICTS[proof.holds]
    lines: list[Any] = [console.Text.assemble((word, style), f": {proof.claim}")]
    lines += [f"because {proof.why}"] if proof.why else []
    letter = "κ" if proof.certificate.kind == "formula" else "λ"
    lines += [] if proof.counterexample is None else [f"counterexample: {letter} = {proof.counterexample}"]
    if proof.lower is not None and proof.upper is not None:
        lines.append(f"from {sp.N(proof.lower, 20)} to {sp.N(proof.upper, 20)}, exactly as in --json")
    lines += [f"{name} = {value}" for name, value in (proof.hyper or {}).items()]
    lines += [console.Text(f"assumed: {assumption}", "yellow") for assumption in proof.assumptions]
    return lines + [f"{place:3}. {step.words}" for place, step in enumerate(proof.steps, 1)]


def _formula(method: Method, options: Namespace) -> Proof:
    if arguments.given(options) or options.mu is not None or options.L is not None:
        raise BadHyperparameter("formula is about all hyperparameters and all κ: it takes no numbers")
    return cv.certify_formula(method)


def _proof(method: Method, options: Namespace) -> Proof:
    given, (ends, _) = arguments.hyper(options, arguments.number), arguments.exact_ends(options)
    if options.claim == "optimum":
        return cv.certify_optimum(method, **ends, epsilon=arguments.number("epsilon", options.epsilon), **given)
    chosen = _settings(method, given, ends)
    if options.claim == "stable":
        return cv.certify_stable(method, **ends, **chosen)
    if options.claim == "rate":
        rate = arguments.number("rate", options.rate) if options.rate is not None else _best_rate(method, given, ends)
        return cv.certify_rate(method, rate, **ends, **chosen)
    curvature = ends["L"] if options.curvature is None else arguments.number("curvature", options.curvature)
    return cv.certify_radius(method, curvature, **chosen)


def _settings(method: Method, given: dict[str, Any], ends: dict[str, sympy.Expr]) -> dict[str, Any]:
    """The hyperparameters given, and for the others the best: exactly where that is short, else as decimals.

    Where nothing converges with those given, the others are those of the free optimum.
    """
    method.require_known(given)
    missing = [n for n in method.hyper if n not in given and n not in dict(method.defaults)]
    if not missing:
        return given
    best, floats = cv.optimum(method, **given), {name: float(end) for name, end in ends.items()}
    if best.exact and _are_short(ends):
        return {**given, **{n: _at(best.hyper[n], ends) for n in missing}}
    try:
        tuned = best.at(**floats)
    except NoStableLearningRate:
        tuned = cv.optimum(method).at(**floats)
    return {**given, **{n: sp.Rational(repr(tuned.hyper[n])) for n in missing}}


def _are_short(ends: dict[str, sympy.Expr]) -> bool:
    return all(end.is_Rational and end.q <= SHORT for end in ends.values())


def _at(formula: sympy.Expr, ends: dict[str, sympy.Expr]) -> sympy.Expr:
    return formula.subs({symbols.MU: ends["mu"], symbols.LARGEST: ends["L"]})


def _best_rate(method: Method, given: dict[str, Any], ends: dict[str, sympy.Expr]) -> sympy.Expr:
    best = cv.optimum(method, **given)
    if best.exact and _are_short(ends) and best.rate is not None:
        return _at(best.rate, ends)
    rate = Fraction(repr(best.at(mu=float(ends["mu"]), L=float(ends["L"])).rate))
    return sp.Rational(-((-rate.numerator * 10**ROUNDED) // rate.denominator) + 1, 10**ROUNDED)


@command(
    "recheck",
    "recheck a certificate in plain fractions, fact by fact",
    option("file", metavar="FILE.json", help="a certificate that 'convergence certify --out' kept"),
    option("--method", metavar="FILE.py:RULE", help="the rule that it is about, where it is your own"),
    example="convergence recheck proof.json",
)
def recheck(options: Namespace) -> Answer:
    try:
        text = reading.file_bytes(Path(options.file)).decode()
    except UnicodeDecodeError:
        raise BadData(f"a certificate must be UTF-8 text; {options.file} is not") from None
    proof = cv.read_certificate(text)
    checked = cv.recheck(proof, arguments.method(options.method) if options.method else None)
    word = ("confirmed", "bold green") if checked else ("rejected", "bold red") if checked.failed else VERDICTS[None]
    lines = [
        f"claims: {CLAIMED[proof.holds]}{proof.claim}",
        *(f"  ✓ {fact}" for fact in checked.passed),
        *(f"  ✗ {fact}" for fact in checked.failed),
        *(console.Text(f"  note: {note}", "yellow") for note in checked.notes),
        console.Text(*word),
    ]
    content = {"claim": proof.claim, "holds": proof.holds, "confirmed": bool(checked), **asdict(checked)}
    return Answer(content, lines, bool(checked))
