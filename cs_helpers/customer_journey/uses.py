"""Uses during waits for a step: planned contents and tools, and the subjects of other touches."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from cs_helpers.contract.products import Sign, Step
from cs_helpers.customers.measures import matches_event
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED

#: the days of a wait within which a planned content or tool is due
DUE_DAYS = 30


def planned_signs(data: ProductData, steps: Sequence[Step]) -> list[tuple[str, str, Sign]]:
    """The contents and tools that the product file plans and the data can show: step, kind (`contents`, `tools`), sign."""
    return [
        (step.step, kind, sign)
        for step in steps
        for kind, sign in (("contents", step.contents_seen), ("tools", step.tools_seen))
        if sign is not None and not data.missing("touches" if sign.touch else "usage")
    ]


def unseen_signs(data: ProductData, steps: Sequence[Step]) -> list[str]:
    """The signs of planned contents and tools that never occur in the data, perhaps because they are misspelt."""
    return [
        str(sign.touch or sign.event)
        for _, _, sign in planned_signs(data, steps)
        if not (
            matches_event(data["touches"]["content"].dropna(), sign.touch)
            if sign.touch
            else matches_event(data["usage_daily"]["event"], str(sign.event))
        ).any()
    ]


def uses_known_from(data: ProductData, steps: Sequence[Step]) -> pd.Timestamp:
    """The day from which uses are recorded; earlier waits may have had uses that nobody recorded."""
    firsts = [data["touches"]["occurred_at"].min()]
    if any(sign.event for _, _, sign in planned_signs(data, steps)):
        firsts.append(data["active_daily"]["day"].min())
    first_days = [first.normalize() for first in firsts if first == first]
    return max(first_days, default=pd.Timestamp.min)


def uses_known_until(data: ProductData, steps: Sequence[Step], end: pd.Timestamp) -> pd.Timestamp:
    """The time until which uses are recorded, at most `end`."""
    tables = ["touches", *(["usage"] if any(sign.event for _, _, sign in planned_signs(data, steps)) else [])]
    last_days = [data.coverage.tables[t].last for t in tables if t in data.coverage.tables]
    return min([end, *(pd.Timestamp(last) + pd.Timedelta(days=1) for last in last_days)])


def observed_waits(
    data: ProductData, waits: pd.DataFrame, steps: Sequence[Step], end: pd.Timestamp
) -> pd.DataFrame:
    """The waits that began while uses were recorded (`uses_known_from`), censored at `uses_known_until`.

    waits: began, days, outcome (`survival`), and other columns, which are kept.
    """
    until = uses_known_until(data, steps, end)
    observed = waits[(waits["began"] >= uses_known_from(data, steps)) & (waits["began"] < until)]
    max_days = (until - observed["began"]) / pd.Timedelta(days=1)
    is_longer = observed["days"] > max_days
    return observed.assign(
        days=observed["days"].where(~is_longer, max_days),
        outcome=observed["outcome"].where(~is_longer, CENSORED),
    )


def first_uses(
    data: ProductData, waits: pd.DataFrame, steps: Sequence[Step], end: pd.Timestamp
) -> pd.DataFrame:
    """The first use of each content, tool or touch during each wait, before `end`.

    waits: account_id, step, began, days; with a unique index. Columns: wait (its index), step, kind (`contents` and
    `tools` as planned, `touch` for other touches), what (the content of a touch, else ''), since (the day of the wait
    from which it counts: the day after the use, so that uses on the day of the step itself do not). Touches about
    another step and churn notices are left out.
    """
    wait_rows = waits[["account_id", "step", "began", "days"]].assign(wait=waits.index)
    touches = data["touches"].rename(columns={"occurred_at": "used_at", "content": "what", "step": "about"})
    touches = touches[(touches["used_at"] < end) & (touches["kind"] != "churn_notice")]
    touches = touches.dropna(subset=["what"])[["account_id", "used_at", "what", "about"]]
    touch_uses = wait_rows.merge(touches, on="account_id")
    touch_uses = touch_uses[touch_uses["about"].isna() | (touch_uses["about"] == touch_uses["step"])].assign(
        kind="touch"
    )
    parts = [touch_uses]
    for step, kind, sign in planned_signs(data, steps):
        if sign.touch:
            is_planned = (touch_uses["step"] == step).to_numpy() & matches_event(
                touch_uses["what"], sign.touch
            )
            touch_uses["kind"], touch_uses["what"] = (
                touch_uses["kind"].mask(is_planned, kind),
                touch_uses["what"].mask(is_planned, ""),
            )
        else:
            daily = data["usage_daily"]
            days = daily.loc[
                matches_event(daily["event"], str(sign.event)) & (daily["day"] < end), ["account_id", "day"]
            ]
            step_uses = wait_rows[wait_rows["step"] == step].merge(
                days.rename(columns={"day": "used_at"}), on="account_id"
            )
            parts.append(step_uses.assign(kind=kind, what=""))
    uses = pd.concat(parts, ignore_index=True)
    uses = uses[uses["used_at"] >= uses["began"]]
    since = (uses["used_at"].dt.normalize() - uses["began"]) / pd.Timedelta(days=1) + 1
    uses = uses.assign(since=since)[since < uses["days"]]
    return uses.groupby(["wait", "step", "kind", "what"], sort=True)["since"].min().reset_index()


def used_in_time(waits: pd.DataFrame, uses: pd.DataFrame, steps: Collection[str]) -> pd.Series:
    """Whether a planned content or tool was used within `DUE_DAYS`, of each wait in which one was due.

    waits: step, days. uses: the table of `first_uses`. steps: those with a planned content or tool. Waits shorter than
    `DUE_DAYS` are left out, because nothing was due yet. Index: of waits.
    """
    due = waits[waits["step"].isin(steps) & (waits["days"] >= DUE_DAYS)]
    in_time = uses[(uses["kind"] != "touch") & (uses["since"] <= DUE_DAYS + 1)]
    return pd.Series(due.index.isin(in_time["wait"]), index=due.index)
