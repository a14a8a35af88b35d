"""Each analysis declares itself; charts, tables, words and notebooks have what it declares, and nothing besides."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import replace
from graphlib import TopologicalSorter
from pathlib import Path

import pandas as pd
import pytest
from builders import ANALYSES, product_data
from notebook_questions import asked_by

from cs_helpers import analyses
from cs_helpers.contract.disclosure import disclosure_of
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.tables import TABLES
from cs_helpers.declaration import Analysis, Declaration
from cs_helpers.errors import ParameterError
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.text import catalogue
from cs_helpers.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
QUARTERS = ("2025Q2", "2026Q3")


ASKED = set().union(*map(asked_by, NOTEBOOKS))


def functions(module: str, analysis: str) -> set[str]:
    """The functions `(result, text)` of a module, whether they stand in it or in a companion."""
    result = importlib.import_module(f"cs_helpers.{module}.{analysis}")
    return {
        name
        for name, function in inspect.getmembers(result, inspect.isfunction)
        if not name.startswith("_") and list(inspect.signature(function).parameters) == ["result", "text"]
    }


@pytest.mark.parametrize("name", ANALYSES)
def test_each_figure_and_table_has_its_function_and_each_function_its_question(name: str) -> None:
    declares = ANALYSES[name].declares
    assert functions("charts", name) == {*declares.figures, *declares.explored}
    assert functions("tables", name) == set(declares.tables)
    assert all(question.figure or question.table for question in declares.questions.values())


@pytest.mark.parametrize("name", ANALYSES)
def test_notebooks_show_each_question_and_metric_that_is_declared_and_no_other(name: str) -> None:
    declares = ANALYSES[name].declares
    shown = {
        kind: {q for k, a, q in ASKED if (k, a) == (kind, name)} for kind in ("chart", "table", "headlines")
    }
    assert shown["chart"] == set(declares.figures)
    assert shown["table"] == set(declares.tables)
    assert shown["headlines"] == set(declares.metrics)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", ANALYSES)
def test_each_finding_note_and_metric_has_its_words(name: str, language: str) -> None:
    words, declares = catalogue(language), ANALYSES[name].declares
    for question, declared in declares.questions.items():
        assert f"{name}.{question}.title" in words
        for code in declared.verdicts:
            assert {f"{name}.{question}.{code}", f"{name}.{question}.said_{code}"} & set(words), (
                question,
                code,
            )
    assert all({f"{name}.notes.{code}", f"notes.{code}"} & set(words) for code in declares.notes)
    assert all(f"{name}.metrics.{metric}" in words for metric in declares.metrics)
    assert all(f"{name}.findings.{code}" in words for code in declares.findings)


@pytest.mark.parametrize("name", ANALYSES)
def test_what_is_found_in_the_sample_is_declared(name: str, result_of, sample_snapshot) -> None:
    declares = ANALYSES[name].declares
    said = set()
    for product in sample_snapshot.products:
        for quarter in QUARTERS:
            result = result_of(name, product, quarter)
            assert result.analysis == name
            for question, verdict in result.verdicts.items():
                assert verdict.code in declares.questions[question.partition(".")[0]].verdicts
                said.add(question)
            for finding in result.findings:
                assert finding.code in declares.findings
                assert finding.about in declares.questions
            for table, frame in result.tables.items():
                assert all(disclosure_of(declares.discloses, table, column) for column in frame)
    assert said


@pytest.mark.parametrize("name", ANALYSES)
def test_it_reads_tables_of_the_contract(name: str) -> None:
    assert set(ANALYSES[name].declares.reads) <= set(TABLES)


def test_what_an_analysis_builds_on_is_there_and_never_comes_back_to_it(of_product, sample_snapshot) -> None:
    for product in sample_snapshot.products:
        built_on = {name: set(a.built_on(of_product(product).product)) for name, a in ANALYSES.items()}
        assert set().union(*built_on.values()) <= set(ANALYSES)
        assert list(TopologicalSorter(built_on).static_order())  # raises CycleError


def test_an_analysis_gets_the_results_that_it_builds_on() -> None:
    """Run for it where none are given, and as given where they are; its tables are also those of the others."""
    none = {"questions": {}, "metrics": {}, "notes": {}, "discloses": {}}

    def counted(data: ProductData, quarter: Quarter) -> Result:
        name, of_day = data.product.product, data.as_of
        return Result("base", name, quarter, of_day, of_day, len(data["tickets"]), {}, {})

    def doubled(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Result:
        return replace(results["base"], n=2 * results["base"].n)

    base = Analysis("base", Declaration(**none, reads=("tickets",)), counted, analyses.analysis)
    top = Analysis(
        "top",
        Declaration(**none, reads=("costs",), builds_on=lambda product: ("base",)),
        doubled,
        {"base": base}.__getitem__,
    )
    data, q2 = (
        product_data(
            tickets=[{"ticket_id": f"T{n}", "account_id": "A", "opened_at": "2026-05-01"} for n in range(3)]
        ),
        Quarter(2026, 2),
    )
    assert top.analyse(data, q2).n == 6
    assert top.analyse(data, q2, {"base": replace(base.analyse(data, q2), n=10)}).n == 20
    assert set(top.tables_read(data.product)) == {"costs", "tickets"}
    assert top.metrics_of(data, q2) == {}


def test_an_analysis_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'journeys'"):
        analyses.analysis("journys")


def test_an_option_that_an_analysis_does_not_have_is_refused(of_product) -> None:
    with pytest.raises(ParameterError, match="the analysis 'health' has no options"):
        ANALYSES["health"].with_options(of_product("helpdesk"), {"mode": "strict"})


def test_options_change_a_copy(of_product) -> None:
    data = of_product("helpdesk")
    changed = ANALYSES["journeys"].with_options(data, {"window_days": 7})
    assert changed.product.journey.window_days == 7
    assert data.product.journey.window_days != 7
    assert isinstance(changed["accounts"], pd.DataFrame)


def test_definitions_that_a_product_file_does_not_have_are_refused(home, monkeypatch) -> None:
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    book = Workbook.open(product="helpdesk", quarter="2026Q3")
    with pytest.raises(ParameterError, match="the product file defines nothing for it"):
        book.definitions("journeys")
    with pytest.raises(ParameterError, match="there is no analysis of that name"):
        book.definitions("nothing")
