"""The bands of health by segment, touch model and CSM, and whether they differ beyond chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.analyses.health.scored import Scored, median, share
from cs_helpers.contract.vocabulary import TOUCH_MODELS, UNKNOWN
from cs_helpers.customers.health_score import BANDS
from cs_helpers.customers.segments import mask_unknown, segments_present, sort_segments, with_segments
from cs_helpers.result import Metric, Verdict
from cs_helpers.statistics.case_mix import compare_shares
from cs_helpers.statistics.proportions import (
    FALSE_DISCOVERY,
    benjamini_hochberg,
    fisher,
    newcombe,
    wilson,
)
from cs_helpers.statistics.variation import exact_p

DIMENSIONS = ("size", "touch_model", "industry")


def people(scored: Scored) -> pd.DataFrame:
    """The customers with a score: band, score, the columns of `DIMENSIONS` (`unknown` where missing) and csm."""
    accounts = with_segments(scored.accounts.reset_index()).set_index("account_id")
    accounts = accounts.assign(touch_model=accounts["touch_model"].fillna(UNKNOWN))
    columns = accounts[[*DIMENSIONS, "csm"]].assign(band=scored.band, score=scored.score)
    return columns[scored.is_scored]


def by_segment(customers: pd.DataFrame, sizes: tuple[str, ...]) -> pd.DataFrame:
    """The bands in each segment of each dimension that is known of anybody.

    customers: of `people`. Columns: dimension, segment, n, green, yellow, red (customers), share (red), low, high (Wilson,
    95 %), median (score), p (of the dimension: exact test that the share of red is the same in all its known segments;
    missing where there is one), verdict (of the dimension: `differs` by Benjamini-Hochberg over the dimensions, `alike`: cannot be told
    apart, `one`: nothing to compare).
    """
    rows, tests = [], {}
    for dimension in DIMENSIONS:
        present = segments_present(customers[dimension], sizes)
        if dimension == "touch_model":
            present = sorted(present, key=[*TOUCH_MODELS, *present].index)
        for segment in present:
            inside = customers[customers[dimension] == segment]
            red = int((inside["band"] == "red").sum())
            low, high = wilson(red, len(inside))
            rows.append(
                {
                    "dimension": dimension, "segment": segment, "n": len(inside),
                    **{band: int((inside["band"] == band).sum()) for band in BANDS},
                    "share": red / len(inside), "low": low, "high": high, "median": float(inside["score"].median()),
                }
            )  # fmt: skip
        counts = _red_by(customers, dimension)
        tests[dimension] = (
            exact_p(counts["red"].tolist(), counts["n"].tolist()) if len(counts) > 1 else np.nan
        )
    differs = dict(zip(tests, benjamini_hochberg(list(tests.values()), q=FALSE_DISCOVERY), strict=True))
    table = pd.DataFrame(
        rows,
        columns=["dimension", "segment", "n", *BANDS, "share", "low", "high", "median"],
    )
    p = table["dimension"].map(tests).astype("float64")
    said = np.select([p.isna(), table["dimension"].map(differs).astype(bool)], ["one", "differs"], "alike")
    return table.assign(p=p, verdict=said)


def _red_by(customers: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """Red customers and all by known segment: columns red, n."""
    known = customers.assign(segment=mask_unknown(customers[dimension])).dropna(subset=["segment"])
    return known.groupby("segment")["band"].agg(red=lambda band: int((band == "red").sum()), n="size")


def segment_verdict(customers: pd.DataFrame, table: pd.DataFrame) -> Verdict:
    """The segment that stands out most from the others of its dimension, of those dimensions that differ.

    customers, table: of `people` and `by_segment`. `worse` or `better` (segment as in `size:small`, share, n, other_share, other_n,
    low and high of the difference), `alike`, `alone` (nothing to compare), `none_red`, `all_red`.
    """
    red = int((customers["band"] == "red").sum())
    if red in (0, len(customers)):
        return Verdict("all_red" if red else "none_red", {"n": len(customers)})
    if (table["verdict"] == "one").all():
        return Verdict("alone")
    best: tuple[tuple[float, bool], Verdict] | None = None
    for dimension in table.loc[table["verdict"] == "differs", "dimension"].unique():
        counts = _red_by(customers, dimension)
        total, of = int(counts["red"].sum()), int(counts["n"].sum())
        for segment, row in counts.iterrows():
            here, n = int(row["red"]), int(row["n"])
            others, m = total - here, of - n
            low, high = newcombe(here, n, others, m)
            better = here / n < others / m
            # of two segments each is the other's opposite: then the worse one is named
            rank = round(fisher(here, n, others, m), 12), better
            if best is None or rank < best[0]:
                fields = {
                    "segment": f"{dimension}:{segment}", "share": here / n, "n": n, "other_share": others / m, "other_n": m,
                    "low": low, "high": high,
                }  # fmt: skip
                best = rank, Verdict("better" if better else "worse", fields)
    return best[1] if best else Verdict("alike", {"n": len(customers)})


def by_csm(customers: pd.DataFrame) -> pd.DataFrame:
    """The red customers of each CSM against those expected with the mix of customers that each has.

    Strata are company size x touch model. Columns: csm, customers, red, and those of `case_mix.compare_shares`. Customers
    without a CSM are left out.
    """
    known = customers.dropna(subset=["csm"])
    rated = pd.DataFrame(
        {
            "csm": known["csm"],
            "stratum": known["size"].astype("str") + ":" + known["touch_model"].astype("str"),
            "holds": known["band"] == "red",
        }
    )
    return compare_shares(rated).rename(columns={"reached": "red"})


def segment_metrics(customers: pd.DataFrame, sizes: tuple[str, ...]) -> tuple[Metric, ...]:
    """`red_share` and `median_score` by size and touch model, for those who follow them over quarters."""
    found: list[Metric] = []
    for dimension in ("size", "touch_model"):
        for segment in sort_segments(segments_present(customers[dimension], sizes), sizes):
            inside = customers[customers[dimension] == segment]
            name = f"{dimension}={segment}"
            found += [
                share("red_share", inside["band"] == "red", name),
                median("median_score", inside["score"], name),
            ]
    return tuple(found)


def rows_apart(csms: pd.DataFrame) -> Mapping[str, Verdict]:
    """`csms.rows` -> nothing apart, where no CSM stands out from what is expected."""
    if (csms["verdict"] == "alike").all():
        return {"csms.rows": Verdict("nothing_apart", {"rows": len(csms)})}
    return {}
