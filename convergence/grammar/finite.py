"""The commands on finite time and on the limit: worst-case, limit, steps, horizon, transient, average, chebyshev."""

from __future__ import annotations

import argparse

from convergence.grammar.common import hyper_options, json_option, names

BEST = "default: the best for the spectrum"


def spectrum_options(parser: argparse.ArgumentParser) -> None:
    """The interval of curvatures, or the data that it is taken from."""
    group = parser.add_argument_group("spectrum: --mu and --L, or data (default: the notes' data)")
    group.add_argument("--mu", type=float, metavar="X", help="smallest curvature")
    group.add_argument("--L", type=float, metavar="X", help="largest curvature")
    group.add_argument("--data", metavar="FILE", help="a CSV file with a header, or an NPZ file with arrays X and y")
    group.add_argument("--target", metavar="COLUMN", help="the column (or array) to be explained")
    group.add_argument("--dataset", metavar="NAME", help="a data set that ships: gaussian_2d (default), longley")
    group.add_argument("--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean")
    group.add_argument("--intercept", action="store_true", help="add a column of ones")
    group.add_argument("--standardize", action="store_true", help="centre each column and scale it to unit deviation")


def worst_case(parser: argparse.ArgumentParser) -> None:
    _method(parser)
    _steps(parser)
    spectrum_options(parser)
    hyper_options(parser, BEST)
    parser.add_argument("--measure", default="error", help="error (default), loss, gradient")
    parser.add_argument("--exact", action="store_true", help="enclose the value in exact rational arithmetic as well")
    json_option(parser)


def limit(parser: argparse.ArgumentParser) -> None:
    _steps(parser)
    spectrum_options(parser)
    parser.add_argument("--methods", metavar="A,B", type=names, help="default: the whole catalogue")
    json_option(parser)


def steps(parser: argparse.ArgumentParser) -> None:
    _method(parser)
    parser.add_argument("--tolerance", type=float, metavar="X", default=1e-3, help="part of the first error (0.001)")
    parser.add_argument("--spectrum", action="store_true", help="count on the data's own curvatures, not on [mu, L]")
    parser.add_argument(
        "--across", metavar="A:B:N", help="count for N learning rates from A to B: a plateau of rates, in steps"
    )
    spectrum_options(parser)
    hyper_options(parser, BEST)
    json_option(parser)


def horizon(parser: argparse.ArgumentParser) -> None:
    _method(parser)
    _steps(parser)
    spectrum_options(parser)
    hyper_options(parser, "hold it; the others are searched for")
    json_option(parser)


def transient(parser: argparse.ArgumentParser) -> None:
    _method(parser)
    parser.add_argument(
        "--curvature", type=float, action="append", metavar="X", help="a direction (default: those of mu and L)"
    )
    parser.add_argument("--epsilon", type=float, metavar="X", default=1e-3, help="of the pseudospectrum (0.001)")
    spectrum_options(parser)
    hyper_options(parser, BEST)
    json_option(parser)


def chebyshev(parser: argparse.ArgumentParser) -> None:
    _steps(parser)
    parser.add_argument("--order", default="stable", help="ascending, descending, stable (default)")
    spectrum_options(parser)
    json_option(parser)


def average(parser: argparse.ArgumentParser) -> None:
    _method(parser)
    _steps(parser)
    parser.add_argument(
        "--ratio", type=float, metavar="R", help="Marchenko–Pastur spectrum of d/n = R, not the data's own"
    )
    parser.add_argument(
        "--exponent", type=float, metavar="S", help="power-law spectrum λ^S on [0, L], not the data's own"
    )
    spectrum_options(parser)
    hyper_options(parser, BEST)
    json_option(parser)


def _method(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD")


def _steps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--steps", type=int, metavar="K", required=True, help="number of steps")


COMMANDS = {
    "worst-case": ("print the worst error of a method after K steps over [mu, L], proven", worst_case),
    "limit": ("print how much of the best possible each method reaches after K steps", limit),
    "steps": ("count the steps to a tolerance, in the worst case or on data", steps),
    "horizon": ("print the best hyperparameters for just K steps", horizon),
    "transient": ("print how far a method strays before it converges", transient),
    "average": ("print the expected error of a method after K steps, for a spectrum or a density", average),
    "chebyshev": ("print the learning rates that attain the limit in K steps, and their peaks", chebyshev),
}
