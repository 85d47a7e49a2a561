"""Every format of a report shows the whole study, is well formed, and the same each time; JSON gives the study back."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace
from functools import cache
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fake_study import fake_study
from hypothesis import given, settings
from hypothesis import strategies as st

from convergence.errors import BadData, BadName
from convergence.evidence.check import Control
from convergence.figures import Picture, figures
from convergence.report import html as html_writer
from convergence.report import latex as latex_writer
from convergence.report import markdown as markdown_writer
from convergence.report import report, report_files
from convergence.report.phrases import number, numbers, prose
from convergence.report.tree import Emphasis, Mono, Number
from convergence.results import Findings, Formula, PieceResult, RegimeResult
from convergence.serialization import SCHEMA_VERSION, from_json, json_schema, to_json

INF = float("inf")
NASTY = "a&b<c>%d_e$f|g`h~i^j#k{l}m\\n*o[p]q\"r'"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="374pt" viewBox="0 0 9 9"><circle r="4"/></svg>'
VOID = {"meta", "img", "br", "hr", "link", "input"}


def written(study):
    """The three formats for people, without drawing anything."""
    pictures = figures(study)
    content = report(study, pictures.values())
    return {
        "md": markdown_writer.write_markdown(content),
        "html": html_writer.write_html(content, dict.fromkeys(pictures, SVG)),
        "tex": latex_writer.write_latex(content),
    }


@cache
def texts(columns=2):
    return written(fake_study(columns))


def with_method(study, **changes):
    """The study with its first method changed."""
    return replace(study, methods=(replace(study.methods[0], **changes), *study.methods[1:]))


def nasty_study():
    study = fake_study(2)
    study = replace(study, data=replace(study.data, columns=(NASTY, "x2"), notes=(NASTY,), title=NASTY))
    return with_method(study, title=NASTY, doc=NASTY, rule=f"{NASTY}\n```\n\\end{{Verbatim}}\n</code></pre>")


def failing_study():
    study = fake_study(2)
    first, *others = study.methods[0].checks
    return with_method(study, checks=(replace(first, passed=False, error=0.5), *others))


def hard_study():
    """Infinities, zeros below zero, nothing where something may be nothing."""
    study = fake_study(2)
    tuning = replace(
        study.methods[0].tuning, lr_max=INF, rate=-0.0, steps_counted=None, plateau=(0.0, INF), optimal=False
    )
    piece = PieceResult(
        Formula("β < 1", r"\beta<1"), {"lr": Formula("1/L", r"\frac1L")}, Formula("0", "0"), Formula("(0, 1)", "(0,1)")
    )
    theory = replace(study.methods[0].theory, lr_max=None, optimum=(piece,), linear=False)
    return with_method(study, tuning=tuning, theory=theory, checks=(), controls=())


STUDIES = {
    "one column": lambda: fake_study(1),
    "two columns": lambda: fake_study(2),
    "twenty columns": lambda: fake_study(20),
    "nasty": nasty_study,
    "failing": failing_study,
    "hard": hard_study,
}
each_study = pytest.mark.parametrize("make", STUDIES.values(), ids=STUDIES)


# --- JSON ------------------------------------------------------------------------------------------------------------


@each_study
def test_json_gives_an_equal_study(make):
    assert repr(from_json(to_json(make()), Findings)) == repr(make())
    assert from_json(to_json(make()), Findings) == make()


@given(st.floats(allow_nan=False), st.text(st.characters(codec="utf-8")))
@settings(max_examples=25, deadline=None)
def test_every_number_and_text_survives_json(value, text):
    study = replace(fake_study(1), methods=fake_study(1).methods[:1])
    study = replace(study, data=replace(study.data, minimum=value, title=text, notes=(text, "Infinity", "NaN")))
    assert repr(from_json(to_json(study), Findings)) == repr(study)


def test_json_is_json_without_constants_of_its_own():
    def refuse(constant):
        raise AssertionError(constant)

    found = json.loads(to_json(hard_study()), parse_constant=refuse)
    assert found["methods"][0]["tuning"]["lr_max"] == "Infinity"


def test_json_holds_a_row_of_numbers_on_a_line():
    lines = to_json(fake_study(2)).splitlines()
    assert len(lines) < 700 * len(fake_study(2).methods)
    assert any(line.strip().startswith('"minimizer": [') and line.rstrip().endswith("],") for line in lines)


BROKEN = {
    "cut off": (lambda text: text[:5000], "cut off"),
    "empty": (lambda text: "", "cut off"),
    "not a study": (lambda text: "[1]", "schema_version"),
    "another version": (lambda text: text.replace(f'"schema_version": {SCHEMA_VERSION}', '"schema_version": 99'), "99"),
    "a field missing": (lambda text: text.replace('"mu":', '"nu":', 1), "data.mu: field required"),
    "a field unknown": (lambda text: text.replace('"rank":', '"colour": 1,\n"rank":', 1), "data.colour"),
    "a word for a number": (lambda text: text.replace('"rows": 500', '"rows": "many"'), "data.rows"),
    "deep inside": (
        lambda text: text.replace('"optimal": true', '"optimal": "perhaps"', 1),
        "methods.0.tuning.optimal",
    ),
    "bytes": (lambda text: b"\xff\xfe\x00", "UTF-8"),
}


@pytest.mark.parametrize(("broken", "where"), BROKEN.values(), ids=BROKEN)
def test_json_that_is_no_study_is_refused_and_says_where(broken, where):
    with pytest.raises(BadData, match=re.escape(where)):
        from_json(broken(to_json(fake_study(2))), Findings)


def test_the_schema_names_every_field_and_allows_no_other():
    schema = json_schema()
    for name, value in {"Findings": schema, **schema["$defs"]}.items():
        assert value["additionalProperties"] is False, name
        assert set(value["required"]) == set(value["properties"]), name
    assert {field.name for field in fields(fake_study(1))} == set(schema["properties"])
    assert {"enum": ["Infinity", "-Infinity", "NaN"]} in schema["$defs"]["DataResult"]["properties"]["mu"]["anyOf"]


# --- completeness: no format lags another ----------------------------------------------------------------------------


def found_in(value, kind):
    """All values of a class within a study."""
    if isinstance(value, kind):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from found_in(getattr(value, field.name), kind)
    elif isinstance(value, tuple | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from found_in(entry, kind)


SPELLED = {"md": markdown_writer.maths, "html": lambda latex: None, "tex": str}


def spelled(formula, form):
    if form == "html":  # the same symbols, whatever the element around them says of layout
        return re.sub(r"^<math[^>]*>", "", html_writer.mathml(formula))
    return SPELLED[form](formula.latex)


@each_study
@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_every_formula_is_in_every_format(make, form):
    study = make()
    hidden = {m.theory.discriminant for m in study.methods if len(m.state) == 1}
    text = texts_of(make)[form]
    for formula in found_in(study, Formula):
        assert formula in hidden or spelled(formula, form) in text, formula


@cache
def texts_of(make):
    return written(make())


ESCAPED = {
    "md": lambda plain: markdown_writer.inline(prose(plain)),
    "html": lambda plain: str(html_writer.inline(prose(plain))),
    "tex": lambda plain: latex_writer.inline(prose(plain)),
}


@each_study
@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_every_check_and_control_is_in_every_format(make, form):
    text, spell = texts_of(make)[form], ESCAPED[form]
    for method in make().methods:
        for check in method.checks:
            assert spell(check.claim) in text
            assert spell(check.why) in text
        for control in method.controls:
            assert spell(control.fault) in text


@each_study
@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_every_rule_note_and_picture_is_in_every_format(make, form):
    text = texts_of(make)[form]
    code = {"md": str, "html": lambda rule: str(html_writer.escape(rule)), "tex": latex_writer.listing}[form]
    for method in make().methods:
        assert code(method.rule) in text
    for note in make().data.notes:
        assert ESCAPED[form](note) in text
    for picture in figures(make()).values():
        plain = {"md": markdown_writer.text, "html": html_writer.escape, "tex": latex_writer.text}[form]
        assert plain(picture.title) in text
        assert plain(picture.alt) in text


# --- each format is well formed --------------------------------------------------------------------------------------


class Balanced(HTMLParser):
    """Opens and closes every element in order, and remembers the attributes."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.shown = [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert [self.open.pop()] == [tag], f"</{tag}> at {self.getpos()}"

    def handle_data(self, data):
        self.shown.append(data)


