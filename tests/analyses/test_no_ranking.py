"""No list ranks people: whoever cannot be told apart stands by name, and whoever can comes first, high and low alike."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from builders import ANALYSES
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.contract.disclosure import disclosure_of
from cs_helpers.statistics.case_mix import by_name, compare_groups, compare_shares
from cs_helpers.statistics.survival import CENSORED, REACHED
from cs_helpers.text import catalogue

PRODUCTS = ("expense_desk", "helpdesk", "paper_to_web")
_RANK = re.compile(r"\b(?:rank|place|league)\b|順位|ランキング|位$", re.IGNORECASE)


def tables_of_people(name: str, result) -> list[tuple[str, str, pd.DataFrame]]:
    """The tables of a result with rows of people, not of customers: table, the column that names them, rows."""
    found = []
    for table, frame in result.tables.items():
        kinds = {c: disclosure_of(ANALYSES[name].declares.discloses, table, c) for c in frame}
        people = [c for c, kind in kinds.items() if kind in ("person", "candidate")]
        if people and "company" not in kinds.values() and len(frame):
            found.append((table, people[0], frame))
    return found


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", ANALYSES)
def test_rows_of_people_are_sorted_by_name_and_not_numbered(name, product, result_of) -> None:
    for table, who, frame in tables_of_people(name, result_of(name, product, "2026Q3")):
        # in each part of a table (its columns before the names, as awards) the order in which they first appear
        before = list(frame.columns[: frame.columns.get_loc(who)])
        for _, part in frame.groupby(before, dropna=False) if before else ((None, frame),):
            people = part.drop_duplicates(who).reset_index(drop=True)
            plain = by_name(people.drop(columns="verdict", errors="ignore"), who)[who].tolist()
            assert people[who].tolist() in (plain, by_name(people, who)[who].tolist()), table
        assert not [c for c in frame if _RANK.search(str(c))], table
        for language in ("en", "ja"):
            words = catalogue(language)
            headings = [w for key, w in words.items() if key.startswith(f"{name}.{table}.columns.")]
            assert not [w for w in headings if _RANK.search(w)], table


def test_the_sample_has_such_tables(result_of) -> None:
    tables = {(n, t) for n in ANALYSES for t, _, _ in tables_of_people(n, result_of(n, "helpdesk", "2026Q3"))}
    assert {("journeys", "csms"), ("health", "csms"), ("maturity", "csms"), ("touch_mix", "csms")} <= tables
    assert ("journeys", "adherence") in tables


def test_numbers_in_names_stand_by_their_value_and_nobody_last() -> None:
    table = pd.DataFrame({"csm": ["csm-10", "", "csm-2", "Abe"], "hours": [1, 2, 3, 4]})
    assert by_name(table, "csm")["csm"].tolist() == ["Abe", "csm-2", "csm-10", ""]


def test_those_who_differ_come_first_and_above_and_below_stand_by_name() -> None:
    table = pd.DataFrame(
        {
            "csm": ["d", "c", "b", "a"],
            "verdict": ["above", "alike", "below", "alike"],
            "ratio": [3, 2, 0.1, 1],
        }
    )
    assert by_name(table, "csm")["csm"].tolist() == ["b", "d", "a", "c"]


@settings(max_examples=15)
@given(st.permutations("abcdef"), st.lists(st.integers(0, 12), min_size=6, max_size=6))
def test_renaming_people_who_are_alike_changes_the_order_and_nothing_else(names, reached) -> None:
    """The order holds nothing of how they did: with other names it is another one."""
    customers = pd.DataFrame(
        [
            {"csm": who, "stratum": "one", "holds": k < n}
            for who, n in zip(names, reached, strict=True)
            for k in range(12)
        ]
    )
    shares = compare_shares(customers)
    waits = customers.assign(days=10.0, outcome=customers["holds"].map({True: REACHED, False: CENSORED}))
    for table in (shares, compare_groups(waits)):
        for _, side in table.groupby(table["verdict"] == "alike"):
            assert side["csm"].is_monotonic_increasing
        assert table["verdict"].eq("alike").is_monotonic_increasing
