"""The commands that study data: report, verify, figures."""

from __future__ import annotations

import argparse

from convergence.grammar.common import json_option, names, out_option, study_options


def report(parser: argparse.ArgumentParser) -> None:
    study_options(parser)
    out_option(parser, "convergence-report")
    parser.add_argument(
        "--all", action="store_true", help="the whole catalogue, in classes of equal theory (default: the classic four)"
    )
    parser.add_argument(
        "--formats", metavar="F,F", type=names, default=["md", "html", "json", "tex"], help="md,html,json,tex"
    )
    parser.add_argument("--figure-formats", metavar="F,F", type=names, default=["svg"], help="svg,png,pdf")
    parser.add_argument("--title", metavar="TEXT", help="what the report calls the data")


def verify(parser: argparse.ArgumentParser) -> None:
    study_options(parser)
    parser.add_argument("--out", metavar="FOLDER", help="write verification.json there as well")
    json_option(parser)


def figures(parser: argparse.ArgumentParser) -> None:
    study_options(parser)
    out_option(parser, "convergence-figures")
    parser.add_argument("--figure-formats", metavar="F,F", type=names, default=["png"], help="svg,png,pdf")


COMMANDS = {
    "report": ("write the report: Markdown, HTML, JSON, LaTeX and the figures", report),
    "verify": ("hold the theory against runs, claim by claim, and print the checks", verify),
    "figures": ("write the figures alone", figures),
}
