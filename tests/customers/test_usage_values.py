"""Measures of use are the same from tables in memory, from files by the engine, and counted row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, product, product_data, use
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_helpers import hashes
from cs_helpers.analyses import level_outlook, level_worth, maturity
from cs_helpers.contract.products import Measure
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers import usage_values
from cs_helpers.customers.maturity_levels import level_history
from cs_helpers.customers.measures import MonthlyValues
from cs_helpers.errors import SnapshotError
from cs_helpers.snapshot import ProductData, Snapshot
from cs_helpers.snapshot.stored import StoredTable

#: the last four months of the use below; windows also reach over the four before them
MONTHS = pd.date_range("2026-03-01", periods=4, freq="MS")
FIRST_DAY = date(2025, 11, 1)

#: names with and without parts, with empty ones, and with letters that SQL and patterns could trip over
EVENTS = (
    "web.sales.invoice",
    "web.hr.invoice",
    "web..invoice",
    "web.sales",
    "web",
    "it's",
    "紙.総務",
    "a_b",
    "a%b",
)
PATTERNS = ("*", "web.*", "web.*.invoice", "*.総務", "it's", "a_*", "a%b", "gone")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every stored table goes by the engine."""
    monkeypatch.setattr(usage_values, "ENGINE_ROWS", 0)


def stored(data: ProductData, folder: Path) -> ProductData:
    """The data with its use in Parquet files, two of each quarter: a snapshot has one, but nothing may depend on it."""
    found = {}
    for name, time in (("usage_monthly", "month"), ("usage_daily", "day")):
        files = {}
        half = np.arange(len(data[name])) % 2
        for (quarter, n), rows in data[name].groupby([data[name][time].dt.to_period("Q"), half]):
            file = folder / f"{name}-{quarter}-{n}.parquet"
            rows.to_parquet(file, index=False)
            files[file.name] = hashes.of_file(file)
        if files:
            found[name] = StoredTable(folder, files)
    return replace(data, stored=found)


def counted(rows: list[dict[str, Any]], measure: Measure, who: str, month: pd.Timestamp) -> float:
    """A measure of one account at the end of one month, row by row."""
    first = (month - pd.DateOffset(months=measure.months - 1)).date()
    last = (month + pd.offsets.MonthEnd(0)).date()
    fitting = [
        row
        for row in rows
        if row["account_id"] == who
        and first <= date.fromisoformat(row["day"]) <= last
        and any(fnmatchcase(row["event"], pattern) for pattern in measure.patterns)
    ]
    if measure.value == "events":
        return len(fitting)
    if measure.value == "quantity":
        return sum(1 if row["quantity"] is None else row["quantity"] for row in fitting)
    if measure.value == "days":
        return len({row["day"] for row in fitting})
    if measure.value == "active_months":
        return len({row["day"][:7] for row in fitting})
    if measure.value == "distinct_events":
        return len({row["event"] for row in fitting})
    if measure.value == "distinct_parts":
        place = (measure.part or 1) - 1
        split = [row["event"].split(measure.separator) for row in fitting]
        return len({parts[place] for parts in split if len(parts) > place and parts[place]})
    # the users of an event in a month; of several events the most of any, over all events each user once
    every = "*" in measure.patterns
    users: dict[tuple[str, str], set[str]] = {}
    for row in fitting:
        users.setdefault((row["day"][:7], "" if every else row["event"]), set()).add(row["user_id"])
    return max((len(each) for each in users.values()), default=0)


