"""The size of gaps: hand-computed cases, and a tiny reference that counts day by day."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, goal, product, product_data
from scipy.stats import fisher_exact

from cs_helpers.analyses.gap_plan.metric_gaps import MetricGap
from cs_helpers.analyses.gap_plan.sizing import COLUMNS, Sized, _share_to_move, size_gaps
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Due
from cs_helpers.result import Metric, Result
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)
#: nothing was asked for 90 days
QUIET = {"silence": {"source": "tickets", "days": 90}}
#: the CSM's last score of half a year is at most 2
LOW = {"measure": {"source": "assessments", "value": "score", "name": "sponsor", "months": 6, "at_most": 2}}


def data_of(*goals: dict[str, Any], **tables: Any) -> ProductData:
    to_be = {"agreed_on": "2026-07-01", "goals": list(goals)}
    return product_data(product(to_be=to_be, steps=["live"]), **tables)


def sized(*goals: dict[str, Any], results: dict[str, Result] | None = None, **tables: Any) -> Sized:
    return size_gaps(data_of(*goals, **tables), Q3, results or {})


def result(analysis: str, *metrics: Metric) -> dict[str, Result]:
    named = {metric.name: metric for metric in metrics}
    return {analysis: Result(analysis, "desk", Q3, Q3.start, Q3.end, 10, {}, named)}


def scored(name: str, score: int, day: str = "2026-09-20") -> dict[str, Any]:
    return {"account_id": name, "assessed_on": day, "measure": "sponsor", "score": score, "assessed_by": "k"}


def twenty(low: int, unknown: int = 0) -> dict[str, Any]:
    """Twenty customers since 2020, of whom `low` have a low score and `unknown` none."""
    names = [f"C{n:02d}" for n in range(20)]
    return {
        "accounts": [account(name) for name in names],
        "contracts": [contract(name, "2020-01-01", mrr=10.0 * (n + 1)) for n, name in enumerate(names)],
        # the table covers the half year
        "assessments": [
            scored(name, 2 if n < low else 4, day)
            for n, name in enumerate(names[: 20 - unknown])
            for day in ("2026-03-20", "2026-09-20")
        ],
    }


def test_customers_to_move_are_those_beyond_the_share_that_may_be_in_the_gap() -> None:
    """5 of 20 are in it, 2 may be: 3 to move. The five have an MRR of 10 to 50, so three of them 90."""
    row = sized(goal("low", LOW), **twenty(5)).gaps.iloc[0]
    assert (row["as_is"], row["n"], row["in_gap"], row["customers"], row["state"]) == (
        0.25,
        20,
        5,
        3,
        "short",
    )
    assert row["gap"] == pytest.approx(0.15)
    assert row["mrr"] == pytest.approx(90.0)
    assert (row["certainty"], row["by"], row["effort"]) == ("counted", pd.Timestamp("2027-03-31"), 2)


def test_unknown_is_neither_in_nor_out_and_widens_the_customers_to_move() -> None:
    """16 are known, 5 of them in the gap, 1 may be: 4 to move. If none of the unknown were in it 5 - 2, if all 9 - 2."""
    row = sized(goal("low", LOW), **twenty(5, unknown=4)).gaps.iloc[0]
    assert (row["n"], row["unknown"], row["as_is"]) == (16, 4, 5 / 16)
    assert (row["customers"], row["customers_low"], row["customers_high"]) == (4, 3, 7)


@pytest.mark.parametrize(("at_most", "to_move"), [(0.15, 0), (0.149, 1), (0.0, 3), (1.0, 0)])
def test_a_share_that_is_met_exactly_is_reached(at_most: float, to_move: int) -> None:
    found = sized(goal("low", LOW, at_most=at_most), **twenty(3))
    row = found.gaps.iloc[0]
    assert (row["customers"], row["state"]) == (to_move, "short" if to_move else "reached")
    if not to_move:
        assert row[["impact", "impact_low", "impact_high", "mrr"]].tolist() == [0, 0, 0, 0]
        assert not found.draws["low"].any()


def test_where_nobody_is_known_the_gap_is_unknown() -> None:
    tables = {**twenty(0), "assessments": []}
    found = sized(goal("low", LOW), **tables)
    row = found.gaps.iloc[0]
    assert (row["state"], row["reason"], row["unknown"]) == ("unknown", "rule_unknown", 20)
    assert math.isnan(row["customers"])
    assert found.draws == {}


def test_without_losses_what_a_gap_is_worth_is_not_known() -> None:
    found = sized(goal("low", LOW), **twenty(5))
    row = found.gaps.iloc[0]
    assert row["reason"] in ("few", "nobody_compared", "no_past")
    assert math.isnan(row["impact"])
    assert "low" not in found.draws


def test_without_contracts_customers_are_counted_and_nothing_is_said_of_losses() -> None:
    tables = twenty(5)
    del tables["contracts"]
    row = sized(goal("low", LOW), **tables).gaps.iloc[0]
    assert (row["customers"], row["losses"], row["reason"]) == (3, "no_contracts", "no_contracts")
    assert math.isnan(row["mrr"])


def test_a_product_without_goals_has_no_gaps() -> None:
    found = size_gaps(product_data(product(), contracts=[contract("A", "2024-01-01")]), Q3, {})
    assert found.gaps.empty
    assert list(found.gaps) == list(COLUMNS)


# --- the rates of loss


def quiet_and_lost(seed: int, n: int = 90) -> tuple[dict[str, Any], pd.DataFrame, dict[str, list[date]]]:
    """Customers with random starts, ends, sizes and tickets; the quiet ones end more often. Z is asked about every day."""
    rng = np.random.default_rng(seed)
    starts = [date(2023, 1, 1) + timedelta(int(d)) for d in rng.integers(0, 1100, n)]
    rows, asked = [], {}
    for number, start in enumerate(starts):
        name = f"C{number:02d}"
        often = rng.random() < 0.6
        last = start + timedelta(int(rng.exponential(4000 if often else 1200)) + 100)
        ends = last if last < date(2026, 9, 20) else None
        gap = 25 if often else 110
        days = np.cumsum(rng.integers(1, 2 * gap, 80))
        asked[name] = [
            start + timedelta(int(d))
            for d in days
            if start + timedelta(int(d)) <= (ends or date(2026, 9, 30))
        ]
        rows.append(
            {
                "name": name,
                "start": start,
                "end": ends,
                "size": ("small", "mid")[number % 2],
                "mrr": 10.0 + number,
            }
        )
    made = pd.DataFrame(rows)
    every = [date(2023, 1, 1) + timedelta(k) for k in range(1369)]
    tickets = [("Z", day) for day in every] + [(name, day) for name, days in asked.items() for day in days]
    tables = {
        "accounts": [account("Z", "large"), *(account(r["name"], r["size"]) for r in rows)],
        "contracts": [
            contract("Z", "2022-12-01"),
            *(contract(r["name"], str(r["start"]), r["end"] and str(r["end"]), r["mrr"]) for r in rows),
        ],
        "tickets": [
            {"ticket_id": f"T{k}", "account_id": name, "opened_at": f"{day} 09:00:00"}
            for k, (name, day) in enumerate(tickets)
        ],
    }
    return tables, made, asked


def reference(made: pd.DataFrame, asked: dict[str, list[date]]) -> dict[str, float]:
    """Counts customer by customer and day by day, by the words of the module."""
    cells: dict[tuple[Any, ...], dict[bool, list[float]]] = {}
    for back in range(8, 0, -1):
        day, until = Q3.back(back).end, Q3.back(back - 1).end
        for r in made.to_dict("records"):
            if not r["start"] <= day or (r["end"] is not None and r["end"] < day):
                continue
            spoken = max([d for d in asked[r["name"]] if d <= day], default=r["start"] - timedelta(1))
            quiet = (day - spoken).days >= 90
            age = (day - r["start"]).days
            cell = (back, r["size"], 0 if age < 365 else 1 if age < 3 * 365 else 2)
            loss = None if r["end"] is None else r["end"] + timedelta(1)
            lost = loss is not None and loss <= until
            counted = cells.setdefault(cell, {True: [0, 0.0], False: [0, 0.0]})[quiet]
            counted[0] += lost
            counted[1] += ((loss if lost else until) - day).days / 365.25
    top = bottom = weight = 0.0
    for both in cells.values():
        (a, t1), (b, t0) = both[True], both[False]
        if t1 and t0:
            top += a * t0 / (t0 + t1)
            bottom += b * t1 / (t0 + t1)
            weight += t0 * t1 / (t0 + t1)
    return {"rate_in": top / weight, "rate_out": bottom / weight}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rates_are_those_of_a_count_day_by_day(seed: int) -> None:
    tables, made, asked = quiet_and_lost(seed)
    row = sized(goal("quiet", QUIET, at_most=0.01), **tables).gaps.iloc[0]
    for name, value in reference(made, asked).items():
        assert row[name] == pytest.approx(value, rel=1e-9), name
    assert row["difference"] == pytest.approx(row["rate_in"] - row["rate_out"])


def test_the_impact_is_the_mrr_that_is_kept_after_a_year() -> None:
    tables, made, asked = quiet_and_lost(1)
    found = sized(goal("quiet", QUIET, at_most=0.02), **tables)
    row = found.gaps.iloc[0]
    rates = reference(made, asked)
    today = made[made["end"].isna()]
    quiet = [
        r["mrr"] for r in today.to_dict("records")
        if (Q3.end - max(asked[r["name"]], default=r["start"] - timedelta(1))).days >= 90
    ]  # fmt: skip
    allowed = math.floor(0.02 * (len(today) + 1))
    mrr = sum(quiet) * (len(quiet) - allowed) / len(quiet)
    assert row["mrr"] == pytest.approx(mrr)
    assert row["part_of_year"] == 1
    kept = math.exp(-rates["rate_out"]) - math.exp(-rates["rate_in"])
    assert row["impact"] == pytest.approx(mrr * kept)
    draws = found.draws["quiet"]
    assert len(draws) == 2_000
    assert not np.isnan(draws).any()
    assert row["impact_low"] <= row["impact"] <= row["impact_high"]
    assert np.quantile(draws, [0.025, 0.975]) == pytest.approx([row["impact_low"], row["impact_high"]])


def test_what_comes_after_a_quarter_end_does_not_decide_who_was_in_the_gap_then() -> None:
    """A customer that asks again on the day after each quarter end was quiet on it all the same."""
    tables, *_ = quiet_and_lost(2)
    before = sized(goal("quiet", QUIET), **tables).gaps.iloc[0]
    late = [f"{Q3.end + timedelta(k)} 09:00:00" for k in (1, 2, 30)]
    tables["tickets"] += [
        {"ticket_id": f"L{k}", "account_id": "C01", "opened_at": day} for k, day in enumerate(late)
    ]
    after = sized(goal("quiet", QUIET), **tables).gaps.iloc[0]
    assert after["rate_in"] == before["rate_in"]
    assert after["in_gap"] == before["in_gap"]


def test_the_draws_of_equal_goals_differ_by_their_half_events_only() -> None:
    tables, *_ = quiet_and_lost(3)
    draws = sized(goal("one", QUIET, at_most=0.01), goal("other", QUIET, at_most=0.01), **tables).draws
    assert np.corrcoef(draws["one"], draws["other"])[0, 1] > 0.8
    assert 0.4 < (draws["one"] > draws["other"]).mean() < 0.6


def test_a_result_does_not_depend_on_the_order_of_the_goals() -> None:
    tables, *_ = quiet_and_lost(3)
    goals = [
        goal("quiet", QUIET, at_most=0.01),
        goal("long", {"silence": {"source": "tickets", "days": 150}}),
    ]
    one, other = sized(*goals, **tables), sized(*goals[::-1], **tables)
    for name in ("quiet", "long"):
        assert (one.draws[name] == other.draws[name]).all()


def of_twenty(lost_low: int, lost_high: int) -> dict[str, Any]:
    """Twenty customers with low scores and twenty with high ones, of whom some are lost in a quarter of the past year."""
    names = [f"C{n:02d}" for n in range(40)]
    lost = {*names[:lost_low], *names[20 : 20 + lost_high]}
    months = [f"{year}-{month:02d}-20" for year in (2024, 2025, 2026) for month in (3, 6, 9, 12)]
    return {
        "accounts": [account(name) for name in names],
        "contracts": [
            contract(name, "2020-01-01", "2026-05-31" if name in lost else None, 100.0) for name in names
        ],
        "assessments": [
            scored(name, 2 if n < 20 else 4, day)
            for n, name in enumerate(names)
            for day in months
            if day < ("2026-05-31" if name in lost else "2026-09-30")
        ],
    }


def test_customers_in_the_gap_who_are_lost_less_often_are_not_called_chance() -> None:
    """0 of 20 are lost in the gap, 12 of 20 outside of it: Fisher's exact test has p = 0.00004."""
    assert fisher_exact([[0, 20], [12, 8]]).pvalue < 0.0001
    row = sized(goal("low", LOW), **of_twenty(0, 12)).gaps.iloc[0]
    assert (row["losses"], row["gain"]) == ("fewer", "loss")
    assert row["impact_high"] < 0


