"""How mature each customer is: levels over time, by segment, transitions, and what a fall foretells."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.analyses import measures
from cs_helpers.analyses.customers import SIZE_ORDER, active_on, is_active, tenure
from cs_helpers.analyses.proportions import rate_ratio, wilson
from cs_helpers.analyses.result import Metric, Note, Result
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

LEVELS = (0, 1, 2, 3, 4)
#: a customer counts as lost after a fall when the contract ends within so many quarters
LOST_WITHIN = 2

#: what the columns of the tables tell of (`contract.disclosure`)
DISCLOSES = columns(
    public="size mrr level previous quarter customers share n before after low high fell lost",
    company="account_id name",
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Levels by the product's rules at each quarter's end (`current_state`: they may fall).

    Tables: `levels` (account_id, name, size, mrr, level, previous) of the customers at the end of
    the quarter; `by_quarter` (quarter, level, customers, share); `by_size` (size, level,
    customers, share, n); `transitions` (before, after, customers, share, n, low, high) over the
    last four quarters, `after` -1 being lost; `falls` (fell, customers, lost, share, low, high):
    lost within two quarters after a fall and after none.
    """
    missing = data.missing(*_tables_needed(data))
    active = active_on(data["contracts"], quarter.end)["account_id"].unique()
    if missing or not len(active):
        code, fields = (
            ("missing_table", {"tables": missing}) if missing else ("no_customers", {"quarter": str(quarter)})
        )
        unsaid = tuple(
            Note(code, about, fields) for about in ("by_quarter", "by_size", "transitions", "falls")
        )
        name = data.product.product
        return Result("maturity", name, quarter, quarter.start, data.as_of, len(active), {}, {}, unsaid)
    first = _first_quarter(data, quarter)
    quarters = first.upto(quarter)
    states = levels_at(data, [q.end for q in quarters])
    states.columns = pd.Index(quarters)
    notes: list[Note] = []
    tables = {
        "levels": _levels(data, states, quarter),
        "by_quarter": _by_quarter(states),
        "by_size": _by_size(data, states[quarter]),
    }
    if len(quarters) > 1:
        tables["transitions"] = _transitions(states, quarters[-5:])
        falls = _falls(data, states, quarters)
        if len(falls):
            tables["falls"] = falls
    needed = {"transitions": 2, "falls": 2 + LOST_WITHIN}
    notes += [
        Note("too_few_quarters", about, {"quarters": len(quarters), "needed": quarters_needed})
        for about, quarters_needed in needed.items()
        if about not in tables
    ]
    metrics = _metrics(states[quarter], tables)
    return Result(
        "maturity",
        data.product.product,
        quarter,
        first.start,
        data.as_of,
        len(active),
        tables,
        metrics,
        tuple(notes),
    )


def levels_at(data: ProductData, days: list[date]) -> pd.DataFrame:
    """The level of each account at the end of the month of each day.

    Rows: account_id. Columns: `days`. Values 0 (not yet Lv.1) to 4; NaN: no active contract.
    """
    months = pd.DatetimeIndex([pd.Timestamp(d).replace(day=1) for d in days]).as_unit("us")
    span = pd.date_range(months[0], months[-1], freq="MS").as_unit("us")
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    level = np.zeros((len(accounts), len(days)))
    holds = np.full(level.shape, True)
    values: dict[str, np.ndarray] = {}  # a level repeats the measures of those below it
    for rule in data.product.maturity.levels:
        for condition in rule.conditions:
            measure = condition.model_dump_json(exclude={"at_least", "at_most"})
            if measure not in values:
                values[measure] = measures.monthly(data, condition, span)[months].to_numpy()
            if condition.at_least is not None:
                holds &= values[measure] >= condition.at_least
            if condition.at_most is not None:
                holds &= values[measure] <= condition.at_most
        level[holds] = rule.level
    contracts = data["contracts"]
    running = pd.DataFrame({d: is_active(contracts, d) for d in days})
    customer = running.groupby(contracts["account_id"]).any().reindex(accounts, fill_value=False)
    return pd.DataFrame(level, index=accounts, columns=days).where(customer)


def _tables_needed(data: ProductData) -> list[str]:
    conditions = [c for level in data.product.maturity.levels for c in level.conditions]
    return sorted({measures.NEEDS[c.source] for c in conditions})


def _first_quarter(data: ProductData, quarter: Quarter) -> Quarter:
    days = data["active_daily"]["day"]
    first = Quarter.holding(days.min().date()) if len(days) else quarter
    return min(first, quarter)


