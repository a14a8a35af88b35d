"""Notes of the analysis of health: who has no score, what is not known, and what cannot be compared."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.health.scored import Scored
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.health_score import rules_in_force
from cs_helpers.customers.segment_shares import DIMENSIONS
from cs_helpers.customers.segments import count_unknown
from cs_helpers.result import Note

#: the questions that the scores of customers answer
QUESTIONS = (
    "bands",
    "scores",
    "explained",
    "moved",
    "fallen",
    "risen",
    "segments",
    "csms",
    "views",
    "disagree",
    "levels",
)


def missing_tables(scored: Scored) -> list[Note]:
    """A note on the tables that a measure needs and the company does not have."""
    data = scored.data
    unknown = [m for m in data.product.health.measures if scored.now[m.id].isna().all()]
    missing = data.missing(*sorted({table for m in unknown for table in m.measure.tables}))
    return [Note("missing_table", "bands", {"tables": missing})] if missing else []


def nobody_scored(scored: Scored, quarter: Quarter) -> list[Note]:
    """Why nobody has a score, in place of each answer."""
    by_contracts = scored.time.by_contracts
    fields: dict[str, object]
    if scored.accounts.empty:
        code, fields = "no_customers" if by_contracts else "no_accounts", {"quarter": str(quarter)}
    elif scored.too_new.all():
        code, fields = (
            "all_too_young" if by_contracts else "all_seen_late",
            {"customers": len(scored.accounts)},
        )
    else:
        code, fields = "no_health", {"quarter": str(quarter)}
    return [Note(code, about, fields) for about in QUESTIONS]


def unscored(scored: Scored) -> list[Note]:
    """Notes on customers without a score, so that the numbers of the page add up; without contracts they have no MRR."""
    of, notes = len(scored.accounts), []
    new, others = ~scored.is_scored & scored.too_new, ~scored.is_scored & ~scored.too_new
    if scored.time.by_contracts:
        for code, without in (("too_young", new), ("not_scored", others)):
            if without.any():
                amount = float(scored.mrr[without].fillna(0.0).sum())
                notes.append(Note(code, "bands", {"customers": int(without.sum()), "of": of, "mrr": amount}))
    else:
        for code, without in (("seen_late", new), ("accounts_not_scored", others)):
            if without.any():
                notes.append(Note(code, "bands", {"customers": int(without.sum()), "of": of}))
    return notes


def unknown_measures(scored: Scored) -> list[Note]:
    """Notes on measures known of some customers only, of none although their table was given, and on stale values."""
    data, health = scored.data, scored.data.product.health
    now = scored.now[scored.is_scored]
    counts = scored.weights.loc[now.index] > 0
    known, of = now.notna().sum(), counts.sum()
    notes = []
    if partly := tuple((m.id, int(known[m.id])) for m in health.measures if 0 < known[m.id] < of[m.id]):
        notes.append(Note("partly_known", "bands", {"measures": partly, "of": len(now)}))
    given = [m for m in health.measures if not data.missing(*m.measure.tables)]
    if unknown := tuple(m.id for m in given if known[m.id] == 0 and of[m.id]):
        notes.append(Note("measures_unknown", "bands", {"measures": unknown}))
    stale = stale_values(scored).loc[now.index].sum()
    if old := tuple((m.id, int(stale[m.id])) for m in health.measures if stale[m.id]):
        notes.append(Note("stale", "bands", {"measures": old}))
    return notes


def stale_values(scored: Scored) -> pd.DataFrame:
    """Whether an answer or assessment is there but too old, by account_id and measure, where the measure counts."""
    return scored.given.notna() & scored.values.isna() & (scored.weights > 0)


def unused_rules(scored: Scored) -> list[Note]:
    """Notes on rules of segments that hold for no account of the product, as after a slip of the pen."""
    if scored.data.segment != "all":
        return []
    in_force = set(rules_in_force(scored.data))
    return [
        Note("rule_of_nobody", "bands", {"segment": rule.segment})
        for position, rule in enumerate(scored.data.product.health.segments)
        if position not in in_force
    ]


def segments_not_known(customers: pd.DataFrame) -> list[Note]:
    """Notes on dimensions of segments that are not known of some customers, or of none.

    customers: of `segments.people`.
    """
    partly_unknown, all_unknown = count_unknown(customers, *DIMENSIONS)
    notes = []
    if partly_unknown:
        notes.append(Note("segment_unknown", "segments", {"segments": partly_unknown, "of": len(customers)}))
    if all_unknown:
        notes.append(Note("segment_not_recorded", "segments", {"dimensions": all_unknown}))
    return notes
