"""A score worked out by hand: bands, direction, weights, what is missing, and what moved it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, health_measure, product, product_data, use

from cs_helpers.analyses import health
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result

Q2 = Quarter(2026, 2)
EVENTS = {"value": "events", "months": 1}
TICKETS = {"source": "tickets", "value": "count", "months": 1}
PLAN = {"source": "assessments", "value": "score", "name": "plan", "months": 3}


def scores(
    measures: list[dict[str, Any]],
    *,
    used: int = 0,
    used_before: int = 0,
    tickets: int = 0,
    plan: int | None = None,
    started_on: str = "2025-10-01",
    others: dict[str, Any] | None = None,
) -> pd.Series:
    """The row of account A: events in June and in March, tickets in June, the plan's score."""
    data = product_data(
        product(measures=measures, **(others or {})),
        accounts=[account("A")],
        contracts=[contract("A", started_on, mrr=70)],
        usage=[
            use("Z", "2025-10-01"),
            *[use("A", "2026-06-10")] * used,
            *[use("A", "2026-03-10")] * used_before,
        ],
        tickets=[
            {"ticket_id": "Z", "account_id": "Z", "opened_at": "2025-10-01"},
            *({"ticket_id": str(n), "account_id": "A", "opened_at": "2026-06-05"} for n in range(tickets)),
        ],
        assessments=[
            {"account_id": name, "assessed_on": "2026-06-20", "measure": "plan", "score": score}
            for name, score in (("Z", 5), ("A", plan))
            if score
        ],
    )
    return health.analyse(data, Q2).tables["scores"].set_index("account_id").loc["A"]


@pytest.mark.parametrize(
    ("used", "points"), [(2, 0), (4, 0), (8, 25), (12, 50), (20, 100), (30, 100)], ids=str
)
def test_points_run_from_0_at_red_to_100_at_green(used: int, points: float) -> None:
    events = health_measure("events", red=4, green=20, measure=EVENTS)
    assert scores([events], used=used)["score"] == points


@pytest.mark.parametrize(("tickets", "points"), [(0, 100), (1, 100), (3, 60), (6, 0), (9, 0)], ids=str)
def test_red_above_green_means_less_is_better(tickets: int, points: float) -> None:
    measure = health_measure("tickets", red=6, green=1, measure=TICKETS)
    assert scores([measure], tickets=tickets)["score"] == pytest.approx(points)


def both(weight: float, other_weight: float, missing: str = "skip") -> list[dict[str, Any]]:
    return [
        health_measure("events", red=0, green=10, measure=EVENTS, weight=weight),
        health_measure(
            "plan", red=1, green=5, measure=PLAN, weight=other_weight, kind="qualitative", missing=missing
        ),
    ]


def test_the_score_is_the_weighted_mean() -> None:
    # 5 of 10 events: 50 points, weight 3; plan 4 of 1 to 5: 75 points, weight 1
    assert scores(both(3, 1), used=5, plan=4)["score"] == pytest.approx((3 * 50 + 75) / 4)


def test_the_two_kinds_of_measures_are_shown_apart() -> None:
    row = scores(both(3, 1), used=5, plan=4)
    assert (row["quantitative"], row["qualitative"]) == (50, 75)


def test_a_measure_that_is_missing_and_skipped_leaves_the_others_alone() -> None:
    row = scores(both(3, 1, "skip"), used=5)
    assert row["score"] == 50
    assert np.isnan(row["qualitative"])


def test_a_measure_that_is_missing_may_count_as_the_worst() -> None:
    row = scores(both(3, 1, "worst"), used=5)
    assert row["score"] == pytest.approx(3 * 50 / 4)
    assert row["qualitative"] == 0


def test_a_table_not_given_counts_against_nobody() -> None:
    data = product_data(
        product(measures=both(3, 1, "worst")),
        accounts=[account("A")],
        contracts=[contract("A", "2025-10-01")],
        usage=[use("A", "2026-06-10")] * 5,
    )
    result = health.analyse(data, Q2)
    assert result.tables["scores"]["score"].tolist() == [50]
    assert [n.fields["tables"] for n in result.notes if n.code == "missing_table"] == [("assessments",)]


@pytest.mark.parametrize(
    ("used", "band"), [(2, "red"), (3, "yellow"), (5, "yellow"), (6, "green"), (10, "green")], ids=str
)
def test_a_band_begins_at_its_bound(used: int, band: str) -> None:
    events = health_measure("events", red=0, green=10, measure=EVENTS)
    bounds = {"yellow_from": 30, "green_from": 60}
    assert scores([events], used=used, others=bounds)["band"] == band


def test_the_driver_is_the_measure_that_moved_the_score_most() -> None:
    measures = [
        health_measure("events", red=0, green=10, measure=EVENTS, weight=1),
        health_measure("tickets", red=10, green=0, measure=TICKETS, weight=3),
    ]
    # events 2 to 8: +60 points, a quarter of the weight; tickets 0 to 4: -40 points, three quarters
    row = scores(measures, used=8, used_before=2, tickets=4)
    assert row["driver"] == "tickets"
    assert row["driver_points"] == pytest.approx(-30)
    assert row["previous"] == pytest.approx((20 + 3 * 100) / 4)
    assert row["score"] == pytest.approx((80 + 3 * 60) / 4)


