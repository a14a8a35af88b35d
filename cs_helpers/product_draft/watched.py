"""Draft the numbers to watch (`baselines`) from the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pandas as pd

from cs_helpers.contract.products import CustomerRules
from cs_helpers.contract.spells import customer_time
from cs_helpers.contract.vocabulary import ENDINGS, UNKNOWN
from cs_helpers.product_draft.data import DraftData

#: an event becomes a baseline with rows on this share of the days and this median a day; most such events
_MIN_SHARE_OF_DAYS, _MIN_MEDIAN, _MAX_EVENTS = 0.5, 3.0, 3
#: days over which numbers are summarised
_LOOKBACK_DAYS = 365
#: least rows in these days for a number of each week; least accounts of a size for a segment of its own
_MIN_ROWS, _MIN_OF_SIZE = 104, 10
#: least losses in all for a number of each month
_MIN_LOSSES = 6


@dataclass(frozen=True)
class DraftBaseline:
    """A number to watch.

    name_key, event: key of its name and unit in the catalogue and the field of the name. said: its keys in the product
    file after the unit. basis: what it was guessed from.
    """

    id: str
    name_key: str
    said: Mapping[str, str]
    basis: str
    event: str = "*"
    median: float = field(default=0.0, compare=False)


def draft_baselines(data: DraftData) -> tuple[DraftBaseline, ...]:
    """Numbers that are large and varied enough to be watched; all events where there is none."""
    baselines = (*_daily(data), *_weekly(data), *_monthly(data))
    nothing = "nothing: the data has no number of each day; this waits for a usage table"
    return baselines or (DraftBaseline("events", "events", {"source": "usage", "value": "events"}, nothing),)


def draft_country(data: DraftData) -> str | None:
    """The country whose holidays are likely to count: JP where all amounts are in yen, else None."""
    contracts = data.table("contracts")
    if contracts is None or "currency" not in contracts:
        return None
    return "JP" if set(contracts["currency"].dropna()) == {"JPY"} else None


def _daily(data: DraftData) -> Iterator[DraftBaseline]:
    if data.usage_by_day is not None:
        rows = data.usage_by_day
        totals, by_event = rows[rows["event"].isna()], rows[rows["event"].notna()]
        by_size = {"by": "size"} if _has_sizes(data) else {}
        if totals["users"].sum() > 0:
            users = {"source": "usage", "value": "users", "better": "higher", **by_size}
            yield from _of_days("daily_active_users", "users", users, totals, "users", data)
        yield from _of_days(
            "events", "events", {"source": "usage", "value": "events"}, totals, "events", data
        )
        if by_event["event"].nunique() > 1:
            yield from _of_events(by_event, data)
    tickets = data.table("tickets")
    if tickets is not None:
        opened = tickets.assign(day=tickets["opened_at"].dt.normalize(), events=1)
        said = {"source": "tickets", "value": "count"}
        yield from _of_days("tickets_opened", "tickets", said, opened, "events", data)


def _of_events(by_event: pd.DataFrame, data: DraftData) -> list[DraftBaseline]:
    """The most frequent events that are frequent enough."""
    frequent = [
        baseline
        for event, rows in by_event.groupby("event")
        for baseline in _of_days("event", "event", {"source": "usage", "value": "events"}, rows, "events", data, str(event))
    ]  # fmt: skip
    return sorted(frequent, key=lambda b: (-b.median, b.event))[:_MAX_EVENTS]


def _of_days(
    id_: str,
    name_key: str,
    said: Mapping[str, str],
    rows: pd.DataFrame,
    column: str,
    data: DraftData,
    event: str = "*",
) -> Iterator[DraftBaseline]:
    """A number of each day over the last year of its rows; nothing for an event that is too rare or constant."""
    last = pd.Timestamp(data.as_of)
    first = max(rows["day"].min(), last - timedelta(days=_LOOKBACK_DAYS - 1))
    if first > last:
        return
    numbers = rows.groupby("day")[column].sum().reindex(pd.date_range(first, last)).fillna(0)
    days_with_rows, median = int((numbers > 0).sum()), float(numbers.median())
    is_small = (
        days_with_rows < _MIN_SHARE_OF_DAYS * len(numbers) or median < _MIN_MEDIAN or numbers.nunique() == 1
    )
    if event != "*" and is_small:
        return
    basis = (
        f"rows on {days_with_rows} of {len(numbers)} days, from {int(numbers.min())} to {int(numbers.max())} a day, the"
        f" median is {int(median)}"
    )
    yield DraftBaseline(id_, name_key, said, basis, event, median)


def _weekly(data: DraftData) -> Iterator[DraftBaseline]:
    since = pd.Timestamp(data.as_of) - timedelta(days=_LOOKBACK_DAYS - 1)
    tickets, touches = data.table("tickets"), data.table("touches")
    if tickets is not None:
        of_year = tickets[tickets["opened_at"] >= since]
        said = {"every": "week", "source": "tickets"}
        if len(of_year) >= _MIN_ROWS and data.usage is not None:
            per = {"value": "count", "per": "{source: usage, value: accounts}", "better": "lower"}
            basis = f"{len(of_year)} tickets in a year"
            yield DraftBaseline("tickets_per_account", "tickets_per_account", {**said, **per}, basis)
        for id_, value, column, done in (
            ("first_answer", "first_answer_hours", "answered_at", "a first answer"),
            ("time_to_resolve", "resolve_hours", "closed_at", "an end"),
        ):
            known = int(of_year[column].notna().sum()) if column in of_year else 0
            if known >= _MIN_ROWS:
                hours = {**said, "value": value, "better": "lower"}
                basis = f"{known} of {len(of_year)} tickets of a year have the time of {done}"
                yield DraftBaseline(id_, id_, hours, basis)
    if touches is not None:
        made = touches[(touches["occurred_at"] >= since) & (touches["kind"] != "churn_notice")]
        if len(made) >= _MIN_ROWS:
            said = {"every": "week", "source": "touches", "value": "count"}
            yield DraftBaseline("touches", "touches", said, f"{len(made)} touches in a year")


def _monthly(data: DraftData) -> Iterator[DraftBaseline]:
    contracts = data.table("contracts")
    if contracts is None:
        return
    spells = customer_time(contracts, CustomerRules(zero_mrr="customer"), data.as_of).spells
    lost = spells[spells["ended"].isin(ENDINGS)]
    if len(lost) < _MIN_LOSSES:
        return
    basis = f"{len(lost)} customers were lost since {lost['last_day'].min().date()}"
    said = {"every": "month", "source": "contracts", "value": "lost", "better": "lower"}
    yield DraftBaseline("customers_lost", "customers_lost", said, basis)
    if "mrr" in contracts and contracts["mrr"].sum() > 0:
        yield DraftBaseline("mrr_lost", "mrr_lost", {**said, "value": "mrr_lost"}, basis)


def _has_sizes(data: DraftData) -> bool:
    """Whether at least two sizes have enough of the product's accounts."""
    accounts = data.table("accounts")
    if accounts is None or "size" not in accounts:
        return False
    sizes = accounts.loc[accounts["account_id"].isin(data.accounts()), "size"].replace(UNKNOWN, None)
    return int((sizes.value_counts() >= _MIN_OF_SIZE).sum()) >= 2
