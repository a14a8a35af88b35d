"""The ratings of a team that count at a day: the latest of each rater in the year before it, by others and by oneself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from cs_helpers.contract.team import Team
from cs_helpers.customers.staff import latest_ratings, members_at
from cs_helpers.snapshot import ProductData


@dataclass(frozen=True)
class Ratings:
    """The ratings of members of the team at a day.

    rows: person, element, rated_by, by_self, score: the latest of each rater. people: those in the team on that day, and
    whether the company counts them among its high performers (missing: it does not say). strangers: rated persons that
    are not in the team. undeclared: rated elements that the product file does not have.
    """

    rows: pd.DataFrame
    people: pd.Series
    strangers: int
    undeclared: tuple[str, ...]

    @classmethod
    def at(cls, data: ProductData, team: Team, end: date) -> Ratings:
        """The ratings that count on a day."""
        people = members_at(data, end).set_index("person")["high_performer"]
        rows = latest_ratings(data, end)
        declared = [element.id for element in team.elements]
        known = rows["element"].isin(declared)
        members = rows["person"].isin(people.index)
        kept = rows[known & members].astype({"score": "float64"})
        return cls(
            kept[["person", "element", "rated_by", "by_self", "score"]].reset_index(drop=True),
            people,
            int(rows.loc[~members, "person"].nunique()),
            tuple(sorted(rows.loc[~known, "element"].unique())),
        )

    @cached_property
    def by_others(self) -> pd.DataFrame:
        """The ratings by others than oneself."""
        return self.rows[~self.rows["by_self"].astype(bool)]

    @cached_property
    def means(self) -> pd.DataFrame:
        """The mean over the raters of each person (rows) and element (columns), by others."""
        return self.by_others.pivot_table(index="person", columns="element", values="score", aggfunc="mean")

    @cached_property
    def self_scores(self) -> pd.DataFrame:
        """How each person (rows) rated themselves on each element (columns)."""
        own = self.rows[self.rows["by_self"].astype(bool)]
        return own.pivot_table(index="person", columns="element", values="score", aggfunc="mean")

    @cached_property
    def rated(self) -> list[str]:
        """The persons rated by anybody else, of whom it is known whether they are high performers."""
        known = self.people.dropna().index
        return [person for person in self.means.index if person in known]

    def group(self, *, high: bool) -> list[str]:
        """The rated persons who are high performers, or those who are not."""
        return [person for person in self.rated if bool(self.people[person]) is high]
