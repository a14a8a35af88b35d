"""What leadership reads of awards and promotions: no count of one or two members, and none that gives such a count away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cs_helpers.analyses.recognition.promotions import STATES
from cs_helpers.editions.anonymity import MIN_PEOPLE, hide_small_groups
from cs_helpers.result import Note, Result, Verdict


def for_leadership(result: Result) -> Result:
    """The result without counts of fewer than three members: NaN in `criteria`, `decided` (rivals) and `reach` (able).

    Where the counts of its sentence are hidden, the verdict on `criteria` is `hidden` (people), and the metric is left out.
    """
    tables, verdicts, metrics = dict(result.tables), dict(result.verdicts), dict(result.metrics)
    notes = list(result.notes)
    if "criteria" in tables:
        counts = tables["criteria"][list(STATES)].to_numpy(float)
        hidden = np.array([hide_small_groups(row.astype(int))[0] for row in counts])
        tables["criteria"] = tables["criteria"].assign(
            **dict(zip(STATES, np.where(hidden, np.nan, counts).T, strict=True))
        )
        said = verdicts["criteria"].fields
        pairs = [(said["meet"], said["people"]), (said["met"], said["of"])] if "meet" in said else []
        # of several grades, the sum would tell a count that is hidden in one of them
        if hidden[:, 0].any() or any(
            hide_small_groups(np.array([met, of - met]))[0].any() for met, of in pairs
        ):
            verdicts["criteria"] = Verdict("hidden", {"people": said["people"]})
            metrics.pop("criteria_met", None)
        if hidden.any():
            notes.append(Note("counts_hidden", "criteria", {"needed": MIN_PEOPLE}))
    if "decided" in tables:
        decided = tables["decided"]
        behind = decided["members"] - decided["winners"] - decided["rivals"]
        few = decided["rivals"].between(1, MIN_PEOPLE - 1) | behind.between(1, MIN_PEOPLE - 1)
        tables["decided"] = decided.assign(rivals=decided["rivals"].where(~few))
    if "reach" in tables:
        reach = tables["reach"]
        few = np.array(
            [
                hide_small_groups(np.array([able, of - able]))[0].any()
                for able, of in zip(reach["able"], reach["members"], strict=True)
            ]
        )
        tables["reach"] = reach.assign(able=reach["able"].astype("Int64").mask(few))
        if few.any():
            notes.append(Note("counts_hidden", "reach", {"needed": MIN_PEOPLE}))
    told = set()
    if "decided" in tables:
        told = set(zip(tables["decided"]["members"], tables["decided"]["rivals"], strict=True))
    findings = tuple(
        f for f in result.findings if f.code != "award_by_luck" or (f.fields["members"], f.value) in told
    )
    return replace(
        result, tables=tables, verdicts=verdicts, metrics=metrics, notes=tuple(notes), findings=findings
    )
