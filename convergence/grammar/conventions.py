"""The commands about conventions: equivalent, convert."""

from __future__ import annotations

import argparse

from convergence.grammar.common import hyper_options, json_option


def equivalent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "a", metavar="A", nargs="?", help="a method or preset; without it, the classes of the catalogue"
    )
    parser.add_argument("b", metavar="B", nargs="?", help="the method whose settings are to follow from those of A")
    parser.add_argument("--latex", action="store_true", help="print the map as LaTeX")
    json_option(parser)


def convert(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("src", metavar="SRC", help="a preset (pytorch, optax, keras, course, …) or a method")
    parser.add_argument("dst", metavar="DST", help="the preset or method whose settings are wanted")
    hyper_options(parser, "a number of SRC, or a letter for a formula")
    json_option(parser)


COMMANDS = {
    "equivalent": ("print the map between the hyperparameters of two methods, or why there is none", equivalent),
    "convert": ("print a setting of one library in the words of another", convert),
}
