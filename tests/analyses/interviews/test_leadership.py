"""What leadership reads holds no number of one or two companies, and no row of a single one."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from cs_helpers.analyses import interviews
from cs_helpers.analyses.interviews.leadership import TEAM_ONLY, for_leadership
from cs_helpers.contract.quarters import Quarter
from cs_helpers.editions.anonymity import MIN_COMPANIES, Pseudonymization, create_masker, mask_tables
from cs_helpers.result import Result

PRODUCTS = ("paper_to_web", "expense_desk", "helpdesk")


def pseudonym(kind: str, number: int) -> str:
    return f"<{kind}{number}>"


@pytest.fixture(scope="module", params=PRODUCTS)
def both(request: pytest.FixtureRequest, of_product: Any) -> tuple[Any, Any]:
    """The analysis for the team, and that for leadership."""
    data = of_product(request.param)
    whole = interviews.analyse(
        mask_tables(data, create_masker(data, Pseudonymization(pseudonym)), pseudonym), Quarter(2026, 3)
    )
    return whole, for_leadership(whole)


def small(numbers: pd.Series) -> bool:
    return bool(((numbers > 0) & (numbers < MIN_COMPANIES)).any())


def test_no_small_number_is_left(both: tuple[Any, Any]) -> None:
    _, result = both
    tables = result.tables
    for name in (
        "coverage",
        "crossing",
        "framework",
        "themes",
        "key_words",
        "pairs",
        "out_of_reach",
        "meter",
    ):
        assert not small(tables[name]["companies"]), name
    for status in ("given", "supported", "open", "refuted", "of"):
        assert not small(tables["reasons"][status]), status
    for column in ("mentioned", "of"):
        numbers = [n for counts in tables["varies"][column] for n in counts.values()]
        assert not small(pd.Series(numbers, dtype=float)), column
    assert not small(tables["framework"]["of"])
    assert not small(tables["key_words"]["others"])
    assert all(n >= MIN_COMPANIES for codes in tables["framework"]["codes"] for _, n in codes)


def test_a_row_with_a_small_number_is_hidden_whole(both: tuple[Any, Any]) -> None:
    whole, result = both
    for keys, row in whole.tables["coverage"].groupby(["dimension", "viewpoint"]):
        companies = result.tables["coverage"].loc[row.index, "companies"]
        assert companies[row["companies"] > 0].isna().all() == small(row["companies"]), keys
    reasons = result.tables["reasons"]
    # what was given less what is supported is what is open
    shown = reasons.dropna(subset=["given", "supported"])
    assert not small(shown["given"] - shown["supported"])
    for reason, rows in reasons.groupby("reason"):
        assert rows["supported"].isna().nunique() == 1, reason  # no other dimension tells it


def test_what_was_worked_out_from_hidden_numbers_is_hidden(both: tuple[Any, Any]) -> None:
    _, result = both
    for row in result.tables["varies"].itertuples():
        if None in row.mentioned.values() and all(n is not None for n in row.of.values()):
            assert row.p != row.p
            assert row.v != row.v
    frozen = result.tables["frozen"]
    assert frozen[["before", "after", "low", "high", "p"]].isna().all(axis=None)
    assert set(frozen["verdict"]) <= {"replicated", "contradicted", "not_observed", "untested"}
    understood = result.metrics.get("understood")
    assert understood is None or not small(pd.Series([round(understood.value * understood.n)]))


def test_no_note_is_named(both: tuple[Any, Any]) -> None:
    _, result = both
    for name, table in result.tables.items():
        assert "N-0" not in table.to_csv(), name


def test_what_shows_single_companies_is_left_to_the_team(both: tuple[Any, Any]) -> None:
    whole, result = both
    assert not set(TEAM_ONLY) & set(result.tables)
    said = {note.about for note in result.notes if note.code == "team_only"}
    assert said == set(TEAM_ONLY) & set(whole.tables)
    assert set(result.tables["meter"]["dimension"]) <= {"size", "quadrant", "industry"}


def test_quotes_are_of_themes_that_several_companies_told(both: tuple[Any, Any]) -> None:
    _, result = both
    for row in result.tables["framework"].itertuples():
        assert {quote[0] for quote in row.quotes} == {code for code, _ in row.codes}


def test_no_customers_name_is_left(
    both: tuple[Any, Any], of_product: Any, request: pytest.FixtureRequest
) -> None:
    _, result = both
    names = [name for name in of_product(result.product)["accounts"]["name"] if len(name) > 5]
    names_pattern = re.compile("|".join(map(re.escape, names)))
    for name, table in result.tables.items():
        assert not names_pattern.search(table.to_csv()), name


def test_no_curve_tells_how_few_companies_of_a_size_were_heard(both: tuple[Any, Any]) -> None:
    whole, result = both
    few = small(whole.tables["saturation"].groupby("segment")["companies"].max())
    assert set(result.tables["saturation"]["segment"]) == (
        {"all"} if few else {"all", "small", "mid", "enterprise"}
    )


def test_a_table_of_which_nothing_can_be_shown_says_so_and_does_not_claim_to_be_empty() -> None:
    pairs = pd.DataFrame(
        {"script": "latin", "first": ["a"], "second": ["b"], "both": [2], "companies": [MIN_COMPANIES - 1]}
    )
    result = Result(
        "interviews",
        "x",
        Quarter(2026, 3),
        Quarter(2026, 3).start,
        Quarter(2026, 3).end,
        9,
        {"pairs": pairs},
        {},
    )
    shown = for_leadership(result)
    assert "pairs" not in shown.tables
    assert [n.code for n in shown.about("pairs")] == ["few_tell"]
