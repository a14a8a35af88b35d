"""The days on which customers' offices are closed although they are not at a weekend: public holidays and declared days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.contract.baselines import Calendar, ClosedDays


def closed_days(calendar: Calendar, first: date, last: date) -> pd.DatetimeIndex:
    """The closed days from `first` to `last`, both inclusive: datetime64[us], in increasing order.

    Public holidays of the calendar's country with their substitutes (a holiday on a Sunday makes the next working day one
    in Japan, and a day between two holidays is one), as `holidays` has them, and the declared days of each year. Days at
    the country's weekend are not in it: they are closed anyway.
    """
    days = pd.date_range(first, last, freq="D", unit="us")
    closed, weekend = np.zeros(len(days), dtype=bool), [5, 6]
    if calendar.country is not None:
        from holidays import country_holidays  # takes longer to import than most numbers take to watch

        public = country_holidays(calendar.country, years=range(first.year, last.year + 1))
        closed |= days.isin(pd.to_datetime(list(public)))
        weekend = sorted(public.weekend)
    for season in calendar.closed:
        closed |= _of_each_year(season, days)
    return days[closed & ~days.day_of_week.isin(weekend)]


def _of_each_year(season: ClosedDays, days: pd.DatetimeIndex) -> np.ndarray:
    """Which days lie in a season; one that ends before it begins, as 12-29 to 01-03, lasts over the turn of the year."""
    first, last = (100 * int(day[:2]) + int(day[3:]) for day in (season.first, season.last))
    at = days.month * 100 + days.day
    inside = (at >= first) & (at <= last) if first <= last else (at >= first) | (at <= last)
    return np.asarray(inside)
