"""For whom a rule of the playbook holds on 30 June 2026, worked out by hand: each kind, and both sides of its last day."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd
import pytest
from builders import account, contract, health_measure, play, product, product_data, random, use
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.customer_journey.due import Due, Situation
from cs_helpers.snapshot import ProductData

DAY = date(2026, 6, 30)
STEPS = ["kickoff", "training", "live"]


def daily(name: str, first: str, last: str, event: str = "done") -> list[dict[str, Any]]:
    return [use(name, str(day.date()), event) for day in pd.date_range(first, last)]


def data_of(
    rule: dict[str, Any], contracts: dict[str, str | tuple[str, str, str]], **tables: Any
) -> ProductData:
    """Customers with their first day (and last day, and how it ended), and the tables of a product with one entry."""
    rows = []
    for name, term in contracts.items():
        start, end, how = (term, None, None) if isinstance(term, str) else term
        rows.append({**contract(name, start, end), "ended_how": how})
    made = tables.pop("of", None) or {}
    return product_data(
        product(playbook=[play("now", rule)], **{"steps": STEPS, **made}),
        accounts=[account(name) for name in contracts],
        contracts=rows,
        **tables,
    )


def due(data: ProductData, day: date = DAY, *, months_later: int = 0) -> Due:
    rule = data.product.playbook[0].rule
    assert rule is not None
    return Situation.on(data, day)[0].due(rule, months_later=months_later)


def since(found: Due) -> dict[str, str]:
    return dict(zip(found.customers, found.since.dt.strftime("%m-%d"), strict=True))


def reached(**steps: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"account_id": name, "step": step, "reached_at": day}
        for name, days in steps.items()
        for step, day in days.items()
    ]


# waits_for: Z took every step in January, when the records begin


def waits(rule: dict[str, Any], *, contracts: dict[str, Any] | None = None, **steps: dict[str, str]) -> Due:
    steps = {"Z": dict.fromkeys(["contract", *STEPS], "2026-01-05"), **steps}
    starts = {name: days["contract"] for name, days in steps.items() if "contract" in days}
    return due(data_of(rule, starts | (contracts or {}), milestones=reached(**steps)))


def test_a_step_is_waited_for_too_long_on_the_day_itself_and_not_a_day_before() -> None:
    found = waits(
        {"waits_for": "kickoff", "days": 45},
        A={"contract": "2026-05-16 15:00"},  # 45 days before 30 June
        B={"contract": "2026-05-17"},
        C={"contract": "2026-02-01"},
        D={"contract": "2026-02-01", "kickoff": "2026-06-30 23:00"},
    )
    assert since(found) == {"A": "06-30", "C": "03-18"}
    assert found.unknown.empty


def test_a_step_that_comes_after_the_day_is_not_known_on_it() -> None:
    found = waits({"waits_for": "kickoff", "days": 45}, A={"contract": "2026-02-01", "kickoff": "2026-07-01"})
    assert since(found) == {"A": "03-18"}


def test_the_wait_begins_with_the_step_before_or_with_the_one_that_is_named() -> None:
    steps = {"A": {"contract": "2026-02-01", "kickoff": "2026-05-31"}}
    assert since(waits({"waits_for": "training", "days": 30}, **steps)) == {"A": "06-30"}
    assert since(waits({"waits_for": "training", "days": 31}, **steps)) == {}
    assert since(waits({"waits_for": "training", "after": "contract", "days": 31}, **steps)) == {"A": "03-04"}


def test_a_step_that_was_skipped_is_still_waited_for_and_the_one_after_it_is_not() -> None:
    steps = {"A": {"contract": "2026-02-01", "kickoff": "2026-02-10", "live": "2026-03-01"}}
    assert since(waits({"waits_for": "training", "days": 30}, **steps)) == {"A": "03-12"}
    assert since(waits({"waits_for": "live", "days": 30}, **steps)) == {}


def test_a_step_before_the_one_that_is_waited_for_may_be_missing() -> None:
    # the kick-off was never recorded: no training, counted from the contract
    found = waits({"waits_for": "training", "after": "contract", "days": 30}, A={"contract": "2026-02-01"})
    assert since(found) == {"A": "03-03"}


def test_a_step_reached_again_does_not_begin_the_wait_anew() -> None:
    again = reached(A={"kickoff": "2026-06-20"})
    rows = reached(
        Z=dict.fromkeys(["contract", *STEPS], "2026-01-05"),
        A={"contract": "2026-02-01", "kickoff": "2026-02-10"},
    )
    data = data_of(
        {"waits_for": "training", "days": 60}, {"Z": "2026-01-05", "A": "2026-02-01"}, milestones=rows + again
    )
    assert since(due(data)) == {"A": "04-11"}


def test_a_customer_who_left_is_not_on_the_list_and_one_who_came_back_waits_from_then_on() -> None:
    rows = reached(
        Z=dict.fromkeys(["contract", *STEPS], "2026-01-05"),
        A={"contract": "2026-01-10"},
        B={"contract": "2026-01-10"},
    )
    data = product_data(
        product(steps=STEPS, playbook=[play("now", {"waits_for": "kickoff", "days": 20})]),
        accounts=[account(name) for name in "ZAB"],
        contracts=[
            contract("Z", "2026-01-05"),
            {**contract("A", "2026-01-10", "2026-06-29"), "ended_how": "cancelled"},
            {**contract("B", "2026-01-10", "2026-02-28"), "ended_how": "cancelled"},
            contract("B", "2026-06-01"),
        ],
        milestones=rows,
    )
    assert since(due(data)) == {"B": "06-21"}


def test_customers_older_than_the_records_are_not_known() -> None:
    found = waits({"waits_for": "kickoff", "days": 10}, contracts={"Old": "2025-01-01"})
    assert found.customers.empty
    assert list(found.unknown) == ["Old"]


def test_a_step_that_nobody_ever_reached_is_not_known_of_anybody() -> None:
    data = data_of(
        {"waits_for": "live", "days": 1},
        {"A": "2026-02-01"},
        milestones=reached(A={"contract": "2026-02-01", "kickoff": "2026-02-02", "training": "2026-02-03"}),
    )
    assert list(due(data).unknown) == ["A"]


def test_a_wait_for_a_step_of_use_is_not_known_where_the_log_ended() -> None:
    rules = {"steps": ["kickoff"], "journey": {"rules": {"kickoff": {"event": "done"}}}}
    rows = reached(Z={"contract": "2026-01-05", "kickoff": "2026-01-05"}, A={"contract": "2026-02-01"})
    for last, customers, unknown in (("2026-06-30", ["A"], []), ("2026-05-10", [], ["A"])):
        found = due(
            data_of(
                {"waits_for": "kickoff", "days": 30},
                {"Z": "2026-01-05", "A": "2026-02-01"},
                of=rules, milestones=rows, usage=daily("Z", "2026-01-05", last),
            )
        )  # fmt: skip
        assert (list(found.customers), list(found.unknown)) == (customers, unknown)


# levels: Lv. n asks for n events in the month


def level_data(rule: dict[str, Any], events: dict[str, dict[str, int]], **starts: str) -> ProductData:
    levels = [[{"value": "events", "months": 1, "at_least": n}] for n in (1, 2, 3, 4)]
    usage = daily("Z", "2025-10-01", "2026-06-30")
    for name, months in events.items():
        usage += [use(name, f"2026-{month}-10") for month, n in months.items() for _ in range(n)]
    contracts = {"Z": "2025-10-01", **dict.fromkeys(events, "2026-01-01"), **starts}
    return data_of(rule, contracts, usage=usage, of={"levels": levels})


def test_a_level_dropped_since_the_month_in_which_it_fell_below_that_of_three_months_ago() -> None:
    data = level_data(
        {"level_dropped": True},
        {
            "A": {"03": 3, "04": 3, "05": 1, "06": 1},
            "B": {"03": 3, "04": 1, "05": 1, "06": 3},  # it is back
            "C": {"03": 3, "04": 3, "05": 3, "06": 2},
            "D": {"05": 3, "06": 1},  # no customer in March
            "E": {"03": 1, "05": 4, "06": 1},  # higher only in between
        },
        D="2026-04-02",
    )
    found = due(data)
    assert since(found) == {"A": "05-31", "C": "06-30"}
    assert found.unknown.empty


def test_a_level_may_be_held_against_that_of_another_number_of_months_ago() -> None:
    data = level_data({"level_dropped": True, "months": 1}, {"E": {"03": 1, "05": 4, "06": 1}})
    assert since(due(data)) == {"E": "06-30"}


def test_a_level_that_fell_is_due_a_quarter_later_until_it_is_back() -> None:
    events = {"A": {"03": 3, "06": 1, "07": 1, "08": 1, "09": 1}, "B": {"03": 3, "06": 1, "09": 3}}
    data = level_data({"level_dropped": True}, events)
    data = product_data(
        data.product, accounts=data["accounts"], contracts=data["contracts"],
        usage=[
            *daily("Z", "2025-10-01", "2026-09-30"),
            *(use(a, f"2026-{m}-10") for a, months in events.items() for m, n in months.items() for _ in range(n)),
        ],
    )  # fmt: skip
    assert set(due(data).customers) == {"A", "B"}
    assert set(due(data, date(2026, 9, 30)).customers) == set()  # as low as three months ago
    assert set(due(data, date(2026, 9, 30), months_later=3).customers) == {"A"}


def test_a_drop_is_not_known_where_the_log_begins_later() -> None:
    levels = [[{"value": "events", "months": 1, "at_least": n}] for n in (1, 2, 3, 4)]
    usage = [*daily("Z", "2026-05-20", "2026-06-30"), use("A", "2026-06-10")]
    data = data_of({"level_dropped": True}, {"A": "2026-01-01"}, usage=usage, of={"levels": levels})
    assert list(due(data).unknown) == ["A"]


def test_a_level_below_counts_for_customers_of_some_days() -> None:
    rule = {"level_below": 2, "customer_days": {"at_least": 90}}
    events = {"A": {"06": 1}, "B": {"06": 2}, "C": {"06": 1}, "D": {"06": 1}}
    data = level_data(rule, events, C="2026-04-01", D="2026-04-02")
    found = due(data)
    assert since(found) == {"A": "04-01", "C": "06-30"}  # C: 90 days on 30 June, D: 89


# health: 0 days of use in the month are 0 points, 10 are 100


@pytest.mark.parametrize(("days", "band"), [(3, "red"), (4, "yellow"), (6, "yellow"), (7, "")])
def test_a_band_ends_where_the_next_begins(days: int, band: str) -> None:
    usage = [*daily("Z", "2026-01-01", "2026-06-30"), *daily("A", "2026-06-01", f"2026-06-{days:02}")]
    for wanted in ("red", "yellow"):
        data = data_of({"band": wanted}, {"Z": "2026-01-01", "A": "2026-01-01"}, usage=usage)
        assert list(due(data).customers) == (["A"] if wanted == band else [])


def test_a_score_is_red_since_the_month_in_which_it_turned_and_not_known_of_a_new_customer() -> None:
    usage = [*daily("Z", "2025-10-01", "2026-06-30"), *daily("A", "2026-01-01", "2026-04-20")]
    data = data_of({"band": "red"}, {"Z": "2025-10-01", "A": "2026-01-01", "New": "2026-06-10"}, usage=usage)
    found = due(data)
    assert since(found) == {"A": "05-31"}
    assert list(found.unknown) == ["New"]


# silence: of 30 days, the day of the list included


def quiet(
    rule: dict[str, Any], contracts: dict[str, str], last: str = "2026-06-30", **rows: list[str]
) -> Due:
    usage = daily("Z", "2025-10-01", last) + [use(name, day) for name, days in rows.items() for day in days]
    return due(data_of({"silence": {"source": "usage", "days": 30, **rule}}, contracts, usage=usage))


def test_a_customer_is_silent_when_so_many_whole_days_are() -> None:
    found = quiet(
        {},
        {"A": "2026-01-01", "B": "2026-01-01", "C": "2026-06-01", "D": "2026-06-02"},
        A=["2026-05-31"],  # 30 silent days, 1 to 30 June
        B=["2026-06-01"],
    )
    assert since(found) == {"A": "06-30", "C": "06-30"}  # C has been a customer for 30 days
    assert found.unknown.empty


def test_use_before_the_contract_is_none_of_the_customer() -> None:
    assert since(quiet({}, {"A": "2026-05-01"}, A=["2026-04-20"])) == {"A": "05-30"}


def test_a_silence_of_one_event_is_not_broken_by_others() -> None:
    usage = [
        *daily("Z", "2025-10-01", "2026-06-30", "closing"), *daily("A", "2026-01-01", "2026-06-30", "login"),
        use("A", "2026-05-01", "closing"), use("B", "2026-06-20", "closing"),
    ]  # fmt: skip
    rule = {"silence": {"source": "usage", "event": "closing", "days": 30}}
    data = data_of(rule, {"A": "2026-01-01", "B": "2026-01-01"}, usage=usage)
    assert since(due(data)) == {"A": "05-31"}


def test_a_silence_is_not_known_where_the_log_ended_but_use_shows_that_there_was_none() -> None:
    # the log ends on 10 June: A was silent since May, B used it on 5 June
    found = quiet(
        {}, {"A": "2026-01-01", "B": "2026-01-01"}, "2026-06-10", A=["2026-05-20"], B=["2026-06-05"]
    )
    assert (list(found.customers), list(found.unknown)) == ([], ["A"])


def test_nothing_since_the_start_ends_with_the_first_row() -> None:
    rule = {
        "silence": {"source": "tickets", "days": 30, "since_start": True},
        "customer_days": {"at_most": 60},
    }
    days = pd.date_range("2025-10-01", "2026-06-30").astype(str)
    tickets = [{"ticket_id": f"Z{n}", "account_id": "Z", "opened_at": day} for n, day in enumerate(days)]
    tickets += [{"ticket_id": "B", "account_id": "B", "opened_at": "2026-05-03"}]
    starts = {"A": "2026-05-01", "B": "2026-05-01", "C": "2026-04-30", "D": "2026-06-01", "E": "2026-06-02"}
    found = due(data_of(rule, starts, tickets=tickets))
    assert since(found) == {"A": "05-30", "D": "06-30"}  # C has been a customer for 61 days, E for 28


def test_a_churn_notice_is_no_touch_of_ours() -> None:
    days = pd.date_range("2025-10-01", "2026-06-30").astype(str)
    touches = [{"account_id": "Z", "occurred_at": day, "kind": "mail"} for day in days]
    touches += [
        {"account_id": "A", "occurred_at": "2026-06-20", "kind": "churn_notice"},
        {"account_id": "B", "occurred_at": "2026-06-20", "kind": "mail"},
    ]
    data = data_of(
        {"silence": {"source": "touches", "days": 30}},
        {"A": "2026-01-01", "B": "2026-01-01"},
        touches=touches,
    )
    assert list(due(data).customers) == ["A"]


def test_without_the_table_no_silence_is_known() -> None:
    data = data_of({"silence": {"source": "tickets", "days": 30}}, {"A": "2026-01-01"}, usage=[])
    assert list(due(data).unknown) == ["A"]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(1, 60),
    since_start=st.booleans(),
)
def test_a_silence_is_what_counting_day_by_day_gives(seed: int, length: int, since_start: bool) -> None:
    draw = random(seed)
    start = pd.Timestamp("2026-06-30") - pd.Timedelta(days=int(draw.integers(0, 90)))
    used = {
        pd.Timestamp("2026-06-30") - pd.Timedelta(days=int(d))
        for d in draw.integers(0, 90, draw.integers(0, 4))
    }
    found = quiet(
        {"days": length, "since_start": since_start},
        {"A": str(start.date())},
        A=[str(day.date()) for day in used],
    )
    own = {day for day in used if day >= start}

    def holds(day: pd.Timestamp) -> bool:
        if since_start:
            return (day - start).days + 1 >= length and not any(u <= day for u in own)
        last_days = [day - pd.Timedelta(days=n) for n in range(length)]
        return last_days[-1] >= start and not own & set(last_days)

    days = pd.date_range(start, "2026-06-30")
    held = [holds(day) for day in days]
    assert list(found.customers) == (["A"] if held[-1] else [])
    if held[-1]:
        first = len(held) - 1
        while first and held[first - 1]:
            first -= 1
        assert found.since.iloc[0] == days[first]
    assert found.unknown.empty


# renewal_within


def test_a_term_that_ends_within_the_days_is_due_on_both_ends_of_them() -> None:
    data = data_of(
        {"renewal_within": 60},
        {
            "A": ("2025-08-30", "2026-08-29", "term"),  # 60 days after 30 June
            "B": ("2025-08-31", "2026-08-30", "term"),
            "C": ("2025-07-01", "2026-06-30", "term"),  # its last day
            "D": ("2025-08-01", "2026-07-31", "cancelled"),
            "E": "2025-08-01",
            "F": ("2025-07-01", "2026-06-29", "term"),  # over
            "G": ("2026-07-01", "2026-07-31", "term"),  # not begun
        },
    )
    found = due(data)
    assert since(found) == {"A": "06-30", "C": "05-01"}
    assert found.unknown.empty


def test_without_terms_in_the_contracts_a_renewal_has_no_date() -> None:
    found = due(
        data_of({"renewal_within": 60}, {"A": ("2025-08-01", "2026-07-31", "cancelled"), "B": "2025-01-01"})
    )
    assert (list(found.customers), list(found.unknown)) == ([], ["A", "B"])


# measure and fall: tickets and use of three months


def test_an_upper_bound_is_kept_only_where_the_whole_window_is_known() -> None:
    usage = [*daily("Z", "2025-10-01", "2026-06-30"), *[use("B", "2026-04-10")] * 3]
    rule = {"measure": {"value": "events", "months": 3, "at_most": 2}}
    data = data_of(rule, {"A": "2026-01-01", "B": "2026-01-01", "New": "2026-04-02"}, usage=usage)
    found = due(data)
    # since March: three whole months after the first of January
    assert since(found) == {"A": "03-31"}
    assert list(found.unknown) == ["New"]


def test_a_lower_bound_is_met_by_what_is_recorded_even_of_a_new_customer() -> None:
    usage = [*daily("Z", "2025-10-01", "2026-06-30"), *[use("New", "2026-06-10")] * 5]
    rule = {"measure": {"value": "events", "months": 3, "at_least": 5}, "customer_days": {"at_most": 400}}
    data = data_of(rule, {"New": "2026-06-01"}, usage=usage)
    assert since(due(data)) == {"New": "06-30"}


@pytest.mark.parametrize(("now", "is_due"), [(5, True), (6, False), (0, True)])
def test_half_of_the_quarter_before_is_a_fall_by_half(now: int, is_due: bool) -> None:
    usage = daily("Z", "2025-06-01", "2026-06-30")
    usage += [use("A", "2026-02-10")] * 10 + [use("A", "2026-06-10")] * now
    data = data_of(
        {"fall": {"value": "events", "to": 0.5}}, {"A": "2025-11-01", "B": "2025-11-01"}, usage=usage
    )
    found = due(data)
    assert list(found.customers) == (["A"] if is_due else [])  # B was never used: nothing fell
    assert found.unknown.empty


def test_a_fall_is_not_known_of_a_customer_who_was_none_for_the_whole_time() -> None:
    usage = [*daily("Z", "2025-06-01", "2026-06-30"), *[use("A", "2026-02-10")] * 10]
    data = data_of({"fall": {"value": "events", "to": 0.5}}, {"A": "2026-01-02"}, usage=usage)
    assert list(due(data).unknown) == ["A"]


def test_a_rule_for_those_who_reached_a_step_passes_over_the_others() -> None:
    rule = {"silence": {"source": "usage", "days": 30}, "reached": "kickoff"}
    data = data_of(
        rule,
        {"A": "2026-01-01", "B": "2026-01-01", "C": "2026-01-01"},
        usage=daily("Z", "2025-10-01", "2026-06-30"),
        milestones=reached(A={"kickoff": "2026-06-30 20:00"}, B={"kickoff": "2026-07-01"}),
    )
    found = due(data)
    assert list(found.customers) == ["A"]
    assert found.unknown.empty


def test_the_order_of_rows_changes_nothing() -> None:
    rules = [
        {"silence": {"source": "usage", "days": 3}}, {"band": "red"}, {"level_dropped": True},
        {"waits_for": "kickoff", "days": 5}, {"fall": {"value": "days", "to": 0.9}},
    ]  # fmt: skip
    draw = random(7)
    names = [f"c{n}" for n in range(12)]
    starts = {
        n: str((pd.Timestamp("2025-08-01") + pd.Timedelta(days=int(draw.integers(0, 300)))).date())
        for n in names
    }
    usage = daily("Z", "2025-06-01", "2026-06-30")
    usage += [
        use(str(draw.choice(names)), str((pd.Timestamp("2026-06-30") - pd.Timedelta(days=int(d))).date()))
        for d in draw.integers(0, 280, 400)
    ]
    steps = reached(
        **{n: {"contract": starts[n]} for n in names}, Z={"contract": "2025-06-01", "kickoff": "2025-06-02"}
    )
    steps += reached(**{n: {"kickoff": "2026-06-01"} for n in names[::2]})
    for rule in rules:
        levels = [[{"value": "events", "months": 1, "at_least": n}] for n in (1, 3, 5, 7)]
        data = data_of(rule, starts, usage=usage, milestones=steps, of={"levels": levels})
        shuffled = data.map_tables(data.tables, lambda _, table: table.sample(frac=1, random_state=3))
        one, other = due(data), due(shuffled)
        pd.testing.assert_series_equal(one.since, other.since)
        assert list(one.unknown) == list(other.unknown)
        assert len(one.since)


def test_no_health_measure_that_is_known_leaves_the_band_open() -> None:
    nps = health_measure("nps", red=0, green=10, measure={"source": "surveys", "value": "nps", "months": 3})
    data = data_of({"band": "red"}, {"A": "2026-01-01"}, of={"measures": [nps]}, surveys=[])
    assert list(due(data).unknown) == ["A"]


def test_the_share_is_of_those_of_whom_the_data_tells_it() -> None:
    """Of eight customers three are in, and of two it is not known."""
    found = Due(pd.Series(pd.Timestamp("2026-06-01"), pd.Index(list("ABC"))), pd.Index(["D", "E"]))
    assert found.share(8) == (0.5, 6)
    nobody = Due(pd.Series([], pd.Index([], dtype="str"), dtype="datetime64[us]"), pd.Index(["D", "E"]))
    share, n = nobody.share(2)
    assert (math.isnan(share), n) == (True, 0)
