"""What is normal, so that the odd is felt: usual levels, this quarter's departures, past periods, cohorts.

Three comparisons, each two-sided: a day against its usual level, the quarter's churn against the
same quarter of past years, and new customers' questions against those of earlier new customers.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.tsa.seasonal import STL

from cs_helpers.analyses.customers import active_on, tenure
from cs_helpers.analyses.measures import named
from cs_helpers.analyses.proportions import FALSE_DISCOVERY, benjamini_hochberg, rate_ratio
from cs_helpers.analyses.result import Metric, Note, Result
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Baseline
from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

#: days of history without which nothing is called usual: the level's eight weeks, and as many
#: again from which the size of ordinary errors is learned
LEAST_HISTORY = 112
LEVEL_DAYS = 56
#: a departure below this ratio (or above its inverse) is not worth an alert, however sure
LEAST_EFFECT = 1.3
ANSCOMBE = 3 / 8
#: a customer's first month, in days
FIRST_MONTH = 30
#: cohorts smaller than this are not compared
LEAST_COHORT = 8
#: with fewer lost customers expected, a normal interval does not hold
LEAST_EXPECTED = 5

#: what the columns of the tables tell of (`contract.disclosure`)
DISCLOSES = columns(
    public="day value usual low high p baseline odd weekday starts_on ends_on days ratio year customers lost share cohort"
    " tickets each"
)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Usual levels and what departed from them in the quarter.

    Tables: `series` (baseline, day, value, usual, low, high, odd) for the quarter's days; `usual`
    (baseline, weekday 0-6, usual, low, high) at the quarter's end; `departures` (baseline,
    starts_on, ends_on, days, value, usual, ratio, p) episodes of odd days, means a day;
    `same_quarter` (year, customers, lost, share, usual, low, high, odd) the quarter's lost
    customers against past years; `cohorts` (cohort, customers, tickets, each) tickets in the
    first 30 days by quarter of start.
    """
    notes: list[Note] = []
    tables: dict[str, pd.DataFrame] = {}
    metrics: dict[str, Metric] = {}
    _days(data, quarter, tables, metrics, notes)
    _past_years(data, quarter, tables, metrics, notes)
    _first_months(data, quarter, tables, metrics, notes)
    n = active_on(data["contracts"], quarter.end)["account_id"].nunique()
    return Result(
        "baselines",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        n,
        tables,
        metrics,
        tuple(notes),
    )


def daily(data: ProductData, baseline: Baseline, until: pd.Timestamp) -> pd.Series:
    """The baseline's number on each day from the first day of its log; days without rows are 0."""
    if baseline.source == "tickets":
        days = data["tickets"]["opened_at"].dt.normalize()
        counts = days.value_counts().astype("float64")
    else:
        whole = baseline.event == "*"
        rows = data["active_daily" if whole else "usage_daily"]
        if not whole:
            rows = rows.loc[named(rows["event"], baseline.event), ["day", baseline.value]]
        counts = rows.groupby("day")[baseline.value].sum().astype("float64")
    counts = counts[counts.index <= until]
    if counts.empty:
        return counts
    return counts.reindex(pd.date_range(counts.index.min(), until, freq="D"), fill_value=0.0)


