"""The result for leadership: aggregates of people, and none of fewer than three."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Note, Result

#: question -> the columns with numbers of people
_PEOPLE: Mapping[str, tuple[str, ...]] = {
    "profile": ("n_high", "n_others"),
    "self_ratings": ("people",),
    "rater_agreement": ("people",),
    "agreement": ("candidates_scored",),
}
#: note -> the field with a number of people; of one or two nothing is said
_NOTES: Mapping[str, str] = {"unknown_high": "people", "not_in_staff": "people", "flat_raters": "raters"}


def for_leadership(result: Result) -> Result:
    """The result without numbers of fewer than three people, and without agreement between fewer than three of them.

    What is compared has three people in each group already (`profile`, `scored`), in every edition.
    """
    tables, notes = dict(result.tables), list(result.notes)
    metrics, verdicts = dict(result.metrics), dict(result.verdicts)
    findings = result.findings
    if "agreement" in tables and result.settings["interviewers"] < MIN_PEOPLE:
        del tables["agreement"], verdicts["agreement"]
        metrics.pop("interview_agreement", None)
        findings = tuple(f for f in findings if f.about != "agreement")
        notes.append(Note("few_interviewers", "agreement", {}))
    for question, columns in _PEOPLE.items():
        if question in tables:
            tables[question] = _without_few(tables[question], columns)
    for name in ("rated", "kept"):
        if name in metrics and (metrics[name].value or 0) < MIN_PEOPLE:
            del metrics[name]
    notes = [note for note in notes if not 0 < note.fields.get(_NOTES.get(note.code, ""), 0) < MIN_PEOPLE]
    return replace(
        result, tables=tables, notes=tuple(notes), metrics=metrics, verdicts=verdicts, findings=findings
    )


def _without_few(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The table without numbers of one or two people; where one is hidden, all numbers of the row are."""
    few = ((table[list(columns)] > 0) & (table[list(columns)] < MIN_PEOPLE)).any(axis=1)
    hidden = [c for c in table.select_dtypes("number") if few.any()]
    return table.assign(**{c: table[c].astype("float64").where(~few, np.nan) for c in hidden})
