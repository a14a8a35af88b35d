"""The numbers that a product file watches (`baselines`), as series over days, weeks or months.

A number without rows is 0 only where the data covers every day of the day, week or month; with one day before the first
row, in a gap or after the end of a log it is unknown (`contract.coverage`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cs_helpers.contract.baselines import Baseline, Every, Number
from cs_helpers.contract.coverage import Period
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS, TOUCH_MODELS, UNKNOWN
from cs_helpers.customers.measures import covered_period, matches_event
from cs_helpers.customers.mrr import mrr_by_day
from cs_helpers.customers.segments import sort_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, eq=False)
class WatchedSeries:
    """A watched number of all customers, or of those of a segment, over days, weeks or months.

    segment: `all`, or as `size:small`. values: float64, index: the first day of each complete day, week (a Monday) or
    month, from the first one with all its days to the last one that is over; NaN where the number is not known.
    counts: for medians and nps the tickets or answers behind each value, for a ratio what it is divided by; otherwise None.
    """

    baseline: Baseline
    segment: str
    values: pd.Series
    counts: pd.Series | None = None

    @property
    def key(self) -> str:
        """`<id>`, or `<id>/size:small` for a segment: its name in tables."""
        return self.baseline.id if self.segment == "all" else f"{self.baseline.id}/{self.segment}"


def watched_series(data: ProductData, baseline: Baseline, until: pd.Timestamp) -> tuple[WatchedSeries, ...]:
    """A baseline as known at the end of the day `until`: for all customers and, with `by`, for each segment.

    Empty where the table is missing or holds nothing of this number. Customers whose segment is unknown are only in `all`.
    A segment begins with its first customer, before whom nobody was there to count; one that holds all customers, or
    nothing but unknown values, is left out.
    """
    numbers = [baseline, *([baseline.per] if baseline.per is not None else [])]
    recorded = [_recorded(data, number, baseline.every, until) for number in numbers]
    if any(each is None or each.rows.empty for each in recorded):
        return ()
    parts: list[WatchedSeries] = []
    for segment, customers in _segments(data, baseline, until).items():
        series = [each.series(baseline.every, until, customers) for each in recorded if each is not None]
        values, counts = series[0] if baseline.per is None else _ratio(series[0][0], series[1][0])
        if values.notna().any():
            parts.append(WatchedSeries(baseline, segment, values, counts))
    return tuple(parts)


def account_rows(data: ProductData, number: Number, until: pd.Timestamp) -> pd.DataFrame:
    """What each customer adds to a count, day by day: account_id, day (datetime64), value (float64).

    Without rows where the table is missing or holds nothing of the number.
    """
    recorded = _recorded(data, number, "day", until)
    if recorded is None:
        return pd.DataFrame({"account_id": [], "day": pd.DatetimeIndex([]), "value": []})
    return recorded.rows[["account_id", "day", "value"]]


def period_starts(days: pd.DatetimeIndex, every: Every) -> pd.DatetimeIndex:
    """The first day of the day, week (Monday) or month of each of `days`."""
    if every == "day":
        return days.normalize()
    if every == "week":
        return (days - pd.to_timedelta(days.day_of_week, unit="D")).normalize()
    return pd.DatetimeIndex(days.to_numpy().astype("datetime64[M]").astype("datetime64[us]"))


@dataclass(frozen=True, eq=False)
class _Recorded:
    """The rows that a number is made of.

    rows: account_id, day (datetime64), value (float64). summed: how the rows of a period become its value. counted:
    whether no row means 0. period: the days on which the rows are complete. unknown: further days that are not known.
    """

    rows: pd.DataFrame
    period: Period
    summed: Callable[[pd.core.groupby.DataFrameGroupBy], pd.Series]
    counted: bool = True
    unknown: tuple[pd.Timestamp, ...] = ()

    def series(
        self, every: Every, until: pd.Timestamp, first_days: pd.Series | None
    ) -> tuple[pd.Series, pd.Series | None]:
        """The values and the number of rows behind them (None where rows are counted), of some customers or of all (None).

        first_days: account_id -> the first day of the customer.
        """
        rows = self.rows
        # that a log begins some days before its first row is likely, but no reason to say that those days had none
        first = pd.Timestamp(self.period.first)
        if self.counted:
            first = max(first, rows["day"].min())
        if first_days is not None:
            rows, first = rows[rows["account_id"].isin(first_days.index)], max(first, first_days.min())
        known = self._known(every, first, until)
        by_period = rows.groupby(period_starts(pd.DatetimeIndex(rows["day"]), every))
        values = self.summed(by_period).astype("float64").reindex(known.index)
        if self.counted:
            return values.fillna(0.0).where(known), None
        counts = by_period.size().astype("float64").reindex(known.index, fill_value=0.0)
        return values.where(known), counts.where(known)

    def _known(self, every: Every, first: pd.Timestamp, until: pd.Timestamp) -> pd.Series:
        """Whether all days of each complete period are covered, from the first one with all its days to `until`."""
        first, until = first.normalize(), until.normalize()
        starts = period_starts(pd.DatetimeIndex([first, until + _DAY]), every)
        begin = starts[0] if starts[0] == first else _next(starts[0], every)
        days = pd.date_range(begin, starts[1] - _DAY, freq="D", unit="us")
        covered = self.period.covers_days(days) & ~days.isin(list(self.unknown))
        known = pd.Series(covered, index=days).groupby(period_starts(days, every)).all()
        return known.astype(bool)


def _next(start: pd.Timestamp, every: Every) -> pd.Timestamp:
    step = {"day": pd.DateOffset(days=1), "week": pd.DateOffset(days=7), "month": pd.DateOffset(months=1)}
    return start + step[every]


def _recorded(data: ProductData, number: Number, every: Every, until: pd.Timestamp) -> _Recorded | None:
    """What a number is made of; None where the table is missing or has nothing of it."""
    if data.missing(number.source):
        return None
    if number.source == "contracts":
        return _contract_rows(data, number.value, every, until)
    period = covered_period(data, number.source, number.event)
    if period is None:
        return None
    made = {"usage": _usage_rows, "tickets": _ticket_rows, "touches": _touch_rows, "surveys": _survey_rows}
    return made[number.source](data, number, every, period)


def _usage_rows(data: ProductData, number: Number, every: Every, period: Period) -> _Recorded | None:
    every_event = number.event == "*"
    rows = data["active_daily" if every_event else "usage_daily"]
    chosen = slice(None) if every_event else matches_event(rows["event"], number.event)
    if number.value == "users" and every == "month" and len(days := rows.loc[chosen, "day"]):
        # rows of a month do not say on which day of it they begin
        period = replace(period, first=max(period.first, days.min().date()))
        rows = data["usage_monthly"].rename(columns={"month": "day"})
        chosen = rows["event"].isna() if every_event else matches_event(rows["event"], number.event)
    if number.value == "accounts":
        rows = rows.loc[chosen, ["account_id", "day"]].assign(value=1.0)
        return _Recorded(rows, period, lambda groups: groups["account_id"].nunique())
    rows = rows.loc[chosen, ["account_id", "day", number.value]].rename(columns={number.value: "value"})
    if number.value == "users" and "*" in number.event and not every_event:
        # who did several of the events is one user: of each account the largest number is surely right
        rows = rows.groupby(["account_id", "day"], as_index=False)["value"].max()
    if number.value == "users" and not rows["value"].sum():
        return None  # a log that does not say who it was
    return _Recorded(rows.astype({"value": "float64"}), period, _total)


def _ticket_rows(data: ProductData, number: Number, every: Every, period: Period) -> _Recorded:
    tickets = data["tickets"]
    if number.value == "count":
        return _Recorded(_dated(tickets, "opened_at"), period, _total)
    done_at = "answered_at" if number.value == "first_answer_hours" else "closed_at"
    hours = (tickets[done_at] - tickets["opened_at"]) / pd.Timedelta(hours=1)
    done = tickets[hours >= 0]
    rows = _dated(done, done_at).assign(value=hours[done.index])
    return _Recorded(rows, period, lambda groups: groups["value"].median(), counted=False)


def _touch_rows(data: ProductData, number: Number, every: Every, period: Period) -> _Recorded:
    touches = data["touches"]
    return _Recorded(_dated(touches[touches["kind"] != "churn_notice"], "occurred_at"), period, _total)


def _survey_rows(data: ProductData, number: Number, every: Every, period: Period) -> _Recorded:
    surveys = data["surveys"]
    if number.value == "answers":
        return _Recorded(_dated(surveys, "answered_on"), period, _total)
    scored = surveys.dropna(subset=["nps"])
    score = scored["nps"].astype("float64")
    rows = _dated(scored, "answered_on").assign(value=100.0 * ((score >= 9) * 1.0 - (score <= 6) * 1.0))
    return _Recorded(rows, period, lambda groups: groups["value"].mean(), counted=False)


def _contract_rows(data: ProductData, value: str, every: Every, until: pd.Timestamp) -> _Recorded | None:
    """Customers, by the start of each period; those won or lost and their MRR, by their first day or that after the last.

    Contracts begin with the first customer; losses with the first one, since a list of running contracts has none.
    """
    time = customer_time_as_of(data, until.date())
    spells = time.spells
    if spells.empty:
        return None
    unknown: tuple[pd.Timestamp, ...] = ()
    if value == "customers":
        rows = _customers_at_start(time, every)
    elif value == "new":
        rows = spells.drop_duplicates("account_id")
        rows = rows[["account_id"]].assign(day=rows["first_day"], value=1.0)
    else:
        lost = spells[spells["ended"].isin(ENDINGS)]
        rows = lost[["account_id"]].assign(day=lost["last_day"] + _DAY, value=1.0)
        if value == "mrr_lost":
            rows["value"] = _last_mrr(time, lost)
        unknown = tuple(spells.loc[spells["ended"] == NOT_RECORDED, "last_day"] + _DAY)
    first = rows["day"].min() if len(rows) else until
    return _Recorded(rows, Period(first.date(), until.date()), _total, unknown=unknown)


def _customers_at_start(time: CustomerTime, every: Every) -> pd.DataFrame:
    """The customers on the day before each period, in the form of `_Recorded.rows`."""
    days = pd.date_range(time.spells["first_day"].min() + _DAY, time.known_on, freq="D", unit="us")
    starts = period_starts(days, every).unique()
    opening = [time.customers((start - _DAY).date()) for start in starts]
    return pd.DataFrame(
        {
            "account_id": pd.Series([name for accounts in opening for name in accounts], dtype="str"),
            "day": starts.repeat([len(accounts) for accounts in opening]),
            "value": 1.0,
        }
    )


def _last_mrr(time: CustomerTime, lost: pd.DataFrame) -> np.ndarray:
    """The MRR of each lost customer on the last day of the spell."""
    days, column = np.unique(lost["last_day"].to_numpy("datetime64[D]"), return_inverse=True)
    at = mrr_by_day(time, [day.item() for day in days])
    return np.asarray(at.mrr[at.accounts.get_indexer(lost["account_id"]), column])


def _dated(rows: pd.DataFrame, time: str) -> pd.DataFrame:
    return rows[["account_id"]].assign(day=rows[time].dt.normalize(), value=1.0)


def _total(groups: pd.core.groupby.DataFrameGroupBy) -> pd.Series:
    return groups["value"].sum()


def _ratio(values: pd.Series, per: pd.Series) -> tuple[pd.Series, pd.Series]:
    """A number divided by another one where both are known, and what it is divided by; NaN where that is 0."""
    both = values.index.intersection(per.index)
    divisor = per.reindex(both)
    return values.reindex(both) / divisor.where(divisor > 0), divisor


def _segments(data: ProductData, baseline: Baseline, until: pd.Timestamp) -> Mapping[str, pd.Series | None]:
    """Segment -> the first day of each of its customers (index: account_id); None for all customers."""
    chosen: dict[str, pd.Series | None] = {"all": None}
    if baseline.by is None:
        return chosen
    first_days = customer_time_as_of(data, until.date()).first_days()
    segments = data["accounts"].set_index("account_id")[baseline.by].reindex(first_days.index).fillna(UNKNOWN)
    order = TOUCH_MODELS if baseline.by == "touch_model" else data.sizes
    for segment in sort_segments(segments, order):
        members = first_days[segments == segment]
        if segment != UNKNOWN and len(members) < len(first_days):
            chosen[f"{baseline.by}:{segment}"] = members
    return chosen
