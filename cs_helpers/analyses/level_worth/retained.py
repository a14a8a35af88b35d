"""NRR by the level at the start of a period (`customers.retention`), and how much more a level goes with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.customers.maturity_levels import LevelHistory
from cs_helpers.customers.movements import Ledger
from cs_helpers.customers.retention import Cohort, cohort
from cs_helpers.customers.segments import with_segments
from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, interval, resampled_sums
from cs_helpers.statistics.stratified_slope import Slope, stratified_slope

#: the periods of NRR in months
PERIODS = {"quarter": 3, "year": 12}
#: from so many whole years on customers count as equally old
OLDEST = 3


def level_at(history: LevelHistory, day: date) -> pd.Series:
    """The known levels at the end of a month: index account_id; empty where the day is not in the history."""
    if day not in history.states:
        return pd.Series(dtype="float64", index=pd.Index([], dtype="str", name="account_id"))
    states = history.states[day]
    return states[states >= 0]


def cohorts(history: LevelHistory, ledger: Ledger, months: int) -> tuple[Cohort, np.ndarray]:
    """The customers of so many months ago, and their level then (NaN: not known)."""
    found = cohort(ledger, months)
    then = level_at(history, ledger.at.days[ledger.months - months])
    return found, then.reindex(found.accounts).to_numpy("float64")


def nrr_table(history: LevelHistory, ledger: Ledger, levels: Sequence[int]) -> pd.DataFrame:
    """NRR, GRR and logo churn of each period by the level at its start.

    Columns: period, months, level, those of `Cohort.measures`. Levels without a customer then are left out.
    """
    rows = []
    for period, months in PERIODS.items():
        found, level = cohorts(history, ledger, months)
        for at in levels:
            part = found.only(level == at)
            if len(part.start):
                rows.append({"period": period, "months": months, "level": at, **part.measures()})
    return pd.DataFrame(rows)


def halves_differ(found: Cohort, level: np.ndarray, groups: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """NRR of the lower and the upper levels, and the difference, which is `upper` minus `lower`.

    Fields: lower, upper, difference, low, high (95 %, resamples of customers), paying_lower, paying_upper, mrr_lower; NaN where a half
    has nobody who pays, and for the interval fewer than `MIN_CUSTOMERS`.
    """
    parts = {name: np.isin(level, levels) & (found.start > 0) for name, levels in groups.items()}
    values = np.vstack([v * parts[name] for name in ("lower", "upper") for v in (found.end, found.start)])
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = values.sum(axis=1)
        lower, upper = sums[0] / sums[1], sums[2] / sums[3]
    row = {
        "lower": float(lower), "upper": float(upper), "difference": float(upper - lower), "low": np.nan, "high": np.nan,
        "paying_lower": int(parts["lower"].sum()), "paying_upper": int(parts["upper"].sum()),
        "mrr_lower": float(sums[1]),
    }  # fmt: skip
    if min(row["paying_lower"], row["paying_upper"]) >= MIN_CUSTOMERS:
        drawn = resampled_sums(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = drawn[2] / drawn[3] - drawn[0] / drawn[1]
            difference = difference[np.isfinite(difference)]  # a resample may hold nobody of a small half
            if len(difference):
                row["low"], row["high"] = interval(difference)
    return row


def years_after(history: LevelHistory, ledger: Ledger, accounts: pd.DataFrame) -> pd.DataFrame:
    """Who paid at each landmark with a year after it, and what it paid at the end of that year.

    Columns: account_id, landmark (str), level, start, end (MRR), age (whole years as a customer, at most `OLDEST`), size,
    industry.
    """
    year = PERIODS["year"]
    parts = []
    for landmark in history.quarters[:-4]:
        back = ledger.months - ledger.at.days.index(landmark.end)
        found = cohort(ledger, back, until=back - year)
        level = level_at(history, landmark.end).reindex(found.accounts).to_numpy("float64")
        counts = (found.start > 0) & ~np.isnan(level)
        chosen = found.only(counts)
        since = history.time.spell_starts(landmark.end).reindex(chosen.accounts)
        age = (pd.Timestamp(landmark.end) - since).dt.days // 365
        parts.append(
            pd.DataFrame(
                {
                    "account_id": chosen.accounts, "landmark": str(landmark), "level": level[counts],
                    "start": chosen.start, "end": chosen.end, "age": np.minimum(age.to_numpy(), OLDEST),
                }
            )
        )  # fmt: skip
    columns = ["account_id", "landmark", "level", "start", "end", "age"]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    segments = with_segments(accounts).set_index("account_id")[["size", "industry"]]
    return rows.join(segments, on="account_id")


def nrr_slope(rows: pd.DataFrame, strata: Sequence[str]) -> Slope:
    """The change of NRR over a year for one level more, among who paid at the same landmark (rows: `years_after`)."""
    if rows.empty:
        return Slope(*(np.nan,) * 4, 0)
    start = rows["start"].to_numpy("float64")
    return stratified_slope(
        rows["level"].to_numpy("float64"),
        rows["end"].to_numpy("float64") / start,
        start,
        rows.groupby(["landmark", "age", *strata], dropna=False).ngroup().to_numpy(),
        rows["account_id"].to_numpy(object),
    )
