"""Where customers stand: levels at the end of each quarter, what changed their number, and levels by segment."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cs_helpers.analyses.maturity import standing
from cs_helpers.analyses.maturity.bridge import bridge, changes, flows, largest_fall
from cs_helpers.analyses.maturity.changes import SUMMED_QUARTERS, anybody_twice
from cs_helpers.analyses.maturity.findings import fall_findings, segment_findings
from cs_helpers.analyses.maturity.levels import unknown_conditions
from cs_helpers.analyses.maturity.parts import Part, how_accounts_count, joined
from cs_helpers.analyses.maturity.verdicts import (
    YEAR,
    both_states,
    bridge_verdict,
    segment_verdict,
    trend,
    upper_share,
)
from cs_helpers.contract.maturity import Maturity
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.customers.mrr import MrrByDay, mrr_by_day
from cs_helpers.customers.segment_shares import DIMENSIONS, customers_by_dimension
from cs_helpers.customers.segments import count_unknown
from cs_helpers.result import NOTHING_APART, Note, Verdict
from cs_helpers.snapshot import ProductData


def distribution(data: ProductData, history: LevelHistory) -> Part:
    """The questions `by_quarter`, `standing`, `bridge`, `changes`, `by_segment` and `csms`, and the metric `upper_levels`.

    Tables: `by_quarter`, `standing` (both bases), `by_segment`, `segments` (their upper levels) and `csms`: see `standing`;
    `bridge`, `changes` and `flows`: see `bridge`. Without a table of contracts they have no MRR, and `csms` counts the same.
    """
    maturity = data.product.maturity
    mrr = mrr_by_day(history.time, [q.end for q in history.quarters])
    states = history.states[history.quarter.end].dropna()
    customers = customers_by_dimension(data["accounts"]).reindex(states.index)
    customers = customers.assign(
        state=states, mrr=pd.Series(mrr.mrr[:, -1], mrr.accounts).reindex(states.index)
    )
    part = joined(
        _levels(data, history, mrr, customers),
        _changes(history, mrr, maturity),
        _segments(data, customers, maturity),
        _csms(customers, maturity.upper_from),
    )
    tables, metrics = dict(part.tables), upper_share(states, maturity.upper_from)
    if not history.time.by_contracts:
        tables = {
            name: table.drop(columns=[c for c in table if "mrr" in c]) for name, table in tables.items()
        }
    return replace(part, tables=tables, metrics=metrics)


def _levels(data: ProductData, history: LevelHistory, mrr: MrrByDay, customers: pd.DataFrame) -> Part:
    """The questions `by_quarter` and `standing`."""
    quarter, maturity = history.quarter, data.product.maturity
    tables = {
        "by_quarter": standing.by_quarter(history, mrr, maturity.numbers),
        "standing": standing.both_bases(history, customers["mrr"], maturity.numbers),
    }
    highest = standing.ratchet_states(history, quarter.end)
    earlier = (history.states.iloc[:, :-1] >= 0).any(axis=1)
    said = {
        "by_quarter": trend(tables["by_quarter"], history.quarters, maturity.upper_from),
        "standing": both_states(customers["state"], highest, earlier, maturity.upper_from),
    }
    notes = _unknown_levels(data, customers["state"], history)
    year_before = quarter.back(YEAR)
    if year_before in history.by_quarter:
        before = history.by_quarter[year_before].dropna()
        if parts := standing.share_split(before, customers["state"], maturity.upper_from):
            split = {
                "level": maturity.upper_from, "points": sum(parts.values()), "points_moved": parts["moved"],
                "points_came": parts["came"], "points_left": parts["left"],
            }  # fmt: skip
            notes.append(Note("share_split", "by_quarter", split))
    if recounted := len(history.time.recounted_customers([q.end for q in history.quarters[:-1]])):
        notes.append(Note("recounted", "by_quarter", {"customers": recounted}))
    notes += how_accounts_count(history.time, "by_quarter")
    return Part(tables, verdicts=said, notes=tuple(notes))


def _unknown_levels(data: ProductData, states: pd.Series, history: LevelHistory) -> list[Note]:
    """Notes on the number of customers with an unknown level, and on the conditions that are not known of them."""
    unknown = int((states == UNKNOWN).sum())
    if not unknown:
        return []
    fields = {"customers": unknown, "of": len(states), "conditions": unknown_conditions(data, history)}
    return [Note("levels_unknown", about, fields) for about in ("by_quarter", "by_segment")]


def _changes(history: LevelHistory, mrr: MrrByDay, maturity: Maturity) -> Part:
    """The questions `bridge` and `changes`."""
    quarters, by_contracts = history.quarters, history.time.by_contracts
    if len(quarters) < 2:
        few = {"quarters": len(quarters), "needed": 2}
        return Part({}, notes=tuple(Note("too_few_quarters", about, few) for about in ("bridge", "changes")))
    flowed = flows(history, mrr)
    steps = bridge(flowed, maturity.numbers[maturity.upper_from :], history.time)
    now, told = str(quarters[-1]), changes(steps, flowed)
    shows_flows = anybody_twice(history, quarters[-SUMMED_QUARTERS - 1 :])
    fall = largest_fall(steps, flowed, maturity.upper_from) if by_contracts else None
    return Part(
        {"bridge": steps, "changes": told, **({"flows": flowed} if shows_flows else {})},
        verdicts={"bridge": bridge_verdict(told.iloc[0], fall, now, maturity.upper_from)},
        notes=how_accounts_count(history.time, "bridge"),
        findings=fall_findings(fall, now, int(told["closing"].iloc[0])),
    )


def _segments(data: ProductData, customers: pd.DataFrame, maturity: Maturity) -> Part:
    """The question `by_segment`."""
    partly_unknown, all_unknown = count_unknown(customers, *DIMENSIONS)
    notes = []
    if partly_unknown:
        fields = {"segments": partly_unknown, "of": len(customers)}
        notes.append(Note("segment_unknown", "by_segment", fields))
    if all_unknown:
        notes.append(Note("segment_not_recorded", "by_segment", {"dimensions": all_unknown}))
    levels = standing.by_segment(customers, data.sizes, maturity.numbers)
    if levels.empty:
        return Part({}, notes=tuple(notes))
    upper = standing.upper_by_segment(customers, data.sizes, maturity.upper_from)
    said = segment_verdict(customers, upper, maturity.upper_from)
    return Part(
        {"by_segment": levels, "segments": upper}, verdicts={"by_segment": said}, notes=tuple(notes),
        findings=segment_findings(said, customers),
    )  # fmt: skip


def _csms(customers: pd.DataFrame, upper_from: int) -> Part:
    """The question `csms`."""
    has_csm = customers["csm"].notna()
    if not has_csm.any():
        return Part({}, notes=(Note("no_csm", "csms", {}),))
    notes = []
    if not has_csm.all():
        fields = {"customers": int((~has_csm).sum()), "of": len(customers)}
        notes.append(Note("csm_unknown", "csms", fields))
    known = customers[has_csm & (customers["state"] >= 0)]
    if customers.loc[has_csm, "csm"].nunique() == 1:
        notes.append(Note("one_csm", "csms", {}))
    elif not (known["state"] >= upper_from).any():
        notes.append(Note("no_comparison", "csms", {"level": upper_from}))
    else:
        table = standing.by_csm(customers, upper_from)
        is_alike = (table["verdict"] == "alike").all()
        said = {"csms.rows": Verdict(NOTHING_APART, {"rows": len(table)})} if is_alike else {}
        return Part({"csms": table}, verdicts=said, notes=tuple(notes))
    return Part({}, notes=tuple(notes))