def test_a_score_that_stands_still_has_no_driver() -> None:
    events = health_measure("events", red=0, green=10, measure=EVENTS)
    row = scores([events], used=5, used_before=5)
    assert pd.isna(row["driver"])
    assert np.isnan(row["driver_points"])


def test_a_customer_of_this_quarter_has_no_score_of_the_one_before() -> None:
    events = health_measure("events", red=0, green=10, measure=EVENTS)
    row = scores([events], used=5, started_on="2026-04-01")
    assert np.isnan(row["previous"])
    assert pd.isna(row["driver"])


def test_before_the_log_begins_no_score_is_known() -> None:
    events = health_measure("events", red=0, green=10, measure=EVENTS)
    data = product_data(
        product(measures=[events]),
        accounts=[account("A")],
        contracts=[contract("A", "2025-01-01")],
        usage=[use("A", "2026-04-02"), use("A", "2026-06-10")],
    )
    row = health.analyse(data, Q2).tables["scores"].iloc[0]
    assert row["score"] == 10
    assert np.isnan(row["previous"])


def test_the_red_share_and_the_revenue_in_red_are_the_headline() -> None:
    data = product_data(
        product(measures=[health_measure("events", red=0, green=10, measure=EVENTS)]),
        accounts=[account("A"), account("B", "mid"), account("C", "mid"), account("D")],
        contracts=[
            contract("A", "2025-10-01", mrr=10),
            contract("B", "2025-10-01", mrr=20),
            contract("C", "2025-10-01", mrr=40),
            contract("D", "2025-10-01", "2026-06-29", mrr=80),
        ],
        usage=[*[use("A", "2026-06-10")] * 9, *[use("B", "2026-06-10")] * 2],
    )
    result = health.analyse(data, Q2)
    assert result.n == 3
    assert result.metrics["red_share"].value == pytest.approx(2 / 3)
    assert result.metrics["red_mrr"].value == 60
    assert result.metrics["median_score"].value == 20
    bands = result.tables["bands"].set_index("band")
    assert bands["customers"].to_dict() == {"green": 1, "yellow": 0, "red": 2}
    segments = result.tables["segments"].set_index(["dimension", "segment"])
    assert segments.loc[("size", "mid"), ["red", "share", "n"]].tolist() == [2, 1, 2]
    assert segments.loc[("size", "small"), ["green", "n"]].tolist() == [1, 1]
    by_segment = {(m.name, m.segment): m.value for m in result.by_segment}
    assert by_segment["red_share", "size=mid"] == 1
    assert by_segment["median_score", "size=small"] == 90


def test_without_any_measure_known_there_is_a_note_and_no_score() -> None:
    data = product_data(accounts=[account("A")], contracts=[contract("A", "2025-10-01")])
    result = health.analyse(data, Q2)
    assert not result.tables
    assert {n.code for n in result.notes} == {"missing_table", "no_health"}


@pytest.mark.parametrize("name", ["paper_to_web", "helpdesk", "expense_desk"])
@pytest.mark.parametrize("quarter", ["2024Q2", "2026Q3"])
def test_scores_lie_between_0_and_100(result_of: Callable[..., Result], name: str, quarter: str) -> None:
    result = result_of("health", name, quarter).tables["scores"]
    numbers = result[["score", "quantitative", "qualitative", "previous"]].stack().dropna()
    assert numbers.between(0, 100).all()
    assert result["score"].notna().all()


def test_active_days_count_each_day_once_whatever_was_delivered(
    result_of: Callable[..., Result], sample_usage: pd.DataFrame
) -> None:
    september = sample_usage[
        (sample_usage["product"] == "paper_to_web")
        & sample_usage["event"].str.startswith("web.")
        & (sample_usage["occurred_at"] >= pd.Timestamp("2026-09-01"))
    ]
    days = september.groupby("account_id")["occurred_at"].agg(lambda when: when.dt.date.nunique())
    result = result_of("health", "paper_to_web", "2026Q3")
    points = ((days.reindex(result.tables["scores"]["account_id"]).fillna(0) - 4) / 16 * 100).clip(0, 100)
    measured = result.tables["measures"].set_index("measure")
    assert measured.at["active_days", "mean"] == pytest.approx(points.mean())


def test_bands_hold_every_customer_once(result_of: Callable[..., Result]) -> None:
    result = result_of("health", "paper_to_web", "2026Q3")
    assert result.tables["bands"]["customers"].sum() == result.tables["tens"]["customers"].sum() == result.n
    assert result.tables["bands"]["share"].sum() == pytest.approx(1)
    segments = result.tables["segments"]
    assert set(segments.groupby("dimension")["n"].sum()) == {result.n}
    assert (segments[["green", "yellow", "red"]].sum(axis=1) == segments["n"]).all()


def test_the_end_of_the_quarter_decides_who_is_a_customer(result_of: Callable[..., Result]) -> None:
    result = result_of("health", "paper_to_web", "2026Q3")
    assert result.as_of == date(2026, 9, 30)
    assert result.n == result.tables["scores"]["account_id"].nunique()
