"""Why a customer has its score and why it changed: every sum is exact, whatever is known of whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import health_measure
from desks import NUMBERS, Q2, VIEW, customer, desk
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.analyses import health
from cs_helpers.analyses.health.explanation import change_by_measure
from cs_helpers.customers.health_score import health_score, shares_of_weight
from cs_helpers.result import Result
from cs_helpers.tables import health as tables
from cs_helpers.tables.health import definitions
from cs_helpers.text import Text

one = st.none() | st.floats(0, 100)
#: of each measure: points now, points before, weight for this customer
CELL = st.tuples(one, one, st.sampled_from([0.0, 0.5, 1.0, 2.0]))
ROWS = st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=5)


@given(ROWS)
def test_what_the_measures_give_adds_up_to_each_score_and_to_its_change(rows) -> None:
    names = list("abcd")
    now, before, weights = (
        pd.DataFrame([[cell[i] for cell in row] for row in rows], columns=names, dtype="float64")
        for i in range(3)
    )
    now, before = now.where(weights > 0), before.where(weights > 0)  # as `measure_points` leaves them out
    score, previous = health_score(now, weights), health_score(before, weights)
    given_points = (shares_of_weight(now, weights) * now).sum(axis=1, min_count=1)
    assert given_points.to_numpy() == pytest.approx(score.to_numpy(), abs=1e-9, nan_ok=True)
    changed = change_by_measure(now, before, weights).sum(axis=1)
    both = score.notna() & previous.notna()
    assert changed[both].to_numpy() == pytest.approx((score - previous)[both].to_numpy(), abs=1e-9)


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
def test_the_explanations_of_the_sample_add_up(result_of, name: str) -> None:
    result = result_of("health", name, "2026Q3")
    explained, scores = result.tables["explained"], result.tables["scores"].set_index("account_id")
    sums = explained.groupby("account_id")[["contribution", "lost", "weight", "change"]].sum()
    assert sums["contribution"].to_numpy() == pytest.approx(scores["score"].reindex(sums.index).to_numpy())
    assert (sums["contribution"] + sums["lost"]).to_numpy() == pytest.approx(100)
    assert sums["weight"].to_numpy() == pytest.approx(1)
    change = (scores["score"] - scores["previous"]).dropna()
    assert sums["change"].reindex(change.index).to_numpy() == pytest.approx(change.to_numpy(), abs=1e-9)
    measures = result.tables["measures"]
    assert measures["contribution"].sum() == pytest.approx(scores["score"].mean())
    assert result.tables["moved"]["change"].sum() == pytest.approx(change.mean())


def row_of(result: Result, name: str, measure: str) -> pd.Series:
    table = result.tables["explained"].set_index(["account_id", "measure"])
    return table.loc[(name, measure)]


def test_a_row_says_value_points_weight_and_what_it_gives_and_lacks() -> None:
    # 4 events: 40 points at two thirds of the weight; NPS 9: 90 points at one third
    measures = [NUMBERS | {"weight": 2}, VIEW]
    result = health.analyse(desk(customer("A", 4, 7, said=9, said_before=9), measures=measures), Q2)
    numbers = row_of(result, "A", "numbers")
    assert numbers[["value", "points"]].tolist() == [4, 40]
    assert numbers[["weight", "contribution", "lost"]].tolist() == pytest.approx([2 / 3, 80 / 3, 40])
    assert numbers["change"] == pytest.approx(-20)
    assert row_of(result, "A", "view")[["contribution", "change"]].tolist() == pytest.approx([30, 0])


def test_a_measure_left_out_by_a_rule_has_no_row_and_one_not_known_has_no_points() -> None:
    segments = [{"segment": "size:mid", "measures": {"view": {"weight": 0}}}]
    data = desk(customer("A", 4, 4), customer("B", 4, 4, said=9, size="mid"), segments=segments)
    result = health.analyse(data, Q2)
    table = result.tables["explained"]
    assert table[table["account_id"] == "B"]["measure"].tolist() == ["numbers"]
    assert row_of(result, "A", "view")[["value", "points", "weight", "contribution"]].isna().all()
    scores = result.tables["scores"].set_index("account_id")
    assert scores["unknown"].to_dict() == {"A": ("view",), "B": ()}
    assert scores["score"].to_dict() == {"A": 40, "B": 40}


def test_red_customers_with_most_mrr_are_explained_first() -> None:
    people = [customer(n, now, 5, mrr=mrr) for n, now, mrr in (("A", 9, 900), ("B", 1, 10), ("C", 2, 70))]
    explained = health.analyse(desk(*people), Q2).tables["explained"]
    assert list(dict.fromkeys(explained["account_id"])) == ["C", "B", "A"]


def test_stale_values_are_counted_and_named() -> None:
    view = VIEW | {"measure": {"source": "surveys", "value": "nps", "months": 6}, "stale_after_days": 60}
    people = [customer("A", 5, 5, said_before=9), customer("B", 5, 5, said=9), customer("C", 5, 5)]
    result = health.analyse(desk(*people, measures=[NUMBERS, view]), Q2)
    measures = result.tables["measures"].set_index("measure")
    assert measures.loc["view", ["known", "stale"]].tolist() == [1, 1]
    assert [n.fields for n in result.notes if n.code == "stale"] == [{"measures": (("view", 1),)}]


def test_a_rule_that_holds_for_nobody_is_named_and_one_that_an_earlier_one_covers_too() -> None:
    rule = {"numbers": {"green": 5}}
    segments = [{"segment": s, "measures": rule} for s in ("size:smal", "industry:trade", "size:small")]
    result = health.analyse(desk(customer("A", 5, 5), segments=segments), Q2)
    named = [n.fields["segment"] for n in result.notes if n.code == "rule_of_nobody"]
    assert named == ["size:smal", "size:small"]
    assert result.tables["scores"]["score"].tolist() == [100]


def test_what_a_measure_does_to_nobody_is_nothing() -> None:
    silent = health_measure("silent", red=0, green=1, measure={"source": "tickets", "value": "count"})
    result = health.analyse(desk(customer("A", 5, 5), measures=[NUMBERS, silent]), Q2)
    row = result.tables["measures"].set_index("measure").loc["silent"]
    assert row[["known", "contribution", "lost"]].tolist() == [0, 0, 0]
    assert np.isnan(row["mean"])


def test_the_definition_on_the_page_is_that_of_the_product_file() -> None:
    view = VIEW | {"stale_after_days": 90, "missing": "worst"}
    segments = [
        {"segment": "size:small", "measures": {"numbers": {"green": 4.5}, "view": {"weight": 0}}},
    ]
    data = desk(customer("A", 1, 1), measures=[NUMBERS | {"weight": 1.5}, view], segments=segments)
    headings, rows = definitions(data.product, Text("en", data.product))
    assert headings == ("measure", "kind", "red_to_green", "weight", "missing", "stale")
    carried = "the others carry the score"
    assert rows == [
        ("numbers", "Quantitative", "0 → 10", "1.5", carried, "–"),
        ("view", "Qualitative", "0 → 10", "1", "0 points", "90 days"),
        ("numbers (Size: Small)", "Quantitative", "0 → 4.5", "1.5", carried, "–"),
        ("view (Size: Small)", "Qualitative", "0 → 10", "not counted", "0 points", "90 days"),
        ("Score: red below 40, green from 70 (version 1)", "", "", "", "", ""),
    ]


def test_the_page_shows_a_row_that_adds_up_and_the_download_all_of_it() -> None:
    people = [customer("A", 3, 5, said=4, said_before=4), customer("B", 2, 2)]
    result = health.analyse(desk(*people), Q2)
    result = replace(result, settings={**result.settings, "currency": "JPY"})
    listing = tables.explained(result, Text("en", desk(*people).product))
    page = listing.page.set_index("Company")
    assert page.loc["A", ["Score", "numbers", "view"]].tolist() == [
        "35.0",
        "15.0 of 50.0 (3)",
        "20.0 of 50.0 (4)",
    ]
    assert page.loc["B", ["Score", "numbers", "view"]].tolist() == ["20.0", "20.0 of 100.0 (2)", "–"]
    whole = listing.all_rows.set_index("Company").loc["A"]
    assert whole["numbers: points of the score"] + whole["view: points of the score"] == whole["Score"]
    assert whole["numbers: change since last quarter"] == -10
