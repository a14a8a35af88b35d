"""Who has been heard: viewpoints by segment, segments crossed, and whom to talk to next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import UNKNOWN, VIEWPOINTS
from cs_helpers.customers import segments as people
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.counts import count_distinct

DIMENSIONS = ("size", "quadrant", "industry")
#: industries beyond the largest so many are not listed one by one
MOST_INDUSTRIES = 8
#: so many companies are named to talk to next
MOST_NEXT = 8


def segments_in(companies: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER) -> dict[str, tuple[str, ...]]:
    """The segments of each dimension that any of these companies is of, in order; of industries the largest.

    companies: account_id, size, quadrant, industry; a company may stand there often. `unknown` comes last; a
    dimension that is known of no company is left out.
    """
    known = companies.drop_duplicates("account_id")
    found = {}
    for dimension in DIMENSIONS:
        order = people.segments_present(known[dimension], sizes)
        if dimension == "industry":
            many = known[dimension].value_counts().sort_index().sort_values(ascending=False, kind="stable")
            largest = [s for s in many.index if s != UNKNOWN][:MOST_INDUSTRIES]
            order = [*largest, *(s for s in order if s == UNKNOWN)]
        found[dimension] = tuple(order)
    return {dimension: segments for dimension, segments in found.items() if segments}


def _all(told: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Companies heard, and customers that might be."""
    columns = ["account_id", "size", "quadrant", "industry"]
    return pd.concat([told[columns], customers[columns]])


def grid(told: pd.DataFrame, customers: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER) -> pd.DataFrame:
    """Companies heard for each viewpoint and each segment that has customers, or had when they were heard.

    Columns: dimension (size, quadrant or industry), segment, viewpoint, companies; a row also where nobody was heard.
    """
    rows = []
    for dimension, order in segments_in(_all(told, customers), sizes).items():
        heard = count_distinct(told, dimension, "viewpoint")
        rows += [
            (dimension, segment, viewpoint, heard[segment, viewpoint])
            for segment in order
            for viewpoint in VIEWPOINTS
        ]
    return pd.DataFrame(rows, columns=["dimension", "segment", "viewpoint", "companies"])


def crossing(
    told: pd.DataFrame, customers: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER
) -> pd.DataFrame:
    """Segments crossed by two dimensions: companies heard, viewpoints known from them, and customers there are.

    customers: the accounts of today's customers with their segments. Columns: first, first_segment, second,
    second_segment, companies, viewpoints (0 to 5), customers. A row also where there is nobody.
    """
    orders = segments_in(_all(told, customers), sizes)
    rows = []
    for first, second in combinations(orders, 2):
        heard, there = count_distinct(told, first, second), count_distinct(customers, first, second)
        known = count_distinct(told, first, second, of="viewpoint")
        rows += [
            (first, a, second, b, *(counts[a, b] for counts in (heard, known, there)))
            for a in orders[first]
            for b in orders[second]
        ]
    columns = ["first", "first_segment", "second", "second_segment", "companies", "viewpoints", "customers"]
    return pd.DataFrame(rows, columns=columns)


def customers_of(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The accounts that are customers at the end of the quarter, with their segments."""
    accounts = with_segments(data["accounts"])
    return accounts[
        accounts["account_id"].isin(customer_time_as_of(data, quarter.end).customers(quarter.end))
    ]


def next_companies(
    customers: pd.DataFrame, told: pd.DataFrame, heard: pd.DataFrame, crossed: pd.DataFrame
) -> pd.DataFrame:
    """The customers to talk to next: one after the other, who fills most cells that nobody fills yet.

    heard: see `grid`; crossed: see `crossing`. Columns: account_id, name, size, quadrant, industry, cell (the segments it
    would fill, as (dimension, segment) pairs), viewpoint (to ask for, '' in a crossing), fills (how many
    empty crossings), companies (heard there so far). Where no crossing is empty the thinnest cells of
    viewpoint and segment come next, one company for each before a second. What is not known is no gap to fill.
    """
    free = customers[~customers["account_id"].isin(told["account_id"])].sort_values(["name", "account_id"])
    open_cells = {
        ((r.first, r.first_segment), (r.second, r.second_segment))
        for r in crossed.itertuples()
        if not r.companies and r.customers and UNKNOWN not in (r.first_segment, r.second_segment)
    }
    fills = {
        row["account_id"]: {((r, row[r]), (s, row[s])) for r, s in combinations(DIMENSIONS, 2)}
        for row in free.to_dict("records")
    }
    about = free.set_index("account_id")[["name", "size", "quadrant", "industry"]].to_dict("index")
    rows: list[dict[str, Any]] = []
    while open_cells and len(rows) < MOST_NEXT and fills:
        account = max(fills, key=lambda a: len(fills[a] & open_cells))  # of equals the first by name
        filled = fills.pop(account) & open_cells
        if not filled:
            break
        open_cells -= filled
        cell = min(filled, key=str)
        rows.append(_named(account, about, cell=cell, viewpoint="", fills=len(filled), companies=0))
    rows += _thinnest(fills, about, heard, MOST_NEXT - len(rows))
    columns = [
        "account_id", "name", "size", "quadrant", "industry", "cell", "viewpoint", "fills", "companies",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _thinnest(
    fills: Mapping[str, Any], about: Mapping[str, Mapping[str, Any]], heard: pd.DataFrame, many: int
) -> list[dict[str, Any]]:
    """Companies of the segments whose thinnest viewpoint was heard from fewest, one a segment by turns."""
    heard = heard[heard["segment"] != UNKNOWN]
    thin = heard.sort_values("companies", kind="stable").groupby(["dimension", "segment"]).head(1)
    least = {(r.dimension, r.segment): (r.companies, r.viewpoint) for r in thin.itertuples()}
    found, turns = [], dict.fromkeys(least, 0)
    for account in fills:
        own = [(d, about[account][d]) for d in DIMENSIONS]
        cells = [(least[cell][0], cell) for cell in own if cell in least]
        if cells:
            companies, cell = min(cells, key=lambda each: each[0])
            found.append((turns[cell], companies, account, cell))
            turns[cell] += 1
    found.sort(key=lambda each: (each[0], each[1], str(about[each[2]]["name"])))
    return [
        _named(account, about, cell=(cell,), viewpoint=least[cell][1], fills=0, companies=companies)
        for _, companies, account, cell in found[: max(many, 0)]
    ]


def _named(account: str, about: Mapping[str, Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    return {"account_id": account, **about[account], **more}
