"""How large each gap between what is and what is meant to be is: in customers, MRR, days, and MRR of a year.

A gap of customers: who is in it at the end of the quarter, by the rule of the goal; of whom it is not known counts neither as
in nor as out. Customers to move are those beyond the share that may be in it. What moving them would be worth follows from how
often customers in the gap and outside of it were lost (`losses`): with rates r in and out, losses a customer-year, and the part h
of the year in whose quarters they could be compared,

    impact = MRR of the customers to move x (exp(-h r out) - exp(-h r in))

which is the MRR that is kept after a year if those who leave the gap are then lost as rarely as those outside. In quarters of the
year in which nobody could be compared no difference is assumed. A gap of a headline number: `metric_gaps`. Intervals are of 95 %; draws of all goals are of the same resamples of customers.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from cs_helpers.analyses.gap_plan.losses import QUARTERS, followed, person_time
from cs_helpers.analyses.gap_plan.metric_gaps import (
    SHARES_OF_CUSTOMERS,
    SHARES_OF_MRR,
    YEAR,
    MetricGap,
    metric_draws,
    metric_gap,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import Goal, ToBe
from cs_helpers.customer_journey.due import Due, Situation
from cs_helpers.customers.movements import Ledger, ledger, month_ends
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.stratified_rates import Resamples, ends

#: rates with fewer losses in all are not compared
MIN_LOSSES = 5
#: kinds of goals, and states of gaps
CUSTOMERS, METRIC = "customers", "metric"
REACHED, SHORT, UNKNOWN = "reached", "short", "unknown"

#: the columns of `Sized.gaps`, with their types
COLUMNS = {
    "goal": "str", "kind": "str", "metric": "str", "as_is": "float64", "low": "float64", "high": "float64",
    "target": "float64", "unit": "str", "n": "int64", "unknown": "int64", "gap": "float64", "gap_low": "float64",
    "gap_high": "float64", "certainty": "str", "in_gap": "float64", "customers": "float64", "customers_low": "float64",
    "customers_high": "float64", "mrr": "float64", "days": "float64", "rate_in": "float64", "rate_out": "float64",
    "difference": "float64", "difference_low": "float64", "difference_high": "float64", "rate_ratio": "float64",
    "rate_ratio_low": "float64", "rate_ratio_high": "float64", "p": "float64", "lost_in": "int64", "years_in": "float64",
    "lost_out": "int64", "years_out": "float64", "part_of_year": "float64", "lost_share_in": "float64",
    "lost_share_out": "float64", "kept": "float64", "kept_low": "float64", "kept_high": "float64", "losses": "str", "impact": "float64", "impact_low": "float64",
    "impact_high": "float64", "gain": "str", "confidence": "float64", "effort": "float64", "by": "datetime64[us]", "state": "str",
    "reason": "str",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sized:
    """The gaps of a product's goals.

    gaps: a row for each goal, in the order of the file; columns `COLUMNS`:

    - goal (its id), kind (`customers` or `metric`), metric (`<analysis>.<metric>`, '' of customers), by, confidence, effort
    - as_is, low, high, target in `unit`; n customers (or observations of the number) behind it; unknown: customers of whom it
      is not known whether they are in the gap
    - gap (as_is against target, above 0: short of it), gap_low, gap_high; certainty of a gap: `counted`, `clear` (the interval
      does not hold 0) or `unclear`
    - in_gap (customers in it), customers (to move) with customers_low and customers_high: if none, or all, of those not known
      are in it, or by the interval of the number; mrr (theirs, a month); days (the gap of a number in days)
    - rate_in, rate_out (losses a customer-year, of the same mix of strata), difference and rate_ratio with 95 % intervals, p,
      lost_in, years_in, lost_out, years_out (behind them); part_of_year (h); lost_share_in, lost_share_out (shares that such
      rates lose in a whole year, 1 - exp(-rate)), kept (their difference) with kept_low and kept_high; losses: `more` or `fewer` (in the
      gap than outside, beyond chance by Benjamini-Hochberg over the goals), `unclear`, or why rates are not compared: `no_rule`, `no_contracts`, `no_past`, `nobody_compared`, `few`
    - impact (MRR that would be kept or won in a year if the gap were closed, at full effect), impact_low, impact_high; gain: `clear` (all of that
      interval is above 0 and, where it follows from losses, these are `more`), `loss` (all below 0, and `fewer`), `unclear`, or '' without an impact
    - state: `reached`, `short` or `unknown`; reason: why it is unknown (`no_customers`, `rule_unknown`, `too_many_unknown`: those
      not known decide whether it is reached, `not_known`, `no_direction`) or, of a gap that is short, why it has no impact (`not_in_mrr`, or one of `losses`); else ''

    What is not known is NaN. draws: goal -> draws of its impact, of each goal whose impact is known. inside: goal -> the customers
    in the gap, of each goal with a rule that says who. now: the situation at the end of the quarter; None without goals. past:
    those at the quarter ends before it that were looked back on.
    """

    gaps: pd.DataFrame
    draws: Mapping[str, np.ndarray]
    inside: Mapping[str, frozenset[str]]
    now: Situation | None = None
    past: tuple[Situation, ...] = ()


class _Kept(NamedTuple):
    """The share of customers who are kept if they leave the gap, in the part of a year that could be compared, and draws of it."""

    share: float
    draws: np.ndarray


@dataclass(frozen=True, eq=False)
class _Known:
    """What gaps are sized by: the customers now and at past quarter ends, and what became of them."""

    now: Situation
    past: tuple[Situation, ...]
    rows: pd.DataFrame
    accounts: pd.Index
    mrr: pd.Series
    book: Ledger | None
    resamples: Resamples

    @classmethod
    def of(cls, data: ProductData, quarter: Quarter) -> _Known:
        days = [quarter.back(k).end for k in range(QUARTERS, -1, -1)]
        *past, now = Situation.on(data, *days)
        accounts = pd.Index(sorted(data["accounts"]["account_id"]), dtype="str", name="account_id")
        by_contracts = now.time.by_contracts
        return cls(
            now,
            tuple(past),
            followed(past if by_contracts else (), now.time, data["accounts"]),
            accounts,
            now.time.mrr(quarter.end),
            ledger(now.time, month_ends(quarter, YEAR)) if by_contracts else None,
            Resamples(len(accounts)),
        )


def size_gaps(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Sized:
    """The gaps of the goals of a product at the end of a quarter.

    results: of the analyses that its goals name, and of `revenue`, by name.
    """
    to_be: ToBe | None = data.product.to_be
    if to_be is None:
        return Sized(_frame([]), {}, {})
    known = _Known.of(data, quarter)
    rows, draws = [], {}
    for goal in to_be.goals:
        row, drawn = _sized(goal, known, results)
        rows.append(row)
        if drawn is not None:
            draws[goal.id] = drawn
    table = _frame(rows)
    is_compared = table["losses"] == "unclear"
    differs = benjamini_hochberg(table["p"].where(is_compared).to_list(), q=FALSE_DISCOVERY)
    losses = (
        table["losses"]
        .mask(is_compared & differs & (table["difference_low"] > 0), "more")
        .mask(is_compared & differs & (table["difference_high"] < 0), "fewer")
    )
    table = table.assign(losses=losses)
    inside = {
        goal.id: frozenset(known.now.due(goal.customers).customers) for goal in to_be.goals if goal.customers
    }
    return Sized(table.assign(gain=_gain(table)), draws, inside, known.now, known.past)


def _gain(table: pd.DataFrame) -> np.ndarray:
    """Whether closing each gap wins something beyond chance."""
    losses = table["losses"]
    clear = (table["impact_low"] > 0) & losses.isin(["more", "no_rule"])
    harm = (table["impact_high"] < 0) & losses.isin(["fewer", "no_rule"])
    return np.select([table["impact"].isna(), clear, harm], ["", "clear", "loss"], "unclear")


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table of `COLUMNS`; what a row does not have is NaN, 0 or ''."""
    empty = {"float64": np.nan, "int64": 0, "str": ""}
    return pd.DataFrame(
        {
            name: pd.Series([row.get(name, empty.get(kind)) for row in rows], dtype=kind)
            for name, kind in COLUMNS.items()
        }
    )


