"""The watched numbers of the quarter, compared with the same quarter of past years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.analyses.baselines.scan import is_worth_an_alert
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.watched import WatchedSeries
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.past_years import MIN_YEARS, expect_from_years
from cs_helpers.statistics.proportions import benjamini_hochberg

#: a quarter of which less is known is not compared
MIN_KNOWN = 0.8
#: past years that do not even tell three times as much, or a third, from the usual do not say what is usual
MAX_FACTOR = 3
#: the mean number of days, weeks and months of a quarter
_PERIODS = {"day": 365.2425 / 4, "week": 365.2425 / 28, "month": 3.0}

YEARS = ("quarter_value", "year_usual", "year_low", "year_high", "year_p", "years", "year_verdict")


@dataclass(frozen=True)
class _Total:
    """A number in a quarter: the sum of its days, weeks or months (of levels and amounts the mean), and what it is in proportion to."""

    value: float
    periods: int
    exposure: float


def compare_years(
    data: ProductData, time: CustomerTime, quarter: Quarter, watched: Sequence[WatchedSeries]
) -> pd.DataFrame:
    """Each watched number in the quarter against the same quarter of past years, by the number of customers then.

    Index: key of the series. Columns (`YEARS`): quarter_value, the mean of its days, weeks or months; year_usual, year_low,
    year_high (95 %, `statistics.past_years`), year_p, years (of the past, with most of that quarter known), year_verdict:
    `more`, `fewer`, `as_usual`, `wide` (within an interval that is wider than `MAX_FACTOR` times its middle), `first` (too few years), `unknown` (less than `MIN_KNOWN` of the quarter is known) or
    `no_spread`. Counts are in proportion to the customers, where contracts tell them. More and fewer are decided at the
    false discovery rate of the product's alerts over all rows, and from its least ratio or change on.
    """
    segments = data["accounts"].set_index("account_id")
    rows = {w.key: _compare(w, quarter, time, segments) for w in watched}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(YEARS))
    settings = data.product.alerts
    significant = benjamini_hochberg(table["year_p"].to_list(), q=settings.false_discovery)
    for n, series in enumerate(watched):
        value, usual = (float(table.loc[series.key, name]) for name in ("quarter_value", "year_usual"))
        if significant[n] and is_worth_an_alert(np.array(value), np.array(usual), series.baseline, settings):
            table.loc[series.key, "year_verdict"] = "more" if value > usual else "fewer"
    return table


def _compare(
    watched: WatchedSeries, quarter: Quarter, time: CustomerTime, accounts: pd.DataFrame
) -> Mapping[str, object]:
    now = _total(watched, quarter, time, accounts)
    empty = dict.fromkeys(YEARS, np.nan) | {"years": 0}
    if now is None:
        return empty | {"year_verdict": "unknown"}
    past = [total for _, total in _past_totals(watched, quarter, time, accounts)]
    scale = watched.baseline.scale
    per = now.periods if scale == "count" else 1
    row = empty | {"quarter_value": now.value / per, "years": len(past)}
    if len(past) < MIN_YEARS:
        return row | {"year_verdict": "first"}
    expected = expect_from_years(
        now.value, [t.value for t in past], scale=scale, exposure=now.exposure,
        past_exposure=[t.exposure for t in past],
    )  # fmt: skip
    if expected is None or now.exposure <= 0:
        return row | {"year_verdict": "no_spread"}
    is_wide = scale != "level" and (
        expected.high > MAX_FACTOR * expected.usual or expected.low < expected.usual / MAX_FACTOR
    )
    return row | {
        "year_usual": expected.usual / per,
        "year_low": expected.low / per,
        "year_high": expected.high / per,
        "year_p": expected.p,
        "year_verdict": "wide" if is_wide else "as_usual",
    }


def year_values(
    data: ProductData, time: CustomerTime, quarter: Quarter, watched: WatchedSeries
) -> pd.DataFrame:
    """A watched number in the same quarter of each year that knows most of it, oldest first: year, value.

    value: the mean of its days, weeks or months, at today's number of customers where it is in proportion to them.
    """
    accounts = data["accounts"].set_index("account_id")
    now = _total(watched, quarter, time, accounts)
    totals = [(quarter.year, now)] if now is not None else []
    totals += _past_totals(watched, quarter, time, accounts)
    is_count = watched.baseline.scale == "count"
    exposure = None if now is None else now.exposure / now.periods

    def value(total: _Total) -> float:
        if not is_count:
            return total.value
        if exposure is None:
            return total.value / total.periods
        return total.value / total.exposure * exposure if total.exposure else np.nan

    return pd.DataFrame([(year, value(total)) for year, total in reversed(totals)], columns=["year", "value"])


def _past_totals(
    watched: WatchedSeries, quarter: Quarter, time: CustomerTime, accounts: pd.DataFrame
) -> list[tuple[int, _Total]]:
    """The number in the same quarter of past years, the latest first, where enough of it is known."""
    past, earlier = [], quarter.back(4)
    while pd.Timestamp(earlier.end) >= watched.values.index[0]:
        total = _total(watched, earlier, time, accounts)
        if total is not None and total.exposure > 0:
            past.append((earlier.year, total))
        earlier = earlier.back(4)
    return past


def _total(
    watched: WatchedSeries, quarter: Quarter, time: CustomerTime, accounts: pd.DataFrame
) -> _Total | None:
    """A number in a quarter; None where too little of it is known."""
    values, baseline = watched.values, watched.baseline
    inside = values[
        (values.index >= pd.Timestamp(quarter.start)) & (values.index <= pd.Timestamp(quarter.end))
    ]
    known = inside.dropna()
    if baseline.scale != "count":
        # a median or a share is not there in weeks without tickets or answers
        if known.empty or len(inside) < MIN_KNOWN * _PERIODS[baseline.every]:
            return None
        counts = None if watched.counts is None else watched.counts.reindex(known.index)
        return _Total(float(np.average(known, weights=counts)), len(known), 1.0)
    if len(known) < MIN_KNOWN * _PERIODS[baseline.every]:
        return None
    return _Total(float(known.sum()), len(known), len(known) * _customers(watched, quarter, time, accounts))


def _customers(watched: WatchedSeries, quarter: Quarter, time: CustomerTime, accounts: pd.DataFrame) -> float:
    """The mean number of customers at the start and the end of a quarter; 1 where the number is not in proportion to them."""
    baseline = watched.baseline
    if not time.by_contracts or (baseline.source, baseline.value) == ("contracts", "new"):
        return 1.0
    counted = []
    for day in (quarter.back(1).end, quarter.end):
        customers = time.customers(day)
        if watched.segment != "all":
            dimension, _, value = watched.segment.partition(":")
            customers = customers[(accounts[dimension].reindex(customers) == value).to_numpy(bool)]
        counted.append(len(customers))
    return float(np.mean(counted))
