"""How customers move between levels: transitions, the customers who changed level, and losses after a fall."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.maturity.changes import transition_table
from cs_helpers.analyses.maturity.falls import losses_after_falls
from cs_helpers.analyses.maturity.levels import level_table
from cs_helpers.analyses.maturity.movement_findings import movement_findings
from cs_helpers.analyses.maturity.movement_verdicts import movement_metrics, movement_verdicts
from cs_helpers.analyses.maturity.parts import Part
from cs_helpers.customers.maturity_levels import LevelHistory
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Note
from cs_helpers.snapshot import ProductData

#: the quarters over which transitions are summed
SUMMED_QUARTERS = 4


def movement(data: ProductData, history: LevelHistory) -> Part:
    """The questions `transitions`, `levels` and `falls`, and the metrics `rose`, `fell` and `fall_ratio`.

    Tables: `levels` of the customers at the end of the quarter: see `levels.level_table`; `transitions` over the last
    four quarters (or all, if fewer): see `changes.transition_table`; `falls`: see `changes.losses_after_falls`.
    """
    time, quarter, quarters = history.time, history.quarter, history.quarters
    states, by_contracts = history.by_quarter, history.time.by_contracts
    low, high = history.at_least.iloc[:, -1], history.at_most.iloc[:, -1]
    tables = {"levels": level_table(data, time, states, low, high, quarter)}
    notes = []
    if not by_contracts:
        notes.append(Note("leaving_stays", "transitions", {}))
        notes.append(Note("missing_table", "falls", {"tables": missing_contracts(data)}))
    if len(quarters) > 1:
        transitions = transition_table(history, quarters[-SUMMED_QUARTERS - 1 :])
        if transitions["n"].any():
            tables["transitions"] = transitions
        else:
            notes.append(Note("no_known_levels", "transitions", {}))
    if len(quarters) > 2 and by_contracts:
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
        if len(quarters) < needed and (by_contracts or about != "falls")
    ]
    metrics = movement_metrics(tables)
    verdicts = movement_verdicts(tables, metrics, min(len(quarters) - 1, SUMMED_QUARTERS))
    return Part(tables, metrics, verdicts, tuple(notes), movement_findings(tables, metrics, states))


def _unknown_changes(levels: pd.DataFrame, customers_before: pd.Index) -> list[Note]:
    """A note on the number of customers, already customers a quarter before, whose change of level is not known."""
    stayed = levels[levels["account_id"].isin(customers_before)]
    unknown = int((~((stayed["level"] >= 0) & (stayed["previous"] >= 0))).sum())
    return [Note("moves_unknown", "levels", {"customers": unknown, "of": len(stayed)})] if unknown else []
