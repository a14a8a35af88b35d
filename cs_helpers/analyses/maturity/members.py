"""The customers behind each point of the figures of maturity."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from cs_helpers.analyses.maturity import standing
from cs_helpers.analyses.maturity.bridge import members_of_steps
from cs_helpers.analyses.maturity.changes import SUMMED_QUARTERS
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import level_history
from cs_helpers.customers.mrr import mrr_by_day
from cs_helpers.customers.segment_shares import DIMENSIONS, customers_by_dimension
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def _at(states: pd.Series) -> pd.DataFrame:
    """Customers with their level: account_id, level."""
    known = states.dropna()
    return pd.DataFrame({"account_id": known.index, "level": known.to_numpy().astype("int64")})


def by_quarter(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers at each level at the end of each quarter."""
    history = level_history(data, quarter)
    return pd.concat([_at(history.by_quarter[q]).assign(quarter=str(q)) for q in history.quarters])


def both_bases(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers at each level now, and at the highest level so far."""
    history = level_history(data, quarter)
    now, highest = history.states[quarter.end], standing.ratchet_states(history, quarter.end)
    return pd.concat([_at(now).assign(basis="current_state"), _at(highest).assign(basis="ratchet")])


def by_segment(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers at each level in each segment."""
    at = _at(level_history(data, quarter).states[quarter.end])
    segments = customers_by_dimension(data["accounts"]).reindex(at["account_id"])
    return pd.concat([at.assign(dimension=d, segment=segments[d].to_numpy()) for d in DIMENSIONS])


def transitions(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers of each transition of the quarters that are summed; one that makes it twice stands in two rows."""
    history = level_history(data, quarter)
    quarters = history.quarters[-SUMMED_QUARTERS - 1 :]
    return pd.concat([history.moves(*pair).reset_index() for pair in pairwise(quarters)])


def bridge(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers of each step from the opening to the closing number of each quarter."""
    history = level_history(data, quarter)
    mrr = mrr_by_day(history.time, [q.end for q in history.quarters])
    maturity = data.product.maturity
    return members_of_steps(history, mrr, maturity.numbers[maturity.upper_from :])


MEMBERS = {
    "by_quarter": Members(by_quarter, ("quarter", "level"), lambda tables: tables["by_quarter"]),
    "standing": Members(both_bases, ("basis", "level"), lambda tables: tables["standing"]),
    "by_segment": Members(by_segment, ("dimension", "segment", "level"), lambda tables: tables["by_segment"]),
    "transitions": Members(transitions, ("before", "after"), lambda tables: tables["transitions"]),
    "bridge": Members(
        bridge, ("quarter", "of", "step"),
        lambda tables: tables["bridge"].assign(customers=tables["bridge"]["customers"].abs()),
    ),
}  # fmt: skip
