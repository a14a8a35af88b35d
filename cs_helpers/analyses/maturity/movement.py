"""How customers move between levels: transitions, the time they stay at a level, and losses after a fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.maturity.changes import (
    SUMMED_QUARTERS,
    all_moves,
    anybody_twice,
    long_run_draws,
    long_run_shares,
    movements,
    starting_levels,
    transition_table,
)
from cs_helpers.analyses.maturity.falls import (
    UNKNOWN_BEFORE,
    falls_and_losses,
    losses_after_falls,
    warnings_before_losses,
)
from cs_helpers.analyses.maturity.levels import level_table
from cs_helpers.analyses.maturity.movement_findings import movement_findings
from cs_helpers.analyses.maturity.movement_verdicts import (
    fall_warning,
    lead_time_verdict,
    long_run_verdict,
    longest_stay,
    movement_metrics,
    transitions_verdict,
)
from cs_helpers.analyses.maturity.parts import Part, how_accounts_count, joined
from cs_helpers.analyses.maturity.sojourn import (
    level_spells,
    sojourn_curves,
    standing_customers,
    time_at_levels,
    usual_months,
)
from cs_helpers.contract.spells import RUNNING
from cs_helpers.customers.maturity_levels import LOST, LevelHistory
from cs_helpers.customers.time import missing_contracts
from cs_helpers.result import Note, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.markov_chain import transition_counts
from cs_helpers.statistics.survival import MIN_REACHED


def movement(data: ProductData, history: LevelHistory) -> Part:
    """What customers do from quarter to quarter and from month to month.

    Questions and tables: `levels` of the customers at the end of the quarter: see `levels.level_table`; `transitions` and
    `long_run` by the last four quarters (or all, if fewer): see `changes`; `sojourn`, `stays` and `stalled`: see `sojourn`;
    `falls` and `lead_time`: see `falls`; a verdict on `flows`. Metrics: `rose`, `fell`, `fall_ratio`, `stalled`,
    `fall_lead_days`.
    """
    levels = level_table(data, history)
    part = joined(
        Part({"levels": levels}, notes=_unknown_changes(levels, history)),
        _transitions(history, levels, data.product.maturity.upper_from),
        _stays(data, history),
        _falls(data, history),
    )
    metrics = movement_metrics(part.tables)
    findings = movement_findings(part.tables, metrics, history)
    return Part(part.tables, metrics, part.verdicts, part.notes, findings)


def _unknown_changes(levels: pd.DataFrame, history: LevelHistory) -> tuple[Note, ...]:
    """A note on the number of customers, customers without interruption since a quarter before, whose move is not known."""
    status = history.time.status_after(history.quarter.back(1).end, history.quarter.end)
    stayed = levels[levels["account_id"].isin(status.index[status == RUNNING])]
    unknown = int((~((stayed["level"] >= 0) & (stayed["previous"] >= 0))).sum())
    return (Note("moves_unknown", "levels", {"customers": unknown, "of": len(stayed)}),) if unknown else ()


def _transitions(history: LevelHistory, levels: pd.DataFrame, upper_from: int) -> Part:
    """The questions `transitions`, `flows` and `long_run`."""
    notes = list(how_accounts_count(history.time, "transitions", "long_run"))
    quarters = history.quarters[-SUMMED_QUARTERS - 1 :]
    if len(quarters) < 2:
        fields = {"quarters": len(quarters), "needed": 2}
        notes += [Note("too_few_quarters", about, fields) for about in ("transitions", "flows", "long_run")]
        return Part({}, notes=tuple(notes))
    moved = {**movements(history, quarters), "quarters": len(quarters) - 1}
    if not history.time.by_contracts:
        del moved["lost"]
    code = (
        "message" if history.time.by_contracts else "accounts_over" if history.time.spells_end else "accounts"
    )
    if code != "accounts_over":
        del moved["over"]
    said = {"flows": Verdict(code, moved)}
    if not anybody_twice(history, quarters):
        said = {}
        notes.append(Note("nobody_twice", "flows", {}))
    transitions = transition_table(history, quarters)
    if not transitions["exposure"].any():
        notes += [Note("no_known_levels", about, {}) for about in ("transitions", "long_run")]
        return Part({}, verdicts=said, notes=tuple(notes))
    tables = {"transitions": transitions}
    said["transitions"] = transitions_verdict(levels, len(quarters) - 1)
    counts = transition_counts(
        *all_moves(history, quarters), states=history.levels, outcomes=(*history.levels, LOST)
    )
    draws = long_run_draws(counts, starting_levels(history, quarters))
    now = np.array([(levels["level"] == level).sum() for level in history.levels])
    if draws is None or not now.any():
        notes.append(Note("no_long_run", "long_run", {}))
    else:
        tables["long_run"] = long_run_shares(draws, now)
        said["long_run"] = long_run_verdict(draws, now, upper_from)
    return Part(tables, verdicts=said, notes=tuple(notes))


def _stays(data: ProductData, history: LevelHistory) -> Part:
    """The questions `sojourn`, `stays` and `stalled`."""
    by_contracts = history.time.by_contracts
    spells = level_spells(history)
    curves = sojourn_curves(spells)
    if curves.empty:
        questions = ("sojourn", "stays", "stalled")
        return Part({}, notes=tuple(Note("no_stays", about, {}) for about in questions))
    notes = list(how_accounts_count(history.time, "sojourn"))
    if begun := int(spells["began_before"].sum()):
        notes.append(Note("stays_begun", "sojourn", {"stays": begun, "of": len(spells)}))
    mrr = history.time.mrr(history.quarter.end)
    usual = usual_months(spells)
    standing = standing_customers(spells, usual)
    stays = time_at_levels(spells, standing, usual, mrr)
    tables = {"sojourn": curves, "stays": stays if by_contracts else stays.drop(columns=["lost", "mrr"])}
    if stays["usual"].isna().all():
        notes.append(Note("no_usual_stay", "stalled", {"needed": MIN_REACHED}))
    else:
        tables["stalled"] = _stalled(data, standing, mrr if by_contracts else None)
    return Part(tables, verdicts={"sojourn": longest_stay(spells, history.top)}, notes=tuple(notes))


def _stalled(data: ProductData, standing: pd.DataFrame, mrr: pd.Series | None) -> pd.DataFrame:
    """The customers at their level for longer than usual, those with most MRR first.

    Columns: account_id, name, size, csm, level, months, began_before, usual, mrr (left out without contracts).
    """
    late = standing[standing["late"]].drop(columns="late")
    late = data["accounts"][["account_id", "name", "size", "csm"]].merge(late, on="account_id")
    order = ["months", "account_id"]
    if mrr is not None:
        late["mrr"] = late["account_id"].map(mrr).astype("float64")
        order = ["mrr", *order]
    descending = [column == "account_id" for column in order]
    return late.sort_values(order, ascending=descending, ignore_index=True)


def _falls(data: ProductData, history: LevelHistory) -> Part:
    """The questions `falls` and `lead_time`."""
    time, quarters = history.time, history.quarters
    if not time.by_contracts:
        fields: dict[str, Any] = {"tables": missing_contracts(data)}
        return Part({}, notes=tuple(Note("missing_table", about, fields) for about in ("falls", "lead_time")))
    tables, said, notes = {}, {}, []
    if len(quarters) < 3:
        notes.append(Note("too_few_quarters", "falls", {"quarters": len(quarters), "needed": 3}))
    else:
        falls = losses_after_falls(history, quarters)
        if falls["customers"].any():
            tables["falls"] = falls
            said["falls"] = fall_warning(falls)
        else:
            notes.append(Note("no_known_levels", "falls", {}))
    warnings = warnings_before_losses(history)
    unknown = int((warnings["outcome"] == UNKNOWN_BEFORE).sum())
    if warnings.empty:
        notes.append(Note("no_losses", "lead_time", {}))
    elif unknown == len(warnings):
        notes.append(Note("losses_unknown", "lead_time", {"lost": unknown}))
    else:
        tables["lead_time"] = warnings.drop(columns="account_id")
        said["lead_time"] = lead_time_verdict(warnings, *falls_and_losses(history))
    return Part(tables, verdicts=said, notes=tuple(notes))