def test_customers_in_the_gap_who_are_lost_more_often_are_a_clear_gain() -> None:
    row = sized(goal("low", LOW), **of_twenty(12, 0)).gaps.iloc[0]
    assert (row["losses"], row["gain"]) == ("more", "clear")
    assert row["impact_low"] > 0


def test_lost_in_a_year_is_of_a_whole_year_and_the_impact_of_its_part_that_could_be_compared() -> None:
    """In the last quarter of each year all customers had a low score, so of four seasons three can be compared."""
    tables = of_twenty(8, 4)
    for row in tables["assessments"]:
        if row["assessed_on"][5:7] == "09":
            row["score"] = 2
    row = sized(goal("low", LOW), **tables).gaps.iloc[0]
    assert row["part_of_year"] == 0.75
    assert row["lost_share_in"] == pytest.approx(1 - math.exp(-row["rate_in"]))
    assert row["kept"] == pytest.approx(row["lost_share_in"] - row["lost_share_out"])
    part = math.exp(-0.75 * row["rate_out"]) - math.exp(-0.75 * row["rate_in"])
    assert row["impact"] == pytest.approx(row["mrr"] * part)


def test_a_share_that_only_those_not_known_decide_is_not_called_reached() -> None:
    """1 of 5 known may be in it and is; 15 are not known."""
    row = sized(goal("low", LOW, at_most=0.2), **twenty(1, unknown=15)).gaps.iloc[0]
    assert (row["state"], row["reason"], row["as_is"]) == ("unknown", "too_many_unknown", 0.2)


