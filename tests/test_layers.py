"""Imports point down, two witnesses do not see each other, and only the command line prints."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_layers_of_pyproject_hold(monkeypatch):
    cli = pytest.importorskip("importlinter.cli")
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(no_cache=True) == 0


@pytest.mark.parametrize("path", sorted((ROOT / "convergence").rglob("*.py")), ids=lambda p: p.name)
def test_only_the_command_line_prints(path):
    names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    prints = path.name == "cli.py" or path.parent.name == "terminal"
    assert prints or ("print" not in names and not attributes & {"stdout", "stderr"})


def test_theory_has_no_published_result_in_it():
    """No optimum stands in the code of theory/: the roots of curvatures come in as letters and leave as letters."""
    for path in (ROOT / "convergence" / "theory").glob("*.py"):
        assert "literature" not in path.read_text(), path
