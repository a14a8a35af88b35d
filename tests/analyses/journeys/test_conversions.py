"""What a page says of a journey agrees with its numbers, whatever few customers did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random

from cs_helpers.analyses import journeys
from cs_helpers.analyses.journeys.conversions import hardest_step, stall_verdict
from cs_helpers.charts import journeys as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import journeys as tables
from cs_helpers.text import Text

Q2 = Quarter(2026, 2)
END = date(2026, 6, 30)
CHARTS = ("funnel", "ways", "steps", "value_curve", "stalls")
TABLES = ("steps", "ages", "cohort", "waiting", "moves", "adherence", "csms", "touch_models")
WITHIN = 1e-9


def day(before_the_end: int) -> str:
    return str((pd.Timestamp(END) - pd.Timedelta(days=before_the_end)).date())


def history(seed: int) -> ProductData:
    """None to twelve customers: some that left, reached nothing, took steps in any order, or pay nothing."""
    draw = random(seed)
    sizes = ("small", "mid", "enterprise")[: draw.integers(1, 4)]
    accounts, contracts, milestones = [], [], []
    of_everybody = draw.choice(["left", "none", "all", ""], p=[0.1, 0.1, 0.1, 0.7])
    longest = int(draw.choice([30, 400]))
    for n in range(draw.integers(0, 13)):
        name, age = f"c{n}", int(draw.integers(0, longest + 1))
        gone = of_everybody == "left" or (draw.random() < 0.3 and of_everybody != "all")
        csm, model = draw.choice(["x", "y", ""]), draw.choice(["high", "tech"])
        accounts.append(account(name, str(draw.choice(sizes)), csm=csm or None, touch_model=model))
        mrr = float(draw.choice([0, 100]))
        contracts.append(contract(name, day(age), day(int(draw.integers(0, age + 1))) if gone else None, mrr))
        reached = {"contract": age}
        for step in ("kickoff", "value"):
            if of_everybody == "all" or (draw.random() < 0.6 and of_everybody != "none"):
                reached[step] = int(draw.integers(0, age + 1))
        milestones += [
            {"account_id": name, "step": step, "reached_at": day(at)} for step, at in reached.items()
        ]
    if draw.random() < 0.7:  # else the log begins with the first step that is not the contract
        milestones += [{"account_id": "z", "step": s, "reached_at": day(500)} for s in ("kickoff", "value")]
    mode = draw.choice(["milestones", "ordered", "strict", "unordered"], p=[0.7, 0.1, 0.1, 0.1])
    return product_data(
        product(
            steps=["kickoff", "value"], window_days=int(draw.choice([5, 60, 365])), journey={"mode": mode}
        ),
        accounts=accounts,
        contracts=contracts,
        milestones=milestones,
    )


def answered(data: ProductData) -> Result:
    result = journeys.analyse(data, Q2)
    return replace(result, settings={**result.settings, "currency": "JPY"})


@cache
def analysed(seed: int) -> tuple[ProductData, Result]:
    data = history(seed)
    return data, answered(data)


def every() -> Iterator[Result]:
    """What is found in each of two hundred histories."""
    return (analysed(seed)[1] for seed in range(60))


def test_each_answer_that_is_drawn_has_a_verdict_and_no_other_has() -> None:
    for result in every():
        drawn = {question for question in result.verdicts if not question.endswith(".rows")}
        assert drawn == set(CHARTS) & set(result.tables)


def test_the_hardest_step_is_that_of_the_smallest_share_and_nobody_can_be_below_it() -> None:
    for result in every():
        said = result.verdicts.get("funnel", Verdict("few"))
        overall = _rows(result, "steps").query("size == 'all' and n >= 5")
        if said.code == "whole":
            assert result.settings["mode"] != "milestones"
        if said.code == "few" and "funnel" in result.tables:
            assert overall.empty
        if said.code == "early":
            assert overall["share"].isna().any()
        if said.code == "message":
            row = overall.set_index("step").loc[said.fields["step"]]
            assert said.fields["n"] == row["n"] >= 5
            assert said.fields["share"] == row["share"] == overall["share"].min()
            assert overall["so_far"].min() >= row["share"] - WITHIN
        assert (said.code == "message") <= any(name.startswith("hardest_step:") for name in result.metrics)


def test_a_stall_has_a_gap_between_the_intervals_of_five_customers_each() -> None:
    for result in every():
        said = result.verdicts.get("steps", Verdict("few"))
        known = _rows(result, "steps").query("size != 'all' and n >= 5 and share == share")
        if said.code == "stall":
            inside = known[known["step"] == said.fields["step"]].set_index("size")
            worst, other = inside.loc[said.fields["size"]], inside.loc[said.fields["other"]]
            assert worst["high"] < other["low"]
            assert (said.fields["share"], said.fields["other_share"]) == (worst["share"], other["share"])
        if said.code == "alike":
            assert known["step"].duplicated().any()


def test_half_have_value_by_the_median_and_no_sooner() -> None:
    for result in every():
        said = result.verdicts.get("value_curve")
        if said is None:
            assert {"value_not_reached", "nobody_entered", "nothing_recorded", "missing_table"} & {
                n.code for n in result.notes
            }
            continue
        days, low, high, share = (said.fields[name] for name in ("days", "low", "high", "share"))
        assert ("not_reached" in said.code) == np.isnan(days)
        assert said.code.startswith("message") == (not np.isnan([days, low, high]).any())
        assert said.code.endswith("_early") == np.isnan(share)
        if not np.isnan(share):
            assert (days <= 180) == (share >= 0.5)
        assert not low > days
        assert not days > high
        metric = result.metrics["value_within_180_days"]
        assert (metric.value is None) == np.isnan(share)
        assert (metric.value is None) == bool(result.about("value_within_180_days"))
        ages = result.tables["ages"].set_index(["size", "age"])
        assert ages.at[("all", 180), "share"] == pytest.approx(share, nan_ok=True)


def test_every_share_lies_in_its_interval_and_is_known_with_it() -> None:
    for result in every():
        for name in ("steps", "ages", "value_curve"):
            table = _rows(result, name)
            known = table["share"].notna()
            assert table.loc[~known, ["low", "high"]].isna().all(axis=None)
            assert table.loc[known, ["low", "share", "high"]].stack().between(0, 1).all()
            assert (table["low"] <= table["share"])[known].all()
            assert (table["share"] <= table["high"])[known].all()
        steps = _rows(result, "steps")
        assert ((steps["half"] == "reached") == steps["median"].notna()).all()
        assert ((steps["half"] == "nobody") == (steps["n"] == 0)).all()


def test_new_customers_are_judged_where_both_shares_are_known() -> None:
    for result in every():
        for row in _rows(result, "cohort").itertuples():
            assert (row.verdict == "unknown") == np.isnan([row.share, row.share_before]).any()
            assert row.verdict != "faster" or row.share >= row.share_before
            assert row.verdict != "slower" or row.share <= row.share_before


def test_what_is_held_up_is_the_sum_of_who_is_late() -> None:
    for result in every():
        said = result.verdicts.get("stalls", Verdict("none"))
        waiting = _rows(result, "waiting")
        late = waiting[waiting["late"].astype(bool)]
        assert (said.code in ("message", "count")) == bool(len(late))
        if said.code == "message":
            inside = late[(late["step"] == said.fields["step"]) & (late["size"] == said.fields["size"])]
            assert (len(inside), inside["mrr"].sum()) == (said.fields["late"], said.fields["mrr"])
            assert said.fields["share"] == pytest.approx(inside["mrr"].sum() / late["mrr"].sum())
        if said.code == "unknown":
            assert waiting["usual"].isna().all()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_found_is_drawn_and_set_in_both_languages(seed: int) -> None:
    data, result = analysed(seed)
    for language in ("en", "ja"):
        text = Text(language, data.product)
        for question in CHARTS:
            if len(result.tables.get(question, ())):
                picture = getattr(charts, question)(result, text)
                assert "nan" not in picture.message
                assert "{" not in picture.message
                assert "–%" not in picture.message
        for question in TABLES:
            if len(result.tables.get(question, ())):
                assert ">nan<" not in getattr(tables, question)(result, text).as_html()


def _rows(result: Result, table: str) -> pd.DataFrame:
    """A table, or one of its kind without rows."""
    columns = ["size", "step", "n", "share", "low", "high", "so_far", "share_before", "verdict"]
    columns += ["median", "half", "late", "usual", "mrr"]
    return result.tables.get(table, pd.DataFrame(columns=columns))


def step_row(step: str, size: str, n: int, share: float, **other: float) -> dict[str, Any]:
    return {
        "step": step, "size": size, "n": n, "share": share, "low": share - 0.1, "high": share + 0.1, "so_far": share,
    } | other  # fmt: skip


def steps_of(*rows: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows)


NOT_KNOWN = {"low": np.nan, "high": np.nan}


def test_a_step_of_which_the_share_is_not_known_is_not_the_hardest() -> None:
    table = steps_of(
        step_row("kickoff", "all", 20, 0.6), step_row("value", "all", 20, np.nan, **NOT_KNOWN, so_far=0.7)
    )
    said = hardest_step(table, 365)
    assert (said.code, said.fields["step"], said.fields["n"]) == ("message", "kickoff", 20)


def test_while_a_harder_step_may_not_be_known_yet_none_is_the_hardest() -> None:
    table = steps_of(
        step_row("kickoff", "all", 20, 1.0), step_row("value", "all", 20, np.nan, **NOT_KNOWN, so_far=0.1)
    )
    assert hardest_step(table, 365) == Verdict("early", {"window": 365})


def test_a_step_of_four_customers_is_not_the_hardest() -> None:
    table = steps_of(step_row("kickoff", "all", 9, 0.9), step_row("value", "all", 4, 0.0))
    assert hardest_step(table, 365).fields["step"] == "kickoff"
    assert hardest_step(table[table["n"] < 5], 365) == Verdict("few")


def test_sizes_stall_where_the_gap_of_their_intervals_is_widest() -> None:
    table = steps_of(
        step_row("kickoff", "small", 9, 0.5), step_row("kickoff", "mid", 9, 0.8),
        step_row("value", "small", 9, 0.2), step_row("value", "mid", 9, 0.8),
        step_row("value", "enterprise", 4, 0.99),
    )  # fmt: skip
    differ = pd.DataFrame({"step": ["kickoff", "value"], "differs": True})
    said = stall_verdict(table, differ)
    assert said.fields == {
        "step": "value",
        "size": "small",
        "share": 0.2,
        "other": "mid",
        "other_share": 0.8,
    }
    assert stall_verdict(table, differ.assign(differs=False)) == Verdict("alike")


def test_one_size_alone_is_not_alike_to_others() -> None:
    table = steps_of(step_row("kickoff", "small", 9, 0.5), step_row("kickoff", "mid", 4, 0.8))
    assert stall_verdict(table, pd.DataFrame({"step": ["kickoff"], "differs": [False]})) == Verdict("few")


def test_a_page_of_30_days_says_nothing_of_180() -> None:
    """Seen: "within 180 days: 30 %" of customers of the last 30 days."""
    names = [f"c{n}" for n in range(10)]
    reached = [(name, "contract", day(29)) for name in names] + [
        (name, "kickoff", day(19)) for name in names[:3]
    ]
    data = product_data(
        accounts=[account(name) for name in names],
        contracts=[contract(name, day(29)) for name in names],
        milestones=[
            {"account_id": a, "step": s, "reached_at": at}
            for a, s, at in [*reached, ("z", "kickoff", day(90))]
        ],
    )
    result = answered(data)
    assert result.metrics["value_within_180_days"].value is None
    assert [n.fields for n in result.about("value_within_180_days")] == [{"asked": 180, "days": 30}]
    assert [n.fields["steps"] for n in result.notes if n.code == "window_open"] == [("kickoff",)]
    assert result.verdicts["value_curve"].code == "not_reached_early"
    assert result.tables["value_curve"]["day"].max() == 30


def test_new_customers_of_whom_the_share_is_withheld_have_no_verdict() -> None:
    """Seen: "–, 94 %, slower". Five new ones needed 10 days, three have waited for 11; earlier ones needed 2."""
    start = {f"old{n}": 150 for n in range(10)} | {f"new{n}": 90 for n in range(5)}
    needed = {name: 2 if name.startswith("old") else 10 for name in start}
    start |= {f"late{n}": 10 for n in range(3)}
    rows = [(name, "contract", day(at)) for name, at in start.items()]
    rows += [(name, "kickoff", day(start[name] - days)) for name, days in needed.items()]
    data = product_data(
        accounts=[account(name) for name in start],
        contracts=[contract(name, day(at)) for name, at in start.items()],
        milestones=[
            {"account_id": a, "step": s, "reached_at": at} for a, s, at in [*rows, ("z", "kickoff", day(200))]
        ],
    )
    result = answered(data)
    row = result.tables["cohort"].iloc[0]
    assert np.isnan(row["share"])
    assert row["share_before"] == 1
    assert row["verdict"] == "unknown"
    assert "cannot be said yet" in tables.cohort(result, Text("en", data.product)).as_html()
    assert "まだ判断できない" in tables.cohort(result, Text("ja", data.product)).as_html()


def test_where_nobody_knows_what_is_usual_nobody_is_said_to_wait_as_usual() -> None:
    stalls = pd.DataFrame(
        {"dimension": ["size"], "step": ["kickoff"], "segment": ["small"], "late": [0], "mrr": 0.0}
    )
    assert journeys.stalled_revenue(stalls, pd.DataFrame({"usual": [np.nan]})) == Verdict("unknown")
    assert journeys.stalled_revenue(stalls, pd.DataFrame({"usual": [20.0]})) == Verdict("none")
    assert journeys.stalled_revenue(stalls.assign(late=2), pd.DataFrame({"usual": [20.0]})).code == "count"


def test_the_histories_hold_every_case_there_is() -> None:
    said = {(question, verdict.code) for result in every() for question, verdict in result.verdicts.items()}
    asked = {
        "funnel": {"few", "early", "message", "whole"},
        "steps": {"few", "alike"},
        "ways": {"message"},
        "stalls": {"none", "unknown", "message", "count"},
        "value_curve": {"median", "not_reached", "median_early", "not_reached_early"},
    }
    assert {(question, code) for question, codes in asked.items() for code in codes} <= said
