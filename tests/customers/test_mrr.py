"""The MRR of many days, by hand and against a reference that goes through every window of every day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.spells import CustomerTime, account_time, customer_time
from cs_helpers.customers.mrr import mrr_by_day

START = date(2026, 1, 1)
Row = tuple[str, int, int | None, float]


def time_of(rows: list[Row], known: int, gap: int = 30, **rules: Any) -> CustomerTime:
    """Contracts of (account, first day, last day, mrr), in days since `START`."""
    frame = pd.DataFrame(
        [
            (a, START + timedelta(f), None if e is None else START + timedelta(e), "cancelled", m)
            for a, f, e, m in rows
        ],
        columns=["account_id", "started_on", "ended_on", "ended_how", "mrr"],
    )
    dates = {c: pd.to_datetime(frame[c]).astype("datetime64[us]") for c in ("started_on", "ended_on")}
    frame = frame.assign(**dates).astype({"account_id": "str", "ended_how": "str", "mrr": "Float64"})
    return customer_time(frame, CustomerRules(return_gap_days=gap, **rules), START + timedelta(known))


def levels(rows: list[Row], known: int, gap: int = 30) -> list[float]:
    """The MRR of all accounts on each day from the first to the day of knowledge."""
    days = [START + timedelta(n) for n in range(known + 1)]
    return list(mrr_by_day(time_of(rows, known, gap), days).mrr.sum(axis=0))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("A", 0, 9, 100), ("A", 10, None, 100)], [100] * 100),  # a renewal
        ([("A", 0, 9, 100), ("A", 10, None, 120)], [100] * 10 + [120] * 90),  # at another price
        ([("A", 0, 9, 100), ("A", 15, None, 100)], [100] * 100),  # bridged
        ([("A", 0, 39, 100), ("A", 45, None, 120)], [100] * 45 + [120] * 55),  # bridged by the lower
        ([("A", 0, 39, 120), ("A", 45, None, 100)], [120] * 40 + [100] * 60),
        ([("A", 0, 59, 100), ("A", 40, None, 120)], [100] * 40 + [120] * 60),  # an overlap at renewal
        ([("A", 0, 59, 120), ("A", 40, None, 100)], [120] * 60 + [100] * 40),
        ([("A", 0, None, 100), ("A", 40, None, 20)], [100] * 40 + [120] * 60),  # a further contract
        ([("A", 0, 59, 100), ("A", 20, None, 20)], [100] * 20 + [120] * 40 + [20] * 40),  # 40 days are no overlap
        ([("A", 0, None, 100), ("A", 40, 50, 20)], [100] * 100),  # a brief extra
        ([("A", 0, 49, 100), ("A", 50, 60, 0), ("A", 61, None, 100)], [100] * 100),  # a brief pause
        ([("A", 0, 19, 100), ("A", 60, None, 100)], [100] * 20 + [0] * 40 + [100] * 40),  # left and returned
        ([("A", 0, 19, 100)], [100] * 20 + [0] * 80),
        ([("A", 0, 79, 100), ("A", 70, None, 120)], [100] * 70 + [120] * 30),
    ],
)  # fmt: skip
def test_only_changes_that_last_are_changes(rows: list[Row], expected: list[float]) -> None:
    assert levels(rows, 99) == expected


def test_on_the_day_of_knowledge_the_mrr_is_the_sum_of_the_running_contracts() -> None:
    # whether the old contract runs on beside the new one, or a gap follows, is not known yet
    assert levels([("A", 0, 100, 100), ("A", 90, None, 120)], 99)[-1] == 220
    assert levels([("A", 0, 90, 100)], 99)[-1] == 0


def test_without_contracts_the_mrr_is_not_known() -> None:
    seen = pd.DataFrame(
        {
            "account_id": ["A"],
            "first_day": pd.to_datetime(["2026-01-05"]),
            "last_day": pd.to_datetime(["2026-02-01"]),
        }
    )
    found = mrr_by_day(account_time(seen, date(2026, 3, 1)), [date(2026, 1, 1), date(2026, 2, 1)])
    assert np.isnan(found.mrr).all()
    assert found.spell.tolist() == [[-1, 0]]


def reference(rows: list[Row], known: int, gap: int) -> list[float]:
    """Day by day: the least of the highest levels of all windows around it, then the highest of the least."""
    time, total = time_of(rows, known, gap), np.zeros(known + 1)
    for name in {a for a, *_ in rows}:
        paid = [
            sum(m for a, f, e, m in rows if a == name and f <= n and (e is None or n <= e))
            for n in range(known + 1)
        ]
        for spell in time.spells[time.spells["account_id"] == name].itertuples():
            first = (spell.first_day.date() - START).days
            last = known if pd.isna(spell.last_day) else (spell.last_day.date() - START).days
            level = [float(v) for v in paid[first : last + 1]]
            for inner, outer in ((max, min), (min, max)):
                level = [
                    outer(inner(level[max(s, 0) : s + gap + 1]) for s in range(n - gap, n + 1))
                    for n in range(len(level))
                ]
            total[first : last + 1] += level
    return list(total)


contracts = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.integers(0, 40),
        st.one_of(st.none(), st.integers(0, 45)),
        st.sampled_from([0.0, 10.0, 25.0, 100.0]),
    ).filter(lambda row: row[2] is None or row[2] >= row[1]),
    max_size=7,
)


@given(contracts, st.integers(0, 6), st.integers(20, 45))
def test_every_day_agrees_with_the_reference(rows: list[Row], gap: int, known: int) -> None:
    known_rows = [row for row in rows if row[1] <= known]
    assert levels(rows, known, gap) == pytest.approx(reference(known_rows, known, gap))


@given(contracts, st.data())
def test_neither_the_order_nor_a_split_of_contracts_changes_anything(rows: list[Row], data: Any) -> None:
    changed: list[Row] = []
    for a, first, last, mrr in data.draw(st.permutations(rows)):
        cut = data.draw(st.integers(first, last if last is not None else 60))
        if cut == (last if last is not None else 60):
            changed.append((a, first, last, mrr))
        else:
            changed += [(a, first, cut, mrr), (a, cut + 1, last, mrr)]
    assert levels(changed, 60, 5) == levels(rows, 60, 5)
