"""The gap plan's tables and figures where little is known: no interval, no number, no contracts, one gap, many gaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cs_helpers.analyses.gap_plan.effects import COLUMNS as EFFECTS
from cs_helpers.analyses.gap_plan.priorities import prioritise
from cs_helpers.analyses.gap_plan.sizing import COLUMNS
from cs_helpers.analyses.gap_plan.verdicts import gaps_verdict
from cs_helpers.charts import gap_plan as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.tables import gap_plan as tables
from cs_helpers.text import Text

SHORT = {
    "kind": "customers", "as_is": 0.25, "low": 0.18, "high": 0.33, "target": 0.1, "unit": "share", "n": 120, "gap": 0.15,
    "customers": 18.0, "mrr": 1_500_000.0, "lost_share_in": 0.3, "lost_share_out": 0.2, "kept": 0.1, "losses": "unclear",
    "impact": 400_000.0, "impact_low": -100_000.0, "impact_high": 700_000.0, "confidence": 0.5, "effort": 3.0,
    "state": "short",
}  # fmt: skip
BY = {"by": pd.Timestamp("2027-03-31"), "target": 0.1}
UNKNOWN = BY | {
    "kind": "metric",
    "state": "unknown",
    "reason": "not_known",
    "confidence": 0.5,
    "effort": 1.0,
}
DAYS = BY | {
    "kind": "metric", "as_is": 76.0, "target": 90.0, "unit": "days", "gap": -14.0, "n": 80, "state": "reached",
    "confidence": 0.5, "effort": 1.0,
}  # fmt: skip


def plan(*rows: dict[str, Any], by_contracts: bool = True, draws: Any = None) -> Result:
    empty = {"float64": np.nan, "int64": 0, "str": ""}
    gaps = pd.DataFrame(
        {c: pd.Series([(BY | r).get(c, empty.get(k)) for r in rows], dtype=k) for c, k in COLUMNS.items()}
    )
    gaps["goal"] = [f"goal_{n}" for n in range(len(rows))]
    rng = np.random.default_rng(0)
    drawn = draws or {
        r.goal: rng.normal(r.impact, 200_000, 2_000) for r in gaps.itertuples() if r.impact == r.impact
    }
    order = prioritise(gaps, drawn)
    parts = {"gaps": gaps, "priorities": order.ranked, "pairs": order.pairs}
    quarter = Quarter(2026, 3)
    return Result(
        "gap_plan", "desk", quarter, quarter.start, date(2026, 9, 30), 120, parts, {},
        settings={"currency": "JPY", "by_contracts": by_contracts},
        verdicts={"gaps": gaps_verdict(gaps), **order.verdicts},
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_not_known_has_a_dash_and_a_reason(language: str) -> None:
    text = Text(language)
    page = tables.gaps(plan(SHORT, UNKNOWN, DAYS), text).page
    heads = text.headings("gap_plan.gaps", "as_is", "customers", "impact", "state")
    unknown, days = page.iloc[1], page.iloc[2]
    assert unknown[heads["as_is"]] == "–"
    assert text("gap_plan.reasons.not_known") in unknown[heads["state"]]
    assert (days[heads["impact"]], days[heads["customers"]]) == ("–", "–")
    assert page.iloc[0][heads["customers"]].startswith("18\n")


def test_a_share_says_of_how_many_it_is_and_an_amount_in_proportion_has_three_figures() -> None:
    row = SHORT | {"in_gap": 31.0, "n": 84, "unknown": 48, "mrr": 1_471_538.0}
    listing = tables.gaps(plan(row), Text("en")).page.iloc[0]
    assert "31 of 84, 48 not known" in listing.iloc[1]
    assert listing.iloc[3] == "18\nMRR about ¥1,470,000"


def test_a_number_whose_interval_holds_the_target_is_not_called_plainly_short() -> None:
    row = DAYS | {"state": "short", "as_is": 95.0, "gap": 5.0, "certainty": "unclear"}
    result = plan(SHORT, row)
    assert tables.gaps(result, Text("en")).page.iloc[1, -1] == "Short of it, but may be chance"
    message = charts.gaps(result, Text("en")).message
    assert message.startswith(
        "Of 2 goals: 1 short of the target, 1 too close to the target to tell from chance"
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_contracts_no_table_of_gaps_mentions_amounts(language: str) -> None:
    amounts = ("mrr", "impact", "impact_low", "impact_high", "kept")
    row = {**SHORT, **dict.fromkeys(amounts, np.nan), "losses": "no_contracts", "reason": "no_contracts"}
    listing = tables.gaps(plan(row, by_contracts=False), Text(language, accounts=True))
    shown = " ".join([*listing.page.columns, *listing.page.iloc[0], *listing.all_rows.columns])
    assert "MRR" not in shown


def test_all_rows_have_plain_numbers_under_their_headings() -> None:
    rows = tables.gaps(plan(SHORT), Text("en")).all_rows
    assert (
        rows["As-Is (95%)"].iloc[0],
        rows["Low (95%)"].iloc[0],
        rows["Their MRR, in proportion"].iloc[0],
    ) == (
        0.25,
        0.18,
        1_500_000.0,
    )
    assert rows.columns.is_unique


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    "rows",
    [
        [SHORT],
        [UNKNOWN],
        [DAYS],
        [SHORT | {"low": np.nan, "high": np.nan}],
        [SHORT | {"as_is": 0.0, "low": 0.0, "high": 0.0, "target": 0.0, "state": "reached"}],
        [SHORT, UNKNOWN, DAYS] * 5,
    ],
)
def test_figures_are_drawn_whatever_is_known(rows: list[dict[str, Any]], language: str) -> None:
    result, text = plan(*rows), Text(language)
    picture = charts.gaps(result, text)
    assert "nan" not in (picture.message + picture.alt + picture.source).lower()
    if len(result.tables["priorities"]):
        drawn = charts.priorities(result, text)
        assert drawn.message in drawn.alt


def test_an_effect_without_an_interval_or_a_change_is_drawn_and_listed() -> None:
    row = {
        "goal": "goal_0", "assumption": "leave", "confidence": 0.0, "measure": "nrr_year", "before": 0.8, "after": 0.8,
        "low": np.nan, "high": np.nan, "unit": "share", "verdict": "same",
    }  # fmt: skip
    result = plan(SHORT)
    effects = pd.DataFrame({c: pd.Series([row[c]], dtype=k) for c, k in EFFECTS.items()})
    fields = {
        "goal": "goal_0", "measure": "nrr_year", "before": 0.8, "after": 0.8, "low": np.nan, "high": np.nan,
        "unit": "share", "count": 0, "of": 1,
    }  # fmt: skip
    verdict = type(result.verdicts["gaps"])("unclear", fields)
    result = Result(**{
        **vars(result), "tables": {**result.tables, "effects": effects},
        "verdicts": {**result.verdicts, "effects": verdict},
    })  # fmt: skip
    assert charts.effects(result, Text("en")).message
    listed = tables.effects(result, Text("en")).page
    assert listed.iloc[0].tolist()[1:5] == ["NRR over 12 months", "80.0%", "80.0%", "No effect assumed"]


def test_of_pairs_it_is_said_what_leaves_them_open() -> None:
    even = np.random.default_rng(1).normal(400_000, 90_000, 2_000)
    listing = tables.pairs(
        plan(SHORT, SHORT, draws={"goal_0": even, "goal_1": even[::-1].copy()}), Text("en")
    )
    assert listing.message == "No order of neighbours is decided."
    assert listing.page.iloc[0].tolist()[2] == "50%"
    assert "by the customers and by the weights" in listing.page.iloc[0].tolist()[-1]
