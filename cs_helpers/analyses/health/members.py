"""The customers behind each point of the figures of health."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.health.movers import movers
from cs_helpers.analyses.health.scored import Scored
from cs_helpers.analyses.health.segments import people
from cs_helpers.analyses.health.views import both_views
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import BANDS
from cs_helpers.customers.segment_shares import DIMENSIONS
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def bands(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers by tens of their score, 100 with the last."""
    score = Scored.at_end_of(data, quarter).score.dropna()
    tens = (score // 10 * 10).clip(upper=90).astype("int64")
    return pd.DataFrame({"points_from": tens.to_numpy(), "account_id": tens.index})


def flows(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers by band a quarter before and now."""
    return movers(Scored.at_end_of(data, quarter))[["band_before", "band", "account_id"]]


def segments(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers of each band in each segment."""
    customers = people(Scored.at_end_of(data, quarter)).reset_index()
    parts = [
        customers[["band", "account_id"]].assign(dimension=d, segment=customers[d].to_numpy())
        for d in DIMENSIONS
    ]
    return pd.concat(parts)


def views(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers by the bands of the numbers and of the view."""
    return both_views(Scored.at_end_of(data, quarter))[["numbers", "view", "account_id"]]


def _by_band(segments: pd.DataFrame) -> pd.DataFrame:
    keys = ["dimension", "segment"]
    return segments.melt(keys, list(BANDS), var_name="band", value_name="customers")


MEMBERS = {
    "bands": Members(bands, ("points_from",), lambda tables: tables["tens"]),
    "moved": Members(flows, ("band_before", "band"), lambda tables: tables["flows"]),
    "segments": Members(
        segments, ("dimension", "segment", "band"), lambda tables: _by_band(tables["segments"])
    ),
    "views": Members(views, ("numbers", "view"), lambda tables: tables["views"]),
}
