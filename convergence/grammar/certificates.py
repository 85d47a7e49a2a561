"""The commands that prove: certify, recheck."""

from __future__ import annotations

import argparse

from convergence.grammar.common import hyper_options, json_option

CLAIMS = ("radius", "stable", "rate", "optimum", "formula")

NUMBERS = "a number such as 0.9, 9/10 or (sqrt(10)-1)/(sqrt(10)+1), read exactly"


def certify(parser: argparse.ArgumentParser) -> None:
    parser.description = f"Prove a claim, or find a counterexample. X is {NUMBERS}."
    parser.add_argument("claim", choices=CLAIMS, metavar="CLAIM", help=", ".join(CLAIMS))
    parser.add_argument("method", metavar="METHOD", help="a name from 'convergence methods', or FILE.py:FUNCTION")
    parser.add_argument("--rate", metavar="X", help="rate: the bound to prove (default: the best rate, as derived)")
    parser.add_argument("--curvature", metavar="X", help="radius: where to enclose it (default: the largest)")
    parser.add_argument(
        "--epsilon", metavar="X", default="1e-6", help="optimum: how far apart the bounds may be (1e-6)"
    )
    hyper_options(parser, "default: the best for the spectrum; for optimum: hold it")
    _spectrum(parser)
    parser.add_argument("--out", metavar="FILE.json", help="keep the certificate, for 'convergence recheck'")
    json_option(parser)


def _spectrum(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("spectrum: --mu and --L, or data (default: the notes' data)")
    group.add_argument("--mu", metavar="X", help="smallest curvature")
    group.add_argument("--L", metavar="X", help="largest curvature")
    group.add_argument("--data", metavar="FILE", help="a CSV file with a header, or an NPZ file with arrays X and y")
    group.add_argument("--target", metavar="COLUMN", help="the column (or array) to be explained")
    group.add_argument("--dataset", metavar="NAME", help="a data set that ships: gaussian_2d (default), longley")
    group.add_argument("--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean")
    group.add_argument("--intercept", action="store_true", help="add a column of ones")
    group.add_argument("--standardize", action="store_true", help="centre each column and scale it to unit deviation")


def recheck(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE.json", help="a certificate that 'convergence certify --out' kept")
    parser.add_argument("--method", metavar="FILE.py:FUNCTION", help="the rule that it is about, where it is your own")
    json_option(parser)


COMMANDS = {
    "certify": ("prove a claim (radius, stable, rate, optimum, formula), or find a counterexample", certify),
    "recheck": ("recheck a certificate in plain fractions, fact by fact", recheck),
}
