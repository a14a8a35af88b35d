"""Funnels of real processes: what hand-written SQL counts in another engine, SQLite."""

from __future__ import annotations

import gzip
import sqlite3
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from cs_helpers.analyses.funnels import Funnel, counted

DATA = Path(__file__).parents[3] / "shared" / "data"


def there(file: str) -> Path:
    if not (DATA / file).exists():
        pytest.skip(f"the data is not beside this checkout: {DATA / file}")
    return DATA / file


def receipt() -> pd.DataFrame:
    rows = pd.read_csv(there("journeys_receipt/receipt.csv"))
    return renamed(rows, "case:concept:name", "concept:name", "time:timestamp")


def ecom() -> pd.DataFrame:
    return renamed(pd.read_csv(there("journeys_ecom/ecom.csv.gz")), "user_id", "event", "timestamp")


def loans() -> pd.DataFrame:
    rows, kept = [], {"concept:name", "time:timestamp", "lifecycle:transition"}
    with gzip.open(there("journeys_bpic2012/bpic2012.xes.gz")) as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag.endswith("}trace"):
                case = next(c.get("value") for c in element if c.get("key") == "concept:name")
                for event in element.iter("{http://www.xes-standard.org/}event"):
                    said = {c.get("key"): c.get("value") for c in event if c.get("key") in kept}
                    if said["lifecycle:transition"] == "COMPLETE":
                        rows.append((case, said["concept:name"], said["time:timestamp"]))
                element.clear()
    return renamed(pd.DataFrame(rows, columns=["case", "event", "at"]), "case", "event", "at")


def renamed(rows: pd.DataFrame, unit: str, event: str, at: str) -> pd.DataFrame:
    times = pd.to_datetime(rows[at], utc=True, format="ISO8601").dt.tz_localize(None)
    return pd.DataFrame(
        {"unit": rows[unit], "event": rows[event], "occurred_at": times.astype("datetime64[us]")}
    )


def by_hand(events: pd.DataFrame, funnel: Funnel) -> list[int]:
    """Each step's first time after the one before, told one inside the other; microseconds as integers."""
    with sqlite3.connect(":memory:") as connection:
        numbers = events.assign(occurred_at=events["occurred_at"].astype("int64"))
        connection.execute("CREATE TABLE e (unit TEXT, event TEXT, at INTEGER)")
        connection.executemany("INSERT INTO e VALUES (?, ?, ?)", numbers.itertuples(index=False, name=None))
        connection.execute("CREATE INDEX i ON e (event, unit, at)")
        window = funnel.window // timedelta(microseconds=1)
        told = "SELECT unit, min(at) AS t1 FROM e WHERE event = ? GROUP BY unit"
        for k, _ in enumerate(pairwise(funnel.steps), 2):
            told = (
                f"SELECT b.*, (SELECT min(at) FROM e WHERE event = ? AND unit = b.unit"
                f" AND at BETWEEN b.t{k - 1} AND b.t1 + {window}) AS t{k} FROM ({told}) b"
            )
        counts = ", ".join(f"count(t{k})" for k in range(1, len(funnel.steps) + 1))
        names = [*reversed(funnel.steps[1:]), funnel.steps[0]]
        return list(connection.execute(f"SELECT {counts} FROM ({told})", names).fetchone())


@pytest.mark.parametrize("days", [1, 30])
@pytest.mark.parametrize(
    ("read", "steps"),
    [
        (receipt, ("Confirmation of receipt", "T02 Check confirmation of receipt",
                   "T04 Determine confirmation of receipt", "T05 Print and send confirmation of receipt",
                   "T10 Determine necessity to stop indication")),
        (ecom, ("catalog", "product_view", "add_to_cart", "cart", "purchase")),
        (loans, ("A_SUBMITTED", "A_PREACCEPTED", "O_SENT", "A_APPROVED")),
    ],
    ids=["receipt", "ecom", "loans"],
)  # fmt: skip
def test_a_real_process_gives_what_sql_counts(read, steps, days):
    events = read()
    funnel = Funnel(steps, timedelta(days=days))
    found = counted(events, funnel)["units"].tolist()
    assert found == by_hand(events, funnel)
    assert found[0] > found[-1] > 0


def test_the_process_that_every_case_begins_has_every_case():
    found = counted(receipt(), Funnel(("Confirmation of receipt",)))
    assert found["units"].tolist() == [1434]
