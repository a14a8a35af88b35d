"""The verdicts on a forecast, from its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.result import Verdict
from cs_helpers.statistics.clustered_shares import MIN_CLUSTERS, clustered_share

#: how many of the numbers are to lie within their intervals
AIM = 0.95


def outlook_verdict(table: pd.DataFrame, upper_from: int) -> Verdict:
    """Whether there will be `fewer` or `more` customers a year from now, or it is `unclear`.

    table: of `forecast.customer_table`. Fields: quarter, now, value, low, high; level (the first of the upper ones), and
    of it and above upper_now, upper, upper_low, upper_high.
    """
    now, then = compared(table, "all", "customers")
    upper_now, upper = compared(table, "upper", "customers")
    fields = {
        "quarter": then["quarter"], "now": now, "value": then["customers"], "low": then["low"], "high": then["high"],
        "level": upper_from, "upper_now": upper_now, "upper": upper["customers"], "upper_low": upper["low"],
        "upper_high": upper["high"],
    }  # fmt: skip
    return Verdict(_direction(now, then), fields)


def mrr_verdict(table: pd.DataFrame) -> Verdict:
    """Whether the MRR a year from now will be `fewer` or `more`, or that is `unclear`. Fields: quarter, now, value, low, high."""
    now, then = compared(table, "all", "mrr")
    fields = {
        "quarter": then["quarter"],
        "now": now,
        "value": then["mrr"],
        "low": then["low"],
        "high": then["high"],
    }
    return Verdict(_direction(now, then), fields)


def compared(table: pd.DataFrame, part: str, value: str) -> tuple[float, pd.Series]:
    """The value of a part today, and its row of the last quarter ahead."""
    rows = table[table["part"] == part]
    return float(rows.loc[rows["ahead"] == 0, value].iloc[-1]), rows.iloc[-1]


def backtest_verdict(past: pd.DataFrame) -> Verdict:
    """Whether as many numbers lay within their 95 % as these say.

    past: of `backtest.past_forecasts`. Forecasts from one quarter go together, so the quarters are compared: `counted`
    where they are too few for that; `as_said`, `too_narrow`, `too_wide`. Fields: held, n, share, origins.
    """
    rows = past[past["part"] != "upper"]
    by_origin = rows.groupby("origin")["held"].agg(["sum", "size"])
    held, n = int(by_origin["sum"].sum()), int(by_origin["size"].sum())
    fields = {"held": held, "n": n, "share": held / n, "origins": len(by_origin)}
    if len(by_origin) < MIN_CLUSTERS:
        return Verdict("counted", fields)
    found = clustered_share(by_origin["sum"].to_numpy(), by_origin["size"].to_numpy())
    if found.low <= AIM <= found.high:
        return Verdict("as_said", fields)
    return Verdict("too_narrow" if found.share < AIM else "too_wide", fields)


def what_if_verdict(table: pd.DataFrame, level: int, more: float, quarter: str) -> Verdict:
    """What comes of it if the share `more` of a level's customers rises in each quarter, who would have stayed.

    `keeps`: fewer customers are lost; `loses`: more; `unclear`; `rises`: losses are not known. Fields: level, more, quarter,
    above, above_low, above_high, and kept, kept_low, kept_high where losses are known.
    """
    row = table[(table["rising"] == level) & np.isclose(table["more"], more)].iloc[0]
    names = [f"{name}{end}" for name in ("above", "kept") for end in ("", "_low", "_high")]
    fields = {"level": level, "more": more, "quarter": quarter, **{n: row[n] for n in names if n in row}}
    if "kept" not in row:
        return Verdict("rises", fields)
    code = "keeps" if row["kept_low"] > 0 else "loses" if row["kept_high"] < 0 else "unclear"
    return Verdict(code, fields)


def _direction(now: float, then: pd.Series) -> str:
    return "more" if then["low"] > now else "fewer" if then["high"] < now else "unclear"
