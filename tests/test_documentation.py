"""What the documentation lists is what there is: public names, commands, methods, presets; and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

import convergence as cv
from convergence.cli import main
from convergence.cli.command import parse

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def words(page):
    """All that stands between backticks, in words."""
    return set(re.findall(r"[\w.-]+", " ".join(re.findall(r"`([^`\n]+)`", (ROOT / page).read_text(encoding="utf-8")))))


def test_every_public_name_is_in_the_list_of_functions():
    assert set(cv.__all__) - {"methods", "report"} <= words("docs/functions.md")


def test_every_preset_and_rule_of_a_library_is_in_the_conventions():
    """A method of the catalogue has a page of its own, made of its theorems."""
    assert {*cv.methods.AVERAGES, *cv.methods.LIBRARY_RULES, *cv.presets()} <= words("docs/conventions.md")


def test_every_command_is_in_the_list_of_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = set(re.findall(r"^ {2,4}([a-z][a-z-]+)(?: |$)", capsys.readouterr().out, re.MULTILINE)) - {"convergence"}
    assert {"report", "derive", "worst-case", "recheck"} <= commands
    listed = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert all(f"convergence {command}" in listed for command in commands)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_commands_that_are_shown_are_understood(page):
    text = page.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    shown = [*re.findall(r"`convergence ([^`]+)`", text), *re.findall(r"convergence ([^\n\"]+)", re.sub(r" +#.*", "", blocks))]
    known = {name for method in cv.METHODS.values() for name in method.hyper}
    for line in shown:
        words = shlex.split(line.partition(" && ")[0].replace("\n", " "))
        whole = "--" in line and "…" not in line and not any(map(str.isupper, words))
        if whole and "--help" not in words:
            named = {pair.partition("=")[0] for pair in getattr(parse(words), "set", [])}
            assert named <= known, line


def test_the_layers_are_those_of_the_package_from_the_top():
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"][
        0
    ]
    rank = {name: k for k, layer in enumerate(layers["layers"]) for name in layer.split(" | ")}
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "design.md").read_text(encoding="utf-8"), re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row) if name.islower()]
    ranks = [rank[name] for name in listed]
    assert ranks == sorted(ranks)
    assert {path.parent.name for path in (ROOT / "convergence").glob("*/__init__.py")} - set(listed) <= {
        "api",
        "report",
    }


def test_every_finding_has_a_test_that_holds_the_right_answer():
    listed = re.findall(r"^\| ([A-Z]\d*) \|", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"), re.MULTILINE)
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    assert len(listed) == len(set(listed)) > 50
    assert set(re.findall(r"mark\.finding\(\"([A-Z]\d*)\"\)", tests)) == set(listed)


def contents():
    """Caption -> the pages below it, in the contents of the site."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    trees = re.findall(r"```{toctree}\n:caption: (.*?)\n(.*?)```", index, re.DOTALL)
    return {caption: re.findall(r"^(?:.*<)?([\w/-]+)>?$", lines, re.MULTILINE) for caption, lines in trees}


def test_every_page_is_on_the_site():
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert pages - {"index"} <= {page for listed in contents().values() for page in listed}


def test_each_page_of_the_guide_opens_with_a_picture():
    pages = set(contents()["User guide"]) - {"start"}
    assert {"divergence", "tuning", "noise"} <= pages
    texts = {page: (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in pages}
    assert {page for page in pages if re.match(r"# .*\n\n!\[.+\]\(figures/\w+\.svg\)", texts[page])} == pages


def test_each_page_of_the_guide_is_linked_from_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"docs/{page}.md" in readme for page in contents()["User guide"])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target
