"""The command that says why a run diverges or crawls: diagnose."""

from __future__ import annotations

import argparse

from convergence.grammar.common import hyper_options, json_option, names


def diagnose(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("what to look at (default: the course notes' data)")
    data.add_argument("--data", metavar="FILE", help="a CSV file with a header, or an NPZ file with arrays X and y")
    data.add_argument("--target", metavar="COLUMN", help="the column (or array) to be explained")
    data.add_argument("--dataset", metavar="NAME", help="a data set that ships: gaussian_2d, longley")
    data.add_argument("--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean")
    data.add_argument("--intercept", action="store_true", help="add a column of ones")
    data.add_argument("--standardize", action="store_true", help="centre each column and scale it to unit deviation")
    data.add_argument("--curvatures", metavar="A,B", type=names, help="eigenvalues of the Hessian, instead of data")
    data.add_argument("--run", metavar="LOG", help="a CSV file with a logged run: a column a weight, a row a step")
    data.add_argument("--gradients", metavar="A,B", type=names, help="columns of the log that are gradients, in order")
    settings = parser.add_argument_group("method and settings")
    settings.add_argument(
        "--method", metavar="METHOD", help="a name from 'convergence methods', or FILE.py:FUNCTION (--run: optional)"
    )
    hyper_options(settings, "as in the run (with --run: where it is known)")
    json_option(parser)


COMMANDS = {"diagnose": ("say why a method diverges or crawls on data, a spectrum or a logged run", diagnose)}
