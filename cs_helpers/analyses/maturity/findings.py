"""The findings of where customers stand: a fall of their number, and the segment that stands out."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.maturity.bridge import Fall
from cs_helpers.result import Direction, Finding, Verdict


def fall_findings(fall: Fall | None, quarter: str, closing: int) -> tuple[Finding, ...]:
    """`customers_fell`: the largest fall of the year, of this quarter or not made up for since.

    quarter: of the report; closing: its customers. At stake are those who left.
    """
    if fall is None or (fall.quarter != quarter and closing >= fall.opening):
        return ()
    return (
        Finding(
            "customers_fell", "bridge", "worse", "counted", fall.opening, value=float(fall.closing),
            compared=float(fall.opening), compared_with="previous_quarter" if fall.quarter == quarter else "nothing",
            size=float(fall.closing - fall.opening), customers=fall.left, mrr=fall.mrr,
            fields={"quarter": fall.quarter, "came": fall.came, "below": fall.below, "level": fall.level},
        ),
    )  # fmt: skip


def segment_findings(said: Verdict, customers: pd.DataFrame) -> tuple[Finding, ...]:
    """`segment_behind`, `segment_ahead`: the segment whose share at the upper levels differs beyond chance.

    said: the verdict on `by_segment`; customers: of `standing.by_segment`. At stake are all customers of the segment.
    """
    outcomes: dict[str, tuple[str, Direction]] = {
        "lower": ("segment_behind", "worse"), "higher": ("segment_ahead", "better"),
    }  # fmt: skip
    if said.code not in outcomes:
        return ()
    code, direction = outcomes[said.code]
    fields = said.fields
    dimension, _, segment = str(fields["segment"]).partition(":")
    inside = customers[(customers[dimension] == segment) & (customers["state"] >= 0)]
    return (
        Finding(
            code, "by_segment", direction, "clear", len(customers), value=fields["share"], compared=fields["other_share"],
            compared_with="other_customers", size=fields["share"] - fields["other_share"], low=fields["low"], high=fields["high"],
            unit="share", customers=fields["n"], mrr=_amount(inside["mrr"]),
            fields={"segment": fields["segment"], "level": fields["level"]},
        ),
    )  # fmt: skip


def _amount(mrr: pd.Series) -> float | None:
    """The sum of amounts; None where none is known."""
    return float(mrr.sum()) if mrr.notna().any() else None
