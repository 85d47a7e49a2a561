"""The command for the shell: completion."""

from __future__ import annotations

from argparse import Namespace

from convergence.cli.command import command, lazily, option, parser

console = lazily("convergence.cli.console")
shtab = lazily("shtab")


@command(
    "completion",
    "print a script with which the shell completes commands and options",
    option("shell", choices=("bash", "zsh", "tcsh"), help="bash, zsh or tcsh"),
    example='eval "$(convergence completion bash)"',
)
def completion(options: Namespace) -> int:
    console.show(shtab.complete(parser(), options.shell), wrap=False)
    return 0
