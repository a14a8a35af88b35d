"""Coverage of interviews: viewpoints by segment, crossed segments, and the companies to interview next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import pandas as pd

from cs_helpers.contract.labels import DEFAULT_ORDER
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import UNKNOWN, VIEWPOINTS
from cs_helpers.customers.segments import segments_present, with_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.counts import count_distinct

DIMENSIONS = ("size", "quadrant", "industry")
#: the largest industries that are listed one by one
MAX_INDUSTRIES = 8
#: the companies proposed for the next interviews
MAX_NEXT = 8


def segment_orders(
    companies: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER
) -> dict[str, tuple[str, ...]]:
    """Dimension -> the segments of some companies in display order, `unknown` last; the largest industries only.

    companies: account_id, size, quadrant, industry; may have several rows per company. Dimensions that are unknown for
    all companies are left out.
    """
    distinct = companies.drop_duplicates("account_id")
    orders = {}
    for dimension in DIMENSIONS:
        order = segments_present(distinct[dimension], sizes)
        if dimension == "industry":
            counts = (
                distinct[dimension].value_counts().sort_index().sort_values(ascending=False, kind="stable")
            )
            largest = [s for s in counts.index if s != UNKNOWN][:MAX_INDUSTRIES]
            order = [*largest, *(s for s in order if s == UNKNOWN)]
        orders[dimension] = tuple(order)
    return {dimension: segments for dimension, segments in orders.items() if segments}


def _all_segments(readings: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """The segments of interviewed companies and of customers."""
    columns = ["account_id", "size", "quadrant", "industry"]
    return pd.concat([readings[columns], customers[columns]])


def coverage_by_segment(
    readings: pd.DataFrame, customers: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER
) -> pd.DataFrame:
    """The number of interviewed companies by viewpoint and segment, for segments of customers or interviewed companies.

    Columns: dimension (size, quadrant or industry), segment, viewpoint, companies (0 where nobody was interviewed).
    """
    rows = []
    for dimension, order in segment_orders(_all_segments(readings, customers), sizes).items():
        companies = count_distinct(readings, dimension, "viewpoint")
        rows += [
            (dimension, segment, viewpoint, companies[segment, viewpoint])
            for segment in order
            for viewpoint in VIEWPOINTS
        ]
    return pd.DataFrame(rows, columns=["dimension", "segment", "viewpoint", "companies"])


def crossed_coverage(
    readings: pd.DataFrame, customers: pd.DataFrame, sizes: Sequence[str] = DEFAULT_ORDER
) -> pd.DataFrame:
    """Interviewed companies, their viewpoints, and customers, by pairs of segments from two dimensions.

    customers: the current customers with their segments. Columns: first, first_segment, second, second_segment,
    companies, viewpoints (0 to 5), customers; with rows for pairs without companies and customers.
    """
    orders = segment_orders(_all_segments(readings, customers), sizes)
    rows = []
    for first, second in combinations(orders, 2):
        companies, customer_counts = (
            count_distinct(readings, first, second),
            count_distinct(customers, first, second),
        )
        viewpoints = count_distinct(readings, first, second, of="viewpoint")
        rows += [
            (first, a, second, b, *(counts[a, b] for counts in (companies, viewpoints, customer_counts)))
            for a in orders[first]
            for b in orders[second]
        ]
    columns = ["first", "first_segment", "second", "second_segment", "companies", "viewpoints", "customers"]
    return pd.DataFrame(rows, columns=columns)


def current_customers(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers at the end of the quarter, with their segments."""
    accounts = with_segments(data["accounts"])
    return accounts[
        accounts["account_id"].isin(customer_time_as_of(data, quarter.end).customers(quarter.end))
    ]


def next_companies(
    customers: pd.DataFrame, readings: pd.DataFrame, coverage: pd.DataFrame, crossing: pd.DataFrame
) -> pd.DataFrame:
    """The customers to interview next: greedily, the one who fills most empty crossings comes first.

    coverage: see `coverage_by_segment`; crossing: see `crossed_coverage`. Once no crossing is empty, customers of the
    thinnest cells of viewpoint and segment follow, one for each cell before a second. Unknown segments are no gaps.
    Columns: account_id, name, size, quadrant, industry, cell (the segments filled, as (dimension, segment) pairs),
    viewpoint (to ask for; '' for a crossing), fills (number of empty crossings), companies (interviewed there so far).
    """
    candidates = customers[~customers["account_id"].isin(readings["account_id"])].sort_values(
        ["name", "account_id"]
    )
    empty_cells = {
        ((r.first, r.first_segment), (r.second, r.second_segment))
        for r in crossing.itertuples()
        if not r.companies and r.customers and UNKNOWN not in (r.first_segment, r.second_segment)
    }
    fills = {
        row["account_id"]: {((r, row[r]), (s, row[s])) for r, s in combinations(DIMENSIONS, 2)}
        for row in candidates.to_dict("records")
    }
    details = candidates.set_index("account_id")[["name", "size", "quadrant", "industry"]].to_dict("index")
    rows: list[dict[str, Any]] = []
    while empty_cells and len(rows) < MAX_NEXT and fills:
        account = max(fills, key=lambda a: len(fills[a] & empty_cells))  # ties go to the first by name
        filled = fills.pop(account) & empty_cells
        if not filled:
            break
        empty_cells -= filled
        cell = min(filled, key=str)
        rows.append(_company_row(account, details, cell=cell, viewpoint="", fills=len(filled), companies=0))
    rows += _thinnest_cells(fills, details, coverage, MAX_NEXT - len(rows))
    columns = [
        "account_id", "name", "size", "quadrant", "industry", "cell", "viewpoint", "fills", "companies",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _thinnest_cells(
    fills: Mapping[str, Any], details: Mapping[str, Mapping[str, Any]], coverage: pd.DataFrame, limit: int
) -> list[dict[str, Any]]:
    """Companies of the segments whose thinnest viewpoint has fewest companies, one per segment in turn."""
    coverage = coverage[coverage["segment"] != UNKNOWN]
    thin = coverage.sort_values("companies", kind="stable").groupby(["dimension", "segment"]).head(1)
    thinnest = {(r.dimension, r.segment): (r.companies, r.viewpoint) for r in thin.itertuples()}
    chosen, turns = [], dict.fromkeys(thinnest, 0)
    for account in fills:
        segments = [(d, details[account][d]) for d in DIMENSIONS]
        cells = [(thinnest[cell][0], cell) for cell in segments if cell in thinnest]
        if cells:
            companies, cell = min(cells, key=lambda item: item[0])
            chosen.append((turns[cell], companies, account, cell))
            turns[cell] += 1
    chosen.sort(key=lambda item: (item[0], item[1], str(details[item[2]]["name"])))
    return [
        _company_row(
            account, details, cell=(cell,), viewpoint=thinnest[cell][1], fills=0, companies=companies
        )
        for _, companies, account, cell in chosen[: max(limit, 0)]
    ]


def _company_row(account: str, details: Mapping[str, Mapping[str, Any]], **columns: Any) -> dict[str, Any]:
    return {"account_id": account, **details[account], **columns}
