"""The companies behind each point of the figures of interviews."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.interviews.coverage import DIMENSIONS
from cs_helpers.analyses.interviews.readings import note_readings
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def coverage(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The companies that told something of each viewpoint, by segment."""
    readings = note_readings(data, quarter).dropna(subset=["viewpoint"])
    parts = [
        readings[["viewpoint", "account_id"]].assign(dimension=d, segment=readings[d]) for d in DIMENSIONS
    ]
    return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)


MEMBERS = {
    "coverage": Members(
        coverage,
        ("dimension", "segment", "viewpoint"),
        lambda tables: tables["coverage"].rename(columns={"companies": "customers"}),
    )
}