def expected(values: pd.Series, since: pd.Timestamp = pd.Timestamp.min) -> pd.DataFrame:
    """The usual level of each day, known only from the days before it.

    The seasonal part of a robust STL (period 7) gives the weekday, the median of the last eight
    weeks without it the level, and the median of earlier months the last three days of a month;
    on the square-root scale, on which counts vary alike at every level (Anscombe 1948). The errors
    of these forecasts are out of sample. Each is measured by the robust spread (MAD) of its kind
    of day, working day or weekend, and a Student t fitted to those of the past gives bounds (95 %)
    and p-values, so heavy tails widen them; those of quarters that end before `since` are not worked
    out.

    Index: day. Columns: value, usual, low, high, p (two-sided).
    """
    rooted = np.sqrt(values + ANSCOMBE)
    season = _weekday_part(rooted)
    level = (rooted - season).rolling(LEVEL_DAYS, min_periods=LEVEL_DAYS // 2).median().shift(1)
    forecast = level + season
    days = pd.DatetimeIndex(values.index)
    month_end = days.days_in_month - days.day < 3
    past_ends = (rooted - forecast)[month_end].rolling(24, min_periods=6).median().shift(1)
    forecast = forecast.add(past_ends.reindex(values.index).fillna(0.0))
    error = rooted - forecast
    frame = pd.DataFrame({"value": values, "usual": _counts(forecast)})
    frame[["low", "high", "p"]] = np.nan
    known = error.dropna()
    weekend = days.dayofweek >= 5
    # one quarter at a time, each against the errors made before it
    for _, block in error.groupby(days.to_period("Q")):
        if block.index[-1] < since:
            continue
        past = known[known.index < block.index[0]].iloc[-730:]
        if len(past) < LEAST_HISTORY - LEVEL_DAYS:
            continue
        spread = pd.Series(np.where(weekend, _spread(past, True), _spread(past, False)), index=values.index)
        if spread.min() <= 1e-9:
            continue
        scaled = past / spread[past.index]
        freedom = _tail(scaled)
        centre, scale = student(scaled.to_numpy(), freedom)
        low, high = stats.t.interval(0.95, freedom, centre, scale)
        ruler = spread[block.index]
        frame.loc[block.index, "low"] = _counts(forecast[block.index] + low * ruler)
        frame.loc[block.index, "high"] = _counts(forecast[block.index] + high * ruler)
        frame.loc[block.index, "p"] = 2 * stats.t.sf(np.abs((block / ruler - centre) / scale), freedom)
    return frame


def _counts(rooted: pd.Series) -> pd.Series:
    return (rooted.clip(lower=0) ** 2 - ANSCOMBE).clip(lower=0)


def _spread(errors: pd.Series, weekend: bool) -> float:
    """Robust standard deviation (1.4826 MAD) of the errors on working days or on weekends."""
    kind = errors[(pd.DatetimeIndex(errors.index).dayofweek >= 5) == weekend]
    return float(1.4826 * np.median(np.abs(kind - np.median(kind)))) if len(kind) else 0.0


def _tail(scaled: pd.Series) -> float:
    """Degrees of freedom by which 99 % of the errors lie where a Student t has them; 2.5 to 30."""
    reach = float(np.quantile(np.abs(scaled - np.median(scaled)), 0.99))
    grid = np.array([2.5, 3, 4, 5, 7, 10, 15, 30])
    ratio = stats.t.ppf(0.995, grid) / (1.4826 * stats.t.ppf(0.75, grid))
    return float(grid[np.argmin(np.abs(ratio - reach))])


def student(values: np.ndarray, freedom: float) -> tuple[float, float]:
    """Centre and scale of the Student t of so many degrees of freedom that fits best (maximum likelihood).

    By reweighting (Kent, Tyler, Vardi 1994): the estimate of scipy's `t.fit`, which searches for it
    without derivatives, in a twentieth of the time.
    """
    centre, scale = float(np.median(values)), float(np.std(values))
    for _ in range(500):
        weight = 1 / (freedom + ((values - centre) / scale) ** 2)
        weight /= weight.sum()
        before, centre = centre, float(weight @ values)
        narrower, scale = scale, float(np.sqrt(weight @ (values - centre) ** 2))
        if max(abs(centre - before), abs(scale - narrower)) < 1e-12 * scale:
            break
    return centre, scale


def _weekday_part(rooted: pd.Series) -> pd.Series:
    """The weekday's part, from a robust STL, as the median of its last eight values before a day."""
    seasonal = STL(rooted, period=7, seasonal=13, robust=True).fit().seasonal
    weekday = pd.Series(seasonal, index=rooted.index)
    return (
        weekday.groupby(weekday.index.dayofweek, group_keys=False)
        .apply(lambda part: part.rolling(8, min_periods=1).median().shift(1))
        .reindex(rooted.index)
        .bfill()
    )


def _days(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
) -> None:
    start, end = pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)
    series, usual = [], []
    for baseline in data.product.baselines:
        if missing := data.missing(baseline.source):
            notes.append(Note("missing_table", "series", {"tables": missing}))
            continue
        values = daily(data, baseline, end)
        before = values[values.index < start]
        if len(before) < LEAST_HISTORY:
            notes.append(
                Note(
                    "short_history",
                    "series",
                    {"baseline": baseline.name, "days": len(before), "needed": LEAST_HISTORY},
                )
            )
            continue
        if before.std() == 0:
            notes.append(Note("constant_series", "series", {"baseline": baseline.name}))
            continue
        known = expected(values, start)
        inside = known[known.index >= start]
        if inside["p"].isna().all():
            notes.append(Note("no_spread", "series", {"baseline": baseline.name}))
            continue
        series.append(inside.reset_index(names="day").assign(baseline=baseline.id))
        last = inside[["usual", "low", "high"]].iloc[-28:]
        by_day = last.groupby(last.index.dayofweek).median().reset_index(names="weekday")
        usual.append(by_day.assign(baseline=baseline.id))
    if not series:
        notes += [Note("nothing_watched", about, {}) for about in ("series", "departures")]
        return
    table = pd.concat(series, ignore_index=True)
    ratio = (table["value"] + 0.5) / (table["usual"] + 0.5)
    large = (ratio >= LEAST_EFFECT) | (ratio <= 1 / LEAST_EFFECT)
    sure = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    table["odd"] = large & sure
    tables["series"] = table
    tables["usual"] = pd.concat(usual, ignore_index=True)
    tables["departures"] = _episodes(table)
    days = int(table.loc[table["odd"], "day"].nunique())
    metrics["odd_days"] = Metric("odd_days", float(days), "count", int(table["day"].nunique()))


