"""The steps of the journey that each customer or user reached, by the funnel that the product declares."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import numpy as np
import pandas as pd

from cs_helpers.contract.products import ExclusionRule, Journey
from cs_helpers.customers.measures import matches_event
from cs_helpers.result import Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.snapshot.positions import positions_in
from cs_helpers.statistics.funnels import Exclusion, Funnel, Mode, attempts


def reached_steps(
    data: ProductData, journey: Journey, steps: list[str], since: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """The times at which each unit reached each step, for units that entered from `since` on; NaT: not before `end`.

    steps: the recorded steps of the journey, in order. Index: account_id, and user_id where the journey's unit is a
    user. Columns: `steps`; with mode `unordered` the n-th column is the time of the n-th distinct step.

    All modes except `milestones` use every occurrence of a step. The usage log is reduced to days, so where a step is
    one of usage, all times are compared by day, and steps on the same day are taken in the order of the journey. A
    step recorded without a user counts for each user of the account.
    """
    keys = ["account_id", "user_id"] if journey.unit == "user" else ["account_id"]
    rows = _recorded_events(data, journey, end)
    if rows.empty:
        return pd.DataFrame(columns=steps, index=pd.Index([], name="account_id"), dtype="datetime64[us]")
    if journey.mode == "milestones":
        times = _first_times(rows, keys, steps)
        # the latest of a step and those before it; NaT from the first one on that is missing
        latest = np.maximum.accumulate(times.to_numpy("datetime64[us]"), axis=1)
        times = pd.DataFrame(latest, index=times.index, columns=times.columns)
    else:
        if journey.unit == "account":
            rows = _with_usage_days(rows, data, journey, end)
        times = _funnel_times(rows, journey, steps, keys)
    times.columns.name = None
    entry_times = times[steps[0]]
    return times[entry_times.notna() & (entry_times >= since)]


def step_transitions(data: ProductData, units: pd.Index, steps: list[str], end: pd.Timestamp) -> pd.DataFrame:
    """Transitions between consecutively recorded steps.

    units: the accounts to include. Columns: before, step, customers (with this transition at least once), ahead
    (number of steps forward; negative: backward). Repetitions of a step are ignored, simultaneous steps are taken in
    the order of the journey, and of a usage step only the first time counts.
    """
    rows = data["milestones"]
    # numbers instead of texts: a million rows are sorted in a tenth of the time
    account, position = positions_in(units, rows["account_id"]), positions_in(pd.Index(steps), rows["step"])
    known = (account >= 0) & (position >= 0) & (rows["reached_at"] < end).to_numpy()
    sequence = pd.DataFrame(
        {
            "account": account[known],
            "reached_at": rows["reached_at"].to_numpy()[known].astype("int64"),
            "position": position[known],
        }
    ).sort_values(["account", "reached_at", "position"], ignore_index=True)
    usage_steps = [
        steps.index(s.step) for s in data.product.journey.steps if s.rule.repeatable_event and s.step in steps
    ]
    is_repetition = sequence["position"].isin(usage_steps) & sequence.duplicated(["account", "position"])
    sequence = sequence[~is_repetition]
    before = sequence["position"].shift()
    is_transition = (sequence["account"] == sequence["account"].shift()) & (before != sequence["position"])
    sequence = sequence[is_transition].assign(before=before[is_transition].astype("int64"))
    transitions = (
        sequence.groupby(["before", "position"])["account"].nunique().rename("customers").reset_index()
    )
    transitions["ahead"] = transitions["position"] - transitions["before"]
    names = np.array(steps, dtype=object)
    transitions = transitions.assign(before=names[transitions["before"]], step=names[transitions["position"]])
    return transitions[["before", "step", "customers", "ahead"]]


def transitions_verdict(transitions: pd.DataFrame) -> Verdict:
    """The share of transitions to the next step, and the most frequent other transition.

    transitions: the table of `step_transitions`, with at least one that is not to the next step. `message` (share;
    before, step, customers: of the other transition).
    """
    to_next, other = (
        transitions[transitions["ahead"] == 1],
        transitions[transitions["ahead"] != 1].nlargest(1, "customers").iloc[0],
    )
    return Verdict(
        "message",
        {
            "share": float(to_next["customers"].sum() / transitions["customers"].sum()),
            "before": other["before"],
            "step": other["step"],
            "customers": int(other["customers"]),
        },
    )


def compares_days(journey: Journey) -> bool:
    """Whether the funnel compares days instead of times, because usage is known by day only."""
    return journey.mode != "milestones" and journey.unit == "account" and bool(_usage_patterns(journey))


def unrecorded_exclusions(data: ProductData, journey: Journey) -> list[str]:
    """The exclusions that never occur in the data, perhaps because they are misspelt."""
    recorded = set(data["milestones"]["step"].unique()) if journey.exclusions else set()
    return [
        excluded.event or excluded.milestone_name
        for excluded in journey.exclusions
        if not (
            matches_event(data["usage_daily"]["event"], excluded.event).any()
            if excluded.event
            else _exclusion_event(excluded, journey) in recorded
        )
    ]


def _usage_patterns(journey: Journey) -> dict[str, str]:
    """The steps and exclusions that are usage, and the patterns of their events."""
    uses = {s.step: s.rule.repeatable_event for s in journey.steps if s.rule.repeatable_event}
    return uses | {_exclusion_event(x, journey): x.event for x in journey.exclusions if x.event}


def _first_times(rows: pd.DataFrame, keys: list[str], steps: list[str]) -> pd.DataFrame:
    """The first time of each step (columns) of each unit that took any of them; NaT: never."""
    step = positions_in(pd.Index(steps), rows["event"])
    rows, step = rows[step >= 0], step[step >= 0]
    units = rows.groupby(keys, sort=True)
    index, unit = units.size().index, units.ngroup().to_numpy()
    # in numbers: the least of each group of three texts takes ten times as long
    never = np.iinfo("int64").max
    first = np.full((len(index), len(steps)), never)
    np.minimum.at(first, (unit, step), rows["occurred_at"].to_numpy("datetime64[us]").astype("int64"))
    first[first == never] = np.iinfo("int64").min  # what numpy reads as NaT
    return pd.DataFrame(first.view("datetime64[us]"), index=index, columns=steps)


def _funnel_times(rows: pd.DataFrame, journey: Journey, steps: list[str], keys: list[str]) -> pd.DataFrame:
    exclusions = [x for x in journey.exclusions if {x.after, x.before} <= set(steps)]
    funnel = Funnel(
        tuple(steps),
        timedelta(days=journey.window_days),
        cast(Mode, journey.mode),
        journey.entry,
        tuple(
            Exclusion(
                _exclusion_event(x, journey), steps.index(x.after) + 1, steps.index(x.before) + 1, x.effect
            )
            for x in exclusions
        ),
    )
    units = rows.groupby(keys, sort=True)
    table = attempts(rows.assign(unit=units.ngroup())[["unit", "event", "occurred_at"]], funnel)
    index = units.size().index[table["unit"]]
    times = table[[f"at_{k}" for k in range(1, len(steps) + 1)]].astype("datetime64[us]")
    return times.set_axis(steps, axis=1).set_axis(index, axis=0)


def _exclusion_event(excluded: ExclusionRule, journey: Journey) -> str:
    """The event of an exclusion in the stream."""
    return next((s.step for s in journey.steps if excluded.is_step(s)), excluded.milestone_name)


def _recorded_events(data: ProductData, journey: Journey, end: pd.Timestamp) -> pd.DataFrame:
    """All recorded milestones before `end`: account_id, user_id, event, occurred_at."""
    rows = data["milestones"].rename(columns={"step": "event", "reached_at": "occurred_at"})
    rows = rows.loc[rows["occurred_at"] < end, ["account_id", "user_id", "event", "occurred_at"]]
    if journey.unit == "account":
        return rows
    has_user = rows["user_id"].notna()
    users = rows.loc[has_user, ["account_id", "user_id"]].drop_duplicates()
    of_account = rows[~has_user].drop(columns="user_id").merge(users, on="account_id")
    return pd.concat([rows[has_user], of_account], ignore_index=True)


def _with_usage_days(
    rows: pd.DataFrame, data: ProductData, journey: Journey, end: pd.Timestamp
) -> pd.DataFrame:
    """The rows by day, with each day of usage that is a step or an exclusion."""
    uses = _usage_patterns(journey)
    if not uses:
        return rows
    daily = data["usage_daily"]
    daily = daily[daily["day"] < end]
    parts = [rows[~rows["event"].isin(uses)]]
    for event, pattern in uses.items():
        days = daily.loc[matches_event(daily["event"], pattern), ["account_id", "day"]].drop_duplicates()
        parts.append(days.rename(columns={"day": "occurred_at"}).assign(event=event))
    days = pd.concat(parts, ignore_index=True)
    return days.assign(occurred_at=days["occurred_at"].dt.normalize())
