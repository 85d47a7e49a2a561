"""Imports point down, what is asked loads only what it needs, and only the command line prints."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRINTING = ("cli",)


def test_the_layers_of_pyproject_hold(monkeypatch):
    cli = pytest.importorskip("importlinter.cli")
    monkeypatch.chdir(ROOT)
    assert cli.lint_imports(no_cache=True) == 0


def test_only_the_command_line_prints():
    for path in sorted((ROOT / "convergence").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        if path.relative_to(ROOT / "convergence").parts[0] not in PRINTING:
            assert "print" not in names, path
            assert not attributes & {"stdout", "stderr"}, path


def loaded(code):
    """The modules that a fresh process has loaded after this code."""
    code = f"import sys\n{code}\nprint(*sys.modules)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_importing_loads_nothing_heavy():
    heavy = {"numpy", "sympy", "scipy", "matplotlib", "rich", "pydantic", "jinja2"}
    assert not heavy & set(loaded("import convergence, convergence.cli"))


def test_a_stable_region_loads_neither_figures_nor_pages():
    modules = loaded("import convergence as cv; cv.stability('heavy_ball')")
    ours = [name for name in modules if name.split(".")[0] == "convergence"]
    assert len([name for name in ours if not name.startswith("convergence.methods.")]) < 30  # a family more is welcome
    assert not {"matplotlib", "jinja2", "scipy", "pydantic", "rich"} & set(modules)


def test_the_checker_of_certificates_loads_nothing_of_what_it_checks():
    modules = set(loaded("import convergence.certificates.check"))
    assert not {"sympy", "numpy", "scipy", "mpmath", "flint"} & modules
    checker = {"certificate", "check", "exact", "loop", "lower_bound", "second_moment", "words"}
    allowed = {"convergence", "convergence.errors", "convergence.certificates"}
    assert {m for m in modules if m.split(".")[0] == "convergence"} == allowed | {
        f"convergence.certificates.{name}" for name in checker
    }
