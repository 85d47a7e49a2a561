"""A command run as in a terminal: what it prints, what its JSON says, and whether that fits in eighty columns."""

import json

from convergence.cli import main


def run(capsys, *arguments):
    assert main([*map(str, arguments), "--quiet"]) == 0
    return capsys.readouterr().out


def content(capsys, *arguments):
    return json.loads(run(capsys, *arguments, "--json"))


def fits(text):
    return all(len(line) <= 80 for line in text.splitlines())
