"""The headline metrics of interviews that need no codings: companies, notes, and the share of behaviour."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.analyses.interviews.evidence import evidence_by_viewpoint
from cs_helpers.analyses.interviews.readings import note_readings
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData


def interview_metrics(data: ProductData, quarter: Quarter) -> Mapping[str, Metric]:
    """`companies`, `notes` and `behaviour_share` of an earlier quarter; empty where nobody was interviewed."""
    if data.missing("interviews", "notes"):
        return {}
    readings = note_readings(data, quarter)
    return count_metrics(readings, evidence_by_viewpoint(readings)) if len(readings) else {}


def count_metrics(readings: pd.DataFrame, evidence: pd.DataFrame) -> dict[str, Metric]:
    """`companies`, `notes` and `behaviour_share` (None where nothing was seen or said).

    readings: of `readings.note_readings`, not empty; evidence: of `evidence.evidence_by_viewpoint`.
    """
    companies, notes = int(readings["account_id"].nunique()), int(readings["note_id"].nunique())
    overall = evidence.set_index("viewpoint").loc["all"]
    certain = int(overall["behaviour"] + overall["words"])
    share, low, high = (float(overall[c]) if certain else None for c in ("share", "low", "high"))
    return {
        "companies": Metric("companies", float(companies), "count", companies),
        "notes": Metric("notes", float(notes), "count", notes),
        "behaviour_share": Metric("behaviour_share", share, "share", certain, low, high),
    }
