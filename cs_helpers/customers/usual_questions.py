"""Questions on what is usual: the watched numbers of a product, each with a range that an analyst guesses first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from cs_helpers.contract.baselines import Baseline
from cs_helpers.customers.watched import watched_series
from cs_helpers.customers.working_days import closed_days
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.usual_level import usual_levels

#: the share of periods that a range is to hold: that of the usual range on all pages
LEVEL = 0.95
#: a less likely value is no usual one, and is not asked for
MIN_P = 0.002
#: how many days back the latest period may lie
_WITHIN = {"day": 28, "week": 91, "month": 400}
#: values of the same weekday, week or month that are shown with the answer
_RECENT = 8


@dataclass(frozen=True, eq=False)
class UsualQuestion:
    """Which range holds 19 of 20 values of a watched number, on a weekday, in a week or in a month.

    period: first day of the latest period that is not out of the ordinary; value: its value; usual, low, high: what history
    says of it (95 %). recent: the last known values up to it, for days those of the same weekday.
    """

    product: str
    baseline: Baseline
    period: date
    value: float
    usual: float
    low: float
    high: float
    recent: pd.Series

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it: product, number and period."""
        return self.product, self.baseline.id, self.period.isoformat()


def usual_questions(data: ProductData, until: date, who: str) -> list[UsualQuestion]:
    """All questions that the data up to a day can answer, in an order that differs by person and is always the same.

    Each number of a day is asked for each day from Monday to Friday that is open, others once. Left out are numbers with
    too little history and those whose usual range has no width.
    """
    questions = [q for baseline in data.product.baselines for q in _of_number(data, baseline, until)]
    return sorted(questions, key=lambda q: hashlib.sha256("\n".join((who, *q.key)).encode()).digest())


def _of_number(data: ProductData, baseline: Baseline, until: date) -> Iterator[UsualQuestion]:
    series = watched_series(data, baseline.model_copy(update={"by": None}), pd.Timestamp(until))
    if not series:
        return
    values = series[0].values
    since = pd.Timestamp(until) - pd.Timedelta(days=_WITHIN[baseline.every])
    closed = closed_days(data.product.calendar, values.index[0].date(), until)
    levels = usual_levels(values, since, every=baseline.every, scale=baseline.scale, closed=closed)
    levels = levels[
        (levels["p"] >= MIN_P) & (levels["high"] > levels["low"]) & (levels["basis"] != "closed_day")
    ]
    weekday = levels.index.day_of_week
    latest = (
        levels[weekday < 5].groupby(weekday[weekday < 5]).tail(1)
        if baseline.every == "day"
        else levels.tail(1)
    )
    for period, row in latest.iterrows():
        known = values[:period].dropna()
        alike = known[known.index.day_of_week == period.day_of_week] if baseline.every == "day" else known
        yield UsualQuestion(
            data.product.product, baseline, period.date(), float(row["value"]), float(row["usual"]),
            float(row["low"]), float(row["high"]), alike.tail(_RECENT),
        )  # fmt: skip
