"""What was used while somebody waited for a step: contents and tools as planned, and what else touches were about."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cs_helpers.contract.products import Sign, Step
from cs_helpers.customers.measures import named
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED


def planned(data: ProductData, steps: Sequence[Step]) -> list[tuple[str, str, Sign]]:
    """What the product file plans for a step and the data can show: step, kind (`contents`, `tools`), its sign."""
    return [
        (step.step, kind, sign)
        for step in steps
        for kind, sign in (("contents", step.contents_seen), ("tools", step.tools_seen))
        if sign is not None and not data.missing("touches" if sign.touch else "usage")
    ]


def never_seen(data: ProductData, steps: Sequence[Step]) -> list[str]:
    """The signs of planned contents and tools that the data never shows: perhaps they are misspelt."""
    return [
        str(sign.touch or sign.event)
        for _, _, sign in planned(data, steps)
        if not (
            named(data["touches"]["content"].dropna(), sign.touch)
            if sign.touch
            else named(data["usage_daily"]["event"], str(sign.event))
        ).any()
    ]


def watched_since(data: ProductData, steps: Sequence[Step]) -> pd.Timestamp:
    """The day from which uses are known: a wait that began before may have had some that nobody recorded."""
    firsts = [data["touches"]["occurred_at"].min()]
    if any(sign.event for _, _, sign in planned(data, steps)):
        firsts.append(data["active_daily"]["day"].min())
    known = [first.normalize() for first in firsts if first == first]
    return max(known, default=pd.Timestamp.min)


def watched_until(data: ProductData, steps: Sequence[Step], end: pd.Timestamp) -> pd.Timestamp:
    """The moment up to which uses are known, at most `end`: after it nobody recorded what was used."""
    tables = ["touches", *(["usage"] if any(sign.event for _, _, sign in planned(data, steps)) else [])]
    known = [data.coverage.tables[t].last for t in tables if t in data.coverage.tables]
    return min([end, *(pd.Timestamp(last) + pd.Timedelta(days=1) for last in known)])


def watched(data: ProductData, waits: pd.DataFrame, steps: Sequence[Step], end: pd.Timestamp) -> pd.DataFrame:
    """The waits whose uses are known: those that began after `watched_since`, up to `watched_until`.

    waits: began, days, outcome (`survival`) and others, which stay. One that lasted longer counts as still going on then.
    """
    until = watched_until(data, steps, end)
    seen = waits[(waits["began"] >= watched_since(data, steps)) & (waits["began"] < until)]
    most = (until - seen["began"]) / pd.Timedelta(days=1)
    longer = seen["days"] > most
    return seen.assign(
        days=seen["days"].where(~longer, most), outcome=seen["outcome"].where(~longer, CENSORED)
    )


def used(data: ProductData, waits: pd.DataFrame, steps: Sequence[Step], end: pd.Timestamp) -> pd.DataFrame:
    """The first use of what may help with a step while somebody waited for it, before `end`.

    waits: account_id, step, began, days; each with an index of its own. Columns: wait (that index), step,
    kind (`contents` and `tools` as planned, `touch`: what else touches were about), what (of a touch
    its content, else ''), since (days of the wait after which it counts: from the day after, so that
    what belongs to the step itself is none). A touch that names another step is not counted, nor is a notice.
    """
    asked = waits[["account_id", "step", "began", "days"]].assign(wait=waits.index)
    touches = data["touches"].rename(columns={"occurred_at": "used_at", "content": "what", "step": "about"})
    touches = touches[(touches["used_at"] < end) & (touches["kind"] != "churn_notice")]
    touches = touches.dropna(subset=["what"])[["account_id", "used_at", "what", "about"]]
    seen = asked.merge(touches, on="account_id")
    seen = seen[seen["about"].isna() | (seen["about"] == seen["step"])].assign(kind="touch")
    parts = [seen]
    for step, kind, sign in planned(data, steps):
        if sign.touch:
            own = (seen["step"] == step).to_numpy() & named(seen["what"], sign.touch)
            seen["kind"], seen["what"] = seen["kind"].mask(own, kind), seen["what"].mask(own, "")
        else:
            daily = data["usage_daily"]
            days = daily.loc[
                named(daily["event"], str(sign.event)) & (daily["day"] < end), ["account_id", "day"]
            ]
            own = asked[asked["step"] == step].merge(days.rename(columns={"day": "used_at"}), on="account_id")
            parts.append(own.assign(kind=kind, what=""))
    each = pd.concat(parts, ignore_index=True)
    each = each[each["used_at"] >= each["began"]]
    since = (each["used_at"].dt.normalize() - each["began"]) / pd.Timedelta(days=1) + 1
    each = each.assign(since=since)[since < each["days"]]
    return each.groupby(["wait", "step", "kind", "what"], sort=True)["since"].min().reset_index()