# --- headline numbers


def of_metric(
    metric: Metric, analysis: str = "revenue", rule: dict[str, Any] | None = None, **said: Any
) -> Sized:
    name = f"{analysis}.{metric.name}"
    return sized(goal("number", rule, metric=name, **said), results=result(analysis, metric), **twenty(5))


def test_a_share_of_mrr_is_short_by_a_share_of_its_base() -> None:
    found = of_metric(Metric("nrr_year", 0.8, "share", 18, 0.7, 0.88, base=1000.0), target=0.9)
    row = found.gaps.iloc[0]
    assert row["gap"] == pytest.approx(0.1)
    assert (row["gap_low"], row["gap_high"]) == pytest.approx((0.02, 0.2))
    assert (row["mrr"], row["impact"]) == pytest.approx((100.0, 100.0))
    assert (row["certainty"], row["state"], row["losses"]) == ("clear", "short", "no_rule")


def test_a_share_of_customers_is_short_by_customers() -> None:
    """Churn of 20 % of 20 against 10 %: 2 customers, with the mean MRR of 105."""
    row = of_metric(Metric("logo_churn_year", 0.2, "share", 20, 0.08, 0.42), target=0.1).gaps.iloc[0]
    assert (row["customers"], row["customers_low"], row["customers_high"]) == (2, 0, 7)
    assert row["impact"] == pytest.approx(2 * 105.0)
    assert row["certainty"] == "unclear"


