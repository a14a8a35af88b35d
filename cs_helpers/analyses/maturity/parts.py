"""A part of the analysis of maturity: what it answers of one subject, and all parts as one result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from cs_helpers.contract.spells import CustomerTime
from cs_helpers.result import Finding, Metric, Note, Verdict


@dataclass(frozen=True)
class Part:
    """Tables, headline metrics, verdicts, notes and findings on one subject, named as those of a `Result`."""

    tables: Mapping[str, pd.DataFrame]
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()


def joined(*parts: Part) -> Part:
    """All parts as one, in this order."""
    return Part(
        {name: table for part in parts for name, table in part.tables.items()},
        {name: metric for part in parts for name, metric in part.metrics.items()},
        {question: verdict for part in parts for question, verdict in part.verdicts.items()},
        tuple(note for part in parts for note in part.notes),
        tuple(finding for part in parts for finding in part.findings),
    )


def how_accounts_count(time: CustomerTime, *questions: str) -> tuple[Note, ...]:
    """The note on which accounts count where there is no table of contracts, for each question; empty with contracts."""
    if time.by_contracts:
        return ()
    days = time.recorded_within_days
    code, fields = ("leaving_stays", {}) if days is None else ("recorded_within", {"days": days})
    return tuple(Note(code, about, fields) for about in questions)
