"""Words on the command line go in; what they ask for is run by ``terminal``, and an exit status comes out.

0: every check passed. 1: one failed. 2: input that cannot be used, said in one line on standard error. 130: interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import convergence as cv

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130

EPILOG = """\
Without --data, a command runs on the course notes' 2-D Gaussian data; without --methods, on the whole catalogue.
A METHOD is a name that 'convergence methods' lists, or FILE.py:FUNCTION, an update rule of your own.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Prints no traceback for input that cannot be used."""
    options = _parser().parse_args(arguments)
    try:
        return int(cv.terminal.run(options))
    except cv.ConvergenceError as error:
        return _refused(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        return _refused(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except MemoryError:
        return _refused("the data do not fit into memory; give fewer rows, or columns")
    except KeyboardInterrupt:
        sys.stderr.write("convergence: interrupted; no file was left half-written\n")
        return INTERRUPTED


def _refused(message: str) -> int:
    sys.stderr.write(f"convergence: error: {message}\n")
    return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="convergence",
        description="Convergence studies of optimisers on quadratic least squares: derive, run, check, report.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"convergence-study {cv.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _report(commands.add_parser("report", help="write the report: Markdown, HTML, JSON, LaTeX and the figures"))
    _verify(commands.add_parser("verify", help="hold the theory against runs, claim by claim, and print the checks"))
    _figures(commands.add_parser("figures", help="write the figures alone"))
    _derive(commands.add_parser("derive", help="print iteration matrix, regimes and stable region of a method"))
    _optimum(commands.add_parser("optimum", help="print the best hyperparameters of a method over [mu, L]"))
    _json(commands.add_parser("methods", help="list the catalogue"))
    return parser


def _report(parser: argparse.ArgumentParser) -> None:
    _study(parser)
    _out(parser, "convergence-report")
    parser.add_argument(
        "--formats", metavar="F,F", type=_names, default=["md", "html", "json", "tex"], help="md,html,json,tex"
    )
    parser.add_argument("--figure-formats", metavar="F,F", type=_names, default=["svg"], help="svg,png,pdf")
    parser.add_argument("--title", metavar="TEXT", help="what the report calls the data")


def _verify(parser: argparse.ArgumentParser) -> None:
    _study(parser)
    parser.add_argument("--out", metavar="FOLDER", help="write verification.json there as well")
    _json(parser)


def _figures(parser: argparse.ArgumentParser) -> None:
    _study(parser)
    _out(parser, "convergence-figures")
    parser.add_argument("--figure-formats", metavar="F,F", type=_names, default=["png"], help="svg,png,pdf")


def _derive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD")
    parser.add_argument(
        "--sigma", action="store_true", help="formulas in the singular value σ instead of the curvature λ"
    )
    parser.add_argument(
        "--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean: λ = c·σ²"
    )
    parser.add_argument("--latex", action="store_true", help="print LaTeX")
    _json(parser)


def _optimum(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("method", metavar="METHOD")
    _hyper(parser, "hold it at a number, or a letter: the optimum then comes in pieces")
    parser.add_argument("--mu", type=float, metavar="X", help="smallest curvature: print numbers as well")
    parser.add_argument("--L", type=float, metavar="X", help="largest curvature")
    parser.add_argument("--latex", action="store_true", help="print LaTeX")
    _json(parser)


def _study(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("data")
    data.add_argument("--data", metavar="FILE", help="a CSV file with a header, or an NPZ file with arrays X and y")
    data.add_argument("--target", metavar="COLUMN", help="the column (or array) to be explained")
    data.add_argument("--dataset", metavar="NAME", help="a data set that ships: gaussian_2d (default), longley")
    data.add_argument("--loss", metavar="SCALING", default="sum", help="sum (default), half, mean, half_mean")
    data.add_argument("--intercept", action="store_true", help="add a column of ones")
    data.add_argument("--standardize", action="store_true", help="centre each column and scale it to unit deviation")
    runs = parser.add_argument_group("methods and settings")
    runs.add_argument(
        "--methods", metavar="A,B", type=_names, help="names from 'convergence methods', or FILE.py:FUNCTION"
    )
    _hyper(runs, "fix it; the other hyperparameters are then the best for it")
    runs.add_argument("--steps", type=int, metavar="N", help="length of the runs shown (default: as long as they need)")


def _hyper(parser: argparse._ActionsContainer, words: str) -> None:
    parser.add_argument("--lr", metavar="X", help=f"learning rate: {words}")
    parser.add_argument(
        "--momentum", metavar="X", help="momentum coefficient, in the method's own convention: likewise"
    )
    parser.add_argument(
        "--set", metavar="NAME=X", action="append", default=[], help="any other hyperparameter: likewise"
    )


def _out(parser: argparse.ArgumentParser, folder: str) -> None:
    parser.add_argument("--out", metavar="FOLDER", default=folder, help=f"where to write (default: {folder})")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
