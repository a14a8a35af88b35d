"""Watched numbers: against SQL on the sample, and on tables small enough to count by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data, random, tickets_of, usage_of, use, words

from cs_helpers.contract.baselines import VALUES, Baseline
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.customers.watched import WatchedSeries, watched_series
from cs_helpers.snapshot import ProductData

END = pd.Timestamp("2026-09-30")
NAN = float("nan")


def number(source: str, value: str, every: str = "day", **other: object) -> Baseline:
    said = {"id": "n", "name": words("n"), "unit": words("n"), "source": source, "value": value}
    return Baseline.model_validate({**said, "every": every, **other})


def of_all(data: ProductData, watched: Baseline, until: object = END) -> WatchedSeries:
    return watched_series(data, watched, pd.Timestamp(until))[0]


def by_segment(data: ProductData, watched: Baseline, until: object = END) -> dict[str, WatchedSeries]:
    return {each.segment: each for each in watched_series(data, watched, pd.Timestamp(until))}


def daily(counts: list[int], first: str) -> pd.Series:
    return pd.Series(counts, index=pd.date_range(first, periods=len(counts), freq="D"))


def ticket(opened: str, closed: str | None = None, name: str = "A", **other: object) -> dict[str, object]:
    return {
        "ticket_id": f"{name}{opened}",
        "account_id": name,
        "opened_at": opened,
        "closed_at": closed,
        **other,
    }


# --- days, weeks and months -------------------------------------------------------------------


def test_tickets_are_counted_by_the_day_of_opening() -> None:
    data = product_data(
        accounts=[account("A")], contracts=[], tickets=tickets_of(daily([2, 0, 3], "2026-07-01"))
    )
    assert of_all(data, number("tickets", "count"), "2026-07-04").values.tolist() == [2, 0, 3, 0]


def test_a_week_begins_on_monday_and_only_complete_weeks_and_months_have_a_value() -> None:
    # 2026-07-01 is a Wednesday
    data = product_data(
        accounts=[account("A")],
        contracts=[],
        as_of=date(2026, 8, 10),
        usage=usage_of(daily([1] * 41, "2026-07-01")),
    )
    done = {"source": "usage", "value": "quantity", "event": "done"}
    weeks = of_all(data, number(**done, every="week"), "2026-08-01").values
    assert weeks.to_dict() == {pd.Timestamp(d): 7 for d in ("2026-07-06", "2026-07-13", "2026-07-20")}
    months = of_all(data, number(**done, every="month"), "2026-07-31").values
    assert months.to_dict() == {pd.Timestamp("2026-07-01"): 31}
    assert of_all(data, number(**done, every="month"), "2026-08-10").values.to_dict() == months.to_dict()


@pytest.mark.parametrize("value", ["users", "accounts", "events"])
@pytest.mark.parametrize("event", ["*", "done"])
def test_the_month_in_which_a_log_begins_is_not_complete(value: str, event: str) -> None:
    rows = [use("A", day) for day in ("2026-07-20", "2026-07-27", "2026-08-03", "2026-08-31", "2026-09-14")]
    data = product_data(accounts=[account("A")], contracts=[], usage=rows)
    watched = of_all(data, number("usage", value, "month", event=event)).values
    assert watched.index[0] == pd.Timestamp("2026-08-01")


@pytest.mark.parametrize(
    ("every", "unknown"),
    [
        ("day", [str(d.date()) for d in pd.date_range("2026-06-10", "2026-07-04")]),
        ("week", ["2026-06-08", "2026-06-15", "2026-06-22", "2026-06-29"]),
        ("month", ["2026-06-01", "2026-07-01"]),
    ],
)
def test_a_day_week_or_month_with_a_day_in_a_gap_is_unknown_and_never_0(
    every: str, unknown: list[str]
) -> None:
    values = daily([5] * 273, "2026-01-01")
    gap = values[~((values.index >= "2026-06-10") & (values.index <= "2026-07-04"))]
    data = product_data(accounts=[account("A")], contracts=[], usage=usage_of(gap))
    watched = of_all(data, number("usage", "events", every)).values
    assert [str(day.date()) for day in watched.index[watched.isna()]] == unknown
    assert (watched.dropna() > 0).all()


def test_after_the_end_of_a_log_nothing_is_known() -> None:
    data = product_data(accounts=[account("A")], contracts=[], usage=usage_of(daily([5] * 181, "2026-01-01")))
    weeks = of_all(data, number("usage", "events", "week")).values
    assert weeks.index[-1] == pd.Timestamp("2026-09-21")
    assert weeks.last_valid_index() == pd.Timestamp("2026-06-22")


# --- what each number is ----------------------------------------------------------------------


def test_users_are_distinct_in_a_day_and_in_a_month_and_added_up_over_the_days_of_a_week() -> None:
    days = pd.date_range("2026-05-01", "2026-09-30")
    rows = [
        use("A", str(d.date()), e, user_id=u) for d in days for e in ("x.one", "x.two") for u in ("u", "v")
    ]
    data = product_data(accounts=[account("A")], contracts=[], usage=rows)
    for event in ("*", "x.*", "x.one"):
        got = {
            every: of_all(data, number("usage", "users", every, event=event)).values.unique().tolist()
            for every in ("day", "week", "month")
        }
        assert got == {"day": [2], "week": [14], "month": [2]}


def test_accounts_are_distinct_in_any_period() -> None:
    rows = [
        use(a, str(d.date()), e)
        for d in pd.date_range("2026-05-01", "2026-09-30")
        for e in "xy"
        for a in "AB"
    ]
    data = product_data(accounts=[account("A"), account("B")], contracts=[], usage=rows)
    for every in ("day", "week", "month"):
        for event in ("*", "x"):
            assert of_all(data, number("usage", "accounts", every, event=event)).values.unique().tolist() == [
                2
            ]


def test_users_of_a_log_that_does_not_name_them_are_not_0_but_unknown() -> None:
    rows = [use("A", str(d.date()), user_id=None) for d in pd.date_range("2026-05-01", "2026-09-30")]
    data = product_data(accounts=[account("A")], contracts=[], usage=rows)
    assert watched_series(data, number("usage", "users"), END) == ()


def test_hours_to_resolve_are_the_median_of_tickets_closed_in_the_period_and_open_ones_do_not_count() -> None:
    tickets = [
        ticket("2026-07-06 09:00", "2026-07-06 11:00"),
        ticket("2026-07-06 10:00", "2026-07-08 10:00"),
        ticket("2026-07-07 10:00", "2026-07-08 14:00"),
        ticket("2026-07-08 10:00", None),
    ]
    data = product_data(accounts=[account("A")], contracts=[], tickets=tickets)
    days = of_all(data, number("tickets", "resolve_hours"), "2026-07-09")
    assert days.values.dropna().to_dict() == {pd.Timestamp("2026-07-06"): 2, pd.Timestamp("2026-07-08"): 38}
    assert days.counts is not None
    assert days.counts["2026-07-06":].tolist() == [1, 0, 2, 0]
    week = of_all(data, number("tickets", "resolve_hours", "week"), "2026-07-12")
    assert week.values.dropna().tolist() == [28]
    assert week.counts is not None
    assert week.counts.iloc[-1] == 3


def test_nps_is_promoters_minus_detractors() -> None:
    # 9, 10, 10 promote, 8 is passive, 6 and 0 detract; who does not say counts as an answer only
    rows = [
        {"account_id": "A", "answered_on": f"2026-07-{day:02}", "nps": nps}
        for day, nps in enumerate((9, 10, 10, 8, 6, 0, None), start=6)
    ]
    data = product_data(accounts=[account("A")], contracts=[], surveys=rows)
    week = of_all(data, number("surveys", "nps", "week"), "2026-07-12")
    assert week.values.dropna().tolist() == [pytest.approx(100 / 6)]
    assert week.counts is not None
    assert week.counts.iloc[-1] == 6
    assert of_all(data, number("surveys", "answers", "week"), "2026-07-12").values.tolist() == [7]


def test_a_notice_of_churn_is_no_touch() -> None:
    days = [str(d.date()) for d in pd.date_range("2026-07-01", "2026-07-05")]
    rows = [
        {"account_id": "A", "occurred_at": day, "kind": kind}
        for day in days
        for kind in ("mail", "churn_notice")
    ]
    data = product_data(accounts=[account("A")], contracts=[], touches=rows)
    assert of_all(data, number("touches", "count"), days[-1]).values.tolist() == [1] * 5


def test_a_ratio_is_unknown_where_it_would_be_divided_by_0() -> None:
    used = daily([1, 1, 0, 1], "2026-07-06")
    data = product_data(
        accounts=[account("A")],
        contracts=[],
        tickets=tickets_of(daily([2, 0, 3, 1], "2026-07-06")),
        usage=usage_of(used[used > 0]),
    )
    per = {"source": "usage", "value": "accounts"}
    ratio = of_all(data, number("tickets", "count", per=per), "2026-07-09")
    assert ratio.values.tolist() == pytest.approx([2, 0, NAN, 1], nan_ok=True)
    assert ratio.counts is not None
    assert ratio.counts.tolist() == [1, 1, 0, 1]


# --- contracts --------------------------------------------------------------------------------


def test_a_loss_falls_on_the_day_after_the_last_one_with_the_mrr_of_that() -> None:
    contracts = [
        contract("A", "2026-01-01", "2026-06-30", mrr=100),
        contract("B", "2026-02-01", "2026-08-15", mrr=70),
        contract("C", "2026-03-01", mrr=50),
    ]
    data = product_data(accounts=[account(n) for n in "ABC"], contracts=contracts)
    lost = of_all(data, number("contracts", "lost", "month")).values
    assert lost.to_dict() == {pd.Timestamp(f"2026-{m:02}-01"): n for m, n in ((7, 1), (8, 1), (9, 0))}
    assert of_all(data, number("contracts", "mrr_lost", "month")).values.tolist() == [100, 70, 0]
    assert of_all(data, number("contracts", "new", "month")).values.tolist() == [1, 1, 1, *[0] * 6]


def test_customers_are_those_at_the_start_of_the_period_of_whom_a_share_is_lost() -> None:
    contracts = [
        contract("A", "2026-06-30"),
        contract("B", "2026-07-01", "2026-07-31"),
        contract("C", "2026-07-31"),
    ]
    data = product_data(accounts=[account(n) for n in "ABC"], contracts=contracts)
    assert of_all(data, number("contracts", "customers", "month")).values.tolist() == [1, 3, 2]
    assert of_all(data, number("contracts", "customers"), "2026-08-01").values[
        "2026-07-01":"2026-07-03"
    ].tolist() == [1, 2, 2]
    share = number("contracts", "lost", "month", per={"source": "contracts", "value": "customers"})
    assert of_all(data, share).values.tolist() == pytest.approx([1 / 3, 0])


def test_a_month_in_which_a_renewal_may_still_be_recorded_is_unknown() -> None:
    contracts = [
        contract("A", "2026-01-01", "2026-06-30"),
        contract("B", "2026-01-01", "2026-09-14") | {"ended_how": "term"},
        contract("C", "2026-01-01"),
    ]
    data = product_data(accounts=[account(n) for n in "ABC"], contracts=contracts)
    assert of_all(data, number("contracts", "lost", "month")).values.tolist() == pytest.approx(
        [1, 0, NAN], nan_ok=True
    )


@pytest.mark.parametrize("seed", range(3))
def test_losses_and_new_customers_add_up_to_the_movement_of_customers(seed: int) -> None:
    draw = random(seed)
    contracts = [contract("first", "2024-12-01", "2024-12-30")]
    for n in range(60):
        first = date(2025, 1, 1) + timedelta(days=int(draw.integers(0, 600)))
        last = first + timedelta(days=int(draw.choice([20, 90, 364, 900])))
        contracts.append(contract(f"c{n}", str(first), str(last)))
    data = product_data(accounts=[account(str(c["account_id"])) for c in contracts], contracts=contracts)
    quarter = Quarter(2026, 2)
    time = customer_time_as_of(data, END.date())
    moved = time.movement(quarter.back(1).end, quarter.end)
    in_quarter = slice(str(quarter.start), str(quarter.end))
    assert of_all(data, number("contracts", "lost")).values[in_quarter].sum() == moved["lost"]
    assert of_all(data, number("contracts", "new", "month")).values[in_quarter].sum() == moved["new"]


def test_a_list_of_running_contracts_does_not_say_that_nobody_was_lost() -> None:
    data = product_data(accounts=[account("A")], contracts=[contract("A", "2024-01-01")])
    assert watched_series(data, number("contracts", "lost"), END) == ()


@pytest.mark.parametrize(("source", "value"), [(s, v) for s, values in VALUES.items() for v in values])
def test_without_its_table_a_number_is_not_watched(source: str, value: str) -> None:
    data = product_data(accounts=[account("A")])
    assert watched_series(data, number(source, value), END) == ()


@pytest.mark.parametrize(("source", "value"), [(s, v) for s, values in VALUES.items() for v in values])
@pytest.mark.parametrize("every", ["day", "week", "month"])
@pytest.mark.parametrize("until", ["2023-01-01", "2026-07-01"])
def test_tables_without_a_row_or_with_rows_later_on_give_nothing_and_no_error(
    source: str, value: str, every: str, until: str
) -> None:
    later = {
        "account_id": "A",
        "occurred_at": "2026-07-01",
        "answered_on": "2026-07-01",
        "nps": 9,
        "kind": "mail",
    }
    empty = product_data(accounts=[], contracts=[], usage=[], tickets=[], touches=[], surveys=[])
    one_day = product_data(
        accounts=[account("A")],
        contracts=[contract("A", "2026-07-01", "2026-07-01")],
        usage=[use("A", "2026-07-01")],
        tickets=[ticket("2026-07-01 10:00", "2026-07-01 11:00")],
        touches=[later],
        surveys=[later],
    )
    watched = number(source, value, every, by="size")
    assert watched_series(empty, watched, pd.Timestamp(until)) == ()
    if until < "2026":
        assert watched_series(one_day, watched, pd.Timestamp(until)) == ()
    else:
        watched_series(one_day, watched, pd.Timestamp(until))


# --- segments ---------------------------------------------------------------------------------


def test_each_known_segment_is_watched_from_its_first_customer_on() -> None:
    accounts = [
        account("A", "small"),
        account("B", "enterprise"),
        account("C", "unknown"),
        account("D", None),
    ]
    starts = {"A": "2026-07-01", "B": "2026-07-03", "C": "2026-07-01", "D": "2026-07-01"}
    data = product_data(
        accounts=accounts,
        contracts=[contract(n, day) for n, day in starts.items()],
        tickets=[ticket(f"2026-07-0{day} 10:00", name=n) for n in "ACD" for day in (1, 2, 3, 4)],
    )
    watched = by_segment(data, number("tickets", "count", by="size"), "2026-07-04")
    assert list(watched) == ["all", "size:enterprise", "size:small"]
    assert [each.key for each in watched.values()] == ["n", "n/size:enterprise", "n/size:small"]
    assert watched["all"].values.tolist() == [3, 3, 3, 3]
    assert watched["size:enterprise"].values.to_dict() == {
        pd.Timestamp("2026-07-03"): 0,
        pd.Timestamp("2026-07-04"): 0,
    }


def test_a_segment_that_holds_all_customers_is_not_watched_twice() -> None:
    data = product_data(
        accounts=[account("A")], contracts=[contract("A", "2026-01-01")], tickets=[ticket("2026-07-01 10:00")]
    )
    assert list(by_segment(data, number("tickets", "count", by="industry"))) == ["all"]


@pytest.mark.parametrize(
    ("source", "value", "every"),
    [
        ("usage", "users", "day"),
        ("usage", "accounts", "month"),
        ("tickets", "count", "week"),
        ("contracts", "mrr_lost", "month"),
    ],
)
def test_the_segments_of_the_sample_add_up_to_all_of_its_customers(
    of_product: Callable[[str], ProductData], source: str, value: str, every: str
) -> None:
    watched = by_segment(of_product("paper_to_web"), number(source, value, every, by="size"))
    segments = [each.values for name, each in watched.items() if name != "all"]
    assert len(segments) == 3
    total = pd.concat(segments, axis=1).sum(axis=1)
    assert total.reindex(watched["all"].values.index).tolist() == pytest.approx(
        watched["all"].values.tolist()
    )
    assert watched["all"].values.sum() > 0


# --- the sample, against SQL ------------------------------------------------------------------

SQL = {
    ("usage", "users", "day"): "SELECT day, sum(users) FROM active GROUP BY ALL",
    ("usage", "users", "week"): "SELECT date_trunc('week', day), sum(users) FROM active GROUP BY ALL",
    ("usage", "users", "month"): """
        SELECT date_trunc('month', occurred_at), count(DISTINCT (account_id, user_id)) FROM log GROUP BY ALL""",
    ("usage", "events", "week"): "SELECT date_trunc('week', occurred_at), count(*) FROM log GROUP BY ALL",
    ("usage", "accounts", "week"): """
        SELECT date_trunc('week', occurred_at), count(DISTINCT account_id) FROM log GROUP BY ALL""",
    ("tickets", "count", "week"): "SELECT date_trunc('week', opened_at), count(*) FROM tickets GROUP BY ALL",
    ("tickets", "resolve_hours", "week"): """
        SELECT date_trunc('week', closed_at), median(epoch(closed_at) - epoch(opened_at)) / 3600
        FROM tickets WHERE closed_at IS NOT NULL GROUP BY ALL""",
    ("tickets", "first_answer_hours", "day"): """
        SELECT date_trunc('day', answered_at), median(epoch(answered_at) - epoch(opened_at)) / 3600
        FROM tickets WHERE answered_at IS NOT NULL GROUP BY ALL""",
    ("touches", "count", "month"): """
        SELECT date_trunc('month', occurred_at), count(*) FROM touches WHERE kind <> 'churn_notice' GROUP BY ALL""",
    ("surveys", "nps", "month"): """
        SELECT date_trunc('month', answered_on), 100 * avg(CASE WHEN nps >= 9 THEN 1 WHEN nps <= 6 THEN -1 ELSE 0 END)
        FROM surveys WHERE nps IS NOT NULL GROUP BY ALL""",
}


@pytest.mark.parametrize(("source", "value", "every"), SQL, ids=["-".join(key) for key in SQL])
def test_the_sample_gives_what_sql_gives(
    of_product: Callable[[str], ProductData], sample_usage: pd.DataFrame, source: str, value: str, every: str
) -> None:
    data = of_product("paper_to_web")
    log = sample_usage[sample_usage["product"] == "paper_to_web"]
    with duckdb.connect() as sql:
        sql.register("log", log[log["account_id"].isin(data["accounts"]["account_id"])])
        for name in ("tickets", "touches", "surveys"):
            sql.register(name, data[name])
        sql.execute("""CREATE VIEW active AS SELECT account_id, date_trunc('day', occurred_at) AS day,
            count(DISTINCT user_id) AS users FROM log GROUP BY ALL""")
        rows = sql.execute(SQL[source, value, every]).fetchall()
    want = pd.Series({pd.Timestamp(day): float(n) for day, n in rows}).sort_index()
    got = of_all(data, number(source, value, every)).values
    assert len(got.dropna()) > (5 if source == "surveys" else 20)
    in_range = want.reindex(got.dropna().index)
    if value not in ("first_answer_hours", "resolve_hours", "nps"):
        in_range = in_range.fillna(0)
    np.testing.assert_allclose(got.dropna(), in_range)
