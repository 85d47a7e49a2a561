"""Options that several commands share, added to a parser."""

from __future__ import annotations

import argparse


def study_options(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("data")
    data.add_argument("--data", metavar="FILE", help="a CSV file with a header, or an NPZ file with arrays X and y")
    data.add_argument("--target", metavar="COLUMN", help="the column (or array) to be explained")
    data.add_argument("--dataset", metavar="NAME", help="a data set that ships: gaussian_2d (default), longley")
    data.add_argument("--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean")
    data.add_argument("--intercept", action="store_true", help="add a column of ones")
    data.add_argument("--standardize", action="store_true", help="centre each column and scale it to unit deviation")
    runs = parser.add_argument_group("methods and settings")
    runs.add_argument(
        "--methods", metavar="A,B", type=names, help="names from 'convergence methods', or FILE.py:FUNCTION"
    )
    hyper_options(runs, "fix it; the other hyperparameters are then the best for it")
    runs.add_argument("--steps", type=int, metavar="N", help="length of the runs shown (default: as long as they need)")


def hyper_options(parser: argparse._ActionsContainer, words: str) -> None:
    parser.add_argument("--lr", metavar="X", help=f"learning rate: {words}")
    parser.add_argument(
        "--momentum", metavar="X", help="momentum coefficient, in the method's own convention: likewise"
    )
    parser.add_argument(
        "--set", metavar="NAME=X", action="append", default=[], help="any other hyperparameter: likewise"
    )


def out_option(parser: argparse.ArgumentParser, folder: str) -> None:
    parser.add_argument("--out", "-o", metavar="FOLDER", default=folder, help=f"where to write (default: {folder})")


def json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