ROWS = st.lists(
    st.builds(
        lambda who, day, event, user, quantity: use(
            who, str(FIRST_DAY + timedelta(days=day)), event, user_id=user, quantity=quantity
        ),
        st.sampled_from(["A", "B", "stranger"]),
        st.integers(0, 260),
        st.sampled_from(EVENTS),
        st.sampled_from(["u1", "u2"]),
        st.sampled_from([None, 1, 2.5, -3]),
    ),
    max_size=40,
)


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    patterns = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True))
    value = draw(
        st.sampled_from(
            ["quantity", "events", "days", "users", "distinct_events", "distinct_parts", "active_months"]
        )
    )
    parts = {"part": draw(st.integers(1, 3)), "separator": draw(st.sampled_from("._"))}
    return Measure(
        value=value,
        event=patterns[0] if len(patterns) == 1 else tuple(patterns),
        months=draw(st.integers(1, 5)),
        **(parts if value == "distinct_parts" else {}),
    )


@given(ROWS, st.lists(measures(), min_size=1, max_size=6))
@settings(max_examples=25)
def test_the_engine_and_tables_in_memory_give_what_counting_row_by_row_gives(
    rows: list[dict[str, Any]], some: list[Measure]
) -> None:
    data = product_data(accounts=[account("A"), account("B")], usage=rows)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage_values, "ENGINE_ROWS", 0)
        for each in (data, stored(data, Path(folder))):
            values = MonthlyValues(each, MONTHS)
            values.prepare(some)
            for measure in some:
                expected = [[counted(rows, measure, who, month) for month in MONTHS] for who in ("A", "B")]
                assert values.of(measure, MONTHS).to_numpy().tolist() == expected


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("columns", [1, 2, 32])
def test_more_names_than_a_word_has_bits_are_all_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(usage_values, "MAX_COLUMNS", columns)
    rows = [use("A", f"2026-0{4 + n % 2}-01", f"web.{n}") for n in range(150)]
    data = product_data(accounts=[account("A")], usage=rows)
    names = Measure(value="distinct_events", event="web.*", months=1)
    both = names.model_copy(update={"months": 2})
    events = Measure(value="events", months=1)
    for each in (data, stored(data, tmp_path)):
        values = MonthlyValues(each, MONTHS)
        values.prepare([names, events, both])
        assert values.of(names, MONTHS).loc["A"].tolist() == [0, 75, 75, 0]
        assert values.of(both, MONTHS).loc["A"].tolist() == [0, 75, 150, 75]
        assert values.of(events, MONTHS).loc["A"].tolist() == [0, 75, 75, 0]


@pytest.mark.usefixtures("engine")
def test_each_day_with_any_of_several_events_counts_once_up_to_the_31st(tmp_path: Path) -> None:
    # a every day of May, b every second day, and on the last day of April
    days = (
        [("a", 5, day) for day in range(1, 32)] + [("b", 5, day) for day in range(1, 32, 2)] + [("b", 4, 30)]
    )
    rows = [use("A", f"2026-{month:02}-{day:02}", event) for event, month, day in days]
    data = product_data(accounts=[account("A")], usage=rows)
    for each in (data, stored(data, tmp_path)):
        values = MonthlyValues(each, MONTHS)
        for event, expected in (("a", [0, 0, 31, 31]), ("b", [0, 1, 17, 16]), (("a", "b"), [0, 1, 32, 31])):
            measure = Measure(value="days", event=event, months=2)
            assert values.of(measure, MONTHS).loc["A"].tolist() == expected


@pytest.mark.usefixtures("engine")
def test_a_tenth_and_two_tenths_are_three_tenths(tmp_path: Path) -> None:
    rows = [
        use("A", f"2026-0{month}-01", event, quantity=quantity)
        for month, event, quantity in ((4, "a", 0.1), (4, "b", 0.2), (5, "a", 0.2), (5, "b", 2e15 + 1))
    ]
    data = product_data(accounts=[account("A")], usage=rows)
    quantity = Measure(value="quantity", event=("a", "b"), months=1)
    two_months = quantity.model_copy(update={"months": 2, "event": "a"})
    for each in (data, stored(data, tmp_path)):
        values = MonthlyValues(each, MONTHS)
        assert values.of(quantity, MONTHS).loc["A"].tolist() == [0, 0.3, 2e15 + 1.2, 0]
        assert values.of(two_months, MONTHS).loc["A"].tolist() == [0, 0.1, 0.3, 0.2]


