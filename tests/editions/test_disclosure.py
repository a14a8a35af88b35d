"""What was told never stands beside a name in a result for leadership; what is not declared does not pass."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from cs_helpers import analyses
from cs_helpers.contract.disclosure import COLUMNS, columns, disclosure_of
from cs_helpers.contract.products import Leadership
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.tables import TABLES
from cs_helpers.editions.disclosure import apply_disclosure
from cs_helpers.errors import DisclosureError
from cs_helpers.result import Result
from cs_helpers.workbook import Workbook

Q = Quarter.parse("2026Q3")
DECLARED = columns(public="days", company="name ids", person="csm", told="reason")


def result(**tables: dict[str, list[object]]) -> Result:
    frames = {name: pd.DataFrame(columns) for name, columns in tables.items()}
    return Result("a", "p", Q, Q.start, Q.end, 0, frames, {})


def test_every_column_of_the_contract_is_declared_and_no_other() -> None:
    assert {name: set(declared) for name, declared in COLUMNS.items()} == {
        name: set(table.columns) for name, table in TABLES.items()
    }


def test_what_was_told_goes_where_a_company_stands() -> None:
    disclosed = apply_disclosure(
        result(waiting={"name": ["Kita"], "reason": ["timing"], "days": [3]}), DECLARED, show_staff=False
    )
    assert list(disclosed.tables["waiting"]) == ["name", "days"]
    assert [(n.code, n.about) for n in disclosed.notes] == [("told_left_out", "waiting")]
    assert disclosed.shows == {"public", "company"}


def test_what_was_told_goes_from_the_other_tables_of_the_result_too() -> None:
    disclosed = apply_disclosure(
        result(one={"name": ["Kita"]}, two={"reason": ["timing"], "days": [3]}), DECLARED, show_staff=False
    )
    assert list(disclosed.tables["two"]) == ["days"]


@pytest.mark.parametrize("name", ["〔Company 3〕", "", None, float("nan")])
def test_what_was_told_stays_beside_a_pseudonym(name: object) -> None:
    told = {"name": [name], "reason": ["timing"], "ids": [()]}
    disclosed = apply_disclosure(result(waiting=told), DECLARED, show_staff=False)
    assert list(disclosed.tables["waiting"]) == list(told)
    assert disclosed.shows == {"told"}
    assert disclosed.notes == ()


@pytest.mark.parametrize("value", ["Kita", "〔Company 3〕 Kita", ("〔Company 3〕", "N-1")])
def test_a_name_inside_what_is_no_pseudonym_is_open(value: object) -> None:
    disclosed = apply_disclosure(
        result(waiting={"name": [value], "reason": ["timing"]}), DECLARED, show_staff=False
    )
    assert "told" not in disclosed.shows
    assert list(disclosed.tables["waiting"]) == ["name"]


def test_a_person_without_a_pseudonym_is_refused_unless_the_product_allows_it() -> None:
    told = result(csms={"csm": ["Ishibashi"], "days": [3]})
    with pytest.raises(DisclosureError, match="'csms', column 'csm': it names a person without a pseudonym"):
        apply_disclosure(told, DECLARED, show_staff=False)
    assert apply_disclosure(told, DECLARED, show_staff=True).shows == {"public", "person"}


def test_a_column_that_is_not_declared_is_refused() -> None:
    with pytest.raises(DisclosureError, match="'waiting', column 'mood': it is not declared"):
        apply_disclosure(result(waiting={"mood": [1]}), DECLARED, show_staff=False)


def test_an_analysis_that_declares_nothing_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(analyses, "names", lambda: ("new",))
    monkeypatch.setitem(
        sys.modules, "cs_helpers.analyses.new", SimpleNamespace(analyse=lambda data, quarter: None)
    )
    analyses.analysis.cache_clear()
    with pytest.raises(DisclosureError, match="analysis 'new'"):
        analyses.analysis("new")


def test_one_table_may_mean_something_else_by_a_column() -> None:
    declared = {"told": "told", "list.told": "public", "roles.*": "told"}
    assert disclosure_of(declared, "other", "told") == "told"
    assert disclosure_of(declared, "list", "told") == "public"
    assert disclosure_of(declared, "roles", "marketing") == "told"
    assert disclosure_of(declared, "list", "marketing") is None


@pytest.fixture
def workbook(home, monkeypatch):
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    return lambda **more: Workbook.open(
        product="paper_to_web", quarter="2026Q3", audience="leadership", **more
    )


@pytest.mark.parametrize("product", ["expense_desk", "helpdesk", "paper_to_web"])
@pytest.mark.parametrize("analysis", analyses.names())
def test_every_analysis_of_the_sample_passes(home, monkeypatch, product, analysis) -> None:
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    book = Workbook.open(product=product, quarter="2026Q3", audience="leadership")
    shows = book.analyse(analysis).shows
    assert shows is not None
    assert not {"told", "company"} <= shows
    assert "person" not in shows


def test_the_waiting_table_of_leadership_has_companies_and_no_reasons(workbook) -> None:
    waiting = workbook().analyse("journeys").tables["waiting"]
    assert "reason" not in waiting
    assert len(waiting)
    assert not waiting["name"].str.startswith("〔").any()
    assert waiting["csm"].dropna().str.fullmatch(r"〔Staff \d+〕").all()


def test_a_csm_has_one_pseudonym_in_all_tables_and_keeps_what_was_counted(workbook) -> None:
    covered = workbook().analyse("journeys").tables["csms"]
    plain = workbook().data
    team = Workbook.open(product="paper_to_web", quarter="2026Q3").analyse("journeys").tables["csms"]
    assert sorted(covered["ratio"]) == pytest.approx(sorted(team["ratio"]))
    assert covered["csm"].is_unique
    assert not set(covered["csm"]) & set(plain["accounts"]["csm"])


def test_a_product_file_may_show_its_staff(workbook) -> None:
    book = workbook()
    allowed = book.data.product.model_copy(update={"leadership": Leadership(show_staff=True)})
    result = replace(book, data=replace(book.data, product=allowed)).analyse("journeys")
    assert set(result.tables["csms"]["csm"]) <= set(book.data["accounts"]["csm"])
    assert "person" in result.shows


def test_leadership_reads_levels_of_the_team_and_neither_who_said_so_nor_why(workbook) -> None:
    result = workbook().analyse("ten_principles")
    assert (result.tables["principles"]["assessors"] == 2).all()
    assert "assessments" not in result.tables
    assert not {"why", "assessed_by"} & {column for table in result.tables.values() for column in table}
