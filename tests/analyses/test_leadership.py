"""What leadership reads holds no number of one or two companies, and no row of a single one."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from cs_helpers.analyses import interviews
from cs_helpers.analyses.anonymity import LEAST, masked
from cs_helpers.analyses.leadership import TEAM_ONLY
from cs_helpers.contract.quarters import Quarter

PRODUCTS = ("paper_to_web", "expense_desk", "helpdesk")


@pytest.fixture(params=PRODUCTS)
def both(request: pytest.FixtureRequest, of_product: Any) -> tuple[Any, Any]:
    """The analysis for the team, and that for leadership."""
    data = of_product(request.param)
    whole = interviews.analyse(masked(data, lambda kind, n: f"<{kind}{n}>"), Quarter(2026, 3))
    return whole, interviews.for_leadership(whole)


def small(numbers: pd.Series) -> bool:
    return bool(((numbers > 0) & (numbers < LEAST)).any())


def test_no_small_number_is_left(both: tuple[Any, Any]) -> None:
    _, found = both
    for name in ("coverage", "crossing", "framework", "themes", "key_words", "pairs", "out_of_reach"):
        assert not small(found.tables[name]["companies"]), name
    for status in ("given", "supported", "open", "refuted"):
        assert not small(found.tables["reasons"][status]), status
    assert not small(
        pd.Series([n for told in found.tables["varies"]["told"] for n in told.values()], dtype=float)
    )
    assert not small(found.tables["frozen"]["after"])
    assert all(n >= LEAST for codes in found.tables["framework"]["codes"] for _, n in codes)


def test_no_hidden_number_is_the_sum_less_the_rest(both: tuple[Any, Any]) -> None:
    whole, found = both
    for (dimension, viewpoint), row in found.tables["coverage"].groupby(["dimension", "viewpoint"]):
        assert row["companies"].isna().sum() != 1, (dimension, viewpoint)
    reasons = found.tables["reasons"]
    for (dimension, reason), row in reasons[reasons["dimension"] != "all"].groupby(["dimension", "reason"]):
        assert row["given"].isna().sum() != 1, (dimension, reason)
    # what was given less what is supported is what is open
    shown = reasons.dropna(subset=["given", "supported"])
    assert not small(shown["given"] - shown["supported"])
    assert len(whole.tables["reasons"]) == len(reasons)


def test_what_shows_single_companies_is_left_to_the_team(both: tuple[Any, Any]) -> None:
    whole, found = both
    assert not set(TEAM_ONLY) & set(found.tables)
    said = {note.about for note in found.notes if note.code == "team_only"}
    assert said == set(TEAM_ONLY) & set(whole.tables)
    assert "company" not in set(found.tables["meter"]["dimension"])


def test_quotes_are_of_themes_that_several_companies_told(both: tuple[Any, Any]) -> None:
    _, found = both
    for row in found.tables["framework"].itertuples():
        assert {quote[0] for quote in row.quotes} == {code for code, _ in row.codes}


def test_no_customers_name_is_left(
    both: tuple[Any, Any], of_product: Any, request: pytest.FixtureRequest
) -> None:
    _, found = both
    names = [name for name in of_product(found.product)["accounts"]["name"] if len(name) > 5]
    told = re.compile("|".join(map(re.escape, names)))
    for name, table in found.tables.items():
        assert not told.search(table.to_csv()), name