@pytest.mark.usefixtures("engine")
def test_files_count_for_the_accounts_of_a_segment_only(tmp_path: Path) -> None:
    rows = [use("A", "2026-05-01"), use("B", "2026-05-01"), use("B", "2026-05-02")]
    data = stored(product_data(accounts=[account("A"), account("B")], usage=rows), tmp_path)
    some = data.of_accounts(pd.Series(["B"]))
    values = MonthlyValues(some, MONTHS).of(Measure(value="events", months=1), MONTHS)
    assert values.to_dict("index") == {"B": dict(zip(MONTHS, [0, 0, 2, 0], strict=True))}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("how", ["with_tables", "map_tables"])
def test_a_table_that_was_changed_is_not_read_from_its_files(tmp_path: Path, how: str) -> None:
    data = stored(product_data(accounts=[account("A")], usage=[use("A", "2026-05-01")]), tmp_path)
    twice = data["usage_monthly"].assign(events=2)
    changed = (
        data.with_tables({"usage_monthly": twice})
        if how == "with_tables"
        else data.map_tables(["usage_monthly"], lambda name, table: table.assign(events=2))
    )
    values = MonthlyValues(changed, MONTHS).of(Measure(value="events", months=1), MONTHS)
    assert values.loc["A"].tolist() == [0, 0, 2, 0]
    assert "usage_daily" in changed.stored


@pytest.mark.usefixtures("engine")
def test_a_file_that_is_not_as_it_was_is_named(tmp_path: Path) -> None:
    data = stored(product_data(accounts=[account("A")], usage=[use("A", "2026-05-01")]), tmp_path)
    (tmp_path / "usage_monthly-2026Q2-0.parquet").write_bytes(b"PAR1")
    with pytest.raises(SnapshotError, match=r"usage_monthly-2026Q2-0\.parquet is gone or damaged"):
        MonthlyValues(data, MONTHS).of(Measure(value="events"), MONTHS)


@pytest.mark.parametrize("analysis", [maturity, level_worth, level_outlook])
@pytest.mark.parametrize("event", ["*", "web.*"])
@pytest.mark.parametrize("value", ["distinct_events", "distinct_parts", "days"])
def test_a_product_without_accounts_has_no_customers(analysis: Any, value: str, event: str) -> None:
    condition = {"value": value, "event": event} | ({"part": 1} if value == "distinct_parts" else {})
    levels = [[condition | {"at_least": n, "months": 2}] for n in (1, 2)]
    data = product_data(product(levels=levels), accounts=[], contracts=[], usage=[use("A", "2026-05-01")])
    notes = analysis.analyse(data, Quarter(2026, 2)).notes
    assert {note.code for note in notes} == {"no_customers"}


@pytest.fixture(params=["expense_desk", "helpdesk", "paper_to_web"])
def sample(request: pytest.FixtureRequest, sample_snapshot: Snapshot) -> ProductData:
    return sample_snapshot.read(request.param)


def test_the_files_of_a_snapshot_hold_the_use_of_its_product(sample: ProductData) -> None:
    for name in ("usage_monthly", "usage_daily"):
        files = pd.concat([pd.read_parquet(file) for file in sample.stored[name].paths])
        assert set(files["product"]) == {sample.product.product}
        assert sample.stored[name].rows == len(files) >= len(sample[name])
    assert "accounts" not in sample.stored


def test_the_engine_gives_the_sample_the_levels_that_tables_in_memory_give(
    sample: ProductData, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarter = Quarter.parse("2026Q3")
    in_memory = level_history(replace(sample, stored={}), quarter).states
    monkeypatch.setattr(usage_values, "ENGINE_ROWS", 0)
    monkeypatch.setattr(usage_values, "values_of_frame", None)
    by_engine = level_history(sample, quarter).states
    pd.testing.assert_frame_equal(by_engine, in_memory)
    assert np.nanmax(by_engine) >= 3
