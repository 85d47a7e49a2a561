"""The commands that print formulas: derive, optimum, methods."""

from __future__ import annotations

import argparse

from convergence.grammar.common import hyper_options, json_option


def derive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD")
    parser.add_argument(
        "--sigma", action="store_true", help="formulas in the singular value σ instead of the curvature λ"
    )
    parser.add_argument(
        "--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean: λ = c·σ²"
    )
    parser.add_argument("--latex", action="store_true", help="print LaTeX")
    json_option(parser)


def optimum(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD")
    hyper_options(parser, "hold it at a number, or a letter: the optimum then comes in pieces")
    parser.add_argument("--mu", type=float, metavar="X", help="smallest curvature: print numbers as well")
    parser.add_argument("--L", type=float, metavar="X", help="largest curvature")
    parser.add_argument("--latex", action="store_true", help="print LaTeX")
    json_option(parser)


COMMANDS = {
    "derive": ("print iteration matrix, regimes and stable region of a method", derive),
    "optimum": ("print the best hyperparameters of a method over [mu, L]", optimum),
    "methods": ("list the catalogue", json_option),
}
