"""Who was in the team on a day, and how its members were rated in the year before it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cs_helpers.snapshot import ProductData

#: how long a rating or an interview counts, in months
MONTHS = 12


def members_at(data: ProductData, day: date) -> pd.DataFrame:
    """The rows of `staff` of those in the team on a day, by name; who says no day of joining was in it from the start."""
    staff, at = data["staff"], pd.Timestamp(day)
    there = ~(staff["joined_on"] > at) & ~(staff["left_on"] <= at)
    return staff[there].sort_values("person", ignore_index=True)


def first_day(end: date) -> date:
    """The first of the 12 months that end with a day."""
    first = pd.Timestamp(end) + pd.Timedelta(days=1) - pd.DateOffset(months=MONTHS)
    return date(first.year, first.month, first.day)


def of_the_year(table: pd.DataFrame, column: str, end: date) -> pd.DataFrame:
    """The rows of the 12 months that end with a day."""
    days = table[column]
    return table[(days >= pd.Timestamp(first_day(end))) & (days < pd.Timestamp(end) + pd.Timedelta(days=1))]


def latest_ratings(data: ProductData, end: date) -> pd.DataFrame:
    """The latest rating of each person on each element by each rater in that year; by_self: of oneself (bool)."""
    rows = of_the_year(data["competency_ratings"], "rated_on", end)
    is_own = rows["relation"].eq("self").fillna(False).astype(bool) | (rows["person"] == rows["rated_by"])
    rows = rows.assign(by_self=is_own).sort_values("rated_on", kind="stable")
    return rows.drop_duplicates(["person", "element", "rated_by"], keep="last")
