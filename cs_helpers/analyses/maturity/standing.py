"""Where customers stand: customers and MRR by level, at the end of each quarter and by segment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.customers.mrr import MrrByDay
from cs_helpers.customers.segment_shares import DIMENSIONS, differences, segments_in_order
from cs_helpers.statistics.bootstrap import ratio_intervals
from cs_helpers.statistics.case_mix import compare_shares
from cs_helpers.statistics.proportions import wilson

#: the level of the month, which may fall; the highest one so far
BASES = ("current_state", "ratchet")


def level_shares(states: pd.Series, mrr: pd.Series, levels: Sequence[int]) -> pd.DataFrame:
    """The customers and the MRR at each level.

    states: the level of each customer, or `UNKNOWN`; mrr: of the same customers, NaN where it is not known; levels: of
    the product. Columns: level (`UNKNOWN` first), customers, n (all of them), share, low, high (Wilson, 95 %), mrr, mrr_share.
    Shares of nothing are NaN.
    """
    numbers = (UNKNOWN, *levels)
    amounts = mrr.to_numpy("float64")
    at_level = states.to_numpy()[None, :] == np.array(numbers)[:, None]
    counts, n = at_level.sum(axis=1), len(states)
    bounds = [wilson(count, n) for count in counts]
    sums, total = np.where(at_level, amounts, 0.0).sum(axis=1), float(amounts.sum())
    return pd.DataFrame(
        {
            "level": numbers,
            "customers": counts,
            "n": n,
            "share": counts / n if n else np.nan,
            "low": [low for low, _ in bounds],
            "high": [high for _, high in bounds],
            "mrr": sums,
            "mrr_share": sums / total if total > 0 else np.nan,
        }
    )


def mrr_intervals(at_level: np.ndarray, mrr: pd.Series) -> list[tuple[float, float]]:
    """The 95 % interval (bootstrap over customers) of the share of the MRR of each row of customers.

    at_level: bool (rows, customers); mrr: of the customers. NaN for fewer than ten customers, and where no MRR is known.
    """
    amounts = mrr.to_numpy("float64")
    if not amounts.sum() > 0:
        return [(np.nan, np.nan)] * len(at_level)
    return ratio_intervals(np.where(at_level, amounts, 0.0), amounts)


def by_quarter(history: LevelHistory, mrr: MrrByDay, levels: Sequence[int]) -> pd.DataFrame:
    """The levels at the end of each quarter. Columns: quarter, and those of `level_shares`.

    mrr: at the ends of `history.quarters`.
    """
    parts = []
    for place, quarter in enumerate(history.quarters):
        states = history.by_quarter[quarter].dropna()
        amounts = pd.Series(mrr.mrr[:, place], mrr.accounts).reindex(states.index)
        parts.append(level_shares(states, amounts, levels).assign(quarter=str(quarter)))
    table = pd.concat(parts, ignore_index=True)
    return table[["quarter", *table.columns.drop("quarter")]]


def ratchet_states(history: LevelHistory, day: date) -> pd.Series:
    """The highest level that each customer of a day surely had so far; `UNKNOWN` of whom no month tells one.

    Index: account_id of the customers, as of `LevelHistory.states`; float64. The customers of months that nothing is recorded
    of may have stood higher.
    """
    so_far = history.states.loc[:, :day]
    highest = history.ratchet[day].dropna()
    is_told = (so_far >= 0).any(axis=1).reindex(highest.index) | (highest > 0)
    return highest.where(is_told, float(UNKNOWN))


def both_bases(history: LevelHistory, mrr: pd.Series, levels: Sequence[int]) -> pd.DataFrame:
    """The levels at the end of the quarter and the highest ones so far, side by side.

    mrr: of the customers, by account_id. Columns: basis (of `BASES`), those of `level_shares`, mrr_low, mrr_high.
    """
    day = history.quarter.end
    states = {"current_state": history.states[day].dropna(), "ratchet": ratchet_states(history, day)}
    parts = []
    for basis in BASES:
        at = states[basis].to_numpy()
        amounts = mrr.reindex(states[basis].index)
        table = level_shares(states[basis], amounts, levels)
        intervals = mrr_intervals(at[None, :] == table["level"].to_numpy()[:, None], amounts)
        low, high = zip(*intervals, strict=True)
        parts.append(table.assign(basis=basis, mrr_low=low, mrr_high=high))
    table = pd.concat(parts, ignore_index=True)
    return table[["basis", *table.columns.drop("basis")]]


def share_split(before: pd.Series, now: pd.Series, upper_from: int) -> dict[str, float] | None:
    """What changed the share at the upper levels: who moved, who came, and who left; the three add up to the change.

    before, now: the level of each customer at both ends, by account_id. `moved`: the change among the customers of both;
    `left`: their share before, against that of all then; `came`: the share of all now, against theirs. None where levels are
    unknown, or nobody was a customer at both ends.
    """
    stayed = before.index.intersection(now.index)
    if stayed.empty or (before < 0).any() or (now < 0).any():
        return None
    share = {
        name: float((states >= upper_from).mean())
        for name, states in (
            ("before", before), ("stayed_before", before[stayed]), ("stayed_now", now[stayed]), ("now", now),
        )
    }  # fmt: skip
    return {
        "moved": share["stayed_now"] - share["stayed_before"],
        "came": share["now"] - share["stayed_now"],
        "left": share["stayed_before"] - share["before"],
    }


def by_segment(customers: pd.DataFrame, sizes: Sequence[str], levels: Sequence[int]) -> pd.DataFrame:
    """The levels in each segment of each dimension that is known of anybody.

    customers: index account_id; columns state, mrr and those of `DIMENSIONS`. Columns: dimension, segment, and those of
    `level_shares`.
    """
    parts = [
        level_shares(inside["state"], inside["mrr"], levels).assign(dimension=dimension, segment=segment)
        for dimension in DIMENSIONS
        for segment in segments_in_order(customers[dimension], dimension, sizes)
        for inside in (customers[customers[dimension] == segment],)
    ]
    if not parts:
        return pd.DataFrame(columns=["dimension", "segment", "level", "customers", "n"])
    table = pd.concat(parts, ignore_index=True)
    return table[["dimension", "segment", *table.columns.drop(["dimension", "segment"])]]


def upper_by_segment(customers: pd.DataFrame, sizes: Sequence[str], upper_from: int) -> pd.DataFrame:
    """The share of each segment at the upper levels, among those whose level is known, and of its MRR.

    customers: as of `by_segment`. Columns: dimension, segment, known (customers), upper, share, low, high (Wilson, 95 %), mrr
    (of the known), upper_mrr, mrr_share, mrr_low, mrr_high (bootstrap over customers), p and verdict (of the dimension, by
    customers: see `segment_shares.differences`). Segments of which no level is known have n = 0.
    """
    rows = []
    for dimension in DIMENSIONS:
        for segment in segments_in_order(customers[dimension], dimension, sizes):
            inside = customers[(customers[dimension] == segment) & (customers["state"] >= 0)]
            upper, n = int((inside["state"] >= upper_from).sum()), len(inside)
            low, high = wilson(upper, n)
            is_upper = (inside["state"] >= upper_from).to_numpy()
            top, total = float(inside["mrr"][is_upper].sum()), float(inside["mrr"].sum())
            ((mrr_low, mrr_high),) = mrr_intervals(is_upper[None, :], inside["mrr"])
            rows.append(
                {
                    "dimension": dimension, "segment": segment, "known": n, "upper": upper,
                    "share": upper / n if n else np.nan, "low": low, "high": high, "mrr": total, "upper_mrr": top,
                    "mrr_share": top / total if total > 0 else np.nan, "mrr_low": mrr_low, "mrr_high": mrr_high,
                }
            )  # fmt: skip
    known = customers[customers["state"] >= 0]
    columns = ["dimension", "segment", "known", "upper", "share", "low", "high", "mrr", "upper_mrr", "mrr_share", "mrr_low", "mrr_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).join(
        differences(known["state"] >= upper_from, known), on="dimension"
    )


def by_csm(customers: pd.DataFrame, upper_from: int) -> pd.DataFrame:
    """The customers of each CSM at the upper levels, against those expected with the mix of customers that each has.

    customers: as of `by_segment`, with csm. Strata are company size x touch model. Columns: csm, those of
    `case_mix.compare_shares` with `upper` for reached, mrr, upper_mrr. Left out: customers without a CSM, or without a
    known level.
    """
    known = customers[(customers["state"] >= 0) & customers["csm"].notna()]
    is_upper = known["state"] >= upper_from
    stratum = known["size"].astype("str") + ":" + known["touch_model"].astype("str")
    compared = compare_shares(pd.DataFrame({"csm": known["csm"], "stratum": stratum, "holds": is_upper}))
    amounts = pd.DataFrame({"mrr": known["mrr"], "upper_mrr": known["mrr"].where(is_upper, 0.0)})
    sums = amounts.groupby(known["csm"]).sum(min_count=1)
    return compared.rename(columns={"reached": "upper"}).join(sums, on="csm")