def _episodes(series: pd.DataFrame) -> pd.DataFrame:
    """Odd days of a baseline that lie at most three days apart and go the same way, as one row."""
    columns = ["baseline", "starts_on", "ends_on", "days", "value", "usual", "ratio", "p"]
    rows = []
    for name, part in series[series["odd"]].groupby("baseline", sort=False):
        up = part["value"] > part["usual"]
        apart = (part["day"].diff() > timedelta(days=3)) | (up != up.shift())
        for _, episode in part.groupby(apart.cumsum()):
            value, usual = episode["value"].mean(), episode["usual"].mean()
            rows.append(
                {
                    "baseline": name,
                    "starts_on": episode["day"].min(),
                    "ends_on": episode["day"].max(),
                    "days": len(episode),
                    "value": value,
                    "usual": usual,
                    "ratio": value / usual if usual else np.inf,
                    "p": episode["p"].min(),
                }
            )
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values(["days", "p"], ascending=[False, True], ignore_index=True)


def _past_years(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
) -> None:
    """Customers lost in the quarter of those at its start, against the same quarter of past years.

    Predicted from past years as a beta-binomial would: binomial variance, the error of the past
    mean, and the past years' own over-dispersion (Pearson chi-square over its freedom, at least 1).
    Where few are expected to be lost, that normal interval is too narrow and an exact one stands.
    """
    spans = tenure(data["contracts"])
    rows = []
    year = quarter.year
    first = spans["started_on"].min()
    while pd.Timestamp(Quarter(year, quarter.number).start) > first:
        when = Quarter(year, quarter.number)
        start, end = pd.Timestamp(when.start), pd.Timestamp(when.end) + pd.Timedelta(days=1)
        here = (spans["started_on"] < start) & (spans["ended_on"].isna() | (spans["ended_on"] >= start))
        lost = here & (spans["ended_on"] < end)
        if here.sum():
            rows.append({"year": year, "customers": int(here.sum()), "lost": int(lost.sum())})
        year -= 1
    table = pd.DataFrame(rows, columns=["year", "customers", "lost"]).sort_values("year", ignore_index=True)
    if table.empty or table["year"].iloc[-1] != quarter.year:
        notes.append(Note("no_customers", "same_quarter", {"quarter": str(quarter)}))
        return
    table["share"] = table["lost"] / table["customers"]
    table[["usual", "low", "high"]] = np.nan
    table["odd"] = False
    past = table[table["year"] < quarter.year]
    n = int(table["customers"].iloc[-1])
    share = float(table["share"].iloc[-1])
    tables["same_quarter"] = table
    metrics["lost_share"] = Metric("lost_share", share, "share", n)
    if len(past) < 2:
        notes.append(Note("too_few_years", "same_quarter", {"years": len(past), "needed": 2}))
        return
    base, total = float(past["lost"].sum() / past["customers"].sum()), int(past["customers"].sum())
    fit = past["customers"] * base * (1 - base)
    chi = (
        float((((past["lost"] - past["customers"] * base) ** 2) / fit).sum())
        if base not in (0.0, 1.0)
        else 0.0
    )
    dispersion = max(1.0, chi / (len(past) - 1))
    error = np.sqrt(dispersion * max(base * (1 - base), 1e-6) * (1 / n + 1 / total))
    reach = stats.norm.ppf(0.975) if dispersion == 1.0 else stats.t.ppf(0.975, len(past) - 1)
    low, high = max(0.0, base - reach * error), min(1.0, base + reach * error)
    if base * n < LEAST_EXPECTED:
        low, high = _few_lost(n, int(past["lost"].sum()), total, dispersion)
    last = table.index[-1]
    table.loc[last, ["usual", "low", "high"]] = [base, low, high]
    table.loc[last, "odd"] = bool(share < low or share > high)
    if base > 0:
        metrics["lost_ratio"] = Metric("lost_ratio", share / base, "ratio", n)


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


