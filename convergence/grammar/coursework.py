"""The commands on the course's material: audit, course."""

from __future__ import annotations

import argparse

from convergence.grammar.common import json_option, names, out_option


def audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source", metavar="A,B", type=names, help="only these sources: 004, 001, 003, 002, 000, goh-2017, …"
    )
    parser.add_argument("--out", metavar="FOLDER", help="write audit.md, audit.html and audit.json there as well")
    parser.add_argument("--formats", metavar="F,F", type=names, default=["md", "html", "json"], help="md,html,json,tex")
    json_option(parser)


def course(parser: argparse.ArgumentParser) -> None:
    out_option(parser, "convergence-course")
    parser.add_argument(
        "--formats", metavar="F,F", type=names, default=["md", "html", "tex", "json"], help="md,html,tex,json"
    )
    parser.add_argument("--figure-formats", metavar="F,F", type=names, default=["svg"], help="svg,png,pdf")
    json_option(parser)


COMMANDS = {
    "audit": ("decide the claims of the course notes and of papers, by machine", audit),
    "course": ("write the answer sheet to the course's homework, every formula derived", course),
}
