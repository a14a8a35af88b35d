"""The findings of movement: customers whose level fell or rose, whether that is unusual, and losses after a fall."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pandas as pd

from cs_helpers.analyses.maturity.falls import UNKNOWN_BEFORE, WARNED, WARNING_MONTHS
from cs_helpers.customers.maturity_levels import LevelHistory
from cs_helpers.result import Direction, Finding, Metric
from cs_helpers.statistics.proportions import rate_ratio

#: quarters before this one whose changes of level are the usual ones
USUAL_QUARTERS = 4
_DIRECTIONS: tuple[tuple[str, int, Direction, Direction], ...] = (
    ("fell", -1, "worse", "better"),
    ("rose", 1, "better", "worse"),
)


def movement_findings(
    tables: Mapping[str, pd.DataFrame], metrics: Mapping[str, Metric], history: LevelHistory
) -> tuple[Finding, ...]:
    """`fell_more`, `fell_less`, `rose_more`, `rose_less`, `falls_warn`, `fell_before`, `stalled`, `fell`, `rose`, in this order.

    tables and metrics: of the result. `fell_more`
    and the like: the share of customers who moved since the previous quarter differs from that of the quarters before
    (conditional test of two rates, 5 %). `falls_warn`: customers whose level fell are lost more often than others; at
    stake are those who fell since the previous quarter. `fell_before`: how many of those lost had fallen in level, and
    how long before. `stalled`: who has been at a level for longer than three in four of those who rose from it. `fell` and `rose`: how
    many moved since then.
    """
    levels = tables["levels"][lambda t: (t["previous"] >= 0) & (t["level"] >= 0)]
    moves = {code: (levels["level"] - levels["previous"]) * sign > 0 for code, sign, _, _ in _DIRECTIONS}
    found = _unusual(levels, moves, history)
    ratio = metrics.get("fall_ratio")
    if ratio is not None and ratio.low is not None and ratio.low > 1:
        found.append(
            Finding(
                "falls_warn",
                "falls",
                "worse" if moves["fell"].any() else "neither",
                "clear",
                ratio.n,
                compared_with="other_customers",
                size=ratio.value,
                low=ratio.low,
                high=ratio.high,
                size_unit="ratio",
                customers=int(moves["fell"].sum()),
                mrr=_mrr(levels, moves["fell"]),
            )
        )
    found += _fell_before(tables.get("lead_time"))
    found += _stalled(tables)
    for code, _, direction, _ in _DIRECTIONS:
        if moves[code].any():
            count = int(moves[code].sum())
            found.append(
                Finding(
                    code,
                    "transitions",
                    direction,
                    "counted",
                    len(levels),
                    value=float(count),
                    customers=count,
                    mrr=_mrr(levels, moves[code]),
                )
            )
    return tuple(found)


def _unusual(levels: pd.DataFrame, moves: Mapping[str, pd.Series], history: LevelHistory) -> list[Finding]:
    """The changes of level that are more or less frequent than in all together and in each of the quarters before."""
    found = []
    for code, sign, more, less in _DIRECTIONS:
        moved = usual_moved = usual_n = 0
        shares = []
        for before, after in pairwise(history.quarters[-USUAL_QUARTERS - 2 : -1]):
            known = history.moves(before, after).query("before >= 0 and after >= 0")
            count, n = int(((known["after"] - known["before"]) * sign > 0).sum()), len(known)
            usual_moved, usual_n = usual_moved + count, usual_n + n
            shares += [count / n] if n else []
        moved = int(moves[code].sum())
        if not (len(levels) and usual_n and moved + usual_moved):
            continue
        ratio, low, high, p = rate_ratio(moved, len(levels), usual_moved, usual_n)
        # moves come in clusters: a share that one of the quarters had too is nothing unusual
        if p >= 0.05 or min(shares) <= moved / len(levels) <= max(shares):
            continue
        found.append(
            Finding(
                f"{code}_{'more' if ratio > 1 else 'less'}",
                "transitions",
                more if ratio > 1 else less,
                "clear",
                len(levels),
                value=moved / len(levels),
                compared=usual_moved / usual_n,
                compared_with="usual",
                size=ratio,
                low=low,
                high=high,
                unit="share",
                size_unit="ratio",
                customers=moved,
                mrr=_mrr(levels, moves[code]),
            )
        )
    return found


def _fell_before(warnings: pd.DataFrame | None) -> list[Finding]:
    """The losses before which the level had fallen, with the median of days between."""
    if warnings is None or not (warnings["outcome"] == WARNED).any():
        return []
    return [
        Finding(
            "fell_before",
            "lead_time",
            "neither",
            "counted",
            int((warnings["outcome"] != UNKNOWN_BEFORE).sum()),
            value=float(warnings["days"].median()),
            unit="days",
            customers=int((warnings["outcome"] == WARNED).sum()),
            fields={"months": WARNING_MONTHS},
        )
    ]


def _stalled(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """The customers who have been at a level for longer than usual, and the level where most of them are."""
    stalled = tables.get("stalled")
    if stalled is None or stalled.empty:
        return []
    at_level = stalled["level"].value_counts()
    return [
        Finding(
            "stalled",
            "stays",
            "worse",
            "counted",
            int(tables["stays"].loc[tables["stays"]["usual"].notna(), "standing"].sum()),
            value=float(len(stalled)),
            customers=len(stalled),
            mrr=float(stalled["mrr"].sum()) if "mrr" in stalled else None,
            fields={"level": int(at_level.idxmax()), "there": int(at_level.max())},
        )
    ]


def _mrr(levels: pd.DataFrame, selected: pd.Series) -> float | None:
    return float(levels.loc[selected, "mrr"].sum()) if "mrr" in levels else None
