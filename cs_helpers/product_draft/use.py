"""What the data says of use and of health: levels of maturity, measures with their bounds, numbers to watch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from cs_helpers.product_draft.data import Asked

#: months over which use may be looked at; more events than this are told apart by their number alone; the share of the
#: customers that an event must have to be a level
_MONTHS, _FEW, _SHARE = (3, 6, 12), 8, 0.1
#: what a number to watch must have: rows on this share of the days, so many on its usual day, and at most so many events
_DAYS, _A_DAY, _EVENTS = 0.5, 3.0, 3
#: days over which numbers by the day are looked at
_YEAR = 365
#: what a level or measure stands on where nothing can be counted
_BLIND_LEVELS = (1, 10, 50, 100)

Condition = Mapping[str, str | int]


@dataclass(frozen=True)
class Window:
    """The use of each customer over some months up to the last complete one.

    customers: index account_id; columns events, quantity, days, users, distinct_events. by_event: events of each
    customer (rows) and event (columns). users: whether the log names them.
    """

    months: int
    last_day: date
    customers: pd.DataFrame
    by_event: pd.DataFrame

    @property
    def active(self) -> pd.DataFrame:
        """Those who used anything."""
        return self.customers[self.customers["events"] > 0]


@dataclass(frozen=True)
class FoundLevel:
    """A level: its conditions, what it is called (`known`, with `event`), and how many customers hold it and those below.

    reached: `None` where that cannot be counted.
    """

    conditions: tuple[Condition, ...]
    known: str
    event: str
    reached: int | None


@dataclass(frozen=True)
class FoundMeasure:
    """A measure of health: `of` says what the numbers in `said` are about."""

    id: str
    known: str
    kind: str
    measure: Condition
    red: int
    green: int
    weight: int | float
    missing: bool
    of: str
    said: Mapping[str, str]


@dataclass(frozen=True)
class FoundBaseline:
    """A number of each day: on how many of the days looked at it has rows, and its lowest, usual and highest day."""

    id: str
    known: str
    event: str
    source: str
    value: str
    days: int
    of_days: int
    low: int
    usual: int
    high: int


def window_of(asked: Asked) -> Window | None:
    """The shortest time in which half of the customers used anything; `None` without use or customers."""
    if asked.use is None:
        return None
    end = _last_complete(asked.as_of)
    customers = asked.customers(end.date())
    found = None
    for months in _MONTHS if len(customers) else ():
        found = _window(asked.use, customers, end, months)
        if len(found.active) * 2 >= len(customers):
            break
    return found if found is not None and len(found.active) else None


def levels_of(window: Window | None) -> tuple[FoundLevel, ...]:
    """Four levels, each of which fewer customers hold than the one before, as far as the data has it."""
    if window is None:
        return tuple(
            FoundLevel(
                ({"value": "events", "at_least": n, "months": 3},), "amount" if n > 1 else "in_use", "*", None
            )
            for n in _BLIND_LEVELS
        )
    several = window.by_event.shape[1] > _FEW
    rules = list(_by_number(window) if several else _by_reach(window))
    held = pd.Series(True, window.customers.index)
    found = []
    for conditions, known, event in rules:
        for condition in conditions:
            held &= _value(window, condition) >= float(condition["at_least"])
        with_months = tuple({**c, "months": window.months} for c in conditions)
        found.append(FoundLevel(with_months, known, event, int(held.sum())))
    return tuple(found)


def measures_of(asked: Asked, window: Window | None) -> tuple[FoundMeasure, ...]:
    """Measures of health from each table that can tell; one that nothing can tell of yet where none can."""
    found = [*_used(window), *_asked_for(asked), *_judged(asked)]
    if found:
        return tuple(found)
    days: Condition = {"value": "days", "months": 3}
    return (FoundMeasure("active_days", "days", "quantitative", days, 1, 8, 1, False, "nothing", {}),)


def baselines_of(asked: Asked) -> tuple[FoundBaseline, ...]:
    """Numbers of each day that are large and varied enough to be watched; all use where none is."""
    last = pd.Timestamp(asked.as_of)
    found: list[FoundBaseline | None] = []
    if asked.by_day is not None:
        rows = asked.by_day
        every, named = rows[rows["event"].isna()], rows[rows["event"].notna()]
        if every["users"].sum() > 0:
            found.append(_daily("daily_active_users", "users", "*", "users", every, last))
        found.append(_daily("events", "events", "*", "events", every, last))
        if named["event"].nunique() > 1:
            each = (
                _daily("event", "event", str(e), "events", own, last) for e, own in named.groupby("event")
            )
            large = [b for b in each if b is not None]
            found += sorted(large, key=lambda b: (-b.usual, b.event))[:_EVENTS]
    tickets = asked.table("tickets")
    if tickets is not None:
        opened = tickets.assign(day=tickets["opened_at"].dt.normalize(), events=1)
        found.append(_daily("tickets_opened", "tickets", "*", "count", opened, last))
    kept = tuple(b for b in found if b is not None)
    return kept or (FoundBaseline("events", "events", "*", "usage", "events", 0, 0, 0, 0, 0),)


def _last_complete(as_of: date) -> pd.Timestamp:
    """The last day of the last month that is over."""
    day = pd.Timestamp(as_of)
    return day if day.is_month_end else day.replace(day=1) - pd.Timedelta(days=1)


def _window(use: pd.DataFrame, customers: pd.Index, end: pd.Timestamp, months: int) -> Window:
    first = end.replace(day=1) - pd.DateOffset(months=months - 1)
    rows = use[(use["month"] >= first) & (use["month"] <= end) & use["account_id"].isin(customers)]
    every, named = rows[rows["event"].isna()], rows.dropna(subset=["event"])
    frame = every.groupby("account_id").agg(
        events=("events", "sum"), quantity=("quantity", "sum"), days=("days", "sum"), users=("users", "max")
    )
    frame["distinct_events"] = named.groupby("account_id")["event"].nunique()
    by_event = named.pivot_table(index="account_id", columns="event", values="events", aggfunc="sum")
    return Window(
        months, end.date(), frame.reindex(customers).fillna(0), by_event.reindex(customers).fillna(0)
    )


def _value(window: Window, condition: Condition) -> pd.Series:
    event = str(condition.get("event", "*"))
    return window.customers[str(condition["value"])] if event == "*" else window.by_event[event]


def _by_number(window: Window) -> Iterator[tuple[tuple[Condition, ...], str, str]]:
    """Levels by how many of the events are used, the last by how much, too."""
    yield ({"value": "events", "at_least": 1},), "in_use", "*"
    distinct, least = window.active["distinct_events"], 1
    for share, known in ((0.25, "some"), (0.5, "many"), (0.75, "most")):
        least = max(least + 1, math.ceil(distinct.quantile(share)))
        conditions: list[Condition] = [{"value": "distinct_events", "at_least": least}]
        if known == "most":
            much = max(2, math.ceil(window.active["events"].quantile(share)))
            conditions.append({"value": "events", "at_least": much})
        yield tuple(conditions), known, "*"


def _by_reach(window: Window) -> Iterator[tuple[tuple[Condition, ...], str, str]]:
    """Levels by events, the most used first; those of a few events go on by how much the rarest is used."""
    reach = (window.by_event > 0).sum()
    usual = reach[reach >= max(1, _SHARE * len(window.customers))]
    by_reach = sorted(usual.index, key=lambda e: (-int(usual[e]), str(e))) or [reach.idxmax()]
    chosen = by_reach if len(by_reach) <= 3 else [by_reach[0], by_reach[len(by_reach) // 2], by_reach[-1]]
    for n, event in enumerate(chosen):
        first: Condition = {"value": "events", "at_least": 1}
        yield (
            (first if n == 0 else {"event": str(event), **first},),
            "in_use" if n == 0 else "uses",
            "*" if n == 0 else str(event),
        )
    rarest = chosen[-1]
    amounts = window.by_event[rarest][window.by_event[rarest] > 0]
    least, left = 1, 4 - len(chosen)
    for n in range(1, left + 1):
        least = max(least + 1, math.ceil(amounts.quantile(1 - 1 / 4 - (left - n) / 4)))
        yield ({"event": str(rarest), "value": "events", "at_least": least},), "uses_often", str(rarest)


def _used(window: Window | None) -> Iterator[FoundMeasure]:
    if window is None:
        return
    kinds = [("active_days", "days", 2)]
    if window.by_event.shape[1] > 2:
        kinds.append(("events_used", "distinct_events", 1))
    if window.customers["users"].max() > 1:
        kinds.append(("users", "users", 1))
    for id_, value, weight in kinds:
        numbers = window.customers[value]
        red = math.floor(numbers.quantile(0.1))
        green = max(red + 1, math.ceil(numbers.quantile(0.75)))
        yield FoundMeasure(
            id_, value, "quantitative", {"value": value, "months": window.months}, red, green, weight, True, "use",
            {"low": f"{numbers.quantile(0.1):g}", "usual": f"{numbers.median():g}",
             "high": f"{numbers.quantile(0.75):g}", "n": str(len(numbers))},
        )  # fmt: skip


def _asked_for(asked: Asked) -> Iterator[FoundMeasure]:
    tickets = asked.table("tickets")
    if tickets is None:
        return
    end = _last_complete(asked.as_of)
    first = end.replace(day=1) - pd.DateOffset(months=2)
    customers = asked.customers(end.date())
    opened = tickets[(tickets["opened_at"] >= first) & (tickets["opened_at"] < end + pd.Timedelta(days=1))]
    counts = opened.groupby("account_id").size().reindex(customers).fillna(0)
    if counts.empty:
        return
    most = max(1, math.ceil(counts.quantile(0.9)))
    yield FoundMeasure(
        "tickets", "tickets", "quantitative", {"source": "tickets", "value": "count", "months": 3}, most, 0, 1, False,
        "tickets", {"n": str(len(counts)), "usual": f"{counts.median():g}", "high": f"{counts.quantile(0.9):g}"},
    )  # fmt: skip


def _judged(asked: Asked) -> Iterator[FoundMeasure]:
    assessments, surveys = asked.table("assessments"), asked.table("surveys")
    for name, own in () if assessments is None else assessments.groupby("measure"):
        yield FoundMeasure(
            str(name), "assessed", "qualitative",
            {"source": "assessments", "value": "score", "name": str(name), "months": 6}, 2, 4, 1, False, "assessed",
            {"n": str(len(own)), "accounts": str(own["account_id"].nunique()), "usual": f"{own['score'].median():g}"},
        )  # fmt: skip
    answers = None if surveys is None or "nps" not in surveys else surveys["nps"].dropna()
    if answers is not None and len(answers):
        yield FoundMeasure(
            "nps", "nps", "qualitative", {"source": "surveys", "value": "nps", "months": 12}, 4, 8, 1, False, "nps",
            {"n": str(len(answers)), "usual": f"{answers.median():g}"},
        )  # fmt: skip


def _daily(
    id_: str, known: str, event: str, value: str, rows: pd.DataFrame, last: pd.Timestamp
) -> FoundBaseline | None:
    """A number by the day over the last year of its rows; `None` for an event that is too rare or always the same."""
    first = max(rows["day"].min(), last - timedelta(days=_YEAR - 1))
    if first > last:
        return None
    column = "users" if value == "users" else "events"
    days = pd.date_range(first, last)
    numbers = rows.groupby("day")[column].sum().reindex(days).fillna(0)
    there = int((numbers > 0).sum())
    small = there < _DAYS * len(days) or numbers.median() < _A_DAY or numbers.nunique() == 1
    if event != "*" and small:
        return None
    return FoundBaseline(
        id_, known, event, "tickets" if value == "count" else "usage", value, there, len(days),
        int(numbers.min()), int(numbers.median()), int(numbers.max()),
    )  # fmt: skip
