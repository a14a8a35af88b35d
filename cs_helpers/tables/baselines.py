"""Tables of baselines: what is normal for each watched number, and departures from the usual level."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text

#: verdicts on the last day, week or month that are worth an alert
_ALERTS = ("more", "fewer", "more_from_none", "silent")


def normal(result: Result, text: Text) -> Listing:
    """One row for each watched number: its last day, week or month, the quarter, and new customers, each in a sentence.

    The page shows numbers of all customers, and those of segments that are unusual; the download has all of them.
    """
    rows, currency = result.tables["normal"], str(result.settings.get("currency", ""))
    sentences = pd.DataFrame(
        {
            "what": [text.watched(key) for key in rows["series"]],
            "last": [_last(row, text, currency) for row in rows.itertuples()],
            "quarter": [_quarter(row, text, currency) for row in rows.itertuples()],
            "new": [_new_customers(row, text) for row in rows.itertuples()],
        }
    )
    is_odd = rows["verdict"].isin(_ALERTS) | rows["year_verdict"].isin(("more", "fewer"))
    shown = sentences[((rows["segment"] == "all") | is_odd).to_numpy()].head(MAX_ROWS)
    columns = ["what", "last", "quarter", *(["new"] if (shown["new"] != "").any() else [])]
    verdict = result.verdicts["normal"]
    message = text(
        f"baselines.normal.{verdict.code}", **{k: text.number(v) for k, v in verdict.fields.items()}
    )
    page = table(shown, text.headings("baselines.normal", *columns), name="normal", message=message)
    numbers = (
        "value", "usual", "low", "high", "n", "quarter_value", "year_usual", "year_low", "year_high", "years",
        "each", "earlier_each", "age_ratio", "age_low", "age_high", "customers",
    )  # fmt: skip
    days = rows["day"].dt.strftime("%Y-%m-%d")
    all_rows = sentences.assign(day=days.to_numpy(), **{n: rows[n].round(3).to_numpy() for n in numbers})
    headings = text.headings("baselines.normal", *all_rows)
    return replace(page, is_stacked=True, all_rows=all_rows.rename(columns=headings))


def _last(row: Any, text: Text, currency: str) -> str:
    """What is said of the last day, week or month of a number."""
    if row.day != row.day:
        return text("baselines.normal.last.nothing")
    day = row.day.date()

    def write(value: float) -> str:
        return format_value(value, row.unit, text, currency)

    seen = text(
        "baselines.normal.seen_money" if row.unit == "currency" else "baselines.normal.seen",
        value=write(row.value),
        unit=text.label("unit", row.baseline),
        when=text(
            f"baselines.normal.when.{row.every}",
            day=text.day(day),
            weekday=text.weekday(day),
            month=text.month(day),
        ),
    )
    basis = "closed_week" if (row.basis, row.every) == ("closed_day", "week") else row.basis
    usually = text(f"baselines.normal.usually.{basis}", weekday=text.weekday(day))
    return text(
        f"baselines.normal.last.{row.verdict}", seen=seen, usually=usually, low=write(row.low), usual=write(row.usual), high=write(row.high),
        n=text.number(row.n),
        day=text.day(day),
    )  # fmt: skip


def _quarter(row: Any, text: Text, currency: str) -> str:
    """What is said of the quarter of a number against past years."""
    unit = "amount" if row.unit == "count" else row.unit  # the mean of counts is no whole number
    value, usual, low, high = (
        format_value(v, unit, text, currency)
        for v in (row.quarter_value, row.year_usual, row.year_low, row.year_high)
    )
    return text(
        f"baselines.normal.quarter_{row.year_verdict}", value=value, usual=usual, low=low, high=high,
        every=text(f"baselines.every.{row.summed_over}"), years=text.number(row.years),
    )  # fmt: skip


def _new_customers(row: Any, text: Text) -> str:
    """What is said of the first month of new customers; '' where it cannot be compared."""
    if not isinstance(row.age_verdict, str):
        return ""
    return text(
        f"baselines.normal.new_{row.age_verdict}", each=text.amount(row.each), earlier=text.amount(row.earlier_each),
        ratio=text.number(row.age_ratio, 2), low=text.number(row.age_low, 2), high=text.number(row.age_high, 2),
        n=text.number(row.customers),
    )  # fmt: skip


def departures(result: Result, text: Text) -> Listing:
    """Episodes of the quarter that depart from the usual level."""
    rows = result.tables["departures"]
    days = [(a.date(), b.date()) for a, b in zip(rows["starts_on"], rows["ends_on"], strict=True)]
    all_rows = rows.assign(
        what=[text.watched(key) for key in rows["series"]],
        when=[a.isoformat() if a == b else f"{a.isoformat()}/{b.isoformat()}" for a, b in days],
        odd=rows["periods"],
        seen=rows["value"].round(1),
        normal=rows["usual"].round(1),
        times=rows["ratio"].round(2),
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["when"] = [text.span(a, b) for a, b in days[:MAX_ROWS]]
    frame["odd"] = [
        text(f"baselines.departures.odd_{every}", n=text.number(n))
        for n, every in zip(frame["periods"], frame["every"], strict=True)
    ]
    frame["seen"] = [text.amount(v) for v in frame["value"]]
    frame["normal"] = [text.amount(v) for v in frame["usual"]]
    frame["times"] = [f"× {text.number(v, 2)}" if v == v else "–" for v in frame["ratio"]]
    headings = text.headings("baselines.departures", "what", "when", "odd", "seen", "normal", "times")
    return table(
        frame, headings, name="departures", right=("odd", "seen", "normal", "times"), all_rows=all_rows
    )
