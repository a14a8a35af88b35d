"""The measures that product files declare, for each account at the end of each month."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.products import Measure
from cs_helpers.snapshot import ProductData, matching

#: the table without which a measure of each source is unknown
NEEDS = {
    "usage": "usage",
    "tickets": "tickets",
    "touches": "touches",
    "surveys": "surveys",
    "assessments": "assessments",
}


def monthly(data: ProductData, measure: Measure, months: pd.DatetimeIndex) -> pd.DataFrame:
    """A measure over the months up to each month.

    Rows: account_id. Columns: `months` (first days). Unknown is NaN: the table was not given, or
    nobody answered; no use and no tickets are 0.
    """
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    if NEEDS[measure.source] not in data.given:
        return pd.DataFrame(float("nan"), index=accounts, columns=months)
    earlier = pd.date_range(end=months[0], periods=measure.months, freq="MS")[:-1]
    wide = earlier.append(months)

    def table(rows: pd.DataFrame, value: str, how: str) -> pd.DataFrame:
        pivot = rows.pivot_table(index="account_id", columns="month", values=value, aggfunc=how)
        return pivot.reindex(index=accounts, columns=wide).astype("float64")

    if measure.source == "usage":
        found = _usage(data, measure, table)
    elif measure.source in ("tickets", "touches"):
        column = "opened_at" if measure.source == "tickets" else "occurred_at"
        rows = data[measure.source]
        if measure.source == "touches":
            rows = rows[rows["kind"] != "churn_notice"]
        rows = rows.assign(month=_month(rows[column]), one=1.0)
        found = _window(table(rows, "one", "sum").fillna(0.0), measure.months, "sum")
    elif measure.source == "surveys":
        rows = data["surveys"].dropna(subset=["nps"])
        rows = rows.assign(month=_month(rows["answered_on"]), one=1.0, nps=rows["nps"].astype("float64"))
        total = _window(table(rows, "nps", "sum").fillna(0.0), measure.months, "sum")
        answers = _window(table(rows, "one", "sum").fillna(0.0), measure.months, "sum")
        found = (total / answers).where(answers > 0)
    else:
        rows = data["assessments"]
        rows = rows[rows["measure"] == measure.name].sort_values("assessed_on")
        rows = rows.assign(month=_month(rows["assessed_on"]), score=rows["score"].astype("float64"))
        latest = table(rows, "score", "last")
        found = latest.T.ffill(limit=measure.months - 1).T if measure.months > 1 else latest
    return found[months]


def _usage(data: ProductData, measure: Measure, table) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    usage = data["usage_monthly"]
    named = usage["event"].notna()
    if measure.value == "distinct_events":
        rows = usage[named & matching(usage["event"], measure.event)]
        used = [
            _window(table(part.assign(one=1.0), "one", "max").fillna(0.0), measure.months, "max")
            for _, part in rows.groupby("event")
        ]
        return sum(used[1:], used[0]) if used else table(rows.assign(one=1.0), "one", "max").fillna(0.0)
    if measure.value == "days" and measure.event != "*":
        # a day on which several of the events were done is one day
        rows = data["usage_daily"]
        rows = rows[matching(rows["event"], measure.event)].drop_duplicates(["account_id", "day"])
        rows = rows.assign(month=_month(rows["day"]), one=1.0)
        return _window(table(rows, "one", "sum").fillna(0.0), measure.months, "sum")
    # the row without an event counts each day and user once, whatever events there were
    rows = usage[~named] if measure.event == "*" else usage[named & matching(usage["event"], measure.event)]
    rows = rows.assign(**{measure.value: rows[measure.value].astype("float64")})
    how = "max" if measure.value == "users" else "sum"
    return _window(table(rows, measure.value, how).fillna(0.0), measure.months, how)


def _window(per_month: pd.DataFrame, months: int, how: str) -> pd.DataFrame:
    rolled = per_month.T.rolling(months, min_periods=1)
    return (rolled.sum() if how == "sum" else rolled.max()).T


def _month(when: pd.Series) -> pd.Series:
    return when.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
