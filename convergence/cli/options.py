"""Options that several commands share: the same words for the same things everywhere."""

from __future__ import annotations

from functools import partial

from convergence.cli.command import Option, group, option
from convergence.cli.modules import Lazy, batches
from convergence.errors import require_formats
from convergence.writing import require_file, require_folder

problems = Lazy("convergence.problem")


def names(text: str) -> list[str]:
    """A list of names, separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


METHOD = option("method", metavar="METHOD", help="a name from 'convergence methods', a preset, or FILE.py:RULE")
METHODS = option(
    "--methods", metavar="A,B", type=names, help="methods, as METHOD elsewhere (default: all; report: the classic four)"
)
LATEX = option("--latex", action="store_true", help="print LaTeX")
OPEN = option("--open", action="store_true", help="open the page that was written")
STEPS = option("--steps", type=int, metavar="K", required=True, help="number of steps")
LOSS = option(
    "--loss",
    metavar="SCALING",
    default="sum",
    check=lambda name: problems.loss_scale(name, 1),
    help="(c/2)‖Xw−y‖²: sum (c = 2, default), half, mean, half_mean; λ = cσ²",
)
NONE: list[str] = []

DATA = (
    option("--data", metavar="FILE", help="a CSV file, or an NPZ file with arrays X and y"),
    option("--target", metavar="COLUMN", help="the column (or array) to be explained"),
    option("--columns", metavar="A,B", type=names, help="explain it by these columns alone (default: all others)"),
    option("--drop", metavar="A,B", type=names, default=NONE, help="leave these columns out"),
    option("--missing", metavar="WHAT", default="error", help="rows with NA, ?, …: drop them, or take the mean; error"),
    option(
        "--na", metavar="A,B", type=lambda s: s.split(","), help="signs of a missing value (default: the usual ones)"
    ),
    option("--decimal", metavar="SIGN", default=".", help="decimal point in the file: . (default) or ,"),
    option("--separator", metavar="SIGN", help="what separates the fields (default: found out)"),
    option("--no-header", action="store_false", dest="header", help="there is none: the columns are x1, x2, …"),
    option("--dataset", metavar="NAME", help="a data set that ships: gaussian_2d (default), longley"),
    LOSS,
    option("--intercept", action="store_true", help="add a column of ones"),
    option("--standardize", action="store_true", help="centre each column and scale it to unit deviation"),
)
ENDS = (
    option("--mu", metavar="X", help="smallest curvature"),
    option("--L", metavar="X", help="largest curvature"),
)
SPECTRUM = group("spectrum: --mu and --L, or data (default: the notes' data)", *ENDS, *DATA)
NUMBERS = group("numbers: for --mu and --L, or for data (default: formulas alone)", *ENDS, *DATA)
ON = group("data (default: the notes' data)", *DATA)
CURVATURES = option("--curvatures", metavar="A,B", type=names, help="eigenvalues of the Hessian, instead of data")

SAMPLING = option(
    "--sampling",
    metavar="WAY",
    default="replacement",
    check=lambda name: batches.checked_sampling(name),
    help="of the rows: replacement (default), step (distinct within a step), epoch (reshuffled), cyclic, stream (fresh)",
)
BATCH = option("--batch", type=int, metavar="B", help="rows of the data in each step (default: all)")
DEVIATION = option(
    "--noise", metavar="S", help="standard deviation of noise added to the gradient, along any direction"
)
RANDOM = (
    BATCH,
    SAMPLING,
    DEVIATION,
    option("--label-noise", metavar="S", help="of noise in the targets, drawn anew for each row of each step"),
)


def hyper(words: str) -> Option:
    """The hyperparameters, by flags of their own names: ``--lr``, ``--momentum``, and any other that the method has."""
    return group(
        "hyperparameters (X is exact: 0.9, 9/10, (sqrt(10)-1)/3)",
        option("--lr", metavar="X", help=f"learning rate: {words}"),
        option("--momentum", metavar="X", help="momentum, in the method's own convention: likewise"),
        option("--set", metavar="NAME=X", action="append", default=NONE, help="any other (--NAME X does, too)"),
    )


BEST = hyper("default: the best for the spectrum")


def out(folder: str | None, words: str = "where to write") -> Option:
    """The folder that files are written to."""
    default = f" (default: {folder})" if folder else ""
    return option("--out", "-o", metavar="FOLDER", default=folder, check=require_folder, help=f"{words}{default}")


def out_file(words: str, metavar: str = "FILE", default: str | None = None) -> Option:
    """The file that is written."""
    return option("--out", "-o", metavar=metavar, default=default, check=require_file, help=words)


def formats(flag: str, default: list[str], known: str) -> Option:
    """Endings of the files to write."""
    words = f"{known} (default: {','.join(default)})"
    check = partial(require_formats, known=known.split(","))
    return option(flag, metavar="F,F", type=names, default=default, check=check, help=words)


SCHEDULE = option(
    "--schedule", metavar="NAME", help="of the learning rate, as the command schedule takes it; --lr is its base"
)