def parsed(text):
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


@each_study
def test_html_is_balanced_needs_nothing_and_has_words_for_pictures(make):
    text = texts_of(make)["html"]
    page = parsed(text)
    assert text.startswith("<!DOCTYPE html>")
    assert "http://" not in text
    assert "https://" not in text
    assert "//" not in re.sub(r"base64,[\w+/=]+", "", text)
    assert {tag for tag, _ in page.seen}.isdisjoint({"script", "link", "iframe", "object"})
    assert ("html", {"lang": "en"}) in page.seen
    assert any(attributes.get("name") == "viewport" for tag, attributes in page.seen)
    images = [attributes for tag, attributes in page.seen if tag == "img"]
    assert len(images) == len(figures(make()))
    assert all(image["alt"] for image in images)
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in images)
    assert "<math" in text
    assert 'class="formula">\\' not in text


@each_study
def test_html_anchors_are_unique_and_links_lead_to_them(make):
    page = parsed(texts_of(make)["html"])
    anchors = [attributes["id"] for _, attributes in page.seen if "id" in attributes]
    targets = {attributes["href"][1:] for tag, attributes in page.seen if tag == "a"}
    assert len(anchors) == len(set(anchors))
    assert targets <= set(anchors)


@each_study
def test_html_headings_skip_no_level(make):
    levels = [int(tag[1]) for tag, _ in parsed(texts_of(make)["html"]).seen if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@each_study
def test_every_formula_of_the_study_becomes_mathml(make):
    for formula in found_in(make(), Formula):
        assert html_writer.mathml(formula).startswith("<math"), formula


LATEX = {
    "a matrix": r"\left[\begin{matrix}1 - \eta \lambda & \beta\\\lambda & 0\end{matrix}\right]",
    "cases": r"\begin{cases} \frac{1}{2} & \text{for}\: \beta < 1 \\ 0 & \text{otherwise} \end{cases}",
    "an interval": r"\left(0, \frac{2}{\lambda}\right) \cup \left[3, \infty\right)",
    "a minimum": r"\min\left(1, \sqrt{\beta}\right)",
    "bars": r"\left|{x}\right| + \lVert y \rVert + \|z\|",
    "text that is no mark-up": r"\text{a<b & c}",
}


@pytest.mark.parametrize("latex", LATEX.values(), ids=LATEX)
def test_sympy_s_latex_becomes_mathml_that_parses(latex):
    made = html_writer.mathml(Formula("text", latex))
    assert made.startswith("<math")
    parsed(made)


@pytest.mark.parametrize("latex", [r"\nonsense{x}", r"\frac{1}{", r"\begin{tikzpicture}", "}", r"\left("])
def test_latex_that_is_not_understood_is_shown_as_text(latex):
    made = html_writer.mathml(Formula("x < 1", latex))
    assert made == '<code class="formula">x &lt; 1</code>' or parsed(made)


def without_listings(markdown):
    return re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", markdown)


def cells(line):
    return len(re.findall(r"(?<!\\)\|", line)) - 1


@each_study
def test_markdown_tables_have_as_many_cells_in_each_row(make):
    text = without_listings(texts_of(make)["md"])
    tables = re.findall(r"(?m)(?:^\|.*\|$\n?)+", text)
    assert len(tables) > len(make().methods)
    for table in tables:
        assert len({cells(line) for line in table.splitlines()}) == 1, table


@each_study
def test_markdown_mathematics_and_code_come_in_pairs(make):
    text = without_listings(texts_of(make)["md"])
    assert not re.search(r"(?m)^```", text)
    assert len(re.findall(r"(?m)^\$\$$", text)) % 2 == 0
    text = re.sub(r"(?ms)^\$\$\n.*?\n\$\$$", "", text)
    text = re.sub(r"`+[^`]*`[^\n]*?`*", "", text)
    assert all(line.count("$") % 2 == 0 for line in text.splitlines())


def outside_listings(text):
    return re.sub(r"(?s)\\begin\{Verbatim\}.*?\\end\{Verbatim\}", "", text)


@each_study
def test_latex_braces_and_environments_are_balanced(make):
    text = texts_of(make)["tex"]
    assert text.count(r"\begin{Verbatim}") == text.count(r"\end{Verbatim}")
    text = re.sub(r"(?m)(?<!\\)%.*$", "", outside_listings(text))
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", text):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    open_ones = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []


@each_study
def test_latex_rows_have_as_many_cells_as_columns(make):
    for columns, body in re.findall(r"(?s)\\begin\{tabular\}\{([lr]+)\}\n(.*?)\\end\{tabular\}", texts_of(make)["tex"]):
        inner = re.sub(r"(?s)\\begin\{(\w*matrix)\}.*?\\end\{\1\}", "", body)
        rows = [row for row in inner.splitlines() if row.endswith(r"\\")]
        assert rows
        assert all(len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1 for row in rows), rows


@each_study
def test_latex_knows_each_of_its_characters(make):
    text = texts_of(make)["tex"]
    declared = set(re.findall(r"\\newunicodechar\{(.)\}", text))
    assert {c for c in text if ord(c) >= 0x250 and not 0x2010 <= ord(c) <= 0x203A} <= declared
    assert "texttt{U+" not in text


# --- what it says ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_a_failing_check_is_loud(form):
    failing, passing = texts_of(STUDIES["failing"])[form], texts(2)[form]
    assert failing.count("FAILED") >= 4
    assert failing.index("FAILED") < len(failing) / 3
    assert "FAILED" not in passing
    assert "All checks passed" in passing
    assert "All checks passed" not in failing


@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_a_fault_that_goes_unnoticed_is_loud(form):
    study = with_method(fake_study(2), controls=(Control("rate", "the rate 1 % off", 1e-9, 1e-6, False),))
    text = written(study)[form]
    assert "NOT REJECTED" in text
    assert "All checks passed" not in text


def test_nothing_checked_is_not_success():
    study = replace(fake_study(1), methods=tuple(replace(m, checks=(), controls=()) for m in fake_study(1).methods))
    assert "Nothing was checked" in written(study)["md"]


@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_the_answer_names_the_fastest_and_the_steps(form):
    text = texts(2)[form]
    best = min(m.tuning.steps_counted for m in fake_study(2).methods if m.name != "newton")
    assert f"{best} steps" in text
    assert f"{fake_study(2).methods[0].tuning.steps_counted} steps" in text


def test_special_characters_are_shown_and_not_obeyed():
    files = texts_of(STUDIES["nasty"])
    assert NASTY in "".join(parsed(files["html"]).shown)
    assert NASTY in unescape(re.sub(r"\\([\\`*_\[\]~#])", r"\1", files["md"]))
    assert latex_writer.text(NASTY) in files["tex"]
    assert not re.search(r"(?<!\\)[&%$_#]", latex_writer.text(NASTY).replace(r"\&", ""))


@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_a_thousand_columns_stay_readable(form):
    study = fake_study(20)
    wide = replace(study, data=replace(study.data, columns=tuple(f"c{i}" for i in range(1000)), hidden=994))
    small, large = len(texts(2)[form]), len(written(wide)[form])
    assert "994 others" in written(wide)[form]
    assert large < 1.5 * small


@pytest.mark.parametrize("form", ["md", "html", "tex"])
def test_a_run_that_diverges_is_said_to(form):
    method = fake_study(1).methods[0]
    tuning = replace(method.tuning, steps_predicted=None, steps_counted=None, rate=1.5, optimal=False)
    text = written(with_method(fake_study(1), run=replace(method.run, diverged=17), tuning=tuning))[form]
    assert "The run diverged" in text
    assert text.count("never") >= 4
    assert "settings given" in text


def test_regimes_and_pieces_that_have_no_formula_are_dashes():
    regime = RegimeResult("real", Formula("η > 0", r"\eta>0"), None)
    theory = replace(fake_study(1).methods[0].theory, regimes=(regime,), optimum=(), eigenvalues=(), conditions=())
    text = written(with_method(fake_study(1), theory=theory))["md"]
    assert r"| real | $\eta\gt 0$ | – |" in text
    assert "no closed form of the optimum" in text


# --- numbers ---------------------------------------------------------------------------------------------------------

ROUNDED = {
    0.0: "0",
    1.0: "1",
    0.1: "0.1",
    0.1 + 1e-9: "0.1000",
    12345.678: "12 346",
    0.00123456: "0.001235",
    1.3e-5: "1.3×10⁻⁵",
    -2.34567e-9: "−2.346×10⁻⁹",
    6.02214e23: "6.022×10²³",
    999_999.0: "999 999",
    0.99999: "0.99999",
    0.9999996: "0.9999996",
    INF: "∞",
    -INF: "−∞",
    500: "500",
}


@pytest.mark.parametrize(("value", "shown"), ROUNDED.items())
def test_numbers_are_rounded_as_one_writes_them(value, shown):
    assert markdown_writer.inline((number(value),)).replace("\u202f", " ") == shown


def test_no_number_is_shown_with_seventeen_digits():
    for text in (texts(2)["md"], texts(20)["md"]):
        assert not re.search(r"\d\.\d{11}", text)


def test_latex_and_html_write_powers_of_ten():
    assert latex_writer.inline((Number("-1.3", -5),)) == r"$-1.3\times10^{-5}$"
    assert html_writer.inline((Number("-1.3", -5),)) == '<span class="n">−1.3×10<sup>−5</sup></span>'
    assert latex_writer.inline(numbers((1.0, INF))) == r"($1$, $\infty$)"


def test_prose_reads_the_marks_of_a_docstring():
    assert prose("a ``b`` *c d* e*f*g 2 * 3") == ("a ", Mono("b"), " ", Emphasis("c d"), " e*f*g 2 * 3")


# --- the files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_pictures(monkeypatch):
    """Only two pictures, since drawing takes long."""
    few = dict(list(figures(fake_study(2)).items())[:2])
    monkeypatch.setattr("convergence.report.figures", lambda study: few)
    monkeypatch.setattr("convergence.figures.findings.workers.figures", lambda study: few)
    return few


def test_the_same_study_gives_the_same_bytes(two_pictures):
    assert report_files(fake_study(2)) == report_files(from_json(to_json(fake_study(2)), Findings))


def test_the_files_of_a_report(two_pictures):
    files = report_files(fake_study(2), figure_formats=("svg", "pdf"))
    names = {f"figures/{name}.{ending}" for name in two_pictures for ending in ("svg", "pdf")}
    assert set(files) == {"report.md", "report.html", "report.json", "report.tex"} | names
    referred = re.findall(r"\]\((figures/[^)]+)\)", files["report.md"])
    assert {f"figures/{name}.svg" for name in two_pictures} == set(referred)
    assert all(f"figures/{name}.pdf" in files["report.tex"] for name in two_pictures)


def test_only_what_was_asked_for_is_made(two_pictures):
    assert set(report_files(fake_study(2), ("json",), ())) == {"report.json"}
    assert set(report_files(fake_study(2), ("html",), ())) == {"report.html"}
    assert "figures/data.png" in report_files(fake_study(2), ("md",), ("png",))["report.md"]


@pytest.mark.parametrize("unknown", [{"formats": ("htm",)}, {"figure_formats": ("gif",)}])
def test_unknown_formats_are_refused(unknown):
    with pytest.raises(BadName, match="there is no"):
        report_files(fake_study(1), **unknown)


def test_a_picture_of_no_method_of_the_study_is_left_out():
    stray = Picture("stray", "Stray", "alt", "caption", "adam", lambda: None)
    assert "Stray" not in markdown_writer.write_markdown(report(fake_study(1), [stray]))


def test_only_methods_that_passed_and_lead_to_the_minimiser_are_ranked():
    study = fake_study(2)
    first = min((m for m in study.methods if m.name != "newton"), key=lambda m: m.tuning.steps_predicted)
    failed = replace(first, checks=(replace(first.checks[0], passed=False),))
    moved = replace(first, theory=replace(first.theory, rest=first.theory.matrix))
    for spoilt in (failed, moved):
        methods = tuple(spoilt if m.name == first.name else m for m in study.methods)
        words = written(replace(study, methods=methods))["md"]
        fastest = re.search(r"the fastest (is|are) .*", words)[0]
        assert f"#method-{first.name.replace('_', '-')})" not in fastest.split("against")[0]
