"""What nobody recorded is neither zero nor the lowest: the cases in which it was taken for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import (
    account,
    baseline,
    contract,
    health_measure,
    product,
    product_data,
    random,
    tickets_of,
    use,
)
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.analyses import baselines, health, maturity
from cs_helpers.analyses.health.explanation import change_by_measure
from cs_helpers.charts import baselines as charts
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.text import Text

Q2, Q3 = Quarter(2026, 2), Quarter(2026, 3)
DAYS = pd.date_range("2025-07-01", "2026-09-30")
DONE = product(baselines=[baseline("done", source="usage", value="events", event="done")])
ALL = product(baselines=[baseline("done", source="usage", value="events")])
HISTORY = pd.date_range("2024-07-01", "2026-09-30")


def codes(result: Result, about: str) -> list[str]:
    return [n.code for n in result.about(about)]


def note(result: Result, code: str) -> Note:
    (only,) = {str(n.fields): n for n in result.notes if n.code == code}.values()
    return only


# --- a log that ends: no days of zero -----------------------------------------------------------


def used(customers: int, until: str, event: str = "done", **odd: int) -> pd.DataFrame:
    """About 60 events a day of so many customers; `odd` days (d0812=3) have so many times as many."""
    counts = pd.Series(random(3).poisson(60, len(DAYS)), DAYS)[:until]
    for day, times in odd.items():
        counts[f"2026-{day[1:3]}-{day[3:]}"] *= times
    days = counts.index.repeat(counts)
    names = np.array([f"c{n}" for n in range(customers)])[np.arange(len(days)) % customers]
    return pd.DataFrame({"account_id": names, "day": days, "event": event})


def watched(of: Product, *rows: pd.DataFrame, as_of: date = Q3.end) -> ProductData:
    names = sorted(set(pd.concat(rows)["account_id"]))
    return product_data(
        of,
        as_of=as_of,
        accounts=[account(n) for n in names],
        contracts=[contract(n, "2024-01-01") for n in names],
        usage=pd.concat(rows, ignore_index=True),
    )


@pytest.mark.parametrize("of", [DONE, ALL], ids=["one event", "all events"])
@pytest.mark.parametrize(("customers", "code"), [(12, "silent_log"), (4, "silent_few")])
def test_days_after_the_end_of_a_log_are_not_odd_but_noted_once(
    of: Product, customers: int, code: str
) -> None:
    """Seen: "29 unusual days" after an export had ended, and a drop with p 5e-15."""
    result = baselines.analyse(watched(of, used(customers, "2026-09-01")), Q3)
    assert result.metrics["odd_days"].value == 0
    assert result.tables["series"]["day"].max() == pd.Timestamp("2026-09-01")
    assert codes(result, "series") == [code]
    assert note(result, code).fields["since"] == date(2026, 9, 2)
    assert note(result, code).fields["customers"] == customers


def test_odd_days_before_the_end_of_a_log_are_those_of_a_quarter_that_ends_there() -> None:
    """Seen: 29 false departures let others pass, as of many that stand more may be chance."""
    result = [
        baselines.analyse(watched(of, used(12, "2026-09-01", d0812=2), as_of=as_of), Q3)
        for of, as_of in ((DONE, Q3.end), (DONE, date(2026, 9, 1)))
    ]
    assert result[0].tables["departures"]["starts_on"].tolist() == [pd.Timestamp("2026-08-12")]
    for name in ("series", "departures"):
        pd.testing.assert_frame_equal(result[0].tables[name], result[1].tables[name])
    assert codes(result[1], "series") == []


def test_an_event_that_stops_while_its_log_goes_on_is_told_from_a_log_that_ends() -> None:
    result = baselines.analyse(
        watched(DONE, used(12, "2026-09-01"), used(12, "2026-09-30", event="more")), Q3
    )
    assert codes(result, "series") == ["silent_event"]
    assert result.metrics["odd_days"].value == 0


def test_an_event_that_stopped_before_its_log_did_is_told_so() -> None:
    result = baselines.analyse(
        watched(DONE, used(12, "2026-08-01"), used(12, "2026-09-01", event="more")), Q3
    )
    assert codes(result, "series") == ["silent_event"]
    assert note(result, "silent_event").fields["since"] == date(2026, 8, 2)


def test_a_log_that_goes_on_for_other_products_is_said_to() -> None:
    data = watched(DONE, used(12, "2026-09-01"))
    coverage = replace(data.coverage, active_elsewhere=frozenset({"usage"}))
    assert codes(baselines.analyse(replace(data, coverage=coverage), Q3), "series") == ["silent_product"]


def test_a_log_that_ended_before_the_quarter_is_noted_and_nothing_is_judged() -> None:
    result = baselines.analyse(watched(DONE, used(12, "2026-06-20")), Q3)
    assert codes(result, "series") == ["silent_log", "nothing_watched"]
    assert "series" not in result.tables


def test_a_gap_within_the_quarter_is_unknown_and_noted() -> None:
    rows = used(12, "2026-09-30", d0812=2)
    rows = rows[(rows["day"] < "2026-07-06") | (rows["day"] > "2026-07-25")]
    for of in (DONE, ALL):
        result = baselines.analyse(watched(of, rows), Q3)
        assert codes(result, "series") == ["gap"]
        assert result.tables["departures"]["starts_on"].tolist() == [pd.Timestamp("2026-08-12")]
        assert len(result.tables["series"]) == 92 - 20


def test_an_event_of_which_a_gap_was_not_logged_is_unknown_there_though_the_log_went_on() -> None:
    rows = used(12, "2026-09-30")
    rows = rows[(rows["day"] < "2026-07-06") | (rows["day"] > "2026-07-25")]
    result = baselines.analyse(watched(DONE, rows, used(12, "2026-09-30", event="more")), Q3)
    assert codes(result, "series") == ["gap"]
    assert result.metrics["odd_days"].value == 0


# --- a log that begins late: no lowest level before it ------------------------------------------

RISING = [
    [{"value": "events", "event": "a", "at_least": 1, "months": 1}],
    [{"value": "events", "event": "a", "at_least": 2, "months": 1}],
    [{"value": "events", "event": "a", "at_least": 3, "months": 1}],
    [{"value": "events", "event": "a", "at_least": 20, "months": 1}],
]


def begun(on: str) -> ProductData:
    """Six customers of years who use it each day; the log of that begins on a day."""
    names = [f"c{n}" for n in range(6)]
    return product_data(
        product(
            levels=RISING,
            measures=[
                health_measure("days", red=0, green=20, measure={"value": "days", "months": 1}),
                health_measure(
                    "plan",
                    red=1,
                    green=5,
                    measure={"source": "assessments", "value": "score", "name": "plan", "months": 12},
                ),
            ],
        ),
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2024-01-01") for name in names],
        usage=[use(name, str(d.date()), "a") for name in names for d in pd.date_range(on, Q3.end)],
        assessments=[
            {"account_id": name, "assessed_on": "2026-02-01", "measure": "plan", "score": 2} for name in names
        ],
    )


def test_a_log_that_begins_late_in_a_quarter_lets_nobody_rise_after_it() -> None:
    """Seen: all customers rose from Lv.1 to Lv.4, as most of the quarter before counted as no use."""
    result = maturity.analyse(begun("2026-06-29"), Q3)
    levels = result.tables["levels"]
    assert levels["level"].tolist() == [4] * 6
    assert not (levels["previous"] >= 0).any()
    assert not {"rose", "fell"} & set(result.metrics)
    assert "transitions" not in result.tables
    assert codes(result, "transitions") == ["too_few_quarters"]
    assert dict(note(result, "moves_unknown").fields) == {"customers": 6, "of": 6}
    assert set(result.tables["by_quarter"]["quarter"]) == {"2026Q3"}


def test_the_level_of_the_quarter_in_which_the_log_begins_is_not_known_and_said() -> None:
    result = maturity.analyse(begun("2026-06-29"), Q2)
    levels = result.tables["levels"]
    assert levels[["level", "at_least", "at_most"]].drop_duplicates().values.tolist() == [[-2, 2, 4]]
    assert dict(note(result, "levels_unknown").fields) == {
        "customers": 6,
        "of": 6,
        "conditions": ("3.1", "4.1"),
    }
    assert result.verdicts["by_quarter"] == Verdict("none")


def test_a_log_that_begins_late_in_a_quarter_lets_no_score_rise_after_it() -> None:
    """Seen: health from 20 to 100."""
    result = health.analyse(begun("2026-06-29"), Q3).tables["scores"]
    assert result["score"].tolist() == [pytest.approx((100 + 25) / 2)] * 6
    assert result["previous"].tolist() == [25] * 6
    assert set(result["driver_kind"]) == {"new"}
    assert result["driver_points"].to_numpy() == pytest.approx(37.5)
    before = health.analyse(begun("2026-06-29"), Q2)
    assert before.tables["scores"]["unknown"].tolist() == [("days",)] * 6
    assert note(before, "measures_unknown").fields["measures"] == ("days",)


def test_a_log_that_ends_within_a_quarter_lets_no_level_and_no_score_fall() -> None:
    data = begun("2026-01-01")
    ended = replace(data, coverage=replace(data.coverage, **_until(data, date(2026, 9, 10))))
    levels = maturity.analyse(ended, Q3).tables["levels"]
    assert set(levels["level"]) == {4}  # twenty uses were recorded before the end
    result = health.analyse(ended, Q3)
    assert result.tables["scores"]["unknown"].tolist() == [("days",)] * 6
    assert set(result.tables["scores"]["driver_kind"]) == {"gone"}


def _until(data: ProductData, last: date) -> dict[str, Any]:
    """What is known, as if all tables had gone silent after a day."""
    since = (pd.Timestamp(last) + pd.Timedelta(days=1)).date()
    return {
        name: {k: replace(p, last=last, silent_since=since) for k, p in getattr(data.coverage, name).items()}
        for name in ("tables", "parts")
    }


# --- nobody was asked ---------------------------------------------------------------------------


@pytest.mark.parametrize("given", [True, False], ids=["asked others", "asked nobody"])
def test_who_was_never_asked_for_a_score_has_no_lowest_level(given: bool) -> None:
    """Seen: no NPS, so Lv.1, without a note."""
    nps = {"source": "surveys", "value": "nps", "months": 12, "at_least": 8}
    levels = [RISING[0], [{**RISING[1][0]}, nps], RISING[2], RISING[3]]
    data = product_data(
        product(levels=levels),
        accounts=[account("A"), account("B")],
        contracts=[contract("A", "2024-01-01"), contract("B", "2024-01-01")],
        usage=[use(n, str(d.date()), "a") for n in "AB" for d in pd.date_range("2026-01-01", Q3.end)],
        surveys=[{"account_id": "B", "answered_on": "2026-09-01", "nps": 9}] if given else [],
    )
    result = maturity.analyse(data, Q3)
    row = result.tables["levels"].set_index("account_id").loc["A"]
    assert row[["level", "at_least", "at_most"]].tolist() == [UNKNOWN, 1, 4]
    fields = note(result, "levels_unknown").fields
    assert (fields["customers"], fields["conditions"]) == (1 if given else 2, ("2.2",))


def test_the_first_answer_that_halves_a_score_is_its_driver() -> None:
    """Seen: 100 to 50, and no driver."""
    result = health.analyse(
        product_data(
            product(
                measures=[
                    health_measure("days", red=0, green=10, measure={"value": "days", "months": 1}),
                    health_measure(
                        "nps", red=0, green=10, measure={"source": "surveys", "value": "nps", "months": 3}
                    ),
                ]
            ),
            accounts=[account("A")],
            contracts=[contract("A", "2024-01-01")],
            usage=[use("A", str(d.date())) for d in pd.date_range("2026-01-01", Q3.end)],
            surveys=[{"account_id": "A", "answered_on": "2026-09-01", "nps": 0}],
        ),
        Q3,
    )
    row = result.tables["scores"].iloc[0]
    assert row[["previous", "score"]].tolist() == [100, 50]
    assert row[["driver", "driver_kind", "driver_points"]].tolist() == ["nps", "new", -50]


points = st.lists(st.none() | st.floats(0, 100), min_size=4, max_size=4)
WEIGHTS = pd.DataFrame([(1, 2, 3, 0.5)], columns=["m0", "m1", "m2", "m3"])


@given(points, points)
def test_what_the_measures_did_adds_up_to_the_change_of_the_score(
    now: list[float | None], before: list[float | None]
) -> None:
    new, old = (pd.DataFrame([row], columns=WEIGHTS.columns, dtype="float64") for row in (now, before))
    did = change_by_measure(new, old, WEIGHTS)

    def score(of: list[float | None]) -> float:
        known = [(w, p) for w, p in zip(WEIGHTS.loc[0], of, strict=True) if p is not None]
        return sum(w * p for w, p in known) / sum(w for w, _ in known) if known else np.nan

    change = score(now) - score(before)
    if np.isnan(change):
        return
    assert did.sum(axis=1)[0] == pytest.approx(change, abs=1e-9)
    assert did.isna().to_numpy().tolist() == [
        [a is None and b is None for a, b in zip(now, before, strict=True)]
    ]


def test_a_customer_of_three_days_is_too_young_for_a_colour() -> None:
    """Seen: one that used the product on each of its three days was all of the red MRR."""
    result = health.analyse(
        product_data(
            accounts=[account("old"), account("new")],
            contracts=[contract("old", "2024-01-01", mrr=100), contract("new", "2026-09-28", mrr=900)],
            usage=[use("old", str(d.date())) for d in pd.date_range("2026-01-01", Q3.end)]
            + [use("new", f"2026-09-{d}") for d in (28, 29, 30)],
        ),
        Q3,
    )
    assert result.tables["scores"]["account_id"].tolist() == ["old"]
    assert result.metrics["red_mrr"].value == 0
    assert dict(note(result, "too_young").fields) == {"customers": 1, "of": 2, "mrr": 900}


def test_where_all_customers_are_too_young_that_is_said_and_not_that_there_are_none() -> None:
    result = health.analyse(
        product_data(
            accounts=[account("new")],
            contracts=[contract("new", "2026-09-28")],
            usage=[use("z", str(d.date())) for d in pd.date_range("2026-01-01", Q3.end)],
        ),
        Q3,
    )
    assert {n.code for n in result.notes} == {"all_too_young"}


# --- small counts -------------------------------------------------------------------------------


def tickets(counts: pd.Series) -> Result:
    return baselines.analyse(
        product_data(
            accounts=[account("A")], contracts=[contract("A", "2024-01-01")], tickets=tickets_of(counts)
        ),
        Q3,
    )


def quiet_saturdays(saturday: int) -> pd.Series:
    """Ten tickets on a working day, and hardly any at weekends; so many on Saturday 15 August."""
    rate = np.where(HISTORY.day_of_week >= 5, 0.05, 10)
    counts = pd.Series(random(11).poisson(rate), HISTORY)
    counts["2026-08-15"] = saturday
    return counts


def test_one_ticket_on_a_saturday_is_no_departure() -> None:
    """Seen: "x 47" of a usual .02."""
    assert tickets(quiet_saturdays(1)).tables["departures"].empty


def test_twelve_tickets_on_a_saturday_are_one() -> None:
    result = tickets(quiet_saturdays(12)).tables["departures"]
    assert result["starts_on"].tolist() == [pd.Timestamp("2026-08-15")]


def odd_quarters(rates: tuple[float, ...], seeds: range) -> list[bool]:
    """Whether any day is odd, of a quarter of each rate (at weekends a third of it) and seed."""
    result = []
    for rate in rates:
        for seed in seeds:
            counts = random(seed).poisson(np.where(HISTORY.day_of_week >= 5, rate / 3, rate))
            metrics = tickets(pd.Series(counts, HISTORY)).metrics
            result.append("odd_days" in metrics and bool(metrics["odd_days"].value))
    return result


def test_of_ordinary_quarters_few_have_an_odd_day() -> None:
    assert sum(odd_quarters((0.05, 0.2, 1, 3), range(3))) <= 2  # 99.8 % of draws, were 5 % odd


@pytest.mark.thorough
def test_of_96_ordinary_quarters_at_most_one_in_twenty_has_an_odd_day() -> None:
    """Measured on 598 quarters of .05 to 10 a day: 1.2 %."""
    assert sum(odd_quarters((0.05, 0.1, 0.2, 0.5, 1, 1.5, 2, 3), range(12))) <= 4


# --- against years of none ----------------------------------------------------------------------


def lost_by_year(years: Mapping[int, tuple[int, int]]) -> Result:
    rows = []
    for year, (customers, lost) in years.items():
        first = pd.Series(f"{year}-02-01", range(customers))
        ended = np.where(np.arange(customers) < lost, f"{year}-08-15", f"{year}-12-15")
        rows.append(
            pd.DataFrame(
                {
                    "contract_id": [f"{year}-{n}" for n in range(customers)],
                    "account_id": [f"{year}-{n}" for n in range(customers)],
                    "started_on": first,
                    "ended_on": ended,
                    "mrr": 1.0,
                    "currency": "JPY",
                }
            )
        )
    return baselines.analyse(product_data(accounts=[], contracts=pd.concat(rows)), Q3)


@pytest.mark.parametrize(
    "years",
    [{2024: (7_000, 0), 2025: (8_000, 0), 2026: (6_091, 1_350)}, {2024: (40, 0), 2025: (50, 0), 2026: (60, 15)}],
    ids=["1,350 of 6,091", "25 %"],
)  # fmt: skip
def test_many_lost_after_years_of_none_are_more_than_none_and_never_usual(
    years: dict[int, tuple[int, int]],
) -> None:
    """Seen: "25 % left, within the usual range (0 %)"."""
    result = lost_by_year(years)
    assert result.tables["same_quarter"]["odd"].iloc[-1]
    assert result.verdicts["same_quarter"].code == "more_than_none"
    assert "lost_ratio" not in result.metrics
    english, japanese = (charts.same_quarter(result, Text(language)).message for language in ("en", "ja"))
    assert "usual range" not in english
    assert "範囲内" not in japanese


def test_none_lost_after_years_of_none_is_as_usual() -> None:
    result = lost_by_year({2024: (40, 0), 2025: (50, 0), 2026: (60, 0)})
    assert result.verdicts["same_quarter"].code == "none_as_usual"


# --- products that only begin -------------------------------------------------------------------


def test_where_all_contracts_begin_on_the_first_day_of_the_quarter_there_are_no_customers_at_its_start() -> (
    None
):
    data = product_data(
        product(levels=RISING),
        accounts=[account("A"), account("B")],
        contracts=[contract(n, "2026-07-01") for n in "AB"],
        usage=[use("A", str(d.date()), "a") for d in pd.date_range("2026-07-01", Q3.end)],
    )
    assert codes(baselines.analyse(data, Q3), "same_quarter") == ["no_start_customers"]
    for analysis in (baselines, health, maturity):
        result = analysis.analyse(data, Q3)
        assert result.n == 2
        assert "no_customers" not in {n.code for n in result.notes}


def test_a_product_without_usage_is_told_apart_from_one_without_customers() -> None:
    data = product_data(
        product(levels=RISING, baselines=[baseline("used", source="usage", value="events")]),
        accounts=[account("A")],
        contracts=[contract("A", "2024-01-01")],
        usage=[],
    )
    assert codes(baselines.analyse(data, Q3), "series") == ["nothing_recorded_of", "nothing_watched"]
    assert {n.code for n in health.analyse(data, Q3).notes} == {"no_health"}
    result = maturity.analyse(data, Q3)
    assert result.tables["levels"]["level"].tolist() == [UNKNOWN]
    assert set(codes(result, "by_quarter")) == {"levels_unknown"}
    for language in ("en", "ja"):
        assert "nobody" not in Text(language)("health.notes.no_health", quarter="Q3")


def test_a_quarter_in_which_nobody_started_has_no_bar() -> None:
    """Seen: a bar of 0 with the label "0.0", as if new customers had asked nothing."""
    starts = {f"a{n}": "2026-01-12" for n in range(9)} | {f"b{n}": "2026-07-06" for n in range(9)}
    data = product_data(
        accounts=[account(name) for name in starts],
        contracts=[contract(name, day) for name, day in starts.items()],
        tickets=[{"ticket_id": "0", "account_id": "z", "opened_at": "2025-12-01"}]
        + [{"ticket_id": n, "account_id": n, "opened_at": f"{d} 09:00"} for n, d in starts.items()],
    )
    result = baselines.analyse(data, Q3)
    assert result.tables["cohorts"]["cohort"].tolist() == ["2026Q1", "2026Q3"]
    drawn = charts._consecutive(result.tables["cohorts"], Q3)
    assert drawn["cohort"].tolist() == ["2026Q1", "2026Q2", "2026Q3"]
    assert drawn["each"].isna().tolist() == [False, True, False]
    assert charts.cohorts(result, Text("en")).png


def test_where_nobody_started_in_the_quarters_shown_no_empty_chart_is_drawn() -> None:
    starts = {f"a{n}": "2023-01-12" for n in range(9)}
    data = product_data(
        accounts=[account(name) for name in starts],
        contracts=[contract(name, day) for name, day in starts.items()],
        tickets=[{"ticket_id": "0", "account_id": "z", "opened_at": "2022-12-01"}],
    )
    result = baselines.analyse(data, Q3)
    assert codes(result, "cohorts") == ["no_recent_customers"]
    assert "cohorts" not in result.tables