def test_a_rule_caps_the_customers_that_a_share_moves() -> None:
    """Churn of 60 % of 20 against 10 % would be 10 customers, but the rule has 5."""
    metric = Metric("logo_churn_year", 0.6, "share", 20, 0.4, 0.8)
    row = of_metric(metric, rule=LOW, target=0.1).gaps.iloc[0]
    assert row[["in_gap", "customers", "customers_low", "customers_high"]].tolist() == [5, 5, 5, 5]
    assert row["mrr"] == pytest.approx(150.0)


def test_a_number_that_is_no_share_moves_all_customers_of_its_rule() -> None:
    metric = Metric("days_to_value", 120.0, "days", 40, 100.0, 150.0)
    row = of_metric(metric, "journeys", rule=LOW, target=90).gaps.iloc[0]
    assert (row["customers"], row["mrr"]) == (5, pytest.approx(150.0))
    reached = of_metric(metric, "journeys", rule=LOW, target=130).gaps.iloc[0]
    assert (reached["customers"], reached["mrr"]) == (0, 0)


def test_two_negatives_make_no_gain() -> None:
    """Of a number that is better than its target in some draws nobody is moved in these."""
    found = MetricGap(0.2, 0.05, 0.4, "share", 20, 1, math.nan)
    due = Due(pd.Series(0, index=pd.Index(["A", "B"])), pd.Index([]))
    share, draws = _share_to_move(
        "revenue.logo_churn_year", found, due, 0.05, np.array([-0.1, 0.0, 0.05, 0.3])
    )
    assert (share, draws.tolist()) == (0.5, [0.0, 0.0, 0.5, 1.0])


