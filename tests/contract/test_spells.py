"""Customer time, against hand-counted cases and a reference that goes through it day by day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.spells import CustomerTime, account_time, customer_time, recorded_spells
from cs_helpers.contract.vocabulary import ENDINGS

DAY = timedelta(days=1)
START = date(2025, 1, 1)

Row = tuple[str, date, date | None, str | None, float]


def frame(rows: list[Row]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["account_id", "started_on", "ended_on", "ended_how", "mrr"])
    dates = {c: pd.to_datetime(made[c]).astype("datetime64[us]") for c in ("started_on", "ended_on")}
    return made.assign(**dates).astype({"account_id": "str", "ended_how": "str", "mrr": "Float64"})


def time_of(rows: list[Row], known_on: date, **rules: Any) -> CustomerTime:
    return customer_time(frame(rows), CustomerRules(**rules), known_on)


def term(name: str, first: str, last: str | None, how: str | None = "term", mrr: float = 100) -> Row:
    return name, date.fromisoformat(first), date.fromisoformat(last) if last else None, how, mrr


def spells_of(time: CustomerTime) -> list[tuple[str, str, str, str]]:
    return [
        (
            r.account_id,
            str(r.first_day.date()),
            "" if pd.isna(r.last_day) else str(r.last_day.date()),
            r.ended,
        )
        for r in time.spells.itertuples()
    ]


def test_a_contract_counts_on_its_first_and_on_its_last_day_and_is_lost_on_the_day_after() -> None:
    time = time_of([term("A", "2026-01-10", "2026-03-31", "cancelled")], date(2026, 6, 30))
    there = [len(time.customers(date(2026, 1, 9) + DAY * n)) for n in range(83)]
    assert there == [0] + [1] * 81 + [0]
    assert list(time.lost_customers(date(2025, 12, 31), date(2026, 3, 31))) == []
    assert list(time.lost_customers(date(2026, 3, 31), date(2026, 6, 30))) == ["A"]


def test_a_renewal_that_begins_the_day_after_leaves_no_gap() -> None:
    rows = [term("A", "2025-01-01", "2025-12-31"), term("A", "2026-01-01", "2026-12-31")]
    assert spells_of(time_of(rows, date(2026, 3, 31))) == [("A", "2025-01-01", "", "running")]
    assert time_of(rows, date(2025, 12, 31)).mrr(date(2025, 12, 31)).to_dict() == {"A": 100.0}


@pytest.mark.parametrize(("back", "spells"), [("2026-02-10", 1), ("2026-02-11", 2)])
def test_a_customer_who_returns_within_the_gap_never_left(back: str, spells: int) -> None:
    # 31 January to 10 February: nine days without a contract
    rows = [term("A", "2025-01-01", "2026-01-31", "cancelled"), term("A", back, None, None)]
    time = time_of(rows, date(2026, 6, 30), return_gap_days=9)
    assert len(time.spells) == spells
    assert len(time.lost_customers(date(2025, 12, 31), date(2026, 3, 31))) == spells - 1
    assert list(time.customers(date(2026, 6, 30))) == ["A"]


def test_a_customer_who_returned_since_is_recounted() -> None:
    rows = [
        term("A", "2025-01-01", "2026-03-20"),
        term("A", "2026-04-05", None, None),
        term("B", "2025-01-01", None, None),
    ]
    then, now = time_of(rows, date(2026, 3, 31)), time_of(rows, date(2026, 6, 30))
    assert list(then.customers(date(2026, 3, 31))) == ["B"]
    assert list(now.customers(date(2026, 3, 31))) == ["A", "B"]
    assert list(now.recounted_customers([date(2025, 12, 31), date(2026, 3, 31)])) == ["A"]
    assert then.recounted_customers([date(2025, 12, 31)]).empty


def test_a_return_after_the_day_on_which_it_is_known_changes_nothing() -> None:
    # the case of a pause: left in February, back in September
    rows = [
        term("A", "2024-03-01", "2026-01-31", "cancelled"),
        term("A", "2026-09-01", None, None),
    ]
    before = time_of(rows, date(2026, 3, 31))
    assert spells_of(before) == [("A", "2024-03-01", "2026-01-31", "cancelled")]
    after = time_of(rows, date(2026, 9, 30))
    assert list(after.lost_customers(date(2025, 12, 31), date(2026, 3, 31))) == ["A"]
    assert [ended for *_, ended in spells_of(after)] == ["cancelled", "running"]


@pytest.mark.parametrize(
    ("how", "known", "ended"),
    [
        ("term", "2026-07-30", "renewal_not_recorded"),
        ("term", "2026-07-31", "term"),
        ("notice", "2026-07-30", "notice"),
        ("cancelled", "2026-07-30", "cancelled"),
        (None, "2026-07-30", "cancelled"),
    ],
)
def test_a_term_that_is_over_may_be_renewed_within_the_grace(how: str | None, known: str, ended: str) -> None:
    time = time_of([term("A", "2025-07-01", "2026-06-30", how)], date.fromisoformat(known))
    assert spells_of(time)[0][3] == ended
    assert list(time.customers(date.fromisoformat(known))) == []
    lost = time.lost_customers(date(2026, 6, 30), date.fromisoformat(known))
    assert list(lost) == ([] if ended == "renewal_not_recorded" else ["A"])
    assert list(time.renewals_not_recorded()) == (["A"] if ended == "renewal_not_recorded" else [])
    assert time.last_mrr(time.renewals_not_recorded()) == (100.0 if ended == "renewal_not_recorded" else 0.0)


def test_a_contract_that_ends_on_the_last_known_day_is_not_over() -> None:
    time = time_of([term("A", "2025-10-01", "2026-09-30", "cancelled")], date(2026, 9, 30))
    assert spells_of(time) == [("A", "2025-10-01", "", "running")]


def test_contracts_side_by_side_are_one_customer_and_end_as_the_last_of_them_ends() -> None:
    rows = [
        term("A", "2025-01-01", "2026-03-31", "cancelled", 100),
        term("A", "2025-06-01", "2026-02-28", "term", 30),
        term("A", "2025-07-01", "2026-03-31", "term", 5),
    ]
    time = time_of(rows, date(2026, 12, 31))
    assert spells_of(time) == [("A", "2025-01-01", "2026-03-31", "cancelled")]
    assert time.mrr(date(2025, 8, 1)).to_dict() == {"A": 135.0}
    assert time.mrr(date(2026, 3, 31)).to_dict() == {"A": 105.0}


def test_a_contract_that_never_ran_makes_no_customer() -> None:
    # the day after its last is its first day
    rows = [term("A", "2026-03-01", "2026-02-28"), term("B", "2026-03-01", "2026-03-01", "cancelled")]
    assert spells_of(time_of(rows, date(2026, 6, 30))) == [("B", "2026-03-01", "2026-03-01", "cancelled")]


def test_nobody_is_a_customer_where_there_are_no_contracts() -> None:
    time = time_of([], date(2026, 9, 30))
    for nothing in (time.spells, time.customers(START), time.mrr(START), time.first_days()):
        assert nothing.empty
    assert time.lost_customers(START, date(2026, 9, 30)).empty


# --- against a reference -----------------------------------------------------------------------

KNOWN = START + DAY * 60
contracts = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(0, 70),
        st.one_of(st.none(), st.integers(0, 30)),
        st.sampled_from([*ENDINGS, None]),
        st.sampled_from([0.0, 10.0]),
    ),
    max_size=6,
).map(
    lambda rows: [
        (a, START + DAY * s, None if n is None else START + DAY * (s + n), how, mrr)
        for a, s, n, how, mrr in rows
    ]
)
gaps = st.integers(0, 12)


def customers_day_by_day(rows: list[Row], gap: int) -> dict[str, set[date]]:
    """The days on which each account is a customer, as known on `KNOWN`: by looking at each of them."""
    found = {}
    for account in "AB":
        own = [r for r in rows if r[0] == account and r[1] <= KNOWN]
        days = [START + DAY * n for n in range((KNOWN - START).days + 1)]
        covered = [any(r[1] <= d and (r[2] is None or d <= r[2]) for r in own) for d in days]
        there = {d for d, c in zip(days, covered, strict=True) if c}
        last = None
        for n, c in enumerate(covered):
            if c and last is not None and 0 < n - last - 1 <= gap:
                there |= set(days[last + 1 : n])
            last = n if c else last
        found[account] = there
    return found


@settings(deadline=None)
@given(contracts, gaps)
def test_all_methods_agree_with_a_calculation_day_by_day(rows: list[Row], gap: int) -> None:
    time = time_of(rows, KNOWN, return_gap_days=gap, renewal_grace_days=0)
    there = customers_day_by_day(rows, gap)
    for n in range((KNOWN - START).days + 1):
        day = START + DAY * n
        assert set(time.customers(day)) == {a for a, days in there.items() if day in days}
        before = day - DAY
        lost = {a for a, days in there.items() if before in days and day not in days}
        assert set(time.lost_customers(before, day)) == lost
    days = [START + DAY * n for n in range((KNOWN - START).days + 1)]
    # B first: in the order of the accounts that are asked for, and also of those that never were customers
    expected = [[day in there.get(account, ()) for day in days] for account in ("B", "never")]
    assert time.are_customers(pd.Index(["B", "never"], dtype="str"), days).tolist() == expected
    joined = {a: min(days) for a, days in there.items() if days}
    assert {a: d.date() for a, d in time.first_days().items()} == joined


@settings(deadline=None)
@given(contracts, gaps, st.integers(0, 59), st.integers(0, 59))
def test_the_movement_of_customers_adds_up(rows: list[Row], gap: int, a: int, b: int) -> None:
    day, until = START + DAY * min(a, b), START + DAY * max(a, b)
    time = time_of(rows, KNOWN, return_gap_days=gap, renewal_grace_days=20)
    became = time.status_after(day, until)
    assert list(became.index) == list(time.customers(day))
    there = customers_day_by_day(rows, gap)
    lost = {
        x for x in time.customers(day) if {day + DAY * n for n in range((until - day).days + 1)} - there[x]
    }
    assert set(became.index[became != "running"]) == lost
    assert set(time.lost_customers(day, until)) | set(became.index[became == "renewal_not_recorded"]) == lost


@settings(deadline=None)
@given(contracts, gaps, st.data())
def test_neither_order_nor_a_split_contract_changes_anything(rows: list[Row], gap: int, data: Any) -> None:
    whole = time_of(rows, KNOWN, return_gap_days=gap)
    other = data.draw(st.permutations(rows))
    if other:
        account, first, last, how, mrr = other[0]
        cut = first + DAY * data.draw(st.integers(0, 40))
        if last is None or cut < last:
            other = [(account, first, cut, how, mrr), (account, cut + DAY, last, how, mrr), *other[1:]]
    split = time_of(other, KNOWN, return_gap_days=gap)
    pd.testing.assert_frame_equal(whole.spells, split.spells)
    for n in range((KNOWN - START).days + 1):
        pd.testing.assert_series_equal(whole.mrr(START + DAY * n), split.mrr(START + DAY * n))


@settings(deadline=None)
@given(contracts, contracts, gaps)
def test_later_contracts_change_nothing_about_an_earlier_day(
    rows: list[Row], more: list[Row], gap: int
) -> None:
    later = [r for r in more if r[1] > KNOWN]
    pd.testing.assert_frame_equal(
        time_of(rows, KNOWN, return_gap_days=gap).spells,
        time_of(rows + later, KNOWN, return_gap_days=gap).spells,
    )


# --- without contracts ----------------------------------------------------------------------------


def days_frame(*rows: tuple[str, str]) -> pd.DataFrame:
    """Days with a row of each account."""
    days = pd.DataFrame(rows, columns=["account_id", "day"]).assign(product="helpdesk")
    return days.astype({"account_id": "str", "day": "datetime64[us]"})


def recorded_frame(*rows: tuple[str, str], within: int | None = None) -> pd.DataFrame:
    return recorded_spells(days_frame(*rows), {"helpdesk": within})


def test_without_contracts_an_account_counts_from_its_first_row_and_never_ends():
    time = account_time(
        recorded_frame(("B", "2026-03-31"), ("A", "2026-01-05"), ("C", "2026-07-01")), date(2026, 6, 30)
    )
    assert not time.by_contracts
    assert list(time.customers(date(2026, 3, 30))) == ["A"]
    assert list(time.customers(date(2026, 6, 30))) == ["A", "B"]  # C is not known yet
    assert time.first_days().to_dict() == {"A": pd.Timestamp("2026-01-05"), "B": pd.Timestamp("2026-03-31")}
    assert time.status_after(date(2026, 3, 31), date(2026, 6, 30)).to_dict() == {
        "A": "running",
        "B": "running",
    }
    assert time.recounted_customers([date(2026, 3, 31)]).empty
    assert time.renewals_not_recorded().empty


def test_without_contracts_mrr_is_not_known_rather_than_zero():
    time = account_time(recorded_frame(("A", "2026-01-05")), date(2026, 6, 30))
    assert time.mrr(date(2026, 6, 30)).isna().to_dict() == {"A": True}


def test_without_contracts_and_rows_there_are_no_accounts():
    time = account_time(recorded_frame(), date(2026, 6, 30))
    assert time.customers(date(2026, 6, 30)).empty
    assert time.mrr(date(2026, 6, 30)).empty


ANSWERS = (("A", "2025-06-30"), ("A", "2026-06-30"), ("B", "2025-06-30"), ("C", "2026-06-30"))


def test_where_accounts_count_for_some_days_after_a_row_they_are_over_then_but_not_lost():
    recorded = recorded_frame(*ANSWERS, within=30)
    time = account_time(recorded, date(2026, 7, 31), within_days=30)
    # 30 days after 30 June is 30 July, the last day
    counted = {d: list(time.customers(d)) for d in (date(2025, 6, 29), date(2025, 6, 30), date(2025, 7, 30))}
    assert counted == {date(2025, 6, 29): [], date(2025, 6, 30): ["A", "B"], date(2025, 7, 30): ["A", "B"]}
    assert list(time.customers(date(2025, 7, 31))) == []
    assert list(time.customers(date(2026, 6, 30))) == ["A", "C"]
    assert list(time.customers(date(2026, 7, 31))) == []
    assert set(time.status_after(date(2025, 6, 30), date(2026, 6, 30))) == {"renewal_not_recorded"}
    assert time.lost_customers(date(2025, 6, 30), date(2026, 6, 30)).empty
    assert time.movement(date(2025, 6, 30), date(2026, 6, 30)) == {
        "opening": 2, "new": 1, "back": 1, "lost": 0, "not_recorded": 2, "closing": 2,
    }  # fmt: skip


def test_a_row_within_these_days_goes_on_with_the_same_spell():
    # the 31st day after 1 January is the first that the row of then does not count on, and has one itself
    recorded = recorded_frame(("A", "2026-01-01"), ("A", "2026-02-01"), ("A", "2026-03-05"), within=30)
    assert list(recorded["first_day"].dt.strftime("%m-%d")) == ["01-01", "03-05"]
    assert list(recorded["last_day"].dt.strftime("%m-%d")) == ["02-01", "03-05"]


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 60)), max_size=12),
    st.integers(0, 20),
    st.integers(0, 70),
    st.integers(0, 70),
)
def test_an_account_counts_on_a_day_if_a_row_known_then_is_not_older(rows, within, known, day):
    start = pd.Timestamp("2026-01-01")
    recorded = recorded_frame(*((a, start + pd.Timedelta(d, "D")) for a, d in rows), within=within)
    time = account_time(recorded, (start + pd.Timedelta(known, "D")).date(), within_days=within)
    day = min(day, known)
    expected = sorted({a for a, d in rows if d <= day <= d + within})
    assert list(time.customers((start + pd.Timedelta(day, "D")).date())) == expected


def test_a_customer_between_two_contracts_pays_nothing_that_day():
    rows = [("A", "2026-01-01", "2026-03-31"), ("A", "2026-04-11", None)]
    contracts = pd.DataFrame(rows, columns=["account_id", "started_on", "ended_on"]).assign(
        ended_how="term", mrr=100.0
    )
    contracts = contracts.astype(
        {
            "account_id": "str",
            "started_on": "datetime64[us]",
            "ended_on": "datetime64[us]",
            "ended_how": "str",
        }
    )
    time = customer_time(contracts, CustomerRules(), date(2026, 6, 30))
    assert time.mrr(date(2026, 4, 5)).to_dict() == {"A": 0.0}