def _levels(data: ProductData, states: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    mrr = active_on(data["contracts"], quarter.end).groupby("account_id")["mrr"].sum()
    frame = data["accounts"][["account_id", "name", "size"]].copy()
    frame["mrr"] = frame["account_id"].map(mrr).astype("float64")
    frame["level"] = frame["account_id"].map(states[quarter])
    before = quarter.back(1)
    frame["previous"] = frame["account_id"].map(states[before]) if before in states else np.nan
    return frame.dropna(subset=["level"]).astype({"level": int}).reset_index(drop=True)


def _by_quarter(states: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for quarter in states.columns:
        counts = states[quarter].value_counts()
        total = int(counts.sum())
        rows += [
            {
                "quarter": str(quarter),
                "level": level,
                "customers": int(counts.get(level, 0)),
                "share": counts.get(level, 0) / total if total else np.nan,
            }
            for level in LEVELS
        ]
    return pd.DataFrame(rows)


def _by_size(data: ProductData, now: pd.Series) -> pd.DataFrame:
    size = data["accounts"].set_index("account_id")["size"]
    rows = []
    for name in SIZE_ORDER:
        inside = now[size.reindex(now.index) == name].dropna()
        rows += [
            {
                "size": name,
                "level": level,
                "customers": int((inside == level).sum()),
                "share": (inside == level).mean() if len(inside) else np.nan,
                "n": len(inside),
            }
            for level in LEVELS
        ]
    return pd.DataFrame(rows)


def _transitions(states: pd.DataFrame, quarters: list[Quarter]) -> pd.DataFrame:
    levels = states[quarters].to_numpy()
    then = levels[:, :-1]
    now = np.where(np.isnan(levels[:, 1:]), -1, levels[:, 1:])
    rows = []
    for before in LEVELS:
        n = int((then == before).sum())
        for after in (-1, *LEVELS):
            count = int(((then == before) & (now == after)).sum())
            low, high = wilson(count, n)
            rows.append(
                {
                    "before": before,
                    "after": after,
                    "customers": count,
                    "share": count / n if n else np.nan,
                    "n": n,
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def _falls(data: ProductData, states: pd.DataFrame, quarters: list[Quarter]) -> pd.DataFrame:
    """Customer-quarters whose next two quarters are known, with and without a fall."""
    columns = ["fell", "customers", "lost", "share", "low", "high"]
    known_until = min(quarters[-1].end, data.as_of)
    pairs = [(before, now) for before, now in pairwise(quarters) if now.back(-LOST_WITHIN).end <= known_until]
    if not pairs:
        return pd.DataFrame(columns=columns)
    then, level = (states[list(side)].to_numpy() for side in zip(*pairs, strict=True))
    known = ~np.isnan(then) & ~np.isnan(level)
    horizons = np.array([now.back(-LOST_WITHIN).end for _, now in pairs], "datetime64[us]")
    ended = tenure(data["contracts"])["ended_on"].reindex(states.index).to_numpy("datetime64[us]")
    left = ended[:, None] <= horizons
    out = []
    for fell in (True, False):
        inside = known & ((level < then) == fell)
        lost, n = int((inside & left).sum()), int(inside.sum())
        low, high = wilson(lost, n)
        out.append(
            {
                "fell": fell,
                "customers": n,
                "lost": lost,
                "share": lost / n if n else np.nan,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(out, columns=columns)


def _metrics(now: pd.Series, tables: dict[str, pd.DataFrame]) -> dict[str, Metric]:
    level = now.dropna()
    n = len(level)
    found = {}
    if n:
        high = int((level >= 3).sum())
        low_bound, high_bound = wilson(high, n)
        found["level_3_or_more"] = Metric("level_3_or_more", high / n, "share", n, low_bound, high_bound)
    levels = tables["levels"].dropna(subset=["previous"])
    if len(levels):
        for name, moved in (
            ("rose", levels["level"] > levels["previous"]),
            ("fell", levels["level"] < levels["previous"]),
        ):
            count = int(moved.sum())
            low_bound, high_bound = wilson(count, len(levels))
            found[name] = Metric(name, count / len(levels), "share", len(levels), low_bound, high_bound)
    falls = tables.get("falls")
    if falls is not None and len(falls) == 2 and falls["lost"].gt(0).all():
        fell, held = falls.iloc[0], falls.iloc[1]
        ratio, low_bound, high_bound, _ = rate_ratio(
            int(fell["lost"]), int(fell["customers"]), int(held["lost"]), int(held["customers"])
        )
        found["fall_ratio"] = Metric(
            "fall_ratio", ratio, "ratio", int(falls["customers"].sum()), low_bound, high_bound
        )
    return found