def _first_months(
    data: ProductData,
    quarter: Quarter,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
) -> None:
    if missing := data.missing("tickets"):
        notes.append(Note("missing_table", "cohorts", {"tables": missing}))
        return
    tickets = data["tickets"]
    started = tenure(data["contracts"])["started_on"]
    known_from = tickets["opened_at"].dt.normalize().min()
    known_until = pd.Timestamp(quarter.end) - pd.Timedelta(days=FIRST_MONTH - 1)
    started = started[(started >= known_from) & (started <= known_until)]
    if started.empty:
        notes.append(Note("no_new_customers", "cohorts", {"quarter": str(quarter)}))
        return
    opened = tickets[["account_id", "opened_at"]].assign(started=tickets["account_id"].map(started))
    age = (opened["opened_at"] - opened["started"]).dt.days
    first = opened[(age >= 0) & (age < FIRST_MONTH)]
    each = first.groupby("account_id").size().reindex(started.index, fill_value=0)
    cohort = started.map(lambda day: str(Quarter.holding(day.date())))
    table = each.groupby(cohort).agg(customers="size", tickets="sum").rename_axis("cohort").reset_index()
    table["each"] = table["tickets"] / table["customers"]
    tables["cohorts"] = table
    new, earlier = each[cohort == str(quarter)], each[cohort != str(quarter)]
    if len(new) < LEAST_COHORT or len(earlier) < LEAST_COHORT:
        notes.append(
            Note(
                "small_cohort",
                "cohorts",
                {"customers": len(new), "earlier": len(earlier), "needed": LEAST_COHORT},
            )
        )
        return
    dispersion = float(earlier.var() / earlier.mean()) if earlier.mean() > 0 else 1.0
    ratio, low, high, p = rate_ratio(
        int(new.sum()), len(new), int(earlier.sum()), len(earlier), dispersion=dispersion
    )
    if not np.isnan(ratio):  # nobody of either asked anything
        metrics["cohort_ratio"] = Metric("cohort_ratio", ratio, "ratio", len(new), low, high)
    metrics["cohort_p"] = Metric("cohort_p", p, "p", len(new))