def _sized(
    goal: Goal, known: _Known, results: Mapping[str, Result]
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of a goal, and draws of its impact; None where that is not known."""
    row: dict[str, Any] = {
        "goal": goal.id, "target": goal.value, "confidence": goal.confidence, "effort": goal.effort, "by": goal.by,
        "metric": goal.metric or "", "kind": CUSTOMERS if goal.is_about_customers else METRIC, "state": UNKNOWN,
    }  # fmt: skip
    due = None if goal.customers is None else known.now.due(goal.customers)
    kept: _Kept | None = None
    if goal.customers is None:
        row["losses"] = "no_rule"
    else:
        kept = _compared(goal, known, row)
    if goal.is_about_customers:
        assert due is not None
        return _of_customers(goal, known, row, due, kept)
    found = metric_gap(goal, results)
    if isinstance(found, str):
        return {**row, "reason": found}, None
    return _of_metric(goal, known, row, found, due, kept)


def _compared(goal: Goal, known: _Known, row: dict[str, Any]) -> _Kept | None:
    """Writes the rates of loss in and outside of the gap into the row; returns what is kept, None where it is not known."""
    if not known.now.time.by_contracts:
        row["losses"] = "no_contracts"
        return None
    assert goal.customers is not None
    time, part = person_time(known.rows, known.past, goal.customers, known.accounts)
    if not len(time.customer):
        row["losses"] = "no_past"
        return None
    rates = time.rates()
    row |= {
        "lost_in": rates.exposed_events, "years_in": rates.exposed_years, "lost_out": rates.other_events,
        "years_out": rates.other_years,
    }  # fmt: skip
    if math.isnan(rates.exposed):
        row["losses"] = "nobody_compared"
        return None
    if rates.exposed_events + rates.other_events < MIN_LOSSES:
        row["losses"] = "few"
        return None
    drawn = time.resampled(known.resamples, zlib.crc32(goal.id.encode()))
    kept = float(_lost(rates.exposed) - _lost(rates.others))
    kept_low, kept_high = ends(_lost(drawn[0]) - _lost(drawn[1]), kept)
    low, high = ends(drawn[0] - drawn[1], rates.difference)
    ratio_low, ratio_high = np.quantile(drawn[0] / drawn[1], [0.025, 0.975])
    row |= {
        "rate_in": rates.exposed, "rate_out": rates.others, "difference": rates.difference, "difference_low": low,
        "difference_high": high, "rate_ratio": rates.ratio, "rate_ratio_low": min(ratio_low, rates.ratio),
        "rate_ratio_high": max(ratio_high, rates.ratio), "p": rates.p, "losses": "unclear",
        "part_of_year": part, "lost_share_in": _lost(rates.exposed), "lost_share_out": _lost(rates.others),
        "kept": kept, "kept_low": kept_low, "kept_high": kept_high,
    }  # fmt: skip
    return _Kept(
        float(_lost(rates.exposed, part) - _lost(rates.others, part)),
        _lost(drawn[0], part) - _lost(drawn[1], part),
    )


def _lost(rate: Any, part: float = 1.0) -> Any:
    """The share of customers that a rate loses in a year, or in a part of it."""
    return 1 - np.exp(-part * rate)


def _of_customers(
    goal: Goal,
    known: _Known,
    row: dict[str, Any],
    due: Due,
    kept: _Kept | None,
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of a goal that says which share of customers may be in the gap."""
    of, inside, unknown = len(known.now.customers), len(due.customers), len(due.unknown)
    share, n = due.share(of)
    row |= {"unit": "share", "n": n, "unknown": unknown}
    if not n:
        return {**row, "reason": "rule_unknown" if of else "no_customers"}, None
    low, high = wilson(inside, n)
    target = goal.value
    to_move = max(0, inside - _allowed(target, n))
    allowed = _allowed(target, of)
    row |= {
        "as_is": share, "low": low, "high": high, "gap": share - target, "gap_low": low - target,
        "gap_high": high - target, "certainty": "counted", "in_gap": inside, "customers": to_move,
        "customers_low": max(0, inside - allowed), "customers_high": max(0, inside + unknown - allowed),
        "state": SHORT if to_move else REACHED,
    }  # fmt: skip
    if not to_move and row["customers_high"]:
        return {**row, "state": UNKNOWN, "reason": "too_many_unknown"}, None
    share_to_move = to_move / inside if inside else 0.0
    return _worth(row, known, due, share_to_move, np.full(known.resamples.draws, share_to_move), kept)


def _allowed(share: float, of: int) -> int:
    """How many of some customers may be in a gap."""
    return math.floor(share * of + 1e-9)


def _worth(
    row: dict[str, Any],
    known: _Known,
    due: Due,
    moved: float,
    moved_draws: np.ndarray,
    kept: _Kept | None,
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row with the impact of moving a share of the customers in the gap, who are worth as much as the others in it."""
    if not known.now.time.by_contracts:
        return {**row, "reason": "no_contracts" if row["state"] == SHORT else ""}, None
    inside = float(known.mrr.reindex(due.customers).sum())
    row["mrr"] = moved * inside
    if row["state"] == REACHED:
        row |= {"impact": 0.0, "impact_low": 0.0, "impact_high": 0.0}
        return row, np.zeros(known.resamples.draws)
    if kept is None:
        return {**row, "reason": row["losses"]}, None
    impact, draws = moved * inside * kept.share, moved_draws * inside * kept.draws
    row["impact"], (row["impact_low"], row["impact_high"]) = impact, ends(draws, impact)
    return row, draws


def _of_metric(
    goal: Goal,
    known: _Known,
    row: dict[str, Any],
    found: MetricGap,
    due: Due | None,
    kept: _Kept | None,
) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of a goal about a headline number."""
    name, target = str(goal.metric), goal.value
    gap, low, high = found.gap(target)
    counted = found.low == found.high == found.value
    row |= {
        "as_is": found.value, "low": found.low, "high": found.high, "unit": found.unit, "n": found.n, "gap": gap,
        "gap_low": low, "gap_high": high, "certainty": "counted" if counted else "clear" if low > 0 or high < 0 else "unclear",
        "state": SHORT if gap > 0 else REACHED,
    }  # fmt: skip
    if found.unit == "days":
        row["days"] = max(gap, 0.0)
    if due is not None:
        row |= {"in_gap": len(due.customers), "unknown": len(due.unknown)}
    if name in SHARES_OF_CUSTOMERS:
        row |= {
            key: max(0.0, math.ceil(part * found.n - 1e-9)) if math.isfinite(part) else np.nan
            for key, part in (("customers", gap), ("customers_low", low), ("customers_high", high))
        }
    if due is not None:
        row |= _of_rule(row, len(due.customers))
    values = metric_draws(goal, found, known.book, known.accounts, known.resamples)
    gaps = found.sign * (values - target)
    if due is not None:
        moved, moved_draws = _share_to_move(name, found, due, gap, gaps)
        return _worth(row, known, due, moved, moved_draws, kept)
    scale = _in_mrr(name, found, known)
    if math.isnan(scale):
        reason = "not_in_mrr" if known.now.time.by_contracts else "no_contracts"
        return {**row, "reason": reason if row["state"] == SHORT else ""}, None
    row["mrr"] = max(gap, 0.0) * scale
    if row["state"] == REACHED:
        row |= {"impact": 0.0, "impact_low": 0.0, "impact_high": 0.0}
        return row, np.zeros(known.resamples.draws)
    row["impact"], (row["impact_low"], row["impact_high"]) = gap * scale, ends(gaps * scale, gap * scale)
    return row, gaps * scale


def _share_to_move(
    name: str, found: MetricGap, due: Due, gap: float, gaps: np.ndarray
) -> tuple[float, np.ndarray]:
    """The share of the customers of the rule that a gap of a number moves, and draws of it.

    Of a share of customers as many as it says, of another number all of them; none where the number is not short.
    """
    inside = len(due.customers)
    if not inside:
        return 0.0, np.zeros(len(gaps))
    if name not in SHARES_OF_CUSTOMERS:
        return float(gap > 0), np.ones(len(gaps))
    of = found.n / inside
    return min(max(gap, 0.0) * of, 1.0), np.clip(gaps * of, 0.0, 1.0)


def _of_rule(row: Mapping[str, Any], inside: int) -> dict[str, float]:
    """The customers to move of a number with a rule: as many as a share of customers says, else all; never more than the rule has."""
    if row["state"] != SHORT:
        return dict.fromkeys(("customers", "customers_low", "customers_high"), 0.0)
    keys = ("customers", "customers_low", "customers_high")
    return {key: min(row.get(key, math.inf), float(inside)) for key in keys}


def _in_mrr(name: str, found: MetricGap, known: _Known) -> float:
    """The MRR of a year that one unit of a gap is worth; NaN where the number does not say."""
    if not known.now.time.by_contracts:
        return math.nan
    if name in SHARES_OF_MRR:
        return found.base
    if name == "revenue.mrr":
        return 1.0
    mean = float(known.mrr.mean()) if len(known.mrr) else math.nan
    return {"revenue.logo_churn_year": found.n * mean, "revenue.customers": mean}.get(name, math.nan)
