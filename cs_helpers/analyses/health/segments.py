"""The bands of health by segment, touch model and CSM, and whether they differ beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from cs_helpers.analyses.health.scored import Scored, median, share
from cs_helpers.customers.health_score import BANDS
from cs_helpers.customers.segment_shares import (
    DIMENSIONS,
    customers_by_dimension,
    differences,
    segments_in_order,
    stands_out,
)
from cs_helpers.customers.segments import segments_present, sort_segments
from cs_helpers.result import Metric, Verdict
from cs_helpers.statistics.case_mix import compare_shares
from cs_helpers.statistics.proportions import wilson


def people(scored: Scored) -> pd.DataFrame:
    """The customers with a score: band, score, the columns of `DIMENSIONS` (`unknown` where missing) and csm."""
    columns = customers_by_dimension(scored.accounts.reset_index())
    return columns.assign(band=scored.band, score=scored.score)[scored.is_scored]


def by_segment(customers: pd.DataFrame, sizes: tuple[str, ...]) -> pd.DataFrame:
    """The bands in each segment of each dimension that is known of anybody.

    customers: of `people`. Columns: dimension, segment, n, green, yellow, red (customers), share (red), low, high (Wilson,
    95 %), median (score), p and verdict (of the dimension: see `segment_shares.differences`).
    """
    rows = []
    for dimension in DIMENSIONS:
        for segment in segments_in_order(customers[dimension], dimension, sizes):
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
    table = pd.DataFrame(
        rows,
        columns=["dimension", "segment", "n", *BANDS, "share", "low", "high", "median"],
    )
    return table.join(differences(customers["band"] == "red", customers), on="dimension")


def segment_verdict(customers: pd.DataFrame, table: pd.DataFrame) -> Verdict:
    """The segment that stands out most from the others of its dimension, of those dimensions that differ.

    customers, table: of `people` and `by_segment`. `worse` or `better` (segment as in `size:small`, share, n, other_share, other_n,
    low and high of the difference), `alike`, `alone` (nothing to compare), `none_red`, `all_red`.
    """
    is_red = customers["band"] == "red"
    if is_red.sum() in (0, len(customers)):
        return Verdict("all_red" if is_red.any() else "none_red", {"n": len(customers)})
    if (table["verdict"] == "one").all():
        return Verdict("alone")
    different = table.loc[table["verdict"] == "differs", "dimension"].unique()
    found = stands_out(is_red, customers, list(different), first="more")
    if found is None:
        return Verdict("alike", {"n": len(customers)})
    fields = asdict(found)
    return Verdict("worse" if fields.pop("side") == "more" else "better", fields)


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
