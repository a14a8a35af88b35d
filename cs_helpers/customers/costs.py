"""The costs of twelve months by kind, and the gross margin, as far as the product file says what is a cost of goods."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import currency
from cs_helpers.snapshot import ProductData

YEAR = 12


@dataclass(frozen=True)
class YearOfCosts:
    """The costs of twelve months by kind, in the product's currency; kinds without a category or row are left out."""

    by_kind: dict[str, float]

    def total(self, *kinds: str) -> float | None:
        """The sum of kinds; None where one of them is not known."""
        if not set(kinds) <= set(self.by_kind):
            return None
        return sum(self.by_kind[kind] for kind in kinds)

    def gross_margin(self, revenue: float) -> float | None:
        """1 - cost of goods / revenue of the twelve months; None where either is not known or not above 0."""
        goods = self.total("cost_of_goods")
        return None if goods is None or revenue <= 0 else (revenue - goods) / revenue


def rows_of_year(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The rows of the table of costs in the twelve months that end with the quarter."""
    rows = data["costs"]
    month = rows["month"].dt.to_period("M").dt.to_timestamp()
    return rows[(month >= pd.Timestamp(quarter.back(3).start)) & (month <= pd.Timestamp(quarter.end))]


def known_months(rows: pd.DataFrame) -> int:
    """The number of months that `rows_of_year` has a row of."""
    return int(rows["month"].dt.to_period("M").nunique())


def year_of_costs(data: ProductData, quarter: Quarter) -> YearOfCosts | None:
    """The costs of the twelve months that end with the quarter.

    None where there is no table of costs, or it lacks a month; where the product file does not say of which kind they are;
    and of a segment, because costs are those of all customers.
    """
    rules = data.product.revenue
    if data.missing("costs") or data.segment != "all" or not rules.costs:
        return None
    rows = rows_of_year(data, quarter)
    if known_months(rows) < YEAR:
        return None
    kind_of = {category: kind for kind, names in rules.costs.items() for category in names}
    amounts = rules.converted(rows["amount"], rows["currency"], currency(data))
    by_kind = amounts.groupby(rows["category"].map(kind_of)).sum(min_count=1).dropna()
    return YearOfCosts({str(kind): float(amount) for kind, amount in by_kind.items()})
