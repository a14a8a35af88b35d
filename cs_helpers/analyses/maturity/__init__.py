"""Maturity of customers: levels over time and by size, transitions, and losses after a fall in level."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from cs_helpers.analyses.maturity.changes import losses_after_falls, transition_table
from cs_helpers.analyses.maturity.declared import DECLARES as DECLARES
from cs_helpers.analyses.maturity.findings import maturity_findings
from cs_helpers.analyses.maturity.levels import (
    level_table,
    levels_by_quarter,
    levels_by_size,
    tables_needed,
    unknown_measures,
)
from cs_helpers.analyses.maturity.verdicts import YEAR, headline_metrics, verdicts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.maturity_levels import UNKNOWN, level_history
from cs_helpers.customers.segments import count_unknown
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Note, Result
from cs_helpers.snapshot import ProductData

#: a note explains a quarter in which the number of customers falls by at least this share
LARGE_FALL = 0.1


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """Levels by the rules of the product file at the end of each quarter (`current_state`: they may fall).

    Where the data does not cover a rule and what is recorded does not decide it, the level is `UNKNOWN`; it lies
    between `at_least` and `at_most`.

    Tables: `levels` of the customers at the end of the quarter: see `levels.level_table`; `by_quarter`: see
    `levels.levels_by_quarter`; `by_size`: see `levels.levels_by_size`; `transitions` over the last four quarters (or
    all, if fewer): see `changes.transition_table`; `falls`: see `changes.losses_after_falls`.
    """
    missing = data.missing(*tables_needed(data.product))
    time = customer_time_as_of(data, quarter.end)
    customers = time.customers(quarter.end)
    if missing or customers.empty:
        no_customers = "no_customers" if time.by_contracts else "no_accounts"
        code, fields = (
            ("missing_table", {"tables": missing}) if missing else (no_customers, {"quarter": str(quarter)})
        )
        unanswered = ("by_quarter", "by_size", "transitions", "falls")
        reasons = tuple(Note(code, about, fields) for about in unanswered)
        name = data.product.product
        return Result("maturity", name, quarter, quarter.start, data.as_of, len(customers), {}, {}, reasons)
    history = level_history(data, quarter)
    quarters, states = history.quarters, history.by_quarter
    low, high = history.at_least, history.at_most
    notes = _unknown_levels(data, states[quarter], quarter) + _customer_counts(time, quarters)
    if not time.by_contracts:
        notes += [Note("leaving_stays", about, {}) for about in ("by_quarter", "transitions")]
        notes.append(Note("missing_table", "falls", {"tables": missing_contracts(data)}))
    tables = {
        "levels": level_table(data, time, states, low.iloc[:, -1], high.iloc[:, -1], quarter),
        "by_quarter": levels_by_quarter(states),
        "by_size": levels_by_size(data["accounts"], states[quarter], data.sizes),
    }
    current = data["accounts"][data["accounts"]["account_id"].isin(states.index[states[quarter].notna()])]
    partly_unknown, all_unknown = count_unknown(current, "size")
    if partly_unknown:
        notes.append(Note("segment_unknown", "by_size", {"segments": partly_unknown, "of": len(current)}))
    if all_unknown:
        del tables["by_size"]
        notes.append(Note("segment_not_recorded", "by_size", {"dimensions": all_unknown}))
    if len(quarters) > 1:
        transitions = transition_table(history, quarters[-YEAR - 1 :])
        if transitions["n"].any():
            tables["transitions"] = transitions
        else:
            notes.append(Note("no_known_levels", "transitions", {}))
    if len(quarters) > 2 and time.by_contracts:
        falls = losses_after_falls(time, states, quarters)
        if falls["customers"].any():
            tables["falls"] = falls
        else:
            notes.append(Note("no_known_levels", "falls", {}))
    notes += _unknown_changes(tables["levels"], time.customers(quarter.back(1).end))
    quarters_needed = {"transitions": 2, "falls": 3}
    notes += [
        Note("too_few_quarters", about, {"quarters": len(quarters), "needed": needed})
        for about, needed in quarters_needed.items()
        if len(quarters) < needed and (time.by_contracts or about != "falls")
    ]
    metrics = headline_metrics(states[quarter], tables)
    return Result(
        "maturity",
        data.product.product,
        quarter,
        quarters[0].start,
        data.as_of,
        len(customers),
        tables,
        metrics,
        tuple(notes),
        verdicts=verdicts(tables, metrics, quarters),
        findings=maturity_findings(tables, metrics, states),
    )


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


def _unknown_changes(levels: pd.DataFrame, customers_before: pd.Index) -> list[Note]:
    """A note on the number of customers, already customers a quarter before, whose change of level is not known."""
    stayed = levels[levels["account_id"].isin(customers_before)]
    unknown = int((~((stayed["level"] >= 0) & (stayed["previous"] >= 0))).sum())
    return [Note("moves_unknown", "levels", {"customers": unknown, "of": len(stayed)})] if unknown else []


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
