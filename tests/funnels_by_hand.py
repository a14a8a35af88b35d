"""Funnels as hand-written SQL counts them in another engine, SQLite."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from itertools import pairwise

import pandas as pd

from cs_helpers.statistics.funnels import Funnel


def by_hand(events: pd.DataFrame, funnel: Funnel, since: pd.Timestamp | None = None) -> list[int]:
    """Each step's first time after the one before, told one inside the other; microseconds as integers.

    since: units that began before are left out.
    """
    with sqlite3.connect(":memory:") as connection:
        numbers = events.assign(occurred_at=events["occurred_at"].astype("int64"))
        connection.execute("CREATE TABLE e (unit TEXT, event TEXT, at INTEGER)")
        connection.executemany("INSERT INTO e VALUES (?, ?, ?)", numbers.itertuples(index=False, name=None))
        connection.execute("CREATE INDEX i ON e (event, unit, at)")
        window = funnel.window // timedelta(microseconds=1)
        first = 0 if since is None else since.as_unit("us").value // 1000
        told = f"SELECT unit, min(at) AS t1 FROM e WHERE event = ? GROUP BY unit HAVING min(at) >= {first}"
        for k, _ in enumerate(pairwise(funnel.steps), 2):
            told = (
                f"SELECT b.*, (SELECT min(at) FROM e WHERE event = ? AND unit = b.unit"
                f" AND at BETWEEN b.t{k - 1} AND b.t1 + {window}) AS t{k} FROM ({told}) b"
            )
        counts = ", ".join(f"count(t{k})" for k in range(1, len(funnel.steps) + 1))
        names = [*reversed(funnel.steps[1:]), funnel.steps[0]]
        return list(connection.execute(f"SELECT {counts} FROM ({told})", names).fetchone())
