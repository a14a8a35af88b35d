"""Draft levels of maturity and health measures with their bounds from the data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from cs_helpers.product_draft.data import DraftData

#: candidates for the window in months; with more events than this, levels count distinct events; least share of the
#: customers that use an event that makes a level
_WINDOW_MONTHS, _MAX_NAMED_EVENTS, _MIN_SHARE = (3, 6, 12), 8, 0.1
#: bounds of the example levels where there is no usage
_EXAMPLE_LEVELS = (1, 10, 50, 100)

Condition = Mapping[str, str | int]


@dataclass(frozen=True)
class Window:
    """The usage of each customer over some months up to the last complete one.

    customers: index account_id; columns events, quantity, days, users, distinct_events. by_event: number of events, by
    customer (rows) and event (columns).
    """

    months: int
    last_day: date
    customers: pd.DataFrame
    by_event: pd.DataFrame

    @property
    def active(self) -> pd.DataFrame:
        """The customers with any usage."""
        return self.customers[self.customers["events"] > 0]


@dataclass(frozen=True)
class DraftLevel:
    """A level of maturity.

    name_key, event: key and field of its name in the catalogue. reached: number of customers that meet its conditions
    and those of the levels below; `None` without usage.
    """

    conditions: tuple[Condition, ...]
    name_key: str
    event: str
    reached: int | None


@dataclass(frozen=True)
class DraftMeasure:
    """A measure of health. basis, basis_fields: key and fields of the comment on how its bounds were guessed."""

    id: str
    name_key: str
    kind: str
    measure: Condition
    red: int
    green: int
    weight: int | float
    missing: bool
    basis: str
    basis_fields: Mapping[str, str]


def usage_window(data: DraftData) -> Window | None:
    """The shortest window in which half of the customers have usage; `None` without usage or customers."""
    if data.usage is None:
        return None
    end = _last_month_end(data.as_of)
    customers = data.customers(end.date())
    window = None
    for months in _WINDOW_MONTHS if len(customers) else ():
        window = _window(data.usage, customers, end, months)
        if len(window.active) * 2 >= len(customers):
            break
    return window if window is not None and len(window.active) else None


def draft_levels(window: Window | None) -> tuple[DraftLevel, ...]:
    """Four levels, each reached by fewer customers than the one before, as far as the data allows."""
    if window is None:
        return tuple(
            DraftLevel(
                ({"value": "events", "at_least": n, "months": 3},), "amount" if n > 1 else "in_use", "*", None
            )
            for n in _EXAMPLE_LEVELS
        )
    has_many_events = window.by_event.shape[1] > _MAX_NAMED_EVENTS
    rules = list(_levels_by_breadth(window) if has_many_events else _levels_by_event(window))
    holds = pd.Series(True, window.customers.index)
    levels = []
    for conditions, name_key, event in rules:
        for condition in conditions:
            holds &= _value(window, condition) >= float(condition["at_least"])
        with_months = tuple({**c, "months": window.months} for c in conditions)
        levels.append(DraftLevel(with_months, name_key, event, int(holds.sum())))
    return tuple(levels)


def draft_measures(data: DraftData, window: Window | None) -> tuple[DraftMeasure, ...]:
    """Measures of health from each suitable table; an example measure where there is none."""
    measures = [*_usage_measures(window), *_ticket_measure(data), *_score_measures(data)]
    if measures:
        return tuple(measures)
    days: Condition = {"value": "days", "months": 3}
    return (DraftMeasure("active_days", "days", "quantitative", days, 1, 8, 1, False, "nothing", {}),)


def _last_month_end(as_of: date) -> pd.Timestamp:
    """The last day of the last complete month."""
    day = pd.Timestamp(as_of)
    return day if day.is_month_end else day.replace(day=1) - pd.Timedelta(days=1)


def _window(usage: pd.DataFrame, customers: pd.Index, end: pd.Timestamp, months: int) -> Window:
    first = end.replace(day=1) - pd.DateOffset(months=months - 1)
    rows = usage[(usage["month"] >= first) & (usage["month"] <= end) & usage["account_id"].isin(customers)]
    totals, event_rows = rows[rows["event"].isna()], rows.dropna(subset=["event"])
    frame = totals.groupby("account_id").agg(
        events=("events", "sum"), quantity=("quantity", "sum"), days=("days", "sum"), users=("users", "max")
    )
    frame["distinct_events"] = event_rows.groupby("account_id")["event"].nunique()
    by_event = event_rows.pivot_table(index="account_id", columns="event", values="events", aggfunc="sum")
    return Window(
        months, end.date(), frame.reindex(customers).fillna(0), by_event.reindex(customers).fillna(0)
    )


def _value(window: Window, condition: Condition) -> pd.Series:
    event = str(condition.get("event", "*"))
    return window.customers[str(condition["value"])] if event == "*" else window.by_event[event]


def _levels_by_breadth(window: Window) -> Iterator[tuple[tuple[Condition, ...], str, str]]:
    """Levels by the number of distinct events, the last also by the number of events."""
    yield ({"value": "events", "at_least": 1},), "in_use", "*"
    distinct, least = window.active["distinct_events"], 1
    for share, name_key in ((0.25, "some"), (0.5, "many"), (0.75, "most")):
        least = max(least + 1, math.ceil(distinct.quantile(share)))
        conditions: list[Condition] = [{"value": "distinct_events", "at_least": least}]
        if name_key == "most":
            least_events = max(2, math.ceil(window.active["events"].quantile(share)))
            conditions.append({"value": "events", "at_least": least_events})
        yield tuple(conditions), name_key, "*"


def _levels_by_event(window: Window) -> Iterator[tuple[tuple[Condition, ...], str, str]]:
    """Levels by single events, the most used first; further levels count the rarest of them."""
    reach = (window.by_event > 0).sum()
    frequent = reach[reach >= max(1, _MIN_SHARE * len(window.customers))]
    by_reach = sorted(frequent.index, key=lambda e: (-int(frequent[e]), str(e))) or [reach.idxmax()]
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
    least, remaining = 1, 4 - len(chosen)
    for n in range(1, remaining + 1):
        least = max(least + 1, math.ceil(amounts.quantile(1 - 1 / 4 - (remaining - n) / 4)))
        yield ({"event": str(rarest), "value": "events", "at_least": least},), "uses_often", str(rarest)


def _usage_measures(window: Window | None) -> Iterator[DraftMeasure]:
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
        yield DraftMeasure(
            id_, value, "quantitative", {"value": value, "months": window.months}, red, green, weight, True, "use",
            {"low": f"{numbers.quantile(0.1):g}", "usual": f"{numbers.median():g}",
             "high": f"{numbers.quantile(0.75):g}", "n": str(len(numbers))},
        )  # fmt: skip


def _ticket_measure(data: DraftData) -> Iterator[DraftMeasure]:
    tickets = data.table("tickets")
    if tickets is None:
        return
    end = _last_month_end(data.as_of)
    first = end.replace(day=1) - pd.DateOffset(months=2)
    customers = data.customers(end.date())
    opened = tickets[(tickets["opened_at"] >= first) & (tickets["opened_at"] < end + pd.Timedelta(days=1))]
    counts = opened.groupby("account_id").size().reindex(customers).fillna(0)
    if counts.empty:
        return
    red = max(1, math.ceil(counts.quantile(0.9)))
    yield DraftMeasure(
        "tickets", "tickets", "quantitative", {"source": "tickets", "value": "count", "months": 3}, red, 0, 1, False,
        "tickets", {"n": str(len(counts)), "usual": f"{counts.median():g}", "high": f"{counts.quantile(0.9):g}"},
    )  # fmt: skip


def _score_measures(data: DraftData) -> Iterator[DraftMeasure]:
    assessments, surveys = data.table("assessments"), data.table("surveys")
    for name, scores in () if assessments is None else assessments.groupby("measure"):
        yield DraftMeasure(
            str(name), "assessed", "qualitative",
            {"source": "assessments", "value": "score", "name": str(name), "months": 6}, 2, 4, 1, False, "assessed",
            {"n": str(len(scores)), "accounts": str(scores["account_id"].nunique()), "usual": f"{scores['score'].median():g}"},
        )  # fmt: skip
    answers = None if surveys is None or "nps" not in surveys else surveys["nps"].dropna()
    if answers is not None and len(answers):
        yield DraftMeasure(
            "nps", "nps", "qualitative", {"source": "surveys", "value": "nps", "months": 12}, 4, 8, 1, False, "nps",
            {"n": str(len(answers)), "usual": f"{answers.median():g}"},
        )  # fmt: skip
