"""Rows that may be kept for a time only: a snapshot holds them until it is deleted, but gives them to nobody after their day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cs_helpers.contract.tables import TABLES

if TYPE_CHECKING:  # opening a snapshot does not need them
    import pandas as pd
    import pyarrow as pa

#: the tables whose rows have a last day -> the column with it
KEEP_UNTIL: Mapping[str, str] = {name: t.keep_until for name, t in TABLES.items() if t.keep_until}

#: table -> last day, as text -> number of rows
LastDays = Mapping[str, Mapping[str, int]]


def today() -> date:
    """The day by which rows are kept or not."""
    return date.today()


def without_expired(name: str, rows: pa.Table) -> pa.Table:
    """The rows of a table whose last day is not over."""
    if name not in KEEP_UNTIL:
        return rows
    import pyarrow as pa
    import pyarrow.compute as pc

    last_days = rows[KEEP_UNTIL[name]]
    start = pa.scalar(datetime.combine(today(), datetime.min.time())).cast(last_days.type)
    return rows.filter(pc.greater_equal(last_days, start))


def last_days(frames: Mapping[str, pd.DataFrame], product: str) -> dict[str, dict[str, int]]:
    """The last days of a product's rows in the tables that have them; tables without such rows are left out."""
    counts = {
        name: Counter(str(day.date()) for day in rows.loc[rows["product"] == product, column])
        for name, column in KEEP_UNTIL.items()
        if len(rows := frames[name])
    }
    return {name: dict(sorted(days.items())) for name, days in counts.items() if days}


def expired(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Table -> number of rows in the files of a snapshot whose last day is over; only tables with such rows."""
    counts: Counter[str] = Counter()
    for by_table in manifest.get("last_days", {}).values():
        for name, days in by_table.items():
            counts[name] += sum(n for day, n in days.items() if day < today().isoformat())
    return {name: n for name, n in counts.items() if n}


def kept_days(manifest: Mapping[str, Any], product: str, name: str) -> dict[str, int]:
    """The last days that are not over, of a product's rows in a table: last day -> number of rows."""
    days = manifest.get("last_days", {}).get(product, {}).get(name, {})
    return {day: n for day, n in days.items() if day >= today().isoformat()}
