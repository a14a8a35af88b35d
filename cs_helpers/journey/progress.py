"""How far each customer, or each user, came on the journey, by the funnel that the product declares."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import numpy as np
import pandas as pd

from cs_helpers.contract.products import ExclusionRule, Journey
from cs_helpers.customers.measures import named
from cs_helpers.result import Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.funnels import Exclusion, Funnel, Mode, attempts


def came(
    data: ProductData, journey: Journey, steps: list[str], since: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """When each unit that entered from `since` on had come as far as each step, before `end`; NaT: not yet.

    steps: those of the journey that are recorded, in order. Index: account_id, and user_id where the
    journey's unit is a user. Columns: `steps`; with mode `unordered` the n-th is that of the n-th
    different step.

    Modes but `milestones` look at every time of a step. The log is reduced by the day, so where one
    of them is a step of use the days are compared: what happens on one day is taken in the order of
    the steps. A step of the account is one of each of its users.
    """
    keys = ["account_id", "user_id"] if journey.unit == "user" else ["account_id"]
    rows = _recorded(data, journey, end)
    if rows.empty:
        return pd.DataFrame(columns=steps, index=pd.Index([], name="account_id"), dtype="datetime64[us]")
    if journey.mode == "milestones":
        rows = rows[rows["event"].isin(steps)]
        times = rows.pivot_table(index=keys, columns="event", values="occurred_at", aggfunc="min")
        times = times.reindex(columns=steps).astype("datetime64[us]")
        far = times.astype("int64").where(times.notna()).cummax(axis=1, skipna=False)
        times = far.apply(pd.to_datetime, unit="us")
    else:
        if journey.unit == "account":
            rows = _with_use(rows, data, journey, end)
        times = _attempted(rows, journey, steps, keys)
    times.columns.name = None
    entered = times[steps[0]]
    return times[entered.notna() & (entered >= since)]


def ways(data: ProductData, units: pd.Index, steps: list[str], end: pd.Timestamp) -> pd.DataFrame:
    """From which step to which customers went, in the order in which it was recorded.

    units: the accounts that are looked at. Columns: before, step, customers (that went this way at
    least once), ahead (how many steps further on; negative: back). A step again is no way; steps of one
    moment are taken in their order. Of a step of use the first time is looked at.
    """
    rows = data["milestones"].sort_values("reached_at")
    rows = rows[rows["account_id"].isin(units) & rows["step"].isin(steps) & (rows["reached_at"] < end)]
    once = [s.step for s in data.product.journey.steps if s.rule.repeatable_event]
    again = rows["step"].isin(once) & rows.duplicated(["account_id", "step"])
    rows = rows[~again]
    place = {step: n for n, step in enumerate(steps)}
    line = pd.DataFrame(
        {
            "account_id": rows["account_id"],
            "reached_at": rows["reached_at"],
            "place": rows["step"].map(place).astype("int64"),
        }
    ).sort_values(["account_id", "reached_at", "place"], ignore_index=True)
    before = line.groupby("account_id")["place"].shift()
    moved = before.notna() & (before != line["place"])
    line = line[moved].assign(before=before[moved].astype("int64"))
    found = line.groupby(["before", "place"])["account_id"].nunique().rename("customers").reset_index()
    found["ahead"] = found["place"] - found["before"]
    names = np.array(steps, dtype=object)
    found = found.assign(before=names[found["before"]], step=names[found["place"]])
    return found[["before", "step", "customers", "ahead"]]


def detour(found: pd.DataFrame) -> Verdict:
    """How many go straight on, and the other way that most went; found: as `ways` gives it, with one such way.

    `message` (share: of the moves that go straight on; before, step, customers: of the other way).
    """
    straight, other = found[found["ahead"] == 1], found[found["ahead"] != 1].nlargest(1, "customers").iloc[0]
    return Verdict(
        "message",
        {
            "share": float(straight["customers"].sum() / found["customers"].sum()),
            "before": other["before"],
            "step": other["step"],
            "customers": int(other["customers"]),
        },
    )


def by_day(journey: Journey) -> bool:
    """Whether the funnel compares days: a step of use is known by the day alone."""
    return journey.mode != "milestones" and journey.unit == "account" and bool(_uses(journey))


def never_recorded(data: ProductData, journey: Journey) -> list[str]:
    """The exclusions that the data never shows: perhaps they are misspelt."""
    recorded = set(data["milestones"]["step"])
    return [
        excluded.event or excluded.milestone_name
        for excluded in journey.exclusions
        if not (
            named(data["usage_daily"]["event"], excluded.event).any()
            if excluded.event
            else _named(excluded, journey) in recorded
        )
    ]


def _uses(journey: Journey) -> dict[str, str]:
    """The events of the stream that are events of use, and their patterns."""
    uses = {s.step: s.rule.repeatable_event for s in journey.steps if s.rule.repeatable_event}
    return uses | {_named(x, journey): x.event for x in journey.exclusions if x.event}


def _attempted(rows: pd.DataFrame, journey: Journey, steps: list[str], keys: list[str]) -> pd.DataFrame:
    exclusions = [x for x in journey.exclusions if {x.after, x.before} <= set(steps)]
    funnel = Funnel(
        tuple(steps),
        timedelta(days=journey.window_days),
        cast(Mode, journey.mode),
        journey.entry,
        tuple(
            Exclusion(_named(x, journey), steps.index(x.after) + 1, steps.index(x.before) + 1, x.effect)
            for x in exclusions
        ),
    )
    units = rows.groupby(keys, sort=True)
    found = attempts(rows.assign(unit=units.ngroup())[["unit", "event", "occurred_at"]], funnel)
    index = units.size().index[found["unit"]]
    times = found[[f"at_{k}" for k in range(1, len(steps) + 1)]].astype("datetime64[us]")
    return times.set_axis(steps, axis=1).set_axis(index, axis=0)


def _named(excluded: ExclusionRule, journey: Journey) -> str:
    """What an exclusion is called in the stream."""
    return next((s.step for s in journey.steps if excluded.is_step(s)), excluded.milestone_name)


def _recorded(data: ProductData, journey: Journey, end: pd.Timestamp) -> pd.DataFrame:
    """What is recorded of the journey and beside it: account_id, user_id, event, occurred_at."""
    rows = data["milestones"].rename(columns={"step": "event", "reached_at": "occurred_at"})
    rows = rows.loc[rows["occurred_at"] < end, ["account_id", "user_id", "event", "occurred_at"]]
    if journey.unit == "account":
        return rows
    own = rows["user_id"].notna()
    users = rows.loc[own, ["account_id", "user_id"]].drop_duplicates()
    shared = rows[~own].drop(columns="user_id").merge(users, on="account_id")
    return pd.concat([rows[own], shared], ignore_index=True)


def _with_use(rows: pd.DataFrame, data: ProductData, journey: Journey, end: pd.Timestamp) -> pd.DataFrame:
    """The same with each day of use that is a step or excluded; then all of it by the day."""
    uses = _uses(journey)
    if not uses:
        return rows
    daily = data["usage_daily"]
    daily = daily[daily["day"] < end]
    parts = [rows[~rows["event"].isin(uses)]]
    for event, pattern in uses.items():
        days = daily.loc[named(daily["event"], pattern), ["account_id", "day"]].drop_duplicates()
        parts.append(days.rename(columns={"day": "occurred_at"}).assign(event=event))
    days = pd.concat(parts, ignore_index=True)
    return days.assign(occurred_at=days["occurred_at"].dt.normalize())
