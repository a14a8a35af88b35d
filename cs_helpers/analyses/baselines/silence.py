"""What is not recorded within the quarter, and why: a log that ended, a gap, or a number that fell to nothing."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cs_helpers.contract.baselines import Baseline
from cs_helpers.contract.coverage import Period
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Note
from cs_helpers.snapshot import ProductData

#: where at least this many customers fall silent on the same day, the export has ended
MIN_SILENT_CUSTOMERS = 10
#: silence of what is watched, while the log that would show it goes on: an alarm; the others say that a log ended
ALARMS = ("silent_event", "silent_product")

#: sources that are logs: a day without rows within them means none
LOGS = ("usage", "tickets", "touches", "surveys")


def coverage_notes(data: ProductData, baseline: Baseline, period: Period, quarter: Quarter) -> list[Note]:
    """Notes on the days of the quarter of which the data says nothing: gaps, silence, a late begin."""
    notes, (start, end) = [], (quarter.start, quarter.end)
    for first, last in period.gaps:
        if first <= end and last >= start:
            notes.append(Note("gap", "series", {"baseline": baseline.name, "first": first, "last": last}))
    if period.silent_since is not None and period.silent_since <= end:
        notes.append(silence_note(data, baseline, period.silent_since))
    if period.first > start:
        notes.append(Note("begins_late", "series", {"baseline": baseline.name, "since": period.first}))
    return notes


def silence_note(data: ProductData, baseline: Baseline, since: date) -> Note:
    """Why nothing is recorded since a day, with the number of customers who had rows in the two weeks before.

    Explained by whether rows of other events or products go on, and by how many customers fell silent on that day:
    `silent_event`: the log goes on without this event; `silent_product`: the table goes on for other products;
    `silent_log`: so many customers fell silent together that the export ended; `silent_few`: either of the two.
    """
    customers = _count_recent_customers(data, baseline.source, since)
    end_of_log = data.coverage.tables[baseline.source].silent_since
    if end_of_log is None or since < end_of_log:
        code = "silent_event"
    elif baseline.source in data.coverage.active_elsewhere:
        code = "silent_product"
    else:
        code = "silent_log" if customers >= MIN_SILENT_CUSTOMERS else "silent_few"
    return Note(code, "series", {"baseline": baseline.name, "since": since, "customers": customers})


def is_unknown(period: Period, quarter: Quarter) -> bool:
    """Whether the data covers no day of the quarter."""
    since = period.silent_since
    return period.first > quarter.end or (since is not None and since <= quarter.start)


def _count_recent_customers(data: ProductData, source: str, since: date) -> int:
    """The number of customers with rows in a table in the two weeks before it fell silent."""
    times = {"usage": "day", "tickets": "opened_at", "touches": "occurred_at", "surveys": "answered_on"}
    rows, time = data["active_daily" if source == "usage" else source], times[source]
    end = pd.Timestamp(since)
    inside = (rows[time] < end) & (rows[time] >= end - pd.Timedelta(days=14))
    return int(rows.loc[inside, "account_id"].nunique())
