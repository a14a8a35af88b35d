"""The customers lost in a quarter, against the same quarter of past years."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.result import Verdict
from cs_helpers.statistics.proportions import rate_ratio

#: with fewer lost customers expected, a normal interval does not hold
LEAST_EXPECTED = 5
#: with fewer past years nothing is called usual
LEAST_YEARS = 2

COLUMNS = ("year", "customers", "lost", "not_recorded", "share", "usual", "low", "high", "odd")


def by_year(time: CustomerTime, quarter: Quarter) -> pd.DataFrame:
    """The customers at the start of this quarter of each year, and those of them that were lost in it.

    Columns: year, customers, lost, not_recorded (a renewal may still be recorded), share (lost), and in the last
    row, where there are two past years: usual (their share), low, high (95 %), odd (outside). Empty where nobody was a
    customer on the day before the quarter.

    Predicted from past years as a beta-binomial would: binomial variance, the error of the past
    mean, and the past years' own over-dispersion (Pearson chi-square over its freedom, at least 1).
    Where few are expected to be lost, that normal interval is too narrow and an exact one stands.
    """
    rows = []
    when = quarter
    first = time.spells["first_day"].min()
    while pd.Timestamp(when.start) > first:
        became = time.status_after(when.back(1).end, when.end)
        if len(became):
            lost, open_ = int(became.isin(ENDINGS).sum()), int((became == NOT_RECORDED).sum())
            rows.append((when.year, len(became), lost, open_, lost / len(became)))
        when = when.back(4)
    table = pd.DataFrame(rows[::-1], columns=list(COLUMNS[:5]))
    table[["usual", "low", "high"]] = np.nan
    table["odd"] = False
    if table.empty or table["year"].iloc[-1] != quarter.year:
        return table.iloc[:0]
    past, now = table.iloc[:-1], table.iloc[-1]
    if len(past) < LEAST_YEARS:
        return table
    n, lost, total = int(now["customers"]), int(past["lost"].sum()), int(past["customers"].sum())
    usual = lost / total
    fit = past["customers"] * usual * (1 - usual)
    chi = float((((past["lost"] - past["customers"] * usual) ** 2) / fit).sum()) if 0 < usual < 1 else 0.0
    dispersion = max(1.0, chi / (len(past) - 1))
    error = np.sqrt(dispersion * max(usual * (1 - usual), 1e-6) * (1 / n + 1 / total))
    reach = stats.norm.ppf(0.975) if dispersion == 1.0 else stats.t.ppf(0.975, len(past) - 1)
    low, high = max(0.0, usual - reach * error), min(1.0, usual + reach * error)
    if usual * n < LEAST_EXPECTED:
        low, high = _few_lost(n, lost, total, dispersion)
    last = table.index[-1]
    table.loc[last, ["usual", "low", "high"]] = [usual, low, high]
    table.loc[last, "odd"] = bool(now["share"] < low or now["share"] > high)
    return table


def against_past(table: pd.DataFrame) -> Verdict:
    """What is said of a quarter's losses; against none there is no ratio, but there may be a difference.

    table: as `by_year` gives it, not empty. Codes: first (too few past years), more, fewer, more_than_none, as_usual,
    few_after_none (some after none, by chance perhaps), none_as_usual.
    """
    now = table.iloc[-1]
    share, usual = float(now["share"]), float(now["usual"])
    if usual != usual:
        return Verdict("first", {"share": share})
    fields = {"share": share, "usual": usual, "years": len(table) - 1}
    if not now["odd"]:
        code = "as_usual" if usual > 0 else "none_as_usual" if share == 0 else "few_after_none"
        return Verdict(code, fields)
    if usual == 0:
        return Verdict("more_than_none", fields)
    return Verdict("more" if share > usual else "fewer", {**fields, "ratio": share / usual})


def _few_lost(n: int, lost: int, total: int, dispersion: float) -> tuple[float, float]:
    """The shares of `n` customers whose exact comparison (95 %) with `lost` of `total` finds no difference."""

    def alike(count: int) -> bool:
        return rate_ratio(count, n, lost, total, dispersion=dispersion)[3] >= 0.05

    low = high = lost * n // total
    while low > 0 and alike(low - 1):
        low -= 1
    while high < n and alike(high + 1):
        high += 1
    return low / n, high / n