def test_days_stay_days_and_have_no_amount() -> None:
    found = of_metric(Metric("days_to_value", 120.0, "days", 40, 100.0, 150.0), "journeys", target=90)
    row = found.gaps.iloc[0]
    assert (row["days"], row["gap_low"], row["gap_high"]) == (30.0, 10.0, 60.0)
    assert (row["reason"], row["state"]) == ("not_in_mrr", "short")
    assert found.draws == {}


def test_beyond_its_target_a_number_is_reached() -> None:
    row = of_metric(Metric("days_to_value", 60.0, "days", 40, 50.0, 75.0), "journeys", target=90).gaps.iloc[0]
    assert (row["state"], row["days"], row["gap"], row["certainty"]) == ("reached", 0.0, -30.0, "clear")


@pytest.mark.parametrize(
    ("metric", "analysis", "reason"),
    [
        (Metric("days_to_value", None, "days", 40), "journeys", "not_known"),
        (Metric("days_to_value", math.inf, "days", 40), "journeys", "not_known"),
        (Metric("award_luck", 0.3, "p", 40), "journeys", "no_direction"),
    ],
)
def test_a_number_that_tells_no_gap_is_unknown(metric: Metric, analysis: str, reason: str) -> None:
    row = of_metric(metric, analysis, target=0.1).gaps.iloc[0]
    assert (row["state"], row["reason"]) == ("unknown", reason)


def test_a_number_that_its_report_does_not_have_is_unknown() -> None:
    found = sized(goal("number", metric="revenue.nrr_year", target=0.9), **twenty(5))
    assert found.gaps["reason"].tolist() == ["not_known"]


@pytest.mark.parametrize(
    "tables", [{}, {"contracts": []}, {"contracts": [contract("A", "2020-01-01", "2020-12-31")]}]
)
def test_without_customers_gaps_are_unknown(tables: dict[str, Any]) -> None:
    row = sized(goal("low", LOW), **tables).gaps.iloc[0]
    assert (row["state"], row["reason"]) == ("unknown", "no_customers")


def test_one_customer_has_a_gap_of_one() -> None:
    tables = {"accounts": [account("A")], "contracts": [contract("A", "2020-01-01")],
              "assessments": [scored("A", 1, day) for day in ("2026-03-20", "2026-09-20")]}  # fmt: skip
    row = sized(goal("low", LOW), **tables).gaps.iloc[0]
    assert (row["as_is"], row["customers"], row["mrr"]) == (1.0, 1, 100.0)
