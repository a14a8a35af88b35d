"""Who moved, which segments differ and where numbers and people disagree: told by hand-made customers, and said where nothing can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from builders import random
from desks import NUMBERS, Q2, VIEW, customer, desk
from scipy.stats import binomtest, fisher_exact

from cs_helpers.analyses import health
from cs_helpers.charts import health as charts
from cs_helpers.result import Finding, Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables.notes import sentence
from cs_helpers.text import Text


def analysed(data: ProductData) -> Result:
    result = health.analyse(data, Q2)
    return replace(result, settings={**result.settings, "currency": "JPY", "sizes": data.sizes})


def message(result: Result, question: str) -> str:
    return getattr(charts, question)(result, Text("en")).message


def found(result: Result, code: str) -> Finding | None:
    return next((f for f in result.findings if f.code == code), None)


def said(result: Result, code: str) -> list[str]:
    """The sentences of the notes with a code."""
    return [sentence(n, Text("en"), "health", "JPY") for n in result.notes if n.code == code]


def many(n: int, name: str, now: int, before: int | None = 5, **about: Any) -> list[dict[str, Any]]:
    return [customer(f"{name}{k}", now, before, **about) for k in range(n)]


# --- movers -------------------------------------------------------------------------------------


def test_those_who_fell_stand_by_points_times_mrr_with_what_moved_them() -> None:
    result = analysed(
        desk(
            customer("A", 5, 7, mrr=1_000),  # 20 points x 1000
            customer("B", 1, 9, mrr=200),  # 80 points x 200
            customer("C", 8, 9, mrr=5_000),  # 10 points x 5000
            customer("D", 9, 9, mrr=9_000),
            customer("E", 9, 3, mrr=10),
            customer("F", 4, None),
        )
    )
    fallen = result.tables["fallen"]
    assert fallen["account_id"].tolist() == ["C", "A", "B"]
    assert fallen["change"].tolist() == pytest.approx([-10, -20, -80])
    assert fallen["measures"].tolist() == [("numbers",)] * 3
    assert fallen.loc[2, ["band_before", "band"]].tolist() == ["green", "red"]
    assert result.tables["risen"]["account_id"].tolist() == ["E"]
    moved = result.tables["moved"].set_index("measure").loc["numbers"]
    assert moved[["fell", "fell_mrr", "rose", "rose_mrr"]].tolist() == [3, 6_200, 1, 10]
    assert moved["change"] == pytest.approx((-20 - 80 - 10 + 0 + 60) / 5)
    flows = result.tables["flows"].set_index(["band_before", "band"])["customers"]
    assert flows.sum() == 5
    assert flows["green", "red"] == flows["red", "green"] == 1
    assert result.metrics["fell_share"].value == pytest.approx(3 / 5)


def test_each_customer_counts_at_the_measure_that_moved_it_most() -> None:
    # A: numbers -30 of the score, view -10; B: numbers -10, view -40
    result = analysed(
        desk(customer("A", 2, 8, said=5, said_before=7), customer("B", 6, 8, said=1, said_before=9))
    )
    assert result.tables["moved"]["fell"].tolist() == [1, 1]
    assert result.tables["fallen"].set_index("account_id")["measures"].to_dict() == {
        "A": ("numbers", "view"),
        "B": ("view", "numbers"),
    }


@pytest.mark.parametrize(
    ("fell", "rose", "code"), [(9, 1, "down"), (1, 9, "up"), (7, 3, "both"), (5, 0, "both"), (0, 0, "none")]
)
def test_more_went_one_way_only_where_a_sign_test_says_so(fell: int, rose: int, code: str) -> None:
    people = [*many(fell, "F", 2, 5), *many(rose, "R", 8, 5), *many(4, "S", 5, 5)]
    result = analysed(desk(*people))
    if fell + rose:
        assert (binomtest(fell, fell + rose).pvalue < 0.05) == (code in ("down", "up"))
    assert result.verdicts["moved"].code == code
    assert bool(found(result, "measure_down")) == (code == "down")
    assert bool(found(result, "measure_up")) == (code == "up")
    if code == "down":
        finding = found(result, "measure_down")
        assert finding is not None
        assert (finding.customers, finding.mrr, finding.fields["measure"]) == (9, 900, "numbers")
    if code == "none":
        assert message(result, "moved") == "None of 4 customers moved by 10 points or more"
    assert result.tables["fallen"].empty == (fell == 0)


def test_where_nobody_was_known_before_no_change_is_shown() -> None:
    result = analysed(desk(*many(3, "A", 5, None)))
    assert not {"moved", "fallen", "risen", "flows"} & set(result.tables)
    assert "fell_share" not in result.metrics
    assert (
        said(result, "nobody_before")
        == ["No change can be shown: no customer had a score at the end of the quarter before."] * 3
    )


# --- segments -----------------------------------------------------------------------------------


def test_a_segment_that_is_red_more_often_than_chance_explains_is_named() -> None:
    people = [
        *many(9, "A", 1, size="small"),
        *many(6, "B", 9, size="small"),
        *many(1, "C", 1, size="mid"),
        *many(19, "D", 9, size="mid"),
    ]
    result = analysed(desk(*people))
    sizes = result.tables["segments"].query("dimension == 'size'").set_index("segment")
    assert sizes["p"].iloc[0] == pytest.approx(fisher_exact([[9, 6], [1, 19]]).pvalue)
    assert sizes.loc["small", ["n", "red", "share"]].tolist() == [15, 9, 0.6]
    assert message(result, "segments") == (
        "Size: Small: 60% are red (n = 15), against 5% of the others: more than chance would give"
    )
    finding = found(result, "segment_worse")
    assert finding is not None
    assert (finding.value, finding.compared, finding.customers) == (0.6, 0.05, 15)
    assert finding.low is not None
    assert finding.low > 0


def test_segments_that_differ_no_more_than_chance_explains_are_alike() -> None:
    people = [
        *many(3, "A", 1, size="small"),
        *many(7, "B", 9, size="small"),
        *many(1, "C", 1, size="mid"),
        *many(9, "D", 9, size="mid"),
    ]
    result = analysed(desk(*people))
    assert message(result, "segments") == (
        "The share of red customers cannot be told apart by size, touch model or industry (n = 20)"
    )
    assert found(result, "segment_worse") is None


def test_one_segment_all_green_and_all_red_are_said_as_what_they_are() -> None:
    alone = analysed(desk(*many(2, "A", 1), *many(3, "B", 9)))
    assert message(alone, "segments") == "All customers are of one segment, so nothing is compared"
    assert said(alone, "one_segment") == [
        "Only one segment has customers with a score, so nothing is compared by it: Size, Industry."
    ]
    sizes = [customer("A", 9, 9), customer("B", 8, 8, size="mid")]
    assert message(analysed(desk(*sizes)), "segments") == "None of 2 customers is red, in any segment"
    reds = [customer("A", 1, 1), customer("B", 0, 0, size="mid")]
    assert message(analysed(desk(*reds)), "segments") == "All 2 customers are red, in every segment"


# --- CSMs ---------------------------------------------------------------------------------------


def test_csms_are_held_against_the_mix_of_their_customers() -> None:
    # small companies are red in 8 of 10 cases, mid-size ones in 2 of 10; one has only small ones, as many red as expected
    people = [
        *many(8, "A", 1, size="small", csm="one"),
        *many(2, "B", 9, size="small", csm="one"),
        *many(2, "C", 1, size="mid", csm="two"),
        *many(8, "D", 9, size="mid", csm="two"),
        *many(3, "E", 9, size="mid"),
    ]
    result = analysed(desk(*people))
    csms = result.tables["csms"].set_index("csm")
    assert csms.loc["one", ["customers", "red", "expected"]].tolist() == [10, 8, 8]
    assert csms.loc["two", ["customers", "red", "expected"]].tolist() == [10, 2, 2]
    assert result.verdicts["csms.rows"].code == "nothing_apart"
    assert said(result, "csm_unknown") == [
        "Left out of the comparison of CSMs: 3 of 23 customers without a CSM."
    ]


def test_a_csm_whose_customers_are_red_far_more_often_stands_out() -> None:
    people = [
        c for n in range(8) for c in (*many(2, f"A{n}", 1, csm=f"c{n}"), *many(18, f"B{n}", 9, csm=f"c{n}"))
    ]
    people += [*many(18, "X", 1, csm="bad"), *many(2, "Y", 9, csm="bad")]
    csms = analysed(desk(*people)).tables["csms"].set_index("csm")
    assert csms.at["bad", "verdict"] == "above"
    assert (csms.drop("bad")["verdict"] != "above").all()


def test_csms_that_are_alike_are_not_ranked() -> None:
    apart = 0
    for seed in range(12):
        draw = random(seed)
        people = [customer(f"A{k}", 1 if draw.random() < 0.3 else 9, 5, csm=f"c{k % 10}") for k in range(120)]
        apart += int((analysed(desk(*people)).tables["csms"]["verdict"] != "alike").sum())
    assert apart <= 0.05 * 12 * 10


@pytest.mark.parametrize(
    ("people", "code", "words"),
    [
        (many(2, "A", 1), "no_csm", "CSMs cannot be compared: no CSM is recorded for these customers."),
        (
            many(2, "A", 1, csm="one"),
            "one_csm",
            "CSMs cannot be compared: all these customers have the same one.",
        ),
        (
            [customer("A", 9, 9, csm="one"), customer("B", 9, 9, csm="two")],
            "no_comparison",
            "CSMs are not compared: no customer with a CSM is red.",
        ),
    ],
)
def test_where_csms_cannot_be_compared_it_is_said(people: list[Any], code: str, words: str) -> None:
    result = analysed(desk(*people))
    assert "csms" not in result.tables
    assert said(result, code) == [words]


# --- numbers and views --------------------------------------------------------------------------


def test_where_numbers_and_people_disagree_they_are_counted_and_named() -> None:
    result = analysed(
        desk(
            customer("A", 9, 9, said=1, mrr=10),
            customer("B", 8, 8, said=2, mrr=500),
            customer("C", 1, 1, said=9),
            customer("D", 9, 9, said=9),
            customer("E", 5, 5, said=1),
            customer("F", 9, 9),
        )
    )
    assert message(result, "views") == (
        "Of 5 customers, 2 are green by the numbers and red by what CSMs and customers say, and 1 the other way round"
    )
    assert result.tables["disagree"][["account_id", "side"]].to_numpy().tolist() == [
        ["B", "numbers"],
        ["A", "numbers"],
        ["C", "view"],
    ]
    assert result.tables["views"]["customers"].sum() == 5
    finding = found(result, "disagree")
    assert finding is not None
    assert (finding.customers, finding.mrr, finding.n) == (2, 510, 5)


def test_without_both_kinds_of_measures_known_nothing_is_compared() -> None:
    one_kind = analysed(desk(customer("A", 9, 9), measures=[NUMBERS]))
    assert said(one_kind, "one_kind")[0].startswith("Numbers and views cannot be compared: all measures")
    nobody = analysed(desk(customer("A", 9, 9)))
    assert said(nobody, "one_view")[0].startswith("Numbers and views cannot be compared: of no customer")
    assert not {"views", "disagree"} & {*one_kind.tables, *nobody.tables}
    agree = analysed(desk(customer("A", 9, 9, said=9)))
    assert message(agree, "views").startswith("Of 1 customers, none is green by the numbers")


# --- whole results ------------------------------------------------------------------------------


def test_without_contracts_there_is_no_mrr_anywhere() -> None:
    people = [*many(3, "A", 1, 9, said=9), *many(3, "B", 9, 1, said=1)]
    result = analysed(desk(*people, contracts=False))
    assert result.tables
    for name, table in result.tables.items():
        assert not [c for c in table if "mrr" in c], name
    assert {f.mrr for f in result.findings} == {None}
    for question in ("bands", "moved", "segments", "views"):
        assert message(result, question)


def test_measures_keep_their_order_in_every_table() -> None:
    result = analysed(desk(customer("A", 5, 5, said=5), measures=[VIEW, NUMBERS]))
    for name in ("measures", "explained", "moved"):
        assert pd.unique(result.tables[name]["measure"]).tolist() == ["view", "numbers"]
