"""The committed notebooks: one shape, and they run with the stock commands."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import papermill
import pytest
from nbconvert import HTMLExporter

from cs_helpers import shared_results
from cs_helpers.contract.parameters import Parameters
from cs_helpers.report.gate import check_notebook, check_page

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
TEMPLATE = ROOT / "templates" / "executive" / "executive.html.j2"
COMMANDS = Path(sys.executable).parent


def read(file):
    return nbformat.read(file, as_version=4)


def tags(cell):
    return cell.metadata.get("tags", [])


def environment(home, **more):
    return {**os.environ, "CS_WORKBOOK_HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "1", **more}


@pytest.fixture(scope="session")
def executed(home, made_once):
    """Runs a notebook by stock papermill for a product and quarter, once for all processes; gives the file that was run.

    The first one is run by the command, the others by the function that it calls: the command starts for a second. They
    share their results as the runs of a batch do.
    """
    parameters = {"product": "paper_to_web", "quarter": "2026Q3"}
    shared = {shared_results.VARIABLE: str(made_once("executed-results", lambda folder: None))}

    def command(file, out):
        given = [part for name, value in parameters.items() for part in ("-p", name, value)]
        done = subprocess.run(
            [str(part) for part in (COMMANDS / "papermill", file, out, *given)], cwd=out.parent,
            env=environment(home), capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]

    def run(file):
        def make(folder):
            if file == NOTEBOOKS[0]:
                command(file, folder / file.name)
                return
            with pytest.MonkeyPatch.context() as patch:
                for name, value in environment(home, **shared).items():
                    patch.setenv(name, value)
                papermill.execute_notebook(
                    file, folder / file.name, parameters, cwd=folder, progress_bar=False
                )

        return made_once(f"executed-{file.stem}", make) / file.name

    return run


@pytest.fixture
def exported(executed, home, monkeypatch):
    """The page that stock nbconvert makes of a notebook that was run, with the template."""
    for name, value in environment(home).items():
        monkeypatch.setenv(name, value)
    return lambda notebook: HTMLExporter(template_file=str(TEMPLATE)).from_filename(str(executed(notebook)))[
        0
    ]


@pytest.fixture(params=NOTEBOOKS, ids=lambda f: f.stem)
def notebook(request):
    return request.param


def test_each_has_a_number_and_a_name_of_its_own():
    numbers, names = zip(*(f.stem.split("_", 1) for f in NOTEBOOKS), strict=True)
    assert all(re.fullmatch(r"\d\d", n) for n in numbers)
    assert len(set(numbers)) == len(NOTEBOOKS)
    assert len(set(names)) == len(NOTEBOOKS)


def test_it_is_committed_without_outputs(notebook):
    for cell in read(notebook).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_it_is_short_enough_to_read(notebook):
    assert len([c for c in read(notebook).cells if "interactive" not in tags(c)]) <= 30


def test_its_code_is_thin(notebook):
    code = [c.source for c in read(notebook).cells if c.cell_type == "code"]
    assert sum(len(source.splitlines()) for source in code) <= 45
    for source in code:
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.Lambda)
            if isinstance(node, ast.ImportFrom):
                assert node.module == "cs_helpers"
            assert not isinstance(node, ast.Import)


def test_each_language_has_one_title_and_the_same_headings(notebook):
    cells = read(notebook).cells
    levels = {}
    for language in ("en", "ja"):
        text = "\n".join(c.source for c in cells if f"lang-{language}" in tags(c))
        levels[language] = [len(m) for m in re.findall(r"^(#+) ", text, re.M)]
        assert levels[language].count(1) == 1
        assert levels[language][0] == 1
    assert levels["en"] == levels["ja"]


def test_every_narrative_cell_has_a_language(notebook):
    for cell in read(notebook).cells:
        if cell.cell_type == "markdown":
            assert len([t for t in tags(cell) if t.startswith("lang-")]) == 1


def test_prose_stands_before_each_code_cell_that_answers(notebook):
    cells = read(notebook).cells
    for before, cell in pairwise(cells):
        if cell.cell_type == "code" and "workbook.chart" in cell.source:
            assert before.cell_type == "markdown"


def test_its_parameters_are_those_of_the_schema(notebook):
    cell = next(c for c in read(notebook).cells if "parameters" in tags(c))
    found = {}
    for line in cell.source.splitlines():
        match = re.fullmatch(r'(\w+): str = "(\w+)"  # (.+)', line)
        found[match[1]] = (match[2], match[3])
    assert found == {n: (f.default, f.description) for n, f in Parameters.model_fields.items()}


def test_papermill_can_read_its_parameters(notebook):
    assert set(papermill.inspect_notebook(str(notebook))) == set(Parameters.model_fields)


def test_it_begins_with_the_filter_bar_and_ends_with_its_explorers(notebook):
    code = [c for c in read(notebook).cells if c.cell_type == "code"]
    bar, *explorers = [c for c in code if "interactive" in tags(c)]
    assert bar.source == "workbook.filter_bar()"
    before = code[: code.index(bar)]
    assert not any("workbook." in c.source for c in before)  # all that is shown follows it
    assert explorers in ([], [code[-1]])


def test_stock_papermill_runs_it(notebook, executed):
    assert check_notebook(read(executed(notebook))) == []


def test_its_filter_bar_shows_what_was_opened_when_it_is_run_by_hand(notebook, executed):
    ran = read(executed(notebook))
    cell = next(c for c in ran.cells if c.source == "workbook.filter_bar()")
    assert any("application/vnd.jupyter.widget-view+json" in o.get("data", {}) for o in cell.outputs)
    state = ran.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    chosen = {
        m["state"]["description"]: m["state"]["_options_labels"][m["state"]["index"]]
        for m in state
        if m["model_name"] == "DropdownModel" and "cs-bar" in str(m["state"].get("_dom_classes"))
    }
    assert chosen == {
        "Product": "Mail to Web", "Quarter": "Q3 2026", "Language": "English", "Size": "All", "Industry": "All",
        "Motivation and literacy": "All", "CSM": "All",
    }  # fmt: skip


def test_stock_nbconvert_exports_it_without_code(notebook, exported):
    page = exported(notebook)
    assert check_page(page) == []
    assert "Workbook.open" not in page
    assert "<h1" in page
    # the summary has no figure, the operations map a drawing
    assert ('src="data:image/png;base64,' in page or 'class="drawn wide"' in page) == (
        notebook.stem != "90_executive_summary"
    )


def test_the_command_of_nbconvert_writes_that_page(executed, exported, home, tmp_path):
    notebook = NOTEBOOKS[0]
    command = [
        COMMANDS / "jupyter",
        "nbconvert",
        "--to",
        "html",
        "--template-file",
        TEMPLATE,
        executed(notebook),
    ]
    done = subprocess.run(
        [str(part) for part in [*command, "--output-dir", tmp_path]], cwd=tmp_path, env=environment(home),
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / notebook.with_suffix(".html").name).read_text(encoding="utf-8").rstrip() == exported(
        notebook
    ).rstrip()


def test_a_parameter_that_papermill_only_warns_of_stops_the_notebook(home, tmp_path):
    command = [COMMANDS / "papermill", NOTEBOOKS[-1], tmp_path / "out.ipynb", "-p", "prodct", "helpdesk"]
    done = subprocess.run(
        [str(part) for part in command], cwd=tmp_path, env=environment(home), capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "there is no such parameter. Did you mean 'product'?" in done.stderr
