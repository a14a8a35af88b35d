"""The rows of the map: hand-over, levels with what they are worth, their health, the touch models with what customers get, requests."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result

LEVEL_COLUMNS = (
    "level",
    "customers",
    "share",
    "low",
    "high",
    "mrr",
    "ltv",
    "ltv_low",
    "ltv_high",
    "followed",
)
HEALTH_COLUMNS = (
    "level", "quantitative", "qualitative", "score", "low", "high", "red", "yellow", "green", "unscored",
)  # fmt: skip
TOUCH_COLUMNS = (
    "touch_model",
    "customers",
    "declared",
    "actual",
    "low",
    "high",
    "touches",
    "hours",
    "of",
    "verdict",
    "actions",
)
LEVEL_TOUCH_COLUMNS = ("level", "touch_model", "share", "low", "high", "of")
FIELD_COLUMNS = ("field", "share", "low", "high", "of")
STATUS_COLUMNS = ("status", "requests", "of")
MEASURE_COLUMNS = ("measure", "kind")


def field_rows(results: Mapping[str, Result]) -> pd.DataFrame:
    """How often each field of a hand-over is filled in, the least filled first: field, share, low, high (95 %), of (hand-overs).

    As in the report on hand-overs; empty without it.
    """
    table = results["handover"].tables.get("fields", pd.DataFrame(columns=list(FIELD_COLUMNS)))
    return table[list(FIELD_COLUMNS)].reset_index(drop=True)


def status_rows(results: Mapping[str, Result]) -> pd.DataFrame:
    """What has become of the requests to the product: status, requests, of (all of them). Empty where no request is known."""
    table = results["product_feedback"].tables.get("status")
    if table is None:
        return pd.DataFrame(columns=list(STATUS_COLUMNS))
    return table.assign(of=table["requests"].sum())[list(STATUS_COLUMNS)].reset_index(drop=True)


def measure_rows(results: Mapping[str, Result]) -> pd.DataFrame:
    """What the health score is made of: measure, kind (`quantitative`, `qualitative`), those of most weight first.

    Measures that are known of nobody are left out.
    """
    table = results["health"].tables.get("measures")
    if table is None:
        return pd.DataFrame(columns=list(MEASURE_COLUMNS))
    known = table[table["known"] > 0].sort_values("weight", ascending=False, kind="stable")
    return known[list(MEASURE_COLUMNS)].reset_index(drop=True)


def level_rows(results: Mapping[str, Result]) -> pd.DataFrame:
    """The customers at each level at the end of the quarter (`current_state`), and what a customer of the level is worth.

    Columns: level (0 to the highest, then `UNKNOWN` where anybody's is not known), customers, share (of all customers), low, high
    (Wilson, 95 %), mrr, ltv, ltv_low, ltv_high (lifetime value of a customer at the level: `level_worth`), followed (customers behind it). Amounts that are not
    known are NaN. Empty where no level of anybody is known.
    """
    standing = results["maturity"].tables.get("standing")
    if standing is None or not standing.loc[standing["level"] >= 0, "customers"].sum():
        return pd.DataFrame(columns=list(LEVEL_COLUMNS)).astype({"level": "int64", "customers": "int64"})
    now = standing[standing["basis"] == "current_state"]
    rows = pd.concat([now[now["level"] >= 0], now[(now["level"] == UNKNOWN) & (now["customers"] > 0)]])
    names = {"value": "ltv", "value_low": "ltv_low", "value_high": "ltv_high", "followed": "followed"}
    lifetime = results["level_worth"].tables.get("lifetime", pd.DataFrame(columns=["level", *names]))
    worth = lifetime.set_index("level")[list(names)].rename(columns=names).astype("float64")
    rows = rows.reindex(columns=["level", "customers", "share", "low", "high", "mrr"])
    return rows.join(worth, on="level").astype({"mrr": "float64"}).reset_index(drop=True)


def health_rows(results: Mapping[str, Result]) -> pd.DataFrame:
    """The health of the customers at each level, of the report on health.

    Columns: level, quantitative, qualitative, score (medians, 0 to 100; NaN where nobody's is known), low, high (95 %, of
    score), red, yellow, green, unscored (customers). Empty where health or levels are not known.
    """
    table = results["health"].tables.get("levels")
    if table is None:
        return pd.DataFrame(columns=list(HEALTH_COLUMNS))
    table = table.drop(columns=["low", "high"])
    names = {"median": "score", "median_low": "low", "median_high": "high"}
    return table.rename(columns=names)[list(HEALTH_COLUMNS)].reset_index(drop=True)


def touch_rows(results: Mapping[str, Result]) -> pd.DataFrame:
    """The touch models: how touches are meant to be shared out, how they are, what they cost, and what they are about.

    Columns: touch_model, customers (of that model at the end of the quarter), declared, actual (share of the touches of the
    last four quarters, as far as covered), low, high (95 %), touches and hours (of the quarter; hours are NaN where the product
    file does not say how long a touch takes), of (touches of the four quarters), verdict (of `touch_mix`: `more` or `fewer` than
    declared, `chance`, `too_few`, `none`), actions (the subjects of most touches, three at
    most, as recorded, with line breaks between them). Empty where the touches are not known.
    """
    tables = results["touch_mix"].tables
    if "mix" not in tables:
        return pd.DataFrame(columns=list(TOUCH_COLUMNS))
    mix, models = tables["mix"], tables["models"].rename(columns={"subjects": "actions"})
    of_year = mix[(mix["level"] == "all") & (mix["period"] == "year")].rename(columns={"share": "actual"})
    shares = of_year.set_index("touch_model")[["declared", "actual", "low", "high", "verdict"]].assign(
        of=of_year["touches"].iloc[0]
    )
    return models.join(shares, on="touch_model")[list(TOUCH_COLUMNS)]


def touches_by_level(results: Mapping[str, Result]) -> pd.DataFrame:
    """The touch model of most touches at each level, where the touches of customers at it tell its share.

    Columns: level (the highest first; that of the customer when touched), touch_model, share (of the touches at the level in the last
    four quarters, as far as covered), low, high (95 %), of (these touches). Levels of too few customers for an interval are left
    out; so are all without touches.
    """
    mix = results["touch_mix"].tables.get("mix")
    if mix is None:
        return pd.DataFrame(columns=list(LEVEL_TOUCH_COLUMNS)).astype({"level": "int64"})
    rows = mix[(mix["period"] == "year") & mix["level"].str.fullmatch(r"\d+") & mix["low"].notna()]
    rows = rows.astype({"level": "int64"}).rename(columns={"touches": "of"})
    rows = rows.sort_values(["level", "share"], ascending=False, kind="stable").drop_duplicates("level")
    return rows[list(LEVEL_TOUCH_COLUMNS)].reset_index(drop=True)
