"""Where customers stand: levels at the end of each quarter, and by segment."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from cs_helpers.analyses.maturity.levels import levels_by_quarter, levels_by_size, unknown_measures
from cs_helpers.analyses.maturity.parts import Part
from cs_helpers.analyses.maturity.verdicts import YEAR, upper_share, verdicts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.customers.segments import count_unknown
from cs_helpers.result import Note
from cs_helpers.snapshot import ProductData

#: a note explains a quarter in which the number of customers falls by at least this share
LARGE_FALL = 0.1


def distribution(data: ProductData, history: LevelHistory) -> Part:
    """The questions `by_quarter` and `by_size`, and the metric `upper_levels`.

    Tables: `by_quarter`: see `levels.levels_by_quarter`; `by_size`: see `levels.levels_by_size`.
    """
    quarter, quarters, states = history.quarter, history.quarters, history.by_quarter
    notes = _unknown_levels(data, states[quarter], quarter) + _customer_counts(history.time, quarters)
    if not history.time.by_contracts:
        notes.append(Note("leaving_stays", "by_quarter", {}))
    tables = {
        "by_quarter": levels_by_quarter(states, history.levels),
        "by_size": levels_by_size(data["accounts"], states[quarter], data.sizes, history.levels),
    }
    current = data["accounts"][data["accounts"]["account_id"].isin(states.index[states[quarter].notna()])]
    partly_unknown, all_unknown = count_unknown(current, "size")
    if partly_unknown:
        notes.append(Note("segment_unknown", "by_size", {"segments": partly_unknown, "of": len(current)}))
    if all_unknown:
        del tables["by_size"]
        notes.append(Note("segment_not_recorded", "by_size", {"dimensions": all_unknown}))
    upper_from = data.product.maturity.upper_from
    metrics = upper_share(states[quarter], upper_from)
    return Part(tables, metrics, verdicts(tables, quarters, upper_from), tuple(notes))


def _unknown_levels(data: ProductData, states: pd.Series, quarter: Quarter) -> list[Note]:
    """Notes on the number of customers with an unknown level, and on the measures that are not known."""
    unknown = int((states == UNKNOWN).sum())
    if not unknown:
        return []
    customers = states.index[states.notna()]
    fields = {
        "customers": unknown, "of": len(customers), "names": unknown_measures(data, customers, quarter),
    }  # fmt: skip
    return [Note("levels_unknown", about, fields) for about in ("by_quarter", "by_size")]


def _customer_counts(time: CustomerTime, quarters: list[Quarter]) -> list[Note]:
    """Notes on quarters that lost many customers, and on customers counted otherwise than in earlier reports."""
    notes = []
    for before, after in pairwise(quarters[-YEAR - 1 :]):
        movement = time.movement(before.end, after.end)
        if movement["opening"] - movement["closing"] >= LARGE_FALL * movement["opening"] > 0:
            fields = {
                "quarter": str(after), "opening": movement["opening"], "closing": movement["closing"],
                "lost": movement["lost"], "joined": movement["new"] + movement["back"],
            }  # fmt: skip
            notes.append(Note("customers_fell", "by_quarter", fields))
    if recounted := len(time.recounted_customers([q.end for q in quarters[:-1]])):
        notes.append(Note("recounted", "by_quarter", {"customers": recounted}))
    return notes
