"""Customers lost in a quarter, compared with the same quarter of past years."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.result import Verdict
from cs_helpers.statistics.proportions import rate_ratio

#: the expected losses below which a normal interval is too narrow
MIN_EXPECTED = 5
#: the past years needed for a usual share
MIN_YEARS = 2

COLUMNS = ("year", "customers", "lost", "not_recorded", "share", "usual", "low", "high", "odd")


def losses_by_year(time: CustomerTime, quarter: Quarter) -> pd.DataFrame:
    """The customers at the start of the same quarter of each year, and those of them lost in it.

    Columns: year, customers, lost, not_recorded (a renewal may still be recorded), share (lost), and in the last row,
    with `MIN_YEARS` past years: usual (their share), low, high (95 %), odd (outside of the interval). Empty where
    there was no customer on the day before the quarter.

    The interval is a prediction from past years with binomial variance, the error of their mean and their
    over-dispersion (Pearson chi-square divided by its degrees of freedom, at least 1). Below `MIN_EXPECTED` expected
    losses an exact interval replaces it.
    """
    rows = []
    past_quarter = quarter
    first = time.spells["first_day"].min()
    while pd.Timestamp(past_quarter.start) > first:
        outcome = time.status_after(past_quarter.back(1).end, past_quarter.end)
        if len(outcome):
            lost, not_recorded = int(outcome.isin(ENDINGS).sum()), int((outcome == NOT_RECORDED).sum())
            rows.append((past_quarter.year, len(outcome), lost, not_recorded, lost / len(outcome)))
        past_quarter = past_quarter.back(4)
    table = pd.DataFrame(rows[::-1], columns=list(COLUMNS[:5]))
    table[["usual", "low", "high"]] = np.nan
    table["odd"] = False
    if table.empty or table["year"].iloc[-1] != quarter.year:
        return table.iloc[:0]
    past, latest = table.iloc[:-1], table.iloc[-1]
    if len(past) < MIN_YEARS:
        return table
    n, lost, total = int(latest["customers"]), int(past["lost"].sum()), int(past["customers"].sum())
    usual = lost / total
    fit = past["customers"] * usual * (1 - usual)
    chi_squared = (
        float((((past["lost"] - past["customers"] * usual) ** 2) / fit).sum()) if 0 < usual < 1 else 0.0
    )
    dispersion = max(1.0, chi_squared / (len(past) - 1))
    error = np.sqrt(dispersion * max(usual * (1 - usual), 1e-6) * (1 / n + 1 / total))
    reach = stats.norm.ppf(0.975) if dispersion == 1.0 else stats.t.ppf(0.975, len(past) - 1)
    low, high = max(0.0, usual - reach * error), min(1.0, usual + reach * error)
    if usual * n < MIN_EXPECTED:
        low, high = _exact_interval(n, lost, total, dispersion)
    last = table.index[-1]
    table.loc[last, ["usual", "low", "high"]] = [usual, low, high]
    table.loc[last, "odd"] = bool(latest["share"] < low or latest["share"] > high)
    return table


def past_years_verdict(table: pd.DataFrame) -> Verdict:
    """The verdict on the losses of a quarter.

    table: of `losses_by_year`, not empty. Codes: `first` (too few past years), `more`, `fewer`, `more_than_none`,
    `as_usual`, `few_after_none` (not significantly more than none), `none_as_usual`.
    """
    latest = table.iloc[-1]
    share, usual = float(latest["share"]), float(latest["usual"])
    if usual != usual:
        return Verdict("first", {"share": share})
    fields = {"share": share, "usual": usual, "years": len(table) - 1}
    if not latest["odd"]:
        code = "as_usual" if usual > 0 else "none_as_usual" if share == 0 else "few_after_none"
        return Verdict(code, fields)
    if usual == 0:
        return Verdict("more_than_none", fields)
    return Verdict("more" if share > usual else "fewer", {**fields, "ratio": share / usual})


def _exact_interval(n: int, lost: int, total: int, dispersion: float) -> tuple[float, float]:
    """The lowest and highest share of `n` customers that do not differ significantly (95 %, exact) from `lost` of `total`."""

    def is_compatible(count: int) -> bool:
        return rate_ratio(count, n, lost, total, dispersion=dispersion)[3] >= 0.05

    low = high = lost * n // total
    while low > 0 and is_compatible(low - 1):
        low -= 1
    while high < n and is_compatible(high + 1):
        high += 1
    return low / n, high / n
